#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Other people's test suites: what has been run, and what differs.

others.py gather BUILD RUN        put what the guest has said into RUN's results; a
                                  guest that did not end ended in its first test
                                  without a result, unless "stopped" follows
others.py left BUILD RUN          the tests of RUN that have no result yet
others.py repeat BUILD SUITE      those that differ, as tests to be run some more
others.py judge BUILD SUITE...    the table, every difference, and what is wrong
others.py tap BUILD SUITE...      a line "ok - " or "not ok - " a test, for check.sh
others.py listed BUILD SUITE...   nothing, if patches/changed-answers can be read

A RUN is SUITE.KERNEL, or SUITE.KERNEL.again: its tests are RUN.tests in
BUILD/others, a line each as /init takes them, its results RUN.ktap, what the
guest that is running has said so far RUN.raw.  Exit status of judge and tap: 0
if no answer differs but those of patches/changed-answers, and all of those do.
ONLY=KERNEL in the environment: that kernel alone, nothing compared.  judge leaves
its tables in BUILD/others/table.html, for the report.
"""
import glob
import html
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'results'))
import results              # noqa: E402
from results import FAIL, NONE, OK, SKIP, lines_of  # noqa: E402

KERNELS = tuple(os.environ.get('ONLY', '').split()) or ('base', 'patched')
TIMES = 3               # that a test which differs is run again on each kernel
END = re.compile(r'(not ok|ok) \d+ (\S+)(.*)')


def blocks(path):
    """{test: lines} of what has a result in a KTAP of /init's, in order.  What
    no KTAP parser could make sense of is made a comment.
    """
    found, block = {}, []
    for line in lines_of(path):
        end = END.fullmatch(line)
        if end:
            if not any(re.match(r'  K?TAP version', text) for text in block):
                block = ['  # ' + text.strip() for text in block]
            found[end[2]] = block + [line]
            block = []
        elif line.startswith('  '):
            block.append(line)
    return found


def tests_of(folder, run):
    """{name: line} of a run."""
    return {line.split()[0]: line for line in lines_of(f'{folder}/{run}.tests')}


def gather(folder, run, stopped=False):
    """RUN.raw into RUN.ktap."""
    raw, tests = f'{folder}/{run}.raw', tests_of(folder, run)
    found = blocks(f'{folder}/{run}.ktap')
    found.update(blocks(raw))
    if not stopped and '# guest done' not in lines_of(raw):
        for test in tests:
            if test not in found:
                found[test] = [f'not ok 1 {test} # the guest did not come out of it']
                break
    version = ' '.join(lines_of(f'{folder}/{run.split(".")[0]}/version'))
    with open(f'{folder}/{run}.ktap.new', 'w', encoding='utf-8') as ktap:
        print(f'KTAP version 1\n# {version}\n1..{len(found)}', file=ktap)
        for number, block in enumerate(found.values(), 1):
            print(*block[:-1], END.sub(rf'\1 {number} \2\3', block[-1]), sep='\n', file=ktap)
    os.replace(f'{folder}/{run}.ktap.new', f'{folder}/{run}.ktap')
    if os.path.exists(raw):
        with open(f'{folder}/{run}.console', 'ab') as console, \
             open(f'{folder}/{run}.raw.console', 'rb') as part:
            console.write(part.read())
        os.remove(raw)


def left(folder, run):
    """Print what has no result yet."""
    done = blocks(f'{folder}/{run}.ktap')
    for test, line in tests_of(folder, run).items():
        if test not in done:
            print(line)


class Suite:
    """One suite on both kernels."""

    def __init__(self, build, name):
        self.name = name
        self.folder = os.path.join(build, 'others')
        self.first, self.again, self.unfinished, self.splats = {}, {}, {}, []
        for kernel in KERNELS:
            run = f'{name}.{kernel}'
            if not os.path.exists(f'{self.folder}/{run}.ktap'):
                continue
            self.first[kernel] = self.read(build, run)
            self.again[kernel] = self.read(build, run + '.again')
            if kernel == 'patched':
                self.splats = results.read_splats(build, run, results.read_known(), 'others')
            done = blocks(f'{self.folder}/{run}.ktap')
            self.unfinished[kernel] = [
                test for test in tests_of(self.folder, run)
                if test not in done or re.search('# (TIMEOUT|the guest)', done[test][-1])]
        self.version = ' '.join(lines_of(self.folder, name, 'version')) or name

    @staticmethod
    def read(build, run):
        """{test: state}, nothing of a run that there was not."""
        read = results.read_ktap(build, run, 'ktap', 'others')
        return {test: result.state for test, result in read.items()
                if not results.is_owed(test)}

    def tests(self):
        """The names of all."""
        return list(dict.fromkeys(test for kernel in self.first for test in self.first[kernel]))

    def differing(self):
        """{test: [base's answers, patched's], each a list of the different ones} of
        those whose first answer is not the same.
        """
        if len(self.first) < 2:
            return {}
        return {test: [self.answers(test, kernel) for kernel in KERNELS] for test in self.tests()
                if len({self.first[kernel].get(test, NONE) for kernel in KERNELS}) > 1}

    def answers(self, test, kernel):
        """What it has answered there, in its first run and where it ran again."""
        seen = [self.first[kernel].get(test, NONE)]
        program, _, rest = test.partition(' ')
        for time in range(TIMES):
            again = {name: state for name, state in self.again[kernel].items()
                     if name.split()[0] == f'{program}~{time}'}
            if again:
                seen.append(again.get(f'{program}~{time} {rest}'.strip(), NONE))
        return list(dict.fromkeys(seen))


def repeat(build, name):
    """Print the tests that differ, TIMES each."""
    suite = Suite(build, name)
    programs = {test.split()[0] for test in suite.differing()}
    for test, line in tests_of(suite.folder, f'{name}.base').items():
        if test in programs:
            for time in range(TIMES):
                print(line.replace(test, f'{test}~{time}', 1))


def read_changed():
    """[(suite, test, from, to, patch, reason)] of patches/changed-answers; a line
    that says nothing ends it all.
    """
    path = os.environ.get('CHANGED_ANSWERS', os.path.join(results.TOP, 'patches/changed-answers'))
    entries = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip() or line.startswith('#'):
            continue
        entry = tuple(line.split('\t'))
        why = bad(entry, entries)
        if why:
            sys.exit(f'rdhup: {path}:{number}: {why}')
        entries.append(entry)
    return entries


def bad(entry, before):
    """What is wrong with an entry, None if nothing is."""
    if len(entry) != 6 or not all(field.strip() for field in entry):
        return ('want six fields with a tab between two: suite, test, answer on base, answer '
                f'on patched, patch, reason; there are {sum(map(bool, map(str.strip, entry)))}')
    suite, test, base, patched, patch, _ = entry
    if suite not in suites() + ['none']:
        return f'there is no suite "{suite}"; name one of: none {" ".join(suites())}'
    for answer in [base] + patched.split('/'):
        if answer not in (OK, FAIL, SKIP, NONE):
            return f'"{answer}" is no answer; say {OK}, {FAIL}, {SKIP} or {NONE}'
    if base == patched:
        return f'"{base}" on both is no change; take the line out'
    if not glob.glob(os.path.join(results.TOP, 'patches', glob.escape(patch) + '-*.patch')):
        return f'there is no patch "{patch}"; say SERIES/NNNN'
    if (suite, test) in [other[:2] for other in before]:
        return f'{suite} {test} stands there twice; leave one'
    return None


def suites():
    """The names of all that scripts/others has."""
    files = os.listdir(os.path.join(results.TOP, 'scripts/others'))
    return sorted(name[:-3] for name in files if name.endswith('.sh') and name != 'make.sh')


def faults_of(suite, changed):
    """(what differs, faults): sentences, and the latter by test."""
    listed = {entry[1]: entry for entry in changed if entry[0] == suite.name}
    notes, faults = [], {}
    for kernel in KERNELS:
        if kernel not in suite.first:
            faults[f'on {kernel}'] = 'has no results'
        elif not suite.first[kernel]:
            faults[f'on {kernel}'] = 'has no test'
        elif kernel == 'base' and OK not in suite.first[kernel].values():
            faults[f'on {kernel}'] = 'passes no test, so it shows nothing'
    for test, line in suite.splats:
        faults['console of patched'] = f'during {test}: {line}'
    for kernel, tests in suite.unfinished.items():
        for test in tests:
            either = kernel == 'patched' and test in suite.unfinished.get('base', [])
            faults[test] = f'did not finish on {"either kernel" if either else kernel}'
    if len(suite.first) < 2:
        return notes, faults
    differing = suite.differing()
    for test, (base, patched) in differing.items():
        said = f'{" or ".join(base)} on base, {" or ".join(patched)} on patched'
        _, _, was, now, patch, reason = listed.get(test, [None] * 6)
        if len(base) > 1:
            notes.append(f'{test}: unstable, {said}')
        elif (was, now) == (base[0], '/'.join(patched)):
            notes.append(f'{test}: differs, {said}: {patch}, {reason}')
        else:
            said += ': not in patches/changed-answers'
            notes.append(f'{test}: differs, {said}')
            faults.setdefault(test, said)
    for test, entry in listed.items():
        if test not in differing:
            faults[test] = (f'is listed in patches/changed-answers as {entry[2]} -> '
                            f'{entry[3]}, which does not occur')
    return notes, faults


def own_tests(build, changed):
    """The faults of the entries that name a test of ours, where it has run."""
    ours = [entry for entry in changed if entry[0] == 'none']
    paths = [os.path.join(build, 'results', kernel + '.ktap') for kernel in KERNELS]
    if not ours or len(KERNELS) < 2 or not all(map(os.path.exists, paths)):
        return {}
    read = [results.read_ktap(build, kernel) for kernel in KERNELS]
    faults = {}
    for _, test, *wanted, _, _ in ours:
        states = [run[test].state if test in run else NONE for run in read]
        if states != wanted:
            faults[test] = f'is {" -> ".join(states)}, patches/changed-answers says {" -> ".join(wanted)}'
    return faults


PROGRAM = re.compile(r' +# program: (\S+) (\S+) noticed (yes|no) calls (\S+) answered (\S+)')


def programs(folder, names):
    """[row of the table] of the programs that suites of these have run."""
    rows = {}
    for name in names:
        ktaps = [f'{folder}/{name}.{kernel}.ktap' for kernel in ('control', 'base', 'patched')]
        for column, ktap in enumerate(ktaps, 2):
            for found in filter(None, map(PROGRAM.fullmatch, lines_of(ktap))):
                program, version, noticed, calls, answered = found.groups()
                said = f'after {calls} calls' if noticed == 'yes' else 'not noticed'
                said += {'no': ', no answer', '200': ', answers'}.get(
                    answered, f', answers {answered}')
                row = rows.setdefault(program, [program, version] + [
                    'said nothing' if os.path.exists(path) else 'not run' for path in ktaps])
                row[column] = said
    return list(rows.values())


def table(heads, rows):
    """Rows as text, each column as wide as it must be."""
    widths = [max(len(row[i]) for row in [heads] + rows) for i in range(len(heads))]
    for row in [heads] + rows:
        yield '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def page(tables, notes, missing):
    """The same for the report."""
    for heads, rows in tables:
        yield '<div class="scroll"><table>'
        for row in [heads] + rows:
            cell = 'th' if row is heads else 'td'
            yield '<tr>' + ''.join(f'<{cell}>{html.escape(text)}</{cell}>' for text in row) + '</tr>'
        yield '</table></div>'
    if missing:
        yield f'<p>Not run on both kernels: {", ".join(missing)}.</p>'
    if notes:
        yield '<input type="search" placeholder="Find what differs" hidden>'
        yield f'<details><summary>What differs, and what is wrong: {len(notes)}</summary><ul>'
        yield ''.join(f'<li>{html.escape(note)}</li>' for note in notes) + '</ul></details>'


def summary(build, names):
    """([(heads, rows) of a table], what differs, {test: what is wrong}, all tests)."""
    changed = read_changed()
    wrong, notes, ran, tests = own_tests(build, changed), [], [], []
    for name in names:
        suite = Suite(build, name)
        tests += [f'{name} {test}' for test in suite.tests()]
        row = [name, suite.version, str(len(suite.tests()))]
        for kernel in KERNELS:
            states = list(suite.first.get(kernel, {}).values())
            row += [str(states.count(state)) for state in (OK, FAIL, SKIP)]
        ran.append(row)
        differ, faults = faults_of(suite, changed)
        notes += [f'{name} {note}' for note in differ]
        wrong.update({f'{name} {test}': said for test, said in faults.items()})
    tables = [(['suite', 'what ran', 'tests'] + [f'{kernel}: {state}' for kernel in KERNELS
                                                 for state in (OK, FAIL, SKIP)], ran)]
    did = programs(os.path.join(build, 'others'), names)
    if did:
        tables.append((['program', 'version', 'on control', 'on base', 'on patched'], did))
    return tables, notes + [f'FAULT: {test} {said}' for test, said in wrong.items()], wrong, tests


def judge(build, names):
    """Print the tables, and leave those of all that has run for the report; True
    if nothing is wrong with what is named.
    """
    tables, notes, wrong, _ = summary(build, names)
    for heads, rows in tables:
        print(*table(heads, rows), '', sep='\n')
    if notes:
        print(*notes, sep='\n')
    folder = os.path.join(build, 'others')
    if len(KERNELS) > 1:
        others = [name for name in suites() if name not in names and
                  all(os.path.exists(f'{folder}/{name}.{kernel}.ktap') for kernel in KERNELS)]
        tables, notes, _, _ = summary(build, names + others)
        # uring-poll is a part of uring
        missing = [name for name in suites() if name not in names + others + ['uring-poll']]
        with open(f'{folder}/table.html', 'w', encoding='utf-8') as out:
            print(*page(tables, notes, missing), sep='\n', file=out)
    return not wrong


def tap(build, names):
    """A line a test; True if nothing is wrong."""
    _, _, wrong, tests = summary(build, names)
    for test in dict.fromkeys(tests + list(wrong)):
        print(f'not ok - others: {test} {wrong[test]}' if test in wrong else f'ok - others: {test}')
    return not wrong


def main(argv):
    """Dispatch; the exit status."""
    if len(argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    build, words = argv[2], argv[3:]
    folder = os.path.join(build, 'others')
    good = {'gather': lambda: gather(folder, words[0], 'stopped' in words),
            'left': lambda: left(folder, words[0]),
            'repeat': lambda: repeat(build, words[0]),
            'judge': lambda: judge(build, words),
            'tap': lambda: tap(build, words),
            'listed': read_changed}[argv[1]]()
    return 1 if good is False else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
