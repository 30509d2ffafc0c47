#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The real Prometheus (Debian's) scrapes the real program; its rules and the Grafana dashboard."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import smoke
from smoke import ROOT, Smoke, main, wait_until

FOLDER = os.environ.get("PROMETHEUS") or os.path.join(ROOT, "build-test/prometheus/usr/bin")
CONF = os.path.join(ROOT, "conf/prometheus")
DASHBOARD = os.path.join(ROOT, "conf/grafana/dashboards/packet-heatmap.json")
OPEN = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"


def promtool(*arguments, cwd=None, text=None):
    return subprocess.run([os.path.join(FOLDER, "promtool"), *arguments], cwd=cwd, input=text,
                          capture_output=True, text=True, check=False, timeout=60)


@unittest.skipUnless(os.access(os.path.join(FOLDER, "prometheus"), os.X_OK),
                     f"no prometheus in {FOLDER}")
class Prometheus(Smoke):

    def metrics(self, program, accept=None):
        request = urllib.request.Request(f"http://127.0.0.1:{program.port}/metrics",
                                         headers={"Accept": accept} if accept else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def over(self, program):
        return wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
            program.status()), "the capture's end")

    @contextlib.contextmanager
    def prometheus(self, target):
        """A Prometheus of our own on loopback that scrapes `target` each second."""
        port = smoke.free_port()
        for name in os.listdir(CONF):
            shutil.copy(os.path.join(CONF, name), self.cwd)
        with open(self.file("prometheus.yml"), encoding="utf-8") as file:
            text = file.read()
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{target}").replace("15s", "1s")
        with open(self.file("prometheus.yml"), "w", encoding="utf-8") as file:
            file.write(text)
        with open(self.file("prometheus.log"), "wb") as log, subprocess.Popen(
                [os.path.join(FOLDER, "prometheus"), "--config.file=prometheus.yml",
                 f"--storage.tsdb.path={self.file('tsdb')}",
                 f"--web.listen-address=127.0.0.1:{port}"],
                cwd=self.cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as process:
            try:
                def query(expression):
                    url = (f"http://127.0.0.1:{port}/api/v1/query?" +
                           urllib.parse.urlencode({"query": expression}))
                    with urllib.request.urlopen(url, timeout=10) as answer:
                        return json.load(answer)["data"]["result"]

                def scraped():
                    with contextlib.suppress(OSError):
                        return query('up{job="packet-heatmap"} == 1')
                    return None
                wait_until(scraped, "the first scrape")
                yield query
            finally:
                process.kill()
                process.wait()

    @staticmethod
    def value(result):
        return float(result[0]["value"][1]) if result else None

    def test_promtool_finds_nothing_in_the_metrics(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--history",
                          self.file("history"), "--metrics-top-places", "3") as program:
            self.over(program)
            program.get("/api/v1/heat")
            wait_until(lambda: "http_request" in self.metrics(program), "a counted request")
            for accept in (None, "text/plain"):
                done = promtool("check", "metrics", text=self.metrics(program, accept))
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
            self.assertTrue(self.metrics(program, OPEN).endswith("# EOF\n"))
            for accept, opened in (
                    (OPEN, True), ("text/plain;q=0.9,application/openmetrics-text;q=0.1", False),
                    ("application/openmetrics-text", True), ("*/*", False),
                    ("application/openmetrics-text;q=0", False)):
                self.assertIs(self.metrics(program, accept).endswith("# EOF\n"), opened, accept)
            places = re.findall(r'^packet_heatmap_place_packets_total\{place="(\d+)"',
                                self.metrics(program), re.M)
            self.assertEqual(len(set(places)), 3)

    def test_histograms_add_up(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2") as program:
            status = self.over(program)
            text = self.metrics(program, OPEN)
            samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
            for name in ("packet_heatmap_management_seconds",
                         "packet_heatmap_period_lateness_seconds"):
                buckets = [int(value) for key, value in samples.items()
                           if key.startswith(name + "_bucket")]
                self.assertEqual(buckets, sorted(buckets))
                self.assertEqual(buckets[-1], int(samples[name + "_count"]))
                self.assertGreaterEqual(buckets[-1] + 2, status["period"])
            self.assertGreater(float(samples["process_cpu_seconds_total"]), 0)
            self.assertGreater(int(samples["process_open_fds"]), 3)

    def test_prometheus_has_the_same_numbers(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.5") as program:
            status = self.over(program)
            with self.prometheus(program.port) as query:
                wait_until(lambda: self.value(query("packet_heatmap_frames_received_total"))
                           == status["received"], "the frames in Prometheus")
                for expression, number in (
                        ("sum(packet_heatmap_frames_total)", status["received"]),
                        ('packet_heatmap_frames_total{result="tcp"}', status["ledger"]["tcp"]),
                        ("sum(packet_heatmap_packets_total)",
                         status["ledger"]["addresses"]["located"]),
                        ("sum(packet_heatmap_lost_frames_total)", 0),
                        ("packet_heatmap_ledger_balanced", 1)):
                    self.assertEqual(self.value(query(expression)), number, expression)
                # what the dashboard asks for, the real engine answers
                for expression in self.expressions():
                    result = wait_until(lambda e=expression: query(e), expression)
                    self.assertTrue(result, expression)

    def test_a_restart_is_a_reset(self):
        port = smoke.free_port()
        where = ["--pcap", self.world.capture("plain"), "--period", "0.5", "--listen",
                 f"127.0.0.1:{port}"]
        received = "packet_heatmap_frames_received_total"

        def start():
            program = smoke.Program(self, where, None, (), False, {}, ())
            program.port = port
            wait_until(program.answers, "the first answer")
            return program
        program = start()
        try:
            frames = self.over(program)["received"]
            with self.prometheus(port) as query:
                wait_until(lambda: self.value(query(received)) == frames, "all frames")
                program.stop()
                wait_until(lambda: query('up{job="packet-heatmap"} == 0'), "the end to be seen")
                program.kill()
                program = start()
                wait_until(lambda: self.value(query(received)) == frames and
                           query('up{job="packet-heatmap"} == 1'), "all frames again")
                # the second run counted them again: rate() and increase() never see a step back
                self.assertGreaterEqual(self.value(query(f"increase({received}[5m])")), 0)
                self.assertGreaterEqual(self.value(query(f"min_over_time({received}[5m])")), 0)
                self.assertEqual(self.value(query("count(packet_heatmap_build_info)")), 1)
        finally:
            program.kill()

    def test_configuration_and_alerts(self):
        for name in os.listdir(CONF):
            shutil.copy(os.path.join(CONF, name), self.cwd)
        for name in ("alerts.yml", "alerts-database.yml"):
            shutil.copy(os.path.join(ROOT, "tests/prometheus", name), self.cwd)
        for command in (("check", "config", "prometheus.yml"),
                        ("check", "rules", "packet-heatmap.rules.yml"),
                        ("test", "rules", "alerts.yml"),
                        ("test", "rules", "alerts-database.yml")):
            done = promtool(*command, cwd=self.cwd)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def expressions():
        with open(DASHBOARD, encoding="utf-8") as file:
            dashboard = json.load(file)
        return [target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
                for panel in dashboard["panels"] for target in panel["targets"]]

    def test_dashboard_is_well_formed(self):
        """Grafana is not in Debian: what its schema asks for, looked at here."""
        with open(DASHBOARD, encoding="utf-8") as file:
            dashboard = json.load(file)
        self.assertEqual(dashboard["uid"], "packet-heatmap")
        self.assertGreaterEqual(dashboard["schemaVersion"], 36)
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
            self.assertEqual(panel["datasource"]["uid"], "${datasource}")
            self.assertIn(panel["type"], ("stat", "timeseries", "geomap", "table"))
        self.assertIn("geomap", {panel["type"] for panel in panels})
        self.assertEqual([v["name"] for v in dashboard["templating"]["list"]],
                         ["datasource", "instance"])


if __name__ == "__main__":
    main()
