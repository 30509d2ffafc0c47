#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Writes the smoke tests' captures into a folder.

    make_captures.py FOLDER [NAME...]

Sound captures, each with something that a counter may get wrong, stand in FOLDER; what must be
answered rather than counted stands in FOLDER/bad. Every file is the same on every run. Addresses of
5.0.0.0/8 and 2a00::/16 and their places are those of world.json.
"""

import ipaddress
import os
import random
import struct
import sys

from frames import (ARP, IGMP, IPV4, IPV6, LINKTYPE_IEEE802_15_4, LINKTYPE_USB_LINUX,
                    LLDP, OSPF, QINQ, VLAN, arp, authentication, destination_options, ether,
                    fragment6, hop_by_hop, icmp, icmpv6, ipv4, ipv6, llc, packed, pcap, pcapng,
                    routing, snapped, tcp, udp)


def v4(city, host=1):
    return f"5.{city}.{host >> 8 & 255}.{host & 255}"


def v6(city, host=1):
    return f"2a00:{city:x}::{host:x}"


def plain():
    """Both layers, both directions, many sizes; some hosts talk to themselves."""
    frames = []
    for i in range(1, 77):
        j = i % 76 + 1
        frames.append(ether(ipv4(v4(i), v4(j), tcp(40000 + i, 443, b"q" * i))))
        frames.append(ether(ipv4(v4(j), v4(i), tcp(443, 40000 + i, b"a" * (13 * i)))))
        if i % 2:
            frames.append(ether(ipv4(v4(i, 2), v4(j), udp(5000 + i, 53, b"d" * (i * 3)))))
        if i % 5 == 0:
            frames.append(ether(ipv4(v4(j), v4(i, 2), udp(53, 5000 + i, b"r" * 400))))
        if i % 9 == 0:
            frames.append(ether(ipv4(v4(i), v4(i), tcp(1, 2))))
    return frames


def nested():
    """Networks inside networks, and their edges."""
    hosts = ["31.0.0.0", "31.6.255.255", "31.7.0.0", "31.7.6.255", "31.7.7.0", "31.7.7.6",
             "31.7.7.7", "31.7.7.8", "31.7.8.0", "31.8.0.0", "31.255.255.254", "31.255.255.255",
             "32.0.0.0", "30.255.255.255", "23.0.15.255", "23.0.16.0", "23.0.31.255", "23.0.32.0"]
    frames = [ether(ipv4(host, v4(1), udp(1, 2, host.encode()))) for host in hosts]
    for host in ("2a00:1:7::6", "2a00:1:7::7", "2a00:1:7::8", "2a00:1:ffff:ffff::", "2a00::1"):
        frames.append(ether(ipv6(v6(2), host, tcp(1, 2))))
    return frames


def country_only():
    """Places without a city, and records without a position."""
    frames = []
    for net in (0, 1, 2, 3, 100, 101):
        frames.append(ether(ipv4(f"37.{net}.0.1", v4(3), tcp(1, 2))))
        frames.append(ether(ipv6(f"2a02:{net}::1", v6(3), udp(1, 2))))
    return frames


def both_families():
    frames = []
    for i in range(1, 77):
        frames.append(ether(ipv6(v6(i), v6(i % 76 + 1), tcp(1, 2, b"x" * i))))
        frames.append(ether(ipv6(v6(i % 76 + 1, 0xffff), v6(i), udp(1, 2, b"x" * (i + 7)))))
        frames.append(ether(ipv4(v4(i), v4(i % 76 + 1), udp(1, 2, b"x" * (i + 9)))))
    return frames


def ipv6_extensions():
    chains = [
        (hop_by_hop(),),
        (hop_by_hop(2), destination_options()),
        (routing(2),),
        (authentication(6),),
        (hop_by_hop(), destination_options(), routing(2), authentication(),
         destination_options(1)),
        (fragment6(0, 0),),  # atomic, RFC 6946
    ]
    frames = []
    for chain in chains:
        frames.append(ether(ipv6(v6(1), v6(2), tcp(1, 2, b"data"), extensions=chain)))
        frames.append(ether(ipv6(v6(3), v6(4), udp(1, 2, b"data"), extensions=chain)))
        frames.append(ether(ipv6(v6(5), v6(6), icmpv6(), extensions=chain)))
    frames.append(ether(ipv6(v6(1), v6(2), b"", protocol=59)))
    frames.append(ether(ipv6(v6(1), v6(2), bytes(24), protocol=50)))
    return frames


def vlan():
    frames = []
    stacks = [((VLAN, 0),), ((VLAN, 7),), ((QINQ, 100), (VLAN, 200)), ((0x9100, 5), (VLAN, 6)),
              ((VLAN, 1), (VLAN, 2), (VLAN, 3))]
    for n, tags in enumerate(stacks):
        frames.append(ether(ipv4(v4(10 + n), v4(20), tcp(1, 2, b"v" * 30)), tags=tags))
        frames.append(ether(ipv6(v6(10 + n), v6(20), udp(1, 2, b"v" * 30)), tags=tags))
        frames.append(ether(arp("10.0.0.1", "10.0.0.2"), kind=ARP, tags=tags))
    return frames


def fragments():
    """A later fragment has no TCP or UDP header, and still belongs to its layer."""
    frames = []
    for n, make in enumerate((tcp, udp)):
        whole = make(1000, 2000, bytes(range(256)) * 12)
        for at in range(0, len(whole), 1024):
            more = 1 if at + 1024 < len(whole) else 0
            part = whole[at:at + 1024]
            frames.append(ether(ipv4(v4(30 + n), v4(40), part, protocol=whole.protocol, flags=more,
                                     offset=at, ident=9)))
            frames.append(ether(ipv6(v6(30 + n), v6(40), part, protocol=whole.protocol,
                                     extensions=(fragment6(at, more),))))
    # a fragment that looks like the other protocol's header inside
    frames.append(ether(ipv4(v4(33), v4(41), udp(6, 6, b"\x06" * 64), offset=8)))
    # the smallest later fragment
    frames.append(ether(ipv4(v4(34), v4(41), b"\0" * 8, protocol=6, offset=64)))
    return frames


def private():
    """Everything that is not globally reachable, against a host on the map and against itself."""
    hosts4 = ["0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.0",
              "100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.0", "172.31.255.255",
              "192.0.0.1", "192.0.2.7", "192.168.0.1", "192.168.255.255", "198.18.0.1",
              "198.19.255.255", "198.51.100.1", "203.0.113.255", "224.0.0.251", "239.255.255.250",
              "240.0.0.1", "255.255.255.254", "255.255.255.255"]
    # neighbours that are as public as any
    public4 = ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
               "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
               "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
               "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
               "223.255.255.255"]
    hosts6 = ["::1", "100::1", "2001:db8::1", "fc00::1", "fdff:ffff::1", "fe80::1", "febf::1",
              "ff02::fb", "ff05::1:3", "3fff::1", "5f00::1", "64:ff9b:1::1", "2001:2::1"]
    public6 = ["2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2400::1", "3ffe::1"]
    frames = []
    for i, host in enumerate(hosts4 + public4):
        frames.append(ether(ipv4(host, v4(5), udp(1, 2, b"p" * i))))
        frames.append(ether(ipv4(v4(5), host, tcp(1, 2, b"p" * i))))
        frames.append(ether(ipv4(host, "10.9.9.9", udp(1, 2))))
    for i, host in enumerate(hosts6 + public6):
        frames.append(ether(ipv6(host, v6(5), udp(1, 2, b"p" * i))))
        frames.append(ether(ipv6(v6(5), host, tcp(1, 2, b"p" * i))))
    return frames


def all_private():
    return [ether(ipv4("192.168.1.10", f"192.168.1.{i}", tcp(1, 2))) for i in range(1, 100)]


def other():
    """What is sound and neither TCP nor UDP."""
    frames = [ether(arp("10.0.0.1", "10.0.0.2"), kind=ARP),
              ether(ipv4(v4(1), v4(2), icmp())),
              ether(ipv4(v4(1), v4(2), b"\x11\0\0\0" + packed("239.1.1.1"), protocol=IGMP)),
              ether(ipv4(v4(1), v4(2), bytes(24), protocol=OSPF)),
              ether(ipv4(v4(1), v4(2), bytes(24), protocol=132)),
              ether(ipv6(v6(1), v6(2), icmpv6())),
              ether(b"\x02\x07\x04" + bytes(20), kind=LLDP),
              llc(b"\x42\x42\x03" + bytes(35)),
              llc(b"\xfe\xfe\x03" + bytes(20)),
              ether(bytes(46), kind=0x9000),
              ether(bytes(46), kind=0x1234)]
    # one that counts, so that the file is not empty for the map
    return frames * 3 + [ether(ipv4(v4(7), v4(8), tcp(1, 2)))]


def other_only():
    return [ether(ipv4(v4(1), v4(2), icmp())) for _ in range(5)] + \
        [ether(arp("10.0.0.1", "10.0.0.2"), kind=ARP) for _ in range(5)]


def malformed():
    """Each in a way of its own: no address of them may be counted. The last one is sound."""
    good4, good6 = ipv4(v4(1), v4(2), tcp(1, 2, b"abc")), ipv6(v6(1), v6(2), tcp(1, 2, b"abc"))
    frames = [b"\x02", b"\x02" * 6, b"\x02" * 13,
              bytes(12) + struct.pack(">H", IPV4),
              ether(b"", kind=VLAN, pad=False),
              bytes(12) + struct.pack(">HHH", VLAN, 1, IPV4)[:4],
              ether(good4[:1], pad=False), ether(good4[:19], pad=False),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), version=5), kind=IPV4),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), version=6), kind=IPV4),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), ihl=4), kind=IPV4),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), ihl=0), kind=IPV4),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), total=19), kind=IPV4),
              ether(ipv4(v4(1), v4(2), tcp(1, 2), total=1), kind=IPV4),
              ether(good6[:1], kind=IPV6, pad=False), ether(good6[:39], pad=False),
              ether(ipv6(v6(1), v6(2), tcp(1, 2), version=4), kind=IPV6),
              ether(ipv6(v6(1), v6(2), b"", protocol=0), pad=False),
              ether(ipv6(v6(1), v6(2), b"", protocol=0, length=8), pad=False)]
    return frames + [ether(ipv4(v4(9), v4(10), udp(1, 2)))]


def snap():
    """Cut by a snap length: counted whole, from the IP header. 96 octets keep any header here."""
    return [snapped(frame, 96) for frame in plain() + both_families()]


def padding():
    """Short packets in frames filled up to 60 octets and beyond: the filling is not the packet."""
    frames = []
    for i in range(1, 30):
        frames.append(ether(ipv4(v4(i), v4(i + 1), tcp(1, 2))).ljust(60 + i, b"\xaa"))
        frames.append(ether(ipv4(v4(i), v4(i + 1), udp(1, 2))).ljust(60 + i, b"\x45"))
        frames.append(ether(ipv6(v6(i), v6(i + 1), udp(1, 2))).ljust(100 + i, b"\x60"))
    return frames


def offload():
    """Total length 0: the capturing host left it to its NIC. The frame's length counts."""
    return [ether(ipv4(v4(i), v4(i + 1), tcp(1, 2, b"o" * 2000 * i), total=0)) for i in range(1, 5)]


def options():
    return [ether(ipv4(v4(i), v4(i + 1), (tcp, udp)[i % 2](1, 2, b"x" * i), options=b"\x01" * i))
            for i in range(1, 41)]


def jumbo():
    """Frames of 9,000 octets and more: more than one mbuf each."""
    return [ether(ipv4(v4(i), v4(i + 1), (tcp, udp)[i % 2](1, 2, bytes(1400 * i))))
            for i in range(1, 12)]


def big(packets=120000):
    """Enough to fill rings and pools many times over. Zipf-like: few hosts have most of it."""
    dice = random.Random(1)
    city = dice.choices(range(1, 77), [1 / n for n in range(1, 77)], k=2 * packets)
    host = dice.choices(range(1, 200), [1 / n for n in range(1, 200)], k=2 * packets)
    size = dice.choices((0, 6, 200, 536, 1400), (40, 20, 20, 10, 10), k=packets)
    layer = dice.choices((6, 17), (70, 30), k=packets)
    family = dice.choices((4, 6), (80, 20), k=packets)
    filling = bytes(1500)
    frames = []
    for i in range(packets):
        a, b, n = 2 * i, 2 * i + 1, size[i]
        if family[i] == 4:
            head = struct.pack(">BBHHHBBHBBHBBH", 0x45, 0, 40 + n, i & 0xFFFF, 0, 64, layer[i], 0,
                               5, city[a], host[a], 5, city[b], host[b])
            frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + head
        else:
            head = struct.pack(">IHBBHHQIHHQI", 6 << 28, 20 + n, layer[i], 64, 0x2A00, city[a], 0,
                               host[a], 0x2A00, city[b], 0, host[b])
            frame = b"\2\0\0\0\0\2\2\0\0\0\0\1\x86\xdd" + head
        frames.append((frame + filling[:20 + n]).ljust(60, b"\0"))
    return frames


def embedded():
    """IPv6 addresses with an IPv4 one inside: 6to4, NAT64, Teredo (there inverted)."""
    frames = []
    for city in range(1, 20):
        inner = packed(v4(city))
        inverted = bytes(255 - octet for octet in inner)
        for octets in (b"\x20\x02" + inner + bytes(10),
                       bytes.fromhex("0064ff9b") + bytes(8) + inner,
                       bytes.fromhex("20010000") + packed(v4(50)) + bytes(4) + inverted):
            host = str(ipaddress.ip_address(octets))
            frames.append(ether(ipv6(host, v6(60), tcp(1, 2, b"e" * city))))
    return frames


def one():
    return [ether(ipv4(v4(1), v4(2), tcp(1, 2)))]


GOOD = {"plain": plain, "nested": nested, "country_only": country_only, "ipv6": both_families,
        "ipv6_extensions": ipv6_extensions, "vlan": vlan, "fragments": fragments,
        "private": private, "all_private": all_private, "other": other, "other_only": other_only,
        "malformed": malformed, "snap": snap, "padding": padding, "offload": offload,
        "options": options, "embedded": embedded, "jumbo": jumbo, "big": big, "one": one}


def bad():
    """name -> octets of what is no sound capture of IP packets."""
    sound, last = pcap(plain()), plain()[-1]
    inner = [frame[14:] for frame in plain()]
    return {
        "zigbee.pcap": pcap(inner, linktype=LINKTYPE_IEEE802_15_4),
        "usb.pcap": pcap(inner, linktype=LINKTYPE_USB_LINUX),
        "empty.pcap": pcap([]),
        "zero.pcap": b"",
        "cut-file-header.pcap": sound[:23],
        "cut-record-header.pcap": sound[:-len(last) - 7],  # 9 of its 16 octets are there
        "cut-record.pcap": sound[:-7],
        "lying-record.pcap": sound + struct.pack("<IIII", 1767225700, 0, 0x7FFFFFFF, 0x7FFFFFFF),
        "text.pcap": b"this is no capture\n" * 20,
        "version.pcap": sound[:4] + struct.pack("<HH", 9, 9) + sound[8:],
        "capture.pcapng": pcapng(plain()),
        "empty.pcapng": pcapng([]),
    }


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    folder, wanted = sys.argv[1], sys.argv[2:]
    os.makedirs(os.path.join(folder, "bad"), exist_ok=True)

    def write(name, octets):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(octets)

    for name, make in GOOD.items():
        if not wanted or name in wanted:
            write(name + ".pcap", pcap(make()))
    if not wanted or "byte_orders" in wanted:
        # the same packets as `plain`, in the other forms of a capture file
        write("big_endian.pcap", pcap(plain(), order=">"))
        write("nanoseconds.pcap", pcap(plain(), nano=True))
        write("nanoseconds_big_endian.pcap", pcap(plain(), nano=True, order=">"))
    if not wanted or "bad" in wanted:
        for name, octets in bad().items():
            write(os.path.join("bad", name), octets)


if __name__ == "__main__":
    sys.exit(main())
