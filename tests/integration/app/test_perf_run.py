# SPDX-License-Identifier: BSD-3-Clause
"""perf/run over stand-in benchmarks that say what they are told to: hashes are compared, failures and skips get through, results are
written, and rendering leaves the rest of the page alone. Also: every benchmark of the suite is registered as a small test.

usage: test_perf_run.py SOURCE_ROOT
"""
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
SOURCE = sys.argv[1]
sys.path[:0] = [os.path.join(SOURCE, 'perf'), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
import harness  # noqa: E402
import markdown  # noqa: E402
import suite  # noqa: E402
from harness import check, finish  # noqa: E402


def stand_in(build, program, text, code=0):
    path = os.path.join(build, program)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as f:
        f.write("#!/bin/sh\ncat <<'END'\n%s\nEND\nexit %d\n" % (text, code))
    os.chmod(path, 0o755)


def run(build, *more):
    return harness.run(sys.executable, '-B', os.path.join(SOURCE, 'perf', 'run'), '--small', '--build', build, *more)


def board(*hashes):
    rows = [{'where': 'alone', 'way': 'w%d' % i, 'update_ns': 1.5, 'read_ns': 2, 'group': 'rows', 'hash': h} for i, h in enumerate(hashes)]
    return json.dumps({'bench': 'board', 'rows': rows})


def test_run(build):
    stand_in(build, 'perf/bench_board', board('aa', 'aa'))
    p = run(build, 'board')
    check('equal hashes', p.returncode == 0 and '| alone | w1 | 1.5 | 2.0 |' in p.stdout, p.stdout + p.stderr)
    with open(os.path.join(build, 'benchmarks.json'), encoding='utf-8') as f:
        answer = json.load(f)
    check('written', len(answer['results']['board']['rows']) == 2 and answer['machine']['CPUs'], answer)
    check('command', answer['results']['board']['commands'][0].startswith('build/perf/bench_board '), answer)

    stand_in(build, 'perf/bench_board', board('aa', 'ab'))
    p = run(build, 'board')
    check('different hashes', p.returncode == 1 and 'different hashes' in p.stderr, p.stdout + p.stderr)

    stand_in(build, 'perf/bench_board', 'SKIP: no such thing here', 77)
    p = run(build, 'board')
    check('skipped', p.returncode == 77 and 'SKIP: no such thing here' in p.stdout, p.stdout + p.stderr)

    stand_in(build, 'perf/bench_board', '', 3)
    p = run(build, 'board')
    check('failed', p.returncode == 1 and 'exit code 3' in p.stderr, p.stdout + p.stderr)

    p = run(build, 'bord')
    check('no such benchmark', p.returncode == 2 and 'no benchmark bord' in p.stderr, p.stdout + p.stderr)
    p = run(build, '--render')
    check('half a run is not rendered', p.returncode == 2, p.stdout + p.stderr)


def test_page():
    page = 'before\n%s\nold\n%s\nafter\n' % (markdown.BEGIN, markdown.END)
    check('rendered', markdown.put(page, 'new\n') == 'before\n%s\n\nnew\n\n%s\nafter\n' % (markdown.BEGIN, markdown.END))
    check('again', markdown.put(markdown.put(page, 'new\n'), 'new\n') == markdown.put(page, 'new\n'))
    for wrong in ('no markers', page + page):
        try:
            markdown.put(wrong, 'new\n')
            check('a page without its place', False)
        except ValueError:
            pass
    with open(os.path.join(SOURCE, 'docs', 'benchmarks.md'), encoding='utf-8') as f:
        markdown.put(f.read(), '')


def test_registered():
    with open(os.path.join(SOURCE, 'app', 'meson.build'), encoding='ascii') as f:
        text = f.read()
    for bench in suite.BENCHES:
        check('registered', "'%s'" % bench.name in text, '%s is no test in app/meson.build' % bench.name)
        check('sizes', all(bench.commands[size] for size in suite.SIZES), bench.name)


with tempfile.TemporaryDirectory() as folder:
    test_run(folder)
test_page()
test_registered()
finish('perf/run')
