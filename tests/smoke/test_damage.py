#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Captures that end in the middle or hold nonsense: the packets before it count, all of them and no
more; one line says where it is; --strict refuses the capture before anything is counted."""

import os
import struct
import subprocess

from smoke import BINARY, PATIENCE, Smoke, lanes, main, make_captures, wait_until
from frames import pcap, pcapng

FRAMES = make_captures.plain()
# all that a sound capture would hold behind the damage, for whoever reads on
NEXT = pcap(FRAMES)[24:]


def record(length):
    return struct.pack("<IIII", 1767225700, 0, length, length)


def pcapng_blocks():
    """The blocks of a sound pcapng file."""
    octets, blocks = pcapng(FRAMES), []
    while octets:
        length = struct.unpack_from("<I", octets, 4)[0]
        blocks.append(octets[:length])
        octets = octets[length:]
    return blocks


def damaged():
    """name -> (octets, packets before the damage, where it is)."""
    sound, size = pcap(FRAMES), 16 + len(FRAMES[-1])
    blocks = pcapng_blocks()
    head = b"".join(blocks[:-2])
    last_but_one, last = blocks[-2:]
    n = len(FRAMES)
    return {
        "record-header.pcap": (sound[:-size + 9], n - 1, len(sound) - size),
        "record-body.pcap": (sound[:-7], n - 1, len(sound) - size),
        "first-record.pcap": (sound[:30], 0, 24),
        "caplen.pcap": (sound + record(0x7FFFFFFF) + NEXT, n, len(sound)),
        "caplen-all-ones.pcap": (sound + record(0xFFFFFFFF) + NEXT, n, len(sound)),
        "big-endian.pcap": (pcap(FRAMES, order=">")[:-1], n - 1, len(sound) - size),
        "block-header.pcapng": (head + last_but_one + last[:5], n - 1, len(head + last_but_one)),
        "block-body.pcapng": (head + last_but_one + last[:-9], n - 1, len(head + last_but_one)),
        "block-length.pcapng": (head + last_but_one[:4] + b"\xff\xff\xff\x7f" + last_but_one[8:]
                                + last, n - 2, len(head)),
        "trailer.pcapng": (head + last_but_one[:-4] + b"\x01\0\0\0" + last, n - 2, len(head)),
        "interface.pcapng": (head + last_but_one[:8] + b"\x09\0\0\0" + last_but_one[12:] + last,
                             n - 2, len(head)),
    }


class Damage(Smoke):
    def lines(self, text):
        return [line for line in text.splitlines() if "damaged after packet" in line]

    def test_packets_before_it_count(self):
        for name, (octets, packets, offset) in damaged().items():
            path = self.world.write(name, octets)
            with self.subTest(name):
                done = self.run_program("--pcap", path, "--once", "--status", "status.json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.json("status.json")["received"], packets)
                self.assertEqual(len(self.lines(done.stderr)), 1, done.stderr)
                self.assertIn(f"warning: {path}: cut short or damaged after packet {packets}, at "
                              f"octet {offset} (", done.stderr)

    def test_same_hosts_as_of_the_packets_before_it(self):
        n = len(FRAMES)
        files = {"cut.pcap": pcap(FRAMES)[:-7], "whole.pcap": pcap(FRAMES[:n - 1])}
        tables = []
        for name, octets in files.items():
            done = self.run_program("--pcap", self.world.write(name, octets), "--once", "--hosts",
                                    "hosts.csv")
            self.assertEqual(done.returncode, 0, done.stderr)
            tables.append(self.read("hosts.csv"))
        self.assertEqual(*tables)

    def test_strict_refuses_it(self):
        for name, (octets, packets, _) in damaged().items():
            path = self.world.write(name, octets)
            with self.subTest(name):
                self.refused("--strict", "--pcap", path, "--once", "--hosts", "hosts.csv", code=1,
                             says=[path, f"damaged after packet {packets}", "--strict"])

    def test_strict_takes_what_is_sound(self):
        self.once(self.world.capture("plain"), extra=("--strict",))

    def test_a_loop_ends_before_the_damage(self):
        """The loop's packets are those before the damage, over and over; said at once."""
        octets, packets, _ = damaged()["caplen.pcap"]
        path = self.world.write("caplen.pcap", octets)
        with self.running("--pcap", path, "--pcap-loop", "--pcap-rate", "1000", "--period",
                          "0.2") as program:
            wait_until(lambda: program.status()["received"] > 2 * packets, "packets")
            self.assertEqual(len(self.lines(program.output())), 1)

    def test_a_capture_that_is_served_after_its_end(self):
        octets, packets, _ = damaged()["block-body.pcapng"]
        path = self.world.write("cut.pcapng", octets)
        with self.running("--pcap", path, "--period", "0.2") as program:
            wait_until(lambda: program.status()["received"] == packets, "packets")
            self.assertEqual(len(self.lines(program.output())), 1)

    def shrinking(self):
        """(path, packets, what makes it half as long)"""
        frames = make_captures.plain() * 200  # more than anybody reads ahead
        path = self.world.write("shrinks.pcap", pcap(frames))
        return path, len(frames), lambda: os.truncate(path, os.path.getsize(path) // 2)

    def test_a_capture_that_shrinks_while_it_is_read(self):
        """Its end is where it ends, whatever was there when it was opened."""
        path, packets, shrink = self.shrinking()
        with self.running("--pcap", path, "--pcap-rate", "10000", "--period", "0.2", "--hosts",
                          "hosts.csv") as program:
            wait_until(lambda: program.status()["received"] > 0, "packets")
            shrink()
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the end")
        self.balanced(status)
        self.assertGreater(status["received"], 0)
        self.assertLess(status["received"], packets)

    def test_once_of_a_capture_that_shrinks(self):
        path, packets, shrink = self.shrinking()
        command = [BINARY, "--pcap", path, "--pcap-rate", "10000", "--once", "--hosts", "hosts.csv",
                   "--status", "status.json"]
        with subprocess.Popen([*command, *self.always(None, command)], cwd=self.cwd,
                              env=self.environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_until(lambda: process.poll() is not None or
                           max(lanes(process.pid).values(), default=0) > 5, "a lane that runs")
                shrink()
                errors = process.communicate(timeout=PATIENCE)[1]
            finally:
                process.kill()
        self.assertEqual(process.returncode, 0, errors)
        status = self.json("status.json")
        self.balanced(status)
        self.assertLess(status["received"], packets)
        self.assertIn("cut short or damaged after packet", errors)

    def test_the_doctor_warns(self):
        octets, packets, _ = damaged()["record-body.pcap"]
        path = self.world.write("cut.pcap", octets)
        report = self.run_program("--check", "--pcap", path).stdout
        self.assertRegex(report, f"warning +capture: .*damaged after packet {packets}, ")
        report = self.run_program("--check", "--strict", "--pcap", path).stdout
        self.assertRegex(report, f"fault +capture: .*damaged after packet {packets}, ")


if __name__ == "__main__":
    main()
