#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo's capture: the same every time, all the world in it, nothing private by mistake."""

import collections
import importlib.machinery
import importlib.util
import os
import subprocess
import tempfile
import unittest

import make_mmdb
import oracle

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/demo-capture")


def load():
    loader = importlib.machinery.SourceFileLoader("demo_capture", SCRIPT)
    spec = importlib.util.spec_from_loader("demo_capture", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class DemoCapture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # pylint: disable-next=consider-using-with
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "demo.pcap")
        subprocess.run([SCRIPT, cls.path], check=True)
        cls.hosts, cls.ledger = oracle.count([cls.path])
        demo = load()
        cls.rows = [row.split(None, 7) for row in demo.CITIES.strip().splitlines()]
        cls.places = [{"city": row[7], "country": row[0], "latitude": float(row[1]),
                       "longitude": float(row[2]),
                       "networks": [block for block in row[4:7] if block != "-"]}
                      for row in cls.rows]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_same_every_time(self):
        other = os.path.join(self.folder.name, "other.pcap")
        subprocess.run([SCRIPT, other], check=True)
        with open(self.path, "rb") as one, open(other, "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_mixture(self):
        frames = sum(self.ledger.values())
        self.assertEqual(frames, 24000)
        self.assertEqual(self.ledger["malformed"], 0)
        for result in ("tcp", "udp"):
            self.assertGreater(self.ledger[result], frames // 3)
        self.assertGreater(self.ledger["other_ip"], 0)
        versions = collections.Counter(address.version for address in self.hosts)
        self.assertGreater(versions[6], 200)
        self.assertGreater(sum(map(oracle.is_private, self.hosts)), 5)

    def test_every_city_in_both_layers(self):
        paths = []
        for family in ("4", "6"):
            paths.append(os.path.join(self.folder.name, f"{family}.mmdb"))
            with open(paths[-1], "wb") as file:
                file.write(make_mmdb.build(self.places, family=family))
        atlas = oracle.Atlas(paths)
        tcp, udp, nowhere = set(), set(), set()
        for address, row in self.hosts.items():
            place = atlas.place(address)
            if place is None and not oracle.is_private(address):
                nowhere.add(address)
            if place and row["tcp_src_packets"]:
                tcp.add(place)
            if place and row["udp_src_packets"]:
                udp.add(place)
        self.assertEqual(nowhere, set())
        self.assertEqual(len(tcp), len(self.rows))
        self.assertEqual(len(udp), len(self.rows))
        self.assertGreater(len({country for country, _, _ in tcp}), 100)

    def test_unwritable(self):
        done = subprocess.run([SCRIPT, "/proc/no/such/demo.pcap"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
