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
import urllib.error
import urllib.request

import jsonschema

from smoke import BINARY, ROOT, Program, Smoke, main, oracle, wait_until  # first: where the tools lie

BUILD = os.path.dirname(os.path.dirname(BINARY))
PROTO = os.path.join(ROOT, "lib/record/record.proto")
COLLECTOR = os.path.join(BUILD, "app/collect/packet-heatmap-collector")
COUNTS = [f"{layer}_{way}_{unit}" for layer in ("tcp", "udp") for way in ("src", "dst")
          for unit in ("packets", "octets")]


class Collector(Program):
    """A running collector."""

    def __init__(self, test, *arguments, prefix=()):  # pylint: disable=super-init-not-called
        self.test = test
        self.listens, self.port = True, None
        self.out = test.file(f".out-{id(self)}")
        with open(self.out, "wb") as out:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                [*prefix, COLLECTOR, "--listen", "127.0.0.1:0", "--quiet", *arguments], cwd=test.cwd,
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=test.environment)

    def close(self):
        self.kill()

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
            self.parts(collector, plain, ipv6)
            # all of it again: nothing is added
            before = collector.status()
            self.deliver(self.file("of-a2"))
            wait_until(lambda: collector.status()["fleet"]["repeated"] > 0, collector)
            self.assertEqual(collector.status()["received"], before["received"])

    def parts(self, collector, plain, ipv6):
        """One sensor, or a group of sites, alone; in each shape, as the API describes it."""
        self.assertEqual(collector.by_country("sensor=a&window=start"), self.expected([plain])[0])
        self.assertEqual(collector.by_country("sensor=b&window=start"), self.expected([ipv6])[0])
        self.assertEqual(collector.by_country("group=west"), self.expected([plain])[0])
        document = collector.get("/api/v1/openapi.json")
        resolver = jsonschema.RefResolver("", document)
        for path, schema in (("/api/v1/heat", "heat"), ("/api/v1/heat?sensor=a", "heat"),
                             ("/api/v1/heat?group=west&window=now", "heat"),
                             ("/api/v1/heat.geojson?sensor=b", "geojson"),
                             ("/api/v1/countries.geojson?sensor=b", "countries"),
                             ("/api/v1/sensors", "sensors"), ("/api/v1/status", "status")):
            with self.subTest(path):
                jsonschema.Draft202012Validator(
                    {"$ref": f"#/components/schemas/{schema}"}, resolver=resolver).validate(
                        collector.get(path))
        heat = collector.get("/api/v1/heat?sensor=a&window=start")
        self.assertEqual(heat["only"], {"sensor": "a", "group": None, "sensors": 1})
        self.assertEqual((heat["sensor"]["name"], heat["sensor"]["sources"]), ("a", ["Köln"]))
        self.assertTrue(heat["totals"]["balanced"])
        _, frames = self.expected([plain])
        self.assertEqual(heat["totals"]["tcp_packets"], frames["tcp"])
        for query, code in (("heat?sensor=none", 404), ("heat?group=none", 404),
                            ("heat?sensor=a&window=5m", 400), ("heat?sensor=a&group=west", 400),
                            ("heat?sensor=", 400), ("heat?sensor=a&from=-1h", 400)):
            with self.subTest(query), self.assertRaises(urllib.error.HTTPError) as refused:
                collector.get("/api/v1/" + query)
            self.assertEqual(refused.exception.code, code, query)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            collector.get("/ip_heatmap.html?sensor=a")
        self.assertEqual(refused.exception.code, 400)

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

    def protoc(self, way, data):
        return subprocess.run(
            ["protoc", f"--proto_path={os.path.dirname(PROTO)}", f"--{way}=packet_heatmap.Record",
             os.path.basename(PROTO)], input=data, stdout=subprocess.PIPE, check=True,
            timeout=60).stdout

    def put(self, name, data):
        with open(os.path.join(self.inbox, ".new"), "wb") as file:
            file.write(data)
        os.rename(os.path.join(self.inbox, ".new"), os.path.join(self.inbox, name + ".record"))

    def test_records_of_the_future(self):
        """A newer version is refused and kept; numbers of the ledger that are not known here are
        in no sum, and told."""
        plain = self.world.capture("plain")
        folder = self.record("a", plain, "--period", "3600")
        with open(glob.glob(folder + "/*.record")[0], "rb") as file:
            text = self.protoc("decode", file.read()).decode()
        newer = text.replace("version: 1\n", "version: 2\n", 1)
        frames = int(re.search(r"^received: (\d+)", text, re.MULTILINE)[1])
        unknown = text.replace(f"received: {frames}\n", f"received: {frames + 5}\n", 1)
        unknown += 'ledger { name: "frames.of_the_future" value: 5 }\n'
        self.put("1-newer", self.protoc("encode", newer.encode()))
        self.put("2-unknown", self.protoc("encode", unknown.encode()))
        self.put("3-nonsense", b"nonsense")
        with self.collecting() as collector:
            wait_until(lambda: not self.left(), collector)
            self.same(collector, [plain])
            fleet = collector.status()["fleet"]
            self.assertEqual((fleet["newer_frames"], fleet["taken"]), (5, 1))
            self.assertTrue(collector.get("/api/v1/heat?sensor=a")["totals"]["balanced"])
            self.assertIn("it has to be renewed", collector.output())
        self.assertEqual(sorted(name for name in os.listdir(self.inbox) if "refused" in name),
                         ["1-newer.record.refused", "3-nonsense.record.refused"])

    def test_wall_of_walls(self):
        """What a collector has added up, as records of its own, on another one: exact through
        kill -9 of the first."""
        captures = [self.world.capture(name) for name in ("plain", "ipv6")]
        paths = [path for i, capture in enumerate(captures)
                 for path in sorted(glob.glob(self.record(f"s{i}", capture, "--period", "0.2")
                                              + "/*.record"))]
        chance = random.Random(11)
        chance.shuffle(paths)
        words = ["--history", self.file("history"), "--records", self.file("relayed"), "--name",
                 "first"]
        while paths:
            with contextlib.closing(Collector(self, "--collect-dir", self.inbox, "--period", "0.5",
                                              *words)) as collector:
                collector.wait_ready()
                for path in paths[:40]:
                    shutil.copyfile(path, os.path.join(self.inbox, ".new"))
                    os.rename(os.path.join(self.inbox, ".new"),
                              os.path.join(self.inbox, os.path.basename(path)))
                paths = paths[40:]
                wait_until(lambda: chance.random() < 0.05, collector)
                collector.process.send_signal(signal.SIGKILL)
                collector.process.wait()
        with self.collecting(*words) as collector:
            wait_until(lambda: not self.left(), collector)

            def relayed():
                records = collector.get("/api/v1/sensors")["fleet"]["records"]
                return records["unstored"] == 0 and records["written"] > 0

            wait_until(relayed, collector)
        self.inbox = self.file("relayed")
        with self.collecting("--history", self.file("above")) as above:
            wait_until(lambda: not self.left(), above)
            expected, frames = self.expected(captures)
            query = "from=2000-01-01&to=2100-01-01"
            self.assertEqual(above.by_country(query), expected)
            heat = above.get(f"/api/v1/heat?{query}")
            self.assertEqual(heat["totals"]["tcp_packets"], frames["tcp"])
            self.balanced(above.status())

    def test_refused(self):
        for words, code, said in (
                ([], 2, "no sensors"),
                (["--collect-dir", self.inbox, "--brokers", "x:1"], 2, "without Kafka"),
                (["--collect-dir", "/nowhere"], 1, "No such file"),
                (["--interface", "lo"], 2, "unknown option"),
                (["--brokers", "x:1", "--kafka-conf", "/none"], 2, "/none: No such file"),
                (["--collect-dir", self.inbox, "--too-late", "x"], 2, "no time"),
                (["--kafka-conf", os.path.join(ROOT, "conf/collector-kafka.conf")], 2,
                 "no broker"),
                (["--brokers", "x:1", "--share", "4:3"], 2, "no share"),
                (["--collect-dir", self.inbox, "--share", "1:2"], 2, "partitions")):
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
