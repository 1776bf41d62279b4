# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` brings, and that a user can build a reader with it: the example, by pkg-config, outside the tree, and then
run beside a live engine (the demo's); the header in C11 and C++.

usage: test_install.py BUILD_DIRECTORY VERSION SANITIZE MESON [CC...]
Exit code 77: no pkg-config.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import check, finish, run, skip  # noqa: E402

BUILD, VERSION, SANITIZE, MESON = sys.argv[1:5]
CC = sys.argv[5:]
HEADER = '#include <genesis.h>\nint main(void) { struct genesis_event e; return genesis_log_next(0, &e, sizeof(e)); }\n'


def one(root, pattern):
    found = glob.glob(os.path.join(root, '**', pattern), recursive=True)
    check('installed: ' + pattern, found)
    return found[0] if found else ''


def test_files(root):
    for pattern in ('bin/genesis', 'include/genesis.h', 'libgenesis.so', 'libgenesis.so.0', 'pkgconfig/genesis.pc',
                    'doc/genesis/docs/readers.md', 'doc/genesis/docs/examples/reader/reader.c',
                    'doc/genesis/config/examples/minimal.yaml', 'doc/genesis/docs/formats/log.md',
                    'share/genesis/profiles/ultimate.yaml', 'doc/genesis/docs/resilience/profiles.md',
                    'man1/genesis.1', 'man1/genesis-run.1', 'man5/genesis.yaml.5', 'bash-completion/completions/genesis'):
        one(root, pattern)
    commands = re.findall(r'^  ([a-z]+) ', run(one(root, 'bin/genesis'), '--help').stdout, re.M)
    pages = {os.path.basename(p) for p in glob.glob(os.path.join(root, '**/man1/*.1'), recursive=True)}
    check('a page for every command', pages == {'genesis.1'} | {'genesis-%s.1' % c for c in commands}, str(pages))
    library = one(root, 'libgenesis.so.' + VERSION)
    p = run('readelf', '-d', library)
    check('soname', '[libgenesis.so.0]' in p.stdout, p.stdout)
    p = run('nm', '-D', '--defined-only', '--format=posix', library)
    names = [line.split()[0] for line in p.stdout.splitlines()]
    check('nothing else is visible', len(names) > 15 and all(re.match(r'genesis_|GENESIS_0$', n) for n in names), str(names))


def pkg_config(root):
    env = dict(os.environ, PKG_CONFIG_LIBDIR=os.path.dirname(one(root, 'genesis.pc')), PKG_CONFIG_SYSROOT_DIR=root)
    p = run('pkg-config', '--cflags', '--libs', '--print-errors', 'genesis >= ' + VERSION, env=env)
    check('pkg-config', p.returncode == 0 and '-lgenesis' in p.stdout, p.stderr)
    return p.stdout.split()


def test_header(folder, flags):
    compilers = [(CC + ['-std=c11', '-pedantic'], 'c')]
    if shutil.which('c++'):
        compilers.append((['c++', '-std=c++11', '-pedantic'], 'cpp'))
    for words, kind in compilers:
        path = os.path.join(folder, 'header.' + kind)
        with open(path, 'w', encoding='ascii') as f:
            f.write(HEADER)
        extra = ['-fsanitize=' + SANITIZE] if SANITIZE != 'none' else []
        p = run(*words, '-Wall', '-Wextra', '-Werror', *extra, '-o', path + '.out', path, *flags)
        check('header in ' + kind, p.returncode == 0, p.stderr)


def test_example(root, folder, flags):
    source, binary = one(root, 'reader.c'), os.path.join(folder, 'reader')
    p = run(*CC, '-Wall', '-Wextra', '-Werror', '-o', binary, source, *flags)
    check('example builds', p.returncode == 0, p.stderr)
    env = dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(one(root, 'libgenesis.so')))
    genesis = one(root, 'bin/genesis')
    demo = subprocess.Popen([genesis, 'demo', '--plain', '--seconds', '4'], stdout=subprocess.DEVNULL, env=env)
    name = 'demo-%d' % demo.pid
    symbol, end = '', time.monotonic() + 60
    while not symbol and time.monotonic() < end and demo.poll() is None:
        rows = run(genesis, 'books', '--top', name).stdout.splitlines()[1:]
        symbol = rows[0].split()[0] if rows else ''
        time.sleep(0.05)
    reader = subprocess.Popen([binary, symbol, name], stdout=subprocess.PIPE, text=True, env=env)
    watchdog = threading.Timer(60, reader.kill)
    watchdog.start()
    lines = []
    for line in reader.stdout:
        lines.append(line)
        if line.startswith('the engine'):
            reader.send_signal(signal.SIGINT)
    text = ''.join(lines)
    check('example', reader.wait() == 0 and 'the engine stopped\n' in lines, text[-1000:])
    check('example: summary', re.search(r'^messages [1-9][0-9]*, of %s .* A:[0-9]' % symbol, text, re.M), text[-1000:])
    check('example: board', re.search(r'^%s #[0-9]+ ' % symbol, text, re.M), text[-1000:])
    watchdog.cancel()
    demo.wait(timeout=60)


if shutil.which('pkg-config') is None:
    skip('pkg-config is not installed')
with tempfile.TemporaryDirectory() as scratch:
    tree = os.path.join(scratch, 'root')
    done = run(MESON, 'install', '-C', BUILD, '--no-rebuild', '--destdir', tree)
    check('install', done.returncode == 0, done.stdout + done.stderr)
    test_files(tree)
    compile_flags = pkg_config(tree)
    test_header(scratch, compile_flags)
    if SANITIZE == 'none':
        test_example(tree, scratch, compile_flags)
finish('install')
