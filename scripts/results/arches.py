#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How the suite went on other architectures: make arch, make arch-all.

arches.py record BUILD ARCH INIT  read ARCH-base and ARCH-patched of
                                  BUILD/results, keep what they say in
                                  BUILD/results/arch.json and print it; INIT
                                  is a program of ARCH, for its byte order
                                  and word size
arches.py table BUILD             a line an architecture, from arch.json
arches.py tap BUILD ARCH [PROGRAM,...]
                                  a line "ok - " or "not ok - " for each test
                                  on ARCH-patched, and for each fault; of
                                  programs, if they are named

Exit status: 0 if all is well (see faults_of), 1 if not, 2 for bad usage.
html(build) is the table as report.py shows it.  scripts/guest/arch.json is a
copy of BUILD/results/arch.json as make arch-all, or make arch for each, left it.
"""
import datetime
import html as markup
import json
import os
import re
import sys
from fnmatch import fnmatchcase

import results
from results import FAIL, NONE, OK, SKIP

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KINDS = ('base', 'patched')


def machine_code(program):
    """('big' or 'little' endian, bits of a word) of an ELF program."""
    with open(program, 'rb') as elf:
        ident = elf.read(6)
    if ident[:4] != b'\x7fELF':
        raise ValueError(f'{program} is no ELF program')
    return {1: 'little', 2: 'big'}[ident[5]], {1: 32, 2: 64}[ident[4]]


def may_skip(arch):
    """What the architecture's fragments say may be skipped: names of programs
    and, with an asterisk, patterns of tests.
    """
    found = set()
    for name in ('lean', arch):
        path = os.path.join(TOP, 'scripts/guest', f'{name}.config')
        with open(path, encoding='utf-8') as fragment:
            for line in re.findall(r'^# Skips: (.*)$', fragment.read(), re.M):
                found |= set(line.split())
    return found


def excuses_of(test, excuses):
    """Those of them that are a test's, which is "TARGET:PROGRAM NAME"."""
    program, _, name = test.partition(' ')
    return {excuse for excuse in excuses
            if excuse == program.split(':')[-1] or ('*' in excuse and fnmatchcase(name, excuse))}


def load(build, arch):
    """The verdict on both kernels."""
    return results.load(TOP, build, [f'{arch}-{kind}' for kind in KINDS])


def proofs_of(verdict, arch):
    """(those that hold, those whose test was run on both) of the Proof: notes."""
    run = held = 0
    for series, _, test in results.read_proofs(TOP, ('x86_64', arch)):
        pair = tuple(verdict.state(test, f'{arch}-{kind}') for kind in KINDS)
        if series != 'introduce' and not set(pair) - {OK, FAIL}:
            run += 1
            held += pair == (FAIL, OK)
    return held, run


def states_of(verdict, arch):
    """(test, is as it should be, state) of every test on patched."""
    without = may_skip(arch)
    for test in verdict.tests:
        state = verdict.state(test, f'{arch}-patched')
        if state == NONE and results.is_owed(test):
            continue
        good = state == OK or (state == SKIP and bool(excuses_of(test, without)))
        # whether one of these fails may be a matter of timing, and the main
        # job says so if it does not
        yield test, good or (state == FAIL and test in verdict.known), state


def faults_of(verdict, arch):
    """Sentences; none if all is well."""
    for kind in KINDS:
        if f'{arch}-{kind}' not in verdict.kernels:
            yield f'{arch}-{kind} has no results'
    for test, good, state in states_of(verdict, arch):
        if not good:
            said = {FAIL: 'fails', SKIP: 'is skipped'}.get(state, 'was not run')
            yield f'{test} {said} on {arch}-patched'
    excuses = may_skip(arch)
    used = {excuse for test, _, state in states_of(verdict, arch) if state == SKIP
            for excuse in excuses_of(test, excuses)}
    for excuse in sorted(excuses - used):
        yield (f'no test of {excuse} is skipped: take it out of the Skips: of '
               f'lean.config or {arch}.config')
    for kernel, splats in verdict.splats.items():
        for test, line in splats:
            yield f'{kernel} console, during {test}: {line}'


def read(build, path='results/arch.json'):
    """What arch.json holds; {} if there is none."""
    path = os.path.join(build, path)
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as kept:
        return json.load(kept)


def release(build, arch):
    """The kernel as it names itself on the console of ARCH-patched."""
    path = os.path.join(build, f'results/{arch}-patched.console')
    with open(path, encoding='utf-8', errors='replace') as console:
        found = re.search(r'Linux version (\S+)', console.read())
    return found.group(1) if found else 'unknown'


def line(arch, row):
    """One architecture, for a terminal."""
    text = f'{arch:<8} {row["endian"]} endian, {row["bits"]} bit:'
    for kind in KINDS:
        counts = row[kind]
        text += f' {kind} {counts[OK]} passed, {counts[FAIL]} failed, {counts[SKIP]} skipped;'
    return (f'{text} {row["proofs"][0]} of {row["proofs"][1]} proofs hold; '
            f'{len(row["faults"])} faults; {row["date"]}, {row["kernel"]}')


def record(build, arch, init):
    """Keep and print one architecture's results; True if all is well."""
    verdict = load(build, arch)
    endian, bits = machine_code(init)
    when = os.path.getmtime(os.path.join(build, f'results/{arch}-patched.ktap'))
    row = {
        'endian': endian, 'bits': bits, 'kernel': release(build, arch),
        'date': datetime.date.fromtimestamp(when).isoformat(),
        'proofs': proofs_of(verdict, arch), 'faults': list(faults_of(verdict, arch)),
    }
    for kind in KINDS:
        row[kind] = {s: verdict.count(f'{arch}-{kind}', s) for s in (OK, FAIL, SKIP)}
    kept = read(build)
    kept[arch] = row
    path = os.path.join(build, 'results/arch.json')
    with open(path + '.new', 'w', encoding='utf-8') as out:
        json.dump(kept, out, indent=1, sort_keys=True)
    os.replace(path + '.new', path)
    for fault in row['faults']:
        print(f'FAULT: {fault}')
    print(line(arch, row))
    return not row['faults']


def table(build):
    """All architectures that have results; True if all is well on each."""
    rows = read(build)
    for arch in sorted(rows):
        print(line(arch, rows[arch]))
    return bool(rows) and not any(row['faults'] for row in rows.values())


def tap(build, arch, programs=''):
    """A line a test; True if all is well."""
    verdict = load(build, arch)
    good_ones = True
    seen = set()
    for test, good, _ in states_of(verdict, arch):
        seen.add(test.partition(' ')[0].split(':')[-1])
        good_ones &= good
        print(f'{"ok" if good else "not ok"} - {arch}-patched: {test}')
    for kind in KINDS:
        splats = verdict.splats.get(f'{arch}-{kind}')
        state = 'ok' if splats == [] else 'not ok'
        good_ones &= splats == []
        print(f'{state} - {arch}-{kind} has results, and no splat on its console')
    if not programs:
        return not list(faults_of(verdict, arch))
    for program in programs.split(','):
        good_ones &= program in seen
        print(f'{"ok" if program in seen else "not ok"} - {arch}-patched: {program} was run')
    return good_ones


def html(build):
    """A table for the report; nothing if no other architecture was run.

    Those that were not run here have the row that is kept in the repository.
    """
    rows = {**read(TOP, 'scripts/guest/arch.json'), **read(build)}
    if not rows:
        return ''
    body = ''
    for arch in sorted(rows):
        row = rows[arch]
        cells = [arch, row['endian'], f'{row["bits"]} bit']
        for kind in KINDS:
            cells += [row[kind][OK], row[kind][FAIL], row[kind][SKIP]]
        cells += [f'{row["proofs"][0]} of {row["proofs"][1]}', len(row['faults']),
                  row['date'], row['kernel']]
        body += '<tr>' + ''.join(f'<td>{markup.escape(str(c))}</td>' for c in cells) + '</tr>\n'
    return f'''<h2>Other architectures</h2>
<p>The same suite, cross-built and booted in QEMU by <code>make arch-all</code>;
each row is the last run of its architecture.</p>
<table><tr><th rowspan="2">architecture</th><th rowspan="2">endian</th>
<th rowspan="2">word</th><th colspan="3">base</th><th colspan="3">patched</th>
<th rowspan="2">proofs that hold</th><th rowspan="2">faults</th>
<th rowspan="2">date</th><th rowspan="2">kernel</th></tr>
<tr>{"<th>passed</th><th>failed</th><th>skipped</th>" * 2}</tr>
{body}</table>'''


def main(argv):
    """Dispatch; the exit status."""
    if len(argv) == 5 and argv[1] == 'record':
        return 0 if record(*argv[2:]) else 1
    if len(argv) == 3 and argv[1] == 'table':
        return 0 if table(argv[2]) else 1
    if len(argv) in (4, 5) and argv[1] == 'tap':
        return 0 if tap(*argv[2:]) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv))
