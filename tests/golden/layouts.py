#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What programs that were compiled against installed headers took from them: sizes and offsets of structs, values of enumerators and
constants. They stand in layout_NAME.txt together with the number of the interface, and change only together with that number: else a
component or reader that was built before would read wrong bytes instead of being refused.

usage: layouts.py CC ROOT              compares
       layouts.py CC ROOT --update     writes down what is there now, where the number allows it
"""
import pathlib
import re
import subprocess
import sys
import tempfile


class Interface:
    """Headers, the number that stands for them and where it is raised. What `grows` may get members at the end of its structs, and
    enumerators, under the same number: callers pass the size they know."""

    def __init__(self, name, headers, source, pattern, grows=False):
        self.name, self.headers, self.source, self.pattern, self.grows = name, headers, source, pattern, grows

    def number(self, root):
        return int(re.search(self.pattern, (root / self.source).read_text(encoding='utf-8'), re.M).group(1))

    def golden(self, root):
        return root / 'tests/golden' / ('layout_%s.txt' % self.name)


INTERFACES = [
    Interface('component', ['dataplane/memory/region.h', 'dataplane/book/book.h', 'dataplane/shard/component.h'],
              'dataplane/shard/component.h', r'^#define COMPONENT_ABI\s+(\d+)u'),
    Interface('reader', ['app/genesis.h'], 'app/meson.build', r"\bsoversion: '(\d+)'", grows=True),
]


def without_comments(text):
    return re.sub(r'/\*.*?\*/|//[^\n]*', ' ', text, flags=re.S)


def body(text, start):
    """What stands between the brace at start and its partner."""
    depth = 0
    for at in range(start, len(text)):
        depth += {'{': 1, '}': -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1:at]
    raise ValueError('no end of: ' + text[start:start + 60])


def members(text):
    """Names of a struct's members; those of unnamed unions and structs in it, too."""
    names = []
    while (inner := re.search(r'(?:struct|union)\s*(\{)', text)) is not None:
        inside = body(text, inner.start(1))
        names += members(inside)
        text = text[:inner.start()] + text[inner.start(1) + len(inside) + 2:]
    for declaration in text.split(';'):
        pointer = re.search(r'\(\s*\*\s*(\w+)\s*\)\s*\(', declaration)
        if pointer is not None:
            names.append(pointer.group(1))
        elif declaration.strip():
            names += [re.search(r'(\w+)\s*(?:\[[^]]*\]\s*)*$', part).group(1) for part in declaration.split(',')]
    return names


def questions(text, number_name):
    """C statements that print every line of a header's layout."""
    text = without_comments(text)
    for name, value in re.findall(r'^#define (\w+)[ \t]+(\S.*)$', text, re.M):
        if name != number_name:
            yield 'printf("constant %s %%lld\\n", (long long)(%s));' % (name, value)
    for match in re.finditer(r'\benum (\w+)\s*(\{)', text):
        for item in body(text, match.start(2)).split(','):
            if item.strip():
                name = item.split('=')[0].strip()
                yield 'printf("enum %s %s %%lld\\n", (long long)%s);' % (match.group(1), name, name)
    for match in re.finditer(r'^struct (\w+)\s*(\{)', text, re.M):
        struct = match.group(1)
        yield 'printf("struct %s %%zu\\n", sizeof(struct %s));' % (struct, struct)
        for name in members(body(text, match.start(2))):
            yield ('printf("struct %s %s at %%zu, %%zu\\n", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));'
                   % (struct, name, struct, name, struct, name))


def layout(compiler, root, interface):
    """The lines as this compiler lays the headers out."""
    number_name = re.search(r'#define (\w+)', interface.pattern)
    lines = ['#include <stddef.h>', '#include <stdio.h>', *('#include "%s"' % h for h in interface.headers), 'int main(void)', '{']
    for header in interface.headers:
        lines += questions((root / header).read_text(encoding='utf-8'), number_name.group(1) if number_name else None)
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder) / 'layout.c', pathlib.Path(folder) / 'layout'
        source.write_text('\n'.join([*lines, 'return 0;', '}', '']), encoding='utf-8')
        subprocess.run([*compiler, '-std=gnu17', '-D_GNU_SOURCE', '-I', str(root), '-o', str(program), str(source)], check=True)
        return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.splitlines()


def is_growth(old, new):
    """All that was there is where it was; a struct's own size may have grown."""
    def size(line):
        return re.fullmatch(r'struct (\w+) (\d+)', line)
    kept = {line for line in old if not size(line)} <= set(new)
    sizes = {size(line).group(1): int(size(line).group(2)) for line in new if size(line)}
    return kept and all(int(m.group(2)) <= sizes.get(m.group(1), 0) for m in map(size, old) if m)


def judge(interface, number, lines, golden):
    """(may be written down, what is to be done; None: nothing)"""
    old_number, old = int(golden[0].split()[1]), golden[1:]
    where = 'number in %s' % interface.source
    update = 'python3 tests/golden/layouts.py cc . --update'
    if (number, lines) == (old_number, old):
        return True, None
    if number < old_number:
        return False, 'the %s went back from %d to %d; a number never stands for two layouts' % (where, old_number, number)
    if number > old_number:
        return True, 'the %s is %d now: write down its layout: %s' % (where, number, update)
    if interface.grows and is_growth(old, lines):
        return True, 'it grew as it may; write that down: %s' % update
    return False, ('the layout changed, the %s did not: what was built before would read wrong bytes. Raise it to %d, then: %s'
                   % (where, number + 1, update))


def changes(old, new):
    """Each line that is gone or new, as `diff` marks them, in the order of the headers."""
    return ['- ' + line for line in old if line not in new] + ['+ ' + line for line in new if line not in old]


def not_listed(root):
    """Headers that the build installs and no interface names."""
    known = {h for i in INTERFACES for h in i.headers}
    for path in sorted(root.glob('*/**/meson.build')):
        for header in re.findall(r"^install_headers\('([^']+)'", path.read_text(encoding='utf-8'), re.M):
            name = str((path.parent / header).resolve().relative_to(root))
            if name not in known:
                yield name


def main(compiler, root, update):
    failures = ['%s is installed, but no interface in tests/golden/layouts.py names it' % name for name in not_listed(root)]
    for interface in INTERFACES:
        path, number = interface.golden(root), interface.number(root)
        lines = layout(compiler, root, interface)
        golden = path.read_text(encoding='utf-8').splitlines()
        allowed, fault = judge(interface, number, lines, golden)
        if fault is not None and update and allowed:
            path.write_text('\n'.join(['number %d' % number, *lines, '']), encoding='utf-8')
        elif fault is not None:
            failures.append('\n'.join(['%s interface: %s' % (interface.name, fault), *changes(golden[1:], lines)]))
        print('%s: number %d, %d lines' % (interface.name, number, len(lines)))
    for failure in failures:
        print('FAIL ' + failure)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1].split(), pathlib.Path(sys.argv[2]).resolve(), '--update' in sys.argv[3:]))
