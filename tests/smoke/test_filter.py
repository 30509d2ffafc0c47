#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--filter and --exclude-self: tcpdump is the judge of what passes, and what does not is named."""

import json
import os
import subprocess
import unittest

from smoke import Smoke, main, make_captures, wait_until
from frames import LINKTYPE_ETHERNET, pcap
from test_files import mixed
from network import Namespace

EXPRESSIONS = ("tcp port 443", "udp", "ip6", "not tcp", "net 10.0.0.0/8 or net 192.168.0.0/16",
               "greater 200", "less 100", "tcp[tcpflags] & tcp-syn != 0", "vlan", "arp",
               "ip[6:2] & 0x1fff != 0", "portrange 1-1023 and not icmp", "ether broadcast",
               "src host 1.2.3.4", "ip proto 50 or ip6 protochain 6")
NAMES = ("plain", "ipv6", "vlan", "fragments", "ipv6_extensions", "other", "private", "malformed")


class Filter(Smoke):
    def judged(self, capture, expression, name="judged.pcap"):
        """What tcpdump lets pass, as a capture."""
        path = os.path.join(self.world.folder, name)
        subprocess.run(["tcpdump", "-r", capture, "-w", path, expression], check=True,
                       capture_output=True, env={**os.environ, "HOME": self.cwd})
        return path

    def everything(self):
        frames = [frame for name in NAMES for frame in make_captures.GOOD[name]()]
        return self.world.write("everything.pcap", pcap(frames)), len(frames)

    def test_the_same_as_tcpdump(self):
        capture, count = self.everything()
        for expression in EXPRESSIONS:
            with self.subTest(expression):
                kept = self.once(self.judged(capture, expression))
                rows = self.read("hosts.csv")
                mine = self.once(capture, extra=("--filter", expression))
                self.assertEqual(self.read("hosts.csv"), rows)
                self.assertEqual(mine["received"], count)
                self.assertEqual(mine["ledger"]["filtered"], count - kept["received"])
                for name in ("tcp", "udp", "other_ip", "not_ip", "malformed_total", "events"):
                    self.assertEqual(mine["ledger"][name], kept["ledger"][name], name)

    def test_all_and_nothing(self):
        plain = self.world.capture("plain")
        self.refused("--once", "--pcap", plain, "--filter", "", code=2, says="--filter")
        status = self.once(plain, extra=("--filter", "tcp and udp"))
        self.assertEqual((status["ledger"]["filtered"], status["ledger"]["tcp"]), (213, 0))
        done = self.run_program("--once", "--pcap", plain, "--filter", "udp")
        self.assertIn("160 filtered", done.stderr)
        self.assertIn("160 filtered", done.stdout)
        done = self.run_program("--once", "--pcap", plain, "--filter", "udp", "--output", "jsonl",
                                "-")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sum(row["filtered"] for row in rows), 160)

    def test_packets_of_several_links(self):
        """The same words are other offsets behind each link header."""
        frames = [frame for frame in make_captures.plain() if frame[12:14] == b"\x08\0"]
        packets = [(i % 3, (frame, frame[14:], bytes(14) + frame[12:])[i % 3])
                   for i, frame in enumerate(frames)]
        path = self.world.write("links.pcapng", mixed(packets, links=(LINKTYPE_ETHERNET, 101,
                                                                      113)))
        kept = self.judged(self.world.write("ethernet.pcap", pcap(frames)), "udp")
        self.same_as_oracle([kept], status=self.once(path, extra=("--filter", "udp")))
        status = self.once(path, extra=("--filter", "ether host 02:00:00:00:00:02"))
        self.assertGreaterEqual(status["ledger"]["filtered"], 2 * len(frames) // 3)

    def test_machine_code_on_mbufs(self):
        """The queue of an ethdev: the same share passes, by DPDK's compiler."""
        for expression in ("tcp port 443", "udp", "greater 200", "portrange 1-1023"):
            plain = self.world.capture("plain")
            passing = self.once(self.judged(plain, expression))["received"]
            for name in os.listdir(self.cwd):
                os.unlink(self.file(name))
            with self.subTest(expression):
                with self.running("--pcap", plain, "--pcap-loop", "--pcap-rate", "20000",
                                  "--filter", expression, "--period", "0.3") as program:
                    status = wait_until(lambda p=program: (
                        lambda s: s if s["received"] > 4000 else None)(p.status()), "packets")
                    self.assertNotIn("interpreted", program.output())
                self.balanced(status)
                ledger = status["ledger"]
                self.assertLess(abs(ledger["filtered"] -
                                    status["received"] * (213 - passing) / 213), 213, ledger)

    def test_refused(self):
        plain = self.world.capture("plain")
        for expression, near in (("tcp prt 443", "character 5: 'prt 443'"),
                                 ("tcp port 443 or or udp", "character 14: 'or or udp'"),
                                 ("tcp and (udp", "character 5: 'and (udp'"),
                                 ("host 1.2.3.400", "character 1: 'host"),
                                 ("port 99999", "character 1: 'port")):
            self.refused("--once", "--pcap", plain, "--filter", expression, code=2,
                         says=["--filter: ", near])
        self.refused("--once", "--pcap", plain, "--exclude-self", code=2, says="--exclude-self")


@unittest.skipUnless(os.geteuid() == 0, "needs root, for interfaces")
class Live(Smoke):
    def setUp(self):
        super().setUp()
        self.namespace = Namespace(f"phf-{os.getpid()}")
        self.addCleanup(self.namespace.close)

    def ledger(self, *extra):
        """After a look at the page over the loopback interface that it counts on."""
        status = self.file("status.json")
        for address in ("127.0.0.1:8081", "0.0.0.0:8082"):
            with self.running("--interface", "lo", "--period", "0.2", "--status", status,
                              "--listen", address, *extra, prefix=self.namespace.prefix,
                              listen=False) as program:
                wait_until(lambda: os.path.exists(status), "the first period")
                port = address.partition(":")[2]
                self.namespace.run("curl", "-sf", f"http://127.0.0.1:{port}/api/v1/status")
                # a packet of others, at another port
                self.namespace.run("bash", "-c", "echo >/dev/udp/127.0.0.1/8081; "
                                                 "echo >/dev/tcp/127.0.0.1/9 || true")
                wait_until(lambda: self.json("status.json")["ledger"]["udp"] > 0, "a packet")
                period = self.json("status.json")["period"]
                wait_until(lambda p=period: self.json("status.json")["period"] > p + 2, "periods")
            self.assertEqual(program.process.returncode, 0)
            self.balanced(self.json("status.json"))
            yield self.json("status.json")["ledger"]
            os.unlink(status)

    def test_exclude_self(self):
        for ledger in self.ledger("--exclude-self"):
            self.assertGreater(ledger["filtered"], 8, ledger)
            self.assertEqual(ledger["tcp"], 2, ledger)  # to port 9: SYN, RST
            self.assertGreater(ledger["udp"], 0)
        for ledger in self.ledger("--exclude-self", "--filter", "udp"):
            self.assertGreater(ledger["filtered"], 10, ledger)
            self.assertEqual(ledger["tcp"], 0, ledger)

    def test_self_counts_unless_it_is_excluded(self):
        for ledger in self.ledger():
            self.assertGreater(ledger["tcp"], 10, ledger)
            self.assertEqual(ledger["filtered"], 0, ledger)

    def test_words_that_fit_no_such_link(self):
        self.namespace.run("ip", "tuntap", "add", "tun9", "mode", "tun")
        self.namespace.run("ip", "link", "set", "tun9", "up")
        done = self.run_program("--interface", "tun9", "--filter", "ether host 1:2:3:4:5:6",
                                "--listen", "off", prefix=self.namespace.prefix)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--filter: ", done.stderr)
        self.assertIn("(on tun9)", done.stderr)


if __name__ == "__main__":
    main()
