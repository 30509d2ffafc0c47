#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""packet-heatmap-ship: every record of the folder gets to the brokers, in order, and none is lost
while they are away; against librdkafka's mock brokers, read by kcat."""

import collections
import os
import re
import shutil
import signal
import subprocess

from smoke import BINARY, Smoke, main, wait_until  # first: it tells where the tools lie

from test_records import decode

BUILD = os.path.dirname(os.path.dirname(BINARY))
SHIP = os.path.join(BUILD, "app/ship/packet-heatmap-ship")
MOCK = os.path.join(BUILD, "tests/fleet/mock_kafka")
TOPIC = "packet-heatmap.places"
PATIENCE = 120


class Brokers:
    """Mock brokers, for as long as a with statement lasts."""

    def __init__(self, count=1, partitions=3):
        self.words = [MOCK, str(count), TOPIC, str(partitions)]

    def __enter__(self):
        # what of librdkafka's mock leaks is not ours
        self.process = subprocess.Popen(
            self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        self.address = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def tell(self, line):
        print(line, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "ok\n", line

    def consume(self, form):
        return subprocess.run(
            ["kcat", "-q", "-b", self.address, "-t", TOPIC, "-C", "-e", "-f", form],
            stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout

    def read(self):
        """[(partition, key, octets)], in the order of each partition."""
        octets = self.consume("%p %k %S\n%s")
        found = []
        while octets:
            head, _, octets = octets.partition(b"\n")
            partition, key, size = head.decode().split(" ")
            found.append((int(partition), key, octets[:int(size)]))
            octets = octets[int(size):]
        return found


class Shipping:
    """A folder of records and its shipper; with Smoke."""

    def setUp(self):
        super().setUp()
        self.folder = self.file("records")

    def make_records(self, sensor="s-1", name="plain"):
        """Records of a capture; their octets by name."""
        result = self.run_program("--once", "--quiet", "--pcap", self.world.capture(name),
                                  "--records", self.folder, "--name", sensor)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.waiting()

    def waiting(self):
        found = {}
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".record"):
                with open(os.path.join(self.folder, name), "rb") as file:
                    found[name] = file.read()
        return found

    def ship(self, *words, once=True):
        return subprocess.Popen(
            [SHIP, "--records", self.folder, *words, *(["--once"] if once else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def shipped(self, *words):
        """Runs it to its end. (exit code, what it said)"""
        process = self.ship(*words)
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        return process.returncode, said

    def ended(self, process):
        process.send_signal(signal.SIGTERM)
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        return process.returncode, said

    def numbers(self, messages):
        """Of the periods that these messages are of."""
        found = []
        for octets in messages:
            path = self.file("message")
            with open(path, "wb") as file:
                file.write(octets)
            found.append(int(decode(path)["number"][0]))
        return found


class Ship(Shipping, Smoke):
    def test_all_get_there_in_order(self):
        first = self.make_records("s-1")
        both = self.make_records("s-2", "ipv6")
        with Brokers() as brokers:
            code, said = self.shipped("--brokers", brokers.address)
            self.assertEqual(code, 0, said)
            self.assertIn(f"packet-heatmap-ship: {len(both)} records sent", said)
            found = brokers.read()
            headers = brokers.consume("%h\n").decode().splitlines()
        self.assertEqual(self.waiting(), {})
        self.assertEqual(len(headers), len(both))
        for header in headers:
            self.assertRegex(header, r"^sent-ms=\d{13}$")
        self.assertEqual(sorted(octets for _, _, octets in found), sorted(both.values()))
        partitions = collections.defaultdict(set)
        for partition, key, _ in found:
            partitions[key].add(partition)
        self.assertEqual({key: len(where) for key, where in partitions.items()},
                         {"s-1": 1, "s-2": 1})
        self.assertEqual([octets for _, key, octets in found if key == "s-1"],
                         list(first.values()))

    def test_brokers_that_are_away(self):
        records = self.make_records()
        with Brokers() as brokers:
            brokers.tell("down 1")
            process = self.ship("--brokers", brokers.address, once=False)
            try:
                self.assertIn("Connect", process.stdout.readline())
                self.assertEqual(self.waiting(), records)
                brokers.tell("up 1")
                wait_until(lambda: not self.waiting(), "the folder to be empty")
                code, said = self.ended(process)
                self.assertEqual(code, 0, said)
                self.assertEqual([octets for _, _, octets in brokers.read()],
                                 list(records.values()))
            finally:
                process.kill()
                process.wait()
                process.stdout.close()

    def test_a_message_that_nobody_takes_is_set_aside(self):
        records = self.make_records()
        first = next(iter(records))
        with Brokers() as brokers:
            brokers.tell("fail 10 1")  # MSG_SIZE_TOO_LARGE
            code, said = self.shipped("--brokers", brokers.address)
            self.assertEqual(code, 0, said)
            self.assertIn(f"{first}.refused", said)
            self.assertEqual(len(brokers.read()), len(records) - 1)
        self.assertTrue(os.path.exists(os.path.join(self.folder, f"{first}.refused")))

    def test_what_is_no_record_is_set_aside(self):
        records = self.make_records()
        for name, octets in (("0.record", b"nothing"), ("1.record", b""),
                             ("2.record", b"\x08\x02\x12\x01x\x30\x01")):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(octets)
        os.symlink("/etc/passwd", os.path.join(self.folder, "3.record"))
        with Brokers() as brokers:
            code, said = self.shipped("--brokers", brokers.address)
            self.assertEqual(code, 0, said)
            self.assertEqual(len(brokers.read()), len(records))
        for i in range(4):
            self.assertIn(f"{i}.record.refused", said)
        self.assertIn("a record of version 2", said)
        self.assertEqual(self.waiting(), {})

    def test_what_is_set_aside_does_not_fill_the_disk(self):
        os.makedirs(self.folder)
        for number in range(130):
            with open(os.path.join(self.folder, f"{number:03}.record"), "wb") as file:
                file.write(b"nothing")
        with Brokers() as brokers:
            code, said = self.shipped("--brokers", brokers.address)
        self.assertEqual(code, 0, said)
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if name != "taker"),
                         [f"{number:03}.record.refused" for number in range(30, 130)])
        self.assertIn("000.record.refused is removed", said)

    def test_new_records_are_sent_as_they_come(self):
        with Brokers() as brokers:
            with self.running("--pcap", self.world.capture("plain"), "--records", self.folder,
                              "--period", "0.3") as program:
                process = self.ship("--brokers", brokers.address, once=False)
                try:
                    wait_until(lambda: program.status()["records"]["written"] >= 5, program)
                    wait_until(lambda: program.status()["records"]["waiting"] <= 1, program)
                    self.assertEqual(program.status()["records"]["dropped"], 0)
                finally:
                    code, said = self.ended(process)
                self.assertEqual(code, 0, said)
            self.assertGreaterEqual(len(brokers.read()), 4)

    def test_refused(self):
        os.makedirs(self.folder, exist_ok=True)
        conf = self.file("kafka.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write("# ours\n\nbootstrap.servers = 127.0.0.1:1\nsecurity.wrong=ssl\n")
        empty = self.file("empty.conf")
        with open(empty, "w", encoding="utf-8") as file:
            file.write("#bootstrap.servers=x:1\n")
        for words, code, said in (
                (["--brokers", "x:1", "more"], 2, "too many"),
                ([], 2, "no broker"),
                (["--nonsense"], 2, "nonsense"),
                (["--kafka-conf", empty], 2, f"bootstrap.servers= in {empty}"),
                (["--kafka-conf", conf], 2, f"{conf}, line 4: No such configuration property"),
                (["--kafka-conf", "/none"], 2, "/none: No such file")):
            with self.subTest(words=words):
                got, text = self.shipped(*words)
                self.assertEqual(got, code, text)
                self.assertRegex(text, re.escape(said))
        shutil.rmtree(self.folder)
        code, text = self.shipped("--brokers", "127.0.0.1:1")
        self.assertEqual(code, 1)
        self.assertIn("No such file", text)


if __name__ == "__main__":
    main()
