#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kernel interfaces: whose frames count, how long they are, and what becomes of an interface that
changes under the program. In network namespaces of its own, which needs root; nothing leaves them.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import unittest

from smoke import Smoke, main, wait_until  # first: it tells where the tools lie

from frames import ether, ipv4, pcap, udp
from network import Namespace

TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000

# loopback, as busy as it gets, to an address that somebody has
BUSY = """
import socket, sys, time
taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taker.bind(("127.9.9.9", 9))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 120
print("ready", flush=True)
while time.monotonic() < end:
    sender.sendto(b"x" * 30, ("127.9.9.9", 9))
"""
# frames of addresses that are all different, without a pause
DIFFERENT = """
import socket, struct, sys, time
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
raw.bind((sys.argv[1], 0))
head = bytes.fromhex(sys.argv[2])
print("ready", flush=True)
for n in range(int(sys.argv[3])):
    raw.send(head[:26] + struct.pack(">I", 0x05010000 + n) + head[30:])
    time.sleep(0.0002)
print("sent", flush=True)
"""
# IFLA_GSO_IPV4_MAX_SIZE and IFLA_GRO_IPV4_MAX_SIZE, for which iproute2 has no word yet
BIG_TCP = """
import socket, struct, sys
attributes = b"".join(struct.pack("HHI", 8, kind, 180000) for kind in (63, 64))
message = struct.pack("BxHiII", 0, 0, socket.if_nametoindex(sys.argv[1]), 0, 0) + attributes
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
netlink.send(struct.pack("IHHII", 16 + len(message), 19, 5, 1, 0) + message)
raise SystemExit(-struct.unpack("i", netlink.recv(999)[16:20])[0])
"""
BIG_OCTETS = 32 << 20
BIG_SENDER = f"""
import socket
with socket.create_connection(("10.9.0.2", 7007), 30) as peer:
    for _ in range({BIG_OCTETS} >> 17):
        peer.sendall(bytes(1 << 17))
"""
BIG_RECEIVER = """
import socket
with socket.create_server(("10.9.0.2", 7007)) as server:
    print("ready", flush=True)
    peer = server.accept()[0]
    while peer.recv(1 << 20):
        pass
"""


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Interfaces(Smoke):
    links = True

    def setUp(self):
        super().setUp()
        self.namespace = self.new_namespace("a", links=self.links)

    def new_namespace(self, name, **options):
        namespace = Namespace(f"phm-if-{os.getpid()}-{name}", **options)
        self.addCleanup(namespace.close)
        return namespace

    @contextlib.contextmanager
    def capturing(self, *arguments, namespace=None):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.file("status.json"))  # of a run before
        with self.running("--period", "0.5", "--hosts", "hosts.csv", "--status", "status.json",
                          *arguments, listen=False,
                          prefix=(namespace or self.namespace).prefix) as program:
            wait_until(lambda: self.status() is not None, "the first period")
            yield program

    def status(self):
        try:
            return self.json("status.json")
        except (FileNotFoundError, ValueError):
            return None

    def periods(self, count):
        """Some more of them."""
        before = self.status()["period"]
        wait_until(lambda: self.status()["period"] >= before + count, "more periods")

    @contextlib.contextmanager
    def helper(self, source, *arguments, namespace=None):
        """A Python program inside, once it is ready."""
        with subprocess.Popen([*(namespace or self.namespace).prefix, "/usr/bin/python3", "-c",
                               source, *map(str, arguments)], stdout=subprocess.PIPE,
                              stdin=subprocess.PIPE, text=True) as process:
            try:
                self.assertEqual(process.stdout.readline(), "ready\n")
                yield process
            finally:
                process.kill()

    def ip(self, *arguments, namespace=None):
        (namespace or self.namespace).run("ip", *arguments)


class Foreign(Interfaces):
    """Frames of another interface are nobody's business."""

    def test_at_the_start(self):
        with self.helper(BUSY), self.capturing("--interface", "sensor"):
            self.periods(2)
            status = self.status()
        self.assertEqual((status["received"], status["lost"]["total"]), (0, 0))

    def test_at_the_start_of_several_lanes(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("two lanes want two CPUs")
        with self.helper(BUSY), self.capturing("--interface", "sensor", "--lanes", "2"):
            self.periods(2)
            self.assertEqual(self.status()["received"], 0)

    def test_when_it_comes_back(self):
        with self.helper(BUSY), self.capturing("--interface", "sensor") as program:
            for times in (1, 2):
                self.ip("link", "delete", "sender")
                wait_until(lambda n=times: program.output().count("is gone") == n, "the loss")
                self.ip("link", "add", "sender", "type", "veth", "peer", "name", "sensor")
                for name in ("sender", "sensor"):
                    self.ip("link", "set", name, "up")
                wait_until(lambda n=times: program.output().count("it is back, and") == n, "the return")
            self.periods(2)
            status = self.status()
        self.assertEqual((status["received"], status["lost"]["total"]), (0, 0))
        self.assertEqual(status["ports"][0]["resets"], 2)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "two lanes want two CPUs")
    def test_no_frame_comes_twice_while_lanes_join(self):
        """A queue that is bound and has not joined the others yet gets every frame."""
        frame = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))
        with self.helper(DIFFERENT, "sender", frame.hex(), 300000), \
                self.capturing("--interface", "sensor", "--lanes", "2"):
            wait_until(lambda: self.status()["received"] > 2000, "frames while it runs")
        counts = [int(row["udp_src_packets"]) for row in self.rows().values()
                  if int(row["udp_src_packets"]) > 0]
        self.assertGreater(len(counts), 1000)
        self.assertEqual(set(counts), {1})
        self.balanced(self.status())


    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "two lanes want two CPUs")
    def test_nor_of_all_interfaces(self):
        """Once for each end of the pair, and no more."""
        frame = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))
        with self.helper(DIFFERENT, "sender", frame.hex(), 300000), \
                self.capturing("--interface", "any", "--lanes", "2"):
            wait_until(lambda: self.status()["received"] > 4000, "frames while it runs")
        counts = [int(row["udp_src_packets"]) for row in self.rows().values()
                  if int(row["udp_src_packets"]) > 0]
        self.assertGreater(len(counts), 1000)
        self.assertEqual(max(counts), 2)
        self.balanced(self.status())


class Lengths(Interfaces):
    links = False

    def test_ipv4_beyond_64_kib(self):
        """"BIG TCP": the IP header says 0, the ring holds 2 KiB, and all of it counts."""
        other = self.new_namespace("b", links=False)
        self.ip("link", "add", "sender", "mtu", "9000", "type", "veth", "peer", "name", "sensor",
                "mtu", "9000", "netns", other.name)
        for namespace, name, address in ((self.namespace, "sender", "10.9.0.1/24"),
                                         (other, "sensor", "10.9.0.2/24")):
            self.ip("address", "add", address, "dev", name, namespace=namespace)
            self.ip("link", "set", name, "up", namespace=namespace)
            self.ip("link", "set", "lo", "up", namespace=namespace)
            try:
                namespace.run("/usr/bin/python3", "-c", BIG_TCP, name)
            except subprocess.CalledProcessError:
                self.skipTest("this kernel has no BIG TCP for IPv4")

        def octets():
            return sum(int(other.run("cat", f"/sys/class/net/sensor/statistics/{way}_bytes").stdout)
                       for way in ("rx", "tx"))

        with self.capturing("--interface", "sensor", namespace=other):
            first, before = self.status()["ledger"]["frame_octets"], octets()
            with self.helper(BIG_RECEIVER, namespace=other) as receiver:
                self.namespace.run("/usr/bin/python3", "-c", BIG_SENDER)
                receiver.wait(60)
            self.periods(3)
            status = self.status()
            carried = octets() - before
        counted = status["ledger"]["frame_octets"] - first
        self.assertEqual(status["lost"]["total"], 0)
        if status["ledger"]["events"]["total_length_zero"] == 0:
            self.skipTest("this kernel made no packet beyond 64 KiB")
        self.assertGreater(carried, BIG_OCTETS)
        # the interface counts headers that it adds to what offloads will cut
        self.assertLess(abs(counted - carried), carried * 0.02)
        rows = self.rows()
        self.assertGreater(int(rows["10.9.0.1"]["tcp_src_octets"]), BIG_OCTETS)

    def test_a_filter_over_a_frame_that_the_ring_cuts(self):
        """What is behind the ring's room is not there to be read, and the length is the whole."""
        self.ip("link", "add", "sender", "mtu", "9000", "type", "veth", "peer", "name", "sensor",
                "mtu", "9000")
        for name in ("sender", "sensor"):
            self.ip("link", "set", name, "up")
        long = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 6000)))
        short = ether(ipv4("5.1.0.2", "5.2.0.1", udp(1, 2, b"x" * 600)))
        capture = self.world.write("long.pcap", pcap([long, short] * 20))
        with self.capturing("--interface", "sensor", "--filter",
                            "greater 5000 and not ether[5000] = 1"):
            self.namespace.run("tcpreplay", "-q", "--pps=500", "-i", "sender", capture)
            wait_until(lambda: self.status()["received"] >= 40, "forty of them")
            ledger = self.status()["ledger"]
        # ether[5000] cannot be read there: by pcap-filter(7) such a frame does not pass
        self.assertEqual((ledger["udp"], ledger["filtered"]), (0, 40))
        with self.capturing("--interface", "sensor", "--filter", "greater 5000"):
            self.namespace.run("tcpreplay", "-q", "--pps=500", "-i", "sender", capture)
            wait_until(lambda: self.status()["received"] >= 40, "forty of them")
            ledger = self.status()["ledger"]
        self.assertEqual((ledger["udp"], ledger["filtered"]), (20, 20))


# Holds a TUN or TAP device open, and sends what its standard input says.
DEVICE = f"""
import fcntl, os, struct, subprocess, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, {TUNSETIFF}, struct.pack("16sH22x", sys.argv[1].encode(), int(sys.argv[2])))
subprocess.run(["ip", "link", "set", sys.argv[1], "up"], check=True)
print("ready", flush=True)
for line in sys.stdin:
    os.write(fd, bytes.fromhex(line.strip()))
"""


@unittest.skipUnless(os.path.exists("/dev/net/tun"), "no TUN devices here")
class AnotherKind(Interfaces):
    """Under the same name comes back what has other frames."""

    def send(self, device, frame, count=50):
        device.stdin.write((frame.hex() + "\n") * count)
        device.stdin.flush()

    def counted(self, order, arguments=()):
        packet = ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 40))
        frames = {IFF_TUN: packet, IFF_TAP: ether(packet)}
        first, second = order
        with self.helper(DEVICE, "vpn0", first | IFF_NO_PI) as device:
            program = self.enterContext(self.capturing("--interface", "vpn0", *arguments))
            self.send(device, frames[first])
            wait_until(lambda: self.status()["ledger"]["udp"] >= 50, "those of the first kind")
        wait_until(lambda: "is gone" in program.output(), "its end")
        with self.helper(DEVICE, "vpn0", second | IFF_NO_PI) as device:
            wait_until(lambda: "it is back, and" in program.output(), "its return")
            self.send(device, frames[second])
            wait_until(lambda: self.status()["received"] >= 100, "those of the second kind")
        self.assertIn("another kind of interface", program.output())
        return self.status()["ledger"]

    def test_tun_then_tap(self):
        ledger = self.counted((IFF_TUN, IFF_TAP))
        self.assertEqual((ledger["udp"], ledger["malformed_total"]), (100, 0))

    def test_tap_then_tun(self):
        ledger = self.counted((IFF_TAP, IFF_TUN))
        self.assertEqual((ledger["udp"], ledger["malformed_total"]), (100, 0))

    def test_the_filter_goes_with_it(self):
        ledger = self.counted((IFF_TUN, IFF_TAP), ("--filter", "udp and host 5.1.0.1"))
        self.assertEqual((ledger["udp"], ledger["filtered"]), (100, 0))


class Away(Interfaces):
    def send(self, name="plain"):
        self.namespace.run("tcpreplay", "-q", "--pps=2000", "-i", "sender",
                           self.world.capture(name))

    def counts(self, packets):
        self.send()
        wait_until(lambda: self.status()["received"] == packets, f"{packets} packets")

    def test_in_another_namespace_and_back_at_once(self):
        """Its number stays, and so does its name; only the socket is dead."""
        other = self.new_namespace("b", links=False)
        with self.capturing("--interface", "sensor") as program:
            self.counts(213)
            for times in (1, 2):
                self.ip("link", "set", "sensor", "netns", other.name)
                self.ip("link", "set", "sensor", "netns", self.namespace.name, namespace=other)
                self.ip("link", "set", "sensor", "up")
                wait_until(lambda n=times: program.output().count("it is back, and") == n, "the return")
                self.counts(213 * (times + 1))
        self.balanced(self.status())

    def test_down_up_bridged_bonded_and_renamed(self):
        with self.capturing("--interface", "sensor") as program:
            self.counts(213)
            self.ip("link", "set", "sensor", "down")
            self.ip("link", "set", "sensor", "up")
            self.counts(426)
            self.ip("link", "add", "bridge0", "type", "bridge")
            self.ip("link", "set", "sensor", "master", "bridge0")
            self.counts(639)
            self.ip("link", "set", "sensor", "nomaster")
            self.counts(852)
            self.ip("link", "set", "sensor", "down")
            self.ip("link", "set", "sensor", "name", "eth9")
            self.ip("link", "set", "eth9", "up")
            self.counts(1065)
            self.assertNotIn("is gone", program.output())
        self.assertEqual(self.status()["lost"]["total"], 0)

    def test_what_is_gone_for_good_keeps_its_row(self):
        """And what it lost before stays in the sum."""
        with self.capturing("--interface", "sensor", "--ring-frames", "128") as program:
            program.process.send_signal(signal.SIGSTOP)
            self.namespace.run("tcpreplay", "-q", "--topspeed", "--loop=40", "-i", "sender",
                               self.world.capture("plain"))
            self.ip("link", "delete", "sender")
            program.process.send_signal(signal.SIGCONT)
            wait_until(lambda: self.status()["ports"][0]["state"] == "gone", "the end")
            self.periods(2)
        status = self.status()
        port = status["ports"][0]
        self.assertEqual(port["name"], "sensor")
        self.assertEqual(status["received"] + status["lost"]["total"], 40 * 213)
        self.assertGreater(status["lost"]["total"], 0)
        self.balanced(status)


class Many(Interfaces):
    links = False

    def test_two_dozen(self):
        """Each lane has its memory, huge pages or not."""
        named = []
        for n in range(12):
            pair = (f"a{n}", f"b{n}")
            self.ip("link", "add", pair[0], "type", "veth", "peer", "name", pair[1])
            for name in pair:
                self.ip("link", "set", name, "up")
                named += ["--interface", name]
        frame = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))
        with self.capturing(*named, "--overlap", "--ring-frames", "512", "--hosts-per-lane",
                            "1024"):
            with self.helper(DIFFERENT, "b11", frame.hex(), 100) as process:
                self.assertEqual(process.stdout.readline(), "sent\n")
            wait_until(lambda: self.status()["received"] >= 200, "the frames, at both ends")
            self.assertEqual(len(self.status()["ports"]), 24)

    def test_more_than_there_is_room_for(self):
        named = [word for n in range(33) for word in ("--interface", f"eth{n}")]
        self.refused(*named, code=2, says=("room for 32", "--interface any"))


class Overlap(Interfaces):
    """What would count twice is named, at the start and by the doctor."""

    def setUp(self):
        super().setUp()
        self.ip("link", "add", "bridge0", "type", "bridge")
        self.ip("link", "set", "sensor", "master", "bridge0")
        self.ip("link", "set", "bridge0", "up")

    def add_upper(self, lower, name, *kind):
        """False where this kernel has no such interfaces."""
        try:
            self.ip("link", "add", "link", lower, "name", name, "type", *kind)
        except subprocess.CalledProcessError:
            return False
        self.ip("link", "set", name, "up")
        return True

    def told(self, *names, arguments=()):
        named = [word for name in names for word in ("--interface", name)]
        done = self.run_program("--check", *named, *arguments, prefix=self.namespace.prefix)
        doctor = [line for line in done.stdout.splitlines() if "twice" in line]
        with self.capturing(*named, "--ring-frames", "512", *arguments) as program:
            log = [line for line in program.output().splitlines() if "twice" in line]
        self.assertEqual(len(doctor), len(log), (doctor, log))
        for line in doctor:
            self.assertTrue(line.startswith("warning"), line)
        return log

    def test_pairs(self):
        for first, second, says in (
                ("bridge0", "sensor", "sensor is a port of bridge0"),
                ("sensor", "bridge0", "sensor is a port of bridge0"),
                ("sender", "sensor", "the ends of one cable")):
            with self.subTest(first=first, second=second):
                line, = self.told(first, second)
                self.assertIn(says, line)

    def test_two_ports_of_a_bridge(self):
        """Once for each bridge, whatever the number of its ports."""
        for name in ("one", "two"):
            self.ip("link", "add", name, "type", "veth")
            self.ip("link", "set", name, "master", "bridge0")
            self.ip("link", "set", name, "up")
        line, = self.told("one", "sensor", "two")
        self.assertIn("one and sensor are ports of one bridge, bridge0: ", line)
        self.assertIn("; name bridge0 instead", line)
        self.ip("link", "set", "one", "nomaster")
        line, = self.told("one", "sensor", "two")
        self.assertIn("sensor and two are ports of one bridge", line)

    def test_vlan(self):
        if not self.add_upper("bridge0", "bridge0.5", "vlan", "id", "5"):
            self.skipTest("this kernel has no VLANs")
        for first, second, says in (("bridge0", "bridge0.5", "bridge0 is below bridge0.5"),
                                    ("bridge0.5", "sensor", "sensor is below bridge0.5")):
            with self.subTest(first=first, second=second):
                line, = self.told(first, second)
                self.assertIn(says, line)

    def test_macvlan(self):
        if not self.add_upper("sender", "mv0", "macvlan"):
            self.skipTest("this kernel has no macvlan")
        line, = self.told("sender", "mv0")
        self.assertIn("sender is below mv0", line)

    def test_nothing_to_say(self):
        self.assertEqual(self.told("lo", "sensor"), [])
        self.assertEqual(self.told("bridge0", "sensor", arguments=("--overlap",)), [])


SEIZE, INTERRUPT, DETACH, ALL_THREADS = 0x4206, 0x4207, 17, 0x40000000


class LateLane(Smoke):
    """A lane that a hypervisor holds up over a tick, and then the end."""

    def lane(self, program):
        for task in os.listdir(f"/proc/{program.process.pid}/task"):
            with open(f"/proc/{program.process.pid}/task/{task}/comm", encoding="ascii") as file:
                if "worker" in file.read():
                    return int(task)
        raise AssertionError("no lane")

    def pauses(self, program):
        with open(f"/proc/{program.process.pid}/task/{self.lane(program)}/status",
                  encoding="ascii") as file:
            return int(file.read().rpartition("\nvoluntary_ctxt_switches:")[2].split()[0])

    @contextlib.contextmanager
    def held(self, thread):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(SEIZE, thread, None, None) != 0:
            self.skipTest("no ptrace here")
        libc.ptrace(INTERRUPT, thread, None, None)
        os.waitpid(thread, ALL_THREADS)
        yield
        libc.ptrace(DETACH, thread, None, None)

    @unittest.skipIf(os.geteuid() != 0, "needs root, for ptrace")
    def test_nothing_is_lost(self):
        frames = [ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))] * 1000
        capture = self.world.write("late.pcap", pcap(frames))
        with self.running("--pcap", capture, "--pcap-rate", "200", "--period", "4", "--status",
                          "status.json", "--hosts", "hosts.csv", listen=False) as program:
            def period():
                with contextlib.suppress(FileNotFoundError, ValueError):
                    return self.json("status.json")["period"]
                return 0
            wait_until(lambda: period() >= 1, "the first period")
            with self.held(self.lane(program)):
                wait_until(lambda: period() >= 2, "a period without an answer")
            self.assertGreater(self.json("status.json")["lanes"][0]["swaps_missed"], 0)
            # it catches up, and pauses when there is nothing left
            pauses = self.pauses(program)
            wait_until(lambda: self.pauses(program) > pauses + 50, "the lane to take the rest")
            program.stop()
        self.same_as_oracle([capture], status=self.json("status.json"))


class Names(Interfaces):
    """What the arguments of a device cannot carry, and what is longer than a name."""

    links = False

    def counted(self, given, called, sender):
        frame = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))
        with self.subTest(given), self.capturing("--interface", given) as program:
            with self.helper(DIFFERENT, sender, frame.hex(), 100) as process:
                self.assertEqual(process.stdout.readline(), "sent\n")
            wait_until(lambda: self.status()["received"] >= 100, "the frames")
            self.assertEqual(self.status()["ports"][0]["name"], called)
            if given != called:
                self.assertIn(f"{given} is the interface {called}", program.output())
        self.assertEqual(self.status()["received"], 100)

    def test_names(self):
        pairs = [("va", "vb"), ("v,1", "v=2"), ('v"q', "w\u00e9"), ("v[1]", "v(2)")]
        for one, other in pairs:
            self.ip("link", "add", one, "type", "veth", "peer", "name", other)
            self.ip("link", "set", one, "up")
            self.ip("link", "set", other, "up")
        self.ip("link", "property", "add", "dev", "va", "altname", "enp193s0f1np1-uplink-to-core")
        self.ip("link", "property", "add", "dev", "va", "altname", "uplink")
        self.ip("address", "add", "5.1.0.1/24", "dev", "va", "label", "va:0")
        for given in ("enp193s0f1np1-uplink-to-core", "uplink", "va:0"):
            self.counted(given, "va", "vb")
        for one, other in pairs[1:]:
            self.counted(one, one, other)
            self.counted(other, other, one)

    def test_one_of_a_strange_name_comes_back(self):
        def make():
            self.ip("link", "add", "v,1", "type", "veth", "peer", "name", "v=2")
            self.ip("link", "set", "v,1", "up")
            self.ip("link", "set", "v=2", "up")
        make()
        frame = ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"x" * 20)))
        with self.capturing("--interface", "v,1") as program:
            self.ip("link", "delete", "v,1")
            wait_until(lambda: "is gone" in program.output(), "the loss")
            make()
            wait_until(lambda: "it is back, and" in program.output(), "the return")
            with self.helper(DIFFERENT, "v=2", frame.hex(), 100) as process:
                self.assertEqual(process.stdout.readline(), "sent\n")
            wait_until(lambda: self.status()["received"] >= 100, "the frames")

    def test_one_interface_by_two_names(self):
        self.ip("link", "add", "va", "type", "veth", "peer", "name", "vb")
        self.ip("link", "property", "add", "dev", "va", "altname", "uplink")
        done = self.run_program("--interface", "va", "--interface", "uplink",
                                prefix=self.namespace.prefix)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("named twice", done.stderr)


if __name__ == "__main__":
    main()
