# SPDX-License-Identifier: BSD-3-Clause
"""`genesis demo` as a user sees it: over what this machine allows and over rings, as root and not, checked at the end; stopped by a
signal, or killed, it leaves no file, no interface, no process; what a killed one left the next one removes.

usage: test_demo.py GENESIS
"""
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, same, wait  # noqa: E402

genesis = Genesis(sys.argv[1])
NOBODY = 65534


def demo(*arguments, **more):
    return genesis('demo', *arguments, timeout=200, **more)


def start(*arguments):
    """A demo that is under way: its first act has begun. And what it had said until then."""
    p = subprocess.Popen([genesis.path, 'demo', '--seconds', '15', *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    said = ''
    for line in p.stdout:
        said += line
        if line.startswith('1/6'):
            break
    return p, said


def children(process):
    with open('/proc/%d/task/%d/children' % (process.pid, process.pid), encoding='ascii') as f:
        return [int(pid) for pid in f.read().split()]


def left(pid):
    """Files of a demo, its folder and its engine's, which is named after its process."""
    return [n for place in ('/tmp', '/dev/shm', '/dev/hugepages') for n in glob.glob('%s/genesis-demo-%d*' % (place, pid))]


def gone(pids):
    return wait(lambda: not any(os.path.exists('/proc/%d' % p) for p in pids), 60)


def check_show(name, p):
    check(name, p.returncode == 0, p.stdout + p.stderr)
    for act in range(1, 7):
        check(name, re.search('^%d/6  ' % act, p.stdout, re.M), 'act %d is not announced' % act)
    verdict = p.stdout[p.stdout.find('What was checked'):]
    check(name, 'FAILED' not in verdict and len(re.findall('^  ok ', verdict, re.M)) >= 4, verdict)
    print('%s:\n%s' % (name, verdict))
    return verdict


def test_what_is_there():
    p = demo('--seconds', '3')
    check_show('demo', p)
    check('as root over veth', os.geteuid() != 0 or 'veth' in p.stdout or 'so rings' in p.stdout, p.stdout)


def test_rings():
    """Nobody but the dice loses here, so everything is compared."""
    with tempfile.TemporaryDirectory() as folder:
        verdict = check_show('rings', demo('--seconds', '3', '--seed', '7', '--ports', 'rings', '--keep', folder))
        kept = sorted(os.listdir(folder))
        books = [os.path.join(folder, side + '.csv') for side in ('exchange', 'engine')]
        check('books are kept', same(*books) and {'engine.yaml', 'engine.json', 'exchange.json'} <= set(kept), str(kept))
    check('a real gap', re.search(r'lost: [1-9]\d* messages in [1-9]', verdict), verdict)
    check('books', re.search(r'all 500 books are the exchange', verdict), verdict)


def test_as_nobody():
    if os.geteuid() != 0:
        return
    try:
        p = demo('--seconds', '2', user=NOBODY, group=NOBODY, extra_groups=[])
    except PermissionError:
        print('as nobody: this build cannot be read by others')
        return
    check_show('nobody', p)
    check('nobody: why', 'No veth pairs (not root), so rings.' in p.stdout, p.stdout)


def test_stopped():
    for stop in (signal.SIGINT, signal.SIGTERM):
        p, _ = start()
        pids = children(p)
        check('demo', left(p.pid) and len(pids) == 2, 'no files while it runs')
        p.send_signal(stop)
        error = p.communicate(timeout=100)[1]
        check('stopped by %s' % stop.name, p.returncode == 1 and 'stopped' in error, error)
        check('stopped by %s' % stop.name, not left(p.pid) and gone(pids), str(left(p.pid)))


def test_killed():
    p, _ = start()
    pids = children(p)
    p.kill()
    p.communicate(timeout=100)
    check('killed: its children end', gone(pids), str(pids))
    left_over = left(p.pid)
    check('killed: of the engine nothing is left', all(n.startswith('/tmp/') for n in left_over), str(left_over))
    other, _ = start('--ports', 'rings')
    check('killed: the next removes the rest', left_over and not left(p.pid), str(left(p.pid)))
    # Both killed: the engine's files stay, until the next.
    pids = children(other)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    other.kill()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    other.communicate(timeout=100)
    gone(pids)
    left_over = left(other.pid)
    last, _ = start('--ports', 'rings')
    check('both killed: the next removes the rest', len(left_over) > 1 and not left(other.pid), str(left(other.pid)))
    check('a living one is left alone', left(last.pid))
    last.terminate()
    last.communicate(timeout=100)


def test_usage():
    for wrong in (['--ports', 'tcp'], ['--seconds', '0'], ['--seal', 'kill', '--ports', 'af_xdp'], ['--keep', ''], ['more']):
        p = demo(*wrong)
        check('usage', p.returncode == 2 and p.stderr.startswith('genesis demo: '), str(p))


for test in (test_usage, test_what_is_there, test_rings, test_as_nobody, test_stopped, test_killed):
    test()
finish('demo')
