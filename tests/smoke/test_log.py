#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The log as programs read it: JSON, systemd's journal (a real systemd-journald in a mount
namespace of its own), and priorities where the journal cannot be reached."""

import json
import os
import re
import signal
import subprocess
import unittest

from smoke import BINARY, Smoke, main, wait_until

JOURNALD = "/lib/systemd/systemd-journald"
RECEIVING, SUMMARY = "7befd9e2e82b4bffba5f9d7284f3a8a3", "669a531504134f52903186e1156d9c04"
EAL = ("--lcores", "0@0,1@0", "--no-huge", "-m", "256", "--no-pci", "--log-level", "lib.eal:8",
       "--vdev=net_null0", "--file-prefix", "log-test", "--")


def can_unshare():
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return os.geteuid() == 0 and done.returncode == 0


class Json(Smoke):
    def setUp(self):
        super().setUp()
        os.mkdir(self.file("run"))
        self.environment["RUNTIME_DIRECTORY"] = self.file("run")

    def lines(self, text):
        """Each an object with these members, in this order."""
        entries = [json.loads(line) for line in text.splitlines()]
        for entry in entries:
            self.assertIn(list(entry), (["time", "level", "area", "message"],
                                        ["time", "level", "area", "message_id", "message"]))
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        return entries

    def test_a_run(self):
        done = self.run_program("--pcap", self.world.capture("plain"), "--once", "--log-format",
                                "json", "--quiet", "--hosts", "hosts.csv")
        entries = self.lines(done.stderr)
        levels = {entry["level"] for entry in entries}
        self.assertLessEqual(levels, {"info", "notice", "warning"})
        summary = [entry for entry in entries if entry.get("message_id") == SUMMARY]
        self.assertEqual(len(summary), 1)
        self.assertEqual(summary[0]["level"], "notice")
        self.assertTrue(summary[0]["message"].startswith("213 frames received"))

    def test_an_error_and_odd_names(self):
        for name in ("none\n\"x\"", "\u65e5\u672c", "a\\b", b"\xff\xfe\x01".decode(errors="surrogateescape")):
            done = subprocess.run([BINARY, "--log-format", "json", "--pcap", name, "--no-huge",
                                   "--geo-db", self.world.ipv4], cwd=self.cwd, check=False,
                                  env=self.environment, capture_output=True)
            self.assertEqual(done.returncode, 1)
            (entry,) = self.lines(done.stderr.decode())
            self.assertEqual((entry["level"], entry["area"]), ("error", "preflight"))
            wanted = name.encode(errors="surrogateescape").decode(errors="replace")
            self.assertIn(wanted, entry["message"])

    def test_a_wrong_option_after_it(self):
        done = self.run_program("--log-format", "json", "--period", "x", bare=True)
        self.assertEqual(done.returncode, 2)
        (entry,) = self.lines(done.stderr)
        self.assertIn("--period", entry["message"])
        self.refused("--log-format", "xml", code=2, says=["--log-format", "auto, text, json"])

    def test_lines_of_dpdk(self):
        with self.running(*EAL, "--log-format", "json", "--period", "0.5", "--quiet") as program:
            entries = self.lines(program.output())
        dpdk = [entry for entry in entries if entry["area"] == "dpdk"]
        self.assertGreater(len(dpdk), 3)
        self.assertTrue(any(entry["message"].startswith("EAL: ") for entry in dpdk))
        self.assertIn("debug", {entry["level"] for entry in dpdk})
        self.assertFalse(any("\n" in entry["message"] for entry in dpdk))

    def test_text_is_as_it_was(self):
        with self.running(*EAL, "--period", "0.5", "--quiet") as program:
            lines = program.output().splitlines()
        self.assertTrue(any(line.startswith("EAL: ") for line in lines))
        self.assertTrue(all(re.match("(packet-heatmap|[A-Z_]+): |[A-Z]", line) for line in lines),
                        lines)


class Journal(Smoke):
    def prefixed(self, stream):
        """What is on stderr when it claims to be the journal, and no journal listens."""
        read, write = os.pipe()
        now = os.fstat(write)
        variable = stream or f"{now.st_dev}:{now.st_ino}"
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run; exec "$@"',
                               "sh", BINARY, "--pcap", "no\n<0>where", "--no-huge", "--geo-db",
                               self.world.ipv4], env={**self.environment,
                                                      "JOURNAL_STREAM": variable},
                              cwd=self.cwd, stderr=write, check=False)
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as pipe:
            text = pipe.read()
        self.assertEqual(done.returncode, 1, text)
        return text

    @unittest.skipUnless(can_unshare(), "no mount namespace of its own can be had")
    def test_priorities_where_no_journal_answers(self):
        text = self.prefixed(None)
        self.assertRegex(text, r"^<3>packet-heatmap: no <0>where: .*\n$")
        # somebody else's stream: an inherited variable
        self.assertTrue(self.prefixed("1:1").startswith("packet-heatmap: "))

    @unittest.skipUnless(can_unshare() and os.access(JOURNALD, os.X_OK),
                         "no systemd-journald, or no mount namespace for it")
    def test_the_journal_itself(self):
        with open(self.file("journal.sh"), "w", encoding="utf-8") as file:
            file.write('''
mount -t tmpfs none /run || exit 1
mkdir -p /run/systemd/journal /run/log/journal
if [ ! -s /etc/machine-id ]; then
	echo 0123456789abcdef0123456789abcdef >/run/id; mount --bind /run/id /etc/machine-id
fi
''' + JOURNALD + ''' & journald=$!
n=0; until [ -S /run/systemd/journal/socket ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 2; sleep 0.1; done
"$@" --log-format auto; echo "code $?"
journalctl --sync && journalctl -q -o json --no-pager -t packet-heatmap
kill $journald; wait $journald
''')
        # stderr is "the journal": its number is what JOURNAL_STREAM says
        with open(self.file("stderr"), "wb") as stderr:
            now = os.fstat(stderr.fileno())
            done = subprocess.run(
                ["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh",
                 self.file("journal.sh"), BINARY, "--pcap", self.world.capture("plain"), "--once",
                 "--no-seccomp", "--hosts", "hosts.csv", "--no-huge", "--hosts-per-lane", "65536",
                 "--quiet", "--geo-db", self.world.ipv4, "--geo-db", self.world.ipv6],
                env={**self.environment, "JOURNAL_STREAM": f"{now.st_dev}:{now.st_ino}"},
                cwd=self.cwd, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=120,
                check=False)
        self.assertIn("code 0", done.stdout, self.read("stderr"))
        entries = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        self.assertGreater(len(entries), 2)
        by_id = {entry.get("MESSAGE_ID"): entry for entry in entries}
        self.assertTrue(by_id[SUMMARY]["MESSAGE"].startswith("213 frames received"))
        self.assertEqual(by_id[SUMMARY]["PRIORITY"], "5")
        self.assertEqual(by_id[RECEIVING]["PACKET_HEATMAP_AREA"], "start")
        self.assertEqual({entry["_TRANSPORT"] for entry in entries}, {"journal"})
        self.assertNotIn("packet-heatmap", self.read("stderr"))

    def test_the_stream_may_stall(self):
        """Lines wait on a thread of their own, whatever their format."""
        with self.running("--pcap", self.world.capture("plain"), "--period", "0.3", "--log-format",
                          "json") as program:
            for _ in range(3):
                program.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "databases opened anew" in program.output(), "the reload")
            entries = [json.loads(line) for line in program.output().splitlines()
                       if line.startswith("{")]
        self.assertIn("loader", {entry["area"] for entry in entries})


if __name__ == "__main__":
    main()
