#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a unit test links more than its own room and what that stands on, or not its own room.

A test that links less than everything proves that its room calls nothing above it.
usage: lint_links.py build.ninja
"""
import os
import re
import sys

import rooms

DICE = {'resilience'}  # its random numbers serve every test
EDGE = re.compile(r'build (tests/unit/([^/ ]+)/[^/ ]+): \S*_LINKER\S* (.*)')


def main(ninja):
    bad = []
    seen = 0
    for line in open(ninja):
        match = EDGE.match(line)
        if not match or match.group(1).endswith('.a'):
            continue
        seen += 1
        target, name, inputs = match.groups()
        room = rooms.room_of_test(name)
        linked = {os.path.dirname(i) for i in inputs.split() if i.endswith('.a') and not i.startswith('/')}
        own = {l for l in linked if not l.startswith('tests/')}
        if room not in rooms.MAY_INCLUDE:
            bad.append(f'{target}: {name} is no room')
        elif room not in ('app', 'perf'):
            bad += [f'{target}: a test of {room}/ links {l}/' for l in sorted(own - rooms.below(room) - DICE)]
    if seen == 0:
        bad.append(f'{ninja}: no unit tests found')
    print('\n'.join(bad) or f'{seen} unit tests link their own room and what is below')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
