# SPDX-License-Identifier: BSD-3-Clause
"""A live engine beside replay: the same capture sent over veth pairs from a network namespace by tcpreplay, into AF_PACKET and AF_XDP
ports, gives the same books; status and books read it from outside; SIGINT and SIGTERM stop it cleanly; kill -9 leaves its last
books readable and its name free.

usage: test_live.py GENESIS MAKE_CAPTURE af_packet|af_xdp
Exit code 77: this machine cannot (not root, no ip, no tcpreplay, no such socket).
"""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import (Genesis, NotStarted, check, finish, inside, namespaces, need_namespaces, run, same,  # noqa: E402
                     scratch, sh, shared_files, skip)

genesis, MAKE_CAPTURE, KIND = Genesis(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
NAME = 'test-live-%d' % os.getpid()
SPACE = 'gns%d' % (os.getpid() % 100000)
LINES = {}  # name -> (interface here, interface there)


def net_up():
    for line in 'ab':
        here, there = 'gh%s%d' % (line, os.getpid() % 100000), 'gt%s' % line
        LINES[line] = (here, there)
        sh('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', SPACE)
        sh('ip', 'link', 'set', here, 'up')
        sh(*inside(SPACE), 'ip', 'link', 'set', there, 'up')


def net_down():
    for here, _ in LINES.values():
        run('ip', 'link', 'del', here)


def config(path, capture_lines):
    device = {'af_packet': 'net_af_packet%d,iface=%s,framecnt=8192', 'af_xdp': 'net_af_xdp%d,iface=%s'}[KIND]
    text = 'engine: {name: %s, pool: 64MiB, huge_pages: no}\nports:\n' % NAME
    for i, line in enumerate('ab'):
        text += '  - {name: %s, device: "%s", descriptors: 2048, buffers: 8192}\n' % (line, device % (i, LINES[line][0]))
    text += 'feeds:\n  - name: itch\n    protocol: itch50\n    gap: {hold_max: 10s}\n    symbols_max: 1024\n    lines:\n'
    for line, address in zip('ab', capture_lines):
        text += '      - {name: %s, port: %s, address: "%s"}\n' % (line, line, address)
    text += 'groups:\n  - {name: books, feed: itch, symbols_max: 1024, orders_max: 262144, levels_max: 262144}\n'
    with open(path, 'w') as f:
        f.write(text)


def start(path, *more):
    try:
        return genesis.start(NAME, *more, path)
    except NotStarted as e:
        if KIND == 'af_xdp' and 'af_xdp' in str(e).lower():
            skip('AF_XDP cannot be used here: ' + str(e).strip().splitlines()[-1])
        raise


def send(capture, line):
    """Slowly enough for one shared core; what is lost all the same the other line brings."""
    return subprocess.Popen([*inside(SPACE), 'tcpreplay', '-q', '--pps', '2000', '-i', LINES[line][1], capture],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_same_books(folder, stop_signal):
    day = os.path.join(folder, 'day.pcap')
    books = os.path.join(folder, 'maker.csv')
    # The maker loses packets on each line; what is lost on both shows up as gaps, in replay and live alike.
    sh(MAKE_CAPTURE, '--seed', '5', '--messages', '20000', '--symbols', '100', '--loss', '0', '--out', day, '--books', books)
    live, replayed = os.path.join(folder, 'live.csv'), os.path.join(folder, 'replay.csv')
    p = genesis('replay', '--protocol', 'itch50', '--json', '--books', replayed, day)
    wanted = json.loads(p.stdout)
    check('replay equals the maker', same(replayed, books))
    path = os.path.join(folder, 'live.yaml')
    config(path, ('233.54.12.111:26477', '233.54.12.112:26478'))
    process = start(path, '--json', '--books', live)
    senders = [send(day, 'a'), send(day, 'b')]
    for s in senders:
        s.wait(timeout=120)
    status = genesis.when(NAME, lambda s: s['feeds'][0]['messages'] >= wanted['messages'])
    feed = status['feeds'][0]
    check('messages', feed['messages'] == wanted['messages'], '%s of %s' % (feed['messages'], wanted['messages']))
    check('lost', feed['arbiter']['lost_messages'] == 0, str(feed['arbiter']))
    check('two lines', [line['packets'] > 0 for line in feed['lines']] == [True, True], str(feed['lines']))
    check('ports', all(port['link_up'] == 1 for port in status['ports']), str(status['ports']))
    outside = genesis('books', NAME)
    check('books from outside', outside.returncode == 0 and outside.stdout == open(books).read(), outside.stderr)
    top = json.loads(genesis('books', '--top', '--json', NAME).stdout)
    check('board', len(top) >= 100 and all(t['flags'] in ('', 'H') for t in top), str(top[:3]))
    again = genesis('run', path)
    check('a second engine of that name', again.returncode == 1 and 'is running' in again.stderr, again.stderr)
    process.send_signal(stop_signal)
    out, error = process.communicate(timeout=60)
    check('stopped cleanly', process.returncode == 0, error)
    check('summary', json.loads(out)['feeds'][0]['messages'] == wanted['messages'], out[:300])
    check('books at the end', same(live, books), 'differ')
    check('files are gone', not shared_files(NAME))


def test_kill(folder):
    path = os.path.join(folder, 'kill.yaml')
    config(path, ('233.54.12.111:26477', '233.54.12.112:26478'))
    process = start(path)
    process.kill()
    process.communicate()
    p = genesis('status', NAME)
    check('status of a dead engine', p.returncode == 1 and 'is dead' in p.stderr, p.stderr)
    process = start(path)
    process.send_signal(signal.SIGTERM)
    error = process.communicate(timeout=60)[1]
    check('its name is free again', process.returncode == 0 and 'when it died' in error, error)


need_namespaces('tcpreplay', named=True)
with scratch(NAME) as place, namespaces(SPACE):
    try:
        net_up()
        test_same_books(place, signal.SIGINT)
        test_kill(place)
    finally:
        net_down()
finish('live over ' + KIND)
