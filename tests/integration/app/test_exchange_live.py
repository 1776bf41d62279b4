# SPDX-License-Identifier: BSD-3-Clause
"""`genesis exchange` beside a live `genesis run`: two impaired lines, a port each, from one network namespace to another over veth
pairs (AF_PACKET, AF_XDP) or over memif, where it is sent flat out. The engine's books are the exchange's, and what it lost is exactly
what no line carried. With `cores` each port is polled by a core of its own and the feed is a third one's; over memif all three are
sealed.

usage: test_exchange_live.py GENESIS af_packet|af_xdp|memif [cores]
Exit code 77: this machine cannot (not root, no ip, no such socket).

GENESIS_LIVE_MESSAGES=N runs a day of N messages and nothing else, at GENESIS_LIVE_RATE (default messages/s:20000; memif: flat), and
prints what came of it.
"""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import (Exchange, Genesis, NotStarted, check, finish, inside, namespaces, need_namespaces,  # noqa: E402
                     same, scratch, sh, skip)

genesis, KIND = Genesis(sys.argv[1]), sys.argv[2]
CORES = len(sys.argv) > 3
SEALED = CORES and KIND == 'memif'
NAME = 'test-exchange-%d' % os.getpid()
VENUE, ENGINE = ['gex%s%d' % (side, os.getpid() % 100000) for side in 've']  # network namespaces
LARGE = os.environ.get('GENESIS_LIVE_MESSAGES')
RATE = os.environ.get('GENESIS_LIVE_RATE', 'flat' if KIND == 'memif' else 'messages/s:20000')
ADDRESS = {'a': '239.1.1.1:26400', 'b': '239.1.1.2:26401'}
LINES = {}  # name -> (device here, device there)


def check(name, condition, text=''):
    global failures
    if not condition:
        failures += 1
        print('FAIL %s: %s' % (name, text))


def lines_up(folder):
    if KIND == 'memif':
        for i, line in enumerate('ab'):
            memif = 'net_memif%d,socket-abstract=no,socket=%s,role=' % (i, os.path.join(folder, line))
            LINES[line] = (memif + 'server', memif + 'client')
        return
    for i, line in enumerate('ab'):
        here, there = 'ge' + line, 'gv' + line
        sh(*inside(ENGINE), 'ip', 'link', 'add', 'name', here, 'type', 'veth', 'peer', 'name', there, 'netns', VENUE)
        sh(*inside(ENGINE), 'ip', 'link', 'set', here, 'up')
        sh(*inside(VENUE), 'ip', 'link', 'set', there, 'up')
        # Room for seconds of traffic: what the kernel dropped here would be the machine's loss, not the lines'.
        room = ',framecnt=16384' if KIND == 'af_packet' else ''
        LINES[line] = ('net_%s%d,iface=%s%s' % (KIND, i, here, room), 'net_%s%d,iface=%s' % (KIND, i, there))


def in_space(space):
    return [] if KIND == 'memif' else inside(space)


def config(path):
    with open(path, 'w', encoding='ascii') as f:
        f.write('engine: {name: %s, pool: 512MiB, dpdk_memory: 256MiB, huge_pages: no}\n' % NAME)
        # Room for all that is sent: nothing may depend on who is given the machine's processors when.
        idle = 'pause' if SEALED else 'yield'
        f.write('cores: [{name: worker, idle: %s, hand_over: 32MiB}, {name: core-a, idle: %s}, {name: core-b, idle: %s}]\n'
                'ports:\n' % (idle, idle, idle))
        for line in 'ab':
            f.write('  - {name: %s, device: "%s", descriptors: 4096, buffers: 16384, core: %s}\n'
                    % (line, LINES[line][0], 'core-' + line if CORES else 'worker'))
        f.write('feeds:\n  - name: itch\n    protocol: itch50\n    core: worker\n    verify_udp_checksum: yes\n'
                '    gap: {hold_max: %s, parking: 256MiB, pieces: 1048576}\n'
                '    symbols_max: 4096\n    lines:\n' % ('3s' if LARGE is None else '1s'))
        for line in 'ab':
            f.write('      - {name: %s, port: %s, address: "%s"}\n' % (line, line, ADDRESS[line]))
        f.write('groups:\n  - {name: books, feed: itch, symbols_max: 4096, orders_max: 2097152}\n')


def start(path, books):
    try:
        return genesis.start(NAME, *(['--seal', 'kill'] if SEALED else []), '--json', '--books', books, path, space=in_space(ENGINE))
    except NotStarted as e:
        why = [line for line in str(e).splitlines() if line.startswith('genesis run:') and 'af_xdp' in line]
        if KIND == 'af_xdp' and why:
            skip('AF_XDP cannot be used here: ' + why[-1])
        raise


def send(folder, *more):
    words = ['--books', os.path.join(folder, 'sent.csv')]
    for line in 'ab':
        words += ['--line-' + line, '%s=%s' % (LINES[line][1], ADDRESS[line])]
    return Exchange(genesis, os.path.join(folder, 'sent.json'), *words, *more, space=in_space(VENUE))


def settled(report):
    """The engine's feed once it has applied or given up everything."""
    def is_done(status):
        feed = status['feeds'][0]
        return feed['messages'] + feed['arbiter']['lost_messages'] >= report['messages'] + report['lost_messages']
    return genesis.when(NAME, is_done, 30)['feeds'][0]


def test(folder, name, *more):
    path, books = os.path.join(folder, 'live.yaml'), os.path.join(folder, 'live.csv')
    config(path)
    engine = start(path, books)
    exchange = send(folder, *more)
    report = exchange.sent(3000)
    feed = settled(report)
    arbiter = feed['arbiter']
    check(name + ': messages', feed['messages'] == report['messages'], '%d of %d' % (feed['messages'], report['messages']))
    check(name + ': lost', arbiter['lost_messages'] == report['lost_messages'],
          '%d, not %d' % (arbiter['lost_messages'], report['lost_messages']))
    engine.send_signal(signal.SIGINT)
    out, error = engine.communicate(timeout=60)
    check(name + ': stopped', engine.returncode == 0, error)
    print(exchange.end())
    check(name + ': books', same(books, os.path.join(folder, 'sent.csv')), 'differ')
    summary = json.loads(out)
    cores = {core['name']: core for core in summary['cores']}
    for line in 'ab' if CORES else '':
        poller = cores['core-' + line]
        check(name + ': handed over', poller['handed_over'] > 1000 and poller['hand_over_full'] == 0, str(poller))
        check(name + ': fed', poller['feed_packets'] == 0, str(poller))
    handed = sum(core['handed_over'] for core in cores.values())
    check(name + ': taken over', cores['worker']['taken_over'] == handed == (feed['packets'] if CORES else 0), str(cores))
    for port, line in zip(summary['ports'], report['lines'].values()):
        check(name + ': port', line['port']['sent'] == line['packets'] and port['received'] >= line['packets'],
              'sent %s, received %s, missed %s' % (line['packets'], port['received'], port['missed']))
    print('%s: %d messages, %d lost in %d gaps, %d healed, %d late; ports dropped %s; longest turn %d ns; wire to book %s' % (
        name, feed['messages'], arbiter['lost_messages'], arbiter['gaps'], arbiter['healed'], arbiter['late'],
        [p['missed'] + p['no_buffer'] + p['errors'] for p in summary['ports']], summary['cores'][0]['turn_ns_max'],
        summary['shards'][0]['latency_ns']))
    return report


def test_all(folder):
    if LARGE is not None:
        report = test(folder, 'large', '--messages', LARGE, '--symbols', '2000', '--rate', RATE, '--loss', '1%', '--duplicate', '1%',
                      '--reorder', '1%/8', '--skew', 'B:2ms')
        check('all is accounted for', report['messages'] + report['lost_messages'] == int(LARGE), str(report['messages']))
        return
    day = ['--symbols', '1000', '--rate', RATE, '--duplicate', '1%', '--reorder', '1%/8', '--skew', 'B:2ms']
    # Where the pace is the network's a longer day is a longer wait, nothing else: more is lost of less.
    one, two, loss = (80000, 200000, '1%') if RATE == 'flat' else (20000, 60000, '3%')
    report = test(folder, 'one lossy line', *day, '--messages', str(one), '--loss', 'A:1%')
    check('nothing is lost', report['lost_messages'] == 0 and report['lines']['A']['made']['lost_packets'] > 0, str(report['lines']))
    report = test(folder, 'two lossy lines', *day, '--messages', str(two), '--loss', loss, '--burst-loss', '300', '--corrupt', '1000',
                  '--seed', '2')
    check('something is lost', report['lost_messages'] > 0)
    check('all is accounted for', report['messages'] + report['lost_messages'] == two, str(report['messages']))


if KIND != 'memif':
    need_namespaces(named=True)
with scratch(NAME) as place, namespaces(*([] if KIND == 'memif' else [VENUE, ENGINE])):
    lines_up(place)
    test_all(place)
finish('exchange over %s%s' % (KIND, ', a core per port' if CORES else ''))
