# SPDX-License-Identifier: GPL-2.0
"""What the guests said, read with the kernel's own KTAP parser.

load(build) gives the verdict that verdict.py prints and report.py draws.
Inputs: build/results/K.ktap and K.console, the "Proof:" notes of the patches,
and patches/known-failures (TEST, a tab, DEFECT, a tab, REASON), where a TEST
"console TEXT" is a report on a console that has TEXT in it.
"""
import os
import re
import sys
from collections import namedtuple
from fnmatch import fnmatchcase

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNELS = ('control', 'base', 'patched')
SPLAT = re.compile(
    r'BUG:|WARNING:|Oops|general protection|INFO: task .* blocked|rcu: INFO|'
    r'possible (circular|recursive|irq lock)|possible deadlock|suspicious RCU|'
    r'inconsistent lock state|KASAN:|KCSAN:|UBSAN:|soft lockup|Kernel panic')
REPORT_LINES = 150      # of lockdep's longest, to the end of the backtrace
OK, FAIL, SKIP, NONE = 'ok', 'FAIL', 'skip', '-'


# One test on one kernel: how it ended, and the lines it printed.
Result = namedtuple('Result', 'state log')


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


def lines_of(*path):
    """The lines of a file, none if it is not there."""
    name = os.path.join(*path)
    if not os.path.exists(name):
        return []
    with open(name, encoding='utf-8', errors='replace') as file:
        return file.read().splitlines()


def read_ktap(build, kernel, kind='ktap', folder='results'):
    """{test name: Result} of one guest: of the kselftests, or, from the
    "console", of the KUnit suites that ran while it booted.  The results of
    other people's suites are in a folder of their own.
    """
    # the parser of the kernel tree that is being tested
    sys.path.insert(0, os.path.join(build, 'linux/base/tools/testing/kunit'))
    import kunit_parser as parser       # pylint: disable=import-error
    import kunit_printer as printer     # pylint: disable=import-error
    states = {parser.TestStatus.SUCCESS: OK, parser.TestStatus.SKIPPED: SKIP}
    main = parser.parse_run_tests(lines_of(build, folder, f'{kernel}.{kind}'),
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
    lines = lines_of(build, folder, kernel + '.console')
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


def read_proofs():
    """[(series, patch, test key, where)] of every "Proof:" note, in order: where
    is the architecture that its test fails on before the patch, if the note names
    one, or "alone", see prove.sh.
    """
    found = []
    # what is a comment there is no file
    for series in ['introduce'] + lines_of(TOP, 'patches/order'):
        for patch in lines_of(TOP, 'patches', series, 'series'):
            notes = '\n'.join(lines_of(TOP, 'patches', series, patch)).split('\ndiff --git ')[0]
            for target, program, test, where in re.findall(
                    r'^Proof: +(?!none )(\S+) +(\S+) +(\S+)(?: +(alone(?= ).*|\S+))?$', notes, re.M):
                found.append((series, patch, f'{target}:{program} {test}', where.split(' ')[0]))
    return found


def read_known():
    """{test, or "console TEXT": (defect, reason)} of patches/known-failures."""
    known = {}
    for line in lines_of(TOP, 'patches/known-failures'):
        if line.strip() and not line.startswith('#'):
            test, *why = line.split('\t')
            if len(why) != 2:
                sys.exit(f'rdhup: patches/known-failures: want test, defect and reason, a tab between two: {line}')
            known[test] = tuple(why)
    return known


def may_skip(kernel, test):
    """True if a fragment of the kernel's architecture says "# Skips: ..." of a
    test: the name of its program or, with an asterisk, a pattern of its own.
    """
    arch, _, _ = kernel.rpartition('-')
    words = [word for name in ('lean', arch) if arch
             for line in lines_of(TOP, f'scripts/guest/{name}.config') if line.startswith('# Skips: ')
             for word in line.split()[2:]]
    program, _, name = test.partition(' ')
    return any(word == program.split(':')[-1] or ('*' in word and fnmatchcase(name, word))
               for word in words)


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


def load(build, kernels=KERNELS):
    """Read everything there is for @kernels; a Verdict."""
    verdict = Verdict()
    verdict.known = read_known()
    for kernel in kernels:
        if not os.path.exists(os.path.join(build, 'results', kernel + '.ktap')):
            verdict.faults.append(f'{kernel} was not run')
            continue
        verdict.kernels.append(kernel)
        for kind in ('console', 'ktap'):
            for test, result in read_ktap(build, kernel, kind).items():
                verdict.tests.setdefault(test, {})[kernel] = result
        verdict.splats[kernel] = read_splats(build, kernel, verdict.known)
    for series, patch, test, where in sorted(read_proofs(), key=lambda proof: proof[3] == 'alone'):
        pair = ('control', 'base') if series == 'introduce' else ('base', 'patched')
        # on base those alone are not run, see kselftest.sh: make prove does that
        alone = where == 'alone'
        if where not in ('', 'x86_64', 'alone') or not set(pair[alone:]) <= set(verdict.kernels):
            continue
        before, after = (verdict.state(test, k) for k in pair)
        verdict.proofs.append((f'{series}/{patch}', test, 'alone' if alone else before, after,
                               (alone or before == FAIL) and after == OK))
    judge(verdict)
    return verdict
