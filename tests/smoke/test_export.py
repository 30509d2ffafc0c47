#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--export: what a history holds of a time, as files."""

import csv
import io
import json
import os
import re
import sqlite3

import smoke
from smoke import wait_until

PACKETS = ("tcp_src_packets", "tcp_dst_packets", "udp_src_packets", "udp_dst_packets")


class Export(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.folder = self.file("history")

    def fill(self):
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--history",
                                self.folder, "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.json("status.json")

    def export(self, *arguments, code=0, says=""):
        done = self.run_program("--history", self.folder, "--export", *arguments, bare=True)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(says, done.stderr)
        return done.stdout

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_every_format_says_the_same(self):
        status = self.fill()
        rows = self.rows(self.export("csv"))
        self.assertTrue(rows)
        total = sum(int(row[name]) for row in rows for name in PACKETS)
        self.assertEqual(total, status["ledger"]["addresses"]["located"])
        features = json.loads(self.export("geojson"))["features"]
        self.assertEqual(len(features), len(rows))
        heat = json.loads(self.export("json"))
        self.assertEqual(heat["totals"]["tcp_packets"], status["ledger"]["tcp"])
        self.assertTrue(heat["totals"]["balanced"])
        countries = json.loads(self.export("countries"))["features"]
        self.assertEqual({feature["properties"]["country"] for feature in countries},
                         {row["country"] for row in rows})
        steps = self.rows(self.export("series", "--step", "1h"))
        for name in ("tcp", "udp"):
            self.assertEqual(sum(int(row[f"{name}_packets"]) for row in steps),
                             status["ledger"][name])
        self.assertEqual(sum(int(row["received"]) for row in steps), status["received"])
        page = self.export("html")
        held = json.loads(re.search(r'id="heat-data"[^>]*>([^<]*)<', page)[1])
        self.assertEqual(held["totals"], heat["totals"])
        self.assertEqual(sum(step[held["timeline"]["fields"].index("tcp_packets")]
                             for step in held["timeline"]["steps"]), status["ledger"]["tcp"])

    def test_beside_a_process_that_writes(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "2000", "--period", "0.2", "--history", self.folder) as program:
            until = wait_until(lambda: (lambda h: h["stored_until"] if h["stored"] >= 3 else None)(
                program.status()["history"]), "three periods")
            asked = f"/api/v1/heat.csv?from=2020-01-01&to={until}"
            with smoke.urllib.request.urlopen(f"http://127.0.0.1:{program.port}{asked}",
                                              timeout=30) as answer:
                told = answer.read().decode()
            printed = self.export("csv", "--from", "2020-01-01", "--to", until)
        self.assertEqual(self.rows(printed), self.rows(told))

    def test_a_time_of_which_nothing_is_kept(self):
        self.fill()
        text = self.export("csv", "--from", "2001-01-01", "--to", "2001-01-02",
                           says="nothing is kept of that time")
        self.assertEqual(self.rows(text), [])

    def test_what_is_wrong_is_said(self):
        self.export("csv", code=1, says="there is no history.sqlite")
        self.fill()
        for arguments, says in (
                (("parquet",), "none of csv, geojson"), (("csv", "--from", "yesterday"), "no time"),
                (("csv", "--to", ""), "--to"), (("series", "--step", "0"), "no length"),
                (("csv", "--from", "2002-01-01", "--to", "2001-01-01"), "not before"),
                (("series", "--from", "2001-01-01", "--step", "60"), "longer step")):
            with self.subTest(arguments):
                self.export(*arguments, code=2, says=says)
        for arguments in (("--from", "-1h"), ("--export", "csv")):
            done = self.run_program(*arguments, bare=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--export", done.stderr)
        with open("/dev/full", "wb") as full:
            done = smoke.subprocess.run([self.binary, "--history", self.folder, "--export", "csv"],
                                        stdout=full, stderr=smoke.subprocess.PIPE, check=False,
                                        env={**self.environment, **self.sanitizers([])})
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output cannot be written", done.stderr)

    def test_a_file_that_is_not_ours_stays_as_it_is(self):
        os.mkdir(self.folder)
        path = os.path.join(self.folder, "history.sqlite")
        for make, says in ((lambda db: db.execute("CREATE TABLE t(a)"), "not a history"),
                           (lambda db: db.execute("PRAGMA application_id = 1885891944"), "older"),
                           (lambda db: db.execute("PRAGMA user_version = 99"), "newer")):
            with sqlite3.connect(path) as db:
                make(db)
            db.close()
            with open(path, "rb") as file:
                before = file.read()
            self.export("csv", code=1, says=says)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)
        with open(path, "wb") as file:
            file.write(b"this is no database " * 1000)
        self.export("csv", code=1, says="cannot be read")
        self.assertEqual(os.listdir(self.folder), ["history.sqlite"])


if __name__ == "__main__":
    smoke.main()
