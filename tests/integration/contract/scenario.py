# SPDX-License-Identifier: BSD-3-Clause
"""Scenarios by seed: message streams, their packets on lines, everything that goes wrong, and capture files of every kind."""
import gzip
import random
import struct

from reference import DEEP_LENGTHS, IEX_IDS, ITCH_LENGTHS, ITCH_STOCK, TOPS_LENGTHS

LINES = [(bytes([233, 54, 12, 111]), 26477), (bytes([233, 54, 12, 112]), 26478)]
SYMBOLS = [b'AAPL    ', b'MSFT    ', b'A       ', b'AA      ', b'ZVZZT   ', b'        ', b'BRK.A   ']


def frame(line, payload, rng=None, tags=None, options=b'', fragment=0, protocol=17, udp_length=None, ip_length=None, trailer=b'',
          version=4):
    udp = struct.pack('>HHHH', 40000, line[1], 8 + len(payload) if udp_length is None else udp_length, 0x1234)
    header = 20 + len(options)
    total = header + 8 + len(payload) if ip_length is None else ip_length
    ip = struct.pack('>BBHHHBBH4s4s', version << 4 | header // 4, 0, total & 0xffff, 1, fragment, 64, protocol, 0,
                     bytes([10, 0, 0, 1]), line[0]) + options
    if tags is None:
        tags = rng.choice((0, 0, 1, 2)) if rng else 0
    vlan = b''.join(struct.pack('>HH', 0x8100 if i else 0x88a8, 100 + i) for i in range(tags))
    return bytes(12) + vlan + b'\x08\x00' + ip + udp + payload + trailer


def itch_message(rng, references):
    kind = rng.choice('AAAAAAAAFFEECXDDUUPQRRHYSLVWKJhBINO')
    body = bytearray(rng.randbytes(ITCH_LENGTHS[kind]))
    locate = rng.randrange(8)
    struct.pack_into('>cH', body, 0, kind.encode(), locate)
    if kind in ITCH_STOCK:
        # Mostly each locate has its symbol; now and then it has another one.
        symbol = SYMBOLS[locate % len(SYMBOLS)] if rng.random() < 0.9 else rng.choice(SYMBOLS)
        body[ITCH_STOCK[kind]:ITCH_STOCK[kind] + 8] = symbol
    reference = rng.choice(references) if references and rng.random() < 0.9 else rng.randrange(1, 1 << 64)
    shares = rng.choice((0, 1, 5, 100, 100, 200, 4294967295))
    price = rng.choice((0, 1, 9999, 10000, 10100, 1234567, 4294967295))
    if kind in 'AF':
        if rng.random() < 0.9:
            reference = rng.randrange(1, 1 << 64)
        references.append(reference)
        struct.pack_into('>QcI', body, 11, reference, rng.choice((b'B', b'B', b'S', b'S', b'X')), shares)
        struct.pack_into('>I', body, 32, price)
    elif kind in 'ECXD':
        struct.pack_into('>Q', body, 11, reference)
        if kind != 'D':
            struct.pack_into('>I', body, 19, rng.choice((1, 5, 100)))
    elif kind == 'U':
        new = reference if rng.random() < 0.1 else rng.choice(references) if references and rng.random() < 0.1 else \
            rng.randrange(1, 1 << 64)
        references.append(new)
        struct.pack_into('>QQII', body, 11, reference, new, shares, price)
    return bytes(body)


def deep_message(rng):
    kind = rng.choice('8888885555555TTBSDHOPEXAI')
    body = bytearray(rng.randbytes(DEEP_LENGTHS[kind]))
    body[0:1] = kind.encode()
    if kind != 'S':
        body[10:18] = rng.choice(SYMBOLS)
    if kind in '85':
        struct.pack_into('<Iq', body, 18, rng.choice((0, 0, 1, 100, 4294967295)),
                         rng.choice((-12345, -1, 0, 1, 10000, 20000, 1 << 40)))
    return bytes(body)


def tops_message(rng):
    kind = rng.choice('QQQQQQQQQQQQTTBSDHOPXAI')
    body = bytearray(rng.randbytes(TOPS_LENGTHS[kind]))
    body[0:1] = kind.encode()
    if kind != 'S':
        body[10:18] = rng.choice(SYMBOLS)
    if kind == 'Q':
        sizes = [rng.choice((0, 0, 1, 100, 100, 4294967295)) for _ in range(2)]
        prices = [rng.choice((-12345, -1, 0, 0, 1, 10000, 20000, 1 << 40)) for _ in range(2)]
        struct.pack_into('<IqqI', body, 18, sizes[0], prices[0], prices[1], sizes[1])
    return bytes(body)


def message(rng, protocol, references):
    dice = rng.random()
    if dice < 0.02:
        return b''
    if dice < 0.04:
        return bytes([rng.randrange(256)]) + rng.randbytes(rng.randrange(60))  # unknown, mostly
    m = itch_message(rng, references) if protocol == 'itch50' else deep_message(rng) if protocol == 'deep10' else tops_message(rng)
    if dice < 0.06:
        return m[:rng.randrange(1, len(m))]  # too short for its type
    if dice < 0.09:
        return m + rng.randbytes(rng.randrange(1, 9))  # longer is accepted
    return m


class Transport:
    def __init__(self, protocol, session, start_ns):
        self.itch, self.protocol, self.session, self.sent = protocol == 'itch50', protocol, session, start_ns

    def payload(self, first, messages, count=None, send_time=0, tail=b''):
        count = len(messages) if count is None else count
        order = '>H' if self.itch else '<H'
        body = b''.join(struct.pack(order, len(m)) + m for m in messages)
        if self.itch:
            return self.session + struct.pack('>QH', first, count) + body + tail
        return struct.pack('<BBHIIHHQQQ', 1, 0, IEX_IDS[self.protocol], 1, self.session, len(body), count, 0, first,
                           send_time) + body + tail


def line_packets(rng, transport, messages, start_ns, first, loss, weird):
    """(time, payload) of one line: its own cuts, losses, repeats and disorder."""
    out = []
    at = 0
    while at < len(messages):
        n = rng.choice((1, 1, 1, 2, 3, 10))
        chunk = messages[at:at + n]
        time_ns = start_ns + at * 1000 + rng.randrange(900)
        send = transport.sent + at * 1000
        kind = rng.random() if weird else 1
        if kind < 0.03:  # claims more than it holds, cut in a block or between two
            payload = transport.payload(first + at, chunk, len(chunk) + rng.randrange(1, 4), send)
            cut = rng.randrange(0, 3)
            payload = payload[:len(payload) - cut] if cut < len(payload) - 40 else payload
        elif kind < 0.06:
            payload = transport.payload(first + at, chunk, send_time=send, tail=b'tail'[:rng.randrange(1, 5)])
        else:
            payload = transport.payload(first + at, chunk, send_time=send)
        if rng.random() >= loss:
            out.append((time_ns, payload))
            if rng.random() < 0.05:
                out.append((time_ns + rng.randrange(200000), payload))
        elif rng.random() < 0.2:
            out.append((time_ns + rng.randrange(300000), payload))  # late instead
        if rng.random() < 0.05:  # heartbeat, now and then with a tail
            tail = b'x' if weird and rng.random() < 0.3 else b''
            out.append((time_ns + 5, transport.payload(first + at + len(chunk), [], send_time=send, tail=tail)))
        at += n
    if transport.itch and rng.random() < 0.7:
        out.append((start_ns + at * 1000 + 900, transport.payload(first + at, [], 0xffff)))
    return out


def junk(rng, transport):
    """A frame that is no packet of the feed, or a malformed one of a line."""
    line = rng.choice(LINES)
    good = transport.payload(rng.randrange(1, 50), [b'x' * 12], send_time=transport.sent)
    kind = rng.randrange(15)
    if kind == 0:
        return frame(line, good, tags=3)
    if kind == 1:
        return frame(line, good, fragment=rng.choice((0x2000, 1, 0x1fff)))
    if kind == 2:
        return frame(line, good, protocol=6)
    if kind == 3:
        return frame(line, good, udp_length=rng.choice((0, 7, 8 + len(good) + 1, 65535)))
    if kind == 4:
        return frame(line, good, ip_length=rng.choice((0, 19, 20, 27, 65535)))
    if kind == 5:
        return rng.randbytes(rng.randrange(60))
    if kind == 6:
        return frame((bytes([10, 0, 0, 9]), 53), rng.randbytes(30))
    if kind == 7:
        return frame(line, good[:rng.randrange(20 if transport.itch else 40)])  # a short header, on a line
    if kind == 8:
        return frame(line, transport.payload(0, [b'y']))  # sequence 0
    if kind == 9:
        return frame(line, transport.payload((1 << 64) - 1, [b'y', b'z'], send_time=transport.sent))  # beyond 2^64
    if kind == 10 and not transport.itch:
        return frame(line, b'\x02' + good[1:])
    if kind == 14 and not transport.itch:  # IEX's other feed
        other = min(set(IEX_IDS.values()) - {IEX_IDS[transport.protocol]})
        return frame(line, good[:2] + struct.pack('<H', other) + good[4:])
    if kind == 11:
        return frame(line, good, version=6)
    if kind == 12:
        whole = frame(line, good)
        return whole[:rng.randrange(len(whole))]  # the capture cut it
    return frame(line, good, tags=2)[:18] + b'\x86\xdd' + bytes(60)


def make(seed, protocol):
    """A scenario: [(time_ns, frame)], at most a few hundred packets, so that nothing is given up before its session's end."""
    rng = random.Random(seed)
    itch = protocol == 'itch50'
    now = 1_700_000_000_000_000_000
    out = []
    sent = 1_700_000_000_000_000_000
    sessions = rng.choice((1, 1, 2, 3))
    for number in range(sessions):
        references = []
        messages = [message(rng, protocol, references) for _ in range(rng.randrange(1, 120))]
        key = b'SESSION%03d' % number if itch else (7 if rng.random() < 0.5 else 7 + number)
        transport = Transport(protocol, key, sent)
        first = 1 if not itch or rng.random() < 0.6 else rng.randrange(1, 1 << 60)
        if not itch and number == 0 and rng.random() < 0.3:
            first = 1000
        packets = []
        loss = rng.choice((0, 0.05, 0.3))
        weird = rng.random() < 0.6
        for line in LINES[:rng.choice((1, 2, 2))]:
            skew = rng.choice((0, 1000, 50000))
            packets += [(t + skew, line, p) for t, p in line_packets(rng, transport, messages, now, first, loss, weird)]
        packets.sort(key=lambda x: x[0])
        for t, line, p in packets:
            out.append((t, frame(line, p, rng, options=rng.choice((b'', b'', b'\x01' * 8)),
                                 trailer=rng.choice((b'', b'', b'trailer')))))
            if rng.random() < 0.05:
                out.append((t, junk(rng, transport)))
        now += 1_000_000_000
        sent += 1_000_000_000
    if rng.random() < 0.3 and out:  # the old session comes back for a moment
        out.append((now, rng.choice(out)[1]))
    return out


def write_pcap(path, packets, order='<', nanoseconds=False, compress=False):
    data = [struct.pack(order + 'IHHiIII', 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)]
    for t, f in packets:
        fraction = t % 1_000_000_000
        data.append(struct.pack(order + 'IIII', t // 1_000_000_000, fraction if nanoseconds else fraction // 1000, len(f), len(f)) + f)
    write(path, b''.join(data), compress)


def block(kind, body, order):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, 12 + len(body)) + body + struct.pack(order + 'I', 12 + len(body))


def write_pcapng(path, packets, order='<', compress=False):
    data = block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1), order)
    resolution = struct.pack(order + 'HHBxxxHH', 9, 1, 9, 0, 0)  # nanoseconds
    data += block(1, struct.pack(order + 'HHI', 1, 0, 65535) + resolution, order)
    for t, f in packets:
        data += block(6, struct.pack(order + 'IIIII', 0, t >> 32, t & 0xffffffff, len(f), len(f)) + f, order)
    write(path, data, compress)


def write(path, data, compress):
    with (gzip.open(path, 'wb', 1) if compress else open(path, 'wb')) as f:
        f.write(data)
