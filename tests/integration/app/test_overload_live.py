# SPDX-License-Identifier: BSD-3-Clause
"""A live engine under more than it can do: a day sent flat out over memif to a core that receives, and a core whose normal groups carry
a strategy that is far too slow (a shared object that burns time on each change). With room, the log grows, critical books stay at the
head, the lag is shown, and everything is applied in the end; without, the log keeps its bound and what did not fit is counted. The core
that receives takes every packet that was sent.

usage: test_overload_live.py GENESIS LIBBURN [MESSAGES [LOOPS]]     at least 120000 messages, that is more than two segments of log
"""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Exchange, Genesis, check, finish, same, scratch  # noqa: E402

genesis, LIBBURN = Genesis(sys.argv[1]), os.path.abspath(sys.argv[2])
MESSAGES = int(sys.argv[3]) if len(sys.argv) > 3 else 240000
LOOPS = int(sys.argv[4]) if len(sys.argv) > 4 else 16000
NAME = 'test-overload-%d' % os.getpid()
ADDRESS = {'a': '239.1.1.1:26400', 'b': '239.1.1.2:26401'}
SEGMENT_MIB = 2


def device(folder, line, role):
    return 'net_memif%d,socket-abstract=no,socket=%s,role=%s' % ('ab'.index(line), os.path.join(folder, line), role)


def config(folder, log_mib):
    path = os.path.join(folder, 'overload.yaml')
    lines = ['engine: {name: %s, pool: %dMiB, huge_pages: no}' % (NAME, log_mib + 32), 'cores: [{name: receive}, {name: books}]', 'ports:']
    lines += ['  - {name: %s, device: "%s", core: receive, descriptors: 2048}' % (line, device(folder, line, 'server')) for line in 'ab']
    lines += ['feeds:', '  - protocol: itch50', '    symbols_max: 1024', '    gap: {hold_max: 3s, parking: 8MiB}',
              '    log: {min: 4MiB, max: %dMiB}' % log_mib, '    lines:']
    lines += ['      - {port: %s, address: "%s"}' % (line, ADDRESS[line]) for line in 'ab']
    lines += ['shards: [{core: books, normal_budget: 16}]', 'groups:',
              '  - {name: fast, class: critical, symbols: "[A-M]*", symbols_max: 1024, orders_max: 262144}',
              '  - name: slow', '    class: normal', '    symbols: "[N-Z]*"', '    symbols_max: 1024', '    orders_max: 262144',
              '    components: [{type: burn, library: %s, settings: {loops: "%d"}}]' % (LIBBURN, LOOPS)]
    with open(path, 'w', encoding='ascii') as f:
        f.write('\n'.join(lines) + '\n')
    return path


def watch(exchange):
    """Looks until all is sent and applied; the largest of what was seen, and whether critical books once were ahead."""
    seen = {'normal': 0, 'critical': 0, 'held': 0, 'ahead': False}
    start_s = time.monotonic()
    end = time.monotonic() + 240
    while time.monotonic() < end:
        over = exchange.report() is not None or exchange.process.poll() is not None
        s = genesis.status(NAME)
        shard, feed = s['shards'][0], s['feeds'][0]
        seen['normal'] = max(seen['normal'], shard['normal_lag_messages'])
        seen['critical'] = max(seen['critical'], shard['critical_lag_messages'])
        seen['held'] = max(seen['held'], feed['log']['segments_held'])
        all_in = feed['messages'] + feed['arbiter']['lost_messages'] >= MESSAGES
        seen['ahead'] |= all_in and shard['critical_lag_messages'] == 0 and shard['normal_lag_messages'] > MESSAGES // 10
        idle = shard['normal_lag_messages'] == 0 and all_in and shard['gaps_seen'] >= 2 * feed['arbiter']['gaps']
        if over and idle and s['cores'][1]['busy_turns'] == seen.get('busy'):
            break
        seen['done_s'] = time.monotonic() - start_s
        seen['busy'] = s['cores'][1]['busy_turns']
        time.sleep(0.2)
    return seen


def run(folder, log_mib):
    """(what was seen, the engine's last status, the exchange's report, whether the books are its)"""
    books, sent = os.path.join(folder, 'live.csv'), os.path.join(folder, 'sent.csv')
    engine = genesis.start(NAME, '--json', '--books', books, config(folder, log_mib))
    words = ['--messages', str(MESSAGES), '--symbols', '500', '--rate', 'flat', '--books', sent]
    for line in 'ab':
        words += ['--line-' + line, '%s=%s' % (device(folder, line, 'client'), ADDRESS[line])]
    exchange = Exchange(genesis, os.path.join(folder, 'sent.json'), *words)
    seen = watch(exchange)
    report = exchange.sent()
    engine.send_signal(signal.SIGINT)
    out, error = engine.communicate(timeout=120)
    check('stopped', engine.returncode == 0, error)
    exchange.end()
    return seen, json.loads(out), report, same(books, sent)


def check_received(name, s, report):
    """Every packet that went out was taken by the core that receives, whatever the other one did."""
    packets = sum(line['packets'] for line in report['lines'].values())
    core = s['cores'][0]
    check(name + ': received', core['packets'] == core['feed_packets'] == packets, '%d of %d' % (core['packets'], packets))
    check(name + ': its turns', core['busy_turns'] > packets // 128 and core['turns'] > core['busy_turns'], str(core))


def test_with_room(folder):
    seen, s, report, same = run(folder, 256)
    arbiter, shard = s['feeds'][0]['arbiter'], s['shards'][0]
    print('with room: sent in %.1f s, applied in %.1f s; normal behind by up to %d, critical by %d, log of up to %d segments'
          % (report['sending']['elapsed_ns'] / 1e9, seen['done_s'], seen['normal'], seen['critical'], seen['held']))
    check_received('with room', s, report)
    check('with room: nothing is lost', arbiter['lost_messages'] == 0 and s['feeds'][0]['messages'] == MESSAGES, str(arbiter))
    check('with room: books', same)
    check('with room: normal lagged', seen['normal'] > MESSAGES // 10, str(seen))
    check('with room: critical was at the head meanwhile', seen['ahead'], str(seen))
    check('with room: the log grew', seen['held'] > 2, str(seen))
    check('with room: caught up', shard['normal_lag_bytes'] == shard['normal_lag_messages'] == 0, str(shard))


def test_without_room(folder):
    seen, s, report, _ = run(folder, 4)
    feed, shard = s['feeds'][0], s['shards'][0]
    print('without room: %d of %d lost in %d gaps, log of up to %d segments'
          % (feed['arbiter']['lost_messages'], MESSAGES, feed['arbiter']['gaps'], seen['held']))
    check_received('without room', s, report)
    check('without room: overload', feed['arbiter']['lost_overload'] > 0, str(feed['arbiter']))
    check('without room: only that', feed['arbiter']['lost_overload'] == feed['arbiter']['lost_messages'], str(feed['arbiter']))
    check('without room: all is accounted for', feed['messages'] + feed['arbiter']['lost_messages'] == MESSAGES, str(feed))
    check('without room: bounded', seen['held'] <= feed['log']['segments_max'] == 4 // SEGMENT_MIB, str(seen))
    check('without room: both classes know', shard['gaps_seen'] >= 2 * feed['arbiter']['gaps'], str(shard))


with scratch(NAME) as place:
    test_with_room(place)
    test_without_room(place)
finish('overload')
