#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""--output, --report, the progress line, and `packet-heatmap top`: texts for pipes and terminals."""

import contextlib
import csv
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios

import smoke
from smoke import BINARY, Smoke, main, wait_until

PERIOD = ["time", "period", "seconds", "received", "lost", "tcp_packets", "udp_packets",
          "tcp_frame_octets", "udp_frame_octets", "other_ip", "not_ip", "malformed", "located",
          "private", "not_in_database", "table_full", "places", "balanced", "filtered",
          "no_position", "site"]


class Output(Smoke):

    def lines(self, name):
        with contextlib.suppress(FileNotFoundError):
            return self.read(name).splitlines()
        return []

    def loop(self, *extra, **options):
        return self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                            "2000", "--period", "0.2", *extra, **options)

    def test_a_line_a_period(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--output",
                          "jsonl", self.file("out.jsonl")) as program:
            status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                program.status()), "the capture's end")
            wait_until(lambda: len(self.lines("out.jsonl")) >= status["period"], "all lines")
        rows = [json.loads(line) for line in self.lines("out.jsonl")]
        self.assertEqual([row["period"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertEqual(list(rows[0]), PERIOD)
        self.assertEqual(sum(row["received"] for row in rows), status["received"])
        self.assertEqual(sum(row["tcp_packets"] for row in rows), status["ledger"]["tcp"])
        self.assertEqual(sum(row["located"] for row in rows),
                         status["ledger"]["addresses"]["located"])
        done = subprocess.run(["jq", "-s", "map(.udp_packets)|add", self.file("out.jsonl")],
                              capture_output=True, text=True, check=True)
        self.assertEqual(int(done.stdout), status["ledger"]["udp"])

    def test_rows_of_places_as_csv(self):
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--output", "csv",
                                "-", "--rows", "places", "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(done.stdout.splitlines()))
        status = self.json("status.json")
        packets = sum(int(row[f"{layer}_{way}_packets"]) for row in rows
                      for layer in ("tcp", "udp") for way in ("src", "dst"))
        self.assertEqual(packets, status["ledger"]["addresses"]["located"])
        self.assertEqual(len({row["place"] for row in rows}), len(rows))
        self.assertTrue(all(row["time"].endswith("Z") for row in rows))

    def test_a_file_is_appended_to_with_one_header(self):
        for _ in range(2):
            done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--output",
                                    "csv", "out.csv", "--quiet")
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        lines = self.lines("out.csv")
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[0].split(","), PERIOD)

    def test_in_the_configuration_file(self):
        with open(self.file("heat.conf"), "w", encoding="utf-8") as file:
            file.write(f"[sources]\npcap = {self.world.capture('plain')}\n"
                       "[outputs]\noutput = csv out.csv\n")
        done = self.run_program("--config", "heat.conf", "--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.lines("out.csv")), 2)

    def test_a_renamed_file_is_begun_anew_after_sighup(self):
        with self.loop("--output", "jsonl", self.file("out")) as program:
            wait_until(lambda: len(self.lines("out")) > 1, "lines")
            os.rename(self.file("out"), self.file("out.1"))
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(self.lines("out")) > 1, "lines in a new file")
        numbers = [json.loads(line)["period"] for name in ("out.1", "out")
                   for line in self.lines(name)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_a_fifo_without_a_reader_holds_nothing_up(self):
        os.mkfifo(self.file("fifo"))
        with self.loop("--output", "jsonl", self.file("fifo")) as program:
            period = program.status()["period"]
            wait_until(lambda: program.status()["period"] > period + 3, "periods")
            with open(self.file("fifo"), encoding="utf-8") as fifo:
                row = json.loads(fifo.readline())
            self.assertGreater(row["period"], 1)
            period = program.status()["period"]
            wait_until(lambda: program.status()["period"] > period + 3, "periods after it")

    def test_a_reader_that_goes_ends_it(self):
        arguments = ["--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate", "2000",
                     "--period", "0.2", "--output", "jsonl", "-", "--listen", "off",
                     *self.always(None)]
        with subprocess.Popen([BINARY, *arguments], cwd=self.cwd, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                json.loads(process.stdout.readline())
                process.stdout.close()
                process.wait(smoke.PATIENCE)
                said = process.stderr.read().decode()
            finally:
                process.kill()
        self.assertEqual(process.returncode, 0, said)
        self.assertIn("the reader has gone", said)
        self.no_reports(said)

    def test_refusals(self):
        plain = self.world.capture("plain")
        for words in (("--output", "xml", "out"), ("--output", "jsonl"), ("--output", "csv "),
                      ("--rows", "hosts"), ("--report", "html"), ("--report", "json")):
            done = self.run_program("--pcap", plain, *words, bare=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(words[0], done.stderr)
        self.refused("--pcap", plain, "--once", "--output", "csv", "/nowhere/out.csv", code=1,
                     says="/nowhere/out.csv")

    def test_once_ends_with_a_report(self):
        plain = self.world.capture("plain")
        done = self.run_program("--pcap", plain, "--once", "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        status = self.json("status.json")
        self.assertIn(f"{status['received']} frames: {status['ledger']['tcp']} TCP", done.stdout)
        for heading in ("Countries", "Places", "Talkers"):
            self.assertRegex(done.stdout, rf"(?m)^{heading} +packets +TCP +UDP +octets$")
        self.assertIn("the ledger balances", done.stdout)
        done = self.run_program("--pcap", plain, "--once", "--report", "json")
        report = json.loads(done.stdout)
        self.assertEqual(report["received"], status["received"])
        self.assertEqual(report["frames"]["udp"], status["ledger"]["udp"])
        self.assertEqual(report["countries"][0]["packets"],
                         max(row["packets"] for row in report["countries"]))
        for words in (("--quiet",), ("--report", "none"), ("--hosts", "/dev/stdout")):
            done = self.run_program("--pcap", plain, "--once", *words)
            self.assertNotIn("Talkers", done.stdout)
        done = self.run_program("--pcap", plain, "--once", "--quiet", "--report", "text")
        self.assertIn("Talkers", done.stdout)


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, test, *arguments, rows=40, columns=100):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(test.cwd)
            os.execve(BINARY, [BINARY, *arguments], {**test.environment, "TERM": "xterm"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = ""
        self.code = None

    def read(self):
        while select.select([self.fd], [], [], 0)[0]:
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                break
            if not part:
                break
            self.text += part.decode("utf-8", "replace")
        return self.text

    def ended(self):
        self.read()
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def close(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class InATerminal(Smoke):

    def terminal(self, *arguments, **size):
        terminal = Terminal(self, *arguments, **size)
        self.addCleanup(terminal.close)
        return terminal

    def test_top(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "2000", "--period", "0.5") as program:
            program.get("/api/v1/heat")
            url = f"http://127.0.0.1:{program.port}"
            done = subprocess.run([BINARY, "top", url], capture_output=True, text=True, check=True,
                                  env=self.environment, timeout=smoke.PATIENCE)
            self.assertNotIn("\033", done.stdout)
            for word in ("Countries", "Places", "Talkers", "pkt/s", "US"):
                self.assertIn(word, done.stdout)
            top = self.terminal("top", url, rows=20, columns=60)
            wait_until(lambda: "Talkers" in top.read(), "the table")
            self.assertIn("\033[?1049h", top.text)
            frames = top.text.split("\033[H")
            for line in frames[-1].split("\r\n"):
                self.assertLessEqual(len(line.replace("\033[K", "").replace("\033[J", "")), 60)
            os.write(top.fd, b"q")
            wait_until(top.ended, "the end")
            self.assertEqual(top.code, 0)
            self.assertTrue(top.text.rstrip().endswith("\033[?25h\033[?1049l"))
            again = self.terminal("top", url)
            wait_until(lambda: "Talkers" in again.read(), "the table")
            os.kill(again.pid, signal.SIGTERM)
            wait_until(again.ended, "the end by a signal")
            self.assertEqual(again.code, 0)
            self.assertTrue(again.text.rstrip().endswith("\033[?25h\033[?1049l"))

    def test_top_without_a_server(self):
        port = smoke.free_port()
        done = subprocess.run([BINARY, "top", f"127.0.0.1:{port}"], capture_output=True, text=True,
                              env=self.environment, check=False, timeout=smoke.PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("does not answer", done.stderr)
        top = self.terminal("top", f"127.0.0.1:{port}")
        wait_until(lambda: "does not answer; trying again" in top.read(), "words")
        os.write(top.fd, b"q")
        wait_until(top.ended, "the end")
        for bad in ("ftp://x", "http://a:b", "http://x/path", "http://", "x:99999"):
            done = subprocess.run([BINARY, "top", bad], capture_output=True, text=True,
                                  env=self.environment, check=False, timeout=smoke.PATIENCE)
            self.assertEqual(done.returncode, 2, bad)

    def test_progress_is_for_terminals(self):
        slow = ["--pcap", self.world.capture("plain"), "--once", "--pcap-rate", "60", "--quiet",
                *self.always(None, ["--once"])]
        terminal = self.terminal(*slow)
        wait_until(terminal.ended, "the end")
        self.assertEqual(terminal.code, 0, terminal.text)
        self.assertRegex(terminal.text, r"\r *\d+ %  \d+ packets  .* s left")
        done = subprocess.run([BINARY, *slow], cwd=self.cwd, env=self.environment, check=True,
                              capture_output=True, text=True, timeout=smoke.PATIENCE)
        self.assertNotIn("\r", done.stderr + done.stdout)


if __name__ == "__main__":
    main()
