#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks our text of a capture with one message of each of the 23 ITCH types.

usage: check_all_types.py DUMP_MESSAGES SOURCE_ROOT

The messages were built by hand with small ascending numbers; what they say is written out below.
Found by GENESIS_CAPTURES, or else in ../shared/data beside the source; else skipped (exit 77).
"""
import os
import pathlib
import subprocess
import sys

PREFIX = "locate=7 tracking=0 timestamp=34200000000000"
EXPECTED = [
    "S event=Q",
    "R stock=AAPL category=Q financial_status=N lot_size=100 round_lots_only=N issue_class=C "
    "issue_type=Z authenticity=P short_sale_threshold=N ipo=N luld_tier=1 etp=N etp_leverage=1 "
    "inverse=N",
    "H stock=AAPL state=T reserved=\\x20 reason=",
    "A reference=1 side=B shares=100 stock=AAPL price=150.0000",
    "F reference=2 side=S shares=100 stock=AAPL price=150.1000 attribution=NSDQ",
    "E reference=1 shares=50 match=9",
    "C reference=2 shares=50 match=10 printable=Y price=150.1000",
    "X reference=1 shares=10",
    "U reference=1 new_reference=3 shares=40 price=149.9000",
    "D reference=3",
    "P reference=0 side=B shares=5 stock=AAPL price=150.0000 match=11",
    "Q shares=500 stock=AAPL price=150.0000 match=12 cross=O",
    "B match=11",
    "I paired=1 imbalance=2 direction=B stock=AAPL far_price=0.0001 near_price=0.0002 "
    "reference_price=0.0003 cross=O variation=L",
    "N stock=AAPL interest=B",
    "Y stock=AAPL action=0",
    "L mpid=NSDQ stock=AAPL primary=Y mode=N state=A",
    "V level1=0.00000001 level2=0.00000002 level3=0.00000003",
    "W breached=1",
    "K stock=AAPL release_s=35000 qualifier=A price=0.0001",
    "J stock=AAPL reference_price=0.0001 upper=0.0002 lower=0.0003 extension=0",
    "h stock=AAPL market=Q action=H",
    "O stock=AAPL open_eligibility=Y min_price=0.0001 max_price=0.0002 near_price=0.0003 "
    "near_time=4 lower=0.0005 upper=0.0006",
]


def main():
    dump, source_root = sys.argv[1:3]
    folder = os.environ.get("GENESIS_CAPTURES") or pathlib.Path(source_root) / "../shared/data"
    capture = pathlib.Path(folder) / "check-all-itch-types.pcap"
    if not capture.is_file():
        print(f"SKIP: no {capture}")
        sys.exit(77)
    out = subprocess.run([dump, "itch50", capture], check=True, capture_output=True, text=True)
    got = out.stdout.splitlines()
    want = [f"{line[0]} {PREFIX} {line[2:]}" for line in EXPECTED]
    assert len({line[0] for line in want}) == 23
    differ = [(w, g) for w, g in zip(want, got) if w != g]
    for w, g in differ:
        print(f"want {w}\ngot  {g}")
    print(f"{len(got)} messages, {len(differ)} differ")
    sys.exit(0 if len(got) == len(want) and not differ else 1)


if __name__ == "__main__":
    main()
