#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a C file is not as clang-format 14 would have it; another version: skipped.

usage: lint_format.py ROOT
"""
import pathlib
import re
import shutil
import subprocess
import sys

import rooms

VERSION = '14'
SKIPPED = 77


def main(root):
    tool = shutil.which('clang-format-' + VERSION) or shutil.which('clang-format')
    if tool is None:
        print(f'skipped: no clang-format {VERSION}')
        return SKIPPED
    text = subprocess.run([tool, '--version'], capture_output=True, text=True).stdout
    version = re.search(r'version (\d+)', text)
    if version is None or version.group(1) != VERSION:
        print(f'skipped: not clang-format {VERSION}: {text.strip()}')
        return SKIPPED
    sources = [p for p in rooms.files(root) if p.endswith(('.c', '.h'))]
    bad = []
    for at in range(0, len(sources), 50):
        run = subprocess.run([tool, '--dry-run', '-Werror', '--style=file'] + sources[at:at + 50], cwd=root,
                             capture_output=True, text=True)
        bad += sorted({line.split(': ')[0] for line in run.stderr.splitlines() if ': error: ' in line})
        if run.returncode != 0 and not bad:
            bad.append(run.stderr)
    print('\n'.join(bad) or f'{len(sources)} files are formatted')
    if bad:
        print('run: clang-format -i FILE')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
