#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Adds up the test logs of several build directories.

Prints what failed with the end of its output, what was skipped and why, and one last line of sums. A log that is
missing or empty counts as one failure: tests that did not run have not passed.
usage: tally.py BUILD/meson-logs/testlog.json...
"""
import json
import pathlib
import sys

PASSED = ('OK', 'EXPECTEDFAIL')
TAIL_LINES = 30


def read(path):
    """(build, name, result, output) of every test in a log."""
    build = pathlib.Path(path).parent.parent.name
    try:
        rows = [json.loads(line) for line in open(path) if line.strip()]
    except OSError:
        rows = []
    if not rows:
        yield build, 'no tests ran', 'ERROR', f'{path} is missing or empty'
    for row in rows:
        name = row['name'].split(' / ')[-1]
        yield build, name, row['result'], (row.get('stdout') or '') + (row.get('stderr') or '')


def reason(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = [line for line in lines if 'skip' in line.lower()]
    return (said or lines or ['no reason given'])[-1]


def main(paths):
    tests = [t for path in paths for t in read(path)]
    failed = [t for t in tests if t[2] not in PASSED + ('SKIP',)]
    skipped = {}
    for build, name, result, output in tests:
        if result == 'SKIP':
            skipped.setdefault((name, reason(output)), []).append(build)
    for build, name, result, output in failed:
        print(f'\n{result}: {name} ({build})')
        for line in output.splitlines()[-TAIL_LINES:]:
            print(f'    {line}')
    if skipped:
        print('\nskipped:')
    for (name, why), builds in sorted(skipped.items()):
        print(f'    {name} ({", ".join(builds)}): {why}')
    passed = sum(t[2] in PASSED for t in tests)
    print(f'\n{passed} passed, {len(failed)} failed, {sum(map(len, skipped.values()))} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
