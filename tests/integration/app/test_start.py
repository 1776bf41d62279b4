# SPDX-License-Identifier: BSD-3-Clause
"""Starting and stopping while others look on: readers all the time, engines that want one name at the same moment, the files of a dead
one, a /dev/shm that is too small.

usage: test_start.py GENESIS [STARTS]
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, run, shared_files, wait  # noqa: E402

genesis = Genesis(sys.argv[1])
STARTS = int(sys.argv[2]) if len(sys.argv) > 2 else 8
NAME = 'test-start-%d' % os.getpid()
CONTROL = '/dev/shm/genesis-%s.control' % NAME


def start(path, *more):
    return subprocess.Popen([genesis.path, 'run', '-q', *more, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_running(process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if genesis('status', NAME).returncode == 0:
            return
        time.sleep(0.02)


def readers_all_the_time(path):
    """status and books end with 0 or 1 whatever the engine is doing, and never in its way."""
    over = threading.Event()

    def read(*words):
        while not over.is_set():
            p = genesis(*words, NAME)
            check('reader', p.returncode in (0, 1), '%s: %d %s' % (words, p.returncode, p.stderr))
    threads = [threading.Thread(target=read, args=words) for words in (('status', '--json'), ('books',), ('books', '--top'))]
    for t in threads:
        t.start()
    for _ in range(STARTS):
        process = start(path)
        wait_running(process)
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=60)[1]
        check('start beside readers', process.returncode == 0, '%d %s' % (process.returncode, error))
    over.set()
    for t in threads:
        t.join()


def one_name(path):
    """Of engines that find the files of a dead one at the same moment, one gets the name; the files of that one stay."""
    process = start(path)
    wait_running(process)
    process.kill()
    process.communicate()
    check('the dead one left its files', os.path.exists(CONTROL))
    racers = [start(path) for _ in range(4)]
    wait(lambda: sum(p.poll() is not None for p in racers) >= 3, 60)
    for p in racers:
        p.send_signal(signal.SIGINT)
    errors = [(p.communicate(timeout=60)[1], p.returncode) for p in racers]
    check('one winner', sorted(rc for _, rc in errors) == [0, 1, 1, 1], str(errors))
    check('files are gone', not shared_files(NAME))


def too_little_memory(path):
    """Refused in one line at the start: without it, the first page that does not fit is a SIGBUS."""
    if os.geteuid() != 0 or shutil.which('unshare') is None or run('unshare', '-m', 'true').returncode:
        print('not tried: a small /dev/shm (needs root and mount namespaces)')
        return
    for size in ('4k', '4m'):
        script = 'mount -t tmpfs -o size=%s none /dev/shm && "$0" run -q --duration 1 "$1"; rc=$?; ls /dev/shm; exit $rc' % size
        p = run('unshare', '-m', 'sh', '-c', script, genesis.path, path)
        check('small /dev/shm', p.returncode == 1 and p.stderr.count('\n') == 1 and '/dev/shm' in p.stderr and not p.stdout,
              '%d %s %s' % (p.returncode, p.stdout, p.stderr))


with tempfile.TemporaryDirectory() as folder:
    config = os.path.join(folder, 'start.yaml')
    with open(config, 'w') as f:
        f.write('engine: {name: %s, pool: 64MiB, huge_pages: no}\n'
                'cores:\n  - {name: worker, idle: yield}\n'
                'ports:\n  - {name: a, device: "net_null0,size=64", core: worker}\n'
                'feeds:\n  - name: itch\n    protocol: itch50\n    symbols_max: 1024\n'
                '    lines:\n      - {name: a, port: a, address: "233.54.12.111:26477"}\n'
                'groups:\n  - {name: books, feed: itch, symbols_max: 1024, orders_max: 65536, levels_max: 65536}\n' % NAME)
    for part in (too_little_memory, one_name, readers_all_the_time):
        part(config)
finish('start')
