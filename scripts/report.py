#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw the verdict as one self-contained page.

report.py BUILD  reads what results.load() reads, writes BUILD/report/index.html
"""
import html
import os
import re
import sys

import results
from results import FAIL, KERNELS, NONE, OK, SKIP

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
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


def proofs(verdict):
    """A row a proof."""
    for patch, test, before, after, holds in verdict.proofs:
        series, _, name = patch.partition('/')
        title = re.sub(r'^\d+-|\.patch$', '', name).replace('-', ' ')
        yield f'''<tr><td><b>{esc(series)}</b> {esc(title)}</td>
<td><code>{esc(test)}</code></td><td class="{before}">{esc(WORD[before])}</td>
<td class="{after}">{esc(WORD[after])}</td>
<td class="{OK if holds else FAIL}">{'holds' if holds else 'does not hold'}</td></tr>'''


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
    """What the tests counted: their "count:" lines, a column a kernel."""
    rows = {}
    for kernel in verdict.kernels:
        for test in verdict.tests:
            result = verdict.tests[test].get(kernel)
            for line in result.log if result else ():
                found = re.search(r'count: ([^=]+)=\s*(.+)$', line)
                if found:
                    rows.setdefault(found.group(1).strip(), {})[kernel] = found.group(2)
    if not rows:
        return
    yield '<h2>Counted</h2><div class="scroll"><table><tr><th>what</th>'
    yield ''.join(f'<th>{k}</th>' for k in KERNELS) + '</tr>'
    for what, values in rows.items():
        yield f'<tr><td>{esc(what)}</td>' + ''.join(
            f'<td>{esc(values.get(k, ""))}</td>' for k in KERNELS) + '</tr>'
    yield '</table></div>'


def faults(verdict):
    """Why the verdict is not a pass."""
    if not verdict.faults:
        return '<p class="verdict ok">Verdict: pass</p>'
    items = ''.join(f'<li>{esc(f)}</li>' for f in verdict.faults)
    return f'<div class="verdict FAIL">Verdict: fail<ul>{items}</ul></div>'


def main(argv):
    """Write the page; the exit status."""
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    verdict = results.load(TOP, argv[1])
    with open(os.path.join(TOP, 'scripts/report.html'), encoding='utf-8') as page:
        text = page.read()
    for name, content in (('verdict', faults(verdict)),
                          ('cards', ''.join(cards(verdict))),
                          ('race', ''.join(race(verdict))),
                          ('counted', ''.join(edges(verdict))),
                          ('proofs', ''.join(proofs(verdict))),
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
