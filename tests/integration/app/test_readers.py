# SPDX-License-Identifier: BSD-3-Clause
"""Readers in other processes beside a live engine (memif, no rights needed): they see every message, the board is `genesis books`,
a stopped one is told to the message what it missed while the engine loses nothing, and an engine's death and restart are told.

usage: test_readers.py GENESIS READER_PROBE
"""
import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Exchange, Genesis, check, finish, run, scratch  # noqa: E402

genesis, PROBE = Genesis(sys.argv[1]), os.path.abspath(sys.argv[2])
NAME = 'test-reader-%d' % os.getpid()
MESSAGES = 150000


class Engine:
    """A running engine; its line is a memif socket in the folder."""
    count = 0

    def __init__(self, folder, log_min='64MiB'):
        Engine.count += 1
        self.exchange = None
        self.socket = os.path.join(folder, 'line%d' % Engine.count)  # a killed one leaves its socket
        path = os.path.join(folder, 'reader.yaml')
        with open(path, 'w', encoding='ascii') as f:
            f.write('engine: {name: %s, pool: 96MiB, huge_pages: no}\ncores: [{name: worker, idle: yield}]\n' % NAME)
            f.write('ports:\n  - {name: a, device: "net_memif0,socket-abstract=no,socket=%s,role=server", descriptors: 2048, '
                    'buffers: 8192}\n' % self.socket)
            f.write('feeds:\n  - {name: itch, protocol: itch50, symbols_max: 4096, log: {min: %s}, gap: {hold_max: 1s}, '
                    'lines: [{name: a, port: a, address: "239.1.1.1:26400"}]}\n' % log_min)
            f.write('groups:\n  - {name: books, feed: itch, symbols_max: 4096, orders_max: 262144, levels_max: 262144}\n')
        self.process = genesis.start(NAME, '--quiet', path)

    def send(self, *more):
        """A day through the line; the exchange's report."""
        self.exchange = Exchange(genesis, self.socket + '.json', '--messages', str(MESSAGES), '--symbols', '500', '--rate',
                                 'messages/s:60000', '--line-a',
                                 'net_memif0,socket-abstract=no,socket=%s,role=client=239.1.1.1:26400' % self.socket, *more)
        return self.exchange.sent()

    @staticmethod
    def settled():
        """Its feed once all that was sent is in the log and published."""
        def is_done(status):
            feed = status['feeds'][0]
            return feed['messages'] + feed['arbiter']['lost_messages'] >= MESSAGES
        return genesis.when(NAME, is_done, 30)['feeds'][0]

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        if self.exchange is not None:
            self.exchange.end()


class Reader:
    def __init__(self, where, until):
        self.process = subprocess.Popen([PROBE, NAME, where, str(until)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        check('reader is ready', line == 'ready\n', line)

    def end(self):
        out = self.process.stdout.read()
        check('reader', self.process.wait(timeout=60) == 0, out[:200])
        return json.loads(out[out.index('{'):])


def check_whole(name, seen, feed):
    """Every message of the engine's, in order, named and timed; every gap."""
    check(name + ': messages', seen['messages'] == feed['messages'], '%s of %s' % (seen['messages'], feed['messages']))
    check(name + ': gaps', seen['gap_messages'] == feed['arbiter']['lost_messages'], str(seen['gap_messages']))
    check(name + ': nothing missed', seen['missed_times'] == 0, str(seen['missed_times']))
    check(name + ': in order', seen['wrong'] == 0, str(seen['wrong']))
    check(name + ': named', seen['unnamed'] == 0, str(seen['unnamed']))
    check(name + ': timed', seen['untimed'] == 0, str(seen['untimed']))
    check(name + ': who', (seen['engine'], seen['feed'], seen['protocol']) == (NAME, 'itch', 'itch50'), seen['engine'])


def check_board(seen):
    rows = json.loads(genesis('books', '--top', '--json', NAME).stdout)
    keys = ('symbol', 'bid_price', 'bid_quantity', 'ask_price', 'ask_quantity', 'volume', 'trades', 'sequence')
    check('board', len(rows) > 400 and seen['tops'] == [[row[k] for k in keys] for row in rows], '%d rows' % len(rows))


def test_whole(folder):
    """From the head and from the oldest; with gaps."""
    engine = Engine(folder)
    early = Reader('head', MESSAGES + 1)
    report = engine.send('--loss', '1%')
    check('something was lost', report['lost_messages'] > 0)
    seen, feed = early.end(), engine.settled()
    check('all is accounted for', seen['messages'] + seen['gap_messages'] == MESSAGES, str(seen['messages']))
    check_whole('early', seen, feed)
    late = Reader('oldest', MESSAGES + 1).end()
    check_whole('late', late, feed)
    check('early is late', early and seen['by_type'] == late['by_type'], str(late['by_type']))
    check_board(late)
    half = Reader('1:%d' % (MESSAGES // 2), MESSAGES + 1).end()
    check('from the middle', half['messages'] + half['gap_messages'] >= MESSAGES // 2 + 1 and half['wrong'] == 0 and
          half['messages'] < MESSAGES // 2 + 1000 and half['unnamed'] == 0, str(half['messages']))
    p = run(PROBE, NAME, '1:%d' % (MESSAGES + 100), '0')
    check('a place that is not yet', p.returncode == 1 and 'range' in p.stdout, p.stdout)
    engine.stop()


def test_slow(folder):
    """Stopped while a small log goes round; the engine does not care."""
    engine = Engine(folder, log_min='4MiB')
    slow = Reader('head', MESSAGES + 1)
    sending = threading.Thread(target=engine.send)
    sending.start()
    check('slow: has begun', slow.process.stdout.readline() == 'first\n')
    slow.process.send_signal(signal.SIGSTOP)
    sending.join()
    feed = engine.settled()
    slow.process.send_signal(signal.SIGCONT)
    seen = slow.end()
    check('slow: missed', seen['missed_times'] > 0 and seen['missed_bytes'] > 1 << 20 and seen['missed_messages'] > 0, str(seen['missed_bytes']))
    check('slow: to the message', seen['messages'] + seen['missed_messages'] == MESSAGES, '%d + %d' % (seen['messages'],
                                                                                                   seen['missed_messages']))
    check('slow: in order', seen['wrong'] == 0, str(seen['wrong']))
    check('slow: engine lost nothing', feed['messages'] == MESSAGES and feed['arbiter']['lost_messages'] == 0 and
          feed['log']['append_refused'] == 0, str(feed['messages']))
    engine.stop()


def test_death(folder):
    """Killed: told, with all that it left; started again: told, and nothing of the old one is in the way."""
    engine = Engine(folder)
    reader = Reader('head', 1 << 60)
    engine.send()
    engine.stop(signal.SIGKILL)
    seen = reader.end()
    check('killed', seen['state'] == 'dead' and seen['messages'] == MESSAGES, '%s %d' % (seen['state'], seen['messages']))
    reader = Reader('head', 1 << 60)  # of the dead one: its files are still there
    check('attached to a dead one', reader.end()['state'] == 'dead')
    again = Engine(folder)
    reader = Reader('head', 1 << 60)
    check('attached again', reader.process.poll() is None)
    again.stop()
    seen = reader.end()
    check('stopped', seen['state'] == 'stopped', seen['state'])
    reader = run(PROBE, NAME, 'head', '0')
    check('gone', reader.returncode == 1 and 'no engine named' in reader.stdout, reader.stdout)


def test_replaced(folder):
    """A reader that slept over death and restart."""
    engine = Engine(folder)
    reader = Reader('head', 1 << 60)
    reader.process.send_signal(signal.SIGSTOP)
    engine.stop(signal.SIGKILL)
    again = Engine(folder)
    reader.process.send_signal(signal.SIGCONT)
    check('replaced', reader.end()['state'] == 'replaced')
    again.stop()


def test_other_build(folder):
    """Another version, another size of the shared block, no engine's file: refused, with the reason."""
    engine = Engine(folder)
    control = '/dev/shm/genesis-%s.control' % NAME
    with open(control, 'rb') as f:
        block = f.read()
    other = '/dev/shm/genesis-%s-other.control' % NAME
    for name, at, reason in (('version', 8, 'use the same build'), ('size', 12, 'use the same build'),
                             ('magic', 0, 'no engine\'s file')):
        with open(other, 'wb') as f:
            f.write(block[:at] + bytes([block[at] ^ 0x55]) + block[at + 1:])
        p = run(PROBE, NAME + '-other', 'head', '0')
        check('other ' + name, p.returncode == 1 and reason in p.stdout, p.stdout)
    os.unlink(other)
    engine.stop()


with scratch(NAME) as place:
    for test in (test_whole, test_slow, test_death, test_replaced, test_other_build):
        test(place)
finish('readers')
