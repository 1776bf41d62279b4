# SPDX-License-Identifier: BSD-3-Clause
"""genesis chaos and the worlds of genesis simulate as a user meets them: tables, JSON, plots, errors, and that the
page shows the keys there are.

usage: test_chaos.py GENESIS SOURCE_ROOT
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

GENESIS, ROOT = sys.argv[1:3]
failures = 0


def check(name, condition, text=''):
    global failures
    if not condition:
        failures += 1
        print('FAIL %s: %s' % (name, text))


def run(*arguments, **environment):
    r = subprocess.run([GENESIS, *arguments], capture_output=True, text=True, env={**os.environ, **environment})
    return r.returncode, r.stdout, r.stderr


SMALL = ('chaos', '--scenario', 'cascade-mutual')

code, out, err = run(*SMALL)
check('exit code', code == 0, err)
for word in ('original', 'ultimate', 'total failure', 'hash '):
    check('table', word in out, word)
check('no progress into a file', err == '', err)
check('same again', run(*SMALL)[1] == out)

code, out, err = run(*SMALL, '--json')
document = json.loads(out)
check('five results', len(document['results']) == 5)
check('nothing broke', all(r['broken'] is None for r in document['results']))
check('the report stands beside', 'report' in document['results'][0])

code, out, err = run(*SMALL, '--profile', 'ultimate', '--time-scale', 'us', '--json')
check('microseconds', code == 0 and json.loads(out)['second_ns'] == 1000, err)

for arguments, words in ((('--scenario', 'nothing'), 'there is no scenario "nothing"'), (('--scenario', 'cascad'), 'did you mean "cascade"'),
                         (('--scenario', './nothing.yaml'), 'cannot be read'), (('--profile', 'extrem'), '"extreme"'), (('--time-scale', 'm'), 'time-scale')):
    code, out, err = run('chaos', *arguments)
    check('refused', code == 2 and words in err, err)

with tempfile.TemporaryDirectory() as folder:
    bad = pathlib.Path(folder, 'bad.yaml')
    bad.write_text('name: bad\nend: 1s\nfaults:\n  - {kind: stal, at: 0s}\n')
    code, out, err = run('chaos', '--scenario', str(bad))
    check('a bad scenario', code == 2 and ':4: faults[0].kind: ' in err and '"stall"' in err, err)
    code, out, err = run(*SMALL, '--plot', f'{folder}/a.svg', PATH='/nonexistent')
    check('no gnuplot', code == 1 and 'gnuplot is not installed' in err, err)
    code, out, err = run(*SMALL, '--plot', f'{folder}/a.gif')
    check('no such picture', code == 1 and '.svg' in err, err)
    code, out, err = run(*SMALL, '--plot', f'{folder}/a.svg')
    if 'not installed' not in err:
        check('a picture', code == 0 and '<svg' in pathlib.Path(folder, 'a.svg').read_text(), err)

page = pathlib.Path(ROOT, 'docs/chaos.md').read_text()
code, out, err = run('chaos', '--keys')
check('the page has the keys', out.strip() in page, 'paste `genesis chaos --keys` into docs/chaos.md')

code, out, err = run('simulate', '--seed', '3', '--scenario', 'cascade-mutual', '--profile', 'ultra', '--messages', '2000')
check('a scenario and the day are one world', code == 0 and 'cascade-mutual  ultra' in out and 'delivered' in out
      and 'per CPU second' in out and out.count('seed 3 ') == 1, out + err)
code, out, err = run('simulate', '--seed', '3', '--swarm', '--scenario', 'cascade')
check('a swarm has no scenario', code == 2, err)
# What is wrong is said before anything runs.
for arguments, words in ((('--scenario', 'cascad'), 'did you mean "cascade"'), (('--profile', 'ultimat'), 'did you mean "ultimate"'),
                         (('--swarm', '--profile', './nothing.yaml'), 'nothing.yaml'), (('--messages', '10', '--symbols', '50'), '--messages')):
    code, out, err = run('simulate', '--seed', '3', *arguments)
    check('refused at once', code == 2 and words in err and out == '', out + err)

# What is broken on purpose is reported with seed, step and number, and the command printed repeats it.
for plant, invariant in (('twice', 1), ('lost', 4), ('double', 4), ('position', 1)):
    command = ('simulate', '--seed', '2', '--messages', '5000', '--plant', plant)
    code, out, err = run(*command)
    report = re.search(r'^genesis simulate: seed 2: invariant (\d+) at step (\d+): .+\nrepeat with: genesis (.+)$', err, re.M)
    check('planted ' + plant, code == 1 and report and int(report[1]) == invariant, err)
    if report:
        again = run(*report[3].split())
        check('repeated ' + plant, again[0] == 1 and again[2] == err, again[2])

sys.exit(1 if failures else 0)
