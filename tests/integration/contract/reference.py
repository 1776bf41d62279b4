# SPDX-License-Identifier: BSD-3-Clause
"""The contract of replay (docs/replay.md) a second time: slow, naive and written from the page alone.

A scenario is a list of (time_ns, frame) as a capture holds them. Reference(protocol).run(scenario) gives the counters and the books
that `genesis replay` must print. It holds one entry per message and looks at all of them where it needs to: obviously right matters
here, fast does not.
"""
import struct

HOLD_PACKETS = 1024
HOLD_NS = 1_000_000_000

ITCH_LENGTHS = {
    'S': 12, 'R': 39, 'H': 25, 'Y': 20, 'L': 26, 'V': 35, 'W': 12, 'K': 28, 'J': 35, 'h': 21, 'A': 36, 'F': 40, 'E': 31, 'C': 36,
    'X': 23, 'D': 19, 'U': 35, 'P': 44, 'Q': 40, 'B': 19, 'I': 50, 'N': 20, 'O': 48}
ITCH_STOCK = {'R': 11, 'H': 11, 'Y': 11, 'L': 15, 'K': 11, 'J': 11, 'h': 11, 'A': 24, 'F': 24, 'P': 24, 'Q': 19, 'I': 28, 'N': 11,
              'O': 11}
DEEP_LENGTHS = {'S': 10, 'D': 31, 'H': 22, 'I': 18, 'O': 18, 'P': 19, 'E': 18, '8': 30, '5': 30, 'T': 38, 'B': 38, 'X': 26, 'A': 80}
TOPS_LENGTHS = {'S': 10, 'D': 31, 'H': 22, 'I': 18, 'O': 18, 'P': 19, 'Q': 42, 'T': 38, 'B': 38, 'X': 26, 'A': 80}
IEX_IDS = {'deep10': 0x8004, 'tops16': 0x8003}


def parse_frame(frame):
    """(destination address, destination port, payload), or None."""
    at = 12
    tags = 0
    while True:
        if len(frame) < at + 2:
            return None
        kind = struct.unpack_from('>H', frame, at)[0]
        if kind not in (0x8100, 0x88a8, 0x9100):
            break
        tags += 1
        at += 4
    if tags > 2 or kind != 0x0800:
        return None
    ip = at + 2
    if len(frame) < ip + 20:
        return None
    if frame[ip] >> 4 != 4:
        return None
    header = (frame[ip] & 15) * 4
    total = struct.unpack_from('>H', frame, ip + 2)[0]
    if header < 20 or total < header or ip + total > len(frame):
        return None
    if struct.unpack_from('>H', frame, ip + 6)[0] & 0x3fff:
        return None
    if frame[ip + 9] != 17 or total < header + 8:
        return None
    udp = ip + header
    length = struct.unpack_from('>H', frame, udp + 4)[0]
    if length < 8 or length > total - header:
        return None
    port = struct.unpack_from('>H', frame, udp + 2)[0]
    return bytes(frame[ip + 16:ip + 20]), port, bytes(frame[udp + 8:udp + length])


class Packet:
    def __init__(self, session, first, claimed, messages, damaged, send_time=0):
        self.session, self.first, self.claimed = session, first, claimed
        self.messages, self.damaged, self.send_time = messages, damaged, send_time


def walk(body, count, order):
    """Whole blocks, and whether the body held exactly `count` of them."""
    out = []
    at = 0
    for _ in range(count):
        if len(body) - at < 2:
            return out, False
        length = struct.unpack_from(order + 'H', body, at)[0]
        if len(body) - at - 2 < length:
            return out, False
        out.append(body[at + 2:at + 2 + length])
        at += 2 + length
    return out, at == len(body)


def parse_mold(payload):
    """A Packet, or None: brings nothing."""
    if len(payload) < 20:
        return None
    sequence, count = struct.unpack_from('>QH', payload, 10)
    blocks = 0 if count == 0xffff else count
    if sequence == 0 or sequence + blocks > 1 << 64:
        return None
    messages, exact = walk(payload[20:], blocks, '>')
    return Packet(payload[:10], sequence, blocks, messages, not exact)


def well_formed_mold(payload):
    p = parse_mold(payload)
    return p is not None and not p.damaged and all(0x20 <= c <= 0x7e for c in p.session)


def parse_iex(payload, wanted):
    if len(payload) < 40:
        return None
    version, _, protocol, channel, session, length, count, _, sequence, sent = struct.unpack_from('<BBHIIHHQQQ', payload)
    if version != 1 or protocol != wanted or sequence == 0 or sequence + count > 1 << 64:
        return None
    rest = payload[40:]
    messages, exact = walk(rest[:length], count, '<')
    return Packet((protocol, channel, session), sequence, count, messages, not exact or length != len(rest), sent)


def well_formed_iex(payload, wanted):
    p = parse_iex(payload, wanted)
    return p is not None and not p.damaged


class Session:
    """One session's arbitration, by message."""

    def __init__(self, first):
        self.start = first
        self.next = first          # lowest sequence neither delivered nor given up
        self.known_end = first     # one past the highest claimed
        self.waiting = {}          # sequence -> message
        self.seen_missing = []     # (end, packet number, time): below `end`, everything absent was known absent by then
        self.given_up = set()


class Itch:
    def __init__(self):
        self.orphans = 0
        self.symbols = set()
        self.reset()

    def reset(self):
        self.directory = {}
        self.orders = {}

    def length_of(self, kind):
        return ITCH_LENGTHS.get(kind)

    def apply(self, kind, m):
        locate = struct.unpack_from('>H', m, 1)[0]
        stock = m[ITCH_STOCK[kind]:ITCH_STOCK[kind] + 8] if kind in ITCH_STOCK else None
        if stock is not None and stock.rstrip(b' '):
            self.symbols.add(stock.rstrip(b' '))
        if kind == 'R':
            self.directory[locate] = stock
        elif kind in 'AF':
            reference, side, shares = struct.unpack_from('>QcI', m, 11)
            price = struct.unpack_from('>I', m, 32)[0]
            if shares and side in (b'B', b'S'):
                self.orders[reference] = [self.directory.get(locate, stock), side, price, shares]
        elif kind in 'ECXDU':
            self.change(kind, m)

    def change(self, kind, m):
        reference = struct.unpack_from('>Q', m, 11)[0]
        order = self.orders.get(reference)
        if order is None:
            self.orphans += 1
            return
        if kind in 'ECX':
            order[3] -= struct.unpack_from('>I', m, 19)[0]
            if order[3] <= 0:
                del self.orders[reference]
        else:
            del self.orders[reference]
        if kind == 'U':
            new, shares, price = struct.unpack_from('>QII', m, 19)
            if shares:
                self.orders[new] = [order[0], order[1], price, shares]

    def live(self):
        return len(self.orders)

    def levels(self):
        out = {}
        for symbol, side, price, shares in self.orders.values():
            level = out.setdefault((symbol.rstrip(b' '), side, price), [0, 0])
            level[0] += shares
            level[1] += 1
        return [(s, side, price, q, str(n)) for (s, side, price), (q, n) in out.items()]


class Deep:
    def __init__(self):
        self.orphans = 0
        self.symbols = set()
        self.reset()

    def reset(self):
        self.book = {}

    def length_of(self, kind):
        return DEEP_LENGTHS.get(kind)

    def apply(self, kind, m):
        if kind == 'S':
            return
        symbol = m[10:18].rstrip(b' ')
        if symbol:
            self.symbols.add(symbol)
        self.change(kind, m, symbol)

    def change(self, kind, m, symbol):
        if kind in '85':
            size, price = struct.unpack_from('<Iq', m, 18)
            key = (symbol, b'B' if kind == '8' else b'S', price)
            if size:
                self.book[key] = size
            else:
                self.book.pop(key, None)

    def live(self):
        return 0

    def levels(self):
        return [(s, side, price, q, '') for (s, side, price), q in self.book.items()]


class Tops(Deep):
    """A quote is the whole book of its symbol."""

    def length_of(self, kind):
        return TOPS_LENGTHS.get(kind)

    def change(self, kind, m, symbol):
        if kind != 'Q':
            return
        bid_size, bid, ask, ask_size = struct.unpack_from('<IqqI', m, 18)
        self.book = {key: size for key, size in self.book.items() if key[0] != symbol}
        if bid_size:
            self.book[symbol, b'B', bid] = bid_size
        if ask_size:
            self.book[symbol, b'S', ask] = ask_size


class Reference:
    def __init__(self, protocol, lines=None):
        self.itch = protocol == 'itch50'
        if self.itch:
            self.parse, self.well_formed = parse_mold, well_formed_mold
        else:
            wanted = IEX_IDS[protocol]
            self.parse = lambda payload: parse_iex(payload, wanted)
            self.well_formed = lambda payload: well_formed_iex(payload, wanted)
        self.market = {'itch50': Itch, 'deep10': Deep, 'tops16': Tops}[protocol]()
        self.allowed = lines
        self.lines = set()
        self.session = None
        self.key = None
        self.left = set()
        self.restarted = False
        self.run_start = self.run_last = self.run_highest = 0
        self.now = 0
        self.count = dict.fromkeys(('packets', 'messages', 'duplicates', 'gaps', 'lost_messages', 'late_messages',
                                    'malformed_packets', 'empty_messages', 'unknown_messages', 'session_resets'), 0)
        self.by_type = {}
        self.missing_before = None  # end of the last range given up, nothing delivered since

    def run(self, scenario):
        for time_ns, frame in scenario:
            self.now = max(self.now, time_ns)
            self.on_frame(frame)
        if self.session is not None:
            self.give_up(self.session.known_end)
        return self

    def on_frame(self, frame):
        datagram = parse_frame(frame)
        if datagram is None:
            return
        line = datagram[:2]
        if line not in self.lines:
            if self.allowed is not None and line not in self.allowed:
                return
            if not self.well_formed(datagram[2]):
                return
            self.lines.add(line)
        self.count['packets'] += 1
        p = self.parse(datagram[2])
        if p is None or p.damaged:
            self.count['malformed_packets'] += 1
        if p is not None:
            self.on_packet(p)
        self.age()

    def on_packet(self, p):
        if self.session is None:
            self.begin(p)
        elif p.session != self.key:
            if p.session in self.left:
                return
            self.change_session(p)
        elif not self.itch and p.first == 1 and self.run_highest > 1 and p.send_time > self.run_last:
            self.change_session(p)
        elif self.restarted and p.send_time < self.run_start:
            return  # of a run already left; where none was, it is a packet that came late
        self.run_last = max(self.run_last, p.send_time)
        self.run_highest = max(self.run_highest, p.first)
        self.take(p)

    def begin(self, p):
        self.key = p.session
        self.session = Session(p.first)
        self.run_start = self.run_last = p.send_time
        self.run_highest = p.first
        self.missing_before = None

    def change_session(self, p):
        self.give_up(self.session.known_end)
        self.restarted = p.session == self.key  # else no earlier run bears this name
        if not self.restarted:
            self.left.add(self.key)
        self.count['session_resets'] += 1
        self.market.reset()
        self.begin(p)

    def take(self, p):
        s = self.session
        for i, message in enumerate(p.messages):
            sequence = p.first + i
            if sequence in s.given_up:
                self.count['late_messages'] += 1
            elif sequence < s.next or sequence in s.waiting:
                self.count['duplicates'] += 1
            else:
                s.waiting[sequence] = message
        end = p.first + p.claimed
        if end > s.known_end:
            s.known_end = end
        s.seen_missing.append((s.known_end, self.count['packets'], self.now))
        self.release()

    def release(self):
        s = self.session
        while s.next in s.waiting:
            self.deliver(s.waiting.pop(s.next))
            s.next += 1

    def deliver(self, m):
        self.missing_before = None
        self.count['messages'] += 1
        if not m:
            self.count['empty_messages'] += 1
            return
        kind = chr(m[0])
        length = self.market.length_of(kind)
        if length is None or len(m) < length:
            self.count['unknown_messages'] += 1
            return
        self.by_type[kind] = self.by_type.get(kind, 0) + 1
        self.market.apply(kind, m)

    def age(self):
        """Gives up what was known missing long enough ago."""
        s = self.session
        if s is None:
            return
        old = 0
        for end, packet, time_ns in s.seen_missing:
            if self.count['packets'] - packet >= HOLD_PACKETS and self.now - time_ns >= HOLD_NS:
                old = max(old, end)
        s.seen_missing = [x for x in s.seen_missing if x[0] > s.next]
        if old > s.next:
            self.give_up(old)

    def give_up(self, end):
        """Everything absent below `end`."""
        s = self.session
        self.release()
        while s.next < end:
            later = [q for q in s.waiting if q > s.next]
            stop = min(min(later) if later else end, end)
            if self.missing_before != s.next:
                self.count['gaps'] += 1
            self.count['lost_messages'] += stop - s.next
            s.given_up.update(range(s.next, min(stop, s.next + 100000)))
            s.next = stop
            self.missing_before = stop
            self.release()

    def counters(self):
        out = dict(self.count)
        out['orphan_references'] = self.market.orphans
        out['symbols'] = len(self.market.symbols)
        out['orders_live'] = self.market.live()
        out['by_type'] = self.by_type
        return out

    def books(self):
        rows = sorted(self.market.levels(), key=lambda r: (r[0], r[1], -r[2] if r[1] == b'B' else r[2]))
        text = b'symbol,side,price,quantity,orders\n'
        for symbol, side, price, quantity, orders in rows:
            sign = '-' if price < 0 else ''
            value = '%s%d.%04d' % (sign, abs(price) // 10000, abs(price) % 10000)
            text += symbol + b',' + side + (',%s,%d,%s\n' % (value, quantity, orders)).encode()
        return text
