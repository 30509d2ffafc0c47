#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--locate and /api/v1/locate: the same answer as the map's, and where it came from."""

import ipaddress
import json
import random
import subprocess

import maxminddb

from smoke import BINARY, Smoke, main, wait_until


class Locate(Smoke):

    def ask(self, *addresses, text=None, code=0):
        done = subprocess.run([BINARY, "--json", *self.databases(), "--locate", *addresses],
                              cwd=self.cwd, env={**self.environment, **self.sanitizers(["--no-seccomp"])},
                              input=text, capture_output=True, text=True, check=False, timeout=60)
        self.no_reports(done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def databases(self):
        return [word for path in self.world.databases for word in ("--geo-db", path)]

    def test_against_the_library(self):
        """Random addresses, and those of the made-up world, against python3-maxminddb."""
        dice = random.Random(7)
        addresses = [str(ipaddress.ip_address(dice.getrandbits(32))) for _ in range(150)]
        addresses += [str(ipaddress.ip_address(dice.getrandbits(125) | 1 << 125))
                      for _ in range(100)]
        for place in self.world.places:
            for prefix in place.get("networks", place.get("prefixes", [])):
                addresses.append(prefix.split("/")[0])
        answers, _ = self.ask("-", text="\n".join(addresses) + "\n")
        self.assertEqual(len(answers), len(addresses))
        located = 0
        with maxminddb.open_database(self.world.ipv4) as v4, \
                maxminddb.open_database(self.world.ipv6) as v6:
            for address, answer in zip(addresses, answers):
                ip = ipaddress.ip_address(address)
                self.assertEqual(ipaddress.ip_address(answer["ip"]), ip)
                if answer["embedded_ipv4"] or answer["special_range"]:
                    continue
                record, bits = (v4 if ip.version == 4 else v6).get_with_prefix_len(address)
                if record is None:
                    self.assertEqual(answer["result"], "not_in_database", address)
                    continue
                located += answer["result"] == "located"
                network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
                self.assertEqual(answer["network"], str(network), address)
                self.assertIn(answer["database"]["path"], self.world.databases)
        self.assertGreater(located, 5)

    def test_a_database_of_countries(self):
        """It is no City database, and does: for the country, and says that it is no more."""
        path = self.world.database("countries.mmdb", [
            {"country": "DE", "networks": ["5.1.0.0/16", "2a00:1::/32"]},
            {"country": "GI", "networks": ["5.2.0.0/16"]}], schema="geolite2", family="both")
        done = subprocess.run(
            [BINARY, "--json", "--geo-db", path, "--locate", "5.1.0.1", "2a00:1::1", "5.2.0.1"],
            cwd=self.cwd, env={**self.environment, **self.sanitizers(["--no-seccomp"])},
            capture_output=True, text=True, check=False, timeout=60)
        self.no_reports(done.stderr)
        four, six, gibraltar = [json.loads(line) for line in done.stdout.splitlines()]
        for answer in (four, six):
            self.assertEqual((answer["result"], answer["country"], answer["precision"],
                              answer["country_only"], answer["radius_km"]),
                             ("located", "DE", "country", True, 0))
            self.assertTrue(47 < answer["latitude"] < 55 and 6 < answer["longitude"] < 15)
            self.assertIn("names the country only", answer["reason"])
        # the atlas has no shape of it
        self.assertEqual((gibraltar["result"], gibraltar["country"]), ("no_position", "GI"))

    def test_reasons(self):
        cases = {"10.1.2.3": "10.0.0.0/8 is private use, RFC 1918",
                 "127.0.0.1": "loopback, RFC 1122", "224.0.0.1": "multicast, RFC 5771",
                 "169.254.1.1": "link local, RFC 3927", "::1": "loopback, RFC 4291",
                 "fe80::1": "link local, RFC 4291", "fd00::1": "unique local",
                 "2001:db8::1": "documentation, RFC 3849", "100.64.0.1": "shared address space",
                 "64:ff9b::a01:203": "carries 10.1.2.3",
                 "2002:a01:203::1": "carries 10.1.2.3", "::ffff:8.8.8.8": "IPv4-mapped"}
        answers, _ = self.ask(*cases)
        for answer, (address, words) in zip(answers, cases.items()):
            self.assertEqual(answer["result"], "private", address)
            self.assertIn(words, answer["reason"], address)
            self.assertIsNone(answer["database"])

    def test_as_text(self):
        done = self.run_program(*self.databases(), "--locate", "5.1.0.1", "10.0.0.1", bare=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, second = done.stdout.splitlines()
        self.assertRegex(first, r"^5\.1\.0\.1: .*DE \(-?[\d.]+, -?[\d.]+\), the record of 5\..*in ")
        self.assertEqual(second, "10.0.0.1: not on the map: 10.0.0.0/8 is private use, RFC 1918")

    def test_refusals(self):
        for bad in ("fe80::1%eth0", "1.2.3", "1.2.3.4.5", "example.net", "1.2.3.4/24", ":::"):
            done = self.run_program(*self.databases(), "--locate", "5.1.0.1", bad, bare=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""), bad)
            self.assertIn("is no address", done.stderr)
        answers, said = self.ask("-", text="5.1.0.1\n\nnonsense\n10.0.0.1\n", code=1)
        self.assertEqual([answer["ip"] for answer in answers], ["5.1.0.1", "10.0.0.1"])
        self.assertIn("'nonsense' is no address", said)
        done = self.run_program("--geo-db", "/nowhere.mmdb", "--locate", "5.1.0.1", bare=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere.mmdb", done.stderr)

    def test_the_server_says_what_the_map_counts(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--hosts",
                          self.file("hosts.csv")) as program:
            wait_until(lambda: program.status()["state"] == "over", "the capture's end")
            rows = wait_until(self.rows, "the host table")
            for address, row in list(rows.items())[:40]:
                answer = program.get(f"/api/v1/locate?ip={address}")
                self.assertEqual(answer["country"], row["country"], address)
                self.assertEqual(answer["result"] == "located", row["latitude"] != "", address)
                if row["latitude"]:
                    self.assertAlmostEqual(answer["latitude"], float(row["latitude"]), 4)


if __name__ == "__main__":
    main()
