#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The store, through the program: what is kept, what a restart takes up, and what is refused."""

import contextlib
import os
import shutil
import signal
import sqlite3

import smoke
from smoke import wait_until

MINUTE = 60000


class History(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.folder = self.file("history")

    def store(self):
        """A connection of our own, as `sqlite3` would have it."""
        return contextlib.closing(sqlite3.connect(os.path.join(self.folder, "history.sqlite")))

    def looping(self):
        return ["--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate", "2000",
                "--period", "0.2", "--history", self.folder]

    def loop(self):
        return self.running(*self.looping())

    def stored(self, program, periods):
        def enough():
            history = program.status()["history"]
            return history if history["stored"] >= periods else None
        return wait_until(enough, f"{periods} periods in the store")

    def test_nothing_is_kept_unless_asked(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
            self.assertIsNone(program.status()["history"])

    def test_what_was_counted_is_in_the_store(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.folder) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            self.assertEqual(status["history"]["state"], "storing")
            self.assertEqual(status["history"]["folder"], self.folder)
            self.assertEqual(status["history"]["limit"], 2000000000)
        with self.store() as db:
            received, tcp, udp, lost = db.execute(
                "SELECT sum(received), sum(tcp), sum(udp), sum(lost) FROM tier0").fetchone()
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        self.assertEqual(received, status["received"])
        self.assertEqual(tcp, status["ledger"]["tcp"])
        self.assertEqual(udp, status["ledger"]["udp"])
        self.assertEqual(lost, 0)

    def test_once_keeps_its_one_period(self):
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--history",
                                self.folder, "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        with self.store() as db:
            self.assertEqual(db.execute("SELECT count(*), sum(received) FROM tier0").fetchone(),
                             (1, self.json("status.json")["received"]))

    def test_windows_go_on_after_a_restart(self):
        with self.loop() as program:
            self.stored(program, 5)
        with self.store() as db:
            tcp, = db.execute("SELECT sum(tcp) FROM tier0").fetchone()
        # no packet this time: what a window has is from before
        with self.running("--pcap", self.world.bad("empty.pcap"), "--period", "0.5",
                          "--history", self.folder) as program:
            def windows():
                with contextlib.suppress(OSError):
                    return [program.get(f"/api/v1/heat?window={window}")
                            for window in ("24h", "1h", "start", "now")]
                return None
            day, hour, start, now = wait_until(windows, "the first period")
            for window in (day, hour):
                self.assertEqual(window["totals"]["tcp_packets"], tcp)
                self.assertGreater(len(window["points"]), 0)
            for window in (start, now):
                self.assertEqual(window["totals"]["tcp_packets"], 0)
                self.assertEqual(window["points"], [])
            self.assertGreater(max(day["sensor"]["history"]), 0)
            self.assertIn("the windows go on from", program.output())

    def test_kill_loses_nothing_that_was_reported(self):
        for _ in range(3):
            program = smoke.Program(self, self.looping(), None, (), True, {}, ())
            try:
                program.wait_ready()
                before = self.stored(program, 4)
            finally:
                program.process.send_signal(signal.SIGKILL)
                program.process.wait()
                program.kill()
            with self.store() as db:
                last, = db.execute("SELECT max(finish) FROM tier0").fetchone()
                text, = db.execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ? / 1000, 'unixepoch')",
                                   (last,)).fetchone()
                self.assertGreaterEqual(text, before["stored_until"])
                self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")

    def test_two_processes_on_one_folder(self):
        with self.loop():
            self.refused("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                         self.folder, "--listen", "off", code=1,
                         says=["another process writes there", self.folder])

    def test_newer_schema_is_refused(self):
        os.mkdir(self.folder)
        with self.store() as db:
            db.execute("PRAGMA user_version = 7")
        self.refused("--pcap", self.world.capture("plain"), "--once", "--history", self.folder,
                     code=1, says=["newer version", "schema 7", "history.sqlite"])

    def test_bad_words(self):
        for option, value in (("--history-size", "2 gigs"), ("--history-keep", "1h,forever"),
                              ("--history-size", "0GB"), ("--history-keep", "")):
            self.refused("--pcap", self.world.capture("plain"), option, value, code=2,
                         says=[option, value])
        self.refused("--pcap", self.world.capture("plain"), "--once", "--history",
                     "/proc/none/here", code=1, says="/proc/none/here")

    def test_damaged_file_is_kept_aside(self):
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "history.sqlite"), "wb") as file:
            file.write(b"this is no database " * 1000)
        with self.loop() as program:
            self.assertEqual(self.stored(program, 1)["damaged"], 1)
            self.assertIn("is damaged; it is kept as", program.output())
        names = os.listdir(self.folder)
        self.assertTrue(any(".damaged-" in name for name in names), names)

    def ask(self, program, path, headers=None):
        request = smoke.urllib.request.Request(f"http://127.0.0.1:{program.port}{path}",
                                               headers=headers or {})
        try:
            with smoke.urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except smoke.urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def test_a_range_is_what_was_counted(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.folder) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            self.stored(program, status["period"])
            start = program.get("/api/v1/heat?window=start")
            past = program.get("/api/v1/heat?from=-1h")
            for key in ("tcp_packets", "udp_packets", "tcp_frame_octets", "locations", "countries",
                        "addresses", "balanced"):
                self.assertEqual(past["totals"][key], start["totals"][key], key)
            mine = sorted((row[:10] + row[11:], name) for row, name in
                          zip(past["points"], past["places"]))
            theirs = sorted((row[:10] + row[11:], name) for row, name in
                            zip(start["points"], start["places"]))
            self.assertEqual(mine, theirs)
            self.assertEqual(past["top"]["countries"], start["top"]["countries"])
            self.assertEqual(past["past"]["resolution"], "period")
            self.assertEqual(past["past"]["damaged_rows"], 0)
            # lines: all, one country, one place
            series = program.get("/api/v1/series?from=-1h&step=1m")
            fields = series["fields"]
            self.assertEqual(sum(row[fields.index("received")] for row in series["steps"]),
                             status["received"])
            code, *counters = start["top"]["countries"][0]
            series = program.get(f"/api/v1/series?from=-1h&step=1m&country={code}")
            self.assertEqual([sum(column) for column in zip(*series["steps"])][2:], counters)
            row = past["points"][0]
            series = program.get(f"/api/v1/series?from=-1h&step=1h&place={row[10]}")
            self.assertEqual([sum(column) for column in zip(*series["steps"])][2:], row[2:10])

    def test_hosts_of_the_past(self):
        """The busiest of each place and of all; of few hosts all, then exact."""
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.folder) as program:
            wait_until(lambda: program.status()["state"] == "over", "the capture's end")
            self.stored(program, program.status()["period"])
            live = program.get("/api/v1/heat?window=start")["top"]
            past = program.get("/api/v1/heat?from=-1h&to=now")
            kept = past["top"]["talkers"]
            self.assertEqual(past["top"]["talkers_window"], "past")
            counts = {row[0]: row[1:10] for row in live["talkers"]}
            seen = {row[0]: row[1:10] for row in kept}
            self.assertTrue(seen.keys() & counts.keys())
            for address in seen.keys() & counts.keys():
                self.assertEqual(seen[address], counts[address], address)
            # of one place, by its key
            places = {row[10]: row for row in past["points"]}
            address, *_, key = next(row for row in kept if row[10] in places)
            place = program.get(f"/api/v1/places/{key}?from=-1h")
            self.assertEqual(place["counts"], places[key][2:10])
            mine = {row[0]: row[1:] for row in place["talkers"]}
            self.assertEqual(mine[address], seen[address][1:])
            self.assertGreaterEqual(place["hosts"], len(mine))
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.file("bare"), "--history-hosts", "0") as program:
            self.stored(program, 1)
            bare = program.get("/api/v1/heat?from=-1h")
            self.assertEqual(bare["top"]["talkers"], [])
            self.assertEqual(bare["top"]["talkers_window"], "none")
            self.assertTrue(bare["points"])

    def test_a_range_of_the_past_has_a_lasting_tag(self):
        with self.loop() as program:
            until = self.stored(program, 3)["stored_until"]
            path = f"/api/v1/heat?from=2020-01-01&to={until}"
            first, headers, body = self.ask(program, path)
            self.assertEqual(first, 200)
            self.stored(program, 6)
            again = self.ask(program, path, {"If-None-Match": headers["ETag"]})
            self.assertEqual((again[0], again[2]), (304, b""))
        with self.loop() as program:  # and over a restart
            self.stored(program, 1)
            self.assertEqual(self.ask(program, path)[1]["ETag"], headers["ETag"])
            self.assertEqual(self.ask(program, path)[2], body)

    def test_bad_ranges(self):
        with self.loop() as program:
            self.stored(program, 1)
            for query, says in (
                    ("heat?from=yesterday", "from"), ("heat?to=now", "from is missing"),
                    ("heat?from=-1h&to=-2h", "before"), ("heat?from=-1h&to=", "to"),
                    ("heat?from=-1h%00", "from"), ("heat?from=-1h&window=5m", "not both"),
                    ("series", "from is missing"), ("series?from=-1h&step=0", "step"),
                    ("series?from=-1h&place=x", "place"), ("series?from=-1h&place=0", "place"),
                    ("series?from=-1h&country=Germany", "country"),
                    ("series?from=-1h&country=DE&place=1", "not both"),
                    ("series?from=-90d&step=60", "longer step")):
                status, _, body = self.ask(program, f"/api/v1/{query}")
                self.assertEqual(status, 400, query)
                self.assertIn(says, body.decode(), query)
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
            wait_until(lambda: self.ask(program, "/api/v1/heat")[0] == 200, "the first period")
            status, _, body = self.ask(program, "/api/v1/heat?from=-1h")
            self.assertEqual(status, 404)
            self.assertIn(b"--history", body)
            self.assertEqual(self.ask(program, "/api/v1/series?from=-1h")[0], 404)

    def test_full_disk_is_survived(self):
        """A file system of 2 MB that is full: counting goes on, said so; with room again, stored."""
        if os.geteuid() != 0:
            self.skipTest("needs root for a small file system")
        os.mkdir(self.folder)
        smoke.subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.folder],
                             check=True)
        try:
            with self.loop() as program:
                self.stored(program, 1)
                ballast = os.path.join(self.folder, "ballast")
                with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
                    while True:
                        file.write(bytes(4096))
                wait_until(lambda: program.status()["history"]["state"] == "failing",
                           "a store that cannot store")
                received = program.status()["received"]
                wait_until(lambda: program.status()["received"] > received, "counting to go on")
                self.assertIn("history: cannot store in", program.output())
                os.unlink(ballast)
                status = wait_until(lambda: (lambda s: s if s["history"]["state"] == "storing"
                                             else None)(program.status()), "room again")
                self.assertEqual(status["history"]["dropped"], 0)
                self.assertIs(status["balanced"], True)
            with self.store() as db:
                numbers = [row[0] for row in db.execute("SELECT seq FROM tier0 ORDER BY seq")]
                self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
                self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        finally:
            smoke.subprocess.run(["umount", self.folder], check=True)
            shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    smoke.main()
