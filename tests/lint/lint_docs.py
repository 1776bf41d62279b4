#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fails when a relative link in a markdown file leads nowhere. usage: lint_docs.py ROOT"""
import pathlib
import re
import sys

import rooms

FENCE = re.compile(r'^(```|~~~).*?^\1', re.S | re.M)
CODE = re.compile(r'`[^`\n]*`')
LINK = re.compile(r'(?<!\!)\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|!\[[^\]\n]*\]\(\s*([^)\s]+)[^)]*\)'
                  r'|^\[[^\]\n]+\]:\s+(\S+)', re.M)


def anchors(text):
    """The anchors of a page's headings, as forges make them."""
    seen = {}
    found = set()
    for heading in re.findall(r'^#{1,6}\s+(.*?)\s*#*$', FENCE.sub('', text), re.M):
        slug = re.sub(r'[^\w\- ]', '', heading.replace('`', '').lower()).replace(' ', '-')
        found.add(slug if slug not in seen else f'{slug}-{seen[slug]}')
        seen[slug] = seen.get(slug, 0) + 1
    return found


def check(root, path, target):
    if re.match(r'[a-z][a-z0-9+.-]*:', target):
        return None
    name, _, anchor = target.partition('#')
    page = (root / path).parent / name if name else root / path
    if name.startswith('/'):
        return 'absolute path'
    if not page.exists():
        return 'no such file'
    if anchor and page.suffix == '.md' and anchor not in anchors(page.read_text()):
        return f'no heading for #{anchor}'
    return None


def main(root):
    bad = []
    links = 0
    for path in rooms.files(root):
        if not path.endswith('.md'):
            continue
        text = CODE.sub('', FENCE.sub('', (root / path).read_text()))
        for match in LINK.finditer(text):
            target = next(g for g in match.groups() if g)
            why = check(root, path, target)
            links += 1
            if why:
                bad.append(f'{path}: ({target}): {why}')
    print('\n'.join(bad) or f'{links} links lead somewhere')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
