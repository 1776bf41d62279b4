#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""layouts.py must be able to fail: a small tree whose headers change in every way that matters.

usage: test_layouts.py CC
"""
import contextlib
import io
import pathlib
import sys
import tempfile

import layouts

HEADER = '''#ifndef X_H
#define X_H
#include <stdint.h>
#define X_NUMBER 3u
#define X_MAX    2u /* a constant */
#define X_F(a)   ((a) + 1)
enum x_kind { X_ONE, X_TWO = 5, /* X_NONE, */ };
struct x_part {
	uint8_t a, b; // two
	union {
		uint32_t c;
		struct {
			uint16_t d;
		};
	};
};
struct x {
	struct x_part part[X_MAX];
	int (*call)(const struct x *x, uint32_t n);
	const char *text;
};
#endif
'''
LAYOUT = ['number 3', 'constant X_MAX 2', 'enum x_kind X_ONE 0', 'enum x_kind X_TWO 5', 'struct x_part 8', 'struct x_part d at 4, 2',
          'struct x_part c at 4, 4', 'struct x_part a at 0, 1', 'struct x_part b at 1, 1', 'struct x 32', 'struct x part at 0, 16',
          'struct x call at 16, 8', 'struct x text at 24, 8']
APPENDED = ('const char *text;', 'const char *text;\n\tuint64_t more;')
RAISED = ('X_NUMBER 3u', 'X_NUMBER 4u')
# (what is replaced in the header, whether structs may grow, what it must say; None: nothing, whether it may be written down)
CASES = [
    ([('/* a constant */', '/* another word */')], False, None, True),
    ([('uint8_t a, b;', 'uint8_t b, a;')], False, 'Raise it to 4', False),
    ([('X_ONE,', 'X_ZERO, X_ONE,')], False, 'Raise it to 4', False),
    ([('X_MAX    2u', 'X_MAX    3u')], False, 'Raise it to 4', False),
    ([('uint32_t c;', 'uint64_t c;')], False, 'Raise it to 4', False),
    ([APPENDED], False, 'Raise it to 4', False),
    ([APPENDED, RAISED], False, 'write down its layout', True),
    ([RAISED], False, 'write down its layout', True),
    ([('X_NUMBER 3u', 'X_NUMBER 2u')], False, 'went back', False),
    ([APPENDED], True, 'it grew as it may', True),
    ([('X_TWO = 5,', 'X_TWO = 5, X_SIX,')], True, 'it grew as it may', True),
    ([('const char *text;', 'uint64_t more;\n\tconst char *text;')], True, 'Raise it to 4', False),
    ([('const char *text;', '')], True, 'Raise it to 4', False),
]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='ascii')


def run(compiler, root, update):
    """(exit code, what it said, the golden file afterwards)"""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = layouts.main(compiler, root, update)
    return code, out.getvalue(), (root / 'tests/golden/layout_x.txt').read_text(encoding='ascii').splitlines()


def test(compiler, root):
    failures = []

    def check(what, condition, text):
        if not condition:
            failures.append('FAIL %s: %s' % (what, text))
    for changes, grows, says, allowed in CASES:
        layouts.INTERFACES = [layouts.Interface('x', ['a/x.h'], 'a/x.h', r'^#define X_NUMBER\s+(\d+)u', grows)]
        write(root / 'a/x.h', HEADER)
        write(root / 'tests/golden/layout_x.txt', '\n'.join(LAYOUT) + '\n')
        header = HEADER
        for old, new in changes:
            assert old in header
            header = header.replace(old, new)
        write(root / 'a/x.h', header)
        code, said, _ = run(compiler, root, False)
        check(changes, code == (says is not None) and (says or '') in said, said)
        code, said, golden = run(compiler, root, True)
        check(changes, code == (0 if allowed else 1), 'updated: ' + said)
        check(changes, (golden == LAYOUT) == (says is None or not allowed), golden)
    write(root / 'a/meson.build', "install_headers('x.h')\n")
    check('installed and listed', 'is installed' not in run(compiler, root, False)[1], '')
    write(root / 'a/meson.build', "install_headers('y.h')\n")
    check('installed, not listed', 'a/y.h is installed' in run(compiler, root, False)[1], '')
    print('\n'.join(failures) or '%d changes are judged rightly' % len(CASES))
    return 1 if failures else 0


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(test(sys.argv[1].split(), pathlib.Path(folder).resolve()))
