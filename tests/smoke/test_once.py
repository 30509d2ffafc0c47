#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--once: every packet of a capture counted, each address compared with an independent count."""

import json
import os

from smoke import Smoke, main  # first: it tells where the tools lie

import make_captures
from frames import pcap


class Once(Smoke):
    def exact(self, name):
        capture = self.world.capture(name)
        status = self.once(capture)
        self.same_as_oracle([capture], status=status)
        return status

    def test_small_captures(self):
        # big has a test of its own
        for name in make_captures.GOOD:
            if name != "big":
                with self.subTest(name):
                    self.exact(name)

    def test_big(self):
        status = self.exact("big")
        self.assertEqual(status["received"], 120000)

    def test_few_packet_buffers(self):
        """Any number of the range starts; what finds no buffer is lost, and said to be."""
        for mbufs in ("1", "100", "383"):
            with self.subTest(mbufs):
                status = self.once(self.world.capture("plain"), extra=("--mbufs", mbufs))
                self.assertEqual(status["received"] + status["lost"]["total"], 213)

    def test_forms_of_a_file(self):
        frames = make_captures.plain()
        for name, options in (("big-endian", {"order": ">"}), ("nano", {"nano": True}),
                              ("nano-big-endian", {"nano": True, "order": ">"})):
            with self.subTest(name):
                path = self.world.write(f"{name}.pcap", pcap(frames, **options))
                self.same_as_oracle([self.world.capture("plain")], status=self.once(path))

    def test_pcapng(self):
        status = self.once(self.world.bad("capture.pcapng"))
        self.same_as_oracle([self.world.capture("plain")], status=status)

    def test_empty_capture(self):
        """No packet at all is a result like another: an empty table, and nothing to draw."""
        for name in ("empty.pcap", "empty.pcapng"):
            with self.subTest(name):
                status = self.once(self.world.bad(name), extra=("--html", "map.html"))
                self.assertEqual(status["received"], 0)
                self.assertEqual(len(self.read("hosts.csv").splitlines()), 1)

    def test_events(self):
        """What is odd about counted packets is said."""
        status = self.once(self.world.capture("fragments"))
        self.assertGreater(status["ledger"]["events"]["later_fragment"], 0)
        status = self.once(self.world.capture("offload"))
        self.assertEqual(status["ledger"]["events"]["total_length_zero"], 4)
        status = self.once(self.world.capture("snap"))
        self.assertGreater(status["ledger"]["events"]["snapped"], 100)
        status = self.once(self.world.capture("plain"))
        self.assertEqual(sum(status["ledger"]["events"].values()), 0)

    def test_each_reason_has_a_counter(self):
        malformed = self.once(self.world.capture("malformed"))["ledger"]["malformed"]
        hit = {name for name, count in malformed.items() if count}
        self.assertGreaterEqual(hit, {"runt", "ipv4_cut", "ipv4_version", "ipv4_header_length",
                                      "ipv4_total_length", "ipv6_cut", "ipv6_version",
                                      "ipv6_extension_cut"})

    def test_several_captures_are_added_up(self):
        names = ["plain", "ipv6", "vlan", "private"]
        captures = [self.world.capture(name) for name in names]
        status = self.once(*captures)
        self.same_as_oracle(captures, status=status)
        self.assertEqual(len(status["lanes"]), len(names))

    def test_lanes_and_bursts_make_no_difference(self):
        """The same packets in one file, in three, and in bursts of one: the same host table."""
        frames = make_captures.plain() + make_captures.both_families() + make_captures.private()
        whole = self.world.write("whole.pcap", pcap(frames))
        self.once(whole)
        table = self.read("hosts.csv")
        parts = [self.world.write(f"part{n}.pcap", pcap(frames[n::3])) for n in range(3)]
        for captures, extra in ((parts, ()), ([whole], ("--burst", "1")),
                                (parts, ("--burst", "256"))):
            self.once(*captures, extra=extra)
            self.assertEqual(self.read("hosts.csv"), table)

    def test_twice_the_same(self):
        """Two runs over a capture differ in nothing but times."""
        capture = self.world.capture("plain")
        self.once(capture, extra=("--html", "map.html"))
        table = self.read("hosts.csv")
        self.once(capture, extra=("--html", "map.html"))
        self.assertEqual(self.read("hosts.csv"), table)

    def test_results_go_where_they_are_sent(self):
        os.mkdir(self.file("out"))
        done = self.run_program("--once", "--pcap", self.world.capture("plain"), "--hosts",
                                "out/hosts.csv", "--html", self.file("out/map.html"), "--status",
                                "out/status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(os.listdir(self.file("out"))),
                         ["hosts.csv", "map.html", "status.json"])
        self.assertEqual(os.listdir(self.cwd), ["out"])
        self.assertEqual(json.loads(self.read("out/status.json"))["state"], "over")


if __name__ == "__main__":
    main()
