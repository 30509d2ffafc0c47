#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Counts a capture a second time, for comparison: nothing of it is shared with the program.

    oracle.py --db FILE [--db FILE...] CAPTURE...                   the host table, as CSV
    oracle.py --db FILE ... --compare HOSTS.csv CAPTURE...          exit 0 when equal
    oracle.py --db FILE ... --summary CAPTURE...                    the ledger, as JSON

It reads the way that the rules are told (frames with TCP or UDP in their outermost IP header, once
for the source and once for the destination, octets from the IP header), one frame after the other,
with no care for speed. It knows Ethernet, VLAN tags, LLC/SNAP, IPv4 and IPv6 with extension
headers; a capture with anything else below IP is not for this oracle.
"""

import argparse
import collections
import csv
import io
import ipaddress
import json
import struct
import sys

import maxminddb

COLUMNS = [f"{layer}_{direction}_{unit}" for layer in ("tcp", "udp") for direction in ("src", "dst")
           for unit in ("packets", "octets")]
HEADER = ["address", "country", "latitude", "longitude"] + COLUMNS

# Not globally reachable, from the IANA special-purpose address registries (RFC 6890, RFC 8190) and
# the multicast ones; a narrower exception stands before the block that it is in.
NOT_GLOBAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
!192.0.0.9/32 !192.0.0.10/32 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
::/128 ::1/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64
!2001::/32 !2001:1::1/128 !2001:1::2/128 !2001:1::3/128 !2001:3::/32 !2001:4:112::/48 !2001:20::/28
!2001:30::/28 2001::/23 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10 ff00::/8
""".split()
NOT_GLOBAL = [(not text.startswith("!"), ipaddress.ip_network(text.lstrip("!")))
              for text in NOT_GLOBAL]


def is_private(address):
    for private, network in NOT_GLOBAL:
        if network.version == address.version and address in network:
            return private
    return False


def read_pcap(path):
    """The frames of a classic capture file, as they were captured."""
    with open(path, "rb") as file:
        octets = file.read()
    magic = octets[:4]
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<",
             b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}[magic]
    (linktype,) = struct.unpack_from(order + "I", octets, 20)
    if linktype & 0xFFFF != 1:
        raise ValueError(f"{path}: link type {linktype}, not Ethernet")
    at = 24
    while at + 16 <= len(octets):
        _, _, kept, _ = struct.unpack_from(order + "IIII", octets, at)
        if at + 16 + kept > len(octets):
            break
        yield octets[at + 16:at + 16 + kept]
        at += 16 + kept


def parse(frame):
    """-> (result, source, destination, octets); the last three are None unless tcp or udp."""
    def is_a(result):
        return result, None, None, None

    if len(frame) < 14:
        return is_a("malformed")
    at = 12
    kind = int.from_bytes(frame[at:at + 2], "big")
    at += 2
    while kind in (0x8100, 0x88A8, 0x9100):
        if len(frame) < at + 4:
            return is_a("malformed")
        kind = int.from_bytes(frame[at + 2:at + 4], "big")
        at += 4
    if kind <= 1500:
        if frame[at:at + 6] != b"\xaa\xaa\x03\0\0\0":
            return is_a("not_ip")
        kind = int.from_bytes(frame[at + 6:at + 8], "big")
        at += 8
    packet = frame[at:]
    if kind == 0x0800:
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[0] & 15 < 5:
            return is_a("malformed")
        header, total = 4 * (packet[0] & 15), int.from_bytes(packet[2:4], "big")
        if len(packet) < header or 0 < total < header:
            return is_a("malformed")
        protocol, ends = packet[9], (packet[12:16], packet[16:20])
        octets = total if total else len(packet)
    elif kind == 0x86DD:
        if len(packet) < 40 or packet[0] >> 4 != 6:
            return is_a("malformed")
        octets, ends = 40 + int.from_bytes(packet[4:6], "big"), (packet[8:24], packet[24:40])
        protocol, here = packet[6], 40
        while protocol in (0, 43, 44, 51, 60):
            if len(packet) < here + 8:
                return is_a("malformed")
            following = packet[here]
            if protocol == 44:
                offset = int.from_bytes(packet[here + 2:here + 4], "big") >> 3
                here += 8
                if offset:
                    protocol = following
                    break
            elif protocol == 51:
                here += 4 * (packet[here + 1] + 2)
            else:
                here += 8 * (packet[here + 1] + 1)
            protocol = following
    else:
        return is_a("not_ip")
    layer = {6: "tcp", 17: "udp"}.get(protocol)
    if layer is None:
        return is_a("other_ip")
    return layer, ipaddress.ip_address(ends[0]), ipaddress.ip_address(ends[1]), octets


def count(paths):
    """-> (address -> its eight counters, result -> frames)"""
    hosts, ledger = {}, collections.Counter()
    for path in paths:
        for frame in read_pcap(path):
            result, source, destination, octets = parse(frame)
            ledger[result] += 1
            if source is None:
                continue
            for direction, address in (("src", source), ("dst", destination)):
                row = hosts.setdefault(address, dict.fromkeys(COLUMNS, 0))
                row[f"{result}_{direction}_packets"] += 1
                row[f"{result}_{direction}_octets"] += octets
    return hosts, ledger


def embedded(address):
    """The IPv4 address inside a 6to4, NAT64 or Teredo one, else the address itself."""
    if address.version == 6:
        octets = address.packed
        if octets[:2] == b"\x20\x02":
            return ipaddress.ip_address(octets[2:6])
        if octets[:12] == bytes.fromhex("0064ff9b0000000000000000"):
            return ipaddress.ip_address(octets[12:])
        if octets[:4] == b"\x20\x01\0\0":
            return ipaddress.ip_address(bytes(255 - octet for octet in octets[12:]))
    return address


class Atlas:
    """Databases in the order in which they are asked."""

    def __init__(self, paths):
        self.readers = [maxminddb.open_database(path, maxminddb.MODE_MEMORY) for path in paths]

    def place(self, address):
        """-> (country, latitude, longitude), or None. The first record with a position answers; if
        none has one, the first that names a country, then the first, with "" for the numbers."""
        address = embedded(address)
        without_position = None
        for reader in self.readers:
            if address.version == 6 and reader.metadata().ip_version == 4:
                continue
            record = reader.get(str(address))
            if not isinstance(record, dict):
                continue
            location = record.get("location", record)
            country = record.get("country_code", record.get("country", {}))
            if isinstance(country, dict):
                country = country.get("iso_code", "")
            if location.get("latitude", 0) != 0 or location.get("longitude", 0) != 0:
                return country, location["latitude"], location["longitude"]
            if without_position is None or (country and without_position[0] == ""):
                without_position = country, "", ""
        return without_position


def table(hosts, atlas):
    """Rows of the CSV, in its order: IPv4 before IPv6, then by value."""
    geo_results = collections.Counter()
    rows = []
    for address in sorted(hosts, key=lambda a: (a.version, int(a))):
        row = hosts[address]
        packets = sum(value for name, value in row.items() if name.endswith("packets"))
        place = None
        if is_private(address):
            geo_results["private"] += packets
        else:
            place = atlas.place(address)
            # without a position it cannot be drawn, whatever else is known
            geo_results["not_in_database" if place is None else
                        "no_position" if place[1] == "" else "located"] += packets
        rows.append([address, *(place or ("", "", ""))] + [row[name] for name in COLUMNS])
    return rows, geo_results


def compare(rows, path):
    """Differences between our rows and the program's file, as lines of text."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    if not lines or lines[0] != HEADER:
        return [f"the header line is {lines[:1]}, not {HEADER}"]
    differences = []
    theirs = {}
    order = []
    for line in lines[1:]:
        if len(line) != len(HEADER):
            differences.append(f"a line of {len(line)} fields: {line}")
            continue
        if line[0] in theirs:
            differences.append(f"{line[0]}: twice")
        theirs[line[0]] = line
        address = ipaddress.ip_address(line[0])
        order.append((address.version, int(address)))
        if str(address) != line[0] and not line[0].startswith("::ffff:"):
            differences.append(f"{line[0]}: not written as RFC 5952 says, {address}")
    if order != sorted(order):
        differences.append("the rows are not sorted by address")
    by_address = {ipaddress.ip_address(text): line for text, line in theirs.items()}
    for row in rows:
        line = by_address.pop(row[0], None)
        if line is None:
            differences.append(f"{row[0]}: missing")
            continue
        if [int(field) for field in line[4:]] != row[4:]:
            differences.append(f"{row[0]}: counters {','.join(line[4:])}, "
                               f"should be {','.join(map(str, row[4:]))}")
        if row[2] == "":
            same = line[1:4] == row[1:4]
        else:
            # the decimals that the program writes are its own affair; ten metres are not
            same = (line[1] == row[1] and line[2] != "" and abs(float(line[2]) - row[2]) < 1e-4
                    and abs(float(line[3]) - row[3]) < 1e-4)
        if not same:
            differences.append(f"{row[0]}: place {','.join(line[1:4])}, "
                               f"should be {row[1]},{row[2]},{row[3]}")
    differences += [f"{address}: should not be there" for address in by_address]
    return differences


def main():
    parser = argparse.ArgumentParser(description="An independent count of captures.")
    parser.add_argument("--db", action="append", default=[], help="in the order asked")
    parser.add_argument("--compare", metavar="HOSTS.csv")
    parser.add_argument("--summary", action="store_true", help="the ledger as JSON, not the table")
    parser.add_argument("captures", nargs="+")
    args = parser.parse_args()
    hosts, ledger = count(args.captures)
    rows, geo_results = table(hosts, Atlas(args.db))
    if args.compare:
        differences = compare(rows, args.compare)
        for line in differences[:20]:
            print(line)
        if differences:
            print(f"{len(differences)} differences in {len(rows)} hosts")
        return 1 if differences else 0
    if args.summary:
        results = {v: ledger[v] for v in ("tcp", "udp", "other_ip", "not_ip", "malformed")}
        geo_results = {f: geo_results[f]
                       for f in ("located", "private", "not_in_database", "no_position")}
        print(json.dumps({"frames": sum(ledger.values()), "hosts": len(rows), "results": results,
                          "geo_results": geo_results}))
        return 0
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    sys.stdout.write(out.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
