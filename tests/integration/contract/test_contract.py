# SPDX-License-Identifier: BSD-3-Clause
"""`genesis replay` against a naive reference (reference.py), over random scenarios and over hand-made ones.

usage: test_contract.py GENESIS [SEEDS [FIRST]]
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import corners  # noqa: E402
import scenario  # noqa: E402
from harness import check, finish  # noqa: E402
from reference import Reference  # noqa: E402

GENESIS = sys.argv[1]
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
FIRST = int(sys.argv[3]) if len(sys.argv) > 3 else 1
PROTOCOLS = ('deep10', 'itch50', 'tops16', 'itch50')  # by seed

def replay(protocol, paths, *more):
    books = os.path.join(folder, 'books.csv')
    if os.path.exists(books):
        os.remove(books)
    p = subprocess.run([GENESIS, 'replay', '--protocol', protocol, '--json', '--books', books, *more, *paths],
                       capture_output=True, timeout=120)
    csv = open(books, 'rb').read() if os.path.exists(books) else b''
    return p.returncode, (json.loads(p.stdout) if p.returncode == 0 else {}), csv, p.stderr.decode()


def compare(name, protocol, packets, path, lines=None):
    wanted = Reference(protocol, lines).run(packets)
    more = []
    for address, port in lines or []:
        more += ['--line', '%d.%d.%d.%d:%d' % (*address, port)]
    code, got, csv, error = replay(protocol, [path], *more)
    check(name, code == 0, 'exit code %d: %s' % (code, error))
    if code != 0:
        return
    for key, value in wanted.counters().items():
        check(name, got.get(key) == value, '%s is %r, must be %r' % (key, got.get(key), value))
    check(name, csv == wanted.books(), 'books differ:\n%s\nmust be:\n%s' % (csv[:2000], wanted.books()[:2000]))


def microseconds(packets):
    return [(t // 1000 * 1000, f) for t, f in packets]


def random_scenarios():
    for seed in range(FIRST, FIRST + SEEDS):
        protocol = PROTOCOLS[seed % len(PROTOCOLS)]
        packets = microseconds(scenario.make(seed, protocol))
        rng = random.Random(seed)
        path = os.path.join(folder, 'x.pcap')
        order = rng.choice('<>')
        if rng.random() < 0.5:
            scenario.write_pcap(path, packets, order, rng.random() < 0.5, rng.random() < 0.3)
        else:
            scenario.write_pcapng(path, packets, order, rng.random() < 0.3)
        lines = [rng.choice(scenario.LINES)] if rng.random() < 0.2 else None
        compare('seed %d (%s)' % (seed, protocol), protocol, packets, path, lines)


def hand_made():
    for name, protocol, packets in corners.all_corners():
        path = os.path.join(folder, 'corner.pcap')
        scenario.write_pcap(path, packets, nanoseconds=True)
        compare(name, protocol, packets, path)


def many_gaps():
    packets, gaps, late = corners.many_gaps()  # too many for the reference
    path = os.path.join(folder, 'gaps.pcap')
    scenario.write_pcap(path, packets, nanoseconds=True)
    got = replay('itch50', [path])[1]
    check('many gaps', got['gaps'] == got['lost_messages'] == gaps and got['late_messages'] == late and got['duplicates'] == 1100,
          str(got))


def itch_stream(count, seed=5):
    rng = random.Random(seed)
    references = []
    return [scenario.itch_message(rng, references) for _ in range(count)]


def late_messages():
    """Held for 1,024 further packets and one second, both; what comes later is late."""
    transport = scenario.Transport('itch50', b'LATE000001', 0)
    messages = itch_stream(3000)
    line = scenario.LINES[0]

    def packets(step_ns, returns_after):
        out = []
        for i, m in enumerate(messages):
            if i == 100:
                continue  # sequence 101 is missing at first
            out.append((10 ** 18 + i * step_ns, scenario.frame(line, transport.payload(i + 1, [m]))))
            if i == 100 + returns_after:
                out.append((10 ** 18 + i * step_ns, scenario.frame(line, transport.payload(101, [messages[100]]))))
        return out
    for name, step_ns, after, late in (
            ('after 1,500 packets and 1.5 ms: in time', 1000, 1500, 0),
            ('after 500 packets and 5 s: in time', 10_000_000, 500, 0),
            ('after 2,000 packets and 20 s: late', 10_000_000, 2000, 1)):
        path = os.path.join(folder, 'late.pcap')
        wanted = packets(step_ns, after)
        scenario.write_pcap(path, wanted, nanoseconds=True)
        compare(name, 'itch50', wanted, path)
        got = replay('itch50', [path])[1]
        check(name, got['late_messages'] == late and got['lost_messages'] == late, str(got))


def far_end():
    """The last sequence there is, and what would lie beyond it."""
    transport = scenario.Transport('itch50', b'FAREND0001', 0)
    line = scenario.LINES[0]
    messages = itch_stream(4)
    top = (1 << 64) - 1
    packets = [(10 ** 18 + i, scenario.frame(line, p)) for i, p in enumerate((
        transport.payload(top - 2, [messages[0]]),
        transport.payload(top - 1, messages[1:3]),
        transport.payload(top, [messages[2], messages[3]]),
        transport.payload(top, []),
        transport.payload(1, [messages[0]]),
        transport.payload(top, [messages[3]])))]
    path = os.path.join(folder, 'far.pcap')
    scenario.write_pcap(path, packets, nanoseconds=True)
    compare('2^64', 'itch50', packets, path)


def huge_jump():
    transport = scenario.Transport('itch50', b'JUMP000001', 0)
    line = scenario.LINES[0]
    messages = itch_stream(3)
    packets = [(10 ** 18, scenario.frame(line, transport.payload(1, [messages[0]]))),
               (10 ** 18 + 1, scenario.frame(line, transport.payload(1 << 63, [messages[1]]))),
               (10 ** 18 + 2, scenario.frame(line, transport.payload(2, [messages[2]])))]
    path = os.path.join(folder, 'jump.pcap')
    scenario.write_pcap(path, packets, nanoseconds=True)
    got = replay('itch50', [path])[1]
    check('huge jump', got.get('lost_messages') == (1 << 63) - 3 and got.get('gaps') == 1 and got.get('messages') == 3, str(got))


def binary_file():
    messages = itch_stream(2000, 9)
    whole = b''.join(struct.pack('>H', len(m)) + m for m in messages)
    path = os.path.join(folder, 'day.itch')

    def expect(name, data, count, malformed, empty=0):
        scenario.write(path, data, name.endswith('gzipped'))
        code, got, csv, error = replay('itch50', [path])
        check(name, code == 0, error)
        check(name, got.get('messages') == count and got.get('malformed_packets') == malformed and got.get('packets') == 0 and
              got.get('empty_messages') == empty and got.get('session_resets') == 0, str(got))
        reference = Reference('itch50')
        for m in (messages * (count > 0))[:count - empty]:
            reference.deliver(m)
        check(name, csv == reference.books(), 'books differ')
    expect('BinaryFILE', whole, 2000, 0)
    expect('BinaryFILE gzipped', whole, 2000, 0)
    expect('BinaryFILE cut in its last message', whole[:-1], 1999, 1)
    expect('BinaryFILE with one byte of a length', whole + b'\0', 2000, 1)
    expect('BinaryFILE with empty messages', whole + b'\0\0\0\0', 2002, 0, 2)
    expect('empty file', b'', 0, 0)


def several_inputs():
    """A second file goes on where the first ended; a BinaryFILE is a session of its own."""
    rng_packets = microseconds(scenario.make(7, 'itch50'))
    half = len(rng_packets) // 2
    paths = [os.path.join(folder, n) for n in ('one.pcap', 'two.pcap.gz')]
    scenario.write_pcap(paths[0], rng_packets[:half])
    scenario.write_pcapng(paths[1], rng_packets[half:], compress=True)
    wanted = Reference('itch50').run(rng_packets)
    code, got, csv, error = replay('itch50', paths)
    check('two files', code == 0 and csv == wanted.books(), error)
    for key, value in wanted.counters().items():
        check('two files', got.get(key) == value, '%s is %r, must be %r' % (key, got.get(key), value))
    binary = os.path.join(folder, 'b.itch')
    scenario.write(binary, struct.pack('>H', 12) + b'S' + bytes(11), False)
    got2 = replay('itch50', paths + [binary])[1]
    check('files and BinaryFILE', got2['session_resets'] == got['session_resets'] + 1 and got2['orders_live'] == 0 and
          got2['messages'] == got['messages'] + 1, str(got2))


def cut_capture():
    packets = microseconds(scenario.make(4, 'itch50'))
    path = os.path.join(folder, 'cut.pcap')
    scenario.write_pcap(path, packets)
    data = open(path, 'rb').read()
    scenario.write(path, data[:-1], False)
    compare('cut in its last record', 'itch50', packets[:-1], path)


def usage():
    good = os.path.join(folder, 'good.itch')
    scenario.write(good, b'', False)
    capture = os.path.join(folder, 'good.pcap')
    scenario.write_pcap(capture, [])
    for code, arguments in (
            (2, []), (2, ['--protocol', 'itch50']), (2, ['--protocol', 'fix', good]), (2, [good]),
            (2, ['--protocol', 'itch50', '--speed', '0', good]), (2, ['--protocol', 'itch50', '--speed', 'fast', good]),
            (2, ['--protocol', 'itch50', '--line', '1.2.3.4', good]), (2, ['--protocol', 'itch50', '--nonsense', good]),
            (1, ['--protocol', 'itch50', os.path.join(folder, 'missing.pcap')]), (1, ['--protocol', 'itch50', folder]),
            (1, ['--protocol', 'deep10', good]), (1, ['--protocol', 'tops16', good]), (0, ['--protocol', 'itch50', good]),
            (0, ['--protocol', 'deep10', capture]), (0, ['--protocol', 'tops16', capture]), (0, ['--help'])):
        p = subprocess.run([GENESIS, 'replay', *arguments], capture_output=True, timeout=60)
        check('usage', p.returncode == code, '%s gives %d, must be %d' % (arguments, p.returncode, code))
        check('usage', code == 0 or (p.stderr and not p.stdout), '%s: says %r' % (arguments, p.stderr))


with tempfile.TemporaryDirectory() as folder:
    for part in (usage, binary_file, cut_capture, far_end, huge_jump, several_inputs, late_messages, hand_made, many_gaps, random_scenarios):
        part()
finish('contract: seeds %d to %d' % (FIRST, FIRST + SEEDS - 1))
