#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when code asks which profile it runs under, or whether there is one. usage: lint_profiles.py ROOT

A profile is values of options and nothing else (docs/resilience/profiles.md). So no string is compared with a profile's name, no condition
is on a profile itself (fields of its options are what conditions are for), and the rooms that work below the configuration do not know
the word. Who loads profiles may look whether one is named: config/, and the commands that take one as an argument.
"""
import pathlib
import re
import sys

import rooms
from lint_words import blank

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.S)
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
PROFILE = r'\*?(?:\w+\s*(?:->|\.)\s*)*profile(?:_name|_path)?'
CONDITION = re.compile(
    r'(?:\b(?:if|while|switch)\s*\(|&&|\|\||!)\s*[(!]*' + PROFILE + r'\s*(?:\)|[!=]=|&&|\|\|)'
    r'|(?<![\w.>-])' + PROFILE + r'\s*(?:[!=]=\s*\w+\s*)?\?')
LOADERS = ('config/', 'app/command_')


def names_of(root):
    return sorted(p.stem for p in (root / 'config/profiles').glob('*.yaml'))


def check(path, text, names):
    room = rooms.room_of(path)
    code = NOISE.sub(blank, text)
    if names:
        compared = re.compile(r'\b\w*(?:cmp|equal|match)\w*\s*\([^;{]*"(' + '|'.join(map(re.escape, names)) + r')"')
        for match in compared.finditer(COMMENT.sub(blank, text)):
            yield match.start(), f'compares with the profile "{match.group(1)}"; give the mechanism an option'
    if room in rooms.GIVEN or room == 'dataplane':
        for match in re.finditer(r'(?<!\w)profile\w*', code):
            yield match.start(), f'{room}/ knows no profiles, only options'
    if not path.startswith(LOADERS):
        for match in CONDITION.finditer(code):
            yield match.start(), 'a condition on a profile; give the mechanism an option'


def main(root):
    names = names_of(root)
    bad = []
    for path in rooms.files(root):
        if not path.endswith(('.c', '.h')) or path.startswith('tests/'):
            continue
        text = (root / path).read_text()
        for start, why in check(path, text, names):
            line = text.count('\n', 0, start) + 1
            bad.append(f'{path}:{line}: {why}')
    print('\n'.join(bad) or f'no code asks for a profile ({", ".join(names)})')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
