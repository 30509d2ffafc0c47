#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The databases that make_mmdb.py writes, read back by two readers that are not ours:
libmaxminddb's mmdblookup, and Python's maxminddb in its pure form."""

import ipaddress
import json
import os
import struct
import subprocess
import tempfile
import unittest

import maxminddb

import make_mmdb

HERE = os.path.dirname(os.path.abspath(__file__))


def load(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return json.load(file)["places"]


def as_float(number):
    return struct.unpack(">f", struct.pack(">f", number))[0]


class Written(unittest.TestCase):
    def setUp(self):
        # pylint: disable-next=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "test.mmdb")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, places, **options):
        with open(self.path, "wb") as file:
            file.write(make_mmdb.build(places, **options))
        return maxminddb.open_database(self.path, maxminddb.MODE_MEMORY)

    def place_of(self, places, address):
        """The place of the narrowest network around an address, by looking at all of them."""
        best, length = None, -1
        for place in places:
            for text in place["networks"]:
                network = ipaddress.ip_network(text)
                if address.version == network.version and address in network:
                    if network.prefixlen > length:
                        best, length = place, network.prefixlen
        return best

    def edges(self, places, version):
        """First, last and both neighbours of every network."""
        for place in places:
            for text in place["networks"]:
                network = ipaddress.ip_network(text)
                if network.version != version:
                    continue
                first, last = int(network.network_address), int(network.broadcast_address)
                kind = type(network.network_address)
                for value in (first - 1, first, (first + last) // 2, last, last + 1):
                    yield kind(value)

    def test_flat_everywhere(self):
        places = load("world.json")
        for family in (4, 6):
            for size in (24, 28, 32):
                with self.subTest(family=family, size=size):
                    reader = self.write(places, schema="dbip", family=str(family), record_size=size)
                    self.assertEqual(reader.metadata().record_size, size)
                    self.assertEqual(reader.metadata().ip_version, family)
                    for address in self.edges(places, family):
                        place, record = self.place_of(places, address), reader.get(str(address))
                        if place is None:
                            self.assertIsNone(record)
                            continue
                        self.assertEqual(record["city"], place.get("city") or "")
                        self.assertEqual(record["country_code"], place.get("country") or "")
                        if "latitude" in place:
                            self.assertEqual(record["latitude"], as_float(place["latitude"]))
                            self.assertEqual(record["longitude"], as_float(place["longitude"]))
                        else:
                            self.assertNotIn("latitude", record)

    def test_nested_everywhere(self):
        places = load("world.json")
        reader = self.write(places, schema="geolite2", family="both")
        for version in (4, 6):
            for address in self.edges(places, version):
                place, record = self.place_of(places, address), reader.get(str(address))
                if place is None:
                    self.assertIsNone(record)
                    continue
                self.assertEqual(record.get("city", {}).get("names", {}).get("en"),
                                 place.get("city"))
                self.assertEqual(record.get("country", {}).get("iso_code"), place.get("country"))
                location = record.get("location", {})
                self.assertEqual(location.get("latitude"), place.get("latitude"))
                self.assertEqual(location.get("accuracy_radius"), place.get("radius_km"))

    def test_aliases(self):
        reader = self.write(load("world.json"), schema="geolite2", family="both")
        for address in ("31.7.7.7", "::31.7.7.7", "::ffff:31.7.7.7", "2002:1f07:707::1"):
            self.assertEqual(reader.get(address)["city"]["names"]["en"], "New York", address)

    def test_mmdblookup_agrees(self):
        self.write(load("world.json"), schema="dbip", family="4")
        answer = subprocess.run(["mmdblookup", "--file", self.path, "--ip", "31.7.7.7", "city"],
                                check=True, capture_output=True, text=True).stdout
        self.assertIn('"New York" <utf8_string>', answer)

    def test_names_of_any_octets(self):
        for name in ("", "L" * 300, "x" * 70000, "ü" * 200, "a\0b", "Z\udcfcrich", "\udcff\udcfe"):
            octets = make_mmdb.build([{"city": name, "networks": ["5.0.0.0/8"]}])
            self.assertIn(name.encode("utf-8", "surrogateescape"), octets)
        for length in (28, 29, 284, 285, 65820, 65821):
            reader = self.write([{"city": "y" * length, "networks": ["5.0.0.0/8"]}])
            self.assertEqual(reader.get("5.1.1.1")["city"], "y" * length)

    def test_hostile_world_opens(self):
        places = load("hostile.json")
        reader = self.write(places, schema="dbip", family="4")
        self.assertEqual(reader.get("5.1.0.1")["city"], "<script>alert(1)</script>")
        last = f"5.{len(places)}.0.1"
        self.assertEqual(reader.get(last)["city"], "Last, and sound")

    def test_types(self):
        record = {"a": {"$uint16": 0}, "b": {"$uint32": 2**32 - 1}, "c": {"$uint64": 2**64 - 1},
                  "d": {"$uint128": 2**127}, "e": {"$int32": -5}, "f": True, "g": [1.5, "x", {}],
                  "h": {"$bytes": "00ff"}, "i": {"$float": 0.5}}
        got = self.write([{"record": record, "networks": ["5.0.0.0/8"]}]).get("5.0.0.1")
        self.assertEqual(got, {"a": 0, "b": 2**32 - 1, "c": 2**64 - 1, "d": 2**127, "e": -5,
                               "f": True, "g": [1.5, "x", {}], "h": b"\0\xff", "i": 0.5})

    def test_pointers_of_every_size(self):
        # 2,048 and 526,336 are where a pointer needs another octet
        for filler in (100, 2047, 2048, 3000, 526335, 526336, 600000):
            places = [{"record": "f" * filler, "networks": ["5.0.0.0/16"]},
                      {"record": {"city": "a repeated name"}, "networks": ["5.1.0.0/16"]},
                      {"record": {"city": "a repeated name", "x": 1}, "networks": ["5.2.0.0/16"]}]
            reader = self.write(places)
            self.assertEqual(reader.get("5.2.0.1"), {"city": "a repeated name", "x": 1})

    def test_same_input_same_file(self):
        self.assertEqual(make_mmdb.build(load("world.json")), make_mmdb.build(load("world.json")))

    def test_equal_places_share_a_record(self):
        one = make_mmdb.build([{"city": "Same town", "networks": ["5.0.0.0/16"]}])
        two = make_mmdb.build([{"city": "Same town", "networks": ["5.0.0.0/16", "6.0.0.0/16"]}])
        self.assertEqual(one.count(b"Same town"), two.count(b"Same town"))

    def test_many(self):
        reader = self.write(make_mmdb.many(5000))
        towns = {reader.get(f"11.{i >> 8}.{i & 255}.9")["city"] for i in range(5000)}
        self.assertEqual(len(towns), 5000)


if __name__ == "__main__":
    unittest.main()
