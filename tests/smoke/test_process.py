#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The life of the process: sources, periods, files, signals, the console."""

import contextlib
import datetime
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time
import urllib.request

# first: it tells where the tools lie
from smoke import BINARY, PATIENCE, ROOT, Smoke, lcores, main, wait_until

import make_captures
from frames import pcap

# "Within a second or two" is promised for the release build on an idle machine; the sanitizers and
# a shared CPU make it slower, and a hang is still caught.
STOP_SECONDS = float(os.environ.get("STOP_SECONDS", 10))


class Help(Smoke):
    def test_help_is_a_manual(self):
        for arguments in (["--help"], ["-h"], ["--pcap", "x", "--help"],
                          ["-l", "0", "--", "--help"]):
            done = self.run_program(*arguments, databases=[])
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stderr, "")
            for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES",
                            "EXIT STATUS"):
                self.assertRegex(done.stdout, rf"(?m)^{heading}$")
            for flag in ("interface", "pcap", "pcap-loop", "once", "period", "geo-db", "listen",
                         "html", "hosts", "status", "open", "hosts-per-lane", "decap"):
                self.assertIn(f"--{flag}", done.stdout)
            long = [line for line in done.stdout.splitlines() if len(line) > 100]
            self.assertEqual(long, [])

    def test_version(self):
        done = self.run_program("--version", databases=[])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^packet-heatmap \d+\.\d+\.\d+")

    def test_help_to_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  env=self.environment, check=False)
        self.no_reports(done.stderr.decode())


class ClockSteps(Smoke):
    def sanitizers(self, arguments):
        options = super().sanitizers(arguments)["ASAN_OPTIONS"]
        return {"ASAN_OPTIONS": options + ":verify_asan_link_order=0"}  # what is preloaded is first

    def test_started_follows_a_clock_that_is_set(self):
        """A machine without a clock of its own wakes in 1970, and NTP sets it later."""
        shim = self.file("clock_shim.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim,
                        os.path.join(ROOT, "tests/tools/clock_shim.c")], check=True)

        def set_clock(seconds):
            with open(self.file("offset"), "r+b" if os.path.exists(self.file("offset")) else
                      "wb") as file:
                file.write(seconds.to_bytes(8, "little", signed=True))

        def ago(text):
            at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
            return (datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()

        set_clock(-int(time.time()) + 60)
        began = time.monotonic()
        environment = {"LD_PRELOAD": shim, "CLOCK_SHIM": self.file("offset")}
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "0.3", environment=environment) as program:
            self.assertTrue(program.status()["started"].startswith("1970-"))
            for step in (0, -3600, 0):
                set_clock(step)

                def followed(step=step):
                    status = program.status()
                    since = time.monotonic() - began
                    shown = ago(status["started"]) + step
                    return -2 < shown < since + 2 and status
                status = wait_until(followed, f"the start by a clock of {step} s")
                self.balanced(status)
                with urllib.request.urlopen(f"http://127.0.0.1:{program.port}/metrics",
                                            timeout=10) as answer:
                    said = re.search(r"^process_start_time_seconds ([0-9.]+)$",
                                     answer.read().decode(), re.M)
                self.assertTrue(-2 < time.time() + step - float(said[1])
                                < time.monotonic() - began + 2, said[0])


class Sources(Smoke):
    def all_received(self, program, packets):
        return wait_until(lambda: (lambda s: s["received"] >= packets and s)(program.status()),
                          f"{packets} packets")

    def test_capture_without_once_ends_and_stays(self):
        capture = self.world.capture("plain")
        with self.running("--pcap", capture, "--period", "0.3", "--hosts", "hosts.csv") as program:
            status = wait_until(lambda: (lambda s: s["state"] == "over" and s)(program.status()),
                                "the capture's end")
            self.balanced(status)
            self.assertEqual(status["received"], 213)
            later = wait_until(lambda: (lambda s: s["period"] > status["period"] + 1 and s)(
                program.status()), "another period")
            self.assertEqual(later["received"], 213)
            self.balanced(later)
        self.same_as_oracle([capture])

    def test_loop(self):
        """For ever, and every count a whole number of what the capture holds."""
        capture = self.world.capture("plain")
        with self.running("--pcap", capture, "--pcap-loop", "--period", "0.3") as program:
            status = self.all_received(program, 100 * 213)
            self.balanced(status)
            self.assertEqual(status["state"], "running")
            first = status["period"]
            status = wait_until(lambda: (lambda s: s["period"] > first + 2 and s)(program.status()),
                                "more periods")
            self.balanced(status)
            # 160 TCP packets and 53 UDP ones in each round; a round may be under way
            ledger = status["ledger"]
            rounds = status["received"] // 213
            self.assertLessEqual(abs(ledger["tcp"] - rounds * 160), 160)
            self.assertLessEqual(abs(ledger["udp"] - rounds * 53), 53)
            self.assertEqual(len(program.get("/api/v1/heat")["sensor"]["history"]),
                             program.get("/api/v1/status")["period"])

    def test_pcap_rate(self):
        capture = self.world.capture("plain")
        start = time.monotonic()
        with self.running("--pcap", capture, "--pcap-rate", "50", "--period", "0.2") as program:
            status = wait_until(lambda: (lambda s: s["state"] == "over" and s)(program.status()),
                                "the capture's end")
            self.assertGreater(time.monotonic() - start, 213 / 50 - 0.5)
            self.assertEqual(status["received"], 213)

    def test_eal_arguments_left_of_the_dashes(self):
        """A device that EAL is told of: net_pcap by hand."""
        capture = self.world.capture("plain")
        with self.running("--no-huge", "-m", "512", "--no-pci", *lcores(),
                          f"--vdev=net_pcap7,rx_pcap={capture}", "--file-prefix",
                          f"smoke{os.getpid()}", "--", "--period", "0.3", "--hosts",
                          "hosts.csv") as program:
            status = self.all_received(program, 213)
            self.balanced(status)
            self.assertEqual(len(status["ports"]), 1)
            self.assertIn("pcap", status["ports"][0]["driver"])
        self.same_as_oracle([capture])

    def test_null_device(self):
        with self.running("--no-huge", "-m", "512", "--no-pci", *lcores(), "--vdev=net_null0",
                          "--file-prefix", f"smoke{os.getpid()}", "--", "--period",
                          "0.3") as program:
            status = self.all_received(program, 1000)
            self.balanced(status)
            self.assertEqual(status["ledger"]["tcp"], 0)
            heat = program.get("/api/v1/heat")
            self.assertEqual(heat["points"], [])
            self.assertEqual(heat["empty"], "no_layer")

    def test_why_the_map_is_empty(self):
        for name, reason in (("all_private", "all_private"), ("other_only", "no_layer")):
            with self.running("--pcap", self.world.capture(name), "--period", "0.2") as program:
                wait_until(lambda p=program: p.status()["state"] == "over", "the end")
                self.assertEqual(program.get("/api/v1/heat")["empty"], reason)

    def test_two_at_the_same_time(self):
        """Two instances without a word about file prefixes do not disturb each other."""
        capture = self.world.capture("plain")
        with self.running("--pcap", capture, "--period", "0.3") as one, \
                self.running("--pcap", self.world.capture("ipv6"), "--period", "0.3") as two:
            self.all_received(one, 213)
            self.all_received(two, 228)

    def test_huge_pages_are_spoken_of(self):
        status = self.once(self.world.capture("one"))
        self.assertIn(status["huge_pages"], (True, False))
        with open("/proc/meminfo", encoding="ascii") as file:
            total = int(re.search(r"HugePages_Total: *(\d+)", file.read()).group(1))
        if total == 0:
            self.assertIs(status["huge_pages"], False)
            done = self.run_program("--once", "--pcap", self.world.capture("one"))
            self.assertIn("huge", done.stderr + done.stdout)


class Files(Smoke):
    def test_files_are_renewed_atomically(self):
        """A reader at any moment finds a whole file, under a new inode each period."""
        ends = {"map.html": "</html>", "status.json": "}", "hosts.csv": "\n"}
        held = {}  # each name's last file, kept open: so its inode is not given to the next one
        renewed = dict.fromkeys(ends, 0)
        faults = []
        stop = threading.Event()

        def read(name):
            # pylint: disable-next=consider-using-with
            file = open(self.file(name), encoding="utf-8")
            text = file.read()
            if not text or not text.rstrip("\n").endswith(ends[name].rstrip("\n")):
                faults.append((name, text[-80:]))
            last = held.get(name)
            if last is None or not os.path.sameopenfile(file.fileno(), last.fileno()):
                renewed[name] += 1
                held[name], file = file, last
            if file is not None:
                file.close()

        def read_all_the_time():
            while not stop.is_set():
                for name in ends:
                    with contextlib.suppress(FileNotFoundError):
                        read(name)

        reader = threading.Thread(target=read_all_the_time)
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--html", "map.html", "--status", "status.json", "--hosts",
                          "hosts.csv") as program:
            reader.start()
            try:
                wait_until(lambda: program.status()["period"] >= 8, "eight periods")
                wait_until(lambda: min(renewed.values()) >= 4, "three new files of each name")
            finally:
                stop.set()
                reader.join()
                for file in held.values():
                    file.close()
        self.assertEqual(faults, [])
        self.assertEqual(sorted(os.listdir(self.cwd)), ["hosts.csv", "map.html", "status.json"])

    def test_html_holds_the_data(self):
        self.once(self.world.capture("plain"), extra=("--html", "map.html"))
        text = self.read("map.html")
        self.assertLess(len(text), 1 << 20)
        self.assertIn("Frankfurt am Main", text)
        # nothing is asked of anybody: no address but those of licences and of name spaces
        for address in re.findall(r"https?://([^/\"'\s)<>\\]+)", text):
            self.assertIn(address, ("www.w3.org", "db-ip.com", "www.maxmind.com",
                                    "creativecommons.org", "www.naturalearthdata.com"))
        self.assertIsNone(re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"']?(https?:)?//",
                                    text))

    def test_permissions_of_new_files(self):
        os.umask(0o022)
        self.once(self.world.capture("one"), extra=("--html", "map.html"))
        for name in ("map.html", "hosts.csv", "status.json"):
            mode = stat.S_IMODE(os.stat(self.file(name)).st_mode)
            self.assertEqual(mode, 0o644, name)

    def test_existing_file_keeps_its_permissions_or_is_readable(self):
        with open(self.file("hosts.csv"), "w", encoding="ascii") as file:
            file.write("old\n")
        self.once(self.world.capture("one"))
        self.assertNotIn("old", self.read("hosts.csv"))
        self.assertTrue(os.stat(self.file("hosts.csv")).st_mode & stat.S_IRUSR)

    def test_symbolic_link_is_followed(self):
        with open(self.file("real.csv"), "w", encoding="ascii") as file:
            file.write("old\n")
        os.symlink("real.csv", self.file("hosts.csv"))
        done = self.run_program("--once", "--pcap", self.world.capture("one"), "--hosts",
                                "hosts.csv")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.islink(self.file("hosts.csv")))
        self.assertEqual(len(self.read("real.csv").splitlines()), 3)

    def test_pipe(self):
        done = subprocess.run(
            [BINARY, "--once", "--quiet", "--pcap", self.world.capture("one"), "--hosts",
             "/dev/stdout", *self.always(None)], cwd=self.cwd, env=self.environment,
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("5.1.0.1,DE,", done.stdout)

    def test_folder_that_goes_away(self):
        """An output that fails later is said and counted; the program goes on, and recovers."""
        os.mkdir(self.file("out"))
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--html", "out/map.html") as program:
            wait_until(lambda: os.path.exists(self.file("out/map.html")), "the first file")
            os.rename(self.file("out"), self.file("away"))
            wait_until(lambda: program.status()["errors"]["outputs"] > 0, "the error to be counted")
            self.assertIn("map.html", program.output())
            os.rename(self.file("away"), self.file("out"))
            os.unlink(self.file("out/map.html"))
            wait_until(lambda: os.path.exists(self.file("out/map.html")), "the file to come back")

    def test_disk_full(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        done = self.run_program("--once", "--pcap", self.world.capture("one"), "--hosts",
                                "/dev/full")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("/dev/full", done.stderr)


class Signals(Smoke):
    def stopped_by(self, number):
        """Counts and writes what came since the last period, in order, and soon."""
        frames = (make_captures.both_families() + make_captures.plain()) * 10  # a minute's
        capture = self.world.write("slow.pcap", pcap(frames))
        with self.running("--pcap", capture, "--pcap-rate", "50", "--period", "1", "--hosts",
                          "hosts.csv", "--status", "status.json", "--html", "map.html") as program:
            before = wait_until(lambda: (lambda s: s["received"] and s)(program.status()),
                                "a period with packets")["received"]
            time.sleep(0.5)  # no condition: packets that no period has seen yet are the point
            start = time.monotonic()
            program.stop(number, seconds=STOP_SECONDS)
            self.assertLess(time.monotonic() - start, STOP_SECONDS)
            output = program.output()
        status = self.json("status.json")
        self.balanced(status)
        received = status["received"]
        self.assertGreater(received, before)
        self.assertLess(received, len(frames))
        # exactly the packets that were received, up to the last one
        part = self.world.write("part.pcap", pcap(frames[:received]))
        self.same_as_oracle([part], status=status)
        self.assertIn(str(received), output.strip().splitlines()[-1], "no summary line")
        self.assertIn("</html>", self.read("map.html"))

    def test_sigterm(self):
        self.stopped_by(signal.SIGTERM)

    def test_sigint(self):
        self.stopped_by(signal.SIGINT)

    def test_stop_while_it_loops(self):
        """At full load too, with everything configured."""
        with self.running("--pcap", self.world.capture("big"), "--pcap-loop", "--period", "0.3",
                          "--hosts", "hosts.csv", "--status", "status.json", "--html",
                          "map.html") as program:
            wait_until(lambda: program.status()["received"] > 120000, "a round")
            program.stop(signal.SIGINT, seconds=4 * STOP_SECONDS)
        self.balanced(self.json("status.json"))

    def test_stop_right_after_the_start(self):
        """At any moment of the start: an orderly end, or the signal's own."""
        for wait in (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8):
            # pylint: disable-next=consider-using-with
            process = subprocess.Popen(
                [BINARY, "--pcap", self.world.capture("plain"), "--pcap-loop", "--listen", "off",
                 "--html", "map.html", *self.always(None)], cwd=self.cwd, env=self.environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(wait)  # no condition: the moment itself is what differs
            process.send_signal(signal.SIGTERM)
            try:
                _, errors = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
            self.no_reports(errors)
            self.assertIn(process.returncode, (0, -signal.SIGTERM), errors)
            leftovers = [name for name in os.listdir(self.cwd) if name != "map.html"]
            self.assertEqual(leftovers, [])

    def test_sighup_reads_the_database_again(self):
        import make_mmdb  # pylint: disable=import-outside-toplevel

        def write(country):
            octets = make_mmdb.build([{"city": "C", "country": country, "latitude": 1.0,
                                       "longitude": 2.0, "networks": ["5.0.0.0/8"]}])
            with open(self.file("new"), "wb") as file:
                file.write(octets)
            os.rename(self.file("new"), self.file("own.mmdb"))  # never in place: it is mapped

        def countries(program):
            return {row[0] for row in program.get("/api/v1/heat")["top"]["countries"]}

        write("AA")
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--window", "now", databases=["own.mmdb"]) as program:
            wait_until(lambda: countries(program) == {"AA"}, "places of the first database")
            write("BB")
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: countries(program) == {"BB"}, "places of the second database")
            # a broken one is refused, and the one in use stays
            with open(self.file("new"), "wb") as file:
                file.write(b"no database")
            os.rename(self.file("new"), self.file("own.mmdb"))
            before = len(program.output())
            program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "own.mmdb" in program.output()[before:], "a line about it")
            period = program.status()["period"]
            wait_until(lambda: program.status()["period"] > period + 2, "two more periods")
            self.assertEqual(countries(program), {"BB"})
            self.balanced(program.status())

    def test_sigpipe(self):
        """A reader of the console that goes away does not take the program with it."""
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(
            [BINARY, "--pcap", self.world.capture("plain"), "--pcap-loop", "--listen", "off",
             "--period", "0.2", "--status", "status.json", *self.always(None)], cwd=self.cwd,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: os.path.exists(self.file("status.json")), "the first period")
            process.stdout.close()
            process.stderr.close()
            first = self.json("status.json")["period"]
            wait_until(lambda: self.json("status.json")["period"] > first + 3, "more periods")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
        finally:
            process.kill()
            process.wait()


class Console(Smoke):
    def test_one_line_a_period(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period",
                          "0.3") as program:
            wait_until(lambda: program.status()["period"] >= 5, "five periods")
            status = program.status()
            lines = [line for line in program.output().splitlines() if "hosts" in line
                     and "places" in line and "lost" in line]
            self.assertGreaterEqual(len(lines), 4)
            self.assertLessEqual(len(lines), status["period"] + 1)
            for line in lines[1:]:
                self.assertRegex(line, r"TCP", line)
                self.assertRegex(line, r"UDP", line)
                self.assertRegex(line, r"\b121 hosts|hosts 121\b", line)

    def test_quiet(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--quiet") as program:
            wait_until(lambda: program.status()["period"] >= 3, "three periods")
            lines = [line for line in program.output().splitlines() if "places" in line
                     and "hosts" in line and "lost" in line]
            self.assertEqual(lines, [])

    def test_open_without_a_desktop(self):
        """It says the address instead."""
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--open") as program:
            wait_until(lambda: f"http://127.0.0.1:{program.port}/" in program.output(),
                       "the address")

    def test_open_with_a_desktop(self):
        """The desktop's browser is asked once, after the first period, with the page's address."""
        os.mkdir(self.file("bin"))
        with open(self.file("bin/xdg-open"), "w", encoding="ascii") as file:
            file.write('#!/bin/sh\nprintf "%s %s\\n" "$(id -u)" "$*" >>"$OPENED"\n')
        os.chmod(self.file("bin/xdg-open"), 0o755)
        opened = self.file("opened")
        environment = {"PATH": self.file("bin") + ":" + os.environ["PATH"], "DISPLAY": ":99",
                       "OPENED": opened}
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--period", "0.2",
                          "--open", environment=environment) as program:
            wait_until(lambda: os.path.exists(opened) and self.read("opened").endswith("\n"),
                       "the browser to be called")
            wait_until(lambda: program.status()["period"] >= 4, "more periods")
            self.assertEqual(self.read("opened").splitlines(),
                             [f"{os.geteuid()} http://127.0.0.1:{program.port}/"])

    def test_json_file_is_what_the_server_says(self):
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.2", "--status",
                          "status.json") as program:
            wait_until(lambda: program.status()["state"] == "over", "the end")

            def same():
                served, written = program.status(), json.loads(self.read("status.json"))
                return served["period"] == written["period"] and (served, written)
            served, written = wait_until(same, "both of one period")
            for changing in ("uptime_s",):
                served.pop(changing, None), written.pop(changing, None)
            self.assertEqual(served["ledger"], written["ledger"])
            self.assertEqual(served.keys(), written.keys())


class Determinism(Smoke):
    def test_snapshot_does_not_depend_on_lanes(self):
        """1 or 3 lanes: the same map, but for times."""
        frames = make_captures.plain() + make_captures.both_families() + make_captures.private()
        whole = self.world.write("whole.pcap", pcap(frames))
        parts = [self.world.write(f"part{n}.pcap", pcap(frames[n::3])) for n in range(3)]
        maps = []
        for captures in ([whole], parts):
            arguments = []
            for capture in captures:
                arguments += ["--pcap", capture]
            with self.running(*arguments, "--period", "0.2") as program:
                wait_until(lambda p=program: p.status()["state"] == "over", "the end")
                heat = program.get("/api/v1/heat")
                maps.append({key: heat[key] for key in ("fields", "points", "places", "totals",
                                                        "empty", "top")})
        self.assertEqual(maps[0], maps[1])


if __name__ == "__main__":
    main()
