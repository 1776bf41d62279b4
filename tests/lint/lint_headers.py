#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a public header does not compile alone, or not twice.

usage: lint_headers.py CC ROOT HEADER...
"""
import concurrent.futures
import pathlib
import subprocess
import sys

FLAGS = ['-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c', '-']


def foreign_flags():
    """Where DPDK's headers are, for the port's own ones; its warnings are not ours."""
    run = subprocess.run(['pkg-config', '--cflags', 'libdpdk'], capture_output=True, text=True)
    flags = [f.replace('-I', '-isystem', 1) for f in run.stdout.split() if not f.startswith('-march')]
    return flags + ['-march=native']


def compile_alone(command, root, header):
    if not (root / header).is_file():
        return f'{header}: listed, but no such file'
    code = f'#include "{header}"\n#include "{header}"\n'
    run = subprocess.run(command + ['-I', str(root)] + FLAGS, input=code, text=True, capture_output=True)
    return None if run.returncode == 0 else f'{header}: does not compile alone\n{run.stderr}'


def main(cc, root, headers):
    command = cc.split() + foreign_flags()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        bad = [b for b in pool.map(lambda h: compile_alone(command, root, h), headers) if b]
    bad += [f'{h}: listed twice' for h in sorted({h for h in headers if headers.count(h) > 1})]
    print('\n'.join(bad) or f'{len(headers)} headers compile alone')
    return 1 if bad or not headers else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]))
