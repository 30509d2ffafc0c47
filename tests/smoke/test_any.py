#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--interface any: all interfaces of a network namespace, each packet once for each interface and
direction, those that come later from their first packet on.

In network namespaces of its own, which needs root; nothing leaves them.
"""

import os
import unittest

from smoke import main, wait_until  # first: it tells where the tools lie

from frames import IPV4, IPV6, ipv4, pcap, udp
from links import packed16
import test_links


def as_ethernet(chosen):
    return pcap([bytes(12) + packed16(IPV4 if packet[0] >> 4 == 4 else IPV6) + packet
                 for packet in chosen])


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Any(test_links.Devices):
    """The sensor's namespace has one end of a veth pair; the other end lies in a second one."""

    def setUp(self):
        super().setUp()
        self.far = self.new_namespace("far")
        self.add_link("sensor", "mtu", "9000", "type", "veth", "peer", "name", "sender", "mtu",
                      "9000")
        self.ip("link", "set", "sender", "netns", self.far.name)
        self.ip("link", "set", "sender", "up", namespace=self.far)
        self.ip("link", "set", "sensor", "up")
        self.ip("link", "set", "lo", "up")

    def send(self, capture, interface="sender", namespace=None):
        (namespace or self.far).run("tcpreplay", "-q", "--pps=2000", "-i", interface, capture)

    def counted(self, program, frames):
        wait_until(lambda: self.seen(program) >= frames, f"{frames} frames")

    # those of single interfaces are not to run again
    test_tun = test_tun_sends = test_sit = test_ipip = test_gre = None
    test_hardware_types = test_others_are_refused_by_name = None

    def test_veth_tun_and_loopback(self):
        """Against the oracle: received, sent, without an Ethernet header, on loopback."""
        tun = f"tun{os.getpid()}"
        fd = self.tun(tun)
        names = ["plain", "ipv6", "vlan", "fragments", "private", "other", "padding", "options",
                 "nested", "ipv6_extensions", "embedded"]
        captures = [self.world.capture(name) for name in names]
        chosen = [packet for _, packet in test_links.packets([name for name in test_links.NAMES if name != "offload"])]
        tunnelled = self.world.write("tun.pcap", as_ethernet(chosen))
        with self.capturing(interfaces=("any",)) as program:
            self.assertEqual(self.seen(program), 0, "the kernel was to be silent")
            for capture in captures:
                self.send(capture)                             # in on sensor
            for packet in chosen:
                os.write(fd, packet)                           # in on the TUN device
            self.send(captures[0], "sensor", self.namespace)   # out on sensor
            self.send(captures[1], "lo", self.namespace)       # loopback: sent is received
            everything = [*captures, tunnelled, captures[0], captures[1]]
            self.counted(program, sum(sum(1 for _ in _frames(one)) for one in everything))
        status = self.json("status.json")
        self.ledger()
        self.same_as_oracle(everything, status=status)
        self.assertEqual(status["sources"], ["any"])
        port = status["ports"][0]
        self.assertEqual((port["name"], port["driver"], port["link"], port["interfaces"]),
                         ("any", "packet_mmap", "up", 3))
        self.assertEqual(port["received"], status["received"])
        # the same octets as the oracle's frames have: the VLAN tags are in them
        self.assertEqual(status["ledger"]["frame_octets"],
                         sum(len(frame) for one in everything[:len(captures)]
                             for frame in _frames(one))
                         + sum(len(frame) - 14 for frame in _frames(tunnelled))
                         + sum(len(frame) for one in captures[:2] for frame in _frames(one)))

    def test_interfaces_come_and_go(self):
        """Counted from their first packet on, and nothing twice of one that comes back."""
        pid = os.getpid()
        first, second = f"a{pid}", f"b{pid}"
        frames = [ipv4(f"192.0.2.{i}", "198.51.100.7", udp(1, 2)) for i in range(50)]
        with self.capturing(interfaces=("any",)) as program:
            for times in range(1, 4):
                fd = self.tun(first)
                for packet in frames:
                    os.write(fd, packet)  # at once: nobody waits for the program to look
                self.counted(program, 100 * times - 50)
                wait_until(lambda: program.output().count(f"counting on as well: {first}") == times,
                           "its coming to be told")
                self.ip("link", "delete", first)
                wait_until(lambda: program.output().count("no longer there") == times,
                           "its going to be told")
                for packet in frames:
                    os.write(self.persistent(second), packet)
                self.counted(program, 100 * times)
            self.assertIn(f"no longer there; what they brought stays counted: {first}",
                          program.output())
        ledger = self.ledger()
        self.assertEqual((ledger["udp"], ledger["frames"]), (300, 300))
        self.assertEqual(int(self.rows()["198.51.100.7"]["udp_dst_packets"]), 300)

    def persistent(self, name):
        if not hasattr(self, "kept"):
            self.kept = self.tun(name)
        return self.kept

    def test_stacked_interfaces(self):
        """A bridge and a macvlan carry what their ports carry; there it counts."""
        self.ip("link", "set", "sensor", "down")
        self.add_link("bridge0", "type", "bridge")
        self.ip("link", "set", "sensor", "master", "bridge0")
        self.add_link("upper0", "link", "bridge0", "type", "macvlan", "mode", "bridge")
        for name in ("sensor", "bridge0", "upper0"):
            self.ip("link", "set", name, "up")
        self.ip("address", "add", "10.3.0.1/24", "dev", "bridge0")
        self.ip("neigh", "add", "10.3.0.2", "lladdr", "02:00:00:00:00:02", "dev", "bridge0")
        self.ip("address", "add", "10.3.0.2/24", "dev", "sender", namespace=self.far)
        address = self.namespace.run("cat", "/sys/class/net/bridge0/address").stdout.strip()
        self.ip("neigh", "add", "10.3.0.1", "lladdr", address, "dev", "sender", namespace=self.far)
        with self.capturing(interfaces=("any",)) as program:
            before = self.ledger()["udp"]
            self.far.run("python3", "-c", test_links.SEND, "10.3.0.1", "40")
            self.namespace.run("python3", "-c", test_links.SEND, "10.3.0.2", "60")
            wait_until(lambda: self.seen(program) is not None and
                       self.ledger()["udp"] >= before + 100, "what was sent both ways")
            period = self.json("status.json")["period"]
            wait_until(lambda: self.json("status.json")["period"] > period + 2, "more periods")
        self.assertEqual(self.ledger()["udp"], before + 100)
        self.assertEqual(self.json("status.json")["ports"][0]["interfaces"], 2)

    def test_an_upper_interface_whose_lower_is_elsewhere(self):
        """As a container's macvlan: nobody else sees its packets here."""
        self.add_link("inside", "link", "sender", "type", "macvlan", "mode", "private",
                      namespace=self.far)
        self.ip("link", "set", "inside", "netns", self.namespace.name, namespace=self.far)
        self.ip("link", "set", "inside", "up")
        with self.capturing(interfaces=("any",)) as program:
            self.send(self.world.capture("plain"), "inside", self.namespace)
            # out on the macvlan; in the other namespace over its lower one, and in on sensor
            self.counted(program, 2 * 213)
        self.assertEqual(self.ledger()["frames"], 2 * 213)

    def test_frames_that_cannot_be_read_are_left_out(self):
        odd = f"odd{os.getpid()}"
        fd = self.tun(odd, 280)  # says that it is a CAN bus
        with self.capturing(interfaces=("any",)) as program:
            for i in range(20):
                os.write(fd, ipv4(f"192.0.2.{i}", "192.0.2.99", udp(1, 2)))
            self.send(self.world.capture("plain"))
            self.counted(program, 213)
            self.assertNotIn(odd, program.output())
        self.assertEqual(self.ledger()["frames"], 213)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "two lanes want two CPUs")
    def test_two_lanes(self):
        with self.running("--interface", "any", "--lanes", "2", "--period", "0.5", "--hosts",
                          "hosts.csv", "--status", "status.json", "--listen", "off",
                          prefix=self.namespace.prefix, listen=False) as program:
            wait_until(lambda: self.seen(program) is not None, "the first period")
            self.send(self.world.capture("plain"))
            self.counted(program, 213)
        status = self.json("status.json")
        self.assertTrue(all(lane["received"] > 0 for lane in status["lanes"]), status["lanes"])
        self.assertEqual(len(status["lanes"]), 2)
        self.same_as_oracle([self.world.capture("plain")], status=status)

    def test_without_root(self):
        """CAP_NET_RAW is all it needs: no locked memory, and so no limit of it."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        prefix = (*self.namespace.prefix, "prlimit", "--memlock=65536:65536", "setpriv",
                  "--reuid=65534", "--regid=65534", "--clear-groups",
                  "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw",
                  "--bounding-set=-all,+net_raw")
        with self.running("--interface", "any", "--period", "0.5", "--status", "status.json",
                          "--listen", "off", prefix=prefix, listen=False) as program:
            wait_until(lambda: self.seen(program) is not None, "the first period")
            fd = self.tun(f"late{os.getpid()}")  # under the system call filter
            os.write(fd, ipv4("192.0.2.1", "192.0.2.99", udp(1, 2)))
            self.send(self.world.capture("plain"))
            self.counted(program, 214)
        without = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                   "--inh-caps=-all", "--bounding-set=-all")
        self.refused("--interface", "any", code=1, prefix=(*self.namespace.prefix, *without),
                     says=["--interface any", "CAP_NET_RAW"])

    def test_any_beside_others_would_count_twice(self):
        self.refused("--interface", "any", "--interface", "lo", code=2, says=["any", "twice"],
                     prefix=self.namespace.prefix)

    def test_the_doctor_lists_them(self):
        self.add_link("bridge0", "type", "bridge")
        odd = f"odd{os.getpid()}"
        self.tun(odd, 280)
        self.ip("link", "set", "sensor", "down")
        done = self.run_program("--check", "--interface", "any", prefix=self.namespace.prefix)
        self.assertRegex(done.stdout, "ok +interfaces: any counts on .*lo.*sensor \\(down\\)")
        self.assertRegex(done.stdout, "left out, since others carry their packets: bridge0")
        self.assertRegex(done.stdout, f"neither Ethernet nor IP: {odd}")
        self.assertRegex(done.stdout, "offloads: merged packets come from.* sensor")


def _frames(capture):
    from smoke import oracle  # pylint: disable=import-outside-toplevel
    return (bytes(frame) for frame in oracle.read_pcap(capture))


if __name__ == "__main__":
    main()
