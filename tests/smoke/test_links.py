#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Links other than Ethernet: captures of them, and interfaces of the kernel that have no Ethernet
header. The same packets must give the same host table whatever stands before them.

The interfaces are made in network namespaces, which needs root; nothing leaves them.
"""

import fcntl
import os
import struct
import subprocess
import unittest

from smoke import Smoke, main, wait_until  # first: it tells where the tools lie

import make_captures
from frames import IPV4, IPV6, ipv4, pcap, pcapng, tcp, udp
from links import LINKS, PPP_OF, packed16, wifi
from network import Capturing, Namespace

NAMES = ("plain", "ipv6", "fragments", "options", "ipv6_extensions", "offload")


def packets(names=NAMES):
    """(EtherType, packet) of the IP packets of captures that the oracle counts."""
    for name in names:
        for frame in make_captures.GOOD[name]():
            kind = int.from_bytes(frame[12:14], "big")
            if kind in PPP_OF:
                yield kind, frame[14:]


class Captures(Smoke):
    def ethernet(self):
        return self.world.write("ethernet.pcap", pcap(
            [bytes(12) + packed16(kind) + packet for kind, packet in packets()]))

    def test_the_same_packets_on_each_link(self):
        ethernet = self.ethernet()
        for name, (number, wrap) in LINKS.items():
            with self.subTest(name):
                frames = [wrap(kind, packet) for kind, packet in packets()]
                path = self.world.write(f"{name}.pcap", pcap(frames, linktype=number))
                self.same_as_oracle([ethernet], status=self.once(path))

    def test_one_family(self):
        for number, family in ((228, IPV4), (229, IPV6)):
            with self.subTest(number):
                chosen = [packet for kind, packet in packets() if kind == family]
                ethernet = self.world.write("family.pcap", pcap(
                    [bytes(12) + packed16(family) + packet for packet in chosen]))
                path = self.world.write(f"{number}.pcap", pcap(chosen, linktype=number))
                self.same_as_oracle([ethernet], status=self.once(path))

    def test_pcapng_and_big_endian(self):
        number, wrap = LINKS["cooked"]
        frames = [wrap(kind, packet) for kind, packet in packets()]
        ethernet = self.ethernet()
        for octets in (pcapng(frames, linktype=number), pcap(frames, linktype=number, order=">")):
            path = self.world.write("cooked.form", octets)
            self.same_as_oracle([ethernet], status=self.once(path))

    def test_captures_of_several_links_at_once(self):
        """Each lane reads its own."""
        paths = [self.ethernet()]
        for name in ("raw", "cooked"):
            number, wrap = LINKS[name]
            frames = [wrap(kind, packet) for kind, packet in packets()]
            paths.append(self.world.write(f"{name}.pcap", pcap(frames, linktype=number)))
        status = self.once(*paths, extra=("--hosts-per-lane", "65536"))
        self.same_as_oracle([paths[0]] * 3, status=status)

    def test_what_cannot_be_read_of_wifi_is_named(self):
        packet = ipv4("192.0.2.1", "192.0.2.2", udp(1, 2))
        frames = [wifi(IPV4, packet), wifi(IPV4, packet, b"\x08\x41"),
                  b"\x08\x01" + bytes(20) + b"\1\0" + packet,
                  b"\x88\x01" + bytes(22) + b"\x80\0" + packet, b"\x80\0" + bytes(60)]
        status = self.once(self.world.write("named.pcap", pcap(frames, linktype=105)))
        ledger = status["ledger"]
        self.assertEqual((ledger["udp"], ledger["not_ip"]), (1, 4))
        told = {name: count for name, count in ledger["events"].items() if count}
        self.assertEqual(told, {"encrypted": 1, "link_fragment": 1, "aggregated": 1})

    def test_check_says_the_link(self):
        path = self.world.write("raw.pcap", pcap([ipv4("192.0.2.1", "192.0.2.2", udp(1, 2))],
                                                 linktype=101))
        done = self.run_program("--check", "--pcap", path)
        self.assertRegex(done.stdout, r"ok +capture: .*raw\.pcap: 1 packets \(raw IP\)")

    def test_others_are_refused_by_name(self):
        for number, says in ((195, "802.15.4"), (189, "USB"), (4000, "unknown")):
            path = self.world.write("other.pcap", pcap([bytes(60)], linktype=number))
            self.refused("--once", "--pcap", path, code=1,
                         says=["other.pcap", f"link type {number}", says])


TUNSETIFF, TUNSETLINK, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x400454CD, 1, 0x1000


class Devices(Capturing):
    def setUp(self):
        super().setUp()
        self.namespace = self.new_namespace("a")

    def new_namespace(self, name):
        namespace = Namespace(f"phm-links-{os.getpid()}-{name}", links=False)
        self.addCleanup(namespace.close)
        return namespace

    def ip(self, *arguments, namespace=None):
        try:
            (namespace or self.namespace).run("ip", *arguments)
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"ip {' '.join(arguments)}: {error.stderr}") from None

    def add_link(self, *arguments, namespace=None):
        """Skips where the kernel has no such devices."""
        try:
            (namespace or self.namespace).run("ip", "link", "add", *arguments)
        except subprocess.CalledProcessError as error:
            raise unittest.SkipTest(f"ip link add {arguments}: {error.stderr}") from None

    def tun(self, name, hardware=None):
        """A TUN device of the namespace, which may claim to be another kind, and the descriptor at
        its other end."""
        try:
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        except OSError as error:
            raise unittest.SkipTest(f"/dev/net/tun: {error}") from None
        self.addCleanup(os.close, fd)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        self.namespace.run_outside("ip", "link", "set", name, "netns", self.namespace.name)
        if hardware is not None:
            fcntl.ioctl(fd, TUNSETLINK, hardware)
        self.ip("link", "set", name, "up")
        return fd

    def ledger(self):
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(status["lost"]["total"], 0)
        return status["ledger"]

    def test_tun(self):
        """What a VPN writes into its device is received, what the kernel routes there is sent."""
        name = f"tun{os.getpid()}"
        fd = self.tun(name)
        self.ip("address", "add", "10.8.0.1/24", "dev", name)
        # those of offload are longer than their headers say, and than the ring's frames
        chosen = [packet for _, packet in packets([name for name in NAMES if name != "offload"])]
        ethernet = self.world.write("tun.pcap", pcap(
            [bytes(12) + packed16(IPV4 if packet[0] >> 4 == 4 else IPV6) + packet
             for packet in chosen]))
        with self.capturing(interfaces=(name,)) as program:
            before = self.seen(program)
            for packet in chosen:
                os.write(fd, packet)
            wait_until(lambda: self.seen(program) >= before + len(chosen), "all that was written")
        self.assertEqual(self.ledger()["frames"], before + len(chosen))
        self.assertEqual(before, 0, "the kernel was to be silent")
        self.same_as_oracle([ethernet], status=self.json("status.json"))

    def test_tun_sends(self):
        name = f"tun{os.getpid()}"
        fd = self.tun(name)
        self.ip("address", "add", "10.8.0.1/24", "dev", name)
        with self.capturing(interfaces=(name,)) as program:
            for _ in range(2):
                self.namespace.run("python3", "-c", SEND, "10.8.0.9", "50")
            for _ in range(30):
                os.write(fd, ipv4("10.8.0.9", "10.8.0.1", tcp(1, 2)))  # no check sum: no answer
            wait_until(lambda: self.seen(program) >= 130, "what was sent both ways")
        ledger = self.ledger()
        self.assertEqual((ledger["udp"], ledger["tcp"], ledger["frames"]), (100, 30, 130))
        row = self.rows()["10.8.0.9"]
        self.assertEqual(int(row["udp_dst_packets"]), 100)
        self.assertEqual(int(row["udp_dst_octets"]), 100 * (20 + 8 + 5))
        self.assertEqual(int(row["tcp_src_packets"]), 30)

    def tunnel(self, kind, inner, size):
        """A tunnel between two namespaces, looked at at one end: each packet once, its octets
        those of the inner one."""
        other = self.new_namespace("b")
        self.add_link("veth0", "type", "veth", "peer", "name", "veth1")
        self.ip("link", "set", "veth1", "netns", other.name)
        for namespace, link, mine, peer, host in ((self.namespace, "veth0", "10.1.0.1", "10.1.0.2", 1),
                                                  (other, "veth1", "10.1.0.2", "10.1.0.1", 2)):
            self.ip("address", "add", f"{mine}/24", "dev", link, namespace=namespace)
            self.ip("link", "set", link, "up", namespace=namespace)
            self.add_link("way", "type", kind, "local", mine, "remote", peer, namespace=namespace)
            if ":" in inner:
                namespace.run("sysctl", "-q", "-w", "net.ipv6.conf.way.disable_ipv6=0",
                              "net.ipv6.conf.way.addr_gen_mode=1")
            self.ip("address", "add", inner + str(host) + ("/64" if ":" in inner else "/24"),
                    "dev", "way", *(("nodad",) if ":" in inner else ()), namespace=namespace)
            self.ip("link", "set", "way", "up", namespace=namespace)
        with self.capturing(interfaces=("way",)) as program:
            before = self.ledger()
            self.namespace.run("python3", "-c", SEND, inner + "2", "40")
            other.run("python3", "-c", SEND, inner + "1", "60")

            def counted():
                self.seen(program)
                return self.ledger()["udp"] - before["udp"] >= 100
            wait_until(counted, "what was sent both ways")
        self.assertEqual(self.ledger()["udp"], 100)
        self.assertEqual(self.ledger()["malformed_total"], 0)
        rows = self.rows()
        self.assertEqual(int(rows[inner + "2"]["udp_dst_packets"]), 40)
        self.assertEqual(int(rows[inner + "2"]["udp_src_packets"]), 60)
        self.assertEqual(int(rows[inner + "2"]["udp_dst_octets"]), 40 * size)

    def test_sit(self):
        self.tunnel("sit", "fd00::", 40 + 8 + 5)

    def test_ipip(self):
        self.tunnel("ipip", "10.2.0.", 20 + 8 + 5)

    def test_gre(self):
        self.tunnel("gre", "10.2.0.", 20 + 8 + 5)

    def test_hardware_types(self):
        """Devices of each kind that hand over IP; a TUN device says that it is one."""
        kinds = {"PPP": 512, "RAWIP": 519, "TUNNEL": 768, "TUNNEL6": 769, "SIT": 776, "IPGRE": 778,
                 "IP6GRE": 823}
        fds = {f"{kind.lower()}{os.getpid()}": self.tun(f"{kind.lower()}{os.getpid()}", number)
               for kind, number in kinds.items()}
        with self.capturing(interfaces=fds) as program:
            for fd in fds.values():
                for i in range(10):
                    os.write(fd, ipv4(f"192.0.2.{i}", "192.0.2.99", udp(1, 2)))
            wait_until(lambda: self.seen(program) >= 10 * len(fds), "all that was written")
        ledger = self.ledger()
        self.assertEqual((ledger["udp"], ledger["frames"]), (10 * len(fds), 10 * len(fds)))

    def test_others_are_refused_by_name(self):
        for number, says in ((804, "IEEE 802.15.4"), (280, "CAN"), (803, "monitor mode"),
                             (777, "hardware type 777")):
            with self.subTest(says):
                name = f"odd{number}x{os.getpid()}"[:15]
                self.tun(name, number)
                self.refused("--interface", name, code=1, prefix=self.namespace.prefix,
                             says=[name, "neither Ethernet nor IP", says])


# address, how many
SEND = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as one:
    for _ in range(int(sys.argv[2])):
        one.sendto(b"hello", (sys.argv[1], 7000))
"""


if __name__ == "__main__":
    main()
