#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sites: networks whose place the operator knows, before any database and for private addresses."""

import ipaddress
import json
import signal
import subprocess

import smoke
from smoke import wait_until


class Sites(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.sites = self.file("sites.conf")

    def write(self, *lines):
        with open(self.sites, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def locate(self, *addresses):
        done = self.run_program("--json", "--sites", self.sites, "--locate", *addresses)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def hosts(self):
        """The addresses of the capture, with what each had: packets as source or destination."""
        self.run_program("--pcap", self.world.capture("plain"), "--once", "--hosts",
                         self.file("hosts.csv"))
        return {address: sum(int(row[f"{layer}_{way}_packets"]) for layer in ("tcp", "udp")
                             for way in ("src", "dst"))
                for address, row in self.rows().items()}

    def test_a_site_is_asked_first(self):
        self.write("10.0.0.0/8 = \"All\", 1, 2", "10.1.0.0/16 = \"Frankfurt DC\", 50.11, 8.68, DE",
                   "fd00::/8 = \"Lab\", 3, 4", "8.8.8.0/24 = \"Theirs\", 5, 6, US")
        wide, inner, lab, public, carried, none = self.locate(
            "10.2.0.1", "10.1.255.1", "fd12::1", "8.8.8.8", "2002:0a01:0203::1", "192.168.1.1")
        for answer, name, own in ((wide, "All", True), (inner, "Frankfurt DC", True),
                                  (lab, "Lab", True), (public, "Theirs", False),
                                  (carried, "Frankfurt DC", True)):
            self.assertEqual((answer["result"], answer["city"], answer["precision"], answer["own"]),
                             ("site", name, "site", own), answer)
            self.assertIsNone(answer["database"])
        self.assertEqual(inner["network"], "10.1.0.0/16")
        self.assertEqual((inner["latitude"], inner["longitude"], inner["country"]),
                         (50.11, 8.68, "DE"))
        self.assertIn("the site 'Frankfurt DC' of 10.1.0.0/16", inner["reason"])
        self.assertEqual(none["result"], "private")

    def test_counts_go_to_sites(self):
        hosts = self.hosts()
        ipv4 = [address for address in hosts if ":" not in address]
        of_each = {}
        for address in ipv4:
            network = str(ipaddress.ip_network(f"{address}/8", strict=False))
            of_each[network] = of_each.get(network, 0) + hosts[address]
        some = sorted(of_each, key=of_each.get)[-3:]
        self.write(*(f"{network} = \"site {n}\", {10 + n}, {20 + n}, FR"
                     for n, network in enumerate(some)))
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--sites",
                          self.sites, "--history", self.file("history")) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            self.balanced(status)
            self.assertEqual(status["ledger"]["addresses"]["site"],
                             sum(of_each[network] for network in some))
            heat = program.get("/api/v1/heat?window=start")
            want = {f"site {n}": of_each[network] for n, network in enumerate(some)}

            def found(answer):
                return {row[0]: row[4] + row[5] for row in answer["top"]["sites"]}
            self.assertEqual(found(heat), want)
            self.assertFalse({row[0] for row in heat["top"]["cities"]} & want.keys())
            site = heat["fields"].index("site")
            self.assertEqual(sum(row[site] for row in heat["points"]), len(want))
            wait_until(lambda: program.status()["history"]["stored"] >= status["period"],
                       "the store")
            past = program.get("/api/v1/heat?from=-1h")
            self.assertEqual(found(past), want)

    def test_overflow_goes_to_sites_too(self):
        """Lanes without room for hosts count by the prefix map, which knows the sites."""
        hosts = self.hosts()
        inner = ipaddress.ip_network("5.20.0.0/14")
        of_inner = sum(count for address, count in hosts.items()
                       if ipaddress.ip_address(address) in inner)
        self.assertGreater(of_inner, 0)
        self.write(f"{inner} = \"inner\", 1, 2", "0.0.0.0/0 = \"rest\", 3, 4",
                   "::/0 = \"six\", 5, 6")
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--sites",
                          self.sites, "--hosts-per-lane", "8") as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            self.balanced(status)
            self.assertGreater(status["ledger"]["addresses"]["table_full"], 0)
            heat = program.get("/api/v1/heat?window=start")
            found = {row[0]: row[4] + row[5] for row in heat["top"]["sites"]}
            self.assertEqual(found["inner"], of_inner)
            self.assertEqual(sum(found.values()), sum(status["ledger"]["addresses"].values()))

    def test_read_anew(self):
        self.write("10.0.0.0/8 = \"before\", 1, 2")
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "2000", "--period", "0.2", "--sites", self.sites) as program:

            def name():
                return program.get("/api/v1/locate?ip=10.1.2.3")["city"]
            self.assertEqual(name(), "before")
            self.write("10.0.0.0/8 = \"after\", 1, 2")
            wait_until(lambda: "there is another file now" in program.output(), "a word")
            wait_until(lambda: name() == "after", "the new file")
            self.write("10.0.0.0/8 = \"asked for\", 1, 2")
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: name() == "asked for", "the new file")
            self.write("10.0.0.0/8 = \"broken, 1, 2")
            wait_until(lambda: "sites.conf:1: the name has no end" in program.output(), "a word")
            self.assertEqual(name(), "asked for")

    def test_mistakes(self):
        self.write("# ours", "10.0.0.0/8 = \"x\", 100, 2")
        capture = ["--pcap", self.world.capture("plain"), "--once"]
        self.refused(*capture, "--sites", self.sites, code=1,
                     says=["sites.conf:2: ", "latitude is to be from -90 to 90"])
        self.refused(*capture, "--sites", self.file("none"), code=1, says="No such file")
        databases = [word for path in self.world.databases for word in ("--geo-db", path)]
        done = subprocess.run([self.binary, "--check", "--sites", self.sites, "--listen", "off",
                               *databases],
                              capture_output=True, text=True, check=False,
                              timeout=smoke.PATIENCE, cwd=self.cwd,
                              env={**self.environment, **self.sanitizers([])})
        self.assertIn("sites.conf:2", done.stdout + done.stderr)


if __name__ == "__main__":
    smoke.main()
