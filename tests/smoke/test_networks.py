#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whose networks they are: --asn-db, its list, its columns, its times, and what is wrong with one."""

import csv
import json
import os
import signal

import smoke
from smoke import wait_until

COUNTERS = [f"{layer}_{way}_packets" for layer in ("tcp", "udp") for way in ("src", "dst")]


class Networks(smoke.Smoke):

    def setUp(self):
        super().setUp()
        self.capture = self.world.capture("plain")
        # under these names they would be found
        self.files = [self.file("four.csv"), self.file("six.csv")]
        self.write(self.files[0], '5.1.0.0,5.2.255.255,64500,"One, Inc."',
                   "5.3.0.0,5.9.255.255,64501,Two")
        self.write(self.files[1], "2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64500,One")
        self.options = [word for path in self.files for word in ("--asn-db", path)]

    @staticmethod
    def write(path, *lines):
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))

    def hosts(self, *options):
        """The rows of --hosts, by address."""
        done = self.run_program("--pcap", self.capture, "--once", "--hosts", self.file("hosts.csv"),
                                *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.file("hosts.csv"), encoding="utf-8", newline="") as file:
            return {row["address"]: row for row in csv.DictReader(file)}

    def of_each(self, rows):
        """Packets by network, of the addresses that are in any."""
        sums = {}
        for address, row in rows.items():
            if not row["country"] and address.startswith(("10.", "192.168.", "fe80", "fd", "172.")):
                continue
            number = int(row["asn"] or 0)
            sums[number] = sums.get(number, 0) + sum(int(row[name]) for name in COUNTERS)
        return sums

    def over(self, program):
        status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
            program.status()), "the capture's end")
        self.balanced(status)
        return status

    def test_hosts_have_two_columns_more(self):
        bare = self.hosts()
        self.assertNotIn("asn", next(iter(bare.values())))
        rows = self.hosts(*self.options)
        self.assertEqual(list(next(iter(rows.values())))[-2:], ["asn", "network"])
        self.assertEqual({address: {key: row[key] for key in bare[address]}
                          for address, row in rows.items()}, bare)
        names = {(row["asn"], row["network"]) for row in rows.values()}
        self.assertIn(("64500", "One, Inc."), names)
        self.assertIn(("64501", "Two"), names)
        for address, row in rows.items():
            if address.startswith("5.") and int(address.split(".")[1]) in range(1, 10):
                second = int(address.split(".")[1])
                self.assertEqual(row["asn"], "64500" if second < 3 else "64501", address)

    def test_they_are_found_where_the_databases_are(self):
        given = self.hosts(*self.options)
        folder = self.file("geo")
        os.mkdir(folder)
        for path, name in zip(self.files, ("asn-ipv4.csv", "asn-ipv6.csv")):
            os.rename(path, os.path.join(folder, name))
        self.assertEqual(self.hosts("--geo-dir", folder), given)
        self.assertNotIn("asn", next(iter(self.hosts("--geo-dir", folder, "--asn-db",
                                                     "off").values())))

    def test_the_list_adds_up(self):
        rows = self.hosts(*self.options)
        expected = self.of_each(rows)
        with self.running("--pcap", self.capture, "--period", "0.2", "--history",
                          self.file("history"), *self.options) as program:
            status = self.over(program)
            wait_until(lambda: program.status()["history"]["stored"] >= status["period"],
                       "the store")
            heat = program.get("/api/v1/heat?window=start")
            past = program.get("/api/v1/heat?from=-1h")

            def found(answer):
                return {row[0]: sum(row[2:4]) for row in answer["top"]["networks"]}
            self.assertEqual(found(heat), expected)
            self.assertEqual(found(past), expected)
            addresses = heat["totals"]["addresses"]
            self.assertEqual(sum(expected.values()),
                             sum(addresses[name] for name in ("located", "not_in_database",
                                                              "no_position")))
            # places and networks are not mixed
            self.assertEqual(sum(row[2] + row[3] for row in past["points"]), addresses["located"])
            self.assertEqual(len(past["points"]), len(heat["points"]))
            for answer in heat, past:
                talkers = answer["top"]["talkers"]
                self.assertTrue(talkers)
                self.assertEqual(answer["top"]["talkers_networks"],
                                 [[int(rows[row[0]]["asn"] or 0), rows[row[0]]["network"]]
                                  for row in talkers])
            # a line of one of them, by its number
            for word in ("64500", "AS64500", "as64500"):
                series = program.get(f"/api/v1/series?from=-1h&step=1m&network={word}")
                names = [series["fields"].index(f"{layer}_packets") for layer in ("tcp", "udp")]
                self.assertEqual(sum(row[i] for row in series["steps"] for i in names),
                                 expected[64500])
            # a place's: of all its hosts
            for row in heat["points"]:
                place = program.get(f"/api/v1/place/{row[10]}")
                self.assertEqual([sum(column) for column in zip(*(
                    network[2:] for network in place["networks"]))], place["counts"])
            names = {database["title"] for database in program.status()["databases"]}
            self.assertTrue(any("RouteViews" in name for name in names), names)
            self.assertIn("RouteViews", heat["sensor"]["attribution"])
            unusual = program.get("/api/v1/events?from=-1h")
            self.assertEqual(unusual["events"], [])
        # after a restart the windows have them again
        with self.running("--pcap", self.capture, "--pcap-rate", "1", "--period", "0.2",
                          "--history", self.file("history"), *self.options) as program:
            hour = program.get("/api/v1/heat?window=1h")
            for number, packets in expected.items():
                self.assertGreaterEqual(found(hour).get(number, 0), packets)

    def test_locate_says_whose(self):
        done = self.run_program("--json", *self.options, "--locate", "5.1.0.1", "2002:0501:0001::1",
                                "10.0.0.1", "9.9.9.9")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(answer["asn"], answer["as_name"]) for answer in answers],
                         [(64500, "One, Inc.")] * 2 + [(None, None)] * 2)
        done = self.run_program(*self.options, "--locate", "5.1.0.1")
        self.assertTrue(done.stdout.endswith("; AS64500 One, Inc.\n"), done.stdout)

    def test_cut_addresses_are_in_a_network_where_all_of_it_is(self):
        rows = self.hosts(*self.options, "--anonymise", "ipv4=16")
        self.assertEqual({row["asn"] for address, row in rows.items()
                          if address.startswith("5.1.")}, {"64500"})
        rows = self.hosts(*self.options, "--anonymise", "ipv4=8")
        self.assertEqual({row["asn"] for address, row in rows.items() if address == "5.0.0.0"},
                         {""})

    def test_read_anew(self):
        database = self.file("asn.mmdb")

        def bring(name):
            record = {"autonomous_system_number": {"$uint32": 64510},
                      "autonomous_system_organization": name}
            with open(database, "wb") as file:
                file.write(smoke.make_mmdb.build([{"record": record, "networks": ["5.1.0.0/16"]}],
                                           schema="geolite2", family="both"))
        bring("before")
        with self.running("--pcap", self.capture, "--pcap-loop", "--pcap-rate", "2000", "--period",
                          "0.2", "--asn-db", database) as program:

            def name():
                return program.get("/api/v1/locate?ip=5.1.0.1")["as_name"]
            self.assertEqual(name(), "before")
            bring("after")
            wait_until(lambda: "there is another file now" in program.output(), "a word")
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: name() == "after", "the new file")
            self.write(database, "no database")
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "stay as they were" in program.output(), "a word")
            self.assertEqual(name(), "after")

    def test_mistakes(self):
        capture = ["--pcap", self.capture, "--once"]
        self.write(self.files[0], "5.1.0.0,5.1.0.255,1,one", "5.0.0.255,5.1.1.0,2,two")
        self.refused(*capture, "--asn-db", self.files[0], code=1,
                     says=["four.csv:2: ", "begins before the line in front"])
        self.refused(*capture, "--asn-db", self.world.ipv4, code=1,
                     says=["holds no numbers of networks", "--asn-db"])
        self.refused(*capture, "--asn-db", self.file("none.mmdb"), code=1, says="No such file")
        done = self.run_program(*capture, "--asn-db", "off")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    smoke.main()
