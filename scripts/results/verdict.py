#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Say how the kselftests went.

verdict.py summary BUILD KERNEL  one guest: counts, and what failing tests printed
verdict.py matrix BUILD          all guests: a line a test, a column a kernel, the
                                 proofs, and in words what has been shown
verdict.py tap BUILD             the same for check.sh: a line "ok - " or "not ok - "
                                 for each test on patched, each proof and each fault
verdict.py tap BUILD KERNEL [PROGRAM,...]
                                 one guest, a line a test, and one for each program
                                 of these that was not run

Exit status: 0 if all is well (see results.judge), 1 if not, 2 for bad usage.
"""
import sys

import results
from results import FAIL, KERNELS, OK, SKIP


def summary(build, kernel):
    """One guest; True if nothing failed."""
    verdict = results.load(build, (kernel,))
    failed = [t for t in verdict.tests if verdict.state(t, kernel) == FAIL]
    for test in failed:
        print(f'not ok {test}')
        for line in verdict.tests[test][kernel].log:
            if 'RUN  ' not in line:
                print('    ' + line.strip())
    skipped = [t for t in verdict.tests if verdict.state(t, kernel) == SKIP]
    for test in skipped:
        print(f'skip   {test}')
    for test, line in verdict.splats[kernel]:
        print(f'splat  during {test}: {line}')
    print(f'{kernel}: {verdict.count(kernel, OK)} passed, {len(failed)} failed, '
          f'{len(skipped)} skipped')
    if kernel.endswith('patched') and not all(results.may_skip(kernel, t) for t in skipped):
        return False
    return not failed and not verdict.splats[kernel]


def in_words(verdict):
    """What the matrix shows, as sentences."""
    held = [proof for proof in verdict.proofs if proof[4]]
    introduced = [proof for proof in held if proof[0].startswith('introduce/')]
    fixed = [proof for proof in held if proof not in introduced]
    if introduced:
        yield (f'Without the bit (control) a server cannot tell data from data and end: '
               f'{len(introduced)} tests fail there and pass on base, which has it.')
    if fixed:
        yield (f'What base gets wrong: {len(fixed)} tests fail there and pass on patched, '
               f'thanks to {len({proof[0] for proof in fixed})} patches.')
    for kernel in verdict.kernels:
        yield (f'{kernel}: {verdict.count(kernel, OK)} tests pass, '
               f'{verdict.count(kernel, FAIL)} fail, '
               f'{verdict.count(kernel, SKIP)} are skipped.')
    if verdict.known:
        yield f'Known failures, explained in patches/known-failures: {len(verdict.known)}.'


def matrix(build):
    """All guests; True if the verdict is a pass."""
    verdict = results.load(build)
    width = max([len(t) for t in verdict.tests] + [40])
    head = ' '.join(f'{k:>8}' for k in KERNELS)
    program = None
    for test in verdict.tests:
        name, _, rest = test.partition(' ')
        if name != program:
            program = name
            print(f'\n{name:<{width}} {head}')
        cells = ' '.join(f'{verdict.state(test, k):>8}' for k in KERNELS)
        known = f'  known: {verdict.known[test][0]}' if test in verdict.known else ''
        print(f'  {rest or name:<{width - 2}} {cells}{known}')

    print('\nProofs: a test that fails before the patch and passes after it')
    for patch, test, before, after, holds in verdict.proofs:
        mark = 'holds' if holds else 'DOES NOT HOLD'
        print(f'  {patch}\n    {test}: {before} -> {after}, {mark}')
    print()
    for sentence in in_words(verdict):
        print(sentence)
    for fault in verdict.faults:
        print(f'FAULT: {fault}')
    print('verdict: FAIL' if verdict.faults else 'verdict: pass')
    return not verdict.faults


def tap(build):
    """A line a test; True if the verdict is a pass."""
    verdict = results.load(build)
    for test in verdict.judged():
        good = (verdict.state(test, 'patched') == OK) != (test in verdict.known)
        print(f'{"ok" if good else "not ok"} - patched: {test}')
    for patch, test, _, _, holds in verdict.proofs:
        print(f'{"ok" if holds else "not ok"} - {patch} is proven by {test}')
    for kernel, splats in verdict.splats.items():
        print(f'{"not ok" if splats else "ok"} - no splat on the console of {kernel}')
    for kernel in set(KERNELS) - set(verdict.kernels):
        print(f'not ok - {kernel} has results')
    return not verdict.faults


def tap_guest(build, kernel, programs=''):
    """One guest; True if all is well.  Whether what is known fails may be a
    matter of timing, and the main job says so if it does not.
    """
    verdict = results.load(build, (kernel,))
    lines = []
    for test in verdict.tests:
        state = verdict.state(test, kernel)
        lines.append((state == OK or (state == SKIP and results.may_skip(kernel, test))
                      or (state == FAIL and test in verdict.known), test))
    lines.append((verdict.splats.get(kernel) == [], 'has results, and no splat on its console'))
    seen = {test.partition(' ')[0].split(':')[-1] for test in verdict.tests}
    lines += [(False, f'{name} was run') for name in set(programs.split(',')) - seen - {''}]
    for good, text in lines:
        print(f'{"ok" if good else "not ok"} - {kernel}: {text}')
    return all(good for good, _ in lines)


def main(argv):
    """Dispatch; the exit status."""
    verb = {('summary', 2): summary, ('matrix', 1): matrix, ('tap', 1): tap,
            ('tap', 2): tap_guest, ('tap', 3): tap_guest}.get((''.join(argv[1:2]), len(argv[2:])))
    if not verb:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if verb(*argv[2:]) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv))
