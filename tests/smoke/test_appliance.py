#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What makes a program an appliance: its configuration file, its user, its filter, its manager and
its doctor. On a PCI card: scripts/test-nic."""

import json
import os
import pwd
import re
import signal
import socket
import subprocess
import time
import unittest

from smoke import BINARY, ROOT, Smoke, main, wait_until

CONF = os.path.join(ROOT, "conf/packet-heatmap.conf")
NOBODY = pwd.getpwnam("nobody").pw_uid
ROOT_ONLY = unittest.skipUnless(os.geteuid() == 0, "needs root, to leave it")


def has_sanitizer():
    with open(BINARY, "rb") as file:
        return b"__asan_init" in file.read()


class Configuration(Smoke):
    def conf(self, text, name="test.conf"):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def wrong(self, text, says):
        self.conf(text)
        self.refused("--config", "test.conf", "--pcap", self.world.capture("one"), "--once", code=2,
                     says=says)

    def effective(self, text, *arguments):
        """The settings in force, as status tells them."""
        done = self.run_program("--config", self.conf(text), "--pcap", self.world.capture("one"),
                                "--once", "--status", "status.json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("settings in force: {"), 1, done.stderr)
        return self.json("status.json")["settings"]

    def test_template_is_what_the_program_prints(self):
        with open(CONF, encoding="utf-8") as file:
            self.assertEqual(file.read(),
                             self.run_program("--print", "config", databases=[]).stdout)

    def test_template_with_every_default_in_force_changes_nothing(self):
        """Each line of the template is valid, and says the default."""
        with open(CONF, encoding="utf-8") as file:
            lines = file.read().splitlines()
        values = [re.sub(r"^#(?=\S)", "", line) for line in lines
                  if not re.match(r"# ", line) and not re.search(r" = [A-Z: ]+$", line)]
        self.assertGreater(sum("=" in line for line in values), 20)
        self.assertEqual(self.effective("\n".join(values), "--period", "10"),
                         self.effective(""))

    def test_template_names_every_setting_of_help(self):
        with open(CONF, encoding="utf-8") as file:
            keys = set(re.findall(r"^#([a-z-]+) = ", file.read(), re.MULTILINE))
        flags = set(re.findall(r"^    --([a-z-]+)", self.run_program("--help", databases=[]).stdout,
                               re.MULTILINE))
        self.assertEqual(flags - keys, {"add-token", "add-user", "config", "check", "export", "from",
                                        "json", "locate", "print", "help", "role", "step", "to",
                                        "version"})

    def test_file_over_defaults_and_flags_over_file(self):
        settings = self.effective("[counting]\nperiod = 3 # three\nburst=32\n"
                                  "[outputs]\nquiet = yes\n", "--burst", "16")
        self.assertEqual((settings["period"], settings["burst"], settings["quiet"]),
                         ("3", "16", "yes"))

    def test_a_flag_of_the_file_can_be_taken_back(self):
        text = "[outputs]\nquiet = yes\n"
        self.assertEqual(self.effective(text)["quiet"], "yes")
        self.assertEqual(self.effective(text, "--quiet=no")["quiet"], "no")

    def test_files_of_other_editors(self):
        """Line ends of Windows, no line end at the last line."""
        with open(self.file("crlf.conf"), "wb") as file:
            file.write(b"[counting]\r\nperiod = 3\r\n[outputs]\r\nname = a b")
        settings = self.effective("", "--config", "crlf.conf")
        self.assertEqual((settings["period"], settings["name"]), ("3", "a b"))
        for text, says in ((b"\xef\xbb\xbf[counting]\nperiod = 3\n", "byte order mark"),
                           (b"[counting]\nperiod = 3\0foo\n", "test.conf:2: the line holds a zero"),
                           ("[counting]\n".encode("utf-16"), "test.conf:1: ")):
            with open(self.file("test.conf"), "wb") as file:
                file.write(text)
            self.refused("--config", "test.conf", "--pcap", self.world.capture("one"), "--once",
                         code=2, says=says)

    def test_comments_and_quotes(self):
        """A comment begins a line, or stands behind white space; else '#' is a character."""
        for line, value in ((r"name = dc #1", "dc"), (r"name = dc ; the first", "dc"),
                            (r"name = dc#1", "dc#1"), (r"name = dc;1", "dc;1"),
                            (r"name = dc \#1", "dc #1"), (r"name = a\#b # a comment", "a#b"),
                            (r'name = "dc #1" # west', "dc #1"), ("name = 'dc ; '", "dc ; "),
                            (r"name = a=b", "a=b"), ("name = [x]", "[x]"),
                            ("name = M\xfcnchen \u6771\u4eac\t# tab", "M\xfcnchen \u6771\u4eac"),
                            (r"name = C:\dir", r"C:\dir"), ("name=dc", "dc")):
            with self.subTest(line):
                text = f"; one\n# two\n[outputs] # three\n  ; four\n{line}\n"
                self.assertEqual(self.effective(text)["name"], value)
                done = self.run_program("--check", "--config", self.conf(text), "--pcap",
                                        self.world.capture("one"))
                self.assertIn(f"ok       setting: name = {value}\n", done.stdout)

    def test_a_path_with_a_number_sign_is_that_path(self):
        os.mkdir(self.file("site#1"))
        with open(self.file("site"), "w", encoding="ascii") as file:
            file.write("precious")
        self.conf("[outputs]\nhtml = site#1/map.html\n")
        done = self.run_program("--config", "test.conf", "--pcap", self.world.capture("one"),
                                "--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("site"), "precious")
        self.assertIn("</html>", self.read("site#1/map.html"))

    def test_the_doctor_says_what_it_read(self):
        self.conf('[outputs]\nname = "north # south" # quoted\nhtml = map#1.html ; a comment\n')
        done = self.run_program("--config", "test.conf", "--check", "--pcap",
                                self.world.capture("one"))
        self.assertIn("name = north # south\n", done.stdout)
        self.assertIn("html = map#1.html\n", done.stdout)

    def test_repeatable_keys_and_a_list_that_a_flag_replaces(self):
        text = "[places]\ngeo-dir = /one\n geo-dir = /two\n[places]\ngeo-dir=/three\n"
        self.assertEqual(self.effective(text)["geo-dir"], "/one /two /three")
        self.assertEqual(self.effective(text, "--geo-dir", "/four")["geo-dir"], "/four")

    def test_of_two_equal_keys_the_later_one_counts_and_is_told(self):
        self.conf("[counting]\nperiod = 3\nburst = 32\n[places]\ngeo-dir = /a\ngeo-dir = /b\n"
                  "[counting]\nperiod = 4\n")
        done = self.run_program("--config", "test.conf", "--pcap", self.world.capture("one"),
                                "--once", "--status", "status.json")
        self.assertEqual(self.json("status.json")["settings"]["period"], "4")
        self.assertEqual([line for line in done.stderr.splitlines() if "test.conf" in line
                          and "stands" in line],
                         ["packet-heatmap: test.conf:8: 'period' stands in line 2 too; "
                          "this later one counts"])

    def test_names_file_line_and_what_is_allowed(self):
        self.wrong("\n[counting]\nperiod = 10s\n", ["test.conf:3", "period", "0.1 to 3600", "s"])
        self.wrong("[counting]\nhosts-per-lane = 5\n", ["test.conf:2", "8 to 67108864", "hosts"])
        self.wrong("[counting]\nperid = 5\n", ["test.conf:2", "perid", "period"])
        self.wrong("[port]\nperiod = 5\n", ["test.conf:2", "[counting]"])
        self.wrong("[ports]\n", ["test.conf:1", "[port]", "[sources]"])
        self.wrong("period = 5\n", ["test.conf:1", "[counting]"])
        self.wrong("[counting]\n# fine\nperiod 5\n", ["test.conf:3", "period 5"])
        self.wrong("[outputs]\nquiet = maybe\n", ["test.conf:2", "yes", "no"])
        self.wrong("[counting]\nperiod =\n", ["test.conf:2", "period", "empty"])
        self.wrong("[counting\n", ["test.conf:1"])
        self.wrong("[process]\nversion = yes\n", ["test.conf:2", "version"])
        self.wrong("[outputs]\nname = " + "x" * 4200 + "\n", ["test.conf:2", "4095"])
        self.wrong("[outputs]\nname = " + "x" * 5000 + "\n", ["test.conf:2", "longer"])
        self.wrong("[outputs]\nname = 'dc\n", ["test.conf:2", "not closed"])
        self.wrong("[outputs]\nname = \"dc\" west\n", ["test.conf:2", "'west' stands behind"])
        self.wrong("[process]\ncpus = 3-1\n", ["test.conf:2", "cpus"])
        self.wrong("[outputs]\nlisten = 127.0.0.1:99999\n", ["test.conf:2", "listen", "65535"])
        self.wrong("[sources]\ndevice = eth0\n", ["test.conf:2", "device", "PCI"])

    def test_a_file_that_is_none(self):
        for name, says in (("nowhere.conf", "No such file"), (".", "not a regular file")):
            self.refused("--config", name, "--pcap", "x", code=2, says=["--config", says])
        os.mkfifo(self.file("fifo.conf"))
        self.refused("--config", "fifo.conf", "--pcap", "x", code=2, says="not a regular file")

    def test_a_long_path(self):
        path = "./" * 400 + self.conf("[counting]\nperiod = 10ms\n")
        line = self.refused("--config", path, "--pcap", "x", code=2, says="0.1 to 3600 s")
        self.assertTrue(line.endswith("test.conf:2: period: '10ms' is not a number from 0.1 to "
                                      "3600 s"), line)

    def test_no_card_at_all(self):
        if os.path.exists("/sys/bus/pci/drivers/vfio-pci"):
            self.skipTest("this host has vfio-pci")
        self.conf("")
        self.refused("--config", "test.conf", code=1, says=["vfio-pci", "setup-host"])
        self.refused("--device", "0000:ff:1f.7", code=1, says=["0000:ff:1f.7", "no such PCI"])


@ROOT_ONLY
class Privileges(Smoke):
    def setUp(self):
        super().setUp()
        os.chmod(self.world.folder, 0o755)
        os.chown(self.cwd, NOBODY, -1)
        os.chmod(self.cwd, 0o755)

    def threads(self, pid):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
                yield dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def test_every_thread_leaves_root(self):
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "100", "--user", "nobody", "--period", "0.2", "--hosts",
                          "hosts.csv") as program:
            count = 0
            for thread in self.threads(program.process.pid):
                count += 1
                self.assertEqual(set(thread["Uid"].split()), {str(NOBODY)})
                self.assertNotIn("0", thread["Gid"].split())
                sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
                self.assertEqual({int(thread[name], 16) for name in sets}, {0})
                if not has_sanitizer():
                    self.assertEqual((thread["Seccomp"], thread["NoNewPrivs"]), ("2", "1"))
            self.assertGreater(count, 3)
            security = program.status()["security"]
            self.assertEqual((security["user"], security["uid"]), ("nobody", NOBODY))
            self.assertEqual(int(security["capabilities"], 16), 0)
            if not has_sanitizer():
                self.assertEqual((security["seccomp"], security["no_new_privileges"]),
                                 ("filter", True))
            wait_until(lambda: os.path.exists(self.file("hosts.csv")), "a file")
            self.assertEqual(os.stat(self.file("hosts.csv")).st_uid, NOBODY)

    def test_on_an_interface_one_capability_is_kept(self):
        """CAP_NET_RAW, to open the interface again; the lcores, started before, have none."""
        with self.running("--interface", "lo", "--user", "nobody", "--period", "0.2") as program:
            security = program.status()["security"]
            self.assertEqual(security["user"], "nobody")
            self.assertEqual(int(security["capabilities"], 16), 1 << 13)
            threads = list(self.threads(program.process.pid))
            for thread in threads:
                self.assertEqual(set(thread["Uid"].split()), {str(NOBODY)})
                self.assertIn(int(thread["CapPrm"], 16), (0, 1 << 13))
                self.assertEqual(int(thread["CapInh"], 16) | int(thread["CapAmb"], 16), 0)
            lcores = [int(thread["CapPrm"], 16) for thread in threads
                      if re.match("(lcore|rte)-worker", thread["Name"])]
            self.assertTrue(lcores)
            self.assertEqual(set(lcores), {0})
            # it is the main thread's: nobody who parses requests or files has it
            with_it = [thread["Pid"] for thread in threads if int(thread["CapPrm"], 16) != 0]
            self.assertEqual(with_it, [str(program.process.pid)])

    def test_port_that_only_root_may_have_is_refused_before_anything_starts(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            if int(file.read()) <= 80:
                self.skipTest("here everybody may listen on port 80")
        self.refused("--pcap", self.world.capture("one"), "--user", "nobody", "--listen",
                     "127.0.0.1:80", code=1, says=["cannot listen on 127.0.0.1:80 as nobody",
                                                   "a port from 1024 on",
                                                   "ip_unprivileged_port_start=80"])

    def test_files_that_the_user_may_not_write_are_told_at_the_start(self):
        os.chown(self.cwd, 0, -1)
        done = self.run_program("--pcap", self.world.capture("one"), "--once", "--hosts",
                                "hosts.csv", "--user", "nobody")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--hosts hosts.csv: cannot write there", done.stderr)

    def test_unknown_user(self):
        done = self.run_program("--pcap", self.world.capture("one"), "--once", "--user",
                                "no-such-user")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-user", done.stderr)

    def test_capture_is_counted_all_the_same(self):
        self.once(self.world.capture("plain"), extra=("--user", "nobody"))
        self.same_as_oracle([self.world.capture("plain")])


class Eal(Smoke):
    """What EAL leaves and says; its folders are the test's own here."""

    def setUp(self):
        super().setUp()
        self.runtime = os.path.join(self.world.folder, "runtime-" + os.path.basename(self.cwd))
        os.mkdir(self.runtime)
        self.environment["RUNTIME_DIRECTORY"] = self.runtime

    def test_no_empty_folder_stays(self):
        for arguments in (("--once",), ("--once", "--file-prefix", "mine")):
            done = self.run_program("--pcap", self.world.capture("one"), *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])
        with self.running("--pcap", self.world.capture("one")):
            pass
        self.assertEqual(os.listdir(os.path.join(self.runtime, "dpdk")), [])

    def test_a_prefix_that_another_process_has(self):
        eal = ("--lcores", "0@0,1@0", "--no-huge", "-m", "256", "--no-pci", "--vdev=net_null0",
               "--file-prefix", "same", "--")
        with self.running(*eal, "--period", "0.5", "--idle-sleep", "5000") as program:
            done = self.run_program(*eal, "--listen", "off")
            self.assertEqual(done.returncode, 1, done.stderr)
            line = done.stderr.splitlines()[-1]
            self.assertIn(f"EAL does not start: process {program.process.pid} uses the same", line)
            self.assertIn("dpdk/same", line)
            self.assertIn("--file-prefix", line)
            self.assertNotIn("Success", line)
            # and takes nothing away from it
            self.assertIn("config", os.listdir(os.path.join(self.runtime, "dpdk", "same")))


class Manager(Smoke):
    """The service manager's side of sd_notify(3)."""

    def listen(self):
        path = self.file(f"notify-{len(os.listdir(self.cwd))}")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(path)
        manager.settimeout(30)
        self.addCleanup(manager.close)
        return manager, {"NOTIFY_SOCKET": path}

    def words(self, manager, last):
        """All that is said until `last`."""
        said = []
        while not said or said[-1] != last:
            said.append(manager.recv(4096))
        return said

    def test_ready_then_stopping_and_no_watchdog_where_there_is_none(self):
        manager, environment = self.listen()
        with self.running("--pcap", self.world.capture("one"), environment=environment,
                          listen=False):
            self.assertTrue(manager.recv(4096).startswith(b"READY=1"))
        self.assertEqual(self.words(manager, b"STOPPING=1"), [b"STOPPING=1"])

    def test_watchdog_is_fed_while_a_period_is_long(self):
        manager, environment = self.listen()
        environment["WATCHDOG_USEC"] = "4000000"
        with self.running("--pcap", self.world.capture("one"), "--period", "3600",
                          environment=environment, listen=False):
            self.assertTrue(manager.recv(4096).startswith(b"READY=1"))
            self.assertEqual([manager.recv(4096) for _ in range(3)], [b"WATCHDOG=1"] * 3)

    def seconds_of_feeding(self, watchdog_us):
        manager, environment = self.listen()
        environment["WATCHDOG_USEC"] = str(watchdog_us)
        with self.running("--pcap", self.world.capture("one"), "--period", "3600",
                          environment=environment, listen=False):
            self.assertTrue(manager.recv(4096).startswith(b"READY=1"))
            manager.recv(4096)
            start = time.monotonic()
            for _ in range(12):
                manager.recv(4096)
            return time.monotonic() - start

    def test_a_short_watchdog_is_fed_in_time(self):
        """Twice in its time, as sd_watchdog_enabled(3) asks: one half as long, twice as often."""
        self.assertLess(self.seconds_of_feeding(500000), 0.8 * self.seconds_of_feeding(1000000))


class Doctor(Smoke):
    def check(self, *arguments, databases=None):
        return self.run_program("--check", "--interface", "lo", *arguments, databases=databases)

    def fresh(self):
        return [self.world.database("fresh.mmdb", self.world.places, family="both",
                                    schema="geolite2", build_epoch=int(time.time()) - 86400)]

    def lines(self, done, level):
        return [line for line in done.stdout.splitlines() if line.startswith(level)]

    def test_a_line_each_and_the_worst_is_the_code(self):
        done = self.check("--no-huge", databases=self.fresh())
        for line in done.stdout.splitlines():
            self.assertRegex(line, r"^(ok     |warning|fault  )  [A-Za-z ]+: .")
        self.assertEqual(done.returncode, 1 if self.lines(done, "warning") else 0, done.stdout)
        self.assertEqual(self.lines(done, "fault"), [])
        self.all_items(done)

    def all_items(self, done):
        for name in ("huge pages", "memory lock limit", "IOMMU", "driver", "link", "NUMA", "RSS",
                     "CPUs", "isolated CPUs", "databases", "listen address", "output files"):
            self.assertIn(name + ": ", done.stdout)
        for line in self.lines(done, "fault"):
            self.assertIn("; remedy: ", line)

    def test_captures_are_looked_at(self):
        done = self.run_program("--check", "--pcap", self.world.capture("one"),
                                databases=self.fresh())
        self.assertEqual(self.lines(done, "fault"), [], done.stdout)
        self.assertRegex(done.stdout, r"ok +capture: .*/one.pcap: 1 packets")
        self.all_items(done)
        done = self.run_program("--check", "--pcap", "no such.pcap", databases=self.fresh())
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("capture: no such.pcap: No such file or directory; remedy: file 'no such.pcap'",
                      done.stdout)

    def test_devices_of_eal_are_left_to_it(self):
        done = self.run_program("--vdev=net_null0", "--", "--check", databases=self.fresh())
        self.assertEqual(done.returncode, 0, done.stdout)
        self.all_items(done)

    def test_what_only_shows_at_a_start(self):
        """Each of these ends the program; so the doctor calls it a fault."""
        cpu = min(os.cpu_count() + 64, 1023)
        with open("/proc/meminfo", encoding="ascii") as file:
            memory_kb = int(re.search(r"MemAvailable: +([0-9]+)", file.read())[1])
        large = () if os.cpu_count() > 64 or memory_kb > 40 << 20 else (
            (("--lanes", "64"), "lanes = 64"),
            (("--no-huge", "--hosts-per-lane", "67108864"), "ordinary memory"))
        for arguments, says in (
                *large,
                (("--user", "no-such-user"), "there is no user"),
                (("--cpus", str(cpu)), f"CPU {cpu} of cpus"),
                (("--hosts", "."), "Is a directory"),
                (("--geo-db", "no where.mmdb"), "'no where.mmdb'"),
                (("--geo-db", CONF), "invalid metadata")):
            with self.subTest(arguments=arguments):
                started = self.run_program("--interface", "lo", *arguments, databases=[],
                                           timeout=20)
                self.assertNotEqual(started.returncode, 0, started.stderr)
                done = self.check(*arguments, databases=[])
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(says, "\n".join(self.lines(done, "fault")))
                self.assertNotIn("remedy: \n", done.stdout)
                for line in self.lines(done, "fault"):
                    self.assertIn("; remedy: ", line)

    @ROOT_ONLY
    def test_it_looks_with_the_eyes_of_the_user(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            if int(file.read()) <= 80:
                self.skipTest("here everybody may listen on port 80")
        done = self.check("--user", "nobody", "--listen", "127.0.0.1:80", "--html", "/etc/x.html",
                          databases=self.fresh())
        faults = "\n".join(self.lines(done, "fault"))
        self.assertRegex(faults, "listen address: .*Permission denied; .*remedy: sysctl .*=80,")
        # and its advice does not give /etc away
        self.assertRegex(faults, "output files: html: /etc/x.html cannot be written by nobody")
        self.assertNotIn("install -d", faults)
        self.assertFalse(os.path.exists("/etc/x.html"))
        # first the folder of the databases is closed, then the file in it
        self.assertIn(f"cannot be read by nobody; remedy: chmod a+x {self.world.folder}\n",
                      done.stdout)
        database = self.fresh()
        self.addCleanup(os.chmod, self.world.folder, 0o700)
        os.chmod(self.world.folder, 0o755)
        os.chmod(database[0], 0o600)
        self.assertIn(f"remedy: chmod a+r {database[0]}\n",
                      self.check("--user", "nobody", databases=database).stdout)

    def test_odd_names_stay_one_line_and_json(self):
        for name in (b"/nonexistent/\xff\xfe/x", b"/nonexistent/a\nb/x", b"/nonexistent/it's/x",
                     b"/nonexistent/" + 900 * "é".encode() + b"/x"):
            report = json.loads(self.check("--json", "--status", name).stdout)
            said = [one for one in report["checks"] if one["check"] == "output files"]
            self.assertEqual([one["level"] for one in said], ["fault"], name)
            lines = self.check("--status", name).stdout.splitlines()
            self.assertEqual(len(lines), len(report["checks"]))
        self.assertIn(r"'/nonexistent/it'\''s/'",
                      self.check("--status", "/nonexistent/it's/x").stdout)

    def test_faults_name_the_command_that_mends(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.check("--listen", f"127.0.0.1:{port}", "--hosts", "/nonexistent/hosts.csv",
                              databases=self.fresh())
        self.assertEqual(done.returncode, 2, done.stdout)
        faults = "\n".join(self.lines(done, "fault"))
        self.assertRegex(faults, rf"listen address: .*; remedy: ss .*{port}")
        self.assertRegex(faults, r"output files: .*; remedy: install -d .*/nonexistent/")

    def test_a_missing_interface_database_and_card(self):
        done = self.run_program("--check", "--interface", "nosuch0", "--geo-db", "no.mmdb",
                                databases=[])
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("nosuch0", done.stdout)
        self.assertIn("no.mmdb", done.stdout)
        if not os.path.exists("/sys/bus/pci/drivers/vfio-pci"):
            done = self.run_program("--check", databases=self.fresh())
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("setup-host bind", done.stdout)
            self.all_items(done)

    def test_an_old_database_is_a_warning(self):
        done = self.check("--no-huge", databases=[self.world.database(
            "old.mmdb", self.world.places, family="both", schema="geolite2",
            build_epoch=1500000000)])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("databases", "".join(self.lines(done, "warning")))

    def test_json_says_the_same(self):
        arguments = ("--no-huge", "--hosts", "/nonexistent/x")
        report = json.loads(self.check("--json", *arguments).stdout)
        text = self.check(*arguments).stdout.splitlines()
        self.assertEqual((report["worst"], report["code"]), ("fault", 2))
        self.assertEqual([(one["level"], one["check"]) for one in report["checks"]],
                         [(line[:7].strip(), line[9:].split(":")[0]) for line in text])
        for one in report["checks"]:
            if one["level"] == "fault":
                self.assertTrue(one["remedy"], one)

    def test_beside_the_running_program_its_address_is_no_fault(self):
        with self.running("--pcap", self.world.capture("one"), databases=self.fresh()) as program:
            done = self.check("--listen", f"127.0.0.1:{program.port}", databases=self.fresh())
            self.assertIn("served by a running packet-heatmap", done.stdout)
            self.assertEqual(self.lines(done, "fault"), [], done.stdout)


class Manual(Smoke):
    def test_man_page_has_every_option(self):
        if subprocess.run(["sh", "-c", "command -v mandoc"], stdout=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("mandoc is not installed")
        source = self.run_program("--print", "man", databases=[]).stdout
        with open(os.path.join(ROOT, "conf/packet-heatmap.8.in"), encoding="utf-8") as file:
            page = file.read().replace("@OPTIONS@\n", source)
        with open(self.file("packet-heatmap.8"), "w", encoding="utf-8") as file:
            file.write(page)
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error",
                               self.file("packet-heatmap.8")], capture_output=True, text=True,
                              check=False)
        self.assertEqual(lint.stdout, "")
        text = subprocess.run(["mandoc", "-T", "utf8", self.file("packet-heatmap.8")],
                              capture_output=True, text=True, check=True).stdout
        text = re.sub(r".\x08", "", text)
        for flag in re.findall(r"^    (--[a-z-]+)", self.run_program("--help", databases=[]).stdout,
                               re.MULTILINE):
            self.assertRegex(text, re.escape(flag) + r"\b")


    def test_man_pages_of_the_others(self):
        if subprocess.run(["sh", "-c", "command -v mandoc"], stdout=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("mandoc is not installed")
        for name in ("packet-heatmap-ship.8", "packet-heatmap-alert.8"):
            page = os.path.join(ROOT, "conf", name)
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error", page],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(lint.stdout, "")


class Installation(Smoke):
    def test_everything_is_in_place_and_finds_the_rest(self):
        build = os.path.dirname(os.path.dirname(BINARY))
        if not os.path.exists(os.path.join(build, "build.ninja")):
            self.skipTest("the binary is not in a build folder")
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir",
                        self.cwd], check=True, capture_output=True, timeout=120)
        installed = {}
        for folder, _, names in os.walk(self.cwd):
            for name in names:
                path = os.path.join(folder, name)
                installed[path[len(self.cwd):]] = path
        for end in ("/sbin/packet-heatmap", "/sbin/packet-heatmap-setup-host",
                    "/sbin/packet-heatmap-ship", "/etc/packet-heatmap/kafka.conf",
                    "/etc/packet-heatmap/packet-heatmap.conf", "/man8/packet-heatmap.8",
                    "/man8/packet-heatmap-ship.8", "/sysusers.d/packet-heatmap-ship.conf",
                    "/tmpfiles.d/packet-heatmap-ship.conf",
                    "/lib/systemd/system/packet-heatmap-ship.service",
                    "/sbin/packet-heatmap-alert", "/etc/packet-heatmap/alert-webhook",
                    "/etc/packet-heatmap/alert-wall-token", "/man8/packet-heatmap-alert.8",
                    "/sysusers.d/packet-heatmap-alert.conf",
                    "/lib/systemd/system/packet-heatmap-alert.service",
                    "/share/packet-heatmap/nginx/packet-heatmap.conf",
                    "/sbin/packet-heatmap-update-geo", "/man8/packet-heatmap-update-geo.8",
                    "/lib/systemd/system/packet-heatmap-update-geo.service",
                    "/lib/systemd/system/packet-heatmap-update-geo.timer",
                    "/share/packet-heatmap/record.proto", "/sbin/packet-heatmap-collector",
                    "/etc/packet-heatmap/collector.conf",
                    "/etc/packet-heatmap/collector-kafka.conf",
                    "/man8/packet-heatmap-collector.8",
                    "/sysusers.d/packet-heatmap-collector.conf",
                    "/lib/systemd/system/packet-heatmap-collector.service",
                    "/man8/packet-heatmap-setup-host.8", "/sysusers.d/packet-heatmap.conf",
                    "/tmpfiles.d/packet-heatmap.conf",
                    "/lib/systemd/system/packet-heatmap.service",
                    "/lib/systemd/system/packet-heatmap@.service"):
            self.assertEqual(len([path for path in installed if path.endswith(end)]), 1, end)
        # whatever the prefix is: what a unit starts and reads, and what the manual names, is there
        for path, here in installed.items():
            if not path.endswith((".service", "/packet-heatmap.8", "/packet-heatmap-ship.8",
                                  "/packet-heatmap-alert.8", "/packet-heatmap-collector.8")):
                continue
            with open(here, encoding="utf-8") as file:
                text = file.read()
            named = set(re.findall(r"(?:ExecStart=|--config |\.It Pa |LoadCredential=[\w.-]+:)"
                                   r"(/\S+(?:heatmap|-ship|-alert|-collector|-geo|-token|-webhook|"
                                   r"\.conf))(?!\S)", text))
            self.assertTrue(named, path)
            for name in named - {"/var/lib/packet-heatmap", "/var/lib/packet-heatmap-collector"}:
                self.assertIn(name, installed, path)
        done = subprocess.run([next(here for path, here in installed.items()
                                    if path.endswith("/sbin/packet-heatmap")), "--version"],
                              env=self.environment, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
