#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Captures of all forms: compressed, through pipes, in folders, growing, with several link types."""

import bz2
import contextlib
import gzip
import lzma
import os
import struct
import subprocess
import threading
import time

from smoke import BINARY, Smoke, main, make_captures, wait_until
from frames import LINKTYPE_ETHERNET, pcap, pcapng

FRAMES = make_captures.plain()
COMPRESSIONS = {
    "gz": gzip.compress, "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda octets: tool("zstd", octets, "-q", "-c"),
    "lz4": lambda octets: tool("lz4", octets, "-q", "-c"),
    "lz": lambda octets: tool("lzip", octets, "-c"),
}


def tool(name, octets, *arguments):
    return subprocess.run([name, *arguments], input=octets, capture_output=True,
                          check=True).stdout


def block(kind, body, order="<"):
    body = body.ljust(-(-len(body) // 4) * 4, b"\0")
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def mixed(packets, order="<", links=(LINKTYPE_ETHERNET, 101, 113)):
    """A pcapng with an interface of each link; `packets`: (interface, octets)."""
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)]
    for i, link in enumerate(links):
        # if_tsresol: 10^-6, 10^-9, 2^-20; and an offset of a second for the second
        options = struct.pack(order + "HHBxxx", 9, 1, (6, 9, 0x94)[i % 3])
        options += struct.pack(order + "HHq", 14, 8, i) + struct.pack(order + "HH", 0, 0)
        out.append(block(1, struct.pack(order + "HHI", link, 0, 0) + options, order))
        out.append(block(5, struct.pack(order + "III", i, 0, 0), order))  # statistics: passed over
    for i, (interface, octets) in enumerate(packets):
        if i % 7 == 3 and interface == 0:  # a simple packet block has no time
            out.append(block(3, struct.pack(order + "I", len(octets)) + octets, order))
        elif i % 7 == 5:  # the old form of a packet
            out.append(block(2, struct.pack(order + "HHIIII", interface, 0, 0, i, len(octets),
                                            len(octets)) + octets, order))
        else:
            out.append(block(6, struct.pack(order + "IIIII", interface, 0, i, len(octets),
                                            len(octets)) + octets, order))
    return b"".join(out)


class Files(Smoke):
    def setUp(self):
        super().setUp()
        self.plain = self.world.capture("plain")
        with open(self.plain, "rb") as file:
            self.octets = file.read()

    def put(self, name, octets, folder="in"):
        folder = os.path.join(self.world.folder, f"{folder}-{os.path.basename(self.cwd)}")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(octets)
        return path

    def test_compressed(self):
        for name, compress in COMPRESSIONS.items():
            for kind, octets in (("pcap", self.octets), ("pcapng", pcapng(FRAMES))):
                with self.subTest(name=name, kind=kind):
                    path = self.put(f"c.{kind}.{name}", compress(octets))
                    self.same_as_oracle([self.plain], status=self.once(path))

    def test_members_one_behind_the_other(self):
        """As `cat a.gz b.gz` and pigz write them."""
        half = len(self.octets) // 2
        for name in ("gz", "zst", "xz"):
            compress = COMPRESSIONS[name]
            path = self.put(f"m.{name}", compress(self.octets[:half]) +
                            compress(self.octets[half:]))
            self.same_as_oracle([self.plain], status=self.once(path))

    def test_a_compressed_file_that_is_cut(self):
        """What can be unpacked counts, and the line names the compression."""
        cut = gzip.compress(self.octets, 1)
        done = self.run_program("--once", "--pcap", self.put("cut.gz", cut[:len(cut) * 2 // 3]),
                                "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("cut short or damaged after packet", done.stderr)
        self.assertIn("gzip: truncated", done.stderr)
        self.assertGreater(self.json("status.json")["received"], 20)
        self.refused("--once", "--strict", "--pcap", self.put("cut.gz", cut[:len(cut) // 2]),
                     code=1, says=["damaged after packet", "--strict"])

    def test_what_is_compressed_is_no_capture(self):
        self.refused("--once", "--pcap", self.put("text.gz", gzip.compress(b"a text\n" * 99)),
                     code=1, says="not a capture that can be read")
        self.refused("--once", "--pcap", self.put("none.gz", gzip.compress(b"")), code=1,
                     says="the file is empty")
        self.refused("--once", "--pcap", self.put("bad.gz", b"\x1f\x8b" + bytes(40)), code=1,
                     says="not a capture that can be read")
        self.refused("--pcap-loop", "--pcap", self.put("c.gz", gzip.compress(self.octets)), code=1,
                     says="unpack it first")

    def test_captures_of_other_makes_are_named(self):
        for octets, name in ((b"snoop\0\0\0" + bytes(40), "snoop"),
                             (b"GMBU" + bytes(200), "Network Monitor 2"),
                             (b"RTSS" + bytes(200), "Network Monitor 1"),
                             (b"PK\3\4" + bytes(60), "ZIP")):
            self.refused("--once", "--pcap", self.put("foreign", octets), code=1,
                         says=["not a capture that can be read", name])

    def test_several_links_in_one_file(self):
        packets = [(0, frame) for frame in FRAMES[::3]]
        packets += [(1, frame[14:]) for frame in FRAMES[1::3]]
        packets += [(2, bytes(14) + frame[12:]) for frame in FRAMES[2::3]]
        packets = packets[::2] + packets[1::2]
        for order in "<>":
            with self.subTest(order):
                path = self.put("mixed.pcapng", mixed(packets, order))
                self.same_as_oracle([self.plain], status=self.once(path))
        two = mixed(packets[:100], ">") + mixed(packets[100:], "<")  # sections, as cat makes them
        self.same_as_oracle([self.plain], status=self.once(self.put("two.pcapng", two)))

    def test_a_link_without_ip_among_others(self):
        packets = [(0, frame) for frame in FRAMES] + [(1, b"\x09" * 40)] * 11
        path = self.put("usb.pcapng", mixed(packets, links=(LINKTYPE_ETHERNET, 220)))
        done = self.run_program("--once", "--pcap", path, "--status", "status.json")
        status = self.json("status.json")
        self.balanced(status)
        self.assertEqual(status["ledger"]["not_ip"], 11)
        self.assertEqual(status["received"], len(FRAMES) + 11)
        self.assertIn("11 packets are of link types that are not supported", done.stderr)

    def test_lanes_share_a_file(self):
        big = self.world.capture("big")
        self.once(big)
        table = self.read("hosts.csv")
        status = self.once(big, extra=("--lanes", "3"))
        self.assertEqual(self.read("hosts.csv"), table)
        self.assertEqual(len(status["lanes"]), 3)
        self.assertTrue(all(lane["received"] > 0 for lane in status["lanes"]), status["lanes"])

    def test_packets_longer_than_anybody_looks(self):
        frames = [*FRAMES, FRAMES[0].ljust(60000, b"\0"), FRAMES[1].ljust(200000, b"\0")] * 3
        path = self.put("long.pcap", pcap(frames, snaplen=300000))
        short = self.put("short.pcap", pcap([*FRAMES, FRAMES[0], FRAMES[1]] * 3))
        self.same_as_oracle([short], status=self.once(path))


class Pipes(Files):
    def piped(self, octets, *arguments):
        done = subprocess.run([BINARY, "--pcap", "-", *arguments,
                               *self.always(None, arguments)], cwd=self.cwd, input=octets,
                              env={**self.environment, **self.sanitizers(arguments)},
                              capture_output=True, timeout=60, check=False)
        self.no_reports(done.stderr.decode())
        return done

    def test_standard_input(self):
        for octets in (self.octets, gzip.compress(self.octets), tool("zstd", self.octets, "-c"),
                       pcapng(FRAMES)):
            done = self.piped(octets, "--once", "--hosts", "hosts.csv", "--status", "status.json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same_as_oracle([self.plain], status=self.json("status.json"))
        self.assertEqual(self.json("status.json")["sources"], ["stdin"])

    def test_standard_input_that_is_none(self):
        for octets, says in ((b"", b"the file is empty"), (b"no capture\n", b"not a capture"),
                             (pcap(FRAMES, linktype=195), b"link type 195")):
            done = self.piped(octets, "--once")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(says, done.stderr)
        done = self.piped(b"", "--pcap", "-", "--once")
        self.assertEqual(done.returncode, 2, done.stderr)

    @contextlib.contextmanager
    def fifo(self):
        path = self.put("fifo", b"")
        os.unlink(path)
        os.mkfifo(path)
        yield path

    def test_a_live_pipe(self):
        """`ssh host tcpdump -U -w -`: each packet counts in the period in which it comes."""
        with self.fifo() as path:
            opened = []

            def write_header():
                # pylint: disable-next=consider-using-with
                opened.append(open(path, "wb", buffering=0))
                opened[0].write(self.octets[:24])

            writer = threading.Thread(target=write_header)
            writer.start()
            with self.running("--pcap", path, "--period", "0.2") as program:
                writer.join(30)
                at, sent = 24, 0
                for _ in range(5):
                    length = struct.unpack_from("<I", self.octets, at + 8)[0] + 16
                    # a record in two writes: the half of it must not count, nor be lost
                    opened[0].write(self.octets[at:at + 9])
                    period = program.status()["period"]
                    wait_until(lambda p=period: program.status()["period"] > p + 1, "periods")
                    self.assertEqual(program.status()["received"], sent)
                    opened[0].write(self.octets[at + 9:at + length])
                    at, sent = at + length, sent + 1
                    wait_until(lambda n=sent: program.status()["received"] == n, "a packet")
                self.assertEqual(program.status()["state"], "running")
                opened[0].write(self.octets[at:])
                opened[0].close()
                status = wait_until(lambda: (lambda s: s if s["state"] == "over" else None)(
                    program.status()), "the end")
                self.assertEqual(status["received"], len(FRAMES))

    def test_a_pipe_that_nobody_writes_to_is_given_up(self):
        """SIGTERM while the first octets are waited for, and while others are."""
        with self.fifo() as path:
            with subprocess.Popen([BINARY, "--pcap", path, *self.always(None)], cwd=self.cwd,
                                  env=self.environment, stderr=subprocess.PIPE) as process:
                time.sleep(0.3)
                self.assertIsNone(process.poll())
                process.terminate()
                process.wait(20)
                self.assertEqual(process.returncode, 0, process.stderr.read())
            with open(os.open(path, os.O_RDWR), "wb", buffering=0) as kept:
                kept.write(self.octets[:24])
                with self.running("--pcap", path, "--period", "0.2"):
                    pass  # ends it, and sees that it ends in order


class Folders(Files):
    def parts(self, folder, n=4):
        """The capture in n parts, whose names say nothing about their order."""
        paths = []
        for i in range(n):
            at = len(FRAMES) * i // n
            octets = pcap(FRAMES[at:len(FRAMES) * (i + 1) // n], start=1767225600 + 60 * i)
            name = f"{'dbca'[i % 4]}{i // 4}.pcap"
            paths.append(self.put(name + ".gz" * (i % 2),
                                  gzip.compress(octets) if i % 2 else octets, folder))
        return paths

    def test_folder_and_pattern(self):
        folder = os.path.dirname(self.parts("folder")[0])
        self.put("README", b"no capture", "folder")
        self.put(".hidden.pcap", b"no capture", "folder")
        self.put("empty.pcap", b"", "folder")
        self.put("snoop.pcap", b"snoop\0\0\0" + bytes(30), "folder")
        for name in (folder, folder + "/", folder + "/*.pcap*"):
            with self.subTest(name):
                self.same_as_oracle([self.plain], status=self.once(name))
        done = self.run_program("--once", "--pcap", folder, "--status", "status.json")
        for name, why in (("README", "not a capture"), ("snoop.pcap", "snoop")):
            self.assertRegex(done.stderr, f"{name}: left out: .*{why}")
        for name in (".hidden", "empty.pcap"):
            self.assertNotIn(name, done.stderr)
        self.refused("--once", "--pcap", folder + "/*.nothing", code=1, says="no file")
        self.put("text", b"text", "texts")
        done = self.run_program("--once", "--pcap", folder.replace("folder-", "texts-"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("none of its 1 files is a capture", done.stderr)

    def test_the_order_is_that_of_time(self):
        self.parts("order", 8)
        folder = os.path.dirname(self.parts("order", 8)[0])
        done = self.run_program("--once", "--pcap", folder, "--output", "jsonl", "out.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("older than the period", done.stderr)
        with open(self.file("out.jsonl"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 7 * 6 + 1)

    def test_damage_in_one_of_them(self):
        folder = os.path.dirname(self.parts("damage")[0])
        self.put("a9.pcap", self.octets[:-7], "damage")
        done = self.run_program("--once", "--pcap", folder, "--status", "status.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("a9.pcap: cut short or damaged after packet 212", done.stderr)
        self.assertEqual(self.json("status.json")["received"], 2 * len(FRAMES) - 1)
        self.refused("--once", "--strict", "--pcap", folder, code=1, says="a9.pcap")

    def received(self, program, n):
        wait_until(lambda: program.status()["received"] == n, f"{n} packets")

    def test_follow_a_growing_ring(self):
        """As tcpdump -C 1 -W 2 writes it: a file grows, others come, the first is begun anew."""
        third = len(FRAMES) // 3
        first = self.put("ring0", pcap(FRAMES[:third]), "ring")
        with self.running("--pcap", os.path.dirname(first), "--follow", "--period",
                          "0.2") as program:
            self.received(program, third)
            rest = pcap(FRAMES[:2 * third])[len(pcap(FRAMES[:third])):]
            for part in (rest[:7], rest[7:40], rest[40:]):
                with open(first, "ab") as file:
                    file.write(part)
                time.sleep(0.1)
            self.received(program, 2 * third)
            self.put("ring1", pcap(FRAMES[2 * third:], start=1767225700), "ring")
            self.received(program, len(FRAMES))
            with open(first, "r+b") as file:
                file.truncate(0)
                file.write(pcap(FRAMES[:10], start=1767225800))
            self.received(program, len(FRAMES) + 10)
            self.assertEqual(program.status()["state"], "running")

    def test_follow_a_file(self):
        path = self.put("grows.pcap", pcap(FRAMES[:5]), "grows")
        with self.running("--pcap", path, "--follow", "--period", "0.2") as program:
            self.received(program, 5)
            with open(path, "ab") as file:
                file.write(self.octets[24:])
            self.received(program, 5 + len(FRAMES))

    def test_refusals(self):
        for words in (("--follow",), ("--follow", "--once", "--pcap", self.plain),
                      ("--follow", "--pcap", "-"), ("--follow", "--pcap-loop", "--pcap",
                                                    self.plain)):
            self.refused(*words, *(() if "--pcap" in words else ("--interface", "lo")), code=2,
                         says="--")

    def test_the_doctor(self):
        folder = os.path.dirname(self.parts("doctor")[0])
        report = self.run_program("--check", "--pcap", folder).stdout
        self.assertRegex(report, rf"capture: .*{len(FRAMES)} packets in 4 captures")
        report = self.run_program("--check", "--pcap", self.put(
            "c.gz", gzip.compress(self.octets))).stdout
        self.assertRegex(report, "a compressed capture, by libpcap")


# what they inherit are helpers
for case in (Pipes, Folders):
    for name in [name for name in vars(Files) if name.startswith("test_")]:
        if name not in vars(case):
            setattr(case, name, None)


if __name__ == "__main__":
    main()
