#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ports on real network drivers, in a network namespace of their own that ends with the test.

usage: test_port_network.py PORT_WATCH CASE plain|huge
Every frame that is sent must come in order or be counted as missed; links go down and come back.
Exits 77 where the machine lacks what the case needs.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import enter_namespace, need_namespaces, require, sh, skip  # noqa: E402

ETHERTYPE = 0x88B5
GROUP_MAC = bytes.fromhex("01005e000200")
OTHER_MAC = bytes.fromhex("020000000099")


class Watch:
    """port_watch, asked over its pipes."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("port_watch ended with %d" % self.process.wait())
        self.start = json.loads(line)
        print(self.start)

    def say(self, word):
        self.process.stdin.write(word + "\n")
        answer = json.loads(self.process.stdout.readline())
        return answer

    def until(self, what, seconds=10):
        """Asks until what(stats) holds; the last stats either way."""
        end = time.monotonic() + seconds
        while True:
            stats = self.say("stats")
            if what(stats):
                return stats
            if time.monotonic() > end:
                raise AssertionError("waited in vain: %s" % stats)
            time.sleep(0.01)

    def close(self):
        self.process.stdin.close()
        require(self.process.wait(20) == 0, "port_watch failed at its end")


class Sender:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))
        self.number = 0

    def send(self, count, mac=GROUP_MAC, gap_s=0.0):
        """Sends in order; returns how many were sent in all."""
        for _ in range(count):
            payload = self.number.to_bytes(4, "big") + bytes(self.number % 1400 + 42)
            frame = mac + bytes.fromhex("0200000000aa") + ETHERTYPE.to_bytes(2, "big") + payload
            while True:
                try:
                    self.socket.send(frame)
                    break
                except OSError as e:
                    if e.errno != 105:  # ENOBUFS: the interface's queue is full
                        raise
                    time.sleep(0.0005)
            self.number += 1
            if gap_s and self.number % 32 == 0:
                time.sleep(gap_s)
        return self.number


def make_veth():
    sh("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb")
    sh("ip", "link", "set", "va", "up")
    sh("ip", "link", "set", "vb", "up")


def accounted(stats, sent):
    """In order, and each frame that did not come is counted: a busy machine may lose some."""
    require(stats["frames"] + stats["missed"] == sent, stats)
    require(stats["late"] == 0 and stats["missing"] <= stats["missed"], stats)
    require(stats["times_off"] == 0 and stats["multi_segment"] == 0, stats)
    require(stats["received"] == stats["frames"] + stats["others"], stats)


def exchange_and_flap(watch, sender, down, up, count=2000):
    """In order and complete; link down is seen; after up everything goes on."""
    sent = sender.send(count, gap_s=0.001)
    stats = watch.until(lambda s: s["frames"] + s["missed"] >= sent)
    accounted(stats, sent)
    require(stats["frames"] >= count / 2, stats)
    require(stats["link_up"] == 1, stats)
    changes = stats["link_changes"]
    down()
    stats = watch.until(lambda s: s["link_up"] == 0)
    require(stats["link_changes"] == changes + 1 and stats["link_mbps"] == 0, stats)
    up()
    stats = watch.until(lambda s: s["link_up"] == 1)
    require(stats["link_changes"] == changes + 2, stats)
    frames = stats["frames"]
    sent = sender.send(count, gap_s=0.001)
    stats = watch.until(lambda s: s["frames"] + s["missed"] >= sent)
    accounted(stats, sent)
    require(stats["frames"] >= frames + count / 2, stats)
    return stats


def overflow(watch, sender, count):
    """While nobody receives, the device loses frames, and every one of them is counted."""
    before = watch.say("pause")
    sent = sender.send(count)
    watch.say("resume")
    stats = watch.until(lambda s: s["frames"] + s["missed"] >= sent)
    require(stats["missed"] > before["missed"] + count / 4, stats)
    accounted(stats, sent)
    sent = sender.send(500, gap_s=0.001)
    stats = watch.until(lambda s: s["frames"] + s["missed"] >= sent)
    accounted(stats, sent)
    return stats


def veth_case(program, mode, device, *arguments, drops=0):
    make_veth()
    watch = Watch(program, *mode, *arguments, device)
    require(not watch.start["syscall_free"], watch.start)
    sender = Sender("vb")
    # The far end goes down, as when a cable is pulled; then the port's own interface.
    exchange_and_flap(watch, sender, lambda: sh("ip", "link", "set", "vb", "down"),
                      lambda: sh("ip", "link", "set", "vb", "up"))
    stats = exchange_and_flap(watch, sender, lambda: sh("ip", "link", "set", "va", "down"),
                              lambda: sh("ip", "link", "set", "va", "up"))
    print(stats)
    if drops:
        print(overflow(watch, sender, drops))
    watch.close()


def case_af_packet(program, mode):
    veth_case(program, mode, "net_af_packet0,iface=va", "--groups", "3", drops=20000)


def case_af_xdp(program, mode):
    veth_case(program, mode, "net_af_xdp0,iface=va", "--groups", "3", drops=20000)


def case_pcap_interface(program, mode):
    veth_case(program, mode, "net_pcap0,iface=va", "--timestamps")


def case_af_packet_queues(program, mode):
    make_veth()
    watch = Watch(program, *mode, "--queues", "2", "net_af_packet0,iface=va,qpairs=2")
    sent = Sender("vb").send(2000, gap_s=0.001)
    stats = watch.until(lambda s: s["frames"] + s["missed"] >= sent)
    require(stats["frames"] + stats["missed"] == sent and stats["late"] == 0, stats)
    watch.close()


def case_tap(program, mode):
    if not os.path.exists("/dev/net/tun"):
        skip("no /dev/net/tun")
    watch = Watch(program, *mode, "--groups", "2", "net_tap0,iface=tp")
    sh("ip", "link", "set", "tp", "up")
    watch.until(lambda s: s["link_up"] == 1)
    exchange_and_flap(watch, Sender("tp"), lambda: sh("ip", "link", "set", "tp", "down"),
                      lambda: sh("ip", "link", "set", "tp", "up"))
    watch.close()


class Testpmd:
    """The other end of a memif: sends as fast as it can."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            ["dpdk-testpmd", "--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m256", "-l0,1",
             "--vdev=net_memif0,role=client,socket-abstract=no,socket=" + path, "--log-level=error",
             "--", "--forward-mode=txonly", "--total-num-mbufs=4096", "--stats-period=60"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


def case_memif(program, mode):
    if shutil.which("dpdk-testpmd") is None:
        skip("no dpdk-testpmd to be the other end")
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/memif"
        watch = Watch(program, *mode, "net_memif0,role=server,socket-abstract=no,socket=" + path)
        require(watch.start["syscall_free"], watch.start)
        require(watch.say("stats")["link_up"] == 0, "the link is up without a peer")
        received = 0
        for life in range(3):
            peer = Testpmd(path)
            is_polled = life == 2  # when the peer dies
            try:
                stats = watch.until(lambda s: s["link_up"] == 1 and s["others"] > received + 10000, 20)
                if not is_polled:
                    watch.say("pause")
            finally:
                peer.kill()
            try:
                stats = watch.until(lambda s: s["link_up"] == 0)
            except (json.JSONDecodeError, BrokenPipeError):
                # Nothing of ours can stop that: the driver's own thread unmaps what is being read.
                require(is_polled and watch.process.wait(20) != 0, "port_watch ended by itself")
                print("DPDK's memif driver crashed as it polled the ring of a dead peer (docs/ports.md)")
                return
            if not is_polled:
                watch.say("resume")
            require(stats["link_changes"] == 2 * (life + 1), stats)
            require(stats["received"] == stats["others"], stats)
            received = stats["others"]
            print(stats)
        watch.close()


def send_case(program, mode, here, there, count, rounds):
    """What one port sends another receives, in order; each frame came or is counted as missed."""
    far = Watch(program, *mode, there)
    near = Watch(program, *mode, "--transmit", here)
    near.until(lambda s: s["link_up"] == 1)
    for done in range(1, rounds + 1):
        near.say("send %d" % count)
        sent = near.until(lambda s: s["sent"] >= done * count)
        stats = far.until(lambda s: s["frames"] + s["missed"] >= done * count)
        require(sent["sent"] == done * count and sent["send_errors"] == 0, sent)
        require(sent["sent_bytes"] == sum(60 + n % 1400 for n in range(done * count)), sent)
        require(stats["frames"] + stats["missed"] == done * count and stats["late"] == 0, stats)
        require(stats["frames"] > 0, stats)
    print(sent, stats)
    near.close()
    far.close()


def case_send_af_packet(program, mode):
    make_veth()
    send_case(program, mode, "net_af_packet0,iface=vb", "net_af_packet0,iface=va", 500, 8)


def case_send_af_xdp(program, mode):
    make_veth()
    send_case(program, mode, "net_af_xdp0,iface=vb", "net_af_packet0,iface=va", 500, 8)


def case_send_memif(program, mode):
    with tempfile.TemporaryDirectory() as directory:
        memif = "net_memif0,socket-abstract=no,socket=%s/memif,role=" % directory
        send_case(program, mode, memif + "client", memif + "server", 20000, 3)


def main():
    program, case, pages = sys.argv[1:4]
    need_namespaces()
    if pages == "huge":
        with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", encoding="ascii") as f:
            if int(f.read()) < 64:
                skip("fewer than 64 free huge pages of 2 MiB")
    enter_namespace()
    globals()["case_" + case](program, ["--huge"] if pages == "huge" else [])


main()
