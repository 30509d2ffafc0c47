#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Every kind of frame of tests/captures/make.py through the real binary: the host table against
tshark's, the tunnels that were looked behind, and the same texts whatever the bursts and lanes.
"""

import json
import os
import subprocess
import sys

from smoke import BINARY, ROOT, Smoke, main  # first: it tells where the tools lie

from frames import pcap

sys.path.insert(0, os.path.join(ROOT, "tests", "captures"))
import make  # pylint: disable=wrong-import-position

# of a heat text: when it was made, and by whom; all else is what was counted
TIMES = ("generated", "now", "started", "window_s", "sensor")


class Captures(Smoke):
    """The captures, written once for a class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frames = dict(make.captures())
        for name, frames in cls.frames.items():
            cls.world.write(os.path.join("frames", name + ".pcap"), pcap(frames))

    def path(self, name=""):
        return self.world.path("frames", name + ".pcap" if name else "")


class Frames(Captures):
    def compare(self, *arguments):
        databases = [word for path in self.world.databases for word in ("--geo-db", path)]
        done = subprocess.run(
            [os.path.join(ROOT, "scripts", "compare-captures"), "--program", BINARY, *databases,
             *arguments, "--", "--no-huge", "--no-seccomp", "--hosts-per-lane", "65536"],
            env={**self.environment, **self.sanitizers(["--no-seccomp"])}, capture_output=True,
            text=True, timeout=500, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.splitlines()[-1]

    def test_every_kind(self):
        self.assertEqual(self.compare(self.path()),
                         f"{len(self.frames)} equal, 0 different, 0 skipped")

    def test_behind_tunnels(self):
        tunnels = [self.path(name) for name in self.frames if name.startswith("tunnel-")]
        self.assertEqual(self.compare("--decap", "all", *tunnels),
                         f"{len(tunnels)} equal, 0 different, 0 skipped")

    def test_ledger_of_tunnels(self):
        """How many packets were unwrapped, by kind; none of a kind that was not asked for."""
        counts = {"gre": 32, "erspan": 18, "ipip": 4, "vxlan": 10, "vxlan-gpe": 12, "geneve": 20,
                  "gtpu": 16, "teredo": 8, "l2tp": 12}
        self.assertEqual({name.removeprefix("tunnel-") for name in self.frames
                          if name.startswith("tunnel-")} - {"nested", "in-fragments"}, set(counts))
        for kind, count in counts.items():
            with self.subTest(kind):
                unwrapped = self.once(self.path(f"tunnel-{kind}"),
                                      extra=("--decap", kind))["ledger"]["unwrapped"]
                wanted = {name: 0 for name in unwrapped}
                wanted[kind.replace("-", "_")] = count
                self.assertEqual(unwrapped, wanted)

    def test_nesting_is_bounded(self):
        ledger = self.once(self.path("tunnel-nested"), extra=("--decap", "ipip"))["ledger"]
        # six packets of one to six tunnels: the last two are too deep, and are IP-in-IP there
        self.assertEqual(ledger["unwrapped"]["too_deep"], 2)
        self.assertEqual(ledger["unwrapped"]["ipip"], 6)
        self.assertEqual((ledger["tcp"], ledger["other_ip"]), (4, 2))

    def test_results(self):
        """Each lie has its name."""
        lies4 = self.once(self.path("ipv4-lies"))["ledger"]["malformed"]
        lies6 = self.once(self.path("ipv6-lies"))["ledger"]["malformed"]
        cut = self.once(self.path("cut"))["ledger"]["malformed"]
        jumbo = self.once(self.path("jumbograms"))["ledger"]["malformed"]
        for result in ("ipv4_version", "ipv4_header_length", "ipv4_total_length"):
            self.assertGreater(lies4[result], 0, result)
        for result in ("ipv6_version", "ipv6_extension_length"):
            self.assertGreater(lies6[result], 0, result)
        for result in ("runt", "ipv4_cut", "ipv6_cut", "ipv6_extension_cut"):
            self.assertGreater(cut[result], 0, result)
        self.assertEqual(jumbo["ipv6_jumbo"], 2)


class Determinism(Captures):
    """The same packets in bursts of any size, in any number of lanes: the same texts."""

    CAPTURES = ("cut", "jumbo", "tunnel-gre")

    def texts(self, captures, *extra):
        self.once(*captures, extra=("--html", "map.html", "--decap", "all", *extra))
        html = self.read("map.html")
        heat, _ = json.JSONDecoder().raw_decode(html, html.index('{"v":1,'))
        for name in TIMES:
            heat.pop(name)
        return self.read("hosts.csv"), heat

    def test_bursts_and_lanes(self):
        for name in self.CAPTURES:
            frames = self.frames[name]
            wanted = self.texts([self.path(name)])
            self.assertGreater(len(wanted[0].splitlines()), 1)
            for burst in ("1", "256"):
                with self.subTest(name, burst=burst):
                    self.assertEqual(self.texts([self.path(name)], "--burst", burst), wanted)
            parts = [self.world.write(f"part-{i}.pcap", pcap(frames[i::3])) for i in range(3)]
            with self.subTest(name, lanes=3):
                self.assertEqual(self.texts(parts, "--burst", "3"), wanted)



if __name__ == "__main__":
    main()
