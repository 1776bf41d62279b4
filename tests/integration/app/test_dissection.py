# SPDX-License-Identifier: BSD-3-Clause
"""Somebody else reads what `genesis exchange` sends: tshark dissects every packet as MoldUDP64, none malformed, checksums verified; its
messages have the lengths of the ITCH 5.0 specification, and their counts by type are those of the day that the exchange wrote down.

tshark's own ITCH dissector is of the older text format (ITCH 2 and 3), so it is given the blocks' bytes, not their fields.

usage: test_dissection.py GENESIS
Exit code 77: tshark, or its MoldUDP64 dissector, is not here.
"""
import collections
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, run, skip  # noqa: E402

genesis = Genesis(sys.argv[1])
A, B = '239.1.1.1:26400', '239.1.1.2:26401'
DAY = ['--seed', '5', '--messages', '50000', '--symbols', '300']
# Bytes of each message type, from the specification.
LENGTHS = {'S': 12, 'R': 39, 'H': 25, 'Y': 20, 'L': 26, 'V': 35, 'W': 12, 'K': 28, 'J': 35, 'h': 21, 'A': 36, 'F': 40, 'E': 31, 'C': 36,
           'X': 23, 'D': 19, 'U': 35, 'P': 44, 'Q': 40, 'B': 19, 'I': 50, 'N': 20, 'O': 48}
FIELDS = ('ip.dst', 'moldudp64.sequence', 'moldudp64.count', '_ws.malformed', 'ip.checksum.status', 'udp.checksum.status',
          'moldudp64.msglen', 'moldudp64.msgseq', 'moldudp64.msgdata', 'moldudp64.msglen.invalid', 'moldudp64.count.invalid',
          'moldudp64.end_of_session_extra', '_ws.expert.severity')


def exchange(*arguments):
    p = genesis('exchange', '--quiet', '--line-a', A, '--line-b', B, *DAY, *arguments)
    check('exchange', p.returncode == 0, p.stderr)


def dissect(path):
    """A dict of fields per packet, as tshark has them."""
    words = ['tshark', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-T', 'fields', '-E', 'occurrence=a']
    for line in (A, B):
        words += ['-d', 'udp.port==%s,moldudp64' % line.split(':')[1]]
    for field in FIELDS:
        words += ['-e', field]
    p = run(*words, timeout=250)
    check('tshark', p.returncode == 0, p.stderr)
    return [dict(zip(FIELDS, line.split('\t'))) for line in p.stdout.splitlines()]


def packets_in(path):
    with open(path, 'rb') as f:
        data = f.read()
    at, count = 24, 0
    while at < len(data):
        at += 16 + struct.unpack_from('<I', data, at + 8)[0]
        count += 1
    return count


def types_in(path):
    """Messages by type of a BinaryFILE."""
    with open(path, 'rb') as f:
        data = f.read()
    at, counts = 0, collections.Counter()
    while at < len(data):
        counts[chr(data[at + 2])] += 1
        at += 2 + struct.unpack_from('>H', data, at)[0]
    return counts


def check_packets(name, rows, path):
    check(name + ': every packet', len(rows) == packets_in(path) and all(r['moldudp64.sequence'] for r in rows),
          '%d of %d' % (len(rows), packets_in(path)))
    for field in ('_ws.malformed', 'moldudp64.msglen.invalid', 'moldudp64.count.invalid', 'moldudp64.end_of_session_extra'):
        check(name + ': ' + field, not any(r[field] for r in rows), str([r for r in rows if r[field]][:2]))
    check(name + ': checksums', all(r['ip.checksum.status'] == r['udp.checksum.status'] == '1' for r in rows))


def messages_of(row):
    """(sequence, bytes) of each message of a packet."""
    if not row['moldudp64.msgdata']:
        return []
    data = [bytes.fromhex(x.replace(':', '')) for x in row['moldudp64.msgdata'].split(',')]
    check('lengths', [len(d) for d in data] == [int(n) for n in row['moldudp64.msglen'].split(',')], str(row)[:300])
    return list(zip((int(n) for n in row['moldudp64.msgseq'].split(',')), data))


def check_messages(rows, wanted):
    for line in (A, B):
        messages = [m for r in rows if r['ip.dst'] == line.split(':')[0] for m in messages_of(r)]
        check('sequence', [m[0] for m in messages] == list(range(1, len(messages) + 1)), line)
        counts = collections.Counter(chr(m[1][0]) for m in messages)
        check('counts by type', counts == wanted, '%s, not %s' % (counts, wanted))
        check('lengths by type', all(len(m[1]) == LENGTHS[chr(m[1][0])] for m in messages), line)
    check('all types', set(wanted) == set(LENGTHS), str(set(LENGTHS) - set(wanted)))


if shutil.which('tshark') is None:
    skip('tshark is not installed')
if 'MoldUDP64' not in run('tshark', '-G', 'protocols').stdout:
    skip('this tshark does not know MoldUDP64')
with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    exchange('--write-pcap', 'day.pcap', '--write-binary', 'day.itch')
    seen = dissect('day.pcap')
    check_packets('a clean day', seen, 'day.pcap')
    check_messages(seen, types_in('day.itch'))
    exchange('--loss', '1%', '--duplicate', '1%', '--reorder', '1%/8', '--sessions', '2', '--write-pcap', 'days.pcap')
    check_packets('two impaired days', dissect('days.pcap'), 'days.pcap')
    exchange('--corrupt', '1%', '--write-pcap', 'bad.pcap')
    check('it would have seen a wrong checksum', any(r['udp.checksum.status'] == '0' for r in dissect('bad.pcap')))
    print('%d packets, %d messages of %d types' % (len(seen), sum(types_in('day.itch').values()), len(types_in('day.itch'))))
finish('dissection')
