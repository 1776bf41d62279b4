# SPDX-License-Identifier: BSD-3-Clause
"""What `genesis exchange` serves beside its lines, asked by strangers over a veth pair, AF_PACKET on the exchange's side and the kernel on
the other: a MoldUDP64 client gets exactly the messages that it asked for, and nothing of what was not sent yet; libcoap's client and raw
sockets get from a node what RFC 7252 says; a SoupBinTCP client gets snapshots whose orders are those of the day at that sequence. tshark
takes apart what the servers said, where it is installed. Then servers misbehave by their scripts, and the report counts what came.

usage: test_exchange_servers.py GENESIS
Exit code 77: this machine cannot (not root, no namespaces, no coap-client).
"""
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Exchange, Genesis, check, enter_namespace, finish, need_namespaces, run, scratch, sh, skip, wait  # noqa: E402

genesis = Genesis(sys.argv[1])
DEVICE, OTHER_DEVICE = 'net_af_packet0,iface=gx0', 'net_af_packet1,iface=gy0'
LINE = '239.1.1.1:26400'
REREQUEST, OTHER, NODE, TWIN = ('10.78.0.2', 26500), ('10.79.0.2', 26500), ('10.78.0.3', 5683), ('10.78.0.2', 5683)
GLIMPSE = ('127.0.0.1', 26600)
SESSION = b'GENESIS001'
MESSAGES = 12000
DAY = ['--messages', str(MESSAGES), '--symbols', '100', '--seed', '3', '--rate', 'messages/s:6000', '--loss', '30%', '--quiet']
COAP = next((c for c in ('coap-client', 'coap-client-notls', 'coap-client-openssl', 'coap-client-gnutls') if shutil.which(c)), None)


def network():
    for here, there, address in (('gx0', 'gx1', '10.78.0.1/24'), ('gy0', 'gy1', '10.79.0.1/24')):
        sh('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there)
        sh('ip', 'addr', 'add', address, 'dev', there)
        for name in (here, there):
            sh('ip', 'link', 'set', name, 'up')
    sh('ip', 'link', 'set', 'lo', 'up')


def day_of(path):
    """The messages of a BinaryFILE; number 0 is none."""
    with open(path, 'rb') as f:
        data = f.read()
    messages, at = [None], 0
    while at < len(data):
        n = struct.unpack_from('>H', data, at)[0]
        messages.append(data[at + 2:at + 2 + n])
        at += 2 + n
    return messages


# ---- MoldUDP64 ----

def ask(s, first, count, session=SESSION, to=REREQUEST):
    s.sendto(session + struct.pack('>QH', first, count), to)


def hear(s, seconds):
    """(session, sequence, messages, whether it is whole, from where); None: nothing came."""
    s.settimeout(seconds)
    try:
        data, sender = s.recvfrom(2048)
    except socket.timeout:
        return None
    session, first, count = struct.unpack_from('>10sQH', data)
    messages, at = [], 20
    while len(messages) < count and at + 2 <= len(data) and at + 2 + struct.unpack_from('>H', data, at)[0] <= len(data):
        n = struct.unpack_from('>H', data, at)[0]
        messages.append(data[at + 2:at + 2 + n])
        at += 2 + n
    return session, first, messages, len(messages) == count and at == len(data), sender


def fitting(day, first, count):
    """How many of them one packet holds."""
    n, size = 0, 20
    while n < count and first + n < len(day) and size + 2 + len(day[first + n]) <= 1400:
        size += 2 + len(day[first + n])
        n += 1
    return n


def fetched(s, count, to=REREQUEST):
    """The day by re-requests alone."""
    got = [None]
    while len(got) <= count:
        ask(s, len(got), 65534, to=to)
        reply = hear(s, 5)
        if reply is None:
            break
        got += reply[2]
    return got


def check_rerequests(day, to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        dice = random.Random(1)
        for _ in range(200):
            at, count = dice.randint(1, MESSAGES), dice.choice([1, 2, 5, 40, 1000, 65534])
            ask(s, at, count, to=to)
            reply = hear(s, 5)
            wanted = day[at:at + fitting(day, at, count)]
            check('re-request', reply is not None and reply == (SESSION, at, wanted, True, to), '%d+%d: %s' % (at, count, str(reply)[:200]))
        check('the whole day', fetched(s, MESSAGES, to) == day)
        for first, count, session in ((MESSAGES + 1, 1, SESSION), (1, 1, b'GENESIS002'), (1, 0, SESSION), (1, 65535, SESSION),
                                      (0, 1, SESSION)):
            ask(s, first, count, session, to)
        s.sendto(b'GENESIS001', to)
        check('nothing of nothing', hear(s, 0.5) is None)


# ---- CoAP ----

def coap(method, path, payload=None, non=False, more=()):
    """(code of the answer as libcoap's client prints it, or '2', content)"""
    words = [COAP, '-m', method, '-B', '5', *(['-N'] if non else []), *more]
    if payload is not None:
        words += ['-e', payload]
    p = run(*words, 'coap://%s/%s' % (NODE[0], path), timeout=30)
    error = [w for line in p.stderr.splitlines() for w in line.split()[:1] if w[:2] in ('4.', '5.')]
    return (error[0] if error else '2', p.stdout.strip())


def check_coap_client():
    for non in (False, True):
        what = 'NON ' if non else 'CON '
        path = 'quotes/ACME' + ('n' if non else '')
        check(what + 'nothing yet', coap('get', path, non=non)[0] == '4.04', str(coap('get', path, non=non)))
        check(what + 'create', coap('put', path, '101', non) == ('2', ''))
        check(what + 'read', coap('get', path, non=non) == ('2', '101'), str(coap('get', path, non=non)))
        check(what + 'change', coap('put', path, '102', non) == ('2', '') and coap('get', path, non=non) == ('2', '102'))
        check(what + 'add', coap('post', path, '+3', non) == ('2', '') and coap('get', path, non=non) == ('2', '102+3'))
        check(what + 'directory', '</%s>' % path in coap('get', '.well-known/core', non=non)[1], str(coap('get', '.well-known/core')))
        check(what + 'not there', coap('put', '.well-known/core', 'x', non)[0] == '4.05')
        check(what + 'delete', coap('delete', path, non=non) == ('2', '') and coap('get', path, non=non)[0] == '4.04')
        check(what + 'delete again', coap('delete', path, non=non) == ('2', ''))
    check('no preconditions', coap('put', 'once', '2', more=['-O', '5,'])[0] == '4.02', str(coap('put', 'once', '2', more=['-O', '5,'])))
    check('an unknown critical option', coap('get', 'once', more=['-O', '65001,x'])[0] == '4.02')
    long = 'z' * 90  # libcoap's client has room for 100
    check('long paths', coap('put', long, '1') == ('2', '') and coap('get', long) == ('2', '1'))


def message(kind, code, number, token=b'tok', path=(), payload=b''):
    data, last = struct.pack('>BBH', 0x40 | kind << 4 | len(token), code, number) + token, 0
    for segment in path:
        assert len(segment) < 13
        data += bytes([(11 - last) << 4 | len(segment)]) + segment.encode()
        last = 11
    return data + (b'\xff' + payload if payload else b'')


def exchanged(s, data, to=NODE, seconds=2.0):
    s.sendto(data, to)
    s.settimeout(seconds)
    try:
        return s.recv(2048)
    except socket.timeout:
        return None


def check_coap_messages():
    CON, NON, ACK, RST = range(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        post = message(CON, 2, 1, path=('count',), payload=b'x')
        first = exchanged(s, post)
        check('created', first == message(ACK, 0x41, 1), str(first))
        check('repeated', exchanged(s, post) == first)
        check('took effect once', exchanged(s, message(CON, 1, 2, path=('count',))) == message(ACK, 0x45, 2) + b'\xffx')
        other = message(NON, 2, 3, path=('count',), payload=b'y')
        check('NON is answered', (exchanged(s, other) or b'')[:2] == message(NON, 0x44, 0)[:2])
        check('and its copy is not', exchanged(s, other, seconds=0.4) is None)
        check('twins share', exchanged(s, message(CON, 1, 9, path=('count',)), TWIN) == message(ACK, 0x45, 9) + b'\xffxy')
        check('ping', exchanged(s, message(CON, 0, 4, token=b'')) == message(RST, 0, 4, token=b''))
        check('a broken CON', exchanged(s, b'\x4f\x01\x00\x05abc') == message(RST, 0, 5, token=b''))
        check('a broken NON', exchanged(s, b'\x5f\x01\x00\x05abc', seconds=0.4) is None)
        check('another version', exchanged(s, b'\x00\x01\x00\x06', seconds=0.4) is None)
        check('an unknown method', (exchanged(s, message(CON, 5, 7, path=('count',))) or b'  ')[1] == 0x85)
        check('too large', (exchanged(s, message(CON, 3, 8, path=('big',), payload=b'z' * 1025)) or b'  ')[1] == 0x8d)
        check('just not', exchanged(s, message(CON, 3, 10, path=('big',), payload=b'z' * 1024)) == message(ACK, 0x41, 10))
        for i in range(260):  # as many as there is room for, in all
            last = exchanged(s, message(CON, 3, 100 + i, path=('r%d' % i,), payload=b'1')) or b'  '
        check('no room', last[1] == 0xa3, last.hex())
        for i in range(260):
            exchanged(s, message(CON, 4, 1000 + i, path=('r%d' % i,)))


# ---- GLIMPSE ----

class Soup:
    def __init__(self, session=b'', sequence=1):
        self.socket = socket.create_connection(GLIMPSE, 10)
        self.data = b''
        login = b'user  password  ' + session.rjust(10) + str(sequence).encode().rjust(20)
        self.socket.sendall(struct.pack('>Hc', 1 + len(login), b'L') + login)

    def packet(self):
        """(type, payload); None: the stream ended."""
        while len(self.data) < 2 or len(self.data) < 2 + struct.unpack_from('>H', self.data)[0]:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.data += more
        n = struct.unpack_from('>H', self.data)[0]
        kind, payload, self.data = self.data[2:3], self.data[3:2 + n], self.data[2 + n:]
        return kind, payload

    def all(self):
        packets = []
        while True:
            packet = self.packet()
            if packet is None:
                self.socket.close()
                return packets
            packets.append(packet)


def orders_at(day, end):
    """Live orders by reference, from the messages before `end`: side, shares, symbol, price, attribution."""
    orders = {}
    for m in day[1:end]:
        kind = m[:1]
        if kind in b'AF':
            reference, side, shares, symbol, price = struct.unpack_from('>QcI8sI', m, 11)
            orders[reference] = [side, shares, symbol, price, m[36:40] if kind == b'F' else b'']
        elif kind in b'ECX':
            reference, shares = struct.unpack_from('>QI', m, 11)
            if reference in orders:
                orders[reference][1] -= shares
                if orders[reference][1] <= 0:
                    del orders[reference]
        elif kind == b'D':
            orders.pop(struct.unpack_from('>Q', m, 11)[0], None)
        elif kind == b'U':
            old, new, shares, price = struct.unpack_from('>QQII', m, 11)
            if old in orders:
                was = orders.pop(old)
                orders[new] = [was[0], shares, was[2], price, was[4]]
    return orders


def last_of(day, end, kind):
    """The last message of a type of each stock."""
    return {m[1:3]: m for m in day[1:end] if m[:1] == kind}


def check_snapshot(name, day):
    packets = Soup().all()
    check(name + ': accepted', packets[0] == (b'A', SESSION + b'1'.rjust(20)), str(packets[:1]))
    check(name + ': ended', packets[-1] == (b'Z', b'') and packets[-2][0] == b'S' and packets[-2][1][:1] == b'G', str(packets[-2:]))
    end = int(packets[-2][1][1:])
    messages = [p for kind, p in packets[1:-2] if kind == b'S']
    orders = {struct.unpack_from('>Q', m, 11)[0]: m for m in messages if m[:1] in b'AF'}
    got = {r: [m[19:20], struct.unpack_from('>I', m, 20)[0], m[24:32], struct.unpack_from('>I', m, 32)[0], m[36:40]]
           for r, m in orders.items()}
    check(name + ': orders', got == orders_at(day, end), 'at %d: %d, not %d' % (end, len(got), len(orders_at(day, end))))
    check(name + ': each once', len(orders) == sum(m[:1] in b'AF' for m in messages))
    for kind in (b'R', b'H', b'Y', b'N'):
        check(name + ': ' + kind.decode(), sorted(m for m in messages if m[:1] == kind) == sorted(last_of(day, end, kind).values()))
    events = [m for m in day[1:end] if m[:1] == b'S']
    check(name + ': event', messages[:1] == events[-1:] and sum(m[:1] == b'S' for m in messages) == min(1, len(events)))
    return end, len(messages)


# ---- tests ----

def dissected(path):
    """Whatever the servers said."""
    words = ['tshark', '-r', path, '-o', 'udp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE',
             '-d', 'udp.port==%d,moldudp64' % REREQUEST[1], '-T', 'fields', '-Y', 'ip.src==10.78.0.2 || ip.src==10.78.0.3']
    fields = ('udp.srcport', '_ws.malformed', 'udp.checksum.status', 'ip.checksum.status', 'moldudp64.count', 'coap.code', 'coap.token',
              'coap.mid')
    for field in fields:
        words += ['-e', field]
    p = run(*words, timeout=120)
    check('tshark', p.returncode == 0, p.stderr)
    rows = [dict(zip(fields, line.split('\t'))) for line in p.stdout.splitlines()]
    check('dissection', not any(r['_ws.malformed'] for r in rows), str([r for r in rows if r['_ws.malformed']][:2]))
    datagrams = [r for r in rows if r['udp.srcport']]
    check('checksums', all(r['udp.checksum.status'] == r['ip.checksum.status'] == '1' for r in datagrams))
    molds = [r for r in datagrams if r['udp.srcport'] == str(REREQUEST[1])]
    coaps = [r for r in datagrams if r['udp.srcport'] == '5683']
    check('all are what they are', len(molds) > 200 and all(r['moldudp64.count'] for r in molds)
          and len(coaps) > 500 and all(r['coap.code'] and r['coap.mid'] for r in coaps), '%d, %d' % (len(molds), len(coaps)))
    print('tshark: %d packets of MoldUDP64, %d of CoAP' % (len(molds), len(coaps)))


def test_right_servers(folder):
    report, binary, seen = (os.path.join(folder, f) for f in ('report.json', 'day.itch', 'seen.pcap'))
    capture = None
    if shutil.which('tshark'):
        capture = subprocess.Popen(['tshark', '-q', '-i', 'gx1', '-f', 'udp and not dst net 239.0.0.0/8', '-w', seen],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait(lambda: os.path.exists(seen) and os.path.getsize(seen) > 0, 20)
    exchange = Exchange(genesis, report, '--line-a', '%s=%s' % (DEVICE, LINE), *DAY, '--write-binary', binary,
                        '--rerequest', '%s:%d' % REREQUEST, '--rerequest', '%s=%s:%d,latency=2ms' % (OTHER_DEVICE, *OTHER),
                        '--service', 'quotes=%s:%d' % NODE, '--service', 'quotes=%s:%d' % TWIN, '--glimpse', '%s:%d' % GLIMPSE)
    ends = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def serves():
            ask(s, 1, 1)
            return hear(s, 0.2)
        check('serves while it sends', wait(serves, 60) is not None)
        day = day_of(binary)
        ask(s, MESSAGES, 1)
        early = list(iter(lambda: hear(s, 0.3), None))  # answers to what was asked before may be among them
        check('nothing of the future', all(reply[1] == 1 for reply in early), str(early)[:200])
        check('was it the future', exchange.report() is None, 'it had sent all')
    while exchange.report() is None and exchange.process.poll() is None:
        ends.append(check_snapshot('snapshot while it sends', day))
        time.sleep(0.2)
    before = exchange.sent()
    check('snapshots on the way', len({end for end, _ in ends}) > 2, str(ends))
    check('something was lost', before['lost_messages'] > 1000, str(before['lost_messages']))
    check('the last snapshot', check_snapshot('snapshot', day)[0] == MESSAGES + 1)
    for name, asked in (('another session', (b'GENESIS009', 1)), ('another sequence', (b'', 7))):
        check(name, Soup(*asked).all() == [(b'J', b'S')])
    check('this session', Soup(SESSION, 0).all()[0] == (b'A', SESSION + b'1'.rjust(20)))
    socket.create_connection(GLIMPSE, 10).close()
    check_rerequests(day, REREQUEST)
    check_rerequests(day, OTHER)
    check_coap_client()
    check_coap_messages()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b'x', (NODE[0], 4711))
    if capture is not None:
        sizes = [-1]
        wait(lambda: sizes.append(os.path.getsize(seen)) or sizes[-1] == sizes[-2], 20, 1)
        capture.terminate()
        capture.communicate(timeout=30)
        dissected(seen)
    exchange.end()
    after = exchange.report()
    first, second, node, twin = after['servers']
    check('counts', first['replies'] >= 200 and first['malformed'] == 4 and second['malformed'] == 4
          and first['requests'] == first['replies'] + first['malformed'] + first['unknown'], str(first))
    check('counts of nodes', node['methods']['get'] > 10 and node['repeated'] == 2 and twin['methods']['get'] == 1
          and node['success'] > 500 and node['server_errors'] >= 1 and node['resets'] == 2, str(node))
    check('counts of snapshots', after['glimpse']['done'] == len(ends) + 2 and after['glimpse']['no_session'] == 2
          and after['glimpse']['left'] == 1, str(after['glimpse']))
    check('unclaimed', after['unclaimed_datagrams'] == 1 and after['frames_refused'] == 0)
    check('the rest stays', all(after[k] == before[k] for k in ('messages', 'lost_messages', 'packets', 'lost')))


def kinds_of(day, replies, at):
    """What a client makes of what came for one request."""
    if not replies:
        return 'nothing'
    session, first, messages, whole, _ = replies[0]
    if len(replies) == 2:
        return 'duplicate' if replies[0] == replies[1] else 'odd'
    if session != SESSION:
        return 'token'
    if not whole:
        return 'truncated'
    right = messages == day[first:first + len(messages)]
    return 'odd' if not right else 'right' if first == at else 'range'


def test_scripts(folder, day, seed):
    report = os.path.join(folder, 'scripted.json')
    script = ('latency=uniform:1ms:0.5,loss=10%%,fail=10%%,wrong=token:10%%,wrong=truncated:10%%,wrong=range:10%%,'
              'wrong=duplicate:10%%,wrong=late:5%%:1h,seed=%d' % seed)
    exchange = Exchange(genesis, report, '--line-a', '%s=%s' % (DEVICE, LINE), *DAY, '--rate', 'flat', '--sessions', '2',
                        '--rerequest', '%s=%s:%d' % (OTHER_DEVICE, *OTHER),
                        '--rerequest', '%s:%d,%s' % (*REREQUEST, script), '--service', 'x=%s:%d,failing=0s+1h' % NODE,
                        '--service', 'x=%s:%d,blackhole=0s+1h' % TWIN, '--glimpse', '%s:%d,wrong=truncated:100%%' % GLIMPSE)
    exchange.sent()
    counts, dice = {}, random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b'x', REREQUEST)  # now the kernel knows where that is
        time.sleep(0.5)
        # A socket for each: however late an answer comes, it is known what of.
        asked = []
        for _ in range(120):
            asked.append((socket.socket(socket.AF_INET, socket.SOCK_DGRAM), dice.randint(100, MESSAGES - 100)))
            ask(asked[-1][0], asked[-1][1], 3)
        time.sleep(2)
        for one, at in asked:
            replies = list(iter(lambda: hear(one, 0.001), None))
            kind = kinds_of(day, replies, at)
            counts[kind] = counts.get(kind, 0) + 1
            one.close()
        check('unavailable to a client', coap('get', 'a')[0] == '5.03', str(coap('get', 'a')))
        check('unavailable', (exchanged(s, message(0, 1, 1, path=('a',))) or b'  ')[1] == 0xa3)
        ask(s, 1, 1, b'GENESIS002', OTHER)
        check('the second session', (hear(s, 5) or [None])[0] == b'GENESIS002')
        ask(s, MESSAGES, 1, SESSION, OTHER)
        check('the first one yet', (hear(s, 5) or [None])[:3] == (SESSION, MESSAGES, day[-1:]))
        check('black hole', exchanged(s, message(0, 1, 1, path=('a',)), TWIN, 0.3) is None)
    packets = Soup().all()
    check('cut short', packets and packets[0] == (b'A', b'GENESIS002' + b'1'.rjust(20)) and packets[-1][0] == b'S'
          and packets[-1][1][:1] != b'G', str(packets[-1:]))
    exchange.end()
    after = exchange.report()
    server = after['servers'][1]
    for kind in ('token', 'truncated', 'range', 'duplicate'):
        check('scripted: ' + kind, counts.get(kind, 0) == server['wrong'][kind], '%s, not %s' % (counts, server))
    check('scripted: silence', counts.get('nothing', 0) == server['lost'] + server['failed'] + server['wrong']['late'], str(counts))
    check('scripted: nothing odd', 'odd' not in counts and counts['right'] > 20, str(counts))
    check('cut', after['glimpse']['cut'] == 1, str(after['glimpse']))
    return server


def test_capture(folder, day):
    """A capture is served, too: what is lost of it when it is sent again."""
    report, pcap = os.path.join(folder, 'again.json'), os.path.join(folder, 'day.pcap')
    lossless = [w for w in DAY if w not in ('--loss', '30%')]
    check('written', genesis('exchange', '--line-a', LINE, *lossless, '--write-pcap', pcap).returncode == 0)
    exchange = Exchange(genesis, report, '--line-a', '%s=%s' % (DEVICE, LINE), '--input', pcap, '--loss', '50%', '--rate', 'flat', '--quiet',
                        '--rerequest', '%s:%d' % REREQUEST)
    check('of a capture, too', exchange.sent()['lost_messages'] > 1000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        check('a capture is served', fetched(s, MESSAGES) == day)
    exchange.end()


if COAP is None:
    skip('coap-client (libcoap3-bin) is not installed')
need_namespaces()
enter_namespace()
with scratch() as place:
    network()
    test_right_servers(place)
    days = day_of(os.path.join(place, 'day.itch'))
    check('the same script, the same fates', test_scripts(place, days, 5) == test_scripts(place, days, 5))
    test_capture(place, days)
finish('exchange servers')
