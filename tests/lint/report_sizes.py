#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints the ten longest files and functions, so that growth is seen early. Never fails.

usage: report_sizes.py ROOT
"""
import pathlib
import re
import sys

import rooms

NAME = re.compile(r'(\w+)\(')


def functions(path, lines):
    """(length, path:line, name); relies on the format: a body is '{' ... '}' in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            head = start - 2
            while head > 0 and lines[head - 1] and lines[head][0] in ' \t':
                head -= 1
            name = NAME.search(lines[head])
            yield number - head, f'{path}:{head + 1}', name.group(1) if name else '?'
            start = None


def main(root):
    sizes, bodies = [], []
    for path in rooms.files(root):
        if path.endswith(('.c', '.h')):
            lines = (root / path).read_text().splitlines()
            sizes.append((len(lines), path))
            bodies += functions(path, lines)
    print(f'{len(sizes)} files, {sum(s for s, _ in sizes)} lines, {len(bodies)} functions\n\nlongest files')
    for length, path in sorted(sizes, reverse=True)[:10]:
        print(f'{length:6} {path}')
    print('\nlongest functions')
    for length, where, name in sorted(bodies, reverse=True)[:10]:
        print(f'{length:6} {name} ({where})')
    return 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
