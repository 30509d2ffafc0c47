#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket: asked by DPDK's own dpdk-telemetry.py, and by clients that mean no good.
What stands there of our own: app/telemetry/telemetry.h."""

import contextlib
import grp
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest
import urllib.parse

from smoke import ROOT, Smoke, lcores, main, wait_until  # first: it tells where the tools lie

import make_mmdb
from frames import ether, ipv4, pcap, udp
from network import Namespace

SCRIPT = "/usr/bin/dpdk-telemetry.py"
NOBODY = pwd.getpwnam("nobody")
OTHER = pwd.getpwnam("games")
ROOT_ONLY = unittest.skipUnless(os.geteuid() == 0, "needs root, to become others")
ANSWER_MAX = 16384


class Client:
    """A connection as dpdk-telemetry.py makes it."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
            # b"" to one that is not wanted
            self.greeting = self.socket.recv(1024)
        except OSError:
            self.socket.close()
            raise

    def raw(self, request):
        self.socket.send(request.encode() if isinstance(request, str) else request)
        return self.socket.recv(ANSWER_MAX)

    def ask(self, request):
        answer = json.loads(self.raw(request))
        return answer[request.partition(",")[0]]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Telemetry(Smoke):
    def setUp(self):
        super().setUp()
        self.runtime = self.file("run")
        os.mkdir(self.runtime)
        self.environment["RUNTIME_DIRECTORY"] = self.runtime
        self.path = os.path.join(self.runtime, "dpdk/sensor/dpdk_telemetry.v2")

    @contextlib.contextmanager
    def asked(self, *arguments, **options):
        """The program with a socket whose name is known, after its first period."""
        with self.running("--period", "0.3", "--file-prefix", "sensor", *arguments,
                          **options) as program:
            wait_until(lambda: os.path.exists(self.path), "the socket")
            yield program

    @contextlib.contextmanager
    def asked_of_ethdev(self, capture, packets):
        """The same with a capture that is a port of DPDK's, once it has brought all its packets."""
        with self.running("--no-huge", "-m", "512", "--no-pci", *lcores(), "--file-prefix",
                          "sensor", f"--vdev=net_pcap0,rx_pcap={capture}", "--", "--period",
                          "0.3") as program:
            wait_until(lambda: os.path.exists(self.path), "the socket")
            wait_until(lambda: program.status()["received"] == packets, f"{packets} packets")
            yield program

    def script(self, *requests, expected=0, **options):
        """What DPDK's own script prints: an answer a line."""
        done = subprocess.run([SCRIPT, "-f", "sensor"], input="\n".join(requests) + "\n",
                              capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment, **options)
        self.assertEqual(done.returncode, expected, done.stderr)
        # not being a terminal it prints answers only
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def values(self, *requests):
        answers = self.script(*requests)
        self.assertEqual(len(answers), len(requests), answers)
        return [next(iter(answer.values())) for answer in answers]

    def alive(self, program):
        """It serves, counts, and answers a new client."""
        period = program.status()["period"]
        wait_until(lambda: program.status()["period"] > period, "the next period")
        with Client(self.path) as client:
            self.assertEqual(client.ask("/packet_heatmap/ledger")["balanced"], 1)


    @contextlib.contextmanager
    def hammered(self, requests, count=8):
        """Clients that ask without a pause and come again when they are sent away."""
        stop = threading.Event()
        answers = [0] * count

        def hammer(number):
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    with Client(self.path, timeout=5) as client:
                        while not stop.is_set():
                            request = requests[answers[number] % len(requests)]
                            octets = client.raw(request)
                            if not octets:
                                break
                            # of two at the same time each gets its own answer, and whole
                            answer = json.loads(octets)
                            if list(answer) != [request.partition(",")[0]]:
                                answers[number] = -1 << 40
                            answers[number] += 1
                time.sleep(0.001)

        threads = [threading.Thread(target=hammer, args=(i,), daemon=True) for i in range(count)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: all(n != 0 for n in answers), "answers for all")
            yield answers
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        self.assertGreater(min(answers), 0, "an answer to another's question")

    REQUESTS = ["/ethdev/xstats,0", "/packet_heatmap/heat", "/ethdev/stats,0", "/eal/heap_info,0",
                "/packet_heatmap/top,100,hosts", "/mempool/list", "/packet_heatmap/ledger,1h",
                "/ethdev/info,0", "/packet_heatmap/top,20,countries,now"]


@unittest.skipUnless(os.access(SCRIPT, os.X_OK), "no dpdk-telemetry.py")
class Answers(Telemetry):
    def test_ledger_is_that_of_status(self):
        capture = self.world.capture("other")
        with self.asked("--pcap", capture) as program:
            ledger, window = self.values("/packet_heatmap/ledger", "/packet_heatmap/ledger,1h")
            status = program.status()
        mine = status["ledger"]
        self.assertGreater(ledger["received"], 0)
        self.assertEqual(ledger["received"], status["received"])
        self.assertEqual(ledger["lost"], status["lost"]["total"])
        for name in ("frames", "tcp", "udp", "other_ip", "not_ip", "malformed_total"):
            self.assertEqual(ledger[name], mine[name], name)
            self.assertEqual(window[name], mine[name], name)
        for members, prefix in ((mine["malformed"], "malformed_"),
                                (mine["addresses"], "addresses_"), (mine["events"], "event_"),
                                (mine["unwrapped"], "unwrapped_"), (mine["ways"], "way_"),
                                (mine["way_octets"], "way_octets_")):
            for name, number in members.items():
                self.assertEqual(ledger[prefix + name], number, name)
        self.assertEqual(window["window"], "1h")

    def test_lanes(self):
        with self.asked("--pcap", self.world.capture("plain"), "--pcap",
                        self.world.capture("ipv6")) as program:
            lanes, first, second, third = self.values(
                "/packet_heatmap/lanes", "/packet_heatmap/lanes,0", "/packet_heatmap/lanes,1",
                "/packet_heatmap/lanes,2")
            status = program.status()
        self.assertEqual((lanes["lanes"], lanes["lane"]), (2, [0, 1]))
        self.assertEqual(lanes["port"], ["plain.pcap", "ipv6.pcap"])
        for mine, lane in zip((first, second), status["lanes"]):
            for name in ("port", "queue", "lcore", "cpu", "received", "swaps_missed"):
                self.assertEqual(mine[name], lane[name], name)
            self.assertEqual(mine["busy_permille"] >= 0, True)
        self.assertIsNone(third)

    def test_top(self):
        with self.asked("--pcap", self.world.capture("plain"), "--hosts", "hosts.csv") as program:
            places, countries, hosts, few = self.values(
                "/packet_heatmap/top,500,places", "/packet_heatmap/top,500,countries",
                "/packet_heatmap/top,500,hosts,start", "/packet_heatmap/top,3")
            heat = program.get("/api/v1/heat")
            rows = self.rows()
        # names are UTF-8, of which telemetry loses all but ASCII: so they are percent-encoded
        names = [urllib.parse.unquote(name) for name in places["place"]]
        self.assertIn("São Paulo", names)
        self.assertIn("S%C3%A3o Paulo", places["place"])
        self.assertEqual(len(names), places["rows"])
        self.assertEqual(places["rows"], places["all"])
        self.assertEqual(sum(places["tcp_packets"]) + sum(places["udp_packets"]),
                         sum(countries["tcp_packets"]) + sum(countries["udp_packets"]))
        self.assertEqual(len(set(countries["country"])), countries["rows"])
        for host, tcp, octets in zip(hosts["host"], hosts["tcp_packets"], hosts["udp_octets"]):
            row = rows[host]
            self.assertEqual(tcp, int(row["tcp_src_packets"]) + int(row["tcp_dst_packets"]))
            self.assertEqual(octets, int(row["udp_src_octets"]) + int(row["udp_dst_octets"]))
        totals = [t + u for t, u in zip(places["tcp_packets"], places["udp_packets"])]
        self.assertEqual(totals, sorted(totals, reverse=True))
        self.assertEqual((few["rows"], few["place"]), (3, places["place"][:3]))
        self.assertNotIn("next", few)
        self.assertTrue(heat)

    def test_xstats_as_dpdk_names_them(self):
        with self.asked_of_ethdev(self.world.capture("plain"), 213):
            ports, xstats, stats, help_ = self.values("/ethdev/list", "/ethdev/xstats,0",
                                                      "/ethdev/stats,0",
                                                      "/help,/packet_heatmap/top")
        self.assertEqual(ports, [0])
        self.assertEqual(xstats["rx_good_packets"], 213)
        self.assertEqual(xstats["rx_q0_packets"], 213)
        self.assertEqual(stats["ipackets"], 213)
        self.assertIn("countries", help_["/packet_heatmap/top"])

    def test_a_bad_parameter_is_null(self):
        requests = [f"/packet_heatmap/{rest}" for rest in (
            "top", "top,", "top,0", "top,-1", "top,x", "top,1x", "top,99999999999999999999",
            "top,5,cities", "top,5,hosts,1h", "top,5,places,yesterday", "top,5,places,now,0,0",
            "ledger,never", "ledger,now,1", "lanes,64", "lanes,0,0", "lanes,-1", "lanes,0x0",
            "heat,never", "heat,now,x", "heat,now,0,0", "nothing", "top,1," + 300 * "x")]
        with self.asked("--pcap", self.world.capture("plain")) as program:
            with Client(self.path) as client:
                for request in requests:
                    self.assertIsNone(client.ask(request), request)
                # what is left out takes its default
                self.assertEqual(client.ask("/packet_heatmap/top,1,,,")["rows"], 1)
                self.assertEqual(client.ask("/packet_heatmap/heat,,70")["rows"], 6)
                self.assertEqual(client.ask("/packet_heatmap/heat,,5000")["rows"], 0)
            self.alive(program)

    def test_before_the_first_period_there_is_nothing(self):
        with self.running("--file-prefix", "sensor", "--period", "3600", "--pcap",
                          self.world.capture("plain"), listen=False) as program:
            wait_until(lambda: "telemetry answers" in program.output(), "the socket")
            with Client(self.path) as client:
                for name in ("ledger", "lanes", "top,5", "heat"):
                    self.assertIsNone(client.ask("/packet_heatmap/" + name))

    def test_many_places_come_in_pages(self):
        """All of 3,000 places, with names as long as there are and in all alphabets."""
        names = ["Ж" * 60, "\U0001f30d" * 25, 'a "quoted" \\ name', "100 % sure", "e\u0301" * 40]
        places = make_mmdb.many(3000)
        for i, place in enumerate(places):
            if "city" in place:
                place["city"] = names[i % len(names)]
        database = self.world.database("pages.mmdb", places)
        addresses = [place["networks"][0].partition("/")[0] for place in places]
        frames = [ether(ipv4(address, "10.0.0.1", udp(1, 2))) for address in addresses]
        capture = self.world.write("pages.pcap", pcap(frames))
        with self.asked("--pcap", capture, databases=[database]) as program:
            wait_until(lambda: program.status()["received"] == len(frames), "all of it")
            # the windows stand still now: the picture is a new one, its numbers are the same
            heat = self.pages("heat,start,{}", "latitude_e6")
            top = self.pages("top,4000,places,start,{}", "place")
            status = program.status()
        self.assertEqual(len(heat), status["places"])
        self.assertEqual(len(top), status["places"])
        self.assertGreater(status["places"], 2000)
        self.assertEqual(sum(row["udp_packets"] for row in heat), len(frames))
        self.assertEqual(len({row["place"] for row in heat}), len(heat))
        self.assertTrue(all(-90e6 <= row["latitude_e6"] <= 90e6 for row in heat))
        read = {urllib.parse.unquote(row["place"], errors="strict") for row in top}
        # cut between characters where 127 octets do not hold the name
        self.assertLessEqual({'a "quoted" \\ name', "100 % sure"}, read)
        self.assertTrue(all(any(name.startswith(text) for name in names) for text in read), read)

    def pages(self, request, column):
        rows, start, count = [], 0, 0
        with Client(self.path) as client:
            while start is not None:
                octets = client.raw("/packet_heatmap/" + request.format(start))
                self.assertLess(len(octets), ANSWER_MAX - 1)
                (answer,) = json.loads(octets).values()
                self.assertEqual(answer["rows"], len(answer[column]))
                self.assertLessEqual(answer["rows"], 512)
                columns = [name for name in answer if isinstance(answer[name], list)]
                rows += [dict(zip(columns, cells))
                         for cells in zip(*(answer[name] for name in columns))]
                start = answer.get("next")
                count += 1
                self.assertLess(count, 1000)
        self.assertGreater(count, 5)
        self.assertEqual(len(rows), answer["all"])
        return rows

    def test_an_exporter_as_the_documents_show_it(self):
        """The lines of app/telemetry/telemetry.md, run as they stand there."""
        with open(os.path.join(ROOT, "app/telemetry/telemetry.md"), encoding="utf-8") as file:
            source = file.read().partition("```python\n")[2].partition("```")[0]
        self.assertIn("import", source)
        with self.asked_of_ethdev(self.world.capture("plain"), 213):
            done = subprocess.run(["/usr/bin/python3", "-c", source, "sensor"], timeout=60,
                                  capture_output=True, text=True, env=self.environment, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
        self.assertEqual(lines["dpdk_packet_heatmap_ledger_received"], "213")
        self.assertEqual(lines['dpdk_packet_heatmap_lane_received{lane="0"}'], "213")
        self.assertEqual(lines['dpdk_ethdev_xstats_rx_good_packets{port="0"}'], "213")


class Access(Telemetry):
    """Who may ask, and what lies about afterwards."""

    def mode(self, *names):
        return stat.S_IMODE(os.stat(os.path.join(self.runtime, "dpdk", *names)).st_mode)

    def can_ask(self, user, *groups, path=None):
        """Does it answer to another user, with these groups besides?"""
        source = ("import socket, sys\n"
                  "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                  "try: s.connect(sys.argv[1])\n"
                  "except PermissionError: sys.exit(3)\n"
                  "s.recv(1024); s.send(b'/packet_heatmap/lanes'); print(s.recv(16384).decode())")
        done = subprocess.run(["/usr/bin/python3", "-c", source, path or self.path], timeout=60,
                              user=user.pw_uid, group=user.pw_gid, extra_groups=groups, cwd="/",
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        if done.returncode == 0:
            self.assertIn("/packet_heatmap/lanes", json.loads(done.stdout))
        return done.returncode == 0

    def open_to_all(self):
        """What stands above the runtime folder is the test's: not what is to be tested."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o755)
        os.chmod(self.runtime, 0o755)
        self.binary = self.world.program()

    def test_only_the_user(self):
        with self.asked("--pcap", self.world.capture("one"), "--telemetry", "self"):
            self.assertEqual((self.mode(), self.mode("sensor")), (0o700, 0o700))
            self.assertEqual(self.mode("sensor", "dpdk_telemetry.v2"), 0o600)
            # and no socket of the older version beside it
            self.assertEqual(os.listdir(os.path.dirname(self.path)), ["dpdk_telemetry.v2"])
        self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])

    @ROOT_ONLY
    def test_root_is_asked_by_root_alone(self):
        self.open_to_all()
        with self.asked("--pcap", self.world.capture("one")):
            self.assertFalse(self.can_ask(OTHER, NOBODY.pw_gid))

    @ROOT_ONLY
    def test_a_group_that_is_named(self):
        self.open_to_all()
        with self.asked("--pcap", self.world.capture("one"), "--telemetry",
                        grp.getgrgid(NOBODY.pw_gid).gr_name):
            self.assertTrue(self.can_ask(OTHER, NOBODY.pw_gid))
            self.assertFalse(self.can_ask(OTHER))

    @ROOT_ONLY
    def test_a_service_that_was_never_root(self):
        """As systemd starts it: a user of its own, RUNTIME_DIRECTORY, and UMask=0027."""
        self.open_to_all()
        os.chown(self.runtime, NOBODY.pw_uid, NOBODY.pw_gid)
        prefix = ("setpriv", "--reuid", "nobody", "--regid", str(NOBODY.pw_gid), "--clear-groups",
                  "sh", "-c", 'umask 0027; exec "$@"', "sh")
        with self.asked("--pcap", self.world.capture("one"), prefix=prefix):
            self.assertTrue(self.can_ask(NOBODY))
            self.assertTrue(self.can_ask(OTHER, NOBODY.pw_gid))
            self.assertFalse(self.can_ask(OTHER))
            self.assertEqual(self.mode("sensor"), 0o710)
        self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])

    @ROOT_ONLY
    def test_a_service_that_may_not_change_owners(self):
        """As our unit confines it: SystemCallFilter=~@privileged answers EPERM to chown(2)."""
        filtered = ("import ctypes, os, sys\n"
                    "library = ctypes.CDLL('libseccomp.so.2', use_errno=True)\n"
                    "library.seccomp_init.restype = ctypes.c_void_p\n"
                    "context = ctypes.c_void_p(library.seccomp_init(0x7fff0000))\n"  # ALLOW
                    "for name in (b'chown', b'lchown', b'fchown', b'fchownat'):\n"
                    "    number = library.seccomp_syscall_resolve_name(name)\n"
                    "    assert library.seccomp_rule_add(context, 0x00050001, number, 0) == 0\n"
                    "assert library.seccomp_load(context) == 0\n"
                    "try: os.chown('.', -1, -1)\n"
                    "except PermissionError: os.execvp(sys.argv[1], sys.argv[1:])\n")
        self.open_to_all()
        os.chown(self.runtime, NOBODY.pw_uid, NOBODY.pw_gid)
        prefix = ("setpriv", "--reuid", "nobody", "--regid", str(NOBODY.pw_gid), "--clear-groups",
                  "--no-new-privs", "/usr/bin/python3", "-c", filtered)
        with self.asked("--pcap", self.world.capture("one"), prefix=prefix):
            self.assertTrue(self.can_ask(OTHER, NOBODY.pw_gid))
            self.assertFalse(self.can_ask(OTHER))

    @ROOT_ONLY
    def test_one_that_leaves_root(self):
        """A folder that its user can empty, in one that is root's; the next start removes it."""
        self.open_to_all()
        del self.environment["RUNTIME_DIRECTORY"]
        base = "/run/packet-heatmap-root/dpdk"
        with self.running("--pcap", self.world.capture("one"), "--user", "nobody", "--period",
                          "0.3") as program:
            folder = f"{base}/packet-heatmap-{program.process.pid}"
            path = f"{folder}/dpdk_telemetry.v2"
            self.assertTrue(self.can_ask(NOBODY, path=path))
            self.assertTrue(self.can_ask(OTHER, NOBODY.pw_gid, path=path))
            self.assertFalse(self.can_ask(OTHER, path=path))
            self.assertEqual((os.stat(base).st_uid, stat.S_IMODE(os.stat(base).st_mode)),
                             (0, 0o711))
        self.assertFalse(os.path.exists(path))
        with self.running("--pcap", self.world.capture("one"), "--user", "nobody"):
            self.assertFalse(os.path.exists(folder))

    def test_what_a_killed_process_left_is_removed(self):
        with self.running("--pcap", self.world.capture("one")) as program:
            left = os.path.join(self.runtime, f"dpdk/packet-heatmap-{program.process.pid}")
            self.assertTrue(os.path.exists(left))
            program.process.kill()
            program.process.wait()
            program.stop(code=-signal.SIGKILL)
            self.assertTrue(os.path.exists(left))
            with self.running("--pcap", self.world.capture("one")) as other:
                self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")),
                                 [f"packet-heatmap-{other.process.pid}"])
            program.process.returncode = 0
        self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])

    def test_off(self):
        for arguments in (("--telemetry", "off"),):
            with self.running("--pcap", self.world.capture("one"), *arguments) as program:
                self.assertFalse(os.path.exists(os.path.join(self.runtime, "dpdk", "x")))
                self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])
                self.assertNotIn("telemetry", program.output())

    def test_a_group_that_there_is_not(self):
        self.refused("--pcap", self.world.capture("one"), "--telemetry", "no-such-group", code=1,
                     says=["--telemetry no-such-group", "no such group", "auto, self, off"])

    def test_a_folder_of_others_is_not_used(self):
        """What EAL would take as it is: a link, or what others may write into."""
        elsewhere = self.file("elsewhere")
        os.mkdir(elsewhere)
        for make in (lambda path: os.symlink(elsewhere, path),
                     lambda path: (os.mkdir(path), os.chmod(path, 0o777))):
            path = os.path.join(self.runtime, "dpdk")
            make(path)
            with self.running("--pcap", self.world.capture("one"), "--telemetry",
                              "self") as program:
                self.assertIn("no telemetry: " + path, program.output())
                self.assertFalse(os.path.exists(self.path))
            os.unlink(path) if os.path.islink(path) else os.rmdir(path)

    def test_a_path_too_long_for_a_socket(self):
        long = os.path.join(self.runtime, "x" * 90)
        os.mkdir(long)
        with self.running("--pcap", self.world.capture("one"),
                          environment={"RUNTIME_DIRECTORY": long}) as program:
            self.assertIn("the path of the socket is too long", program.output())


class Hostile(Telemetry):
    """Who connects may be in the group and still mean no good."""

    def threads(self, program):
        return len(os.listdir(f"/proc/{program.process.pid}/task"))

    def descriptors(self, program):
        return len(os.listdir(f"/proc/{program.process.pid}/fd"))

    @contextlib.contextmanager
    def clients(self, count):
        """Connections that say nothing."""
        clients = []
        try:
            for _ in range(count):
                clients.append(Client(self.path))
            yield clients
        finally:
            for client in clients:
                client.close()

    def test_connect_and_hang(self):
        with self.asked("--pcap", self.world.capture("plain")) as program:
            threads, descriptors = self.threads(program), self.descriptors(program)
            def served():
                with contextlib.suppress(OSError), Client(self.path) as client:
                    return client.ask("/packet_heatmap/ledger")["received"] == 213

            with self.clients(60):
                # each was greeted, or sent away; a new one is served
                wait_until(served, "an answer")
                self.assertLessEqual(self.threads(program), threads + 12)
                self.assertLessEqual(self.descriptors(program), descriptors + 24)
                self.alive(program)
            wait_until(lambda: self.threads(program) == threads, "the threads to end")
            wait_until(lambda: self.descriptors(program) == descriptors, "the sockets to go")

    def test_half_requests(self):
        requests = [b",", b",,,", b"/", b"/packet_hea", b"/packet_heatmap/top,", b"\0", b"\xff" * 900,
                    b"/" * 1023, b"x" * 5000, b"/packet_heatmap/top," + b"9" * 990,
                    b"/help", b"/help,", b"/ethdev/stats", b"/ethdev/stats,99",
                    b"/ethdev/xstats,-1", b"/packet_heatmap/heat\0,now"]
        with self.asked("--pcap", self.world.capture("plain")) as program:
            for request in requests:
                with Client(self.path) as client:
                    self.assertTrue(client.raw(request), request)
                with Client(self.path) as client:
                    client.socket.send(request)  # and goes without an answer
            self.alive(program)
            self.assertNotIn("Error writing", program.output())

    def test_a_flood_of_connections(self):
        with self.asked("--pcap", self.world.capture("plain")) as program:
            threads, descriptors = self.threads(program), self.descriptors(program)
            for _ in range(400):
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as flood:
                    flood.connect(self.path)
            self.alive(program)
            wait_until(lambda: self.threads(program) == threads, "the threads to end")
            wait_until(lambda: self.descriptors(program) == descriptors, "the sockets to go")
            # the log did not grow with it
            self.assertLess(len(program.output()), 20000)

    def test_one_that_never_reads(self):
        with self.asked("--pcap", self.world.capture("plain")) as program:
            threads = self.threads(program)
            with Client(self.path) as client:
                client.socket.settimeout(0.2)
                with contextlib.suppress(OSError):
                    for _ in range(2000):
                        client.socket.send(b"/packet_heatmap/heat")
                self.alive(program)
                # some looks later its thread has ended, though it is still there
                wait_until(lambda: self.threads(program) == threads, "its thread to end")

    def test_the_end_while_clients_ask(self):
        """Nobody is inside DPDK, or a picture, when they go."""
        for _ in range(4):
            with self.asked("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                            "20000") as program:
                with self.hammered(self.REQUESTS):
                    program.stop()
            self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])

    def test_each_gets_its_own_answer(self):
        with self.asked("--pcap", self.world.capture("plain")) as program:
            with self.hammered(self.REQUESTS) as answers:
                wait_until(lambda: sum(answers) > 4000, "4000 answers")
                self.alive(program)


@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class Interfaces(Telemetry):
    """A port goes and comes back while its counters are asked for."""

    def setUp(self):
        super().setUp()
        self.namespace = Namespace(f"phm-tel-{os.getpid()}")
        self.addCleanup(self.namespace.close)

    def test_an_interface_that_comes_and_goes(self):
        with self.running("--interface", "sensor", "--period", "0.3", "--file-prefix", "sensor",
                          "--status", "status.json", prefix=self.namespace.prefix,
                          listen=False) as program:
            wait_until(lambda: os.path.exists(self.file("status.json")), "the first period")
            with self.hammered(self.REQUESTS):
                for times in (1, 2, 3):
                    self.namespace.run("ip", "link", "delete", "sender")
                    wait_until(lambda n=times: program.output().count("is gone") == n, "the loss")
                    self.namespace.run("ip", "link", "add", "sender", "type", "veth", "peer",
                                       "name", "sensor")
                    for name in ("sender", "sensor"):
                        self.namespace.run("ip", "link", "set", name, "up")
                    wait_until(lambda n=times: program.output().count("it is back, and") == n,
                               "the interface")
            with Client(self.path) as client:
                self.assertEqual(client.ask("/packet_heatmap/ledger")["balanced"], 1)
                (port,) = client.ask("/ethdev/list")
                self.assertIn("rx_good_packets", client.ask(f"/ethdev/xstats,{port}"))


del Telemetry  # what others derive from has no test of its own

if __name__ == "__main__":
    main()
