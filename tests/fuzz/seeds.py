#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Makes the seed corpora of the fuzz targets out of the captures of tests/captures/make.py and the
databases of tests/tools/make_mmdb.py.

    seeds.py FOLDER

FOLDER/TARGET/ holds one file for each input. How a target reads its input stands on top of its
source.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "captures"))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
# pylint: disable=wrong-import-position
import frames
import make

# what stands before an IPv4 packet on each other link than Ethernet, in the order of parse.h
SNAP = b"\xaa\xaa\3\0\0\0\x08\0"
IPV4_ON_LINKS = [
    b"", b"", b"", b"\2\0\0\0", bytes(14) + b"\x08\0", b"\x08\0" + bytes(18), b"\xff\3\0\x21",
    b"\x8f\0\x08\0", b"\x0f\0\x08\0", b"\x11\0\0\1\0\x40\0\x21", b"\x08\1" + bytes(22) + SNAP,
    b"\0\0\x0a\0\2\0\0\0\x20\0" + b"\x88\1" + bytes(26) + SNAP,
]
MAX_FRAME = 600  # longer frames only slow the fuzzer down: their headers are at the front


def write(folder, target, octets):
    path = os.path.join(folder, target)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, hashlib.sha1(octets).hexdigest()[:16]), "wb") as file:
        file.write(octets)


def door(folder):
    for text in ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "wall.example.net:8080",
                 "POST /x HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                 "OPTIONS * HTTP/1.1\r\n\r\n", "GET http://a:80/ HTTP/1.0\r\n\r\n", "bytes=5-9",
                 "gzip;q=0.5, *;q=0", "text/html, application/*;q=0.9", "YW5uYTpzZWNyZXQ=",
                 "https://wall.example.net:8443", "W/\"abc\", \"def\"", "127.0.0.1:8080",
                 "user:anna:admin:$5$rounds=1000$abcdefgh$Q\n# x\ntoken:w:viewer:$y$j9T$a$b\n",
                 '{"id":1,"from":"2026-11-30T10:20:00Z","to":"2026-11-30T10:25:00Z","over":false,'
                 '"subject":"place","direction":"more","packets_s":1.5,"usual_packets_s":0.5,'
                 '"score":9.5,"country":"FR","place":7,"name":"x","latitude":1.5,"longitude":2.5}'):
        write(folder, "door", text.encode())


def parse(folder):
    for name, frames in make.captures():
        decap = 0xFFFF if name.startswith("tunnel") else 0
        for frame in frames:
            shown = min(len(frame), 64)
            write(folder, "parse", struct.pack(">BHH", 0, decap, shown) + frame[:MAX_FRAME])
            if frame[12:14] != b"\x08\0":
                continue
            for link, head in enumerate(IPV4_ON_LINKS, 1):
                write(folder, "parse",
                      struct.pack(">BHH", link, decap, shown) + head + frame[14:MAX_FRAME])


def special(folder):
    for _, frames in make.captures():
        for frame in frames:
            for at in range(22, min(len(frame) - 16, 60), 8):
                write(folder, "special", b"\0" + frame[at:at + 16])
                write(folder, "special", b"\1" + bytes(12) + frame[at:at + 4])


def databases(folder):
    places = [
        {"city": "Suva", "country": "FJ", "latitude": -18.1, "longitude": 178.4, "radius_km": 20,
         "networks": ["5.1.0.0/16", "2a00:1::/32"]},
        {"city": "<b>\"\\</b>", "country": "DE", "latitude": 50.1, "longitude": 8.7,
         "networks": ["5.2.0.0/16", "2a00:2::/32"]},
        {"country": "US", "networks": ["5.3.0.0/24"]},
        {"record": {"$uint32": 5}, "networks": ["5.4.0.0/24"]},
        {"record": {"location": {"latitude": {"$float": 91.0}, "longitude": "8"},
                    "city": {"names": ["en"]}, "country": {"iso_code": {"$bytes": "ff00"}}},
         "networks": ["5.5.0.0/24"]},
    ]
    with tempfile.TemporaryDirectory() as work:
        world = os.path.join(work, "world.json")
        with open(world, "w", encoding="utf-8") as file:
            json.dump({"places": places}, file)
        for schema in ("dbip", "geolite2"):
            for size in (24, 28, 32):
                for family in ("4", "6", "both"):
                    out = os.path.join(work, "out.mmdb")
                    made = subprocess.run(
                        [sys.executable, os.path.join(HERE, "..", "tools", "make_mmdb.py"),
                         "--schema", schema, "--family", family, "--record-size", str(size), world,
                         out], capture_output=True, check=False)
                    if made.returncode == 0:
                        with open(out, "rb") as file:
                            write(folder, "locate", file.read())


def texts(folder):
    names = ["Frankfurt am Main", "", "<script>alert(1)</script>", "a\"b\\c", "\x80\x81\x82", "x" * 140]
    for count in range(1, 7):
        octets = bytes([count, count])
        for i in range(count):
            name = names[i].encode("latin-1")
            octets += struct.pack(">IIBBB", 0x80000000 + i * 7654321, 0x10000000 * i, 20 * i,
                                  3 + 2 * i, len(name)) + name
        for i in range(count):
            octets += bytes([i, i]) + bytes(range(i, i + 16)) + struct.pack(">8I", *range(i, i + 8))
        for sensor in (b"sensor", b"caf\xe9 <b>", b"\xff\x00"):
            write(folder, "encode", octets + sensor)


def captures(folder):
    frames_of = [frame[:80] for _, frames in make.captures() for frame in frames][:40]
    forms = [frames.pcap(frames_of), frames.pcap(frames_of, order=">", nano=True),
             frames.pcap(frames_of, linktype=101), frames.pcapng(frames_of)]
    forms.append(forms[-1] + forms[-1])
    for octets in forms:
        write(folder, "capture", octets)
        write(folder, "capture", octets[:-7])
        for compress in (gzip.compress, bz2.compress, lzma.compress):
            write(folder, "capture", compress(octets))
        for tool in ("zstd", "lz4", "lzip"):
            write(folder, "capture", subprocess.run([tool, "-c"], input=octets, check=True,
                                                    capture_output=True).stdout)


RECORD = """version: 1 sensor: "s-1" boot_id: 77 number: 3 part: %d parts: %d
start_ms: 1790000000000 end_ms: 1790000010000 covered_us: 10000000
site { name: "K\303\266ln" group: "west" position { latitude: 50.94 longitude: 6.96 } }
databases { type: "DBIP-City-Lite" build: 1780000000 } received: 8 lost: 1 link: LINK_UP
ledger { name: "frames.tcp" value: 5 } ledger { name: "frames.udp" value: 2 }
ledger { name: "frames.of_later" value: 1 } ledger { name: "addresses.located" value: 14 }
lanes { port: "eth0" lcore: 1 received: 8 cycles_per_packet: 80.5 busy: 0.25 }
ports { name: "eth0" driver: "net_pcap" kind: "interface" link: LINK_UP link_mbps: 10000 }
"""
PLACES = """places { position { latitude: -18.1 longitude: 178.4 } radius_km: 20 country: "FJ" city: "Suva"
  tcp { source_packets: 5 source_octets: 400 } udp { destination_packets: 2 } }
places { country: "US" own: true basis: REGISTERED tcp { destination_octets: 9 } }
places { continent: "EU" basis: CONTINENT udp { source_packets: 1 source_octets: 60 } }
"""


def records(folder):
    proto = os.path.join(HERE, "../../lib/record")
    for text in (RECORD % (0, 1), RECORD % (0, 1) + PLACES, RECORD % (1, 3) + PLACES,
                 (RECORD % (0, 1)).replace("version: 1", "version: 9"), 'sensor: "\377\001"'):
        octets = subprocess.run(
            ["protoc", f"--proto_path={proto}", "--encode=packet_heatmap.Record", "record.proto"],
            input=text.encode(), check=True, capture_output=True).stdout
        write(folder, "record", octets)
        write(folder, "record", octets[:-5])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    for maker in (parse, door, special, databases, texts, captures, records):
        maker(sys.argv[1])


if __name__ == "__main__":
    main()
