# SPDX-License-Identifier: BSD-3-Clause
"""Two engines joined by memif, their workers sealed: what a port's address says and hears needs no system call on a polling core.
Both were given the same address, so each has something to hear: the other's announcement, which it counts as a conflict and answers.

usage: test_host_sealed.py GENESIS
Exit code 77: this machine cannot.
"""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Genesis, check, finish, scratch, wait  # noqa: E402

genesis = Genesis(sys.argv[1])
NAMES = ['test-sealed-%d-%s' % (os.getpid(), role) for role in ('server', 'client')]


def start(folder, name):
    path = os.path.join(folder, name + '.yaml')
    with open(path, 'w', encoding='ascii') as f:
        f.write('engine: {name: %s, pool: 16MiB, huge_pages: no}\ncores: [{name: worker, idle: pause}]\n' % name)
        f.write('ports:\n  - device: "net_memif0,socket-abstract=no,socket=%s/socket,role=%s"\n    address: 10.77.0.2/24\n'
                % (folder, name.rsplit('-', 1)[1]))
        f.write('feeds:\n  - protocol: itch50\n    symbols_max: 64\n    log: {min: 4MiB, max: 4MiB}\n    gap: {parking: 2MiB}\n'
                '    lines: [{address: "239.1.1.1:26400"}]\n')
        f.write('groups: [{name: books, symbols_max: 64, orders_max: 1024, levels_max: 1024}]\n')
    return genesis.start(name, '--json', '--seal', 'kill', path)


def hosts():
    return [(genesis.status(name) or {'ports': [{'host': None}]})['ports'][0]['host'] for name in NAMES]


def test(engines):
    wait(lambda: all(h is not None and h['arp_conflicts'] >= 1 and h['igmp_reports'] >= 2 for h in hosts()))
    now = hosts()
    for name, engine, host in zip(NAMES, engines, now):
        check(name + ' lives', engine.poll() is None, engine.returncode)
        check(name + ' heard and said', host is not None and host['arp_conflicts'] >= 1 and host['igmp_reports'] >= 2, host)
    check('each heard the other', now[0]['conflict_mac'] == now[1]['mac'] and now[1]['conflict_mac'] == now[0]['mac'], now)
    for name, engine in zip(NAMES, engines):  # the second one's link is down by then
        engine.send_signal(signal.SIGINT)
        out, error = engine.communicate(timeout=60)
        check(name + ' stopped', engine.returncode == 0, error)
        port = json.loads(out)['ports'][0]
        check(name + ' left', port['host']['igmp_leaves'] == 2 and port['sent'] >= (5 if name == NAMES[0] else 3), port)


with scratch(*NAMES) as place:
    test([start(place, one) for one in NAMES])
finish('sealed hosts')
