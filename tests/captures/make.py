#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Writes captures of every kind of frame that the parser knows, and of many lies about them.

    make.py FOLDER

One file for each kind, and FOLDER/link-*.pcap with those of plain IP on each link other than
Ethernet; the same files on every run. FOLDER/tunnel-*.pcap have tunnels in them, for
the tests with --decap. The hosts of outer packets are of 5.0.0.0/8 and 2a00::/16, those inside
tunnels of 6.0.0.0/8 and 2b00::/16.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "tools"))
# pylint: disable=wrong-import-position
from frames import (ARP, IPV4, IPV6, MPLS, QINQ, TCP, UDP, VLAN, arp, authentication,
                    destination_options, ether, fragment6, hop_by_hop, icmp, icmpv6, ipv4, ipv6,
                    llc, pcap, routing, snapped, tcp, udp)
from links import LINKS

TEB, PPPOE, PPPOE_DISCOVERY, UPSTREAM_MPLS = 0x6558, 0x8864, 0x8863, 0x8848


def both(n=1):
    """a TCP packet over IPv4 and a UDP packet over IPv6"""
    return (ipv4(f"5.1.0.{n}", f"5.2.0.{n}", tcp(40000, 443, b"x" * 30)),
            ipv6(f"2a00:1::{n:x}", f"2a00:2::{n:x}", udp(40000, 53, b"y" * 31)))


def inside(n=1):
    """what tunnels carry"""
    return (ipv4(f"6.1.0.{n}", f"6.2.0.{n}", tcp(50000, 80, b"x" * 40)),
            ipv6(f"2b00:1::{n:x}", f"2b00:2::{n:x}", udp(50000, 123, b"y" * 41)))


def kind_of(packet):
    return IPV4 if packet[0] >> 4 == 4 else IPV6


def over_ipv4(payload, protocol):
    return ether(ipv4("5.3.0.1", "5.4.0.1", payload, protocol))


def over_ipv6(payload, protocol):
    return ether(ipv6("2a00:3::1", "2a00:4::1", payload, protocol))


def tunnel(payload, protocol=None, port=None):
    """the payload in an IPv4 and in an IPv6 packet, over UDP if a port is given"""
    if port is not None:
        payload = udp(51234, port, payload)
        protocol = UDP
    return [over_ipv4(payload, protocol), over_ipv6(payload, protocol)]


# ---- link layer


def tags():
    frames = []
    for n, stack in enumerate([
            [(VLAN, 100)], [(VLAN, 0xE000)], [(QINQ, 10), (VLAN, 20)], [(VLAN, 10), (VLAN, 20)],
            [(0x9100, 10), (VLAN, 20)], [(0x9100, 10), (0x9100, 20), (VLAN, 30)],
            [(QINQ, 10), (QINQ, 20), (VLAN, 30)], [(VLAN, 1)] * 6]):
        frames += [ether(p, tags=stack) for p in both(n + 1)]
    return frames


def tags_cut():
    return [ether(b"", 0x8100, pad=False), ether(b"\0", 0x8100, pad=False),
            ether(b"\0\1\x81\0", 0x8100, pad=False), ether(b"", IPV4, pad=False)]


def label(number, bottom):
    return struct.pack(">I", number << 12 | bottom << 8 | 64)


def mpls():
    frames = []
    for n, kind in enumerate([MPLS, UPSTREAM_MPLS]):
        for packet in both(n + 1):
            frames.append(ether(label(1000, 1) + packet, kind))
            frames.append(ether(label(16, 0) + label(17, 0) + label(0, 1) + packet, kind))
            frames.append(ether(label(16, 1) + packet, kind, tags=[(VLAN, 7)]))
    return frames


def pseudo_wires():
    frames = []
    for packet in both():
        real = ether(packet, dst="001b21000001", src="001b21000002")
        virtual = ether(packet, dst="00005e000107", src="001b21000002")
        frames += [ether(label(1000, 1) + struct.pack(">I", 9) + real, MPLS),
                   ether(label(1000, 1) + real, MPLS),
                   ether(label(1000, 1) + virtual, MPLS),
                   ether(label(1000, 1) + bytes(4) + ether(packet, tags=[(VLAN, 5)], dst="001b21000001",
                                                           src="001b21000002"), MPLS)]
    frames.append(ether(label(1000, 1) + struct.pack(">I", 9) + ether(arp("5.1.0.1", "5.1.0.2"),
                                                                    ARP), MPLS))
    frames.append(ether(label(1000, 1) + struct.pack(">I", 0x10000007) + bytes(24), MPLS))
    frames.append(ether(label(1000, 1) + struct.pack(">I", 0x10000021) + both()[0], MPLS))
    frames.append(ether(label(1000, 1) + struct.pack(">I", 7) + b"\x77" * 52, MPLS))
    return frames


def logical_link():
    frames = []
    for packet in both():
        kind = struct.pack(">H", kind_of(packet))
        frames += [llc(b"\xaa\xaa\x03\0\0\0" + kind + packet),
                   llc(b"\xaa\xaa\x03\0\0\xf8" + kind + packet),
                   llc(b"\xaa\xaa\x03\0\x80\xc2\0\7\0\0" + ether(packet)),
                   llc(b"\xaa\xaa\x03\0\0\x0c\x20\0" + packet)]
        body = b"\xaa\xaa\x03\0\0\0" + kind + packet
        frames.append(ether(body, len(body), tags=[(VLAN, 5)]))
        frames.append(ether(body, 0x8870))
        frames.append(ether(body[:20], 20) + body[20:])  # the length ends in the IP header
    frames += [llc(b"\x06\x06\x03" + both()[0]), llc(b"\x42\x42\x03" + bytes(35)),
               llc(b"\xff\xff" + bytes(40)), llc(b"\xaa\xaa"), llc(b"")]
    return frames


def ppp(packet):
    return struct.pack(">H", 0x21 if packet[0] >> 4 == 4 else 0x57) + packet


def pppoe_session(payload, length=None):
    return struct.pack(">BBHH", 0x11, 0, 77, len(payload) if length is None else length) + payload


def pppoe():
    frames = []
    for packet in both():
        frames += [ether(pppoe_session(ppp(packet)), PPPOE),
                   ether(pppoe_session(ppp(packet)[1:]), PPPOE),
                   ether(pppoe_session(ppp(packet)), PPPOE, tags=[(VLAN, 35)]),
                   ether(pppoe_session(ppp(packet), 30), PPPOE)]
    frames += [ether(pppoe_session(b"\xc0\x21\1\1\0\4"), PPPOE), ether(bytes(40), PPPOE_DISCOVERY)]
    return frames


def wrapped():
    """Whole frames in frames, and other tags."""
    frames = []
    for packet in both():
        frame = ether(packet)
        kind = struct.pack(">H", kind_of(packet))
        frames += [
            ether(struct.pack(">I", 0x123) + frame, 0x88E7),
            ether(frame, TEB),
            ether(struct.pack(">HHH", 0x40, 1, 2) + frame[:0] + bytes(4) + frame, 0x22F3),
            ether(b"\x01\x01\0\x01\0\x05" + kind + packet, 0x8909),
            ether(bytes(4) + kind + packet, 0x8926),
            ether(bytes(6) + kind + packet, 0x893F),
            ether(bytes(4) + kind + packet, 0xF1C1),
            ether(b"\0\x40\0\1" + kind + packet, 0x892F),
            ether(b"\x20\0\0\0\0\1" + bytes(8) + kind + packet + bytes(16), 0x88E5),
            ether(b"\x00\0\0\0\0\1" + kind + packet + bytes(16), 0x88E5),
            ether(b"\x2c\0\0\0\0\1" + bytes(8) + kind + packet + bytes(16), 0x88E5),
            ether(b"\x0f\xc2\x02" + bytes([1 if kind_of(packet) == IPV4 else 2])
                  + b"\0\0\1\xff" + packet, 0x894F),
        ]
        isl = b"\xaa\xaa\x03\0\0\x0c\0\2\0\0\0\0" + frame + bytes(4)
        frames.append(bytes.fromhex("01000c000000001b21000001") + struct.pack(">H", len(isl)) + isl)
    return frames


def not_ip():
    return [ether(arp("5.1.0.1", "5.1.0.2"), ARP), ether(bytes(50), 0x88CC), ether(b"x" * 50, 0x600),
            ether(both()[0], 0x5DD), b"", b"\1", bytes(13), bytes(14), bytes(60)]


# ---- IPv4


def ipv4_options():
    frames = []
    for options in (b"\1\1\1\0", b"\x94\4\0\0", b"\7\x07\4\0\0\0\0\0", b"\x44\x08\5\0\0\0\0\0",
                    b"\1" * 40, b"\x82\x0b" + bytes(9) + b"\0", b"\7\0\0\0", b"\x99\xff\0\0"):
        frames.append(ether(ipv4("5.1.0.1", "5.2.0.1", udp(1, 2, b"z" * 9), options=options)))
        frames.append(ether(ipv4("5.1.0.2", "5.2.0.2", tcp(1, 2), options=options)))
    return frames


def ipv4_source_routes():
    """The header's own destination counts, be it the route's next hop."""
    return [ether(ipv4("5.1.0.1", "5.2.0.1", tcp(1, 2),
                       options=bytes([kind, 11, pointer]) + bytes([5, 7, 0, 1, 5, 8, 0, 1])))
            for kind in (131, 137) for pointer in (4, 8, 12)]


def ipv4_fragments():
    frames = []
    for layer in (TCP, UDP, 1, 47):
        for offset, flags in ((0, 1), (24, 1), (48, 0), (8, 0), (65528, 0), (0, 2)):
            frames.append(ether(ipv4(f"5.1.0.{layer}", f"5.2.0.{layer}", bytes(24), layer,
                                     flags=flags, offset=offset)))
    return frames


def ipv4_lies():
    packet = ipv4("5.1.0.1", "5.2.0.1", tcp(1, 2, b"a" * 20))
    frames = []
    for version in range(16):
        frames.append(ether(bytes([version << 4 | 5]) + packet[1:], IPV4))
    for words in range(16):
        frames.append(ether(bytes([0x40 | words]) + packet[1:]))
    for total in (0, 1, 19, 20, 21, 39, 40, 60, 61, 100, 1500, 65535):
        frames.append(ether(packet[:2] + struct.pack(">H", total) + packet[4:]))
        frames.append(ether(packet[:2] + struct.pack(">H", total) + packet[4:], pad=False))
    frames += [ether(packet, IPV6), ether(both()[1], IPV4), ether(both()[1], IPV4, tags=[(VLAN, 3)])]
    return frames


def ipv4_offload():
    return [ether(ipv4("5.1.0.1", "5.2.0.1", tcp(1, 2, bytes(n)), total=0))
            for n in (0, 1, 100, 1460, 8000, 65000, 100000)]


def cut():
    """Both packets cut everywhere, the wire's length told or not, bare and behind headers."""
    frames = []
    option = ipv4("5.1.0.3", "5.2.0.3", udp(1, 2, b"z" * 9), options=b"\1" * 8)
    chain = ipv6("2a00:1::3", "2a00:2::3", tcp(1, 2), extensions=[hop_by_hop(), routing(2)])
    for packet in (*both(), option, chain):
        for frame in (ether(packet, pad=False), ether(packet, tags=[(VLAN, 5)], pad=False)):
            for n in range(len(frame)):
                frames += [frame[:n], snapped(frame, n)]
    return frames


def padding():
    return [ether(p) + bytes(n) for p in both() for n in (1, 4, 40, 600)]


def long_options(number, units):
    """hop-by-hop or destination options of 8 x (1 + units) octets: PadN options of at most 255"""
    body, room = b"", 6 + 8 * units
    while room > 0:
        size = min(room, 257)
        if room - size == 1:
            size -= 1
        body += b"\1" + bytes([size - 2]) + bytes(size - 2)
        room -= size
    return number, bytes([units]) + body


def jumbo():
    """Frames of many segments, the headers short and long."""
    frames = []
    for n in (1, 2):
        frames += [ether(ipv4(f"5.1.0.{n}", f"5.2.0.{n}", tcp(1, 2, bytes(8900)))),
                   ether(ipv6(f"2a00:1::{n}", f"2a00:2::{n}", udp(1, 2, bytes(8900)))),
                   ether(ipv6(f"2a00:1::{n}", f"2a00:2::{n}", udp(1, 2, bytes(4000)),
                              extensions=[long_options(60, 254)])),
                   ether(ipv6(f"2a00:1::{n}", f"2a00:2::{n}", tcp(1, 2, bytes(2000)),
                              extensions=[long_options(0, 254), long_options(60, 254),
                                          long_options(60, 200)]))]
    return frames


# ---- IPv6


def extensions():
    chains = [
        [hop_by_hop()], [hop_by_hop(3)], [routing()], [routing(4)], [destination_options(2)],
        [fragment6()], [fragment6(0, 1)], [fragment6(64, 1)], [fragment6(64, 0)],
        [authentication()], [authentication(6)],
        [hop_by_hop(), destination_options(), routing(2), fragment6(), authentication(6),
         destination_options(1)],
        [hop_by_hop(), fragment6(128, 1)], [destination_options()] * 8,
        [destination_options()] * 15, [(140, b"\0\x80\0\0\0\0\0")],
    ]
    frames = []
    for n, chain in enumerate(chains, 1):
        for body in (tcp(1, 2, b"a" * 11), udp(3, 4, b"b" * 12), icmpv6()):
            frames.append(ether(ipv6(f"2a00:1::{n:x}", f"2a00:2::{n:x}", body, extensions=chain)))
    return frames


def extensions_without_layer():
    return [ether(ipv6("2a00:1::1", "2a00:2::1", bytes(40), protocol, extensions=chain))
            for protocol in (50, 59, 58, 89, 135, 139, 255)
            for chain in ([], [hop_by_hop()], [destination_options(), routing()])]


def segment_routing():
    srh = bytes([4, 4, 1, 1]) + bytes(4) + bytes(range(32))
    return [ether(ipv6("2a00:1::1", "2a00:2::1", body, extensions=[(43, srh)]))
            for body in (tcp(1, 2), udp(3, 4, b"q"))]


def ipv6_lies():
    packet = ipv6("2a00:1::1", "2a00:2::1", tcp(1, 2, b"a" * 20))
    frames = [ether(bytes([version << 4]) + packet[1:], IPV6) for version in range(16)]
    for length in (1, 8, 19, 40, 41, 100, 1400, 65535):
        frames.append(ether(packet[:4] + struct.pack(">H", length) + packet[6:]))
    for chain, length in (([destination_options(4)], 8), ([destination_options(4)], 39),
                          ([hop_by_hop(), (60, bytes([200]) + bytes(6))], None)):
        long = ipv6("2a00:1::2", "2a00:2::2", tcp(1, 2), extensions=chain, length=length)
        frames.append(ether(long))
    return frames


def ipv6_offload():
    return [ether(ipv6("2a00:1::1", "2a00:2::1", tcp(1, 2, bytes(n)), length=0))
            for n in (0, 1, 100, 1440, 8000, 65000, 100000)]


def jumbograms():
    def jumbogram(option, body):
        return ether(ipv6("2a00:1::1", "2a00:2::1", body, length=0, extensions=[(0, option)]))

    def length(n):
        return b"\0\xc2\4" + struct.pack(">I", n)

    body = tcp(1, 2, bytes(66000))
    return [jumbogram(length(8 + len(body)), body), jumbogram(length(100000), tcp(1, 2)),
            jumbogram(b"\1\0\0\1\2\0\0\xc2\4" + struct.pack(">I", 70000) + b"\0\0", udp(1, 2)),
            jumbogram(length(65535), body), jumbogram(b"\0\1\4" + bytes(4), body)]


def mapped():
    """::ffff:5.1.0.1 over IPv6 and 5.1.0.1 over IPv4 are two hosts."""
    return [ether(ipv6("::ffff:5.1.0.1", "::ffff:5.2.0.1", tcp(1, 2))),
            ether(ipv4("5.1.0.1", "5.2.0.1", tcp(1, 2)))]


def errors():
    """What an ICMP error is about does not count."""
    packet4, packet6 = both()
    return [ether(ipv4("5.1.0.1", "5.2.0.1", struct.pack(">BBHI", 3, 3, 0, 0) + packet4, 1)),
            ether(ipv6("2a00:1::1", "2a00:2::1", struct.pack(">BBHI", 1, 4, 0, 0) + packet6, 58)),
            ether(ipv4("5.1.0.1", "5.2.0.1", icmp())), ether(packet4), ether(packet6)]


# ---- tunnels


def ipip():
    return [f for p in inside()
            for f in tunnel(p, 4 if kind_of(p) == IPV4 else 41)]


def gre_header(kind, flags=0, more=b""):
    return struct.pack(">HH", flags, kind) + more


def gre():
    frames = []
    for p in inside():
        kind = kind_of(p)
        frames += tunnel(gre_header(kind) + p, 47)
        frames += tunnel(gre_header(kind, 0x8000, bytes(4)) + p, 47)
        frames += tunnel(gre_header(kind, 0x2000, bytes(4)) + p, 47)
        frames += tunnel(gre_header(kind, 0x3000, bytes(8)) + p, 47)
        frames += tunnel(gre_header(kind, 0xB000, bytes(12)) + p, 47)
        frames += tunnel(gre_header(TEB, 0x2000, bytes(4)) + ether(p), 47)
        frames += tunnel(gre_header(MPLS) + label(7, 1) + p, 47)
        pptp = struct.pack(">HHII", len(p) + 4, 5, 1, 2) + b"\xff\3" + ppp(p)
        frames += tunnel(gre_header(0x880B, 0x3081, pptp), 47)
    frames += tunnel(gre_header(0), 47)
    return frames


def erspan():
    frames = []
    for p in inside():
        frame = ether(p)
        frames += tunnel(gre_header(0x88BE) + frame, 47)
        frames += tunnel(gre_header(0x88BE, 0x1000, bytes(4)) + b"\x10\1\0\5" + bytes(4) + frame, 47)
        frames += tunnel(gre_header(0x22EB, 0x1000, bytes(4)) + b"\x20\1\0\5" + bytes(8) + frame, 47)
        frames += tunnel(gre_header(0x22EB, 0x1000, bytes(4)) + b"\x20\1\0\5" + bytes(7) + b"\1"
                         + b"\x0c" + bytes(7) + frame, 47)
    frames += tunnel(gre_header(0x88BE) + ether(arp("6.1.0.1", "6.2.0.1"), ARP), 47)
    return frames


def vxlan_header(flags=0x08, following=0):
    return bytes([flags, 0, 0, following]) + struct.pack(">I", 42 << 8)


def vxlan():
    frames = []
    for p in inside():
        frames += tunnel(vxlan_header() + ether(p), port=4789)
        frames += tunnel(vxlan_header() + ether(p, tags=[(VLAN, 9)]), port=4789)
    frames += tunnel(vxlan_header() + ether(arp("6.1.0.1", "6.2.0.1"), ARP), port=4789)
    return frames


def vxlan_gpe():
    frames = []
    for p in inside():
        frames += tunnel(vxlan_header(0x0C, 1 if kind_of(p) == IPV4 else 2) + p, port=4790)
        frames += tunnel(vxlan_header(0x0C, 3) + ether(p), port=4790)
        service = b"\x0f\xc2\2\3\0\0\1\xff"
        frames += tunnel(vxlan_header(0x0C, 4) + service + ether(p), port=4790)
    return frames


def geneve():
    frames = []
    for p in inside():
        for words in (0, 1, 5, 63):
            option = b"" if words == 0 else b"\1\1\1" + bytes([words - 1]) + bytes(4 * words - 4)
            head = struct.pack(">BBHI", words, 0, TEB, 42 << 8) + option
            frames += tunnel(head + ether(p), port=6081)
        frames += tunnel(struct.pack(">BBHI", 0, 0, kind_of(p), 42 << 8) + p, port=6081)
    return frames


def gtpu():
    frames = []
    for p in inside():
        frames += tunnel(struct.pack(">BBHI", 0x30, 255, len(p), 7) + p, port=2152)
        frames += tunnel(struct.pack(">BBHIHBB", 0x32, 255, len(p) + 4, 7, 1, 0, 0) + p, port=2152)
        session = b"\1\x10\x09\0"
        frames += tunnel(struct.pack(">BBHIHBB", 0x34, 255, len(p) + 8, 7, 0, 0, 0x85) + session + p,
                         port=2152)
        twice = b"\1\x10\x09\xc0\1\0\0\0"
        frames += tunnel(struct.pack(">BBHIHBB", 0x34, 255, len(p) + 12, 7, 0, 0, 0x85) + twice + p,
                         port=2152)
    frames += tunnel(struct.pack(">BBHIHBB", 0x32, 1, 4, 0, 1, 0, 0), port=2152)
    return frames


def teredo():
    p = inside()[1]
    origin = struct.pack(">HHI", 0, 0x1234, 0x05060708)
    authentic = b"\0\1\0\0" + bytes(9)
    return [f for head in (b"", origin, authentic, authentic + origin)
            for f in tunnel(head + p, port=3544)]


def l2tp():
    frames = []
    for p in inside():
        payload = b"\xff\3" + ppp(p)
        frames += tunnel(struct.pack(">HHH", 2, 5, 6) + payload, port=1701)
        frames += tunnel(struct.pack(">HHHH", 0x4002, 8 + len(payload), 5, 6) + payload, port=1701)
        frames += tunnel(struct.pack(">HHHHHH", 0x4802, 12 + len(payload), 5, 6, 1, 2) + payload,
                         port=1701)
    frames += tunnel(struct.pack(">HHHHHH", 0xC802, 12, 5, 6, 1, 2), port=1701)
    return frames


def nested():
    """One to six tunnels inside each other."""
    frames = []
    for depth in range(1, 7):
        packet = inside(depth)[0]
        for n in range(depth):
            packet = ipv4(f"6.9.{depth}.{2 * n}", f"6.9.{depth}.{2 * n + 1}", packet, 4)
        frames.append(ether(packet))
    return frames


def in_fragments():
    """The first fragment of a tunnel's packet shows what is inside, later ones cannot."""
    inner = udp(51234, 4789, vxlan_header() + ether(ipv4("6.1.0.1", "6.2.0.1", tcp(1, 2, bytes(900)))))
    return [ether(ipv4("5.1.0.1", "5.2.0.1", inner[:480], UDP, flags=1)),
            ether(ipv4("5.1.0.1", "5.2.0.1", inner[480:], UDP, offset=480))]


PLAIN = [tags, tags_cut, mpls, pseudo_wires, logical_link, pppoe, wrapped, not_ip, ipv4_options,
         ipv4_source_routes, ipv4_fragments, ipv4_lies, ipv4_offload, cut, padding, jumbo,
         extensions, extensions_without_layer, segment_routing, ipv6_lies, ipv6_offload, jumbograms,
         mapped, errors]
TUNNELS = [ipip, gre, erspan, vxlan, vxlan_gpe, geneve, gtpu, teredo, l2tp, nested, in_fragments]


def captures():
    """(name, frames) of each capture"""
    for maker in PLAIN:
        yield maker.__name__.replace("_", "-"), maker()
    for maker in TUNNELS:
        yield "tunnel-" + maker.__name__.replace("_", "-"), maker()


def packets():
    """(EtherType, packet) of all frames with IP at once, but for those that PPPoE cannot say the
    length of"""
    for maker in PLAIN:
        for frame in maker():
            kind = int.from_bytes(frame[12:14], "big")
            if kind in (IPV4, IPV6) and len(frame) < 60000:
                yield kind, frame[14:]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, frames in captures():
        with open(os.path.join(sys.argv[1], name + ".pcap"), "wb") as file:
            file.write(pcap(frames))
    for name, (number, wrap) in LINKS.items():
        frames = [wrap(kind, packet) for kind, packet in packets()]
        with open(os.path.join(sys.argv[1], f"link-{name}.pcap"), "wb") as file:
            file.write(pcap(frames, linktype=number))


if __name__ == "__main__":
    main()
