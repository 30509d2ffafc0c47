#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--records: what is in the folder, read by Google's own protoc, adds up to what was counted."""

import collections
import os
import re
import subprocess

from smoke import ROOT, Smoke, main, oracle, wait_until  # first: it tells where the tools lie

PROTO = os.path.join(ROOT, "lib/record/record.proto")


def decode(path):
    """A message as protoc prints it: {field: [value or dict]}."""
    with open(path, "rb") as file:
        text = subprocess.run(
            ["protoc", f"--proto_path={os.path.dirname(PROTO)}",
             "--decode=packet_heatmap.Record", os.path.basename(PROTO)],
            stdin=file, stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
    stack = [collections.defaultdict(list)]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            stack.pop()
        elif line.endswith("{"):
            inner = collections.defaultdict(list)
            stack[-1][line[:-2]].append(inner)
            stack.append(inner)
        else:
            name, value = line.split(": ", 1)
            stack[-1][name].append(value.strip('"') if value[0] == '"' else
                                   float(value) if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", value)
                                   else value)
    return stack[0]


class Records(Smoke):
    def setUp(self):
        super().setUp()
        self.folder = self.file("records")

    def names(self):
        return sorted(name for name in os.listdir(self.folder) if name.endswith(".record"))

    def messages(self):
        return [decode(os.path.join(self.folder, name)) for name in self.names()]

    def check(self, records, captures):
        """The records' sums are the oracle's."""
        packets, rows = collections.Counter(), collections.Counter()
        for record in records:
            for number in record["ledger"]:
                packets[number["name"][0]] += int(number["value"][0])
            for place in record["places"]:
                for layer in ("tcp", "udp"):
                    for counts in place[layer]:
                        for name, (value,) in counts.items():
                            country = place["country"][0] if place["country"] else ""
                            rows[country, layer, name] += int(value)
        hosts, frames = oracle.count(captures)
        atlas = oracle.Atlas(self.world.databases)
        expected = collections.Counter()
        for address, counts in hosts.items():
            place = None if oracle.is_private(address) else atlas.place(address)
            if place is None or place[1] == "":
                continue
            for layer in ("tcp", "udp"):
                for ours, theirs in (("src", "source"), ("dst", "destination")):
                    for unit in ("packets", "octets"):
                        expected[place[0], layer, f"{theirs}_{unit}"] += \
                            counts[f"{layer}_{ours}_{unit}"]
        self.assertEqual(+rows, +expected)
        self.assertEqual(sum(n for name, n in packets.items() if name.startswith("frames.")),
                         sum(int(record["received"][0]) for record in records
                             if record["received"]))
        self.assertEqual(packets["frames.tcp"] + packets["frames.udp"],
                         sum(int(packets[f"ways.{way}"])
                             for way in ("in", "out", "inside", "through")))
        return packets, frames

    def test_a_capture_is_in_its_records(self):
        captures = [self.world.capture("plain"), self.world.capture("ipv6")]
        result = self.run_program("--once", "--quiet", "--pcap", captures[0], "--pcap",
                                  captures[1], "--records", self.folder, "--site", "Köln",
                                  "--site-group", "west", "--site-position", "50.94,6.96",
                                  "--name", "s-1")
        self.assertEqual(result.returncode, 0, result.stderr)
        records = self.messages()
        self.check(records, captures)
        numbers = [int(record["number"][0]) for record in records]
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual(len({record["boot_id"][0] for record in records}), 1)
        for record in records:
            self.assertEqual((record["sensor"], record["version"]), (["s-1"], [1]))
            self.assertEqual(record["site"][0]["group"], ["west"])
            self.assertEqual(record["site"][0]["position"][0]["latitude"], [50.94])
        self.assertEqual(records[-1]["over"], ["true"])

    def test_live_records_are_what_status_says(self):
        capture = self.world.capture("plain")
        with self.running("--pcap", capture, "--records", self.folder, "--period", "0.3") as program:
            status = program.status()
            wait_until(lambda: program.status()["records"]["written"] >= 3, program)
            status = program.status()
        self.assertEqual(status["records"]["state"], "writing")
        self.assertEqual(status["records"]["dropped"], 0)
        self.assertGreaterEqual(len(self.names()), status["records"]["written"])
        self.check(self.messages(), [capture])

    def test_periods_end_where_those_of_others_do(self):
        """At whole multiples of the period, but for a tick that comes late: most of those here."""
        with self.running("--pcap", self.world.capture("plain"), "--records", self.folder,
                          "--period", "0.5") as program:
            wait_until(lambda: any(int(record["end_ms"][0]) % 500 < 20
                                   for record in self.messages()[:-1]), program)

    def test_what_is_given_up_is_said_by_the_next(self):
        """A folder that somebody else has filled: its oldest go, by name and number."""
        capture = self.world.capture("plain")
        result = self.run_program("--once", "--quiet", "--pcap", capture, "--records", self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        first = self.names()[0]
        packets = sum(int(number["value"][0])
                      for number in decode(os.path.join(self.folder, first))["ledger"]
                      if number["name"][0] in ("frames.tcp", "frames.udp"))
        kept = os.path.join(self.folder, "0" + first[1:])
        os.rename(os.path.join(self.folder, first), kept)  # of 1970: too old
        with self.running("--pcap", capture, "--records", self.folder, "--period", "0.3") as program:
            wait_until(lambda: program.status()["records"]["written"] >= 3, program)
            status = program.status()["records"]
        self.assertEqual((status["dropped"], status["dropped_packets"]), (1, packets))
        self.assertFalse(os.path.exists(kept))
        self.assertEqual(self.messages()[-1]["records_dropped"], [1])
        self.assertEqual(self.messages()[-1]["packets_dropped"], [packets])

    def test_refused(self):
        capture = self.world.capture("plain")
        for words, code, said in (
                (["--records", "/nowhere/at/all"], 1, "No such file"),
                (["--site", "x"], 2, "--records DIR"),
                (["--records", self.folder, "--site", "x" * 64], 2, "at most 63"),
                (["--records", self.folder, "--site-position", "91,0"], 2, "no latitude"),
                (["--records", self.folder, "--site-position", "1"], 2, "no latitude"),
                (["--records", self.folder, "--site-position", "1,2,3"], 2, "no latitude"),
                (["--records", self.folder, "--records-size", "0MB"], 2, "no size"),
                (["--records", self.folder, "--records-keep", "never"], 2, "no time")):
            with self.subTest(words=words):
                result = self.run_program("--once", "--quiet", "--pcap", capture, *words)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(said, result.stderr)

    def test_a_folder_is_one_process(self):
        capture = self.world.capture("plain")
        with self.running("--pcap", capture, "--records", self.folder,
                          "--period", "0.3"):
            result = self.run_program("--once", "--quiet", "--pcap", capture, "--records",
                                      self.folder)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("another process writes its records there", result.stderr)


if __name__ == "__main__":
    main()
