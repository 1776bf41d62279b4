#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a public header does not compile alone, or not twice.

That it compiles alone the build has shown of a header that is the first one in the source file of its name. So those are only
compiled twice, all in one go, and each by itself when that fails; the others always are.

usage: lint_headers.py CC ROOT COMPILE_COMMANDS HEADER...
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

FLAGS = ['-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c', '-']


def foreign_flags():
    """Where DPDK's headers are, for the port's own ones; its warnings are not ours."""
    run = subprocess.run(['pkg-config', '--cflags', 'libdpdk'], capture_output=True, text=True)
    flags = [f.replace('-I', '-isystem', 1) for f in run.stdout.split() if not f.startswith('-march')]
    return flags + ['-march=native']


def compiles(command, root, headers):
    """None, or what the compiler says to these headers, each included twice."""
    code = ''.join(f'#include "{h}"\n#include "{h}"\n' for h in headers)
    run = subprocess.run(command + ['-I', str(root)] + FLAGS, input=code, text=True, capture_output=True)
    return None if run.returncode == 0 else run.stderr


def shown_by_build(root, commands):
    """Of which headers the build shows that they compile alone."""
    if not commands.is_file():
        return set()
    built = {(pathlib.Path(c['directory']) / c['file']).resolve() for c in json.loads(commands.read_text())}
    shown = set()
    for source in built:
        first = re.search(r'^#\s*include\s+(\S+)', source.read_text(), re.M) if source.is_file() else None
        if first is not None and source.is_relative_to(root.resolve()):
            own = str(source.relative_to(root.resolve()).with_suffix('.h'))
            shown |= {own} if first.group(1) == f'"{own}"' else set()
    return shown


def main(cc, root, commands, headers):
    command = cc.split() + foreign_flags()
    bad = [f'{h}: listed, but no such file' for h in headers if not (root / h).is_file()]
    bad += [f'{h}: listed twice' for h in sorted({h for h in headers if headers.count(h) > 1})]
    there = [h for h in headers if (root / h).is_file()]
    shown = shown_by_build(root, commands)
    together = [h for h in there if h in shown]
    alone = [h for h in there if h not in shown]
    if together and compiles(command, root, together) is not None:
        alone += together
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda h: compiles(command, root, [h]), alone)
        bad += [f'{h}: does not compile alone\n{text}' for h, text in zip(alone, said) if text]
    print('\n'.join(bad) or f'{len(headers)} headers compile alone ({len(alone)} tried by themselves)')
    return 1 if bad or not headers else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]))
