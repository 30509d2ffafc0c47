#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What of addresses leaves the process: cut (--anonymise) or none (--no-hosts), places exact."""

import csv
import ipaddress
import json
import os
import re
import sqlite3

import smoke
from smoke import wait_until

CUT = "ipv4=16,ipv6=32"


def cut(address):
    """As the program has to: of an IPv4 address inside an IPv6 one no more than of any other."""
    bits = 16 if ":" not in address else 32
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False).network_address)


class Privacy(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.capture = self.world.capture("ipv6")
        done = self.run_program("--pcap", self.capture, "--once", "--hosts",
                                self.file("whole.csv"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.whole = self.rows("whole.csv")
        # addresses that would not be told apart from others if they were cut show nothing
        self.telling = [address for address in self.whole if cut(address) != address]
        self.assertGreater(len(self.telling), 10)
        self.assertTrue(any(":" in address for address in self.telling))

    def tells_none(self, text, what):
        """None of the addresses of the capture is in there."""
        words = set(re.findall(r"[0-9a-fA-F:.]+", text))
        self.assertFalse(words & set(self.telling), what)

    def of_all(self, *options):
        """All that leaves: name -> text. And the running program's answers as JSON."""
        folder = self.file("history")
        texts = {}
        with self.running("--pcap", self.capture, "--period", "0.2", "--history", folder,
                          "--html", self.file("map.html"), "--output",
                          f"jsonl {self.file('lines')}", "--rows", "places", "--records",
                          self.file("records"), *options) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            self.balanced(status)
            wait_until(lambda: program.status()["history"]["stored"] >= status["period"],
                       "the store")
            heat = program.get("/api/v1/heat?window=start")
            past = program.get("/api/v1/heat?from=-1h")
            answers = {"heat": heat, "past": past, "now": program.get("/api/v1/heat?window=now"),
                       "status": program.status()}
            for row in heat["points"]:
                number = row[heat["fields"].index("id")]
                answers[f"place {number}"] = program.get(f"/api/v1/place/{number}")
            for row in past["points"]:
                answers[f"kept {row[10]}"] = program.get(f"/api/v1/places/{row[10]}?from=-1h")
            texts["log"] = program.output()
        for name, answer in answers.items():
            texts[name] = json.dumps(answer)
        for name in ("map.html", "lines"):
            texts[name] = self.read(name)
        for name in sorted(os.listdir(self.file("records"))):
            with open(os.path.join(self.file("records"), name), "rb") as file:
                texts[f"record {name}"] = file.read().decode("latin-1")
        for form in ("json", "html", "csv"):
            done = self.run_program("--history", folder, "--export", form, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            texts[f"export {form}"] = done.stdout
        return texts, answers

    def test_cut(self):
        texts, answers = self.of_all("--anonymise", CUT, "--hosts", self.file("hosts.csv"))
        texts["hosts"] = self.read("hosts.csv")
        for name, text in texts.items():
            self.tells_none(text, name)
        # nothing is lost: each cut address has at its place what those it stands for had
        counters = [name for name in next(iter(self.whole.values())) if
                    name.endswith(("packets", "octets"))]
        expected, found = {}, {}
        for address, row in self.whole.items():
            key = (cut(address), row["country"], row["latitude"], row["longitude"])
            sums = expected.setdefault(key, dict.fromkeys(counters, 0))
            for name in counters:
                sums[name] += int(row[name])
        with open(self.file("hosts.csv"), encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                key = (row["address"], row["country"], row["latitude"], row["longitude"])
                sums = found.setdefault(key, dict.fromkeys(counters, 0))
                for name in counters:
                    sums[name] += int(row[name])
        self.assertEqual(found, expected)
        # lists, and what says that they are cut
        cuts = {cut(address) for address in self.whole}
        for name in ("heat", "past", "now"):
            self.assertEqual(answers[name]["anonymised"], {"ipv4": 16, "ipv6": 32}, name)
            self.assertTrue(name == "now" or answers[name]["top"]["talkers"])
            for row in answers[name]["top"]["talkers"]:
                self.assertIn(row[0], cuts, name)
        # a place has no more than its own
        for name, answer in answers.items():
            if name.startswith(("place ", "kept ")):
                mine = [sum(column) for column in zip(*(row[1:] for row in answer["talkers"]))]
                for part, whole in zip(mine, answer["counts"]):
                    self.assertLessEqual(part, whole, name)
                self.assertTrue(answer["talkers"], name)

    def test_places_stay_exact(self):
        _, cut_answers = self.of_all("--anonymise", CUT)
        points, totals = (cut_answers["heat"][key] for key in ("points", "totals"))
        with self.running("--pcap", self.capture, "--period", "0.2") as program:
            wait_until(lambda: program.status()["state"] == "over", "the capture's end")
            whole = wait_until(lambda: (lambda h: h if h["state"] == "over" else None)(
                program.get("/api/v1/heat?window=start")), "the last period")
        self.assertEqual(sorted(row[:10] + row[11:] for row in points),  # without the number
                         sorted(row[:10] + row[11:] for row in whole["points"]))
        for key in ("addresses", "tcp_packets", "udp_packets", "locations", "ways"):
            self.assertEqual(totals[key], whole["totals"][key], key)

    def test_no_hosts(self):
        texts, answers = self.of_all("--no-hosts")
        for name, text in texts.items():
            self.tells_none(text, name)
        for name in ("heat", "past", "now"):
            self.assertEqual(answers[name]["top"]["talkers"], [], name)
            self.assertEqual(answers[name]["top"]["talkers_window"], "hidden", name)
        self.assertEqual(answers["heat"]["totals"]["hosts"], len(self.whole))
        with sqlite3.connect(os.path.join(self.file("history"), "history.sqlite")) as db:
            self.assertEqual(db.execute("SELECT count(hosts) FROM tier0").fetchone(), (0,))
        report = self.run_program("--pcap", self.capture, "--once", "--no-hosts")
        self.assertNotIn("Talkers", report.stdout)
        self.tells_none(report.stdout, "report")

    def test_what_was_kept_whole_comes_out_cut(self):
        folder = self.file("history")
        with self.running("--pcap", self.capture, "--period", "0.2", "--history",
                          folder) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            wait_until(lambda: program.status()["history"]["stored"] >= status["period"],
                       "the store")
        whole, cuts, none = (self.run_program("--history", folder, "--export", "json", *options)
                             for options in ((), ("--anonymise", CUT), ("--no-hosts",)))
        names = {row[0] for row in json.loads(whole.stdout)["top"]["talkers"]}
        self.assertTrue(names & set(self.telling))
        self.tells_none(cuts.stdout, "cut")
        self.assertEqual({row[0] for row in json.loads(cuts.stdout)["top"]["talkers"]} -
                         {cut(address) for address in self.whole}, set())
        self.assertEqual(json.loads(none.stdout)["top"]["talkers"], [])

    def test_mistakes(self):
        capture = ["--pcap", self.capture, "--once"]
        for value in ("24", "ipv4=33", "ipv6=129", "ipv4=", "ipv4=24,", "ipv4=24,ipv4=24",
                      "ipv5=1", "ipv4=-1", "ipv4=24 ipv6=48", "ipv4=0x8", "ipv6=48,ipv4"):
            self.refused(*capture, "--anonymise", value, code=2,
                         says=["--anonymise", "such as ipv4=24,ipv6=48"])
        self.refused(*capture, "--no-hosts", "--hosts", self.file("hosts.csv"), code=2,
                     says="leave one out")
        done = self.run_program(*capture, "--anonymise", "ipv4=24", "--hosts",
                                self.file("hosts.csv"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for address in self.rows():
            bits = 24 if ":" not in address else 48  # the family that is not named is cut too
            ipaddress.ip_network(f"{address}/{bits}")


if __name__ == "__main__":
    smoke.main()
