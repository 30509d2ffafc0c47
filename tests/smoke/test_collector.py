#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""packet-heatmap-collector: what several sensors say is on one wall, once, whatever happens to it."""

import collections
import contextlib
import csv
import glob
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import urllib.request

from smoke import BINARY, ROOT, Program, Smoke, main, oracle, wait_until  # first: where the tools lie

BUILD = os.path.dirname(os.path.dirname(BINARY))
COLLECTOR = os.path.join(BUILD, "app/collect/packet-heatmap-collector")
COUNTS = [f"{layer}_{way}_{unit}" for layer in ("tcp", "udp") for way in ("src", "dst")
          for unit in ("packets", "octets")]


class Collector(Program):
    """A running collector."""

    def __init__(self, test, *arguments):  # pylint: disable=super-init-not-called
        self.test = test
        self.listens, self.port = True, None
        self.out = test.file(f".out-{id(self)}")
        with open(self.out, "wb") as out:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                [COLLECTOR, "--listen", "127.0.0.1:0", "--quiet", *arguments], cwd=test.cwd,
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=test.environment)

    def by_country(self, query="window=start"):
        """The counts of the map, by country: as oracle.table has them."""
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v1/heat.csv?{query}", timeout=10) as answer:
            rows = csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8"))
            found = collections.Counter()
            for row in rows:
                for name in COUNTS:
                    found[row["country"], name] += int(row[name])
        return +found


class Collecting:
    """With Smoke: sensors that put records into folders, and what they are to add up to."""

    def setUp(self):
        super().setUp()
        self.inbox = self.file("inbox")
        os.makedirs(self.inbox)

    def expected(self, captures):
        hosts, frames = oracle.count(captures)
        atlas = oracle.Atlas(self.world.databases)
        found = collections.Counter()
        for address, counts in hosts.items():
            place = None if oracle.is_private(address) else atlas.place(address)
            if place is not None and place[1] != "":
                for name in COUNTS:
                    found[place[0], name] += counts[name]
        return +found, frames

    def record(self, sensor, capture, *words):
        """The records of one sensor, of a whole capture; their folder."""
        folder = self.file(f"of-{sensor}")
        result = self.run_program("--once", "--quiet", "--pcap", capture, "--records", folder,
                                  "--name", sensor, *words)
        self.assertEqual(result.returncode, 0, result.stderr)
        return folder

    def deliver(self, folder, keep=False):
        """As rsync would: each file whole, under another name first."""
        for path in sorted(glob.glob(os.path.join(folder, "*.record"))):
            new = os.path.join(self.inbox, ".new")
            shutil.copyfile(path, new)
            os.rename(new, os.path.join(self.inbox, os.path.basename(path)))
            if not keep:
                os.unlink(path)

    def same(self, collector, captures, query="window=start"):
        expected, frames = self.expected(captures)
        self.assertEqual(collector.by_country(query), expected)
        status = collector.status()
        self.balanced(status)
        for name in ("tcp", "udp", "other_ip", "not_ip"):
            self.assertEqual(status["ledger"][name], frames[name], name)


class Fleet(Collecting, Smoke):
    @contextlib.contextmanager
    def collecting(self, *words):
        collector = Collector(self, "--collect-dir", self.inbox, "--period", "0.5", *words)
        try:
            collector.wait_ready()
            yield collector
            collector.stop()
        finally:
            collector.kill()

    def left(self):
        return [name for name in os.listdir(self.inbox) if name.endswith(".record")]

    def test_two_sensors_are_on_one_wall(self):
        plain, ipv6 = self.world.capture("plain"), self.world.capture("ipv6")
        self.deliver(self.record("a", plain, "--site", "Köln", "--site-group", "west",
                                 "--site-position", "50.94,6.96"))
        self.deliver(self.record("b", ipv6))
        self.deliver(self.record("a2", plain), keep=True)
        with self.collecting() as collector:
            wait_until(lambda: collector.status()["fleet"]["sensors"] == 3, collector)
            wait_until(lambda: not self.left(), collector)
            self.same(collector, [plain, ipv6, plain])
            found = {sensor["name"]: sensor
                     for sensor in collector.get("/api/v1/sensors")["sensors"]}
            self.assertEqual((found["a"]["site"], found["a"]["group"], found["a"]["latitude"]),
                             ("Köln", "west", 50.94))
            self.assertIsNone(found["b"]["latitude"])
            # all of it again: nothing is added
            before = collector.status()
            self.deliver(self.file("of-a2"))
            wait_until(lambda: collector.status()["fleet"]["repeated"] > 0, collector)
            self.assertEqual(collector.status()["received"], before["received"])

    def test_killed_at_any_moment(self):
        """kill -9, again and again, while records come: in the history each counts once."""
        captures = [self.world.capture(name) for name in ("plain", "ipv6", "plain")]
        folders = [self.record(f"s{i}", capture, "--period", "0.2")
                   for i, capture in enumerate(captures)]
        paths = [path for folder in folders for path in glob.glob(folder + "/*.record")]
        chance = random.Random(7)
        chance.shuffle(paths)
        history = self.file("history")
        while paths:
            collector = Collector(self, "--collect-dir", self.inbox, "--period", "0.5",
                                  "--history", history)
            try:
                collector.wait_ready()
                for path in paths[:len(paths) // 3 + 1]:
                    shutil.copyfile(path, os.path.join(self.inbox, os.path.basename(path)))
                paths = paths[len(paths) // 3 + 1:]
                # any moment will do
                wait_until(lambda: chance.random() < 0.02, collector)
                collector.process.send_signal(signal.SIGKILL)
                collector.process.wait()
            finally:
                collector.kill()
        with self.collecting("--history", history) as collector:
            wait_until(lambda: not self.left(), collector)
            expected, frames = self.expected(captures)
            query = "from=2000-01-01&to=2100-01-01"
            self.assertEqual(collector.by_country(query), expected)
            heat = collector.get(f"/api/v1/heat?{query}")
            self.assertEqual(heat["totals"]["tcp_packets"], frames["tcp"])

    def test_refused(self):
        for words, code, said in (
                ([], 2, "no sensors"),
                (["--collect-dir", self.inbox, "--brokers", "x:1"], 2, "without Kafka"),
                (["--collect-dir", "/nowhere"], 1, "No such file"),
                (["--interface", "lo"], 2, "unknown option"),
                (["--brokers", "x:1", "--kafka-conf", "/none"], 2, "/none: No such file"),
                (["--collect-dir", self.inbox, "--too-late", "x"], 2, "no time")):
            with self.subTest(words=words):
                done = self.run_collector("--listen", "off", *words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stderr)

    def run_collector(self, *words):
        return subprocess.run([COLLECTOR, *words], cwd=self.cwd, env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)

    def test_check(self):
        free = ["--check", "--json", "--listen", "127.0.0.1:0"]
        done = self.run_collector(*free, "--collect-dir", self.inbox, "--history",
                                  self.file("history"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual({line["check"] for line in json.loads(done.stdout)["checks"]},
                         {"records", "listen address", "output files"})
        self.assertFalse(os.path.exists(self.file("history")), "it changes nothing")
        done = self.run_collector(*free, "--collect-dir", self.inbox)
        self.assertEqual((done.returncode, json.loads(done.stdout)["worst"]), (1, "warning"))
        for words, name, said in ((["--collect-dir", self.file("none")], "records", "No such file"),
                                  (["--brokers", "127.0.0.1:1"], "brokers", "refused")):
            with self.subTest(name):
                done = self.run_collector(*free, *words)
                self.assertEqual(done.returncode, 2, done.stdout)
                lines = {line["check"]: line for line in json.loads(done.stdout)["checks"]}
                self.assertEqual(lines[name]["level"], "fault")
                self.assertIn(said, lines[name]["text"])
                self.assertTrue(lines[name]["remedy"])

    def test_manual_and_configuration(self):
        """Both come from the table of options, and both are taken."""
        manual = self.run_collector("--print", "man").stdout
        helped = self.run_collector("--help").stdout
        with open(os.path.join(ROOT, "conf/packet-heatmap-collector.8.in"),
                  encoding="utf-8") as file:
            page = file.read().replace("@OPTIONS@\n", manual)
        for flag in re.findall(r"^    --([a-z-]+)", helped, re.MULTILINE):
            self.assertIn(f".It Fl Fl {flag}", page)
        self.assertNotIn("--interface", helped)
        if shutil.which("mandoc"):
            with open(self.file("page.8"), "w", encoding="utf-8") as file:
                file.write(page)
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error", self.file("page.8")],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(lint.stdout, "")
        template = self.run_collector("--print", "config").stdout
        with open(self.file("all.conf"), "w", encoding="utf-8") as file:
            file.write(re.sub("^#([a-z-]+ = [^A-Z])", r"\1", template, flags=re.MULTILINE))
        done = self.run_collector("--config", self.file("all.conf"), "--collect-dir", self.inbox,
                                  "--check", "--listen", "off")
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_no_dpdk(self):
        """It links none of it."""
        needed = subprocess.run(["readelf", "-d", COLLECTOR], check=True, capture_output=True,
                                text=True).stdout
        self.assertIn("librdkafka", needed)
        self.assertNotIn("librte_", needed)


if __name__ == "__main__":
    main()
