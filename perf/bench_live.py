#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Benchmarks of whole processes: `genesis exchange` sends, something receives.

usage: bench_live.py kernel|memif|latency [--build DIR] [--messages N] [--rates R,...] [--seconds S] [--rounds N] [--json]

  kernel   packets per second that AF_PACKET, AF_XDP (ports of Genesis) and a recvmmsg() socket receive, and what they lose, under
           the same sender over a veth pair between two namespaces; --rates in packets/s, 0 is flat out
  memif    exchange to engine, flat out over memif, one and two lines; nothing may be lost, and the books must be the exchange's
  latency  wire to book over memif at --rates messages/s; the engine's own histogram
  --json   is how it prints anyhow

The sender has CPU 0, the receiver CPU 1. Exit code 77: this machine cannot.
"""
import argparse
import hashlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ADDRESS = ('239.1.1.1:26400', '239.1.1.2:26400')
NAME = 'bench-%d' % os.getpid()
SENDER, RECEIVER = 'gbs%d' % os.getpid(), 'gbr%d' % os.getpid()
WAIT_S = 120
options = argparse.Namespace()


def skip(why):
    print('SKIP: ' + why)
    sys.exit(77)


def fail(why):
    print('bench_live: ' + why, file=sys.stderr)
    sys.exit(1)


def program(name):
    return os.path.join(options.build, 'app', name)


def on_cpu(cpu):
    return lambda: os.sched_setaffinity(0, {cpu})


def sh(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)


def exchange(folder, lines, *more, space=(), then=None):
    """Sends a day to its end; the exchange's report. then(report) is called while it still keeps its ports open: the driver of a memif
    port does not bear that its peer goes away while it polls."""
    path = os.path.join(folder, 'sent.json')
    words = [*space, program('genesis'), 'exchange', '--quiet', '--report', path, '--linger', '60s' if then else '1us', *more]
    for letter, device, address in zip('ab', lines, ADDRESS):
        words += ['--line-' + letter, '%s=%s' % (device, address)]
    if os.path.exists(path):
        os.remove(path)
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=on_cpu(0))
    try:
        if then:
            until(lambda: p.poll() is not None or read_json(path) is not None, 'the exchange does not come to an end')
            if p.poll() is None:
                then(read_json(path))
            p.terminate()
        if p.wait(WAIT_S) != 0:
            fail('exchange: ' + p.stderr.read().strip())
    finally:
        p.kill()
    return read_json(path)


def read_json(path):
    """None: not there, or not whole yet."""
    try:
        with open(path, encoding='ascii') as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


# Two namespaces and a veth pair: nothing of the machine's own network is touched.

def inside(space):
    """Before the words of a command; `ip netns exec` does not work in a chroot."""
    return ['nsenter', '--net=/run/netns/' + space, '--']


def spaces_up():
    if os.geteuid() != 0:
        skip('namespaces and veth need root')
    try:
        for space in (SENDER, RECEIVER):
            sh('ip', 'netns', 'add', space)
        sh(*inside(SENDER), 'ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', RECEIVER)
        sh(*inside(SENDER), 'ip', 'link', 'set', 'out', 'up')
        sh(*inside(RECEIVER), 'ip', 'link', 'set', 'in', 'up')
        sh(*inside(RECEIVER), 'ip', 'address', 'add', '10.0.0.254/24', 'dev', 'in')
    except (OSError, subprocess.CalledProcessError) as error:
        spaces_down()
        skip('no namespaces or veth here: %s' % (getattr(error, 'stderr', None) or error))


def spaces_down():
    for space in (SENDER, RECEIVER):
        subprocess.run(['ip', 'netns', 'del', space], capture_output=True, timeout=60, check=False)


RECEIVERS = {
    'recvmmsg': ['--interface', 'in'],
    'AF_PACKET': ['--device', 'net_af_packet0,iface=in,framecnt=8192'],
    'AF_XDP': ['--device', 'net_af_xdp0,iface=in'],
}


def one_receiver(folder, receiver, rate):
    """One round: (sent/s, received/s, lost share); None: this receiver cannot."""
    sink = subprocess.Popen([*inside(RECEIVER), program('bench_sink'), '--json', '--cpu', '1', '--address', ADDRESS[0],
                             *RECEIVERS[receiver]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while True:
        line = sink.stdout.readline()
        if line == '':
            print('bench_live: %s: %s' % (receiver, sink.communicate()[1].strip()), file=sys.stderr)
            return None
        if line == 'ready\n':
            break
    try:
        pace = 'packets/s:%d' % rate if rate else 'flat'
        report = exchange(folder, ['net_af_packet0,iface=out'], '--rate', pace, '--messages', str(options.messages),
                          space=inside(SENDER))
        got = json.loads(sink.communicate(timeout=WAIT_S)[0])['rows'][0]
    finally:
        sink.kill()
    seconds = max(report['sending']['elapsed_ns'], got['elapsed_ns'], 1) / 1e9
    return report['sending']['packets_per_s'], got['packets'] / seconds, 1 - got['messages'] / report['messages']


def kernel(folder):
    spaces_up()
    try:
        rounds = {}
        for _ in range(options.rounds):
            for rate in options.rates:
                for receiver in RECEIVERS:
                    result = one_receiver(folder, receiver, rate)
                    if result is not None:
                        rounds.setdefault((rate, receiver), []).append(result)
    finally:
        spaces_down()
    rows = []
    for (rate, receiver), results in rounds.items():
        sent, received, lost = (statistics.median(r[i] for r in results) for i in range(3))
        rows.append({'rate': '%d packets/s' % rate if rate else 'flat out', 'receiver': receiver, 'sent_per_s': round(sent),
                     'received_per_s': round(received), 'lost_percent': round(100 * lost, 3)})
    return rows


# An engine on memif lines.

def memif(folder, line, role):
    return 'net_memif%d,socket-abstract=no,socket=%s,role=%s' % (line, os.path.join(folder, 'line%d' % line), role)


def write_config(folder, lines, symbols):
    path = os.path.join(folder, 'live.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write('engine: {name: %s, pool: 64MiB}\ncores: [{name: worker, cpu: 1, idle: spin}]\nports:\n' % NAME)
        for i in range(lines):
            f.write('  - {name: p%d, device: "%s", descriptors: 2048, buffers: 8192}\n' % (i, memif(folder, i, 'server')))
        f.write('feeds:\n  - {name: itch, protocol: itch50, gap: {hold_max: 3s}, symbols_max: %d, lines: [' % (symbols + 16))
        f.write(', '.join('{port: p%d, address: "%s"}' % (i, ADDRESS[i]) for i in range(lines)) + ']}\n')
        f.write('groups:\n  - {name: books, feed: itch, symbols_max: %d, orders_max: 524288, levels_max: 524288}\n' % (symbols + 16))
    return path


def status():
    p = subprocess.run([program('genesis'), 'status', '--json', NAME], capture_output=True, text=True, timeout=60, check=False)
    return json.loads(p.stdout) if p.returncode == 0 else None


def until(condition, what):
    end = time.monotonic() + WAIT_S / 2
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    fail(what)


def engine_run(folder, lines, symbols, *more):
    """An engine beside an exchange. (exchange's report, engine's summary, seconds until the engine had it all, books)"""
    books, made = os.path.join(folder, 'live.csv'), os.path.join(folder, 'sent.csv')
    path = write_config(folder, lines, symbols)
    engine = subprocess.Popen([program('genesis'), 'run', '--json', '--books', books, path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: engine.poll() is not None or (status() or {}).get('state') == 'running', 'the engine does not start')
        if engine.poll() is not None:
            fail('engine: ' + engine.communicate()[1].strip())
        summary = {}

        def stop(sent):
            until(lambda: (status() or {'feeds': [{'messages': -1}]})['feeds'][0]['messages'] >= sent['messages'],
                  'the engine did not get everything')
            engine.send_signal(signal.SIGINT)
            summary.update(json.loads(engine.communicate(timeout=WAIT_S)[0]))

        ports = [memif(folder, i, 'client') for i in range(lines)]
        report = exchange(folder, ports, '--symbols', str(symbols), '--books', made, *more, then=stop)
    finally:
        engine.kill()
    with open(books, 'rb') as f:
        digest = hashlib.blake2b(f.read(), digest_size=8).hexdigest()
    with open(made, 'rb') as f:
        if hashlib.blake2b(f.read(), digest_size=8).hexdigest() != digest:
            fail("the engine's books are not the exchange's")
    if summary['feeds'][0]['arbiter']['lost_messages'] != 0:
        fail('messages were lost over memif')
    return report, summary, digest


def memif_rows(folder):
    rows = []
    for lines in (1, 2):
        rates = []
        for _ in range(options.rounds):
            report, _, digest = engine_run(folder, lines, 1000, '--rate', 'flat', '--messages', str(options.messages))
            rates.append((report['sending']['packets_per_s'], report['messages'] * 1e9 / report['sending']['elapsed_ns']))
        rows.append({'lines': lines, 'messages': report['messages'], 'packets_per_s': round(statistics.median(r[0] for r in rates)),
                     'messages_per_s': round(statistics.median(r[1] for r in rates)), 'lost_messages': 0,
                     'group': 'books of %d messages' % report['messages'], 'hash': digest})
    return rows


def latency_rows(folder):
    rows = []
    for rate in options.rates:
        messages = max(int(rate * options.seconds), 10000)
        report, summary, digest = engine_run(folder, 1, 200, '--rate', 'messages/s:%d' % rate, '--messages', str(messages))
        l = summary['shards'][0]['latency_ns']
        rows.append({'messages_per_s': rate, 'reached_per_s': round(report['messages'] * 1e9 / report['sending']['elapsed_ns']),
                     'messages': report['messages'], 'p50_ns': l['p50'], 'p99_ns': l['p99'], 'p999_ns': l['p999'], 'max_ns': l['max'],
                     'group': 'books of %d messages' % report['messages'], 'hash': digest})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['kernel', 'memif', 'latency'])
    parser.add_argument('--build', default='build')
    parser.add_argument('--messages', type=int, default=300000)
    parser.add_argument('--rates', type=lambda text: [int(word) for word in text.split(',')], default=[100000])
    parser.add_argument('--seconds', type=float, default=3)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--json', action='store_true')
    parser.parse_args(namespace=options)
    if not {0, 1} <= os.sched_getaffinity(0):
        skip('needs CPUs 0 and 1')
    with tempfile.TemporaryDirectory(prefix='genesis-bench-') as folder:
        rows = {'kernel': kernel, 'memif': memif_rows, 'latency': latency_rows}[options.what](folder)
    print(json.dumps({'bench': options.what, 'rows': rows}, indent=1))


main()
