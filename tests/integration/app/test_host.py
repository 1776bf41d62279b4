# SPDX-License-Identifier: BSD-3-Clause
"""A port with an address of its own, on a Linux bridge that snoops and asks: the kernel resolves and pings it, the bridge sends it the
groups it joined and no others, asks again and is answered, in version 3 and in version 2, and forgets it when it leaves. What it
said is taken apart by tshark, where that is installed.

All in a network namespace of its own that ends with the test: gv0 (the port) - gv1 on the bridge, sv0 on the bridge - sv1 (a sender).
In a VLAN, too, and again when the link was away.

usage: test_host.py GENESIS af_packet|af_xdp
Exit code 77: this machine cannot (not root, no namespaces, no bridge that snoops, no such socket).
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, NotStarted, check, enter_namespace, finish, need_namespaces, run, scratch, sh, skip, wait  # noqa: E402

genesis, KIND = Genesis(sys.argv[1]), sys.argv[2]
NAME = 'test-host-%d' % os.getpid()
ADDRESS, BRIDGE, SOURCE, OTHER = '10.77.0.2', '10.77.0.1', '10.77.0.9', '10.77.0.8'
ANY, SSM, UNWANTED = '239.1.1.1', '239.1.1.2', '239.1.1.9'
UDP_PORT = 26400


def network(version):
    """The bridge asks every second, but believes what it was told for minutes: what goes sooner has left. It filters once its first
    answers' time is over, which is the one set when it begins to ask."""
    sh('ip', 'link', 'add', 'gbr', 'type', 'bridge', 'mcast_snooping', '1', 'mcast_query_use_ifaddr', '1',
       'mcast_igmp_version', str(version), 'mcast_query_response_interval', '50', 'mcast_query_interval', '100',
       'mcast_startup_query_interval', '100', 'mcast_membership_interval', '26000', 'mcast_last_member_interval', '100')
    sh('ip', 'link', 'set', 'gbr', 'type', 'bridge', 'mcast_querier', '1')
    for here, there in (('gv0', 'gv1'), ('sv1', 'sv0')):
        sh('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there)
        sh('ip', 'link', 'set', there, 'master', 'gbr')
    sh('bridge', 'link', 'set', 'dev', 'gv1', 'fastleave', 'on')
    sh('ip', 'addr', 'add', BRIDGE + '/24', 'dev', 'gbr')
    for name in ('gv0', 'gv1', 'sv0', 'sv1', 'gbr'):
        sh('ip', 'link', 'set', name, 'up')


def network_away():
    for name in ('gv0', 'sv1', 'gbr'):
        run('ip', 'link', 'del', name)


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(number, size):
    """An echo request by the kernel, which has to resolve the address first; the data that came back, or None."""
    data = bytes(i & 255 for i in range(size))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.settimeout(0.5)
        head = struct.pack('>BBHHH', 8, 0, 0, 0x4747, number)
        s.sendto(head[:2] + struct.pack('>H', checksum(head + data)) + head[4:] + data, (ADDRESS, 0))
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                packet = s.recv(65536)
            except socket.timeout:
                return None
            icmp = packet[(packet[0] & 15) * 4:]
            if icmp[0] == 0 and icmp[4:8] == head[4:8] and checksum(icmp) == 0:
                return icmp[8:]
    return None


class Wire:
    """Both ends' frames as they pass the bridge's port, each with its VLAN; written as a capture file at the end."""
    SOL_PACKET, PACKET_AUXDATA = 263, 8

    def __init__(self):
        self.frames = []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(('gv1', 0))
        self.socket.settimeout(0.1)
        self.socket.setsockopt(self.SOL_PACKET, self.PACKET_AUXDATA, 1)
        self.over = False
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.over:
            try:
                frame, extra, _, _ = self.socket.recvmsg(65536, 256)
                self.frames.append((frame, struct.unpack('HHH', extra[0][2][14:20])[1]))
            except (socket.timeout, OSError):
                pass

    def close(self):
        self.over = True
        self.thread.join()
        self.socket.close()

    def said(self, mac):
        return [(frame, vlan) for frame, vlan in list(self.frames) if frame[6:12] == mac]

    def write(self, path, mac):
        said = [frame for frame, _ in self.said(mac)]
        with open(path, 'wb') as out:
            out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65536, 1))
            for i, frame in enumerate(said):
                out.write(struct.pack('<IIII', i, 0, len(frame), len(frame)) + frame)
        return len(said)


class Sender:
    def __init__(self, interface='sv1'):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))

    def datagrams(self, group, source, count=20):
        """Heartbeats of MoldUDP64 to a group."""
        mac = bytes([1, 0, 0x5e]) + bytes([socket.inet_aton(group)[1] & 127]) + socket.inet_aton(group)[2:]
        payload = b'TESTSESSIO' + struct.pack('>QH', 1, 0)
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, socket.inet_aton(source),
                         socket.inet_aton(group))
        ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
        udp = struct.pack('>HHHH', 4000, UDP_PORT, 8 + len(payload), 0)
        for _ in range(count):
            self.socket.send(mac + bytes.fromhex('0200000000aa0800') + ip + udp + payload)

    def arp(self, address, tag=''):
        """Asks who has the port's address, as a station with this one; with its own, that is a claim."""
        arp = struct.pack('>HHBBH6s4s6s4s', 1, 0x0800, 6, 4, 1, bytes.fromhex('0200000000bb'), socket.inet_aton(address), bytes(6),
                          socket.inet_aton(ADDRESS))
        self.socket.send(b'\xff' * 6 + bytes.fromhex('0200000000bb' + tag + '0806') + arp + bytes(18))

    def close(self):
        self.socket.close()


class Engine:
    def __init__(self, folder, more=''):
        path = os.path.join(folder, 'host.yaml')
        with open(path, 'w', encoding='ascii') as f:
            f.write('engine: {name: %s, pool: 16MiB, huge_pages: no}\ncores: [{name: worker, idle: yield}]\n' % NAME)
            f.write('ports:\n  - {name: a, device: "net_%s0,iface=gv0", address: %s/24%s}\n' % (KIND, ADDRESS, more))
            f.write('feeds:\n  - name: itch\n    protocol: itch50\n    symbols_max: 64\n    log: {min: 4MiB, max: 4MiB}\n'
                    '    gap: {parking: 2MiB}\n    lines:\n')
            f.write('      - {name: A, port: a, address: "%s:%d"}\n' % (ANY, UDP_PORT))
            f.write('      - {name: B, port: a, address: "%s:%d", source: %s}\n' % (SSM, UDP_PORT, SOURCE))
            f.write('groups: [{name: books, feed: itch, symbols_max: 64, orders_max: 1024, levels_max: 1024}]\n')
        try:
            self.process = genesis.start(NAME, path)
        except NotStarted as e:
            if KIND == 'af_xdp' and 'xdp' in str(e).lower():
                skip('AF_XDP cannot be used here: ' + str(e).strip().splitlines()[-1])
            raise

    @staticmethod
    def status():
        return genesis.status(NAME)

    def host(self):
        return self.status()['ports'][0]['host']

    def core(self):
        return self.status()['cores'][0]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        out, error = self.process.communicate(timeout=60)
        check('stopped', self.process.returncode == 0, error)
        return out, error


def members():
    """group -> its line in the bridge's table for the port that leads to Genesis."""
    lines = [line for line in sh('bridge', 'mdb', 'show', 'dev', 'gbr').splitlines() if ' port gv1 ' in line]
    return {line.split(' grp ')[1].split()[0]: line for line in lines}


def test_host(engine):
    answer = wait(lambda: ping(1, 56), 10)
    check('ping', answer == bytes(range(56)), answer)
    mac = engine.host()['mac']
    check('resolved', mac in sh('ip', 'neigh', 'show', ADDRESS), sh('ip', 'neigh'))
    for number, size in enumerate((0, 1, 1472), 2):
        answer = wait(lambda n=number, s=size: ping(n, s) is not None, 10)
        check('ping of %d' % size, answer)
    check('no answer to fragments', ping(9, 3000) is None)
    # AF_PACKET's driver lets the kernel put them together, which then is longer than the port's frames.
    fragments = 'receive_dropped' if KIND == 'af_packet' else 'fragments'
    host = wait(lambda: engine.host() if engine.host()[fragments] else None) or engine.host()
    check('counted', host[fragments] >= 1 and host['arp_requests'] >= 1 and host['echo_replies'] >= 4, host)
    check('shown', host['address'] == ADDRESS and host['prefix_bits'] == 24 and host['conflict_mac'] is None, host)
    return bytes.fromhex(mac.replace(':', ''))


def test_conflict(engine, sender):
    sender.arp(ADDRESS)
    host = wait(lambda: engine.host() if engine.host()['arp_conflicts'] else None) or engine.host()
    check('conflict', host['conflict_mac'] == '02:00:00:00:00:bb' and host['arp_announcements'] >= 2, host)


def taken(engine, sender, group, source):
    """How many of 20 datagrams arrive as a line's; the two lines' last ones come behind them, so nothing is waited for in vain."""
    before = engine.core()
    sender.datagrams(group, source)
    sender.datagrams(ANY, SOURCE, 1)
    sender.datagrams(SSM, SOURCE, 1)
    after = wait(lambda: engine.core() if engine.core()['feed_packets'] >= before['feed_packets'] + 2 else None) or engine.core()
    time.sleep(0.1)
    after = engine.core()
    check('%s: nothing unknown' % group, after['unknown_destination'] == before['unknown_destination'], after)
    return after['feed_packets'] - before['feed_packets'] - 2


def test_forwarding(engine, sender, version):
    """Before the bridge knows who asks (its own first answers' time) it sends everything everywhere."""
    def is_filtering():
        before = engine.core()['unknown_destination']
        sender.datagrams(UNWANTED, SOURCE, 1)
        sender.datagrams(ANY, SOURCE, 1)
        time.sleep(0.1)
        return engine.core()['unknown_destination'] == before
    check('the bridge filters', wait(is_filtering))
    check('joined', taken(engine, sender, ANY, SOURCE) == 20)
    check('not joined', taken(engine, sender, UNWANTED, SOURCE) == 0)
    check('from its source', taken(engine, sender, SSM, SOURCE) == 20)
    before = engine.core()['other_source']
    check('from another', taken(engine, sender, SSM, OTHER) == 0)
    # Version 2 cannot keep another source out; the receiver does.
    check('kept out', engine.core()['other_source'] - before == (0 if version == 3 else 20), engine.core())


def test_membership(engine, version):
    check('joined', wait(lambda: set(members()) == {ANY, SSM}), members())
    if version == 3:
        check('with its source', wait(lambda: 'src ' + SOURCE in sh('bridge', '-d', 'mdb', 'show', 'dev', 'gbr')), members())
    reports = engine.host()['igmp_reports']
    host = wait(lambda: engine.host() if engine.host()['igmp_reports'] >= reports + 2 * (3 - version + 1) else None) or engine.host()
    check('asked and answered', host['igmp_queries_v%d' % version] >= 2 and host['igmp_reports'] > reports, host)
    check('shown', host['querier'] == BRIDGE and host['igmp_version'] == version and host['groups'] == 2, host)
    check('listed', host['memberships'] == [{'group': ANY, 'source': None}, {'group': SSM, 'source': SOURCE}], host)


def test_tshark(path, count):
    if shutil.which('tshark') is None:
        print('no tshark: what was said is not taken apart by it')
        return
    sums = [name + '.checksum.status' for name in ('ip', 'igmp', 'icmp')]
    words = ['tshark', '-o', 'ip.check_checksum:TRUE', '-r', path, '-Y', 'arp || icmp || igmp', '-T', 'fields', '-E', 'header=y']
    for field in ('frame.number', '_ws.malformed', *sums):
        words += ['-e', field]
    rows = [line.split('\t') for line in sh(*words).splitlines()[1:]]
    bad = [row for row in rows if row[1] or '0' in row[2:]]
    check('tshark', not bad and len(rows) == count, '%s\n%d of %d' % (bad, len(rows), count))
    print('tshark: %d frames, none malformed' % len(rows))


def test_all(folder, version):
    network(version)
    wire = Wire()
    sender = Sender()
    try:
        engine = Engine(folder)
        try:
            mac = test_host(engine)
            test_membership(engine, version)
            test_forwarding(engine, sender, version)
            test_conflict(engine, sender)
        finally:
            out, error = engine.stop()
        check('conflict told', 'used by another station, 02:00:00:00:00:bb' in error, error)
        check('status says so', 'CONFLICT' in out and 'querier ' + BRIDGE in out, out)
        check('left', wait(lambda: not members()), members())
    finally:
        wire.close()
        sender.close()
        network_away()
    path = os.path.join(folder, 'said.pcap')
    test_tshark(path, wire.write(path, mac))


def test_vlan(folder):
    network(3)
    wire = Wire()
    sender = Sender('gv1')  # from beside the port: a bridge takes the tag off, and veth does not give it to AF_XDP
    try:
        engine = Engine(folder, ', vlan: 5')
        wait(lambda: engine.host()['arp_announcements'] >= 2)
        mac = bytes.fromhex(engine.host()['mac'].replace(':', ''))
        for tag in ('', '81000006', '81000005'):
            sender.arp(OTHER, tag)
        host = wait(lambda: engine.host() if engine.host()['arp_requests'] else None) or engine.host()
        check('only its VLAN', host['arp_requests'] == 1 and host['ignored'] >= 2, host)
        check('in its VLAN', wait(lambda: len(wire.said(mac)) >= 4) and all(vlan == 5 for _, vlan in wire.said(mac)), wire.said(mac))
        sh('ip', 'link', 'set', 'gv1', 'down')
        check('down', wait(lambda: engine.status()['ports'][0]['link_up'] == 0))
        before = engine.host()
        sh('ip', 'link', 'set', 'gv1', 'up')
        check('said again', wait(lambda: engine.host()['arp_announcements'] >= before['arp_announcements'] + 2
                                 and engine.host()['igmp_reports'] >= before['igmp_reports'] + 2), engine.host())
        engine.stop()
    finally:
        wire.close()
        sender.close()
        network_away()


def main():
    need_namespaces('bridge')
    enter_namespace()
    sh('ip', 'link', 'set', 'lo', 'up')
    try:
        network(3)
    except subprocess.CalledProcessError as e:
        skip('no bridge that snoops: ' + e.stderr.strip())
    network_away()
    with scratch(NAME) as folder:
        for version in (3, 2):
            test_all(folder, version)
        test_vlan(folder)
    finish('host over ' + KIND)


main()
