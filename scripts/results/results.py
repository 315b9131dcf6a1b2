# SPDX-License-Identifier: GPL-2.0
"""What the guests said, read with the kernel's own KTAP parser.

load(top, build) gives the verdict that verdict.py prints and report.py draws.
Inputs: build/results/K.ktap and K.console, the "Proof:" notes of the patches,
and patches/known-failures (TEST, a tab, DEFECT, a tab, REASON), where a TEST
"console TEXT" is a report on a console that has TEXT in it.
"""
import os
import re
import sys
from fnmatch import fnmatchcase

KERNELS = ('control', 'base', 'patched')
SPLAT = re.compile(
    r'BUG:|WARNING:|Oops|general protection|INFO: task .* blocked|rcu: INFO|'
    r'possible (circular|recursive|irq lock)|possible deadlock|suspicious RCU|'
    r'inconsistent lock state|KASAN:|KCSAN:|UBSAN:|soft lockup|Kernel panic')
REPORT_LINES = 150      # of lockdep's longest, to the end of the backtrace
OK, FAIL, SKIP, NONE = 'ok', 'FAIL', 'skip', '-'


class Result:
    """One test on one kernel: how it ended, and the lines it printed."""

    def __init__(self, state, log):
        self.state = state
        self.log = log


class Verdict:
    """Everything that a report needs, and why it is not a pass, if so."""

    def __init__(self):
        self.tests = {}         # "target:program test" -> {kernel: Result}
        self.kernels = []       # those that have results
        self.proofs = []        # (patch, test, before, after, holds)
        self.known = {}         # test -> (defect, reason)
        self.splats = {}        # kernel -> [(test, line)]
        self.faults = []        # sentences; empty means pass

    def state(self, test, kernel):
        """The state of a test on a kernel, NONE if it was not run there."""
        result = self.tests.get(test, {}).get(kernel)
        return result.state if result else NONE

    def judged(self):
        """The tests that patched must pass.  What /init gives in place of a
        result that never came is one only where it came from patched: that
        a program was cut short elsewhere is that kernel's defect.
        """
        return [t for t in self.tests
                if not (is_owed(t) and self.state(t, 'patched') == NONE)]

    def count(self, kernel, state):
        """How many tests ended in that state on that kernel."""
        return sum(self.state(t, kernel) == state for t in self.tests)


def kunit_parser(build):
    """The parser of the kernel tree that is being tested."""
    path = os.path.join(build, 'linux/base/tools/testing/kunit')
    if path not in sys.path:
        sys.path.insert(0, path)
    import kunit_parser as parser       # pylint: disable=import-error
    import kunit_printer as printer     # pylint: disable=import-error
    return parser, printer


def read_ktap(build, kernel, kind='ktap', folder='results'):
    """{test name: Result} of one guest: of the kselftests, or, from the
    "console", of the KUnit suites that ran while it booted.  The results of
    other people's suites are in a folder of their own.
    """
    parser, printer = kunit_parser(build)
    states = {parser.TestStatus.SUCCESS: OK, parser.TestStatus.SKIPPED: SKIP}
    path = os.path.join(build, folder, f'{kernel}.{kind}')
    with open(path, encoding='utf-8', errors='replace') as ktap:
        main = parser.parse_run_tests(ktap.read().splitlines(),
                                      printer.null_printer)
    found = {}

    def walk(test, program):
        if not test.subtests:
            name = test.name.split(' # ')[0]
            key = program if program in (name, f'kunit:{name}') else f'{program} {name}'
            found[key] = Result(states.get(test.status, FAIL), test.log)
        for sub in test.subtests:
            walk(sub, program or sub.name.split(' # ')[0])

    for program in main.subtests:
        name = program.name.split(' # ')[0]
        name = name if kind == 'ktap' else f'kunit:{name}'
        walk(program, name)
        # a program that was killed may have only passing tests behind it
        if program.subtests and states.get(program.status, FAIL) == FAIL and \
           all(s.ok_status() for s in program.subtests):
            found[f'{name} (the program)'] = Result(FAIL, program.log)
    return found


def read_splats(build, kernel, known, folder='results'):
    """[(test that was running, line)] from one console, but for those of
    @known: one whose report names the TEXT of an entry "console TEXT".
    """
    test, found = 'boot', []
    texts = [k.partition(' ')[2] for k in known if k.startswith('console ')]
    path = os.path.join(build, folder, kernel + '.console')
    with open(path, encoding='utf-8', errors='replace') as console:
        lines = console.read().splitlines()
    for number, line in enumerate(lines):
        mark = re.search(r'rdhup: (start|end) (.*)', line)
        if mark:
            test = mark[2].strip()
            if mark[1] == 'end':
                test = 'what comes after ' + test
        elif 'ommand line:' not in line and SPLAT.search(line):
            report = '\n'.join(lines[number:number + REPORT_LINES])
            # KCSAN ends its own with a line of those; lockdep begins with one
            report = re.split(r'</TASK>|={40}', report)[0]
            if not any(text in report for text in texts):
                found.append((test, line.strip()))
    return found


def read_proofs(top, arches=('x86_64',)):
    """[(series, patch, test key)] of every "Proof:" note, in order.

    A note names the architecture that its test fails on before the patch,
    x86_64 if it names none; those of @arches are given.  For "alone" in its
    place see prove.sh.
    """
    found = []
    with open(os.path.join(top, 'patches/order'), encoding='utf-8') as order:
        series = ['introduce'] + [s for s in order.read().split()
                                  if not s.startswith('#')]
    for name in series:
        folder = os.path.join(top, 'patches', name)
        with open(os.path.join(folder, 'series'), encoding='utf-8') as patches:
            files = [f.strip() for f in patches if not f.startswith('#')]
        for patch in files:
            with open(os.path.join(folder, patch), encoding='utf-8') as mail:
                notes = mail.read().split('\ndiff --git ')[0]
            for target, program, test, arch in re.findall(
                    r'^Proof: +(?!none )(\S+) +(\S+) +(\S+)(?: +(\S+|alone(?= ).*))?$',
                    notes, re.M):
                arch = 'alone' if arch.startswith('alone ') else arch
                if (arch or 'x86_64') in arches:
                    found.append((name, patch, f'{target}:{program} {test}'))
    return found


def read_known(top):
    """{test, or "console TEXT": (defect, reason)} of patches/known-failures."""
    known = {}
    path = os.path.join(top, 'patches/known-failures')
    if os.path.exists(path):
        with open(path, encoding='utf-8') as lines:
            for line in lines:
                if line.strip() and not line.startswith('#'):
                    test, defect, reason = line.rstrip('\n').split('\t')
                    known[test] = (defect, reason)
    return known


def may_skip(top, kernel, test):
    """True if a fragment of the kernel's architecture says "# Skips: ..." of a
    test: the name of its program or, with an asterisk, a pattern of its own.
    """
    arch, _, _ = kernel.rpartition('-')
    words = ''
    for name in ('lean', arch) if arch else ():
        path = os.path.join(top, 'scripts/guest', f'{name}.config')
        with open(path, encoding='utf-8') as fragment:
            words += ' '.join(re.findall(r'^# Skips: (.*)$', fragment.read(), re.M)) + ' '
    program, _, name = test.partition(' ')
    return any(word == program.split(':')[-1] or ('*' in word and fnmatchcase(name, word))
               for word in words.split())


def is_owed(test):
    """True for what /init gives in place of a result that never came."""
    return re.search(r' result_\d+_never_came$', test) is not None


def judge(verdict):
    """Fill in verdict.faults."""
    for test in verdict.judged():
        state = verdict.state(test, 'patched')
        if test in verdict.known:
            if state == OK:
                verdict.faults.append(
                    f'{test} passes on patched: take it out of patches/known-failures')
        elif 'patched' in verdict.kernels and state != OK:
            said = {FAIL: 'fails', SKIP: 'is skipped', NONE: 'was not run'}
            verdict.faults.append(f'{test} {said[state]} on patched')
    for patch, test, before, after, holds in verdict.proofs:
        if not holds:
            verdict.faults.append(f'proof of {patch} does not hold: {test} is '
                                  f'"{before}" before and "{after}" after')
    for kernel, splats in verdict.splats.items():
        for test, line in splats:
            verdict.faults.append(f'{kernel} console, during {test}: {line}')


def load(top, build, kernels=KERNELS):
    """Read everything there is for @kernels; a Verdict."""
    verdict = Verdict()
    verdict.known = read_known(top)
    for kernel in kernels:
        if not os.path.exists(os.path.join(build, 'results', kernel + '.ktap')):
            continue
        verdict.kernels.append(kernel)
        for kind in ('console', 'ktap'):
            for test, result in read_ktap(build, kernel, kind).items():
                verdict.tests.setdefault(test, {})[kernel] = result
        verdict.splats[kernel] = read_splats(build, kernel, verdict.known)
    for series, patch, test in read_proofs(top):
        pair = ('control', 'base') if series == 'introduce' else ('base', 'patched')
        if not set(pair) <= set(verdict.kernels):
            continue
        before, after = (verdict.state(test, k) for k in pair)
        verdict.proofs.append((f'{series}/{patch}', test, before, after,
                               before == FAIL and after == OK))
    # on base these are not run, see kselftest.sh: make prove does that
    if 'patched' in verdict.kernels:
        for series, patch, test in read_proofs(top, ('alone',)):
            after = verdict.state(test, 'patched')
            verdict.proofs.append((f'{series}/{patch}', test, 'alone', after, after == OK))
    judge(verdict)
    return verdict
