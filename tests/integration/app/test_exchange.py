# SPDX-License-Identifier: BSD-3-Clause
"""What `genesis exchange` writes, `genesis replay` reads: the same books, and exactly the losses that were reported, with everything
going wrong at once; days, BinaryFILEs and captures as input; rates and limits seen in the times of the packets.

usage: test_exchange.py GENESIS [SEED [COUNT]]
"""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, same  # noqa: E402

genesis = Genesis(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 4
A, B = '239.1.1.1:26400', '239.1.1.2:26401'
ALL_WRONG = ['--loss', '1%', '--loss', 'B:2%', '--burst-loss', '500/30', '--duplicate', '1%', '--reorder', '1%/3ms', '--skew', 'B:2ms',
             '--corrupt', '3000ppm', '--blackout', 'A:150ms:100ms', '--blackout', 'B:240ms:20ms']
CONFIG = '''
ports: [{name: a, device: net_null0}, {name: b, device: net_null1}]
feeds:
  - name: itch
    protocol: itch50
    verify_udp_checksum: yes
    symbols_max: 4096
    lines: [{name: A, port: a, address: "%s"}, {name: B, port: b, address: "%s"}]
groups: [{name: books, feed: itch, symbols_max: 4096, orders_max: 262144}]
''' % (A, B)


def run(*arguments, code=0):
    p = genesis(*arguments)
    check('exit code of ' + ' '.join(arguments[:3]), p.returncode == code, '%d: %s' % (p.returncode, p.stderr[:500]))
    return p


def exchange(*arguments, lines=('--line-a', A, '--line-b', B)):
    return run('exchange', '--quiet', *lines, *arguments)


def replay(path, books):
    return json.loads(run('replay', '--config', 'config.yaml', '--json', '--books', books, path).stdout)


def packets(path):
    """(time_ns, destination, payload) of each packet of a pcap of plain UDP; the exchange's are in nanoseconds."""
    with open(path, 'rb') as f:
        check('magic', f.read(4) == b'\x4d\x3c\xb2\xa1', path)
    return packets_of(path)


def packets_of(path):
    with open(path, 'rb') as f:
        data = f.read()
    at, out = 24, []
    while at < len(data):
        seconds, ns, length, _ = struct.unpack_from('<IIII', data, at)
        frame = data[at + 16:at + 16 + length]
        destination = '%d.%d.%d.%d:%d' % (*frame[30:34], struct.unpack_from('>H', frame, 36)[0])
        out.append((seconds * 10**9 + ns, destination, frame[42:]))
        at += 16 + length
    return out


def test_all_wrong(seed, sessions):
    name = 'seed %d, %d sessions' % (seed, sessions)
    exchange('--seed', str(seed), '--messages', '60000', '--symbols', '300', '--sessions', str(sessions), *ALL_WRONG,
             '--write-pcap', 'w.pcap', '--books', 'w.csv', '--report', 'w.json')
    with open('w.json', encoding='ascii') as f:
        report = json.load(f)
    seen = replay('w.pcap', 'seen.csv')
    check(name + ': books', same('w.csv', 'seen.csv'), 'differ')
    for key in ('messages', 'lost_messages', 'gaps', 'orphan_references', 'symbols', 'orders_live'):
        check('%s: %s' % (name, key), report[key] == seen[key], '%s, seen %s' % (report[key], seen[key]))
    lines = report['lines'].values()
    check(name + ': damaged', sum(x['corrupt_packets'] for x in lines) == seen['ignored_packets']['bad_checksum'], str(lines))
    check(name + ': copies', sum(x['messages'] for x in lines) == seen['messages'] + seen['duplicates'], str(seen))
    check(name + ': resets', seen['session_resets'] == sessions - 1, str(seen['session_resets']))
    check(name + ': ranges', sum(x['count'] for x in report['lost']) == report['lost_messages'], str(report['lost']))
    check(name + ': all', report['messages'] + report['lost_messages'] == report['source_messages'] == sessions * 60000, '')
    for what in ('lost_packets', 'corrupt_packets', 'blackout_packets', 'repeated_packets', 'delayed_packets'):
        check('%s: %s' % (name, what), all(x['made'][what] > 0 for x in lines), str(lines))
    check(name + ': something was lost', report['lost_messages'] > 0)
    return report['lost_messages']


def test_same_options_same_packets():
    more = ['--seed', '9', '--messages', '20000', '--symbols', '100', *ALL_WRONG]
    exchange(*more, '--write-pcap', 'one.pcap')
    exchange(*more, '--write-pcap', 'two.pcap')
    check('same bytes', same('one.pcap', 'two.pcap'))
    exchange(*more[2:], '--seed', '10', '--write-pcap', 'two.pcap')
    check('another seed, other bytes', not same('one.pcap', 'two.pcap'))


def test_inputs():
    day = ['--seed', '4', '--messages', '20000', '--symbols', '100']
    exchange(*day, '--write-binary', 'day.itch', '--books', 'day.csv', '--write-pcap', 'day.pcap')
    seen = json.loads(run('replay', '--protocol', 'itch50', '--json', '--books', 'seen.csv', 'day.itch').stdout)
    check('BinaryFILE', same('day.csv', 'seen.csv') and seen['messages'] == 20000, str(seen))
    exchange('--input', 'day.itch', '--loss', 'A:5%', '--write-pcap', 'again.pcap', '--books', 'again.csv')
    seen = replay('again.pcap', 'seen.csv')
    check('from a BinaryFILE', same('day.csv', 'again.csv') and same('day.csv', 'seen.csv') and seen['lost_messages'] == 0, str(seen))
    exchange('--input', 'day.pcap', '--write-pcap', 'again.pcap', '--books', 'again.csv')
    check('from a capture', same('day.csv', 'again.csv'))
    check('its payloads as they are', sorted(p[1:] for p in packets('day.pcap')) == sorted(p[1:] for p in packets('again.pcap')))
    exchange('--input', 'day.pcap', *ALL_WRONG, '--write-pcap', 'again.pcap', '--books', 'again.csv', '--report', 'again.json')
    seen = replay('again.pcap', 'seen.csv')
    with open('again.json', encoding='ascii') as f:
        report = json.load(f)
    check('an impaired capture', same('again.csv', 'seen.csv') and report['lost_messages'] == seen['lost_messages'], str(seen))
    exchange('--input', 'day.pcap', '--input-line', 'A:' + B, '--write-pcap', 'again.pcap', '--books', 'again.csv')
    sent = packets('again.pcap')
    check('one line of a capture on both', same('day.csv', 'again.csv') and
          [p[2] for p in sent if p[1] == A] == [p[2] for p in sent if p[1] == B] ==
          [p[2] for p in packets('day.pcap') if p[1] == B])


def test_one_line():
    exchange('--messages', '5000', '--symbols', '20', '--loss', '5%', '--write-pcap', 'w.pcap', '--report', 'w.json',
             lines=('--line-a', A))
    with open('w.json', encoding='ascii') as f:
        report = json.load(f)
    seen = json.loads(run('replay', '--protocol', 'itch50', '--json', 'w.pcap').stdout)
    check('one line', 0 < report['lost_messages'] == seen['lost_messages'], '%s %s' % (report['lost_messages'], seen))
    check('sent to it alone', {p[1] for p in packets('w.pcap')} == {A})


def test_rates():
    def span(*more):
        exchange('--messages', '20000', '--symbols', '100', *more, '--write-pcap', 'w.pcap')
        sent = packets('w.pcap')
        check('in order', all(x[0] <= y[0] for x, y in zip(sent, sent[1:])))
        check('to the lines alone', {p[1] for p in sent} == {A, B})
        return (sent[-1][0] - sent[0][0]) / 1e9, len(sent)
    seconds, count = span('--rate', 'packets/s:1000')
    check('packets/s', abs(seconds - (count - 1) / 1000) < 0.001, '%s s, %d' % (seconds, count))
    seconds, _ = span('--rate', 'messages/s:10000')
    check('messages/s', abs(seconds - 2) < 0.1, str(seconds))
    seconds, _ = span('--rate', 'times:3600')
    check('times', 16 < seconds < 18, str(seconds))
    seconds, count = span('--rate', 'times:7200.5', '--heartbeat', '100ms')
    check('heartbeats', 8 < seconds < 9 and count > 150, '%s s, %d' % (seconds, count))
    _, count = span('--count', '500')
    check('count', count == 500, str(count))
    seconds, _ = span('--duration', '50ms')
    check('duration', 0.04 < seconds <= 0.05, str(seconds))


def test_sending():
    """What needs neither privilege nor network: both lines through one device, speed, and ends."""
    day = ['--messages', '20000', '--symbols', '100', '--loss', '1%', '--duplicate', '1%', '--reorder', '1%', '--report', 'w.json',
           '--write-pcap', 'w.pcap', '--sessions', '2']

    def send(device, *more):
        exchange(*day, *more, lines=('--line-a', device + '=' + A, '--line-b', device + '=' + B))
        with open('w.json', encoding='ascii') as f:
            return json.load(f)
    send('net_pcap0,tx_pcap=sent.pcap', '--rate', 'messages/s:200000')
    sent, meant = packets_of('sent.pcap'), packets('w.pcap')
    for line in (A, B):
        check('sent as written', [p[2] for p in sent if p[1] == line] == [p[2] for p in meant if p[1] == line], line)
    check('nothing else is sent', len(sent) == len(meant), '%d, %d' % (len(sent), len(meant)))
    send('net_pcap0,tx_pcap=sent.pcap', '--rate', 'flat')
    sessions = [p[2][:10] for p in packets_of('sent.pcap')]
    check('sessions do not mix, flat out neither', sessions == sorted(sessions) and len(set(sessions)) == 2)
    report = send('net_null0', '--rate', 'flat')
    check('flat', report['sending']['packets'] == report['packets'] == len(packets('w.pcap')), str(report['sending']))
    print('flat out into net_null: %d packets/s' % report['sending']['packets_per_s'])
    report = send('net_null0', '--rate', 'packets/s:5000', '--duration', '500ms', '--count', '100000')
    check('duration', 2300 < report['packets'] <= 2501 and report['limited'], str(report['packets']))
    report = send('net_null0', '--rate', 'packets/s:100000', '--count', '321')
    check('count', report['packets'] == report['sending']['packets'] == 321, str(report['packets']))
    p = subprocess.Popen([genesis.path, 'exchange', *day, '--quiet', '--rate', 'packets/s:1000', '--books', 'w.csv', '--line-a',
                          'net_null0=' + A, '--line-b', 'net_null0=' + B])
    time.sleep(3)
    p.send_signal(signal.SIGINT)
    check('stopped by a signal', p.wait(60) == 0)
    with open('w.json', encoding='ascii') as f:
        report = json.load(f)
    check('account of what was sent', report['sending']['interrupted'] and 0 < report['packets'] < 5000 and
          report['packets'] == report['lines']['A']['port']['sent'], str(report['sending']))


def test_usage():
    for wrong in (['--loss', '101%'], ['--loss', 'C:1'], ['--rate', 'fast'], ['--rate', 'times:0'], ['--blackout', 'A:1s'],
                  ['--skew', '2'], ['--messages', '100'], ['--sessions', '2', '--write-binary', 'x'], ['--line-b', A], ['--line-b',
                  'net_null0=' + B], ['more'], ['--symbols', '0'], ['--protocol', 'deep10']):
        p = run('exchange', '--line-a', A, *wrong, code=2)
        check('usage', p.stdout == '' and p.stderr.startswith('genesis exchange: '), p.stderr)
    run('exchange', code=2)
    run('exchange', '--line-a', A, '--input', '/nonexistent', code=1)
    p = run('exchange', '--line-a', 'net_af_packet0,iface=nonesuch0=' + A, code=1)
    check('no such interface', 'no such interface' in p.stderr, p.stderr)
    text = run('exchange', '--help').stdout
    for word in ('--seed', '--line-a', '--rate', '--blackout', '--input-line', '--report'):
        check('help', word in text, word)


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    with open('config.yaml', 'w', encoding='ascii') as config:
        config.write(CONFIG)
    print('seeds %d to %d; lost %s' % (SEED, SEED + COUNT - 1,
                                       [test_all_wrong(SEED + i, 1 + i % 3) for i in range(COUNT)]))
    test_same_options_same_packets()
    test_inputs()
    test_one_line()
    test_rates()
    test_sending()
    test_usage()
finish('exchange')
