#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Put what bench and edges counted on several kernels beside each other.

bench.py counts RESULTS RUNS KERNEL...  reads RESULTS/KERNEL.RUN.ktap, bloat and
                                        kunit, writes RESULTS/../bench.json
bench.py edges RESULTS                  reads RESULTS/edges.KERNEL.ktap, writes
                                        RESULTS/../bench-edges.json

Both print what they write.  bench.json: {"tables": {TABLE: {"keys": [name of a
key], "columns": [name of a figure], "rows": [{"key": [text], KERNEL: {name:
number or null}}]}}, "bloat": [[symbol, old, new]], "aims": [[held, sentence]],
"kernels", "runs"}.  Exit status: 0, or 1 if two runs of a kernel differ.
"""
import json
import os
import re
import sys

KEYS = {'request': 2, 'woken': 2, 'path': 2, 'poll': 1, 'growth': 2}
TITLE = {
    'request': 'what a server spends to learn that data came and that it was all',
    'woken': 'threads woken and signals sent by one FIN',
    'path': 'instructions of one call, all that the segment does included',
    'poll': "instructions of the socket's poll routine",
    'growth': 'instructions per connection, of so many that have ended',
}


def figures(path):
    """[(table, [names], [values])] of one guest."""
    names, found = {}, []
    with open(path, encoding='utf-8', errors='replace') as ktap:
        for line in ktap:
            words = line.strip().split('\t')
            if words[0] == '# columns':
                names[words[1]] = words[2:]
            elif words[0][2:] in names:
                found.append((words[0][2:], names[words[0][2:]], words[1:]))
    return found


def gather(folder, runs, kernels):
    """The tables of all kernels, and the kernels whose runs differ."""
    tables, differ = {}, []
    for kernel in kernels:
        first, *others = [figures(os.path.join(folder, f'{kernel}.{run + 1}.ktap'))
                          for run in range(runs)]
        if any(other != first for other in others):
            differ.append(kernel)
        for table, names, values in first:
            n = KEYS[table]
            here = tables.setdefault(table, {
                'keys': names[:n], 'columns': names[n:], 'rows': []})
            row = next((r for r in here['rows'] if r['key'] == values[:n]), None)
            if not row:
                row = {'key': values[:n]}
                here['rows'].append(row)
            row[kernel] = {name: None if value == '-' else int(value)
                           for name, value in zip(names[n:], values[n:])}
    return tables, differ


def rows_of(data, table):
    """The rows of a table that may not be there."""
    return data['tables'].get(table, {}).get('rows', [])


def cheaper_calls(data):
    """RDHUP against everything else that waits by the same interface."""
    kernel = 'patched' if 'patched' in data['kernels'] else data['kernels'][-1]
    calls = {tuple(row['key']): (row.get(kernel) or {}).get('calls')
             for row in rows_of(data, 'request')}
    for (way, shape), n in calls.items():
        if 'rdhup' in way or n is None:
            continue
        for us in ['uring_rdhup'] if way.startswith('uring_') else ['rdhup', 'rdhup_framed']:
            ours = calls.get((us, shape))
            if ours is not None:
                yield (ours < n, f'{shape}: {us} takes at least one system call '
                       f'less than {way}: {ours} and {n}')


def fewer_instructions(data):
    """Patched against base, on the way of data and on the way of a FIN."""
    for table in ('path', 'poll'):
        for row in rows_of(data, table):
            old, new = ((row.get(k) or {}).get('instructions') for k in ('base', 'patched'))
            if old is None or new is None:
                continue
            fin = table == 'path' and row['key'][0] in ('fin', 'data_fin')
            what = ', '.join((['tcp_poll()'] if table == 'poll' else []) + row['key'])
            if fin:
                yield new < old, f'{what}: fewer instructions on patched: {old} and {new}'
            else:
                yield new <= old, f'{what}: no more instructions on patched: {old} and {new}'


def read_bloat(folder):
    """[[symbol, old, new]] of what the kernel itself has more or less of."""
    path, found = os.path.join(folder, 'bloat'), []
    if not os.path.exists(path):
        return found
    with open(os.path.join(folder, 'kunit'), encoding='utf-8') as names:
        kunit = {re.sub(r'\.\d+$', '', name) for name in names.read().split()}
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            row = re.match(r'(\S+) +(\d+|-) +(\d+|-) +[+-]\d+$', line)
            # tables of names and of assertions grow with the tests
            if not row or row[1] in kunit or \
               re.match(r'kallsyms|__UNIQUE_ID|__loc$|__text$', row[1]):
                continue
            found.append([row[1]] + [0 if n == '-' else int(n) for n in row.groups()[1:]])
    return found


def show(rows):
    """Rows of text as aligned columns, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  ' + '  '.join(
            cell.rjust(width) if re.match(r'[-\d.]', cell) else cell.ljust(width)
            for cell, width in zip(row, widths)).rstrip())


def show_tables(data):
    """Each table: a figure a column for one kernel, a kernel a column for more."""
    for name, table in data['tables'].items():
        print(f'\n{name}: {TITLE[name]}')
        heads, lines = list(table['keys']), []
        same = [c for c in table['columns'] if all(
            len({(row.get(k) or {}).get(c) for k in data['kernels'] if
                 (row.get(k) or {}).get(c) is not None}) < 2 for row in table['rows'])]
        heads += same
        heads += [f'{c} {k}' if len(table['columns']) > 1 else k
                  for c in table['columns'] if c not in same for k in data['kernels']]
        for row in table['rows']:
            seen = [row.get(k) or {} for k in data['kernels']]
            cells = [next((s[c] for s in seen if s.get(c) is not None), None)
                     for c in same]
            cells += [s.get(c) for c in table['columns'] if c not in same for s in seen]
            if name == 'growth':
                cells = [None if c is None else c / int(row['key'][1]) for c in cells]
                cells = [None if c is None else f'{c:.1f}' for c in cells]
            lines.append(row['key'] + ['-' if c is None else str(c) for c in cells])
        show([heads] + lines)


def counts(folder, runs, kernels):
    """The counts of bench; True if the runs agree."""
    tables, differ = gather(folder, runs, kernels)
    data = {'kernels': kernels, 'runs': runs, 'tables': tables,
            'bloat': read_bloat(folder)}
    data['aims'] = [list(aim) for aim in (*cheaper_calls(data), *fewer_instructions(data))]
    show_tables(data)
    if data['bloat']:
        print('\nbytes, base and patched, without what tests the kernel at boot')
        show([[name, str(old), str(new), f'{new - old:+d}'] for name, old, new in data['bloat']]
             + [['in all', '', '', f'{sum(b[2] - b[1] for b in data["bloat"]):+d}']])
    print()
    for held, sentence in data['aims']:
        print(f'aim {"held" if held else "MISSED"}: {sentence}')
    held = sum(aim[0] for aim in data['aims'])
    print(f'{held} of {len(data["aims"])} aims held')
    if runs > 1:
        print(f'{runs} runs of each kernel: ' + (
            'they DIFFER on ' + ', '.join(differ) if differ else 'the same to the digit'))
    write(folder, 'bench.json', data)
    return not differ


def edges(folder):
    """The histograms of edges."""
    rows = []
    for kernel in ('base', 'patched'):
        name = None
        with open(os.path.join(folder, f'edges.{kernel}.ktap'), encoding='utf-8',
                  errors='replace') as ktap:
            for line in ktap:
                run = re.search(r'RUN +segment\.(\w+)\.volley(_asleep)?', line)
                if run:
                    name = [run[1], 'asleep' if run[2] else 'spinning']
                bins = re.search(r'no event (\d+), one (\d+), two (\d+), three (\d+), '
                                 r'more (\d+)', line)
                if not bins:
                    continue
                row = next((r for r in rows if r['key'] == name), None)
                if not row:
                    row = {'key': name}
                    rows.append(row)
                row[kernel] = [int(n) for n in bins.groups()]
    print('\nconnections by the number of events that their end gave: none/1/2/3/more')
    show([['end', 'reader', 'base', 'patched']] + [
        row['key'] + ['/'.join(map(str, row[k])) if k in row else '-'
                      for k in ('base', 'patched')] for row in rows])
    write(folder, 'bench-edges.json', {'rows': rows})
    return True


def write(folder, name, data):
    """As JSON, at once or not at all."""
    path = os.path.join(os.path.dirname(os.path.abspath(folder)), name)
    with open(path + '.new', 'w', encoding='utf-8') as out:
        json.dump(data, out, indent=1)
    os.replace(path + '.new', path)
    print(f'==> wrote {path}')


def main(argv):
    """The exit status."""
    if len(argv) > 4 and argv[1] == 'counts':
        return 0 if counts(argv[2], int(argv[3]), argv[4:]) else 1
    if len(argv) == 3 and argv[1] == 'edges':
        return 0 if edges(argv[2]) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv))
