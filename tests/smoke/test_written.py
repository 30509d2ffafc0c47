#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The files that are written: whose they are, where they lie, and readers of theirs that stand
still."""

import contextlib
import json
import os
import stat
import subprocess
import unittest

from smoke import Smoke, main, wait_until  # first: it tells where the tools lie

SOMEBODY = 12345  # no user of this host
# a mount namespace in which the second file is the first, as a container is given one
BOUND = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"')
IS_ROOT = os.geteuid() == 0


class Written(Smoke):
    def status(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return self.json("status.json")
        return None

    def put(self, name, text="old\n", mode=0o640, owner=(-1, -1)):
        path = self.file(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        os.chown(path, *owner)
        return path

    @unittest.skipUnless(IS_ROOT, "only root gives files away")
    def test_owner_and_mode_stay(self):
        """A web server's file stays readable to it, whoever writes it anew."""
        paths = [self.put(name, owner=(SOMEBODY, SOMEBODY + 1)) for name in
                 ("map.html", "hosts.csv", "status.json")]
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--html", paths[0],
                                "--hosts", paths[1], "--status", paths[2])
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in paths:
            found = os.stat(path)
            self.assertGreater(found.st_size, 100)
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)),
                             (SOMEBODY, SOMEBODY + 1, 0o640), path)

    @unittest.skipUnless(IS_ROOT, "only root mounts")
    def test_a_mount_point_is_written_in_place(self):
        """Nothing can be renamed onto it; a longer text that was there leaves no end behind."""
        outside = self.put("outside.json", "x" * 200000)
        inside = self.put("inside.json")
        before = os.stat(outside).st_ino
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--status",
                                inside, prefix=(*BOUND, outside, inside))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(outside, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["received"], 213)
        self.assertEqual(os.stat(outside).st_ino, before)
        self.assertEqual(self.read("inside.json"), "old\n")
        check = self.run_program("--check", "--pcap", self.world.capture("plain"), "--status",
                                 inside, prefix=(*BOUND, outside, inside))
        self.assertIn("inside.json can be written", check.stdout)

    @unittest.skipUnless(IS_ROOT, "becomes others")
    def test_anothers_file_in_a_sticky_folder(self):
        """As root's in /tmp: rename(2) would be refused each period, so it is said before."""
        os.chmod(self.world.folder, 0o755)
        os.chmod(self.cwd, 0o1777)
        path = self.put("map.html", mode=0o666)
        binary, self.binary = self.binary, self.world.program()
        try:
            done = self.run_program("--check", "--pcap", self.world.capture("plain"), "--html",
                                    path, prefix=("setpriv", "--reuid", str(SOMEBODY), "--regid",
                                                  str(SOMEBODY), "--clear-groups"))
        finally:
            self.binary = binary
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertRegex(done.stdout, r"map\.html cannot be written")

    def test_one_file_for_two_outputs(self):
        capture = self.world.capture("plain")
        os.symlink("status.json", self.file("link.json"))
        os.mkdir(self.file("sub"))
        for one, other in (("a.txt", "a.txt"), ("a.txt", "./sub/../a.txt"),
                           ("status.json", "link.json")):
            with self.subTest(one=one, other=other):
                self.refused("--pcap", capture, "--once", "--html", one, "--status", other, code=2,
                             says=("--html and --status", "name two files"))
        done = self.run_program("--pcap", capture, "--once", "--html", "/dev/null", "--status",
                                "/dev/null")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_reader_that_stands_still_holds_up_its_own_file_only(self):
        os.mkfifo(self.file("map.html"))
        reader = os.open(self.file("map.html"), os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        with self.running("--pcap", self.world.capture("plain"), "--pcap-loop", "--pcap-rate",
                          "1000", "--period", "0.1", "--html", "map.html", "--status",
                          "status.json", listen=False) as program:
            wait_until(self.status, "the first status")
            # the page is larger than a pipe holds: its writer waits, and fails after a second
            wait_until(lambda: program.output().count("cannot write map.html") > 0, "a failure")
            seen = set()

            def is_going_on():
                seen.add(self.status()["period"])
                return len(seen) > 10
            failures = program.output().count("cannot write map.html")
            wait_until(is_going_on, "ten states of the status")
            # each failure takes a second at least, in which the status is written ten times
            self.assertLess(program.output().count("cannot write map.html") - failures,
                            len(seen))
        self.assertTrue(os.path.exists(self.file("status.json")))

    @unittest.skipUnless(IS_ROOT, "needs another user")
    def test_the_folder_of_nobody(self):
        """The message names what cannot be written before anything has started."""
        done = subprocess.run([self.binary, "--pcap", self.world.capture("plain"), "--once",
                               "--status", "/proc/nowhere/status.json",
                               *self.always(None, ["--once"])], cwd=self.cwd,
                              env={**self.environment, **self.sanitizers(["--no-seccomp"])},
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/proc/nowhere", done.stderr)


if __name__ == "__main__":
    main()
