#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""redate.py FROM TO THAN: files of one tree get the dates of those of another.

Takes the trees FROM and TO and, on standard input, names of files that are the
same in both, a line each.  One that is newer in TO than the file THAN gets the
date that it has in FROM.  make, which goes by dates, then takes objects that
were made in FROM for what they are.
"""
import os
import sys


def main(source, target, than):
    """Set the dates."""
    newest = os.stat(than).st_mtime_ns
    for line in sys.stdin:
        name = line.rstrip('\n')
        path = os.path.join(target, name)
        try:
            if os.lstat(path).st_mtime_ns <= newest:
                continue
            date = os.lstat(os.path.join(source, name)).st_mtime_ns
        except FileNotFoundError:
            continue
        os.utime(path, ns=(date, date), follow_symlinks=False)


if __name__ == '__main__':
    main(*sys.argv[1:])
