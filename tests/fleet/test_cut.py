#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The line between brokers and everything else is cut, without a word: a sensor, its shipper and a
packet-heatmap-collector in one network namespace, Apache Kafka in another, and the link between them
goes down. What the collector says meanwhile, and that nothing is lost or counted twice."""

import json
import os
import subprocess
import sys
import unittest
import urllib.error

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "smoke"))
# pylint: disable=wrong-import-position
from network import Namespace
from smoke import main, wait_until
from test_collector import Collector
from test_ship import SHIP

from kafka import Kafka
from test_fleet import PATIENCE, Counting

BROKER, SITE = "192.0.2.1", "192.0.2.2"  # RFC 5737: nobody's


class There(Collector):
    """A collector in a namespace: asked there."""

    def __init__(self, test, namespace, *arguments):
        self.namespace = namespace
        super().__init__(test, *arguments, prefix=namespace.prefix)

    def get(self, path):
        done = subprocess.run(
            [*self.namespace.prefix, "curl", "-s", "-f", "-m", "10",
             f"http://127.0.0.1:{self.port}{path}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise urllib.error.URLError(f"curl: {done.returncode}")
        return json.loads(done.stdout)


@unittest.skipIf(os.geteuid() != 0, "needs root for network namespaces")
class Cut(Counting):
    def setUp(self):
        super().setUp()
        self.brokers = Namespace(f"phm-kafka-{os.getpid()}", links=False)
        self.addCleanup(self.brokers.close)
        self.site = Namespace(f"phm-site-{os.getpid()}", links=False)
        self.addCleanup(self.site.close)
        self.brokers.run("ip", "link", "add", "line", "type", "veth", "peer", "name", "line",
                         "netns", self.site.name)
        for namespace, address in ((self.brokers, BROKER), (self.site, SITE)):
            namespace.run("ip", "address", "add", f"{address}/24", "dev", "line")
            for link in ("lo", "line"):
                namespace.run("ip", "link", "set", link, "up")

    def line(self, state):
        self.site.run("ip", "link", "set", "line", state)

    def test_cut(self):
        with Kafka(namespace=self.brokers, host=BROKER) as cluster:
            self.make_topic(cluster)
            with self.sensor("a", cluster, "plain"):
                collector = There(self, self.site, "--brokers", cluster.address, "--period", "0.5",
                                  "--history", self.file("history"), "--silent-after", "2")
                try:
                    collector.wait_ready()

                    def fleet():
                        return collector.get("/api/v1/sensors")["fleet"]

                    wait_until(lambda: fleet()["taken"] > 5, collector, PATIENCE)
                    self.line("down")
                    wait_until(lambda: fleet()["transport"]["away"], collector, PATIENCE)
                    stood = fleet()["taken"]
                    # the sensor goes on: what it says waits in its folder
                    wait_until(lambda: self.waiting("a") > 10, collector, PATIENCE)
                    self.assertEqual(fleet()["taken"], stood)
                    self.line("up")
                    wait_until(lambda: fleet()["taken"] > stood + 10, collector, PATIENCE)
                    self.assertFalse(fleet()["transport"]["away"])
                    wait_until(lambda: self.waiting("a") < 3, collector, PATIENCE)
                finally:
                    collector.kill()
            rows, frames = self.said(octets for _, octets in self.read(cluster))
            collector = There(self, self.site, "--brokers", cluster.address, "--period", "0.5",
                              "--history", self.file("history"))
            try:
                collector.wait_ready()
                query = "from=2000-01-01&to=2100-01-01"
                wait_until(lambda: collector.get(f"/api/v1/heat?{query}")["totals"]["tcp_packets"]
                           >= frames["frames.tcp"], collector, PATIENCE)
                found = collector.get(f"/api/v1/heat?{query}")
                self.assertEqual(found["totals"]["tcp_packets"], frames["frames.tcp"])
                self.assertEqual(found["totals"]["udp_packets"], frames["frames.udp"])
                self.assertEqual(sum(point[2] for point in found["points"]),
                                 sum(value for (_, name), value in rows.items()
                                     if name in ("tcp_src_packets", "tcp_dst_packets")))
                collector.stop()
            finally:
                collector.kill()

    def waiting(self, name):
        return len([file for file in os.listdir(self.file(f"of-{name}"))
                    if file.endswith(".record")])

    # the shipper's way to the brokers, and the test's own
    def ship(self, *words):
        return [*self.site.prefix, SHIP, *words]

    def make_topic(self, cluster):
        self.inside("make", cluster)

    def read(self, cluster):
        return [(None, bytes.fromhex(line)) for line in self.inside("read", cluster).split()]

    def inside(self, what, cluster):
        """test_kafka.py's functions, in a process of the namespace."""
        code = ("import sys; sys.path[:0] = sys.argv[1:3]\n"
                "from test_kafka import make_topic, read\n"
                "class Cluster: address = sys.argv[4]\n"
                "if sys.argv[3] == 'make': make_topic(Cluster)\n"
                "else: [print(octets.hex()) for _, octets in read(Cluster)]\n")
        return subprocess.run(
            [*self.site.prefix, "/usr/bin/python3", "-c", code, HERE, os.path.join(HERE, "../smoke"),
             what, cluster.address], check=True, stdout=subprocess.PIPE, text=True,
            timeout=PATIENCE, env=self.environment).stdout


if __name__ == "__main__":
    main()
