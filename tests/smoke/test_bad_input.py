#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What it is asked to do and cannot: one line that says what is wrong and what to do, exit code 2
for usage and 1 for the rest, and nothing half-started."""

import os
import socket
import stat
import unittest

from smoke import Smoke, lcores, main


class Usage(Smoke):
    def usage(self, *arguments, says=()):
        self.refused(*arguments, code=2, says=says, bare=True)

    def test_unknown_flag(self):
        self.usage("--no-such-flag", says="--no-such-flag")
        self.usage("--pcap", "x.pcap", "--Period", "1", says="--Period")
        self.usage("-x", says="-x")
        self.usage("--" + "x" * 5000, says="xxxx")
        self.usage("--no-such-flag", "--", "--no-such-flag2", says="--no-such-flag2")

    def test_stray_word(self):
        self.usage("eth0", says="eth0")
        self.usage("--pcap", "x.pcap", "y.pcap", says="y.pcap")

    def test_missing_and_empty_values(self):
        self.usage("--pcap", says="--pcap")
        self.usage("--period", says="--period")
        self.usage("--pcap=", says="--pcap")
        self.usage("--geo-db", "", "--pcap", "x", says="--geo-db")
        self.usage("--once=yes", says="--once")

    def test_numbers(self):
        for value in ("0", "-1", "abc", "1e3", "0x10", "10s", "nan", "inf", "99999999", " 5",
                      "1.2.3", ".", "٣"):
            self.usage("--pcap", "x", "--period", value, says="--period")
        for value in ("7", "-8", "1.5", "99999999999999999999", "ten"):
            self.usage("--pcap", "x", "--hosts-per-lane", value, says="--hosts-per-lane")
        self.usage("--pcap", "x", "--burst", "0", says="--burst")
        self.usage("--pcap", "x", "--burst", "257", says="--burst")

    def test_choices(self):
        self.usage("--pcap", "x", "--window", "2h", says="--window")
        self.usage("--pcap", "x", "--decap", "gre,nonsense", says="--decap")

    def test_listen(self):
        for value in ("nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0x50", "127.0.0.1:99999",
                      "127.0.0.1:-1", "999.0.0.1:80", ":", "localhost:8080x", "127.0.0.1:80,81",
                      "127.0.0.1:8080s", "127.0.0.1:8080r"):
            with self.subTest(value):
                self.usage("--pcap", self.world.capture("one"), "--listen", value, says="--listen")

    def test_combinations(self):
        one = self.world.capture("one")
        self.usage("--once", says="--pcap")
        self.usage(says="--interface")
        self.usage("--once", "--pcap-loop", "--pcap", one, says="--pcap-loop")
        self.usage("--once", "--interface", "lo", "--pcap", one, says="--interface")
        self.usage("--pcap-loop", "--interface", "lo", says="--pcap")
        self.usage("--once", "--open", "--pcap", one, says="--open")


class Refused(Smoke):
    def refuse(self, *arguments, says, **options):
        return self.refused(*arguments, code=1, says=says, **options)

    def test_captures(self):
        for name, word in (("zigbee.pcap", "802.15.4"), ("usb.pcap", "USB"),
                           ("zero.pcap", "zero.pcap"),
                           ("cut-file-header.pcap", "cut-file-header.pcap"),
                           ("text.pcap", "text.pcap"), ("version.pcap", "version.pcap")):
            with self.subTest(name):
                path = self.world.bad(name)
                for mode in (("--once",), (), ("--pcap-loop",)):
                    self.refuse(*mode, "--pcap", path, "--hosts", "h.csv", says=[path, word])

    def test_capture_is_no_file(self):
        os.mkdir(self.file("folder.pcap"))
        self.refuse("--once", "--pcap", "folder.pcap", says="folder.pcap: there is no file in it")
        self.refuse("--once", "--pcap", "absent.pcap", says=["absent.pcap", "No such file"])
        self.refuse("--once", "--pcap", "/dev/null", says="/dev/null")
        self.refuse("--once", "--pcap", self.world.capture("one") + "/x", says="/x")

    def test_looping_over_nothing(self):
        self.refuse("--pcap-loop", "--pcap", self.world.bad("empty.pcap"), says="empty.pcap")

    def test_second_capture_is_bad(self):
        self.refuse("--once", "--pcap", self.world.capture("one"), "--pcap",
                    self.world.bad("zigbee.pcap"), "--hosts", "h.csv", says="zigbee.pcap")

    def test_databases(self):
        one = self.world.capture("one")
        text = self.world.write("text.mmdb", b"no database\n" * 100)
        empty = self.world.write("empty.mmdb", b"")
        for mode in (("--once",), ()):
            self.refuse("--pcap", one, *mode, says="absent.mmdb", databases=["absent.mmdb"])
            self.refuse("--pcap", one, *mode, says="text.mmdb", databases=[text])
            self.refuse("--pcap", one, *mode, says="empty.mmdb", databases=[empty])
            self.refuse("--pcap", one, *mode, says=self.cwd, databases=[self.cwd])
            # a sound one before it does not make a bad one good
            self.refuse("--pcap", one, *mode, says="text.mmdb",
                        databases=[*self.world.databases, text])

    def test_no_database_anywhere(self):
        self.refuse("--once", "--pcap", self.world.capture("one"), says="--geo-db", databases=[])

    def test_database_cut_short(self):
        """A download that broke off."""
        with open(self.world.ipv4, "rb") as file:
            octets = file.read()
        for part in (1, len(octets) // 2, len(octets) - 20):
            path = self.world.write("cut.mmdb", octets[:part])
            self.refuse("--once", "--pcap", self.world.capture("one"), says="cut.mmdb",
                        databases=[path])

    def test_outputs(self):
        one = self.world.capture("one")
        os.mkdir(self.file("folder"))
        for flag in ("--hosts", "--html", "--status"):
            for path, word in (("absent/x", "No such file"), ("folder", "directory"),
                               ("/proc/x", "/proc/x"), (one + "/x", "/x")):
                with self.subTest(flag=flag, path=path):
                    self.refuse("--once", "--pcap", one, flag, path, says=[path, word])

    @unittest.skipIf(os.geteuid() != 0, "needs root to become nobody")
    def test_output_without_permission(self):
        os.mkdir(self.file("locked"), 0o755)
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o755)
        self.refuse("--once", "--pcap", self.world.capture("one"), "--html", "locked/x.html",
                    says=["locked/x.html", "ermission"], prefix=self.nobody())

    @staticmethod
    def nobody():
        return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
                "--bounding-set=-all")

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for mode in ((), ("--once",)):
                self.refuse(*mode, "--pcap", self.world.capture("one"), "--listen", address,
                            "--html", "x.html", says=[address, "--listen"])

    @unittest.skipIf(os.geteuid() != 0, "needs root to become nobody")
    def test_privileged_port_without_privilege(self):
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o755)
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            if int(file.read()) <= 80:
                self.skipTest("anyone may bind port 80 here")
        self.refuse("--pcap", self.world.capture("one"), "--listen", "127.0.0.1:80",
                    says="127.0.0.1:80", prefix=self.nobody())

    def test_unknown_interface(self):
        self.refuse("--interface", "nosuch0", says="nosuch0")
        self.refuse("--interface", "a-name-longer-than-fifteen", says="a-name-longer-than-fifteen")
        self.refuse("--interface", "../x", says="../x")
        self.refuse("--interface", "lo,qpairs=2", says="lo,qpairs=2")

    @unittest.skipIf(os.geteuid() != 0, "needs root to become nobody")
    def test_interface_without_permission(self):
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o777)
        self.refuse("--interface", "lo", says=["lo", "CAP_NET_RAW"], prefix=self.nobody())

    def test_more_lanes_than_cpus(self):
        allowed = sorted(os.sched_getaffinity(0))
        cpus = len(allowed)
        self.refuse("-l", str(allowed[0]), "--no-huge", "--no-pci", "--vdev=net_null0", "--",
                    "--lanes", "1", says="lcore")
        self.refuse("--interface", "lo", "--lanes", str(cpus + 1), says="--lanes")
        if cpus > 1:
            self.refuse("-l", ",".join(map(str, allowed)), "--no-huge", "--no-pci", "--vdev=net_null0", "--",
                        "--lanes", str(cpus), says="--lanes")

    def test_device_that_eal_does_not_find(self):
        self.refuse("--no-huge", "-m", "64", *lcores(), "-a", "0000:ff:1f.7", "--", says="address")

    def test_bad_eal_argument(self):
        done = self.run_program("--no-such-eal-argument", "--", "--pcap", self.world.capture("one"))
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertIn("no-such-eal-argument", done.stderr)

    def test_no_memory(self):
        """Tables of two times 24 GB. Refused before they are touched."""
        with open("/proc/meminfo", encoding="ascii") as file:
            available = int(file.read().partition("MemAvailable:")[2].split()[0])
        if available > 48 * 1024 * 1024:
            self.skipTest("this machine has that much")
        self.refuse("--once", "--pcap", self.world.capture("one"), "--hosts-per-lane", "67108864",
                    "--hosts", "h.csv", says=["memory", "--hosts-per-lane"])

    def test_files_that_stood_there_stay(self):
        """An output of an earlier run survives a run that could not start."""
        with open(self.file("old.html"), "w", encoding="ascii") as file:
            file.write("old")
        mode = os.stat(self.file("old.html"))
        self.refuse("--once", "--pcap", "absent.pcap", "--html", "old.html", says="absent.pcap")
        self.assertEqual(self.read("old.html"), "old")
        self.assertEqual(os.stat(self.file("old.html")).st_ino, mode.st_ino)
        self.assertTrue(stat.S_ISREG(os.stat(self.file("old.html")).st_mode))


if __name__ == "__main__":
    main()
