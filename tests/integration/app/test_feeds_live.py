# SPDX-License-Identifier: BSD-3-Clause
"""Three feeds in one engine at once: ITCH from `genesis exchange`, DEEP and TOPS (with session restarts) out of made captures; ports,
feeds and shards are spread over three cores crosswise, so that every feed has a line, its arbiter or books elsewhere. The books of each
are its maker's.

local: ITCH over memif, the captures played by pcap ports; needs no rights. network: all over veth pairs out of a network namespace
(AF_PACKET), the captures sent by tcpreplay while the exchange sends.

usage: test_feeds_live.py GENESIS MAKE_CAPTURE local|network
Exit code 77: this machine cannot (not root, no ip, no tcpreplay).
"""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Exchange, Genesis, check, finish, inside, namespaces, need_namespaces, run, same, scratch, sh  # noqa: E402

genesis, MAKE_CAPTURE, KIND = Genesis(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
NAME = 'test-feeds-%d' % os.getpid()
SPACE = 'gfs%d' % (os.getpid() % 100000)
ITCH = {'a': '239.1.1.1:26400', 'b': '239.1.1.2:26401'}
IEX = ('233.54.12.111:26477', '233.54.12.112:26478')  # both captures': one core polls one, another the other
MESSAGES = {'itch': 100000, 'deep': 40000, 'tops': 40000}
CORE_OF_PORT = {'a': 'x', 'b': 'y', 'deep': 'x', 'tops': 'y'}
CORE_OF_FEED = {'itch': 'y', 'deep': 'x', 'tops': 'x'}
HERE, THERE = {}, {}  # port -> device


def check(name, condition, text=''):
    global failures
    if not condition:
        failures += 1
        print('FAIL %s: %s' % (name, text))


def make_captures(folder):
    """protocol feed -> what a right reader of its capture counts."""
    wanted = {}
    for feed, protocol in (('deep', 'deep10'), ('tops', 'tops16')):
        words = [MAKE_CAPTURE, '--protocol', protocol, '--messages', str(MESSAGES[feed]), '--symbols', '200', '--loss', '10000',
                 '--duplicate', '5000', '--reorder', '5000', '--out', os.path.join(folder, feed + '.pcap'),
                 '--books', os.path.join(folder, feed + '.csv')]
        wanted[feed] = json.loads(sh(*words))
    return wanted


def ports_up(folder):
    if KIND == 'local':
        for i, line in enumerate('ab'):
            memif = 'net_memif%d,socket-abstract=no,socket=%s,role=' % (i, os.path.join(folder, line))
            HERE[line], THERE[line] = memif + 'server', memif + 'client'
        for i, feed in enumerate(('deep', 'tops')):
            HERE[feed] = 'net_pcap%d,rx_pcap=%s' % (i, os.path.join(folder, feed + '.pcap'))
        return
    for i, port in enumerate(CORE_OF_PORT):
        here, there = 'gf%d-%d' % (i, os.getpid() % 100000), 'gt-' + port
        sh('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', SPACE)
        sh('ip', 'link', 'set', here, 'up')
        sh(*inside(SPACE), 'ip', 'link', 'set', there, 'up')
        HERE[port] = 'net_af_packet%d,iface=%s,framecnt=8192' % (i, here)
        THERE[port] = there if port in MESSAGES else 'net_af_packet%d,iface=%s' % (i, there)


def ports_down():
    if KIND == 'local':
        return
    for i in range(len(CORE_OF_PORT)):
        run('ip', 'link', 'del', 'gf%d-%d' % (i, os.getpid() % 100000))


def config(path):
    lines = ['engine: {name: %s, pool: 96MiB, dpdk_memory: 192MiB, huge_pages: no}' % NAME,
             'cores: [{name: x, hand_over: 16MiB}, {name: y, hand_over: 16MiB}, {name: z}]', 'ports:']
    for port, core in CORE_OF_PORT.items():
        # A capture's own times are of another day than the engine's clock.
        lines.append('  - {name: %s, device: "%s", core: %s, descriptors: 2048, hardware_timestamps: no}'
                     % (port, HERE[port], core))
    lines.append('feeds:')
    for feed, protocol in (('itch', 'itch50'), ('deep', 'deep10'), ('tops', 'tops16')):
        where = [(port, ITCH[port]) for port in 'ab'] if feed == 'itch' else [(feed, address) for address in IEX]
        lines += ['  - name: ' + feed, '    protocol: ' + protocol, '    core: ' + CORE_OF_FEED[feed], '    symbols_max: 2048',
                  '    gap: {hold_max: 3s}', '    lines:']
        lines += ['      - {port: %s, address: "%s"}' % line for line in where]
    lines += ['shards: [{name: s0, core: y}, {name: s1, core: z}]', 'groups:',
              '  - {name: itch, feed: itch, symbols: hash, count: 4, shards: [s0, s1], symbols_max: 2048, orders_max: 65536}',
              '  - {name: deep, feed: deep, shard: s1, symbols_max: 2048}',
              '  - {name: some, feed: deep, shard: s0, class: normal, symbols: "A*", symbols_max: 2048}',
              '  - {name: tops, feed: tops, shard: s0, class: normal, symbols_max: 2048}']
    with open(path, 'w', encoding='ascii') as f:
        f.write('\n'.join(lines) + '\n')


def send(folder):
    """Everything at once; the exchange, which has sent all."""
    space = [] if KIND == 'local' else inside(SPACE)
    replays = [] if KIND == 'local' else [
        subprocess.Popen([*space, 'tcpreplay', '-q', '--pps', '5000', '-i', THERE[feed], os.path.join(folder, feed + '.pcap')],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for feed in ('deep', 'tops')]
    words = ['--books', os.path.join(folder, 'itch.csv'), '--messages', str(MESSAGES['itch']), '--symbols', '500', '--rate',
             'messages/s:20000', '--loss', '1%', '--duplicate', '1%', '--reorder', '1%', '--skew', 'B:2ms']
    for line, address in ITCH.items():
        words += ['--line-' + line, '%s=%s' % (THERE[line], address)]
    exchange = Exchange(genesis, os.path.join(folder, 'itch.json'), *words, space=space)
    exchange.sent()
    for r in replays:
        check('tcpreplay', r.wait(timeout=120) == 0)
    return exchange


def settled(wanted):
    """The engine's feeds once they have applied or given up everything."""
    def feeds_of(status):
        return {f['name']: f for f in status['feeds']}

    def is_done(status):
        feeds = feeds_of(status)
        return all(feeds[n]['messages'] + feeds[n]['arbiter']['lost_messages'] >= w['messages'] + w['lost_messages']
                   for n, w in wanted.items())
    return feeds_of(genesis.when(NAME, is_done))


def test(folder):
    wanted = make_captures(folder)
    ports_up(folder)
    path, books = os.path.join(folder, 'feeds.yaml'), os.path.join(folder, 'live.csv')
    config(path)
    engine = genesis.start(NAME, '--json', '--books', books, path)
    exchange = send(folder)
    wanted['itch'] = exchange.report()
    feeds = settled(wanted)
    engine.send_signal(signal.SIGINT)
    out, error = engine.communicate(timeout=60)
    check('stopped', engine.returncode == 0, error)
    exchange.end()
    status = json.loads(out)
    for feed, want in wanted.items():
        arbiter = feeds[feed]['arbiter']
        check(feed + ': messages', feeds[feed]['messages'] == want['messages'],
              '%d, not %d' % (feeds[feed]['messages'], want['messages']))
        check(feed + ': lost', arbiter['lost_messages'] == want['lost_messages'],
              '%d, not %d' % (arbiter['lost_messages'], want['lost_messages']))
        check(feed + ': restarts', arbiter['session_resets'] == want.get('session_resets', 0), str(arbiter))
        live = books if feed == 'itch' else books + '.' + feed
        check(feed + ': books', same(live, os.path.join(folder, feed + '.csv')), 'differ')
    cores = {core['name']: core for core in status['cores']}
    # A of ITCH goes from x to y, TOPS from y to x.
    check('handed over', cores['x']['handed_over'] > 1000 and cores['y']['handed_over'] > 1000, str(cores))
    check('nothing dropped', not any(core['hand_over_full'] for core in cores.values()), str(cores))
    groups = {group['name']: group for group in status['groups']}
    check('mixed shards', (groups['itch-0']['shard'], groups['itch-1']['shard']) == ('s0', 's1'), str(groups))
    check('all groups work', all(g['state'] == 'attached' and g['messages'] > 0 for g in groups.values()), str(groups))


if KIND == 'network':
    need_namespaces('tcpreplay', named=True)
with scratch(NAME) as place, namespaces(*([SPACE] if KIND == 'network' else [])):
    try:
        test(place)
    finally:
        ports_down()
finish('three feeds, ' + KIND)
