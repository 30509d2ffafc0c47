#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""/metrics as prometheus_client's parsers read it, which is who else would."""

import os
import shutil
import unittest
import urllib.request

from smoke import Smoke, main, wait_until

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

OPEN = "application/openmetrics-text; version=1.0.0"
FORMATS = ((OPEN, open_parser), ("text/plain; version=0.0.4", parser))


class Metrics(Smoke):
    def series(self, program, accept, reader):
        """{(name, labels): value}; a series that is there twice is a fault."""
        request = urllib.request.Request(f"http://127.0.0.1:{program.port}/metrics",
                                         headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()  # UTF-8, or it raises
        out = {}
        for family in reader.text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(key, out)
                out[key] = sample.value
        return out

    def read(self, *arguments, databases=None):
        with self.running(*arguments, "--period", "0.2", databases=databases) as program:
            wait_until(lambda: program.status()["state"] == "over", "the captures' end")
            status = program.status()
            for accept, reader in FORMATS:
                yield self.series(program, accept, reader), status

    def test_numbers(self):
        for series, status in self.read("--pcap", self.world.capture("plain"),
                                        "--metrics-top-places", "10"):
            self.assertEqual(sum(value for (name, labels), value in series.items()
                                 if name == "packet_heatmap_frames_total" and
                                 ("result", "tcp") in labels), status["ledger"]["tcp"])
            located = {labels: value for (name, labels), value in series.items()
                       if name == "packet_heatmap_packets_total"}
            self.assertGreater(len(located), 10)
            self.assertEqual(sum(located.values()), status["ledger"]["addresses"]["located"])

    def test_sources_of_one_name_and_a_database_twice(self):
        for folder in ("mon", "tue"):
            os.mkdir(self.file(folder))
            shutil.copy(self.world.capture("plain"), self.file(f"{folder}/day.pcap"))
        odd = os.fsdecode(os.fsencode(self.file("caf")) + b"\xe9.pcap")
        shutil.copy(self.world.capture("plain"), odd)
        captures = [word for path in (self.file("mon/day.pcap"), self.file("tue/day.pcap"), odd)
                    for word in ("--pcap", path)]
        for series, status in self.read(*captures, databases=[self.world.ipv4] * 2 + [self.world.ipv6]):
            self.assertEqual(status["received"], 3 * 213)
            ports = {dict(labels).get("port") for name, labels in series} - {None}
            self.assertEqual(len(ports), 3, ports)


if __name__ == "__main__":
    main()
