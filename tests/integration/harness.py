# SPDX-License-Identifier: BSD-3-Clause
"""What tests of whole programs share: outcomes, programs, waiting, running engines, network namespaces.

A test counts what is wrong with check() and goes on; finish() ends it with the count. What needs something that this machine lacks ends
with skip(): exit code 77. Engines leave files in /dev/shm that their name is in; scratch() removes those of a failed test.
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
_failures = 0
_processes = []


def skip(why):
    print('SKIP: ' + why)
    sys.exit(SKIPPED)


def check(name, condition, text=''):
    global _failures
    if not condition:
        _failures += 1
        print('FAIL %s: %s' % (name, text), flush=True)


def require(condition, text):
    """For what makes no sense to go on without."""
    if not condition:
        raise AssertionError(text)


def finish(what):
    print('%s: %d failures' % (what, _failures))
    sys.exit(1 if _failures else 0)


def run(*words, timeout=120, **more):
    """Whatever comes of it; output as text."""
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False, **more)


def sh(*words):
    """What must work; its output."""
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout


def wait(what, seconds=30, pause=0.05):
    """Until what() is true; its last value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


def same(*paths):
    """Whether the files hold the same bytes."""
    contents = []
    for path in paths:
        with open(path, 'rb') as f:
            contents.append(f.read())
    return all(c == contents[0] for c in contents)


class NotStarted(Exception):
    """An engine that ended, or was not there in time; what it said."""


class Genesis:
    """The program under test."""

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def __call__(self, *arguments, **more):
        return run(self.path, *arguments, **more)

    def status(self, name):
        """Of a running engine; None: it is not running."""
        p = self('status', '--json', name)
        status = json.loads(p.stdout) if p.returncode == 0 else None
        return status if status is not None and status['state'] == 'running' else None

    def when(self, name, what, seconds=60):
        """The running engine's status once what(status) holds, or as it is after so many seconds."""
        seen = []

        def look():
            seen.append(self.status(name))
            require(seen[-1] is not None, 'the engine %s is not running' % name)
            return what(seen[-1])
        wait(look, seconds, 0.1)
        return seen[-1]

    def start(self, name, *arguments, space=()):
        """`run` with these arguments, in a namespace perhaps; the process, once the engine of that name is running."""
        process = subprocess.Popen([*space, self.path, 'run', *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        _processes.append(process)
        if wait(lambda: process.poll() is not None or self.status(name), 60) and process.poll() is None:
            return process
        process.kill()
        raise NotStarted(process.communicate()[1] or 'no engine after 60 s')


class Exchange:
    """`genesis exchange` that keeps its ports open when all is sent, until end(). Its engine is stopped before: the driver of a memif port
    does not bear that its peer goes away while it is polled."""

    def __init__(self, genesis, path, *arguments, space=()):
        """path: of its report."""
        self.path = path
        if os.path.exists(path):
            os.unlink(path)
        self.process = subprocess.Popen([*space, genesis.path, 'exchange', '--linger', '1h', '--report', path, *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        _processes.append(self.process)

    def report(self):
        """None: it is still sending."""
        try:
            with open(self.path, encoding='ascii') as f:
                return json.load(f)
        except (OSError, ValueError):
            return None

    def sent(self, seconds=120):
        """The report, once all is sent."""
        report = wait(lambda: self.report() or self.process.poll() is not None, seconds) and self.report()
        if report is None:
            self.process.kill()
            raise AssertionError('exchange: ' + self.process.communicate()[1])
        return report

    def end(self):
        """What it printed."""
        self.process.terminate()
        out, error = self.process.communicate(timeout=60)
        check('exchange', self.process.returncode == 0, error)
        return out


def shared_files(*names):
    """What engines with these in their names have in /dev/shm."""
    return [n for n in os.listdir('/dev/shm') if any(name in n for name in names)]


@contextlib.contextmanager
def scratch(*names):
    """A folder for a test. At its end nothing is left: no folder, no engine or exchange, no shared files of engines with these names."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield folder
        finally:
            for process in _processes:
                process.kill()
                process.wait()
            for left in shared_files(*names):
                os.unlink('/dev/shm/' + left)


@contextlib.contextmanager
def namespaces(*names):
    """Named ones, gone at the end with all interfaces in them."""
    try:
        for name in names:
            sh('ip', 'netns', 'add', name)
        yield
    finally:
        for name in names:
            run('ip', 'netns', 'del', name)


def inside(name):
    """What stands before the words of a command that shall run in a namespace. Not `ip netns exec`, which mounts things anew and so
    needs a root that is a mount point: a chroot's is none."""
    return ['nsenter', '--net=/run/netns/' + name, '--']


def need_namespaces(*tools, named=False):
    """Skips where network namespaces cannot be made, or one of the tools is not here."""
    if os.geteuid() != 0:
        skip('not root: network namespaces and packet sockets need it')
    for tool in ('ip', 'nsenter', 'unshare', *tools):
        if shutil.which(tool) is None:
            skip(tool + ' is not installed')
    works = run('unshare', '--net', 'true').returncode == 0
    if works and named:
        probe = 'probe%d' % os.getpid()
        works = run('ip', 'netns', 'add', probe).returncode == 0 and run(*inside(probe), 'true').returncode == 0
        run('ip', 'netns', 'del', probe)
    if not works:
        skip('network namespaces cannot be made here')


def enter_namespace():
    """The whole test goes on in a network namespace of its own, without IPv6: what the kernel says there of itself would mix with what
    is counted. It ends with the test."""
    if os.environ.get('GENESIS_NAMESPACE') != '1':
        os.environ['GENESIS_NAMESPACE'] = '1'
        os.execvp('unshare', ['unshare', '--net', '--', sys.executable, *sys.argv])
    for name in ('all', 'default'):
        path = '/proc/sys/net/ipv6/conf/%s/disable_ipv6' % name
        if os.path.exists(path):
            with open(path, 'w', encoding='ascii') as f:
                f.write('1')
