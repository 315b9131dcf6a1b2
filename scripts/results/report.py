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
from results import FAIL, KERNELS, NONE, OK, SKIP

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ABOUT = {
    'control': 'Linux 7.3.4 with the bit taken out',
    'base': 'Linux 7.3.4 as released',
    'patched': 'base and the patches of this series',
}
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
    for line in result.log:
        found = re.search(r'the one event: want (\S+), got ([A-Z|x0-9]+)', line)
        if found:
            return found.group(2)
    return 'IN|RDHUP' if result.state == OK else None


def cards(verdict):
    """A card a kernel: what it is, and how many tests pass there."""
    for kernel in verdict.kernels:
        passed, failed = verdict.count(kernel, OK), verdict.count(kernel, FAIL)
        total = passed + failed + verdict.count(kernel, SKIP)
        yield f'''<section class="card {kernel}"><h3>{kernel}</h3>
<p>{ABOUT[kernel]}</p>
<p class="big">{passed}<small> of {total} tests pass</small></p>
<div class="bar"><i style="width:{100 * passed / max(total, 1):.1f}%"></i></div>
</section>'''


def race(verdict):
    """The race, as each kernel answered it."""
    test = 'net/rdhup:race race.tcp4.one_event'
    for kernel in verdict.kernels:
        mask = seen(verdict, kernel, test)
        if not mask:
            continue
        tells = 'RDHUP' in mask
        yield f'''<tr><th>{kernel}</th><td><code>{esc(mask)}</code></td>
<td class="{OK if tells else FAIL}">{
    "data, and the client has finished" if tells else
    "data; whether more will come, the server cannot tell"}</td></tr>'''


def subject(patch):
    """The subject of a stored patch, without its [PATCH]."""
    with open(os.path.join(TOP, 'patches', patch), encoding='utf-8') as mail:
        text = email.message_from_file(mail)['Subject']
    return re.sub(r'^\[PATCH\] |\n', '', str(text))


def proofs(verdict):
    """The proofs, folded by patch; a patch whose proof fails stands open."""
    patches = {}
    for proof in verdict.proofs:
        patches.setdefault(proof[0], []).append(proof)
    for patch, rows in patches.items():
        held = sum(row[4] for row in rows)
        state = OK if held == len(rows) else FAIL
        yield f'''<details{'' if state == OK else ' open'}><summary>
<b>{esc(patch.partition('/')[0])}</b> {esc(subject(patch))}
<span class="counts"><span class="{state}">{held} of {len(rows)} hold</span></span>
</summary><div class="scroll"><table><tr><th>test</th><th>before</th><th>after</th></tr>'''
        for _, test, before, after, _ in rows:
            yield f'''<tr><td><code>{esc(test)}</code></td>
<td class="{before}">{WORD.get(before, before)}</td><td class="{after}">{WORD[after]}</td></tr>'''
        yield '</table></div></details>'


def matrix(verdict):
    """The tests, folded by program; a program with a fault stands open."""
    programs = {}
    for test in verdict.tests:
        programs.setdefault(test.partition(' ')[0], []).append(test)
    for program, tests in programs.items():
        counts = ' '.join(
            f'<span class="{OK if good == len(tests) else FAIL}">{k} {good}/{len(tests)}</span>'
            for k in verdict.kernels
            for good in [sum(verdict.state(t, k) == OK for t in tests)])
        bad = any(verdict.state(t, 'patched') in (FAIL, SKIP) for t in tests)
        yield f'''<details{' open' if bad else ''}><summary><b>{esc(program)}</b>
<span class="counts">{counts}</span></summary><div class="scroll"><table>
<tr><th>test</th>{''.join(f'<th>{k}</th>' for k in KERNELS)}</tr>'''
        for test in tests:
            cells = ''
            for kernel in KERNELS:
                state = verdict.state(test, kernel)
                result = verdict.tests[test].get(kernel)
                why = '\n'.join(line.strip() for line in result.log
                                if 'RUN' not in line) if result else ''
                cells += (f'<td class="{state}" title="{esc(why)}" aria-label="'
                          f'{WORD[state]}">{SIGN[state]}</td>')
            note = verdict.known.get(test)
            label = esc(test.partition(' ')[2] or program)
            if note:
                label += f'<br><small>known: {esc(note[0])}, {esc(note[1])}</small>'
            yield f'<tr><td><code>{label}</code></td>{cells}</tr>'
        yield '</table></div></details>'


def edges(verdict):
    """How often a FIN was reported twice: the histograms that edges.c prints."""
    rows = {}
    for test, by_kernel in verdict.tests.items():
        if not test.startswith('net/rdhup:edges '):
            continue
        for kernel, result in by_kernel.items():
            for line in result.log:
                found = re.search(r'no event (\d+), one (\d+), two (\d+), '
                                  r'three (\d+), more (\d+)', line)
                if found:
                    bins = [int(n) for n in found.groups()]
                    name = test.partition(' ')[2].replace('.', ' ').replace('_', ' ')
                    rows.setdefault(name, {})[kernel] = (sum(bins[2:]), sum(bins))
    if not rows:
        return
    kernels = [k for k in verdict.kernels if any(k in row for row in rows.values())]
    yield '<table><tr><th>connections, and how the reader waits</th>'
    yield ''.join(f'<th>{k}</th>' for k in kernels) + '</tr>'
    for name, row in rows.items():
        yield f'<tr><td>{esc(name)}</td>'
        for kernel in kernels:
            twice, total = row.get(kernel, (None, 0))
            yield '<td></td>' if twice is None else (
                f'<td class="{FAIL if twice else OK}">{twice} of {total}</td>')
        yield '</tr>'
    yield '</table>'


def faults(verdict):
    """Why the verdict is not a pass."""
    if not verdict.faults:
        return '<p class="verdict ok">Verdict: pass</p>'
    items = ''.join(f'<li>{esc(f)}</li>' for f in verdict.faults)
    return f'<div class="verdict FAIL">Verdict: fail<ul>{items}</ul></div>'


def others(build):
    """What make others has left for the report."""
    path = os.path.join(build, 'others/table.html')
    if not os.path.exists(path):
        return ''
    with open(path, encoding='utf-8') as tables:
        return '<h2>Other people\'s suites and programs</h2>' + tables.read()


def main(argv):
    """Write the page; the exit status."""
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    verdict = results.load(TOP, argv[1])
    with open(os.path.join(TOP, 'scripts/results/report.html'), encoding='utf-8') as page:
        text = page.read()
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
