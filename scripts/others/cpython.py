# SPDX-License-Identifier: GPL-2.0
"""Run one of CPython's test modules or packages, a line of KTAP a test.

Takes: its name.  What the tests print themselves goes to a file.
"""
import importlib
import os
import sys
import unittest

ktap = os.fdopen(os.dup(1), 'w', buffering=1)
log = os.open('/tmp/cpython.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.dup2(log, 1)
os.dup2(log, 2)


class Result(unittest.TestResult):
    """Says how each test ended; of subtests only that one failed."""

    def startTest(self, test):
        super().startTest(test)
        self.bad, self.why = None, None

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad = self.failures[-1][1]

    def addError(self, test, err):
        super().addError(test, err)
        self.bad = self.errors[-1][1]
        if not isinstance(test, unittest.TestCase):
            # setUpClass(), whose tests do not come
            print(f'# {test}: {self.bad}'.replace('\n', '\n# '), file=ktap)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.bad = f'{subtest}'

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.why = reason

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.bad = 'unexpected success'

    def stopTest(self, test):
        super().stopTest(test)
        if self.bad:
            print('# ' + self.bad.rstrip().replace('\n', '\n# '), file=ktap)
        print(f'{"not ok" if self.bad else "ok"} {self.testsRun} {test.id()}'
              + (f' # SKIP {self.why}' if self.why else ''), file=ktap)


from test import support     # noqa: E402  pylint: disable=wrong-import-position
support.use_resources = []
suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(sys.argv[1]))
print(f'KTAP version 1\n1..{suite.countTestCases()}', file=ktap)
os.chdir('/tmp')
result = Result()
suite.run(result)
ktap.flush()
os._exit(0 if result.wasSuccessful() else 1)
