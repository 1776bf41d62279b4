# SPDX-License-Identifier: BSD-3-Clause
"""Somebody else reads what the codecs say: tshark dissects CoAP requests, acknowledgements and resets, and requests of MoldUDP64, finds none
malformed or odd, and understands what was meant.

usage: test_request_dissection.py DUMP_REQUESTS
Exit code 77: tshark is not here.
"""
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import check, finish, run, skip  # noqa: E402

PORTS = {'coap': 5683, 'moldudp64': 26500}
COAP = ('coap.version', 'coap.type', 'coap.code', 'coap.mid', 'coap.token', 'coap.opt.uri_path', 'coap.opt.ctype', 'coap.payload_length')
MOLD = ('moldudp64.session', 'moldudp64.sequence', 'moldudp64.count')
TROUBLE = ('_ws.malformed', '_ws.expert.message', 'coap.invalid_option_range', 'coap.invalid_option_number')
FIELDS = COAP + MOLD + TROUBLE
TOKEN = 'a1b2c3d4e5f6000'
# name: type, code, id, path, content format, payload's bytes
MEANT = {
    'coap-get': ('1', '1', 0x1234, 'prices,last,EURUSD', '', ''),
    'coap-put': ('1', '3', 0x1235, 'a-segment-of-more-than-13,b%20c', 'application/octet-stream', '6'),
    'coap-post': ('1', '2', 0x1236, 'orders', 'application/octet-stream', '3'),
    'coap-delete': ('1', '4', 0x1237, 'x', '', ''),
    'coap-root': ('1', '1', 0x1238, '', '', ''),
    'coap-ack': ('2', '0', 0xabcd, '', '', ''),
    'coap-rst': ('3', '0', 0xbeef, '', '', ''),
}
RANGES = [(1, 1), (14764496, 500), (2 ** 64 - 65534, 65534)]


def datagrams(text):
    return [(line.split()[0], bytes.fromhex(line.split()[1])) for line in text.splitlines()]


def write_pcap(path, rows):
    """Raw IPv4 packets from one host to another's port of the protocol."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number, (name, payload) in enumerate(rows):
            udp = struct.pack('>HHHH', 40000, PORTS[name.split('-')[0]], 8 + len(payload), 0) + payload
            ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])) + udp
            f.write(struct.pack('<IIII', 1, number, len(ip), len(ip)) + ip)


def dissect(path):
    words = ['tshark', '-r', path, '-T', 'fields', '-E', 'occurrence=a']
    for protocol, port in PORTS.items():
        words += ['-d', 'udp.port==%d,%s' % (port, protocol)]
    known = run('tshark', '-G', 'fields', timeout=250).stdout
    fields = [f for f in FIELDS if '\t%s\t' % f in known or f.startswith('_ws')]
    for field in fields:
        words += ['-e', field]
    p = run(*words, timeout=250)
    check('tshark', p.returncode == 0, p.stderr)
    return [dict(zip(fields, line.split('\t'))) for line in p.stdout.splitlines()]


def check_coap(name, row, number):
    kind, code, message_id, path, content, payload = MEANT[name]
    check(name + ': header', (row['coap.version'], row['coap.type'], row['coap.code']) == ('1', kind, code), row)
    check(name + ': id', int(row['coap.mid']) == message_id, row)
    token = row['coap.token'].replace(':', '')
    check(name + ': token', token == ('' if code == '0' else TOKEN + str(number)), row)
    check(name + ': path', row['coap.opt.uri_path'] == path, row)
    check(name + ': content format', row['coap.opt.ctype'] == content, row)
    check(name + ': payload', row['coap.payload_length'] == payload, row)


if shutil.which('tshark') is None:
    skip('tshark is not installed')
with tempfile.TemporaryDirectory() as scratch:
    made = datagrams(run(sys.argv[1]).stdout)
    check('datagrams', [n for n, _ in made] == list(MEANT) + ['moldudp64'] * len(RANGES), made)
    capture = os.path.join(scratch, 'requests.pcap')
    write_pcap(capture, made)
    seen = dissect(capture)
    check('every packet', len(seen) == len(made), seen)
    ranges = iter(RANGES)
    for i, ((name, _), row) in enumerate(zip(made, seen)):
        for field in TROUBLE:
            # Of a request of MoldUDP64 it says what the count then means: that it took it for one.
            fine = 'Number of Requested Messages' if (name, field) == ('moldudp64', '_ws.expert.message') else ''
            check('%s: %s' % (name, field), row.get(field, '') == fine, row)
        if name in MEANT:
            check_coap(name, row, i)
        else:
            first, count = next(ranges)
            check('range', (row['moldudp64.session'], int(row['moldudp64.sequence']), int(row['moldudp64.count'], 0)) ==
                  ('000010059B', first, count), row)
    # It would have seen what is wrong.
    write_pcap(capture, [('coap-bad', made[0][1][:-1]), ('coap-bad', bytes.fromhex('4f01000100'))])
    bad = dissect(capture)
    check('it sees broken ones', all(any(row.get(f) for f in TROUBLE) for row in bad), bad)
finish('request dissection')
