# SPDX-License-Identifier: BSD-3-Clause
"""Hand-made scenarios, one for each corner of the contract that chance would not find: (name, protocol, packets)."""
import struct

import scenario
from scenario import LINES, Transport, frame

START_NS = 1_700_000_000_000_000_000


def add(reference, shares=100, price=10000, side=b'B', symbol=b'AAPL    ', locate=1, pad=0):
    return struct.pack('>cHH6xQcI8sI', b'A', locate, 0, reference, side, shares, symbol, price) + bytes(pad)


def replace(reference, new, shares, price):
    return struct.pack('>cHH6xQQII', b'U', 1, 0, reference, new, shares, price)


def take(kind, reference, shares=0):
    length = scenario.ITCH_LENGTHS[kind]
    body = struct.pack('>cHH6xQI', kind.encode(), 1, 0, reference, shares) + bytes(length)
    return body[:length]


def directory(symbol, locate=1):
    return struct.pack('>cHH6x8s', b'R', locate, 0, symbol) + bytes(20)


def mold(session=b'CORNER0001'):
    return Transport('itch50', session, 0)


def level(symbol, price, size, side='8'):
    return struct.pack('<cB8x8sIq', side.encode(), 1, symbol, size, price)


def timed(payloads, line=LINES[0], start_ns=START_NS, step_ns=1000):
    return [(start_ns + i * step_ns, frame(line, p)) for i, p in enumerate(payloads)]


def much_waits_at_once():
    """More waits behind one hole than fits into the log's usual size; it goes out in one step, whatever ends the wait."""
    t = mold()
    count = 1300  # of 60,000 bytes: 78 MB
    big = [add(i + 1, price=10000 + i % 7, pad=60000) for i in range(count)]
    ahead = [t.payload(1, [add(0)])] + [t.payload(i + 3, [m]) for i, m in enumerate(big)]
    closing = t.payload(2, [add(count + 1)])
    other = mold(b'CORNER0002').payload(1, [add(1)])
    yield 'much waits: the hole closes', 'itch50', timed(ahead + [closing], step_ns=0)
    yield 'much waits: the input ends', 'itch50', timed(ahead, step_ns=0)
    yield 'much waits: the session is left', 'itch50', timed(ahead + [other], step_ns=0)


def times_step_back():
    """One packet from the far future must not make every later absence look old."""
    t = mold()
    out = timed([t.payload(1, [add(1)])])
    out.append((START_NS + 3600 * 10 ** 9, frame(LINES[0], t.payload(2, [add(2)]))))
    for i in range(2000):
        out.append((START_NS + 2000 + i, frame(LINES[0], t.payload(4 + i, [add(4 + i)]))))
    out.append((START_NS + 5000, frame(LINES[0], t.payload(3, [add(3)]))))
    yield 'recorded time steps back', 'itch50', out


def strange_symbols():
    """Rows are sorted by what is printed; bytes below the blank come after the end of a shorter name."""
    t = mold()
    names = [b'A       ', b'A\x01      ', b'A\x01B     ', b'AB      ', b'\xc3\x84      ', b'a,b"c   ', b' A      ', b'        ',
             b'A\x00      ', b'A\x1f\x20\x1f    ', b'ZZZZZZZZ', b'\xff' * 8]
    messages = [add(i + 1, symbol=n, locate=0) for i, n in enumerate(names)]
    yield 'symbols of any bytes', 'itch50', timed([t.payload(1, messages)])
    iex = Transport('deep10', 7, 0)
    yield 'levels of any bytes', 'deep10', timed([iex.payload(1, [level(n, 5, 1 + i) for i, n in enumerate(names)])])


def many_sessions():
    """A session that was left stays left, however many have come since."""
    out = [mold(b'S%09d' % i).payload(1, [add(i + 1)]) for i in range(300)]
    returns = [mold(b'S%09d' % i).payload(2, [add(9000 + i)]) for i in (0, 1, 150, 298)]
    yield 'many sessions', 'itch50', timed(out + returns + [mold(b'S%09d' % 299).payload(2, [add(5)])])
    iex = [Transport('deep10', 1000 + i, 0).payload(1, [level(b'AAPL    ', i, 1)], send_time=i) for i in range(300)]
    late = [Transport('deep10', 1000 + i, 0).payload(5, [level(b'AAPL    ', 7, 1)], send_time=10 ** 6) for i in (0, 5)]
    yield 'many sessions of IEX', 'deep10', timed(iex + late)


def many_gaps():
    """What comes late is late, not a duplicate, however many ranges were given up before: packets, gaps, late messages."""
    t = mold()
    count = 70000
    out = timed([t.payload(2 * i + 1, [b'?']) for i in range(count)])
    later = START_NS + 10 ** 10
    out += timed([t.payload(2 * count - 1, [b'?'])] * 1100, start_ns=later)
    late = range(0, count - 1, 100)
    out += timed([t.payload(2 * i + 2, [b'?']) for i in late], start_ns=2 * later - START_NS)
    return out, count - 1, len(late)


def many_lines():
    """Every destination becomes a line, also the hundredth."""
    t = mold()
    out = []
    for i in range(300):
        line = (bytes([239, 1, i >> 8, i & 255]), 1000 + i)
        out.append((START_NS + i, frame(line, t.payload(i // 3 + 1, [add(i // 3 + 1)]))))
    yield 'many lines', 'itch50', out


def lost_without_end():
    """More is lost than a signed number holds."""
    t = mold()
    yield 'lost beyond 2^63', 'itch50', timed([t.payload(1, [add(1)]), t.payload((1 << 64) - 2, [add(2)])])


def iex_runs():
    def p(first, send, count=1, key=7):
        return Transport('deep10', key, 0).payload(first, [level(b'AAPL    ', first, send + 1)] * count, send_time=send)

    def beat(first, send):
        return Transport('deep10', 7, 0).payload(first, [], send_time=send)
    for name, packets in (
            ('sent before the first one seen', [p(5, 100), p(7, 90), p(6, 80), p(3, 70)]),
            ('restart', [p(1, 10), p(2, 20), p(1, 30), p(2, 40)]),
            ('restart by heartbeat', [p(1, 10), p(2, 20), beat(1, 30), p(1, 31), p(2, 40)]),
            ('no restart: equal times', [p(1, 10), p(2, 20), p(1, 20), p(3, 30)]),
            ('no restart: nothing higher came', [p(1, 10, 3), p(1, 20, 3), beat(1, 30)]),
            ('late packets of the old run', [p(1, 10), p(2, 20), p(4, 40), p(1, 50), p(3, 30), p(2, 20), p(2, 60)]),
            ('two lines across a restart', [p(1, 10), p(1, 10), p(2, 20), p(1, 30), p(2, 20), p(2, 40), p(1, 30), p(2, 40)]),
            ('restart, then another session', [p(1, 10), p(2, 20), p(1, 30), p(1, 40, key=8), p(2, 35), p(2, 50, key=8), p(3, 99)]),
            ('a first heartbeat joins', [beat(5, 1), p(3, 2), p(5, 3), p(8, 4)]),
            ('restart of a restart', [p(1, 10), p(2, 20), p(1, 30), p(2, 40), p(1, 50), p(2, 45), p(2, 60)])):
        yield 'IEX: ' + name, 'deep10', timed(packets)
    good = p(1, 10, 2)
    cut = Transport('deep10', 7, 0).payload(3, [level(b'AAPL    ', 1, 1)] * 2, send_time=11)
    for name, payload in (('payload length smaller', 5), ('payload length greater', 500), ('payload length zero', 0)):
        broken = cut[:12] + struct.pack('<H', payload) + cut[14:]
        yield 'IEX: ' + name, 'deep10', timed([good, broken, p(6, 20)])
        yield 'IEX: %s, no line yet' % name, 'deep10', timed([broken, good, p(6, 20)])
    yield 'IEX: count 0xffff', 'deep10', timed([good, Transport('deep10', 7, 0).payload(3, [b'x'], 0xffff, 12), p(4, 13)])


def damaged_first():
    """What is not well-formed to the letter makes no line, and sets no first sequence."""
    t = mold()
    bad = [t.payload(5, [add(1)], tail=b'!'), t.payload(5, [add(1)], 2), t.payload(5, [], tail=b'!'),
           t.payload(5, [], 0xffff, tail=b'!'), t.payload(0, [add(1)]), t.payload((1 << 64) - 1, [add(1), add(2)]),
           mold(b'CORNER\x00001').payload(5, [add(1)]), mold(b'CORNER\x7f001').payload(5, [add(1)]),
           t.payload(5, [add(1)])[:-1], t.payload(5, [])[:19]]
    for i, b in enumerate(bad):
        yield 'no line by damage %d' % i, 'itch50', timed([b, t.payload(9, [add(3)]), b, t.payload(7, [add(4)])])
    for name, first in (('heartbeat', t.payload(9, [])), ('end', t.payload(9, [], 0xffff)), ('far end', t.payload((1 << 64) - 1, []))):
        yield 'joined by ' + name, 'itch50', timed([first, t.payload(8, [add(1), add(2), add(3)]), t.payload(12, [add(4)])])
    overrun = t.payload(9, [add(2), add(3)], 3)
    yield 'one byte of a length left', 'itch50', timed([t.payload(8, [add(1)]), overrun + b'\0', t.payload(11, [add(4)])])
    yield 'overrun begins a session', 'itch50', timed([t.payload(8, [add(1)]), mold(b'CORNER0002').payload(5, [add(1)], 9)])
    yield 'unprintable session on a line', 'itch50', timed([t.payload(8, [add(1)]), mold(b'\0' * 10).payload(5, [add(1)])])
    yield 'ends that are none', 'itch50', timed(
        [t.payload(1, [add(1)]), t.payload(3, [], 0xffff), t.payload(2, [add(2), add(3)]), t.payload(9, [], 0xffff),
         t.payload(4, [add(4)], tail=b'?')])


def gaps_that_touch():
    """Ranges given up one after the other are one gap as long as nothing was delivered between them."""
    t = mold()
    out = timed([t.payload(1, [add(1)]), t.payload(5, [])])
    at = START_NS + 1_500_000_000
    out += timed([t.payload(9, [])] + [t.payload(9, [])] * 1100, start_ns=at)
    out += timed([t.payload(4, [add(4)]), t.payload(12, [add(5)])] + [t.payload(12, [])] * 1100, start_ns=at + 2 * 10 ** 9)
    out += timed([t.payload(20, []), t.payload(11, [add(6), add(7), add(8)])], start_ns=at + 10 ** 10)
    yield 'gaps that touch', 'itch50', out


def orders():
    t = mold()
    big = 4294967295
    messages = [
        add(1, big), add(2, big), add(3, big), add(4, 5, side=b'S'), add(4, 0, side=b'S'), add(4, 7, side=b'x'), add(1, 9, 77),
        add(5, 10), take('E', 5, 0), take('X', 5, 0), take('C', 5, 0), add(6, 10, symbol=b'MSFT    '), replace(5, 6, 3, 12),
        replace(6, 6, 4, 13), replace(99, 2, 1, 1), replace(2, 3, 0, 1), take('E', 3, big), take('X', 4, 6), take('D', 4),
        directory(b'TSLA    '), add(7), directory(b'        '), add(8), directory(b'NVDA    ', 0), add(9, locate=0),
        replace(7, 10, 5, 6), take('C', 10, 4), add(0), add((1 << 64) - 1), replace(0, (1 << 64) - 1, 2, 3), b'A' * 35, b'', b'A' * 36]
    yield 'orders', 'itch50', timed([t.payload(1 + i, [m]) for i, m in enumerate(messages)])
    yield 'orders in one packet', 'itch50', timed([t.payload(1, messages)])
    prices = [-1, -9999, -10000, -10001, 0, 1, (1 << 63) - 1, -(1 << 63), -(1 << 63) + 1]
    levels = [level(b'AAPL    ', p, 1 + i, s) for i, p in enumerate(prices) for s in '85']
    yield 'levels', 'deep10', timed([Transport('deep10', 7, 0).payload(1, levels + [level(b'AAPL    ', 0, 0), level(b'IBM     ', 0, 0)])])


def all_corners():
    for part in (damaged_first, iex_runs, gaps_that_touch, orders, strange_symbols, lost_without_end, times_step_back, many_sessions,
                 many_lines, much_waits_at_once):
        yield from part()
