#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lint tests must be able to fail: a small clean tree passes, each planted fault is caught.

usage: test_lints.py CC
"""
import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import lint_docs
import lint_format
import lint_headers
import lint_links
import lint_profiles
import lint_rooms
import lint_words
import report_sizes

HERE = pathlib.Path(__file__).resolve().parent
C = '/* SPDX-License-Identifier: BSD-3-Clause */\n'
PY = '#!/usr/bin/env python3\n# SPDX-License-Identifier: BSD-3-Clause\n'

CLEAN = {
    'resilience/prng.h': C + '#include <stdint.h>\n',
    'resilience/prng.c': C + '#include "resilience/prng.h"\n',
    'dataplane/stats.h': C,
    'dataplane/memory/region.h': C,
    'dataplane/log/log.c': C + '#include "dataplane/memory/region.h"\n#include "dataplane/stats.h"\n',
    'dataplane/log/log.h': C,
    'dataplane/feed/line.c': C + '#include "dataplane/log/log.h"\n\n/* free() and time() are words here. */\n',
    'dataplane/port/capture.c': C + '#include <zlib.h>\n#include <rte_mbuf.h>\n',
    'app/main.c': C + '#include "dataplane/log/log.h"\n\nint main(void)\n{\n\treturn 0;\n}\n',
    'docs/page.md': '# A page\n\n[here](page.md#a-page), [there](../app/main.c), `[not](a-link)`\n',
    'tool.py': PY,
    'config/profiles/thrifty.yaml': '# SPDX-License-Identifier: BSD-3-Clause\nresilience: {}\n',
    'config/profile.c': C + 'int f(char *profile)\n{\n\tif (profile == 0)\n\t\treturn 1;\n\treturn 0;\n}\n',
    'app/chaos.c': C + '/* if (profile) would be wrong */\nint f(struct w *w)\n{\n\tif (w->profile->batch > 1 || cell(w, profile)->broken)\n\t\treturn 1;\n'
                   '\tputs("thrifty");\n\treturn 0;\n}\n',
    '.clang-format': (HERE / '../../.clang-format').resolve().read_text(),
}

# (lint, file, its content, what the lint must say)
FAULTS = [
    ('rooms', 'dataplane/memory/region.c', C + '#include "dataplane/log/log.h"\n', 'may not know dataplane/log/'),
    ('rooms', 'dataplane/book/book.c', C + '#include "dataplane/log/log.h"\n', 'may not know dataplane/log/'),
    ('rooms', 'dataplane/log/log.c', C + '#include "resilience/prng.h"\n', 'may not know resilience/'),
    ('rooms', 'resilience/prng.c', C + '#include "dataplane/stats.h"\n', 'may not know dataplane/'),
    ('rooms', 'dataplane/port/port.c', C + '#include "dataplane/log/log.h"\n', 'may not know dataplane/log/'),
    ('rooms', 'perf/day.c', C + '#include "app/engine.h"\n', 'no such file'),
    ('rooms', 'app/main.c', C + '#include "log.h"\n', 'relative to the root'),
    ('rooms', 'dataplane/feed/line.c', C + '#include <rte_mbuf.h>\n', 'may include rte_*'),
    ('rooms', 'app/main.c', C + '# include <rte_eal.h>\n', 'may include rte_*'),
    ('rooms', 'app/main.c', C + '#include <zlib.h>\n', 'may include zlib.h*'),
    ('rooms', 'config/load.c', C + '#include <yaml.h>\n', 'may include yaml.h*'),
    ('rooms', 'app/engine.c', C + '#include <jansson.h>\n', 'may include jansson.h*'),
    ('rooms', 'config/load.c', C + '#include "resilience/prng.h"\n', 'may not know resilience/'),
    ('rooms', 'util/list.c', C, 'in no room'),
    ('words', 'app/main.c', 'int x;\n', 'SPDX'),
    ('words', 'tool.py', '#!/usr/bin/env python3\n', 'SPDX'),
    ('words', 'app/main.c', C + 'void f(char *a) { strcpy(a, "b"); }\n', 'strcpy()'),
    ('words', 'app/main.c', C + 'void f(char *a) { sprintf(a, "b"); }\n', 'sprintf()'),
    ('words', 'app/main.c', C + 'int f(void) { return rand(); }\n', 'rand()'),
    ('words', 'app/main.c', C + 'void f(char *a) { gets (a); }\n', 'gets()'),
    ('words', 'app/main.c', C + 'void *f(void) { return alloca(1); }\n', 'alloca()'),
    ('words', 'dataplane/feed/line.c', C + 'long f(void) { return time(0); }\n', 'time()'),
    ('words', 'dataplane/feed/line.c', C + 'void *f(void) { return malloc(1); }\n', 'malloc()'),
    ('words', 'resilience/prng.c', C + 'void f(void) { clock_gettime(0, 0); }\n', 'clock_gettime()'),
    ('words', 'app/main.c', C + 'typedef struct { int a; } a_t;\n', 'no typedef'),
    ('words', 'app/main.c', C + '/* TO' + 'DO: later */\n', 'left open'),
    ('words', 'docs/page.md', 'FIX' + 'ME\n', 'left open'),
    ('words', 'docs/page.md', 'see /wo' + 'rk/shared\n', 'outside the project'),
    ('words', 'tool.py', PY + '# /tmp/bash_' + 'jobs\n', 'outside the project'),
    ('words', 'docs/page.md', 'from deb.deb' + 'ian.org\n', 'outside the project'),
    ('words', 'docs/page.md', 'blanks \n', 'blanks at the end'),
    ('words', 'docs/page.md', 'no newline', 'no newline'),
    ('words', 'app/main.c', C + '/*' + 'x' * 120 + '*/\n', 'longer than 120'),
    ('words', 'app/main.c', C + '\t' * 15 + 'f();\n', 'longer than 120'),
    ('docs', 'docs/page.md', '[gone](gone.md)\n', 'no such file'),
    ('docs', 'docs/page.md', '# A\n\n[gone](#b)\n', 'no heading'),
    ('docs', 'docs/page.md', '[way](/etc/passwd)\n', 'absolute path'),
    ('profiles', 'app/chaos.c', C + 'int f(char *n) { return strcmp(n, "thrifty"); }\n', 'compares with'),
    ('profiles', 'config/load.c', C + 'int f(char *n) { return strncmp("thrifty", n, 7); }\n', 'compares with'),
    ('profiles', 'app/chaos.c', C + 'int f(struct w *w) { if (w->profile == 3) return 1; return 0; }\n', 'a condition'),
    ('profiles', 'app/chaos.c', C + 'int f(int profile) { if (profile) return 1; return 0; }\n', 'a condition'),
    ('profiles', 'perf/day.c', C + 'int f(struct w w) { return w.profile != 0 ? 1 : 0; }\n', 'a condition'),
    ('profiles', 'app/chaos.c', C + 'int f(struct w *w, int n) { if (n && !w->profile) return 1; return 0; }\n', 'a condition'),
    ('profiles', 'app/chaos.c', C + 'int f(int profile) { switch (profile) { case 1: return 1; } return 0; }\n', 'a condition'),
    ('profiles', 'resilience/prng.c', C + 'int profile_of(void);\n', 'knows no profiles'),
    ('format', 'app/main.c', C + 'int main( void ) { return 0; }\n', 'app/main.c'),
]

TREE_LINTS = {'rooms': lint_rooms, 'words': lint_words, 'docs': lint_docs, 'format': lint_format,
              'profiles': lint_profiles}

PURE = [('int f(int a)\n{\n\treturn a;\n}\n', None),
        ('#include <string.h>\nvoid f(char *a, int n)\n{\n\tmemset(a, 0, (size_t)n);\n}\n', None),
        ('#include <stdlib.h>\nvoid *f(void)\n{\n\treturn malloc(8);\n}\n', 'malloc'),
        ('#include <time.h>\nlong f(void)\n{\n\tstruct timespec t;\n\tclock_gettime(0, &t);\n'
         '\treturn t.tv_nsec;\n}\n', 'clock_gettime')]

NINJA = 'build tests/unit/{}/test_x: c_LINKER a.o | {} {}\n'
LINKS = [(('log', 'dataplane/log/liblog.a', 'dataplane/memory/libm.a'), None),
         (('log', 'dataplane/log/liblog.a', 'dataplane/feed/libfeed.a'), 'links dataplane/feed/'),
         (('memory', 'dataplane/memory/libm.a', 'dataplane/log/liblog.a'), 'links dataplane/log/'),
         (('resilience', 'resilience/libr.a', 'dataplane/memory/libm.a'), 'links dataplane/memory/'),
         (('garden', 'dataplane/memory/libm.a', ''), 'is no room')]


class Checker:
    def __init__(self):
        self.failures = []
        self.checks = 0

    def expect(self, what, code, out, says):
        """says None: must have passed; else must have failed with these words."""
        self.checks += 1
        if code == 77:
            print(f'{what}: {out.strip()}')
        elif says is None and code != 0:
            self.failures.append(f'{what}: a clean tree does not pass:\n{out}')
        elif says is not None and (code != 1 or says not in out):
            self.failures.append(f'{what}: not caught ({says!r}); exit code {code}:\n{out}')

    def expect_lint(self, what, main, arguments, says):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = main(*arguments)
        self.expect(what, code, out.getvalue(), says)


def write(root, path, content):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content)


def check_trees(checker, work):
    for lint, module in TREE_LINTS.items():
        for number, fault in enumerate([None] + [f for f in FAULTS if f[0] == lint]):
            root = work / f'{lint}{number}'
            for path, content in CLEAN.items():
                write(root, path, content)
            if fault:
                write(root, fault[1], fault[2])
            checker.expect_lint(f'{lint} {fault[1:3] if fault else "clean"}', module.main, [root], fault and fault[3])
        assert number > 0


def check_pure(checker, work, cc):
    for number, (code, says) in enumerate(PURE):
        base = work / f'pure{number}'
        base.with_suffix('.c').write_text(code)
        subprocess.run(cc + ['-O1', '-c', f'{base}.c', '-o', f'{base}.o'], check=True)
        subprocess.run(['ar', 'rcs', f'{base}.a', f'{base}.o'], check=True)
        run = subprocess.run([HERE / 'lint_pure.sh', 'false', f'{base}.a'], capture_output=True, text=True)
        checker.expect(f'pure {number}', run.returncode, run.stdout + run.stderr, says)


def check_headers(checker, work, cc):
    root = work / 'headers'
    write(root, 'good.h', '#ifndef A\n#define A\n#include <stdint.h>\nstruct a { uint8_t b; };\n#endif\n')
    write(root, 'needs.h', '#ifndef B\n#define B\nuint8_t f(void);\n#endif\n')
    write(root, 'twice.h', 'struct c { int b; };\n')
    write(root, 'good.c', C + '\n#include "good.h"\n')
    write(root, 'needs.c', '#include <stdint.h>\n#include "needs.h"\n')
    write(root, 'twice.c', '#include "twice.h"\n')
    commands = root / 'compile_commands.json'
    commands.write_text(json.dumps([{'directory': str(root), 'file': f} for f in ('good.c', 'needs.c', 'twice.c')]))
    for built in (commands, root / 'gone.json'):
        for headers, says in ((['good.h'], None), (['good.h', 'needs.h'], 'needs.h: does not compile alone'),
                              (['good.h', 'twice.h'], 'twice.h: does not compile alone'), (['gone.h'], 'no such file'),
                              (['good.h', 'good.h'], 'listed twice')):
            checker.expect_lint(f'headers {headers}', lint_headers.main, [' '.join(cc), root, built, headers], says)
    shown = lint_headers.shown_by_build(root, commands)
    checker.expect('headers shown by the build', shown != {'good.h', 'twice.h'}, str(shown), None)


def check_links(checker, work):
    for number, (edge, says) in enumerate(LINKS):
        ninja = work / f'{number}.ninja'
        ninja.write_text(NINJA.format(*edge))
        checker.expect_lint(f'links {edge}', lint_links.main, [ninja], says)


def check_report(checker, work):
    root = work / 'report'
    write(root, 'app/main.c', C + '\nint main(int a,\n         int b)\n{\n\treturn a + b;\n}\n')
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        report_sizes.main(root)
    checker.checks += 1
    if not re.search(r'^ +5 main \(app/main\.c:3\)$', out.getvalue(), re.M):
        checker.failures.append(f'report: {out.getvalue()}')


def main(cc):
    checker = Checker()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        check_trees(checker, work)
        check_pure(checker, work, cc)
        check_headers(checker, work, cc)
        check_links(checker, work)
        check_report(checker, work)
    print('\n'.join(checker.failures) or f'{checker.checks} checks: clean passes, faults are caught')
    return 1 if checker.failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1].split()))
