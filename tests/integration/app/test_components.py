# SPDX-License-Identifier: BSD-3-Clause
"""A user's strategy from a shared object, on books in 1, 16 and 256 groups over four shards: the books are the
maker's, the VWAP is what a few lines of Python make of the same messages.

usage: test_components.py GENESIS MAKE_CAPTURE LIBVWAP
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import check, finish  # noqa: E402

GENESIS, MAKE_CAPTURE, LIBVWAP = sys.argv[1:4]


def vwap(path):
    """symbol -> (notional, shares) of what counts as volume."""
    data = open(path, 'rb').read()
    stocks, orders, sums = {}, {}, {}
    at = 0

    def trade(stock, price, shares):
        s = sums.setdefault(stock.rstrip().decode(), [0, 0])
        s[0] += price * shares
        s[1] += shares
    while at < len(data):
        length = struct.unpack_from('>H', data, at)[0]
        m = data[at + 2:at + 2 + length]
        at += 2 + length
        kind = chr(m[0])
        locate = struct.unpack_from('>H', m, 1)[0]
        if kind == 'R':
            stocks[locate] = m[11:19]
        elif kind in 'AF':
            orders[m[11:19]] = [stocks[locate], struct.unpack_from('>I', m, 32)[0], struct.unpack_from('>I', m, 20)[0]]
        elif kind in 'EC':
            order, shares = orders[m[11:19]], struct.unpack_from('>I', m, 19)[0]
            if kind == 'E':
                trade(order[0], order[1], shares)
            elif m[31:32] == b'Y':
                trade(order[0], struct.unpack_from('>I', m, 32)[0], shares)
        elif kind == 'U':
            old = orders.pop(m[11:19])
            orders[m[19:27]] = [old[0], struct.unpack_from('>I', m, 31)[0], 0]
        elif kind == 'P':
            trade(m[24:32], struct.unpack_from('>I', m, 32)[0], struct.unpack_from('>I', m, 20)[0])
        elif kind == 'Q' and struct.unpack_from('>Q', m, 11)[0]:
            trade(m[19:27], struct.unpack_from('>I', m, 27)[0], struct.unpack_from('>Q', m, 11)[0])
    return sums


def config(path, count, report):
    symbols = 'symbols: hash, count: %d' % count if count > 1 else 'symbols: all'
    with open(path, 'w') as f:
        f.write('''engine: {pool: 64MiB}
ports: [{name: a, device: net_null0}]
feeds:
  - name: itch
    protocol: itch50
    gap: {hold_max: 10s}
    lines:
      - {name: A, port: a, address: "233.54.12.111:26477"}
      - {name: B, port: a, address: "233.54.12.112:26478"}
shards: [{name: s0}, {name: s1}, {name: s2}, {name: s3}]
groups:
  - {name: books, feed: itch, shards: [%s], %s, components: [{name: v, type: vwap, library: "%s", report: "%s"}]}
''' % ('s0' if count == 1 else 's0, s1, s2, s3', symbols, LIBVWAP, report))


with tempfile.TemporaryDirectory() as folder:
    day, binary, books = (os.path.join(folder, n) for n in ('day.pcap', 'day.itch', 'books.csv'))
    make = [MAKE_CAPTURE, '--seed', '9', '--messages', '30000', '--symbols', '200']
    subprocess.run(make + ['--reorder', '20000', '--duplicate', '10000', '--out', day, '--books', books], check=True,
                   capture_output=True)
    subprocess.run(make + ['--binary', binary], check=True, capture_output=True)
    wanted = vwap(binary)
    for groups in (1, 16, 256):
        name = '%d groups' % groups
        report, csv, yaml = (os.path.join(folder, n % groups) for n in ('vwap%d.csv', 'books%d.csv', '%d.yaml'))
        config(yaml, groups, report)
        p = subprocess.run([GENESIS, 'replay', '--config', yaml, '--json', '--books', csv, day], capture_output=True,
                           text=True, timeout=120)
        check(name, p.returncode == 0, p.stderr)
        if p.returncode != 0:
            continue
        check(name, json.loads(p.stdout)['lost_messages'] == 0, p.stdout)
        check(name, open(csv).read() == open(books).read(), 'books differ from the maker\'s')
        lines = open(report).read().splitlines()
        check(name, lines[0] == 'symbol,vwap,shares' and lines.count(lines[0]) == 1, 'header: ' + lines[0])
        got = {s: (v, int(q)) for s, v, q in (line.split(',') for line in lines[1:])}
        check(name, set(got) == set(wanted), 'symbols: %s' % (set(got) ^ set(wanted)))
        for symbol, (notional, shares) in wanted.items():
            value, quantity = got.get(symbol, ('0', 0))
            check(name, quantity == shares and abs(Fraction(value) - Fraction(notional, shares * 10000)) <=
                  Fraction(1, 10 ** 6), '%s: %s of %d' % (symbol, value, quantity))
finish('components')
