# SPDX-License-Identifier: BSD-3-Clause
"""Replay of captures that genesis-make-capture writes, against what its referee says a right reader ends up with.

usage: test_made.py GENESIS MAKE_CAPTURE [SEEDS [FIRST]]
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import check, finish, same  # noqa: E402

GENESIS, MAKE = sys.argv[1:3]
SEEDS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
FIRST = int(sys.argv[4]) if len(sys.argv) > 4 else 1
HARM = ['--loss', '20000', '--burst-loss', '300', '--duplicate', '5000', '--reorder', '5000', '--skew', '40000']

with tempfile.TemporaryDirectory() as folder:
    capture, wanted_books, books = (os.path.join(folder, n) for n in ('day.pcap', 'wanted.csv', 'got.csv'))
    for seed in range(FIRST, FIRST + SEEDS):
        for protocol in ('itch50', 'deep10', 'tops16'):
            made = subprocess.run([MAKE, '--protocol', protocol, '--seed', str(seed), '--messages', '40000', '--symbols', '50', *HARM,
                                   '--out', capture, '--books', wanted_books], capture_output=True, check=True, timeout=120)
            got = subprocess.run([GENESIS, 'replay', '--protocol', protocol, '--json', '--books', books, capture],
                                 capture_output=True, check=True, timeout=120)
            wanted, found = json.loads(made.stdout), json.loads(got.stdout)
            name = 'seed %d (%s)' % (seed, protocol)
            for key, value in wanted.items():
                check(name, found.get(key) == value, '%s is %r, must be %r' % (key, found.get(key), value))
            check(name, same(books, wanted_books), 'books differ')
finish('made: seeds %d to %d' % (FIRST, FIRST + SEEDS - 1))
