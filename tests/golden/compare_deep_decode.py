#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares our text of a real DEEP 1.0 capture, message by message, with a decoder of its own.

usage: compare_deep_decode.py DUMP_MESSAGES SOURCE_ROOT

The capture is found by GENESIS_CAPTURES, or else in ../shared/data beside the source; else the test
is skipped (exit 77). Types that it does not carry (D, I, X, A) rest on the golden file alone.
"""
import collections
import gzip
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

COUNTS = {"H": 93638, "O": 93638, "P": 93636, "T": 83343, "5": 14627, "8": 12941, "B": 73, "E": 59,
          "S": 44}


def price(v):
    return ("-" if v < 0 else "") + f"{abs(v) // 10000}.{abs(v) % 10000:04d}"


def letter(b):
    return chr(b) if 0x20 < b < 0x7f and b != 0x5c else f"\\x{b:02x}"


def text(b):
    return "".join(letter(c) for c in b.rstrip(b" "))


def level(m):
    _, flags, ts, symbol, size, at = struct.unpack("<BBq8sIq", m)
    return f"timestamp={ts} flags=0x{flags:02x} symbol={text(symbol)} size={size} price={price(at)}"


def trade(m):
    _, flags, ts, symbol, size, at, trade_id = struct.unpack("<BBq8sIqq", m)
    return (f"timestamp={ts} flags=0x{flags:02x} symbol={text(symbol)} size={size} "
            f"price={price(at)} id={trade_id}")


def status(m):
    _, state, ts, symbol, reason = struct.unpack("<BBq8s4s", m)
    return f"timestamp={ts} state={letter(state)} symbol={text(symbol)} reason={text(reason)}"


def halt(m):
    _, state, ts, symbol = struct.unpack("<BBq8s", m)
    return f"timestamp={ts} state={letter(state)} symbol={text(symbol)}"


def event(m):
    _, code, ts, symbol = struct.unpack("<BBq8s", m)
    return f"timestamp={ts} event={letter(code)} symbol={text(symbol)}"


def short_sale(m):
    _, restricted, ts, symbol, detail = struct.unpack("<BBq8sB", m)
    return f"timestamp={ts} restricted={restricted} symbol={text(symbol)} detail={letter(detail)}"


def system(m):
    _, code, ts = struct.unpack("<BBq", m)
    return f"timestamp={ts} event={letter(code)}"


DECODE = {"8": level, "5": level, "T": trade, "B": trade, "H": status, "O": halt, "E": event,
          "P": short_sale, "S": system}


def messages(data):
    at = 24
    while at + 16 <= len(data):
        captured = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + captured]
        at += 16 + captured
        if len(frame) < captured:
            return
        ip = 14
        udp = ip + (frame[ip] & 15) * 4
        payload = frame[udp + 8:udp + struct.unpack_from(">H", frame, udp + 4)[0]]
        q = 40
        for _ in range(struct.unpack_from("<H", payload, 14)[0]):
            n = struct.unpack_from("<H", payload, q)[0]
            yield payload[q + 2:q + 2 + n]
            q += 2 + n


def main():
    dump, source_root = sys.argv[1:3]
    folder = os.environ.get("GENESIS_CAPTURES") or pathlib.Path(source_root) / "../shared/data"
    capture = pathlib.Path(folder) / "iex/DEEP10.pcap.gz"
    if not capture.is_file():
        print(f"SKIP: no {capture}")
        sys.exit(77)
    data = gzip.open(capture).read()
    with tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        plain.write(data)
        plain.flush()
        out = subprocess.run([dump, "deep10", plain.name], check=True, capture_output=True, text=True)
    got = out.stdout.splitlines()
    counts = collections.Counter()
    differ = 0
    for n, m in enumerate(messages(data)):
        kind = chr(m[0])
        counts[kind] += 1
        want = f"{kind} {DECODE[kind](m)}"
        if n >= len(got) or want != got[n]:
            differ += 1
            if differ <= 10:
                print(f"want {want}\ngot  {got[n] if n < len(got) else '(nothing)'}")
    total = sum(counts.values())
    print(f"{total} messages, {differ} differ, {dict(counts)}")
    sys.exit(0 if not differ and len(got) == total and counts == COUNTS else 1)


if __name__ == "__main__":
    main()
