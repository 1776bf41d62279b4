# SPDX-License-Identifier: BSD-3-Clause
"""Man pages and bash completion say what --help says: every command, every option of each. They are sound to man and bash.

usage: test_manual.py GENESIS
"""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, run  # noqa: E402

program = Genesis(sys.argv[1])


def genesis(*arguments):
    p = program(*arguments)
    check(' '.join(arguments), p.returncode == 0 and not p.stderr, p.stderr)
    return p.stdout


def plain(roff):
    return re.sub(r'\\f[BIR]', '', roff).replace('\\-', '-').replace('\\&', '').replace('\\e', '\\')


def check_page(name, roff):
    """Nothing for man to complain about."""
    if shutil.which('man') and shutil.which('groff'):
        p = run('man', '-l', '--warnings', '-', input=roff)
        check('man of ' + name, p.returncode == 0 and not p.stderr, p.stderr)
    else:
        print('man or groff is not installed: pages are not set')
    if shutil.which('mandoc'):
        # It wants a date, which would differ from build to build.
        p = run('mandoc', '-Tlint', '-W', 'warning', input=roff)
        left = [line for line in p.stdout.splitlines() if 'missing date' not in line]
        check('mandoc of ' + name, not left, '\n'.join(left))


def complete(script, *words):
    """What the last of these words can become."""
    code = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _genesis; printf "%s\\n" "${COMPREPLY[@]}"'
    p = run('bash', '-c', code, 'bash', script, 'genesis', *words)
    check('completion', p.returncode == 0 and not p.stderr, p.stderr)
    return p.stdout.split()


def test_command(command, script):
    text = genesis(command, '--help')
    check(command + ': help is its help', genesis('help', command) == text)
    check(command + ': width', max(map(len, text.splitlines())) <= 100)
    options = re.findall(r'^  (?:-(\w), |    )--([a-z-]+)(?: (\S+))?(?:  .*)?$', text, re.M)
    page = genesis('help', '--man', command)
    check_page(command, page)
    page = plain(page)
    for letter, name, value in options:
        row = '\n%s--%s%s\n' % ('-%s, ' % letter if letter else '', name, ' ' + value if value else '')
        check('%s --%s is in the page' % (command, name), row in page, row)
        check('%s --%s is completed' % (command, name), '--' + name in complete(script, command, '--' + name))
        if value == 'PROFILE':
            check('%s --%s: profiles' % (command, name), complete(script, command, '--' + name, 'ul') == ['ultra', 'ultimate'])
        if value and '|' in value:
            check('%s --%s: words' % (command, name), complete(script, command, '--' + name, '') == value.split('|'))
    names = {name for _, name, _ in options}
    check(command + ': options', 'help' in names)
    check(command + ': nothing else is completed', set(complete(script, command, '--')) == {'--' + n for n in names})
    return len(options)


def test_config():
    page = genesis('help', '--man', 'genesis.yaml')
    check_page('genesis.yaml', page)
    keys = re.findall(r'^\| `([a-z_]+)` \|', genesis('check', '--options'), re.M)
    page = plain(page)
    check('keys', len(keys) > 50)
    for key in keys:
        check('key %s is in the page' % key, re.search(r'^\.TP\n%s( \(.*)?$' % key, page, re.M))


with tempfile.NamedTemporaryFile('w', suffix='.bash') as f:
    f.write(genesis('help', '--completion'))
    f.flush()
    p = run('bash', '-n', f.name)
    check('bash reads it', p.returncode == 0 and not p.stderr, p.stderr)
    commands = re.findall(r'^  ([a-z]+) ', genesis('--help'), re.M)
    check('commands', len(commands) >= 10)
    check('commands are completed', complete(f.name, '') == commands + ['--help', '--version'])
    check('one command', complete(f.name, 'ex') == ['exchange'])
    check('files', 'bin/' in [n + '/' for n in complete(f.name, 'run', '/b')] or '/bin' in complete(f.name, 'run', '/b'))
    check('help completes commands', complete(f.name, 'help', 're') == ['replay'])
    main = genesis('help', '--man')
    check_page('genesis', main)
    for c in commands:
        check('page lists ' + c, '\n.TP\n%s\n' % c in plain(main))
        count = test_command(c, f.name)
        check(c + ': rows', count > 0)
    test_config()
finish('manual')
