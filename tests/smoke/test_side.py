#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--local and --side: our own networks apart, in each format, in the past, and where a lane's table
is too small; against the oracle's hosts."""

import collections
import csv
import io
import ipaddress
import json
import os
import urllib.error
import urllib.request

from smoke import Smoke, main, make_captures, oracle, wait_until  # first: it tells where the tools lie

from frames import ether, ipv4, pcap, tcp
from network import Capturing, Namespace

LOCAL = ["5.8.0.0/14", "5.20.0.1", "2a00:1::/32", "2a00:5::/32"]
COUNTERS = [name for name in oracle.COLUMNS if "frame" not in name]


def is_own(address, networks):
    address = oracle.embedded(address)
    return any(address in ipaddress.ip_network(text) for text in networks)


class Sides(Smoke):
    def setUp(self):
        super().setUp()
        frames = make_captures.plain() + make_captures.both_families() + make_captures.private()
        self.capture = self.world.write("sides.pcap", pcap(frames))
        self.named = [word for text in LOCAL for word in ("--local", text)]

    def expected(self, networks, remote):
        """{(country, own): counts} of what is on the map, and in how many places."""
        hosts, _ = oracle.count([self.capture])
        atlas = oracle.Atlas(self.world.databases)
        sums, places = collections.defaultdict(collections.Counter), set()
        for address, counts in hosts.items():
            place = None if oracle.is_private(address) else atlas.place(address)
            own = is_own(address, networks)
            if place is None or place[1] == "" or (remote and own):
                continue
            places.add((*place, own))
            sums[place[0], int(own)].update({name: counts[name] for name in COUNTERS})
        return {key: dict(sum_) for key, sum_ in sums.items()}, len(places)

    def ways(self, networks):
        """Packet by packet: which way each goes, and the octets."""
        packets, octets = collections.Counter(), collections.Counter()
        for frame in oracle.read_pcap(self.capture):
            _, source, destination, size = oracle.parse(frame)
            if source is None:
                continue
            ours = [oracle.is_private(address) or is_own(address, networks)
                    for address in (source, destination)]
            way = {(0, 0): "through", (0, 1): "in", (1, 0): "out", (1, 1): "inside"}[*ours]
            packets[way] += 1
            octets[way] += size
        return dict(packets), dict(octets)

    def check_ways(self, program, networks):
        status = program.status()
        self.balanced(status)
        packets, octets = self.ways(networks)
        self.assertEqual({way: n for way, n in status["ledger"]["ways"].items() if n}, packets)
        self.assertEqual({way: n for way, n in status["ledger"]["way_octets"].items() if n},
                         octets)
        heat = program.get("/api/v1/heat?window=start")
        self.assertEqual(heat["totals"]["ways"], status["ledger"]["ways"])
        metrics = self.ask(program, "/metrics")
        for way, n in packets.items():
            self.assertIn(f'packet_heatmap_way_packets_total{{way="{way}"}} {n}\n', metrics)
        return packets

    def ask(self, program, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{program.port}{path}", timeout=20) as answer:
            return answer.read().decode()

    def sums_of(self, text):
        sums = collections.defaultdict(collections.Counter)
        rows = list(csv.DictReader(io.StringIO(text)))
        for row in rows:
            sums[row["country"], int(row["own"])].update(
                {name: int(row[name]) for name in COUNTERS})
        return {key: dict(sum_) for key, sum_ in sums.items()}, len(rows)

    def check(self, program, networks, query=""):
        for side in ("all", "remote"):
            remote = side == "remote"
            want, places = self.expected(networks, remote)
            join = "&" if query else "?"
            given = f"{query}{join}side={side}"
            self.assertEqual(self.sums_of(self.ask(program, f"/api/v1/heat.csv{given}")),
                             (want, places))
            heat = json.loads(self.ask(program, f"/api/v1/heat{given}"))
            self.assertEqual(heat["side"], side)
            own = heat["fields"].index("own")
            packets = sum(sum(row[2:4]) for row in heat["points"])
            self.assertEqual(packets, sum(sum_[name] for sum_ in want.values() for name in sum_
                                          if name.endswith("packets")))
            self.assertEqual(any(row[own] for row in heat["points"]),
                             any(key[1] for key in want))
            self.assertEqual(sum(sum(row[1:3]) for row in heat["top"]["countries"]), packets)
            for row in heat["top"]["talkers"]:
                self.assertFalse(remote and is_own(ipaddress.ip_address(row[0]), networks), row)
            features = json.loads(self.ask(program, f"/api/v1/heat.geojson{given}"))["features"]
            self.assertEqual(len(features), len(heat["points"]))
            self.assertEqual({feature["properties"]["own"] for feature in features},
                             {bool(key[1]) for key in want})
            land = json.loads(self.ask(program, f"/api/v1/countries.geojson{given}"))["features"]
            self.assertEqual(sum(feature["properties"][f"{layer}_{way}_packets"]
                                 for feature in land for layer in ("tcp", "udp")
                                 for way in ("src", "dst")), packets)

    def over(self, program):
        wait_until(lambda: program.status()["state"] == "over", "the end")

    def test_each_format(self):
        with self.running("--pcap", self.capture, *self.named, "--period", "0.2") as program:
            self.over(program)
            self.check(program, LOCAL, "?window=start")
            self.assertEqual(len(self.check_ways(program, LOCAL)), 4)
            for path in ("/api/v1/heat", "/api/v1/heat.csv", "/ip_heatmap.html"):
                with self.assertRaises(urllib.error.HTTPError) as raised:
                    self.ask(program, f"{path}?side=both")
                self.assertEqual(raised.exception.code, 400)
                self.assertIn("side is one of all, remote", raised.exception.read().decode())
                raised.exception.close()

    def test_without_one_all_is_remote(self):
        with self.running("--pcap", self.capture, "--period", "0.2") as program:
            self.over(program)
            self.check(program, [], "?window=start")
            self.check_ways(program, [])

    def test_hosts_beyond_the_table(self):
        """Eight hosts have a row, all others count by network: at the same places."""
        with self.running("--pcap", self.capture, *self.named, "--hosts-per-lane", "8", "--period",
                          "0.2") as program:
            self.over(program)
            self.assertGreater(program.status()["ledger"]["addresses"]["table_full"], 100)
            for side in ("all", "remote"):
                text = self.ask(program, f"/api/v1/heat.csv?window=start&side={side}")
                self.assertEqual(self.sums_of(text), self.expected(LOCAL, side == "remote"))

    def test_the_past(self):
        with self.running("--pcap", self.capture, *self.named, "--period", "0.2", "--history",
                          self.file("history")) as program:
            self.over(program)
            last = program.status()["period"]
            wait_until(lambda: program.status()["history"]["stored"] >= last,
                       "all periods in the store")
            for side in ("all", "remote"):
                text = self.ask(program, f"/api/v1/heat.csv?from=-1h&side={side}")
                self.assertEqual(self.sums_of(text), self.expected(LOCAL, side == "remote"))
            with self.assertRaises(urllib.error.HTTPError) as raised:
                self.ask(program, "/api/v1/heat?from=-1h&side=x")
            self.assertEqual(raised.exception.code, 400)
            raised.exception.close()

    def test_what_is_shown_unless_asked(self):
        with self.running("--pcap", self.capture, *self.named, "--side", "remote", "--period",
                          "0.2", "--html", "map.html") as program:
            self.over(program)
            self.assertEqual(program.get("/api/v1/heat")["side"], "remote")
            self.assertEqual(program.status()["side"], "remote")
            self.assertEqual(self.sums_of(self.ask(program, "/api/v1/heat.csv")),
                             self.expected(LOCAL, True))
            self.assertEqual(program.get("/api/v1/heat?side=all")["side"], "all")

    def test_a_reload_keeps_it(self):
        with self.running("--pcap", self.capture, *self.named, "--pcap-loop", "--pcap-rate", "2000",
                          "--period", "0.2") as program:
            program.process.send_signal(1)
            wait_until(lambda: program.status()["reloads"] == 1, "the reload")
            before = program.status()["period"]
            wait_until(lambda: program.status()["period"] > before + 2, "periods after it")
            heat = program.get("/api/v1/heat?window=now")
            self.assertTrue(any(row[heat["fields"].index("own")] for row in heat["points"]))

    def test_bad_networks(self):
        for text, says in (("192.0.2.7/24", "192.0.2.0/24, if that is meant"),
                           ("192.0.2.0/33", "is no network"), ("net", "is no network"),
                           ("", "is empty")):
            self.refused("--pcap", self.capture, "--local", text, code=2, says=says)
        self.refused("--pcap", self.capture, "--side", "left", code=2, says="all or remote")
        many = [word for i in range(129)
                for word in ("--local", f"{i % 100 + 100}.{i}.0.0/16")]
        self.refused("--pcap", self.capture, *many, code=2, says="64")


class OwnAddress(Capturing):
    def test_the_interfaces_addresses_are_ours(self):
        self.namespace = Namespace(f"phm-side-{os.getpid()}")
        self.addCleanup(self.namespace.close)
        for address in ("5.1.0.9/24", "10.1.2.3/24"):
            self.namespace.run("ip", "address", "add", address, "dev", "sensor")
        frames = [ether(ipv4("5.1.0.9", "5.2.0.1", tcp(1, 2, b"x" * 20))),
                  ether(ipv4("5.1.0.8", "5.1.0.9", tcp(1, 2, b"x" * 20)))]
        capture = self.world.write("own.pcap", pcap(frames))
        with self.capturing("--output", "csv", "places.csv", "--rows", "places") as program:
            self.send(capture)
            wait_until(lambda: (self.seen(program) or 0) >= 2, "two packets")
        with open(self.file("places.csv"), encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file)]
        own = sum(int(row[f"tcp_{way}_packets"]) for row in rows if row["own"] == "1"
                  for way in ("src", "dst"))
        others = sum(int(row[f"tcp_{way}_packets"]) for row in rows if row["own"] == "0"
                     for way in ("src", "dst"))
        self.assertEqual((own, others), (2, 2))


if __name__ == "__main__":
    main()
