#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares our text of real ITCH messages, field by field, with an independent decoder's.

usage: compare_itch_decode.py DUMP_MESSAGES SOURCE_ROOT

The captures are found by GENESIS_CAPTURES, or else in ../shared/data beside the source; without
them the test is skipped (exit 77).
"""
import os
import pathlib
import re
import subprocess
import sys

# Independent name -> ours, by type where a name means different things. "text" fields compare as
# they are, "code" fields by the letter in parentheses, "price" fields as numbers.
COMMON = {
    "Stock Locate": ("locate", "number"),
    "Locate Code": ("locate", "number"),
    "Tracking Number": ("tracking", "number"),
    "Timestamp": ("timestamp", "time"),
    "Stock": ("stock", "text"),
    "Order Reference Number": ("reference", "number"),
    "Original Order Reference Number": ("reference", "number"),
    "New Order Reference Number": ("new_reference", "number"),
    "Buy Sell Indicator": ("side", "code"),
    "Shares": ("shares", "number"),
    "Executed Shares": ("shares", "number"),
    "Canceled Shares": ("shares", "number"),
    "Cross Shares": ("shares", "number"),
    "Price": ("price", "price"),
    "Execution Price": ("price", "price"),
    "Cross Price": ("price", "price"),
    "Match Number": ("match", "number"),
    "Printable": ("printable", "code"),
    "Attribution": ("attribution", "text"),
    "Mpid": ("mpid", "text"),
    "Primary Market Maker": ("primary", "code"),
    "Market Maker Mode": ("mode", "code"),
    "Market Participant State": ("state", "code"),
    "Trading State": ("state", "code"),
    "Reserved": ("reserved", "text"),
    "Reason": ("reason", "text"),
    "Reg Sho Action": ("action", "code"),
    "Event Code": ("event", "code"),
    "Cross Type": ("cross", "code"),
    "Paired Shares": ("paired", "number"),
    "Imbalance Shares": ("imbalance", "number"),
    "Imbalance Direction": ("direction", "code"),
    "Far Price": ("far_price", "price"),
    "Near Price": ("near_price", "price"),
    "Current Reference Price": ("reference_price", "price"),
    "Price Variation Indicator": ("variation", "code"),
    "Auction Collar Reference Price": ("reference_price", "price"),
    "Upper Auction Collar Price": ("upper", "price"),
    "Lower Auction Collar Price": ("lower", "price"),
    "Auction Collar Extension": ("extension", "number"),
}

# The independent decoder prints exchange time as if it were UTC, plus five hours (one too many).
PRINTED_LATE_NS = 5 * 3600 * 10**9


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def captures(source_root):
    folder = os.environ.get("GENESIS_CAPTURES")
    path = pathlib.Path(folder) if folder else pathlib.Path(source_root) / "../shared/data"
    if not (path / "nasdaq").is_dir():
        skip(f"no captures in {path}")
    return path


def unescape(text):
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def ours(dump, files):
    out = subprocess.run([dump, "itch50", *map(str, files)], check=True, capture_output=True, text=True)
    messages = []
    for line in out.stdout.splitlines():
        kind, *fields = line.split(" ")
        messages.append((kind, {k: unescape(v) for k, v in (f.split("=", 1) for f in fields)}))
    return messages


def independent(text):
    """[(type, [(name, value)])]"""
    messages = []
    for line in text.splitlines():
        if m := re.match(r" +Message Type: .*\((.)\)", line):
            messages.append((m[1], []))
        elif m := re.match(r" {12}([A-Z][A-Za-z ]+): ?(.*)$", line):
            if m[1] != "Message Length":
                messages[-1][1].append((m[1], m[2]))
    return messages


def equal(kind, theirs, our):
    if kind == "number":
        return int(theirs) == int(our)
    if kind == "price":
        whole, _, decimals = theirs.partition(".")
        return whole + "." + decimals.ljust(4, "0") == our
    if kind == "time":
        hours, minutes, rest = theirs.split(" ")[1].split(":")
        seconds, ns = rest.split(".")
        at = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10**9 + int(ns)
        return at - PRINTED_LATE_NS == int(our)
    if kind == "code":
        code = re.search(r"\((<whitespace>|.)\)$", theirs)[1]
        return (" " if code == "<whitespace>" else code) == our
    return theirs.strip() == our.strip()


def compare(name, want, got):
    fields = 0
    errors = []
    if len(want) != len(got):
        errors.append(f"{name}: {len(want)} messages there, {len(got)} here")
    for i, ((their_type, their_fields), (our_type, our_fields)) in enumerate(zip(want, got), 1):
        if their_type != our_type:
            errors.append(f"{name} message {i}: type {their_type} there, {our_type} here")
            continue
        if len(their_fields) != len(our_fields):
            errors.append(f"{name} message {i}: {len(their_fields)} fields there, "
                          f"{len(our_fields)} here")
        for their_name, value in their_fields:
            our_name, kind = COMMON[their_name]
            fields += 1
            if not equal(kind, value, our_fields[our_name]):
                errors.append(f"{name} message {i} {their_name}: {value!r} there, "
                              f"{our_fields[our_name]!r} here")
    return fields, errors


def main():
    dump, source_root = sys.argv[1:3]
    folder = captures(source_root) / "nasdaq"
    files = messages = fields = 0
    errors = []
    for text in sorted((folder / "independent-decode").glob("*.txt")):
        _, group, capture = text.name.removesuffix(".txt").split("__")
        want = independent(text.read_text())
        got = ours(dump, [folder / group / capture])
        n, e = compare(capture, want, got)
        files, messages, fields = files + 1, messages + len(got), fields + n
        errors += e
    captured = {p for p in folder.glob("*/*.pcap")}
    if len(captured) != files:
        errors.append(f"{len(captured)} captures, {files} independent decodes")
    print(f"{files} files, {messages} messages, {fields} fields compared, {len(errors)} differ")
    print("\n".join(errors[:20]))
    sys.exit(1 if errors or fields == 0 else 0)


if __name__ == "__main__":
    main()
