# SPDX-License-Identifier: BSD-3-Clause
"""Services over the wire: Genesis asks Debian's coap-server, another's implementation of RFC 7252, over a pair of veth whether it is
well. Its station is resolved by ARP, GETs are answered; when the server is gone the breaker opens, and when it is back it closes again.
Rubbish completes nothing. Holes of a feed are asked of re-request servers. A request to a node that does not exist is refused with a clear line.

In a network namespace of its own that ends with the test.

usage: test_services_live.py GENESIS ASKS
ASKS: a component that asks (asks.c).
Exit code 77: this machine cannot (not root, no namespaces, no coap-server).
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, enter_namespace, finish, need_namespaces, scratch, sh, skip, wait  # noqa: E402

genesis = Genesis(sys.argv[1])
NAME = 'test-services-%d' % os.getpid()
OURS, SERVER, SECOND = '10.78.0.2', '10.78.0.1', '10.78.0.3'

CONFIG = '''engine: {name: %s, dpdk_memory: 64MiB, huge_pages: no, pool: 16MiB}
cores:
  - {name: first}
  - {name: second}
ports:
  - device: "net_af_packet0,iface=sv0"
    core: first
    address: %s/24
feeds:
  - protocol: itch50
    symbols_max: 64
    lines:
      - address: 239.1.1.1:26400
groups:
  - {orders_max: 64, levels_max: 64}
shards:
  - {core: %s}
resilience:
  breaker: {open: 300ms, open_max: 600ms, samples: 4, window: 8}
  timeout: {closed: 100ms, resilient: 100ms, ultra_resilient: 100ms, half_open: 100ms, operation: 300ms}
  modes: {enter: {degraded: 60%%, unhealthy: 70%%, recoverable: 80%%, collapsed: 90%%}}
services:
  - name: coap
    nodes: ["%s:5683"]
    probe: {path: "time", every: 50ms}
%s'''


def server_program():
    for name in ('coap-server-notls', 'coap-server', 'coap-server-openssl', 'coap-server-gnutls'):
        if shutil.which(name):
            return shutil.which(name)
    return skip('no coap-server (libcoap3-bin)')


def start_server(program):
    return subprocess.Popen([program, '-A', SERVER, '-p', '5683', '-d', '10'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def service(status, name='coap'):
    return next(s for s in status['services'] if s['name'] == name)


def live(folder, program, core):
    """Genesis polls the port with one core and asks from `core`: the same, or one that frames and answers are handed over to."""
    path = os.path.join(folder, core + '.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write(CONFIG % (NAME, OURS, core, SERVER, ''))
    server = start_server(program)
    process = genesis.start(NAME, path)
    try:
        status = genesis.when(NAME, lambda s: service(s)['success'] >= 20 and service(s)['latency_q95_ns'] > 0, 30)
        coap = service(status)
        check(core + ': asked from', coap['core'] == core, coap['core'])
        check(core + ': GETs are answered', coap['success'] >= 20, str(coap))
        # On a busy machine an answer may come late now and then.
        check(core + ': breaker', coap['breaker'] in ('closed', 'resilient'), coap['breaker'])
        check(core + ': station', coap['nodes'][0]['station'] == 'known', str(coap['nodes']))
        check(core + ': latency', 0 < coap['latency_q95_ns'] < 100000000, str(coap['latency_q95_ns']))
        check(core + ': no bad replies', coap['bad_replies'] == 0, str(coap))
        handed = next(c for c in status['cores'] if c['name'] == 'first')['handed_over']
        check(core + ': answers are handed over', (handed > 0) == (core == 'second'), str(handed))

        server.kill()
        server.wait()
        coap = service(genesis.when(NAME, lambda s: service(s)['breaker'] == 'open' or service(s)['refused'] > 0, 30))
        check(core + ': the breaker opens', coap['breaker'] in ('open', 'half_open') or coap['refused'] > 0, str(coap))
        status = genesis.when(NAME, lambda s: service(s)['refused'] > 2, 30)
        check(core + ': an open breaker refuses', service(status)['refused'] > 2, str(service(status)))

        server = start_server(program)
        before = service(genesis.status(NAME))['success']
        coap = service(genesis.when(NAME, lambda s: service(s)['breaker'] == 'closed' and service(s)['success'] > before + 10, 60))
        check(core + ': the breaker closes', coap['breaker'] == 'closed' and coap['success'] > before + 10, str(coap))
        text = genesis('status', NAME).stdout
        check(core + ': status', 'service coap (coap) from core %s: closed' % core in text and 'mode normal' in text, text)
    finally:
        server.kill()
        server.wait()
        process.terminate()
        out, error = process.communicate(timeout=60)
    check(core + ': run', process.returncode == 0, error)


def component(folder, program, core):
    """A component asks by all methods; when the server is gone it is told so, and asks on when it is back."""
    path = os.path.join(folder, 'asks.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write((CONFIG % (NAME, OURS, core, SERVER, '')).replace('    probe: {path: "time", every: 50ms}\n', '').replace(
            'levels_max: 64}', 'levels_max: 64, components: [{type: asks, library: %s}]}' % os.path.abspath(sys.argv[2])))

    def values(status):
        return next(iter(status['groups'][0]['components'].values()))

    def shard(status):
        return status['shards'][0]
    server = start_server(program)
    process = genesis.start(NAME, path)
    what = 'component on ' + core
    try:
        names = ('gets', 'puts', 'got', 'deletes', 'missing', 'forbidden')
        seen = genesis.when(NAME, lambda s: all(values(s)[n] >= 5 for n in names), 60)
        check(what + ': all methods', all(values(seen)[n] >= 5 for n in names), str(values(seen)))
        check(what + ': nothing else', values(seen)['wrong'] == 0, str(values(seen)))
        server.kill()
        server.wait()
        before = values(genesis.status(NAME))
        seen = genesis.when(NAME, lambda s: values(s)['other'] >= before['other'] + 5, 30)
        check(what + ': told that nobody answers', values(seen)['other'] >= before['other'] + 5, str(values(seen)))
        server = start_server(program)
        before = values(genesis.status(NAME))
        seen = genesis.when(NAME, lambda s: values(s)['gets'] >= before['gets'] + 3, 60)
        check(what + ': and asks on', values(seen)['gets'] >= before['gets'] + 3 and values(seen)['wrong'] == 0, str(values(seen)))
        check(what + ': written down', shard(seen)['requests_sent'] > 0 and shard(seen)['replies_unexpected'] == 0, str(shard(seen)))
    finally:
        server.kill()
        server.wait()
        process.terminate()
        _, error = process.communicate(timeout=60)
    check(what + ': run', process.returncode == 0, error)


class Node(threading.Thread):
    """A server of the test's own, which answers wrongly: another token, another kind, half of it, and each answer twice."""

    def __init__(self):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((SERVER, 5683))
        self.socket.settimeout(0.1)
        self.asked = 0
        self.over = False

    def run(self):
        while not self.over:
            try:
                data, who = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            self.asked += 1
            token = data[4:4 + (data[0] & 15)]
            head = bytes([0x50 | len(token), 0x45, 0x12, self.asked & 255])
            for bad in (b'', head[:3], head + bytes(len(token)), head + token[:4], b'\xff' * 40, data):
                self.socket.sendto(bad, who)
            if self.asked % 2:
                self.socket.sendto(head + token + b'\xffwell', who)
                self.socket.sendto(head + token + b'\xffwell', who)

    def close(self):
        self.over = True
        self.join()
        self.socket.close()


def bad_replies(folder):
    """Every other request is answered well, and all by rubbish first: it is counted, and completes nothing."""
    path = os.path.join(folder, 'bad.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write(CONFIG % (NAME, OURS, 'first', SERVER, '    retry: {max: 0}\n    hedge: {enabled: no}\n    breaker: {states: none}\n'))
    node = Node()
    node.start()
    process = genesis.start(NAME, path)
    try:
        status = genesis.when(NAME, lambda s: service(s)['success'] >= 10 and service(s)['timeout'] >= 5, 60)
        coap = service(status)
        check('bad replies: the good one counts', coap['success'] >= 10, str(coap))
        check('bad replies: others complete nothing', coap['timeout'] >= 5 and coap['success'] <= node.asked // 2 + 1, str(coap))
        check('bad replies: counted', coap['bad_replies'] > 5 * coap['success'], str(coap))
    finally:
        node.close()
        process.terminate()
        process.communicate(timeout=60)


def refused(folder):
    for what, nodes, said in (('a name', '["somewhere"]', 'no ADDRESS:PORT ("somewhere")'), ('far', '["10.99.0.1:5683"]', 'no gateway')):
        path = os.path.join(folder, 'refused.yaml')
        with open(path, 'w', encoding='ascii') as f:
            f.write((CONFIG % (NAME, OURS, 'first', SERVER, '')).replace('["%s:5683"]' % SERVER, nodes))
        p = genesis('run', path)
        check('refused: ' + what, p.returncode == 1 and said in p.stderr and 'refused.yaml:' in p.stderr, p.stderr)
        p = genesis('check', path)
        check('check takes ' + what, p.returncode == 0, p.stderr)


class Rewinder(threading.Thread):
    """A MoldUDP64 re-request server over messages that are the numbers of their sequence; deaf while it shall be."""

    def __init__(self, address):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 18000))
        self.socket.settimeout(0.1)
        self.asked = []
        self.over = self.is_deaf = False

    def run(self):
        while not self.over:
            try:
                data, who = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            session, first, count = struct.unpack('>10sQH', data)
            self.asked.append((first, count))
            if not self.is_deaf:
                self.socket.sendto(mold(first, min(count, 20), session), who)

    def close(self):
        self.over = True
        self.join()
        self.socket.close()


def mold(first, count, session=b'TEST000001'):
    """A downstream packet: system events, each with its sequence as timestamp."""
    blocks = b''.join(struct.pack('>HcHH6sc', 12, b'S', 0, 0, (first + i).to_bytes(6, 'big'), b'O') for i in range(count))
    return struct.pack('>10sQH', session, first, count) + blocks


def recovery(folder, core):
    """Holes in the feed are filled by the second server when the first is deaf; what no server has becomes a gap."""
    path = os.path.join(folder, 'recovery.yaml')
    with open(path, 'w', encoding='ascii') as f:
        text = CONFIG % (NAME, OURS, 'first', SERVER, '')
        text = text[:text.index('services:')].replace('    symbols_max: 64\n', (
            '    symbols_max: 64\n    core: %s\n    gap: {hold_max: 800ms}\n'
            '    recovery: {servers: ["%s:18000", "%s:18000"]}\n') % (core, SERVER, SECOND))
        f.write(text)
    rewinders = [Rewinder(SERVER), Rewinder(SECOND)]
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(SERVER))
    for r in rewinders:
        r.start()
    process = genesis.start(NAME, path)
    what = 'recovery on core ' + core

    def feed(status):
        return status['feeds'][0]

    def send(first, count):
        out.sendto(mold(first, count), ('239.1.1.1', 26400))
    try:
        genesis.when(NAME, lambda s: all(n['station'] == 'known' for n in s['services'][0]['nodes']), 30)
        send(1, 10)
        send(61, 5)     # 11 to 60 are missing: three replies of 20
        status = genesis.when(NAME, lambda s: feed(s)['next_sequence'] == 66, 10)
        check(what + ': healed', feed(status)['next_sequence'] == 66 and feed(status)['arbiter']['gaps'] == 0, str(feed(status)['arbiter']))
        check(what + ': by servers', feed(status)['arbiter']['healed_by_recovery'] == 50, str(feed(status)['arbiter']))
        check(what + ': all messages once', feed(status)['messages'] == 65, str(feed(status)['messages']))
        rewinders[0].is_deaf = True
        send(100, 1)
        status = genesis.when(NAME, lambda s: feed(s)['next_sequence'] == 101, 10)
        check(what + ': the second server', feed(status)['next_sequence'] == 101 and feed(status)['arbiter']['gaps'] == 0 and
              len(rewinders[1].asked) > 0, str(feed(status)['arbiter']))
        rewinders[1].is_deaf = True
        send(200, 1)
        status = genesis.when(NAME, lambda s: feed(s)['next_sequence'] == 201, 10)
        check(what + ': nobody has it: a gap', feed(status)['arbiter']['gaps'] == 1 and feed(status)['arbiter']['lost_messages'] == 99,
              str(feed(status)['arbiter']))
    finally:
        for r in rewinders:
            r.close()
        out.close()
        process.terminate()
        _, error = process.communicate(timeout=60)
    check(what + ': run', process.returncode == 0, error)


def main():
    need_namespaces()
    program = server_program()
    enter_namespace()
    sh('ip', 'link', 'set', 'lo', 'up')
    sh('ip', 'link', 'add', 'sv0', 'type', 'veth', 'peer', 'name', 'sv1')
    for address in (SERVER, SECOND):
        sh('ip', 'addr', 'add', address + '/24', 'dev', 'sv1')
    for name in ('sv0', 'sv1'):
        sh('ip', 'link', 'set', name, 'up')
    with scratch(NAME) as folder:
        refused(folder)
        live(folder, program, 'first')
        live(folder, program, 'second')
        component(folder, program, 'first')
        component(folder, program, 'second')
        bad_replies(folder)
        recovery(folder, 'first')
        recovery(folder, 'second')
    finish('services live')


main()
