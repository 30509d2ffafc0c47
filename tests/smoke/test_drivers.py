#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--driver: the same packets by af_packet and by AF_XDP, and in words why it is not AF_XDP.

On veth pairs in network namespaces of its own, which needs root; nothing leaves them. AF_XDP copies
there (XDP_COPY), which is what a driver without zero copy does.
"""

import os
import subprocess
import unittest

from smoke import BINARY, PATIENCE, main, wait_until  # first: it tells where the tools lie

from frames import ether, ipv4, pcap, udp
from network import Capturing, Namespace

DRIVER = "/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_net_af_xdp.so"
NAMES = ["plain", "ipv6", "fragments", "private", "other", "padding", "options", "nested",
         "ipv6_extensions", "embedded"]


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Drivers(Capturing):
    def setUp(self):
        super().setUp()
        if not os.path.exists(DRIVER):
            self.skipTest("librte-net-af-xdp23 is not installed")
        self.namespace = Namespace(f"phm-drivers-{os.getpid()}", links=False)
        self.addCleanup(self.namespace.close)
        self.add_pair("sender", "sensor")

    def add_pair(self, one, other, *more):
        self.ip("link", "add", one, *more, "type", "veth", "peer", "name", other, *more)
        for name in (one, other):
            self.ip("link", "set", name, "up")

    def ip(self, *arguments):
        return self.namespace.run("ip", *arguments).stdout

    def driven(self, driver, *arguments, **options):
        return self.capturing("--driver", driver, *arguments, **options)

    def driver(self):
        return self.json("status.json")["ports"][0]["driver"]

    def program_of(self, interface="sensor"):
        return "prog/xdp" in self.ip("link", "show", interface)

    def counts(self, driver, expected, *arguments):
        """Every sound capture, against the oracle."""
        captures = [self.world.capture(name) for name in NAMES]
        with self.driven(driver, *arguments) as program:
            self.assertEqual(self.driver(), expected)
            sent = 0
            for capture in captures:
                self.send(capture)
                sent += sum(1 for _ in _frames(capture))
            wait_until(lambda: self.seen(program) >= sent, f"{sent} packets")
            self.assertEqual(self.program_of(), expected == "net_af_xdp")
            output = program.output()
        status = self.json("status.json")
        self.assertEqual((status["received"], status["lost"]["total"]), (sent, 0))
        self.balanced(status)
        self.same_as_oracle(captures, status=status)
        os.unlink(self.file("status.json"))
        self.assertFalse(self.program_of(), "its program was left behind")
        return status["ports"][0], output

    def test_af_xdp(self):
        port, _ = self.counts("af_xdp", "net_af_xdp")
        other, _ = self.counts("af_packet", "net_af_packet")
        self.assertEqual(port.keys(), other.keys(), "statistics are named alike")
        self.assertEqual((port["received"], port["link"], port["link_mbps"]),
                         (other["received"], other["link"], other["link_mbps"]))
        self.assertGreater(port["link_mbps"], 0)

    def test_auto_is_af_xdp_where_nobody_goes_without(self):
        _, output = self.counts("auto", "net_af_xdp")
        self.assertNotIn("af_packet", output)

    def test_af_xdp_without_root(self):
        """--user keeps what its program needs to be taken off again."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        _, output = self.counts("af_xdp", "net_af_xdp", "--user", "nobody")
        self.assertIn("running as nobody, capabilities 8000003000", output)

    def falls_back(self, says, *arguments, interface="sensor"):
        """auto says why and counts all the same; --check says it too."""
        with self.driven("auto", *arguments, interfaces=(interface,)) as program:
            self.assertEqual(self.driver(), "net_af_packet" if interface != "any"
                             else "packet_mmap")
            self.assertRegex(program.output(), f"{interface}: captured on by af_packet, not "
                                               f"AF_XDP: .*{says}")
            self.send(self.world.capture("plain"))
            wait_until(lambda: self.seen(program) >= 213, "213 packets")
        done = self.check("auto", interface, *arguments)
        self.assertRegex(done, f"warning +source: {interface}: .*not AF_XDP: .*{says}")
        os.unlink(self.file("status.json"))

    def check(self, driver, interface="sensor", *arguments):  # pylint: disable=keyword-arg-before-vararg
        return self.run_program("--check", "--interface", interface, "--driver", driver,
                                *arguments, prefix=self.namespace.prefix).stdout

    def test_who_would_go_without(self):
        """An address, a bridge, an interface above: auto leaves their packets to them."""
        self.ip("address", "add", "10.4.0.1/24", "dev", "sensor")
        self.falls_back("an address of this host")
        self.assertRegex(self.check("af_xdp"), "warning +source: warning: sensor: .*an address")
        with self.driven("af_xdp") as program:
            self.assertIn("warning: sensor: AF_XDP takes what comes in", program.output())
        os.unlink(self.file("status.json"))
        self.ip("address", "del", "10.4.0.1/24", "dev", "sensor")
        self.ip("link", "add", "upper0", "link", "sensor", "type", "macvlan", "mode", "bridge")
        self.falls_back("upper0 stands on it")
        self.ip("link", "delete", "upper0")
        self.ip("link", "add", "bridge0", "type", "bridge")
        self.ip("link", "set", "sensor", "master", "bridge0")
        self.falls_back("it belongs to bridge0")

    def cannot(self, says, *arguments, interface="sensor"):
        self.falls_back(says, *arguments, interface=interface)
        self.refused("--interface", interface, "--driver", "af_xdp", *arguments, code=1,
                     says=["--driver af_xdp", interface, says], prefix=self.namespace.prefix)
        self.assertRegex(self.check("af_xdp", interface, *arguments),
                         f"fault +source: --driver af_xdp: {interface}: .*{says}")

    def test_long_frames(self):
        self.ip("link", "set", "sensor", "mtu", "9000")
        self.cannot("its MTU is 9000")

    def test_more_lanes_than_queues(self):
        self.cannot("its RX queues are 1", "--lanes", "2")

    def test_another_program_has_it(self):
        program = self.world.path("pass.o")
        source = self.world.write("pass.c", b'__attribute__((section("xdp"), used)) int '
                                            b'pass(void *c) { (void)c; return 2; }\n')
        try:
            subprocess.run(["clang", "-O2", "-target", "bpf", "-c", source, "-o", program],
                           check=True, capture_output=True)
            self.ip("link", "set", "dev", "sensor", "xdp", "obj", program, "sec", "xdp")
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no other XDP program: {error}")
        self.cannot("another XDP program has it")

    def test_without_rights(self):
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        prefix = (*self.namespace.prefix, "setpriv", "--reuid=65534", "--regid=65534",
                  "--clear-groups", "--inh-caps=-all,+net_raw,+ipc_lock",
                  "--ambient-caps=-all,+net_raw,+ipc_lock",
                  "--bounding-set=-all,+net_raw,+ipc_lock")
        self.refused("--interface", "sensor", "--driver", "af_xdp", code=1, prefix=prefix,
                     says=["CAP_NET_ADMIN", "CAP_BPF"])
        with self.driven("auto", prefix=prefix) as program:
            self.assertIn("not AF_XDP: AF_XDP needs CAP_NET_RAW", program.output())

    def test_any(self):
        self.refused("--interface", "any", "--driver", "af_xdp", code=1,
                     says=["any", "takes one interface"], prefix=self.namespace.prefix)

    def test_loopback_has_none(self):
        self.ip("link", "set", "lo", "up")
        self.refused("--interface", "lo", "--driver", "af_xdp", code=1,
                     says=["lo: it has no Ethernet frames"], prefix=self.namespace.prefix)

    def test_no_interface_of_that_name(self):
        for driver in ("af_xdp", "auto"):
            self.refused("--interface", "nowhere0", "--driver", driver, code=1,
                         says=["nowhere0", "no such interface"], prefix=self.namespace.prefix)

    def test_it_comes_back(self):
        """Deleted and made again: taken again, and nothing counted twice."""
        capture = self.world.capture("plain")
        with self.driven("af_xdp") as program:
            self.send(capture)
            wait_until(lambda: self.seen(program) == 213, "213 packets")
            self.ip("link", "delete", "sender")
            wait_until(lambda: self.json("status.json")["link"] == "down", "the link to be down")
            self.assertIn("sensor: the interface is gone", program.output())
            self.add_pair("sender", "sensor")
            wait_until(lambda: self.json("status.json")["link"] == "up", "the link to be up")
            self.assertIn("sensor: it is back, and receiving again", program.output())
            self.send(capture)
            wait_until(lambda: self.seen(program) >= 426, "counting to go on")
        status = self.json("status.json")
        self.assertEqual((status["received"], status["lost"]["total"]), (426, 0))
        self.same_as_oracle([capture] * 2, status=status)

    def test_after_a_kill(self):
        """The program that a killed process leaves behind is taken over."""
        with open(self.file("log"), "wb") as log, \
             subprocess.Popen([*self.namespace.prefix, BINARY, "--interface", "sensor", "--driver",
                               "af_xdp", "--status", "first.json", "--period", "0.5", "--listen",
                               "off", *self.always(None)], cwd=self.cwd, stdout=log, stderr=log,
                              env={**self.environment, **self.sanitizers(())}) as first:
            try:
                wait_until(lambda: os.path.exists(self.file("first.json")), "its first period")
            finally:
                first.kill()
                first.wait(PATIENCE)
        self.assertTrue(self.program_of(), "this test was to leave a program behind")
        self.counts("af_xdp", "net_af_xdp")

    def test_two_interfaces_and_a_flood(self):
        """Lost packets have a name: what was sent is received or counted as lost."""
        self.add_pair("sender2", "sensor2")
        frames = [ether(ipv4(f"198.51.{i >> 8}.{i & 255}", "192.0.2.1", udp(1, 2, bytes(18))))
                  for i in range(5000)]
        capture = self.world.write("flood.pcap", pcap(frames))
        with self.driven("af_xdp", interfaces=("sensor", "sensor2")) as program:
            self.namespace.run("tcpreplay", "-q", "-K", "--topspeed", "--loop=10", "-i", "sender",
                               capture)
            self.send(self.world.capture("plain"), interface="sender2")

            def all_accounted():
                status = self.json("status.json")
                return self.seen(program) and status["received"] + status["lost"]["total"] >= 50213
            wait_until(all_accounted, "all that was sent")
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(status["received"] + status["lost"]["total"], 50213)
        self.assertEqual(status["ports"][1]["received"], 213)

    def test_ring_sizes(self):
        """A ring of short frames, and one of long ones: counted whole either way."""
        capture = self.world.write("long.pcap", pcap(
            [ether(ipv4("198.51.100.1", "192.0.2.1", udp(1, 2, bytes(1400)))) for _ in range(50)]))
        for interface, times in (("sensor", 1), ("any", 2)):  # out on sender, in on sensor
            for frames, size in ((65536, 256), (4096, 16384), (512, 2048)):
                with self.subTest(interface=interface, size=size):
                    with self.driven("af_packet", "--ring-frames", str(frames),
                                        "--ring-frame-size", str(size),
                                        interfaces=(interface,)) as program:
                        self.send(capture, pps=1000)
                        wait_until(lambda: self.seen(program) >= times * 50, "50 packets")
                    row = self.rows()["198.51.100.1"]
                    self.assertEqual(int(row["udp_src_octets"]), times * 50 * (20 + 8 + 1400))
                    self.balanced(self.json("status.json"))
                    os.unlink(self.file("status.json"))

    def test_sizes_that_cannot_be(self):
        for arguments, says in ((("--ring-frames", "1000"), "no power of two"),
                                (("--ring-frame-size", "3000"), "no power of two"),
                                (("--ring-frames", "64", "--ring-frame-size", "256"), "256 KiB"),
                                (("--ring-frames", "1048576"), "1 GiB"),
                                (("--driver", "dpdk"), "af_packet, af_xdp, auto")):
            self.refused("--interface", "sensor", *arguments, code=2, says=says)
        self.refused("--pcap", self.world.capture("plain"), "--driver", "auto", code=2,
                     says="--interface NAME")


def _frames(capture):
    from smoke import oracle  # pylint: disable=import-outside-toplevel
    return oracle.read_pcap(capture)


if __name__ == "__main__":
    main()
