#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw the verdict as one self-contained page.

report.py BUILD  reads what results.load() reads, writes BUILD/report/index.html
"""
import email
import html
import os
import re
import sys

import results
from results import FAIL, KERNELS, NONE, OK, SKIP, TOP, lines_of

ABOUT = {
    'control': 'Linux 7.3.4 with the bit taken out',
    'base': 'Linux 7.3.4 as released',
    'patched': 'base and the patches of this series',
}
# How the end of a stream arrives, by the variants of edges.c, and how its reader waits.
WAYS = {
    'segment.bare_fin': 'a FIN alone',
    'segment.data_fin': 'data and FIN in one segment',
    'segment.hole': 'a FIN, then the data before it',
    'segment.hole_data': 'data and FIN, then the data before them',
    'segment.closing': 'data and FIN, crossing our FIN',
    'segment.fin_wait1': 'data, FIN and the ACK of our FIN',
    'segment.fin_wait2': 'a FIN after the ACK of our FIN',
    'segment.fin_wait2_data': 'data and FIN after the ACK of our FIN',
    'pair.tcp4': 'IPv4 loopback, data and FIN',
    'pair.tcp6': 'IPv6 loopback, data and FIN',
    'pair.tcp4_bare': 'IPv4 loopback, a FIN alone',
    'pair.unix_stream': 'AF_UNIX stream',
    'pair.unix_seqpacket': 'AF_UNIX seqpacket',
    'pair.vsock': 'vsock, SHUT_WR',
    'pair.vsock_both': 'vsock, SHUT_RDWR',
    'pair.mptcp': 'MPTCP',
    'spinning': 'spins',
    'asleep': 'sleeps',
    'crowded': 'spins, 500 others watch',
    'volley': 'spins, many end in a row',
    'volley_asleep': 'sleeps, many end in a row',
}
TIMES = ('never', 'once', 'twice', 'more')
SIGN = {OK: '✓', FAIL: '✗', SKIP: '–', NONE: ''}
WORD = {OK: 'passes', FAIL: 'fails', SKIP: 'is skipped', NONE: 'not run'}


def esc(text):
    """Text for HTML."""
    return html.escape(str(text), quote=True)


def seen(verdict, kernel, test):
    """The mask that the race test saw on a kernel, as the test printed it."""
    result = verdict.tests.get(test, {}).get(kernel)
    if not result:
        return None
    found = re.search(r'the one event: want \S+, got ([A-Z|x0-9]+)', '\n'.join(result.log))
    return found[1] if found else 'IN|RDHUP' if result.state == OK else None


def fold(title, counts, heads, rows):
    """A table that is folded."""
    return f'''<details><summary>{title}
<span class="counts">{counts}</span></summary><div class="scroll"><table>
<thead><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead>
{''.join(rows)}</table></div></details>'''


def faults(verdict):
    """Why the verdict is not a pass."""
    said = verdict.faults
    if not said:
        return '<p class="verdict ok">Verdict: pass</p>'
    many = len(said) > 10
    return f'''{'<input type="search" placeholder="Find a fault" hidden>' if many else ''}
<details class="verdict FAIL"{'' if many else ' open'}>
<summary>Verdict: fail, faults: {len(said)}</summary>
<ul>{''.join(f'<li>{esc(fault)}</li>' for fault in said)}</ul></details>'''


def cards(verdict):
    """A card a kernel: what it is, and how many tests pass there."""
    for kernel in KERNELS:
        passed, failed = verdict.count(kernel, OK), verdict.count(kernel, FAIL)
        total = passed + failed + verdict.count(kernel, SKIP)
        result = f'''{passed}<small> of {total} tests pass</small></p>
<div class="bar"><i style="width:{100 * passed / total:.1f}%"></i></div>''' if total else '<small>not run</small></p>'
        yield f'''<section class="card"><h3>{kernel}</h3>
<p>{ABOUT[kernel]}</p><p class="big">{result}</section>'''


def race(verdict):
    """The race, as each kernel answered it."""
    test = 'net/rdhup:race race.tcp4.one_event'
    for kernel in KERNELS:
        mask = seen(verdict, kernel, test)
        if not mask:
            yield f'<tr><th>{kernel}</th><td>{WORD[verdict.state(test, kernel)]}</td><td></td></tr>'
            continue
        tells = 'RDHUP' in mask
        yield f'''<tr><th>{kernel}</th><td><code>{esc(mask)}</code></td>
<td class="{OK if tells else FAIL}">{
    "data, and the client has finished" if tells else
    "data; whether more will come, the server cannot tell"}</td></tr>'''


def subject(patch):
    """The subject of a stored patch, without its [PATCH]."""
    text = email.message_from_string('\n'.join(lines_of(TOP, 'patches', patch)))['Subject']
    return re.sub(r'^\[PATCH\] |\n', '', str(text))


def proofs(verdict):
    """The proofs, folded by patch."""
    patches = {}
    for proof in verdict.proofs:
        patches.setdefault(proof[0], []).append(proof)
    for patch, rows in patches.items():
        held = sum(row[4] for row in rows)
        state = OK if held == len(rows) else FAIL
        yield fold(f'<b>{esc(patch.partition("/")[0])}</b> {esc(subject(patch))}',
                   f'<span class="{state}">{held} of {len(rows)} hold</span>',
                   ('test', 'before', 'after'),
                   (f'''<tr><td><code>{esc(test)}</code></td><td class="{before}">{
                       WORD.get(before, before)}</td><td class="{after}">{WORD[after]}</td></tr>'''
                    for _, test, before, after, _ in rows))


def row(verdict, program, test):
    """A test: a mark a kernel, with what it printed there."""
    label = esc(test.partition(' ')[2] or program)
    if test in verdict.known:
        defect, reason = verdict.known[test]
        label += f'<br><small>known: {esc(defect)}, {esc(reason)}</small>'
    cells = ''
    for kernel in KERNELS:
        state, result = verdict.state(test, kernel), verdict.tests[test].get(kernel)
        said = '\n'.join(line.strip() for line in (result.log if result else ())
                         if not re.match(r'\s*#\s+(RUN|OK|FAIL) ', line))
        cells += (f'<td class="{state}"' + (f' title="{esc(said)}"' if said else '') +
                  f' aria-label="{kernel}:{WORD[state]}">{SIGN[state]}</td>')
    return f'<tr><td><code>{label}</code></td>{cells}</tr>'


def matrix(verdict):
    """The tests, folded by program."""
    programs = {}
    for test in verdict.tests:
        programs.setdefault(test.partition(' ')[0], []).append(test)
    for program, tests in programs.items():
        counts = ''
        for kernel in KERNELS:
            ran = [verdict.state(t, kernel) for t in tests if verdict.state(t, kernel) != NONE]
            good = ran.count(OK)
            counts += (f' <span class="{OK if good == len(ran) else FAIL}">{kernel} {good}/{len(ran)}</span>'
                       if ran else f' <span class="dim">{kernel} not run</span>')
        yield fold(f'<b>{esc(program)}</b>', counts, ('test',) + KERNELS,
                   (row(verdict, program, test) for test in tests))


def bars(name, by_kernel):
    """A bar a kernel: [bins of a test, or in words why there are none]."""
    yield f'<h4>{esc(name)}</h4>'
    for kernel, tests in by_kernel.items():
        told = [test for test in tests if not isinstance(test, str)]
        bins = [sum(column) for column in zip(*told)]
        said = [f'{word} {count}' for count, word in zip(bins, TIMES) if count]
        if len(told) < len(tests):
            said.append(tests[0] if not told and len(set(tests)) == 1 else
                        f'no figures from {len(tests) - len(told)} of {len(tests)} tests')
        yield (f'<span class="bars"><span>{kernel}</span><span class="bar">' + ''.join(
            f'<i class="e{n}" style="flex-grow:{count}"></i>'
            for n, count in enumerate(bins) if count) + f'</span><small>{", ".join(said)}</small></span>')


def edges(verdict):
    """How many events a half-close gave, as edges.c printed it: a bar a way of
    arriving and kernel, that unfolds into one a way of waiting for it.
    """
    ways = {}
    for test, by_kernel in verdict.tests.items():
        if not test.startswith('net/rdhup:edges '):
            continue
        found = {}
        for kernel, result in by_kernel.items():
            for line in result.log:
                bins = re.search(r'no event (\d+), one (\d+), two (\d+), '
                                 r'three (\d+), more (\d+)', line)
                if bins:
                    none, one, two, *more = map(int, bins.groups())
                    found[kernel] = [none, one, two, sum(more)]
        if found:
            way, _, reader = test.partition(' ')[2].rpartition('.')
            ways.setdefault(way, {})[reader] = {
                k: found.get(k, WORD[verdict.state(test, k)]) for k in ('base', 'patched')}
    if not ways:
        yield '<p>No figures: edges has given none, on base or on patched.</p>'
    for way, readers in ways.items():
        yield '<details><summary>' + ''.join(bars(WAYS.get(way, way), {
            k: [reader[k] for reader in readers.values()] for k in ('base', 'patched')})) + '</summary>'
        for reader, counted in readers.items():
            yield from bars(f'the reader {WAYS[reader]}' if reader in WAYS else reader,
                            {k: [bins] for k, bins in counted.items()})
        yield '</details>'


def others(build):
    """What make others has left for the report."""
    return '\n'.join(lines_of(build, 'others/table.html')) or '<p>Not run: <code>make others</code> does that.</p>'


def main(argv):
    """Write the page; the exit status."""
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    verdict = results.load(argv[1])
    text = '\n'.join(lines_of(TOP, 'scripts/results/report.html')) + '\n'
    for name, content in (('verdict', faults(verdict)),
                          ('cards', ''.join(cards(verdict))),
                          ('race', ''.join(race(verdict))),
                          ('counted', ''.join(edges(verdict))),
                          ('proofs', ''.join(proofs(verdict))),
                          ('others', others(argv[1])),
                          ('matrix', ''.join(matrix(verdict)))):
        text = text.replace(f'<!--{name}-->', content)
    folder = os.path.join(argv[1], 'report')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'index.html')
    with open(path + '.new', 'w', encoding='utf-8') as out:
        out.write(text)
    os.replace(path + '.new', path)
    print(f'==> wrote {path}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
