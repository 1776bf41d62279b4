#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails on words, calls and habits that have no place here. usage: lint_words.py ROOT

Calls are looked for in code only: comments and strings are taken out first.
"""
import pathlib
import re
import sys

import rooms

COLUMNS_MAX = 120
SPDX = 'SPDX-License-Identifier: BSD-3-Clause'
SCRIPTS = ('bootstrap', '.ci/run')

# call -> what to use instead; everywhere in C
CALLS = {
    'gets': 'fgets', 'strcpy': 'snprintf or memcpy', 'strcat': 'snprintf', 'strncpy': 'memcpy',
    'sprintf': 'snprintf', 'vsprintf': 'vsnprintf', 'alloca': 'memory that is given',
    'strtok': 'strcspn', 'atoi': 'strtoul', 'atol': 'strtoul', 'rand': 'resilience/prng.h',
    'srand': 'resilience/prng.h', 'random': 'resilience/prng.h', 'drand48': 'resilience/prng.h',
    'tmpnam': 'mkstemp', 'mktemp': 'mkstemp', 'system': 'posix_spawn', 'popen': 'posix_spawn',
}
# ... and in the rooms that are given memory and time
CALLS_GIVEN = {
    'time': 'the time that is passed in', 'clock_gettime': 'the time that is passed in',
    'gettimeofday': 'the time that is passed in', 'clock': 'the time that is passed in',
    'malloc': 'memory that is given', 'calloc': 'memory that is given',
    'realloc': 'memory that is given', 'free': 'memory that is given',
    'usleep': 'nothing: rooms do not wait', 'nanosleep': 'nothing: rooms do not wait',
    'sched_yield': 'nothing: rooms do not wait',
}
# Written in pieces, so that this file does not find itself.
LEFT_OPEN = re.compile(r'\b(' + '|'.join(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK']) + r')\b')
ELSEWHERE = re.compile(r'(?<![\w.])/(?:wo' + r'rk|fa' + r'rm)/|/tmp/bash_' + r'jobs'
                       r'|\b(?:deb|security|ftp)\.deb' + r'ian\.org|registry\.npm' + r'js|pypi\.o' + r'rg'
                       r'|crates\.i' + r'o|proxy\.gol' + r'ang\.org')
TYPEDEF = re.compile(r'\btypedef\s+(struct|enum|union)\b')
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def check_code(path, text):
    given = rooms.room_of(path) in rooms.GIVEN
    calls = {**CALLS, **(CALLS_GIVEN if given else {})}
    pattern = re.compile(r'(?<![\w.>])(' + '|'.join(calls) + r')\s*\(')
    for number, line in enumerate(NOISE.sub(blank, text).splitlines(), 1):
        for match in pattern.finditer(line):
            yield number, f'{match.group(1)}(): use {calls[match.group(1)]}'
        if TYPEDEF.search(line):
            yield number, 'no typedef of structs, enums, unions'


def check_first_line(path, lines):
    if path.endswith(('.c', '.h')):
        good = bool(lines) and lines[0].startswith('/* ' + SPDX)
    elif path.endswith(('.py', '.sh')) or path in SCRIPTS:
        good = any(line == '# ' + SPDX for line in lines[:2])
    else:
        return
    if not good:
        yield 1, f'first line: {SPDX}'


def check_lines(path, text):
    code = path.endswith(('.c', '.h'))
    for number, line in enumerate(text.split('\n'), 1):
        if LEFT_OPEN.search(line):
            yield number, f'left open: {LEFT_OPEN.search(line).group(0)}'
        if ELSEWHERE.search(line):
            yield number, f'speaks of a place outside the project: {ELSEWHERE.search(line).group(0)}'
        if line != line.rstrip():
            yield number, 'blanks at the end of the line'
        if code and len(line.expandtabs(8)) > COLUMNS_MAX:
            yield number, f'longer than {COLUMNS_MAX} columns'
    if text and not text.endswith('\n'):
        yield text.count('\n') + 1, 'no newline at the end of the file'


def main(root):
    bad = []
    for path in rooms.files(root):
        try:
            text = (root / path).read_bytes().decode()
        except UnicodeDecodeError:
            continue  # not text
        found = list(check_first_line(path, text.splitlines())) + list(check_lines(path, text))
        if path.endswith(('.c', '.h')):
            found += check_code(path, text)
        bad += [f'{path}:{number}: {what}' for number, what in found]
    print('\n'.join(bad) or 'no banned words, calls or habits')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
