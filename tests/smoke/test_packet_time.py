#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packet time: periods, windows and history by the captures' own time stamps."""

import collections
import csv
import json
import os
import struct
import time

from smoke import Smoke, main, make_captures, wait_until
from frames import pcap

FRAMES = make_captures.plain()
START = 1767225600  # a whole multiple of ten seconds


def timed(moments, order="<"):
    """A capture with a packet at each moment, in seconds after START; None: no time."""
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    for i, moment in enumerate(moments):
        frame = FRAMES[i % len(FRAMES)]
        ns = 0 if moment is None else START * 10**9 + round(moment * 1e9)
        out.append(struct.pack(order + "IIII", ns // 10**9, ns % 10**9, len(frame), len(frame)))
        out.append(frame)
    return b"".join(out)


def day():
    """A day with a wave, in no even steps: 9 packets a period at night, 40 at noon."""
    moments = []
    for period in range(8640):
        count = 9 + 31 * (1 - abs(period - 4320) / 4320)
        moments += [period * 10 + 10 * i / int(count) for i in range(int(count))]
    return moments


class PacketTime(Smoke):
    def lines(self, *arguments):
        done = self.run_program("--once", "--output", "jsonl", "-", "--hosts", "hosts.csv",
                                *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def capture(self, moments, name="timed.pcap"):
        return self.world.write(name, timed(moments))

    def test_periods_are_those_of_the_capture(self):
        rows = self.lines("--pcap", self.capture([3, 9.999999999, 10, 19, 41]))
        self.assertEqual([(row["time"], row["received"]) for row in rows], [
            ("2026-01-01T00:00:10.000Z", 2), ("2026-01-01T00:00:20.000Z", 2),
            ("2026-01-01T00:00:30.000Z", 0), ("2026-01-01T00:00:40.000Z", 0),
            ("2026-01-01T00:00:50.000Z", 1)])
        self.assertEqual({row["seconds"] for row in rows}, {10})
        self.assertTrue(all(row["balanced"] for row in rows))

    def test_a_long_gap_is_left_out(self):
        rows = self.lines("--pcap", self.capture([0, 86400 * 400 + 5]))
        self.assertEqual([row["received"] for row in rows], [1, 1])
        self.assertEqual(rows[1]["time"], "2027-02-05T00:00:10.000Z")
        rows = self.lines("--pcap", self.capture([0, 290]))
        self.assertEqual(len(rows), 30)

    def test_older_packets_count_where_they_are_read(self):
        rows = self.lines("--pcap", self.capture([25, 26, 5, None, 31, 29]))
        self.assertEqual([row["received"] for row in rows], [4, 2])
        self.assertIn("timed.pcap: 2 packets are older than the period", self.said)
        rows = self.lines("--pcap", self.capture([0, 0.5, 1]))
        self.assertNotIn("older", self.said)

    def test_packets_without_a_time(self):
        self.assertEqual([row["received"] for row in
                          self.lines("--pcap", self.capture([None] * 20))], [20])

    def test_several_captures_have_one_time(self):
        paths = [self.capture([i / 3 for i in range(k, 300, 3)], f"part{k}.pcap")
                 for k in range(3)]
        together = self.lines(*[word for path in paths for word in ("--pcap", path)])
        self.assertEqual([row["received"] for row in together], [30] * 10)

    def everything(self, *arguments):
        """What a run says, without what is of the clocks and the machine."""
        rows = self.lines(*arguments, "--rows", "places", "--status", "status.json")
        status = self.json("status.json")
        return rows, self.read("hosts.csv"), status["ledger"], status["period"]

    def test_the_same_on_any_number_of_lanes(self):
        path = self.capture(day()[:30000])
        whole = self.everything("--pcap", path)
        for arguments in (("--lanes", "3"), ("--burst", "1"), ("--burst", "256", "--lanes", "2"),
                          ("--pcap-rate", "150000")):
            with self.subTest(arguments):
                self.assertEqual(self.everything("--pcap", path, *arguments), whole)
        self.assertEqual(self.everything("--pcap", path, "--lanes", "2"), whole)

    def test_a_day_fills_a_history(self):
        """A day's capture makes a day's history, in seconds, and to the packet."""
        moments = day()
        done = self.run_program("--once", "--pcap", self.capture(moments), "--history", "store",
                                "--status", "status.json", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        status = self.json("status.json")
        self.assertEqual(status["period"], 8640)
        self.assertEqual(status["received"], len(moments))
        self.assertEqual(status["history"]["dropped"], 0)
        expected = collections.Counter(int(moment // 3600) for moment in moments)
        with self.running("--pcap", self.world.capture("one"), "--history", "store", "--period",
                          "0.5") as program:
            series = program.get(f"/api/v1/series?from={START}&to={START + 86400}&step=3600")
            at = series["fields"].index("received")
            self.assertEqual([step[at] for step in series["steps"]],
                             [expected[hour] for hour in range(24)])
            heat = program.get(f"/api/v1/heat?from={START}&to={START + 86400}")
            totals = heat["totals"]
            self.assertEqual(totals["tcp_packets"] + totals["udp_packets"], len(moments))

    def test_windows(self):
        path = self.capture([i for i in range(7200)])
        self.lines("--pcap", path, "--status", "hour.json", "--window", "1h")
        with self.running("--pcap", path, "--speed", "max") as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the end")
            self.assertEqual(status["received"], 7200)
            hour = program.get("/api/v1/heat?window=1h")
            whole = program.get("/api/v1/heat?window=start")
            self.assertAlmostEqual(hour["window_s"], 3600, delta=310)
            self.assertEqual(whole["window_s"], 7200)
            self.assertEqual(whole["generated"], "2026-01-01T02:00:00.000Z")

    def test_speed(self):
        """Ten seconds of a capture in one; each packet within its own period."""
        path = self.capture([i / 20 for i in range(1600)])
        start = time.monotonic()
        with self.running("--pcap", path, "--speed", "10", "--period", "2", "--output", "csv",
                          "out.csv") as program:
            wait_until(lambda: program.status()["state"] == "over", "the end")
            self.assertGreater(time.monotonic() - start, 7)  # 80 s of it
            self.assertEqual(program.status()["received"], 1600)
        with open(self.file("out.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["received"] for row in rows], ["40"] * 40)

    def test_files_are_of_the_last_period(self):
        """Hundreds of periods in a blink: the files' thread is asked for each, and writes once."""
        path = self.capture([i * 10 for i in range(600)])
        for _ in range(5):
            rows = self.lines("--pcap", path, "--status", "status.json")
            self.assertEqual(self.json("status.json")["period"], len(rows))
            self.assertEqual(self.json("status.json")["received"], 600)

    def test_the_same_at_any_speed(self):
        """A wall that plays a capture has the same periods as the run that only counts it."""
        path = self.capture([i / 7 for i in range(2100)])
        rows = self.lines("--pcap", path)
        table = self.read("hosts.csv")
        for speed in ("max", "200"):
            with self.subTest(speed):
                with self.running("--pcap", path, "--speed", speed, "--lanes", "2", "--output",
                                  "jsonl", f"{speed}.jsonl", "--hosts", f"{speed}.csv") as program:
                    wait_until(lambda p=program: p.status()["state"] == "over", "the end")
                played = [json.loads(line) for line in self.read(f"{speed}.jsonl").splitlines()]
                self.assertEqual(played, rows)
                self.assertEqual(self.read(f"{speed}.csv"), table)

    def test_refusals(self):
        one = self.world.capture("one")
        for speed in ("0", "-1", "fast", "1e9", "nan", ""):
            self.refused("--pcap", one, "--speed", speed, code=2, says="--speed")
        self.refused("--interface", "lo", "--speed", "2", code=2, says="--speed")

    def test_a_slow_reader_of_the_output_loses_nothing(self):
        os.mkfifo(self.file("fifo"))
        path = self.capture([i * 2 for i in range(2000)])
        times = set()
        with self.running("--pcap", path, "--speed", "max", "--output", "jsonl",
                          self.file("fifo")) as program:
            with open(self.file("fifo"), encoding="utf-8") as fifo:
                wait_until(lambda: program.status()["state"] == "over", "the end")
                for _ in range(400):
                    times.add(json.loads(fifo.readline())["time"])
        self.assertEqual(len(times), 400)


if __name__ == "__main__":
    main()
