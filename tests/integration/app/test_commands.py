# SPDX-License-Identifier: BSD-3-Clause
"""The commands as a user types them: help, exit codes, messages, `check`, `simulate`.

usage: test_commands.py GENESIS SOURCE_ROOT
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, run  # noqa: E402

genesis, ROOT = Genesis(sys.argv[1]), sys.argv[2]
COMMANDS = ('run', 'check', 'replay', 'books', 'status', 'simulate', 'chaos', 'demo', 'exchange', 'version', 'help')


def test_help():
    top = genesis('--help')
    check('help', top.returncode == 0 and not top.stderr)
    for command in COMMANDS:
        check('help', re.search(r'^  %s ' % command, top.stdout, re.M), command + ' is not listed')
        p = genesis(command, '--help')
        check(command + ' --help', p.returncode == 0 and p.stdout.startswith('usage: genesis ' + command), p.stdout + p.stderr)
        p = genesis(command, '--no-such-option')
        check(command + ' with a wrong option', p.returncode == 2 and p.stderr, str(p))
    check('no command', genesis().returncode == 2)
    p = genesis('rum')
    check('wrong command', p.returncode == 2 and "no command 'rum'" in p.stderr, p.stderr)
    p = genesis('version')
    check('version', p.returncode == 0 and re.match(r'genesis \d+\.\d+\.\d+\nDPDK ', p.stdout), p.stdout)


def test_check():
    for name in ('minimal.yaml', 'deep.yaml', 'tops.yaml', 'two-lines.yaml', 'several-feeds.yaml', 'services.yaml'):
        p = genesis('check', os.path.join(ROOT, 'config/examples', name))
        check('check ' + name, ('hands line B of feed itch to core receive-a' in p.stdout) == (name == 'several-feeds.yaml'), p.stdout)
        # 1: right, but this machine has fewer CPUs than the example wants.
        check('check ' + name, p.returncode in (0, 1), p.stderr)
        check('check ' + name, '# cores' in p.stdout and '# memory' in p.stdout, p.stdout)
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as f:
            f.write(p.stdout)
            f.flush()
            again = genesis('check', f.name)
            # How many huge pages are free changes while other programs run.
            # Its profile is in what was printed, and not named any more.
            texts = [re.sub(r'free now \d+', 'free now', re.sub(r'^# profile .*\n', '', text)) for text in (again.stdout, p.stdout)]
            check('check of what check printed', texts[0] == texts[1], again.stderr + again.stdout)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'bad.yaml')
        with open(path, 'w') as f:
            f.write('ports:\n  - {name: a, device: net_null0, descripters: 5}\n')
        p = genesis('check', path)
        check('typo in a key', p.returncode == 2 and p.stderr.count('\n') == 1 and path + ':2' in p.stderr and
              'descriptors' in p.stderr, p.stderr)
        p = genesis('run', path)
        check('run says the same', p.returncode == 2 and path + ':2' in p.stderr, p.stderr)
        p = genesis('check', os.path.join(folder, 'missing.yaml'))
        check('missing file', p.returncode == 2 and 'missing.yaml' in p.stderr, p.stderr)
        with open(path, 'w') as f:
            f.write('ports: [{name: a, device: net_null0}]\nfeeds:\n  - {name: f, protocol: itch50, lines: [{name: A, port: a, '
                    'address: "1.2.3.4:5"}]}\ngroups:\n  - name: g\n    feed: f\n    components:\n'
                    '      - {name: v, type: vwap, library: ./no-such.so}\n')
        p = genesis('check', path)
        check('missing library', p.returncode == 2 and 'no-such.so' in p.stderr and 'bad.yaml:5' in p.stderr, p.stderr)


def test_example_component():
    """The commands that the example's comment tells, letter by letter, at the root of a source tree with a build in it."""
    example = 'config/examples/vwap.yaml'
    with tempfile.TemporaryDirectory() as folder:
        for name in ('config', 'dataplane', 'docs'):
            os.symlink(os.path.join(os.path.abspath(ROOT), name), os.path.join(folder, name))
        os.makedirs(os.path.join(folder, 'build/app'))
        os.symlink(genesis.path, os.path.join(folder, 'build/app/genesis'))
        p = genesis('check', example, cwd=folder)
        check('not built', p.returncode == 2 and p.stderr.count('\n') == 1 and folder in p.stderr and 'docs/components.md' in p.stderr,
              p.stderr)
        with open(os.path.join(ROOT, example), encoding='ascii') as f:
            commands = re.findall('^#     (.*)$', f.read(), re.M)
        for command in commands:
            p = run('sh', '-c', command, cwd=folder)
            check(command, p.returncode == 0 or command.startswith('build/') and p.returncode == 1, p.stderr)  # 1: memory
            check(command, 'no such file' not in p.stderr, p.stderr)
        check('commands', len(commands) == 2 and 'type: vwap' in p.stdout, p.stdout)


def test_profiles():
    services = os.path.join(ROOT, 'config/examples/services.yaml')
    p = genesis('check', services)
    check('names the profile', p.stdout.startswith('# profile ultimate: ') and 'open_max: 1m\n' in p.stdout, p.stdout)
    p = genesis('check', '--profile', 'original', services)
    check('another profile', p.stdout.startswith('# profile original: ') and 'order: sequential\n' in p.stdout and
          'open_max: 1m\n' in p.stdout, p.stdout)
    for name in ('original', 'optimized', 'extreme', 'ultra', 'ultimate', 'us-scale'):
        p = genesis('check', '--profile', name)
        check('profile ' + name, p.returncode == 0 and p.stdout.startswith('resilience:\n') and not p.stderr, p.stdout + p.stderr)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'all.yaml'), 'w') as f:
                f.write(p.stdout)
            again = genesis('check', '-p', 'all', cwd=folder)
            check('what was printed is a profile', again.stdout == p.stdout, again.stdout + again.stderr)
    p = genesis('check', '--profile', 'ultimat')
    check('typo in a profile', p.returncode == 2 and 'did you mean "ultimate"?' in p.stderr and p.stderr.count('\n') == 1, p.stderr)
    p = genesis('check', '--profile', 'ultimat', services)
    check('typo beside a file', p.returncode == 2 and 'did you mean "ultimate"?' in p.stderr and p.stderr.count('\n') == 1, p.stderr)


def test_no_engine():
    for command in ('books', 'status'):
        p = genesis(command, 'no-such-engine')
        check(command, p.returncode == 1 and p.stderr == "genesis %s: no engine named 'no-such-engine' is running\n" % command,
              p.stderr)
    check('counters', 'healed_by_other_line' in genesis('status', '--counters').stdout)


def test_simulate():
    one, two = genesis('simulate', '--seed', '3', '--messages', '20000'), genesis('simulate', '--seed', '3', '--messages', '20000')

    def strip(text):
        return re.sub(r'[0-9.]+ CPU seconds: .*', '', text)
    check('simulate', one.returncode == 0, one.stdout + one.stderr)
    check('simulate twice', strip(one.stdout) == strip(two.stdout), one.stdout + two.stdout)
    check('simulate without a seed', genesis('simulate').returncode == 2)


def test_only_engine():
    """Files that a dead engine left do not hide the one that lives."""
    p = subprocess.Popen([genesis.path, 'demo', '--plain', '--seconds', '15', '--ports', 'rings'], stdout=subprocess.PIPE, text=True)
    while not p.stdout.readline().startswith(('1/6', 'genesis')):
        pass
    dead = '/dev/shm/genesis-test-dead-%d.control' % os.getpid()
    open(dead, 'w').close()
    try:
        name = 'genesis-demo-%d.control' % p.pid
        others = [n for n in os.listdir('/dev/shm') if n.endswith('.control') and n not in (name, os.path.basename(dead))]
        status = genesis('status')
        check('the one that lives', others or (status.returncode == 0 and 'engine demo-%d' % p.pid in status.stdout),
              status.stdout[:200] + status.stderr)
    finally:
        os.unlink(dead)
        p.terminate()
        p.communicate(timeout=60)


for test in (test_only_engine, test_help, test_check, test_profiles, test_example_component, test_no_engine, test_simulate):
    test()
finish('commands')
