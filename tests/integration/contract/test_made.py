# SPDX-License-Identifier: BSD-3-Clause
"""Replay of captures that genesis-make-capture writes, against what its referee says a right reader ends up with.

usage: test_made.py GENESIS MAKE_CAPTURE [SEEDS [FIRST]]
"""
import json
import os
import subprocess
import sys
import tempfile

GENESIS, MAKE = sys.argv[1:3]
SEEDS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
FIRST = int(sys.argv[4]) if len(sys.argv) > 4 else 1
HARM = ['--loss', '20000', '--burst-loss', '300', '--duplicate', '5000', '--reorder', '5000', '--skew', '40000']
failures = 0

with tempfile.TemporaryDirectory() as folder:
    capture, wanted_books, books = (os.path.join(folder, n) for n in ('day.pcap', 'wanted.csv', 'got.csv'))
    for seed in range(FIRST, FIRST + SEEDS):
        for protocol in ('itch50', 'deep10', 'tops16'):
            made = subprocess.run([MAKE, '--protocol', protocol, '--seed', str(seed), '--messages', '40000', '--symbols', '50', *HARM,
                                   '--out', capture, '--books', wanted_books], capture_output=True, check=True, timeout=120)
            got = subprocess.run([GENESIS, 'replay', '--protocol', protocol, '--json', '--books', books, capture],
                                 capture_output=True, check=True, timeout=120)
            wanted, found = json.loads(made.stdout), json.loads(got.stdout)
            wrong = ['%s is %r, must be %r' % (k, found.get(k), v) for k, v in wanted.items() if found.get(k) != v]
            if open(books, 'rb').read() != open(wanted_books, 'rb').read():
                wrong.append('books differ')
            for text in wrong:
                print('FAIL seed %d (%s): %s' % (seed, protocol, text))
            failures += len(wrong)
print('made: seeds %d to %d, %d failures' % (FIRST, FIRST + SEEDS - 1, failures))
sys.exit(1 if failures else 0)
