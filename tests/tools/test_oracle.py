#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The smoke tests' captures and their independent count, checked with tshark and by hand."""

import collections
import contextlib
import io
import ipaddress
import os
import struct
import subprocess
import tempfile
import unittest
from unittest import mock

import frames
import make_captures
import make_mmdb
import oracle


def tshark_table(path):
    """The host table as tshark's fields give it: outermost occurrence of each."""
    fields = ["ip.version", "ip.src", "ip.dst", "ip.proto", "ip.len", "ipv6.src", "ipv6.dst",
              "ipv6.nxt", "ipv6.plen", "tcp.srcport", "udp.srcport", "ipv6.fraghdr.nxt",
              "ipv6.hopopts.nxt", "ipv6.routing.nxt", "ipv6.dstopts.nxt", "ah.next_header"]
    command = ["tshark", "-r", path, "-n", "-T", "fields", "-E", "occurrence=f", "-o",
               "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
    for field in fields:
        command += ["-e", field]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    hosts = {}
    for line in output.splitlines():
        value = dict(zip(fields, line.split("\t")))
        if value["ip.src"]:
            source, destination, octets = value["ip.src"], value["ip.dst"], int(value["ip.len"])
            protocol = value["ip.proto"]
        elif value["ipv6.src"]:
            source, destination = value["ipv6.src"], value["ipv6.dst"]
            octets = 40 + int(value["ipv6.plen"])
            protocol = value["ipv6.nxt"]
            if value["ipv6.fraghdr.nxt"] in ("6", "17"):
                protocol = value["ipv6.fraghdr.nxt"]
            elif value["tcp.srcport"] or value["udp.srcport"]:
                protocol = "6" if value["tcp.srcport"] else "17"
        else:
            continue
        layer = {"6": "tcp", "17": "udp"}.get(protocol)
        if layer is None:
            continue
        for direction, text in (("src", source), ("dst", destination)):
            row = hosts.setdefault(ipaddress.ip_address(text), dict.fromkeys(oracle.COLUMNS, 0))
            row[f"{layer}_{direction}_packets"] += 1
            row[f"{layer}_{direction}_octets"] += octets
    return hosts


class Oracle(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # pylint: disable-next=consider-using-with
        cls.folder = tempfile.TemporaryDirectory()
        names = [name for name in make_captures.GOOD if name != "big"] + ["byte_orders", "bad"]
        with mock.patch("sys.argv", ["make_captures.py", cls.folder.name] + names):
            make_captures.main()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_tshark_agrees(self):
        # not offload, where tshark shows a computed length, and not malformed
        for name in ("plain", "nested", "ipv6", "ipv6_extensions", "vlan", "fragments", "private",
                     "other", "other_only", "snap", "padding", "options", "jumbo", "embedded"):
            with self.subTest(name):
                hosts, _ = oracle.count([self.path(name + ".pcap")])
                self.assertEqual(hosts, tshark_table(self.path(name + ".pcap")))

    def test_by_hand(self):
        hosts, ledger = oracle.count([self.path("one.pcap")])
        zero = dict.fromkeys(oracle.COLUMNS, 0)
        self.assertEqual(hosts, {
            ipaddress.ip_address("5.1.0.1"): {**zero, "tcp_src_packets": 1, "tcp_src_octets": 40},
            ipaddress.ip_address("5.2.0.1"): {**zero, "tcp_dst_packets": 1, "tcp_dst_octets": 40}})
        self.assertEqual(ledger, collections.Counter(tcp=1))

    def test_every_malformed_frame_is_one(self):
        for frame in make_captures.malformed()[:-1]:
            self.assertEqual(oracle.parse(frame)[0], "malformed", frame.hex())

    def test_forms_of_a_file(self):
        plain = oracle.count([self.path("plain.pcap")])
        for name in ("big_endian", "nanoseconds", "nanoseconds_big_endian"):
            self.assertEqual(oracle.count([self.path(name + ".pcap")]), plain)

    def test_cut_files_hold_all_but_the_last(self):
        frames_there = len(make_captures.plain()) - 1
        for name in ("cut-record", "cut-record-header"):
            _, ledger = oracle.count([self.path(f"bad/{name}.pcap")])
            self.assertEqual(sum(ledger.values()), frames_there)

    def test_private_agrees_with_python(self):
        # Python's own list has gaps in the narrow exceptions; the broad blocks must agree
        for text in ("10.1.1.1", "172.20.0.1", "192.168.3.4", "127.0.0.2", "169.254.3.3", "8.8.8.8",
                     "fe80::3", "fd00::1", "2001:db8::9", "2a00::1", "::1"):
            address = ipaddress.ip_address(text)
            self.assertEqual(oracle.is_private(address), not address.is_global, text)

    def test_embedded(self):
        for text in ("2002:501:1::9", "64:ff9b::5.1.0.1", "2001:0:1:1::fafe:fffe"):
            self.assertEqual(str(oracle.embedded(ipaddress.ip_address(text))), "5.1.0.1")

    def test_compare_sees_a_difference(self):
        database = self.path("w.mmdb")
        with open(database, "wb") as file:
            file.write(make_mmdb.build([{"city": "A", "country": "AA", "latitude": 1.0,
                                         "longitude": 2.0, "networks": ["5.1.0.0/16"]}]))
        out = io.StringIO()
        arguments = ["oracle.py", "--db", database, self.path("one.pcap")]
        with mock.patch("sys.argv", arguments), contextlib.redirect_stdout(out):
            oracle.main()
        rows, _ = oracle.table(oracle.count([self.path("one.pcap")])[0], oracle.Atlas([database]))
        sound = out.getvalue()
        lines = sound.splitlines(keepends=True)
        cases = [(sound, 0), (sound.replace(",40,", ",41,", 1), 1), ("".join(lines[:2]), 1),
                 (sound + lines[1], 2), (lines[0] + lines[2] + lines[1], 1),
                 (sound.replace("AA", "AB"), 1), (sound.replace("1.0,2.0", "1.0,2.1"), 1),
                 (sound.replace("1.0,2.0", ","), 1), (lines[1], 1), ("", 1),
                 (sound + "5.9.9.9" + lines[2][7:], 1)]
        for text, differences in cases:
            with open(self.path("hosts.csv"), "w", encoding="utf-8") as file:
                file.write(text)
            got = oracle.compare(rows, self.path("hosts.csv"))
            self.assertEqual(len(got), differences, got)

    def test_snapped_frames_say_their_length(self):
        octets = frames.pcap([frames.snapped(bytes(500), 96)])
        self.assertEqual(struct.unpack_from("<II", octets, 32), (96, 500))


if __name__ == "__main__":
    unittest.main()
