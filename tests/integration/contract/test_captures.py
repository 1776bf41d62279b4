# SPDX-License-Identifier: BSD-3-Clause
"""Replay over captures of real feeds, where they are: counters known from their description, and all counters and
books as the naive reference gives them.

usage: test_captures.py GENESIS SOURCE_ROOT
The captures' folder is $GENESIS_CAPTURES, or ../shared/data beside the source. Exit code 77: it is not there.
"""
import glob
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import check, finish, skip  # noqa: E402
from reference import Reference  # noqa: E402

GENESIS, ROOT = sys.argv[1:3]
CAPTURES = os.environ.get('GENESIS_CAPTURES', os.path.join(ROOT, '../shared/data'))

def replay(protocol, path):
    with tempfile.TemporaryDirectory() as folder:
        books = os.path.join(folder, 'books.csv')
        p = subprocess.run([GENESIS, 'replay', '--protocol', protocol, '--json', '--books', books, path],
                           capture_output=True, text=True, timeout=300)
        check(path, p.returncode == 0, p.stderr)
        return json.loads(p.stdout), open(books, 'rb').read()


def read_pcap(path):
    data = (gzip.open if path.endswith('.gz') else open)(path, 'rb').read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    scale = 1000 if struct.unpack(order + 'I', data[:4])[0] == 0xa1b2c3d4 else 1
    at = 24
    out = []
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from(order + 'IIII', data, at)
        if at + 16 + length > len(data):
            break
        out.append((seconds * 10 ** 9 + fraction * scale, data[at + 16:at + 16 + length]))
        at += 16 + length
    return out


def against_reference(protocol, path):
    got, csv = replay(protocol, path)
    wanted = Reference(protocol).run(read_pcap(path))
    for key, value in wanted.counters().items():
        check(path, got[key] == value, '%s is %r, must be %r' % (key, got[key], value))
    check(path, csv == wanted.books(), 'books differ')
    return got


def test_deep():
    got = against_reference('deep10', os.path.join(CAPTURES, 'iex/DEEP10.pcap.gz'))
    for key, value in (('packets', 121314), ('messages', 391999), ('session_resets', 11), ('gaps', 0), ('duplicates', 0),
                       ('malformed_packets', 0), ('unknown_messages', 0), ('symbols', 7802), ('orders_live', 0)):
        check('DEEP10', got[key] == value, '%s is %r, must be %r' % (key, got[key], value))
    check('DEEP10', got['by_type'] == {'H': 93638, 'O': 93638, 'P': 93636, 'T': 83343, '5': 14627, '8': 12941, 'B': 73,
                                       'E': 59, 'S': 44}, str(got['by_type']))


def test_nasdaq():
    paths = sorted(glob.glob(os.path.join(CAPTURES, 'nasdaq/*/*.pcap')))
    check('nasdaq', len(paths) == 23, '%d files' % len(paths))
    for path in paths:
        got = against_reference('itch50', path)
        # The files of the 20230822 folder have blanked headers: nothing in them may become a line.
        check(path, (got['packets'] == 0) == ('20230822' in path), str(got['packets']))


def test_itch():
    got = against_reference('itch50', os.path.join(CAPTURES, 'check-all-itch-types.pcap'))
    check('all types', len(got['by_type']) == 23 and set(got['by_type'].values()) == {1}, str(got['by_type']))
    for name, wanted in (
            ('day-head-1000.itch', {'messages': 1000, 'malformed_packets': 0, 'symbols': 993,
                                    'by_type': {'R': 993, 'H': 3, 'Y': 3, 'S': 1}}),
            ('day-head-truncated.itch', {'messages': 101, 'malformed_packets': 1}),
            ('zero-length-prefixes.itch', {'messages': 32, 'empty_messages': 6, 'malformed_packets': 1})):
        got, _ = replay('itch50', os.path.join(CAPTURES, 'itch', name))
        for key, value in {**wanted, 'packets': 0, 'session_resets': 0}.items():
            check(name, got[key] == value, '%s is %r, must be %r' % (key, got[key], value))


if not os.path.isdir(CAPTURES):
    skip('no captures at %s; set GENESIS_CAPTURES' % CAPTURES)
for test in (test_itch, test_nasdaq, test_deep):
    test()
finish('captures')
