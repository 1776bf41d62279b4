#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a file includes what its room may not know. usage: lint_rooms.py ROOT"""
import fnmatch
import pathlib
import re
import sys

import rooms

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def check_own(root, path, room, included):
    """Why the file may not include a header of the project, or None."""
    target = rooms.room_of(included)
    if not (root / included).is_file():
        return 'no such file; paths are relative to the root'
    if target is None:
        return 'is in no room'
    if target == room or target in rooms.MAY_INCLUDE[room] or included in rooms.MAY_INCLUDE[room]:
        return None
    return f'{room}/ may not know {target}/'


def check_foreign(path, included):
    for prefix, allowed in rooms.FOREIGN.items():
        if included.startswith(prefix) and not any(fnmatch.fnmatch(path, a) for a in allowed):
            return f'only {", ".join(allowed)} may include {prefix}*'
    return None


def main(root):
    bad = []
    for path in rooms.files(root):
        if not path.endswith(('.c', '.h')):
            continue
        room = rooms.room_of(path)
        if room is None:
            bad.append(f'{path}:1: in no room; tests/lint/rooms.py lists them')
            continue
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, included = match.groups()
            why = check_own(root, path, room, included) if quote == '"' else check_foreign(path, included)
            if why:
                bad.append(f'{path}:{number}: {included}: {why}')
    print('\n'.join(bad) or 'every include points the right way')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
