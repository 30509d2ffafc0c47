#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Live capture on a kernel interface: what tcpreplay sends over a veth pair is counted, all of it.

In a network namespace of its own, which needs root; nothing leaves it.
"""

import json
import os
import subprocess
import sys
import unittest

from smoke import main, wait_until
from network import Capturing, Namespace


# 26 MB in large sends, paced so that the ring (32 MB) holds them all on the slowest machine
SENT_OCTETS = 200 * (128 << 10)
SENDER = f"""
import socket, time
with socket.create_connection(("10.9.0.2", 7007), 30) as peer:
    for _ in range({SENT_OCTETS} >> 17):
        peer.sendall(bytes(1 << 17))
        time.sleep(0.005)
"""
RECEIVER = f"""
import socket
with socket.create_server(("10.9.0.2", 7007)) as server:
    print("ready", flush=True)
    peer = server.accept()[0]
    left = {SENT_OCTETS}
    while left > 0:
        got = len(peer.recv(1 << 20))
        if got == 0:
            raise SystemExit("cut short")
        left -= got
"""
# ETHTOOL_SGRO, _STSO, _SGSO: what ethtool -K does, which need not be installed
NO_OFFLOADS = """
import ctypes, fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    for command in (0x2c, 0x1f, 0x24):
        value = ctypes.create_string_buffer(struct.pack("II", command, 0))
        request = struct.pack("16sQ16x", sys.argv[1].encode(), ctypes.addressof(value))
        fcntl.ioctl(control, 0x8946, request)
"""


class Live(Capturing):
    def setUp(self):
        super().setUp()
        self.namespace = Namespace(f"phm-{os.getpid()}")
        self.addCleanup(self.namespace.close)

    def test_all_of_it_is_counted(self):
        """Every sound capture of this machine's size, one after the other, while it runs."""
        names = ["plain", "ipv6", "vlan", "fragments", "private", "other", "padding", "options",
                 "nested", "ipv6_extensions", "embedded"]
        captures = [self.world.capture(name) for name in names]
        with self.capturing("--listen", "off") as program:
            sent = 0
            for capture in captures:
                self.send(capture, 2000)
                sent += sum(1 for _ in _frames(capture))
            wait_until(lambda: self.seen(program) >= sent, f"{sent} packets")
        status = self.json("status.json")
        self.assertEqual(status["received"], sent)
        self.assertEqual(status["lost"]["total"], 0)
        self.balanced(status)
        self.same_as_oracle(captures, status=status)

    def test_jumbo_frames(self):
        capture = self.world.write("jumbo9000.pcap", _pcap_up_to(9014))
        with self.capturing("--listen", "off") as program:
            self.send(capture, 1000)
            sent = sum(1 for _ in _frames(capture))
            wait_until(lambda: self.seen(program) >= sent, f"{sent} packets")
        self.same_as_oracle([capture], status=self.json("status.json"))

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "two lanes want two CPUs")
    def test_two_lanes_share_an_interface(self):
        """The kernel spreads flows over two sockets; a lane polls each."""
        capture = self.world.capture("plain")
        with self.capturing("--listen", "off", "--lanes", "2") as program:
            self.send(capture, 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")
        status = self.json("status.json")
        self.assertEqual(len(status["lanes"]), 2)
        self.assertTrue(all(lane["received"] > 0 for lane in status["lanes"]), status["lanes"])
        self.balanced(status)
        self.same_as_oracle([capture], status=status)

    def test_a_steady_stream(self):
        """20,000 packets a second for two seconds, over several periods."""
        capture = self.world.write("stream.pcap", _first_frames(2000))
        with self.capturing("--listen", "off") as program:
            self.send(capture, 20000, loops=20)
            wait_until(lambda: self.seen(program) + self.lost() >= 40000, "40,000 packets")
        status = self.json("status.json")
        self.balanced(status)
        # what the kernel could not hand over is said, and nothing beyond it is missing
        self.assertEqual(status["received"] + status["lost"]["total"], 40000)
        if status["lost"]["total"] == 0:
            self.same_as_oracle([capture] * 20, status=status)

    def lost(self):
        return self.json("status.json")["lost"]["total"]

    def test_other_peoples_frames(self):
        """Promiscuous: frames that are addressed to nobody here count too (all captures' are)."""
        with self.capturing("--listen", "off") as program:
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")
            flags = self.namespace.run("ip", "-d", "link", "show", "sensor").stdout
            self.assertRegex(flags, r"promiscuity [1-9]")
        flags = self.namespace.run("ip", "-d", "link", "show", "sensor").stdout
        self.assertRegex(flags, r"promiscuity 0", "promiscuous mode was left on")

    def test_link_down_and_up(self):
        with self.capturing("--listen", "off") as program:
            wait_until(lambda: self.json("status.json")["link"] == "up", "the link to be up")
            self.assertEqual(self.json("status.json")["ports"][0]["link_mbps"], 10000)
            self.namespace.run("ip", "link", "set", "sender", "down")
            wait_until(lambda: self.json("status.json")["link"] == "down", "the link to be down")
            self.assertEqual(self.json("status.json")["ports"][0]["link_mbps"], 0)
            self.namespace.run("ip", "link", "set", "sender", "up")
            wait_until(lambda: self.json("status.json")["link"] == "up", "the link to be up again")
            self.assertEqual(program.output().count("sensor: link up, 10000 Mbit/s"), 1)
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "counting to go on")

    @staticmethod
    def nobody(may):
        return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                f"--inh-caps=-all,{may}", f"--ambient-caps=-all,{may}",
                f"--bounding-set=-all,{may}")

    def test_without_root_the_limit_of_locked_memory_is_told(self):
        os.chmod(self.world.folder, 0o755)

        arguments = ("--interface", "sensor", "--listen", "off")
        tight = (*self.namespace.prefix, "prlimit", f"--memlock={8 << 20}:{8 << 20}",
                 *self.nobody("+net_raw"))
        self.refused(*arguments, code=1, prefix=tight,
                     says=["64 MiB of locked memory", "8192 KiB", "ulimit -l 65536"])
        done = self.run_program("--check", *arguments, prefix=tight)
        self.assertRegex(done.stdout, "fault +memory lock limit: .*; remedy: ulimit -l 65536")
        os.chown(self.cwd, 65534, -1)
        # no limit for who has CAP_IPC_LOCK; to raise it is not allowed everywhere
        wide = (*self.namespace.prefix, *self.nobody("+net_raw,+ipc_lock"))
        with self.running(*arguments, "--period", "0.5", "--status", "status.json", prefix=wide,
                          listen=False) as program:
            wait_until(lambda: self.seen(program) is not None, "the first period")
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")

    def test_root_without_the_right_to_lock_memory(self):
        """As in many containers: what decides is the capability, not the user."""
        arguments = ("--interface", "sensor", "--listen", "off")
        less = "-ipc_lock,-sys_resource"
        prefix = (*self.namespace.prefix, "prlimit", f"--memlock={8 << 20}:{8 << 20}", "setpriv",
                  f"--inh-caps={less}", f"--bounding-set={less}")
        done = self.run_program("--check", *arguments, prefix=prefix)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertRegex(done.stdout, "fault +memory lock limit: .*; remedy: ulimit -l 65536")
        self.refused(*arguments, code=1, prefix=prefix,
                     says=["64 MiB of locked memory", "8192 KiB", "CAP_IPC_LOCK"])

    def test_the_interface_keeps_its_flags(self):
        """What an operator has set is neither needed nor taken away."""
        self.namespace.run("ip", "link", "set", "sensor", "promisc", "on")
        with self.capturing("--listen", "off"):
            pass
        self.assertIn("PROMISC", self.namespace.run("ip", "link", "show", "sensor").stdout)

    def test_the_mtu_of_a_card_is_not_the_interfaces(self):
        """One configuration serves a card with jumbo frames, and an interface that has none."""
        with self.capturing("--listen", "off", "--mtu", "9000") as program:
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")

    def test_the_doctor_looks_into_its_own_name_space(self):
        """Where /sys still shows another one, as in some containers."""
        def link():
            said = self.run_program("--check", "--interface", "sensor", prefix=(
                "nsenter", f"--net=/run/netns/{self.namespace.name}")).stdout
            return next(line for line in said.splitlines() if "  link: " in line)

        self.assertRegex(link(), "^ok +link: sensor up, 10000 Mbit/s$")
        self.namespace.run("ip", "link", "set", "sender", "down")
        self.assertRegex(link(), "^warning +link: sensor has no carrier; remedy: plug in")
        self.namespace.run("ip", "link", "set", "sensor", "down")
        self.assertRegex(link(), "^warning +link: sensor down; remedy: ip link set sensor up$")

    def test_the_default_address(self):
        """In the namespace nobody else has it."""
        address = "127.0.0.1:8080"
        prefix = ("nsenter", f"--net=/run/netns/{self.namespace.name}")

        def doctor():
            said = self.run_program("--check", "--interface", "lo", "--listen", "auto",
                                    prefix=prefix).stdout
            return next(line for line in said.splitlines() if " listen address: " in line)

        self.assertEqual(doctor(), f"ok       listen address: {address} is free")
        with self.capturing("--listen", "auto") as program:
            self.assertIn(f"http://{address}/", program.output())
            page = self.namespace.run("curl", "-sf", f"http://{address}/api/v1/status").stdout
            self.assertEqual(json.loads(page)["program"], "packet-heatmap")
            self.assertIn("served by a running packet-heatmap", doctor())
            # and who comes second is told
            self.refused("--interface", "lo", "--listen", "auto", code=1, prefix=prefix,
                         says=[f"cannot listen on {address}", "--listen"])

    def test_two_interfaces(self):
        self.namespace.run("ip", "link", "add", "sender2", "type", "veth", "peer", "name",
                           "sensor2")
        for name in ("sender2", "sensor2"):
            self.namespace.run("ip", "link", "set", name, "up")
        with self.capturing("--listen", "off", "--interface", "sensor2") as program:
            self.send(self.world.capture("plain"), 2000)
            self.namespace.run("tcpreplay", "-q", "--pps=2000", "-i", "sender2",
                               self.world.capture("ipv6"))
            wait_until(lambda: self.seen(program) >= 213 + 228, "packets of both")
        status = self.json("status.json")
        self.assertEqual([port["received"] for port in status["ports"]], [213, 228])
        self.same_as_oracle([self.world.capture("plain"), self.world.capture("ipv6")],
                            status=status)

    def test_interface_that_is_down_at_the_start(self):
        self.namespace.run("ip", "link", "set", "sensor", "down")
        with self.running("--interface", "sensor", "--period", "0.3", "--status", "status.json",
                          "--listen", "off", prefix=self.namespace.prefix,
                          listen=False) as program:
            wait_until(lambda: self.seen(program) is not None, "the first period")
            self.assertEqual(self.json("status.json")["link"], "down")
            self.namespace.run("ip", "link", "set", "sensor", "up")
            wait_until(lambda: self.json("status.json")["link"] == "up", "the link to be up")
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")

    def test_merged_packets_count_whole(self):
        """TCP with large sends, segmentation offload on: frames of up to 64 KiB, of which the ring
        holds the first 2 KiB. Their octets are those of the interface's own counters."""
        far = Namespace(f"phm-far-{os.getpid()}", links=False)
        self.addCleanup(far.close)
        self.namespace.run("ip", "link", "set", "sender", "netns", far.name)
        for namespace, name, address in ((far, "sender", "10.9.0.1"),
                                         (self.namespace, "sensor", "10.9.0.2")):
            namespace.run("ip", "address", "add", f"{address}/24", "dev", name)
            namespace.run("ip", "link", "set", name, "up")
        with self.capturing("--listen", "off") as program:
            before = self.interface_octets("sensor")
            start = self.json("status.json")["ledger"]["frame_octets"]
            with subprocess.Popen([*self.namespace.prefix, sys.executable, "-c", RECEIVER],
                                  stdout=subprocess.PIPE) as receiver:
                receiver.stdout.readline()
                far.run(sys.executable, "-c", SENDER)
                self.assertEqual(receiver.wait(60), 0)
            carried = self.interface_octets("sensor") - before
            self.assertGreater(carried, SENT_OCTETS)

            def counted():
                status = self.json("status.json")
                return status if status["ledger"]["frame_octets"] - start >= SENT_OCTETS else None

            wait_until(counted, "the octets")
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(status["lost"]["total"], 0)
        self.assertLess(abs(status["ledger"]["frame_octets"] - start - carried), carried * 0.02)
        # they were merged, or this test shows nothing
        self.assertLess(status["received"], carried / 5000)
        self.assertIs(status["ports"][0]["merged_packets"], True)

    def interface_octets(self, name):
        return sum(int(self.namespace.run("cat", f"/sys/class/net/{name}/statistics/{way}_bytes")
                       .stdout) for way in ("rx", "tx"))

    def test_merged_packets_are_told(self):
        def check():
            return self.run_program("--check", "--interface", "sensor", prefix=(
                "nsenter", f"--net=/run/netns/{self.namespace.name}")).stdout

        self.assertRegex(check(), "warning +offloads: sensor hands over merged packets.*; remedy: "
                                  "ethtool -K sensor gro off lro off tso off gso off")
        with self.capturing("--listen", "off") as program:
            self.assertIn("ethtool -K sensor gro off", program.output())
            self.assertIs(self.json("status.json")["ports"][0]["merged_packets"], True)
        self.namespace.run(sys.executable, "-c", NO_OFFLOADS, "sensor")
        os.unlink(self.file("status.json"))
        self.assertRegex(check(), "ok +offloads: sensor merges no packets")
        with self.capturing("--listen", "off") as program:
            self.assertNotIn("merged", program.output())
            self.assertIs(self.json("status.json")["ports"][0]["merged_packets"], False)

    def test_interface_that_comes_back(self):
        """Deleted and made again while it is captured on: taken again by itself, and counted on."""
        with self.capturing("--listen", "off") as program:
            self.goes_and_comes_back(program)

    def test_interface_that_comes_back_without_root(self):
        """With what packet-heatmap@IFACE has: CAP_NET_RAW, and leave to lock memory."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        prefix = (*self.namespace.prefix, *self.nobody("+net_raw,+ipc_lock"))
        with self.capturing("--listen", "off", prefix=prefix) as program:
            self.goes_and_comes_back(program)

    def test_interface_that_comes_back_and_cannot_be_taken(self):
        """No leave to lock its rings into memory: said once, counted, and all else goes on."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        # CAP_IPC_LOCK at the start only, and no CAP_SYS_RESOURCE to lift the limit for later
        prefix = (*self.namespace.prefix, "prlimit", f"--memlock={8 << 20}:{8 << 20}",
                  "setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource")
        with self.capturing("--listen", "off", "--user", "nobody", prefix=prefix) as program:
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) == 213, "213 packets")
            self.namespace.run("ip", "link", "delete", "sender")
            wait_until(lambda: self.json("status.json")["link"] == "down", "the link to be down")
            self.namespace.run("ip", "link", "add", "sender", "type", "veth", "peer", "name",
                               "sensor")
            wait_until(lambda: self.json("status.json")["ports"][0]["reset_failures"] >= 2,
                       "two tries")
            said = [line for line in program.output().splitlines() if "cannot be taken" in line]
            self.assertEqual(len(said), 1, said)
            self.assertIn("64 MiB of locked memory", said[0])
            status = self.json("status.json")
            self.assertEqual((status["link"], status["received"]), ("down", 213))
            self.balanced(status)

    def test_interface_that_comes_back_after_root_was_left(self):
        """With what scripts/run has by sudo: --user keeps CAP_NET_RAW, the limit of locked memory
        was lifted before."""
        with open("/proc/self/status", encoding="ascii") as file:
            if not int(file.read().partition("CapEff:")[2].split()[0], 16) >> 24 & 1:
                self.skipTest("without CAP_SYS_RESOURCE the limit of locked memory stays")
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        with self.capturing("--listen", "off", "--user", "nobody") as program:
            self.goes_and_comes_back(program)

    @staticmethod
    def rings(program):
        with open(f"/proc/{program.process.pid}/maps", encoding="utf-8") as file:
            return sum("socket:[" in line for line in file)

    def goes_and_comes_back(self, program):
        capture = self.world.capture("plain")
        self.send(capture, 2000)
        wait_until(lambda: self.seen(program) == 213, "213 packets")
        rings = self.rings(program)
        self.assertGreater(rings, 0)
        for times in (1, 2):
            self.namespace.run("ip", "link", "delete", "sender")
            wait_until(lambda: self.json("status.json")["link"] == "down", "the link to be down")
            period = self.json("status.json")["period"]
            wait_until(lambda: self.json("status.json")["period"] > period + 2, "more periods")
            self.assertEqual(program.output().count("sensor: the interface is gone"), times)
            port = self.json("status.json")["ports"][0]
            self.assertEqual((port["state"], port["interfaces"]), ("gone", 0))
            self.namespace.run("ip", "link", "add", "sender", "type", "veth", "peer", "name",
                               "sensor")
            for name in ("sender", "sensor"):
                self.namespace.run("ip", "link", "set", name, "up")
            wait_until(lambda: self.json("status.json")["link"] == "up", "the link to be up")
            self.assertEqual(program.output().count("sensor: it is back, and receiving again"),
                             times)
            self.send(capture, 2000)
            wait_until(lambda: self.seen(program) == 213 * (times + 1), "counting to go on")
            # 64 MiB of locked memory each: those of the interface that is gone were given back
            self.assertEqual(self.rings(program), rings)
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(status["lost"]["total"], 0)
        self.assertEqual(status["ports"][0]["received"], 639)
        self.assertEqual(status["ports"][0]["state"], "running")
        self.assertEqual(status["ports"][0]["resets"], 2)
        self.assertEqual(status["ports"][0]["reset_failures"], 0)
        self.same_as_oracle([capture] * 3, status=status)

    def test_interface_that_is_renamed(self):
        with self.capturing("--listen", "off") as program:
            self.namespace.run("ip", "link", "set", "sensor", "name", "renamed")
            self.send(self.world.capture("plain"), 2000)
            wait_until(lambda: self.seen(program) >= 213, "213 packets")
            self.assertEqual(self.json("status.json")["link"], "up")


def _frames(capture):
    from smoke import oracle  # pylint: disable=import-outside-toplevel
    return oracle.read_pcap(capture)


def _first_frames(count):
    import make_captures  # pylint: disable=import-outside-toplevel
    from frames import pcap  # pylint: disable=import-outside-toplevel
    return pcap(make_captures.big(count))


def _pcap_up_to(longest):
    from frames import ether, ipv4, pcap, tcp, udp  # pylint: disable=import-outside-toplevel
    frames = []
    for n in range(1, 30):
        data = bytes(min(310 * n, longest - 14 - 40))
        frames.append(ether(ipv4(f"5.{n}.0.1", "5.30.0.1", (tcp, udp)[n % 2](1, 2, data))))
    return pcap(frames)


if __name__ == "__main__":
    main()
