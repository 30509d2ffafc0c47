# SPDX-License-Identifier: BSD-3-Clause
"""
Frames and capture files, octet by octet. For the makers of test captures: plain functions that put
headers in front of a payload, from the inside out, and may be told to lie in any field.

    ether(ipv4("5.1.0.1", "5.2.0.1", tcp(80, 1234, b"hello")))

Written here rather than with a packet library: a library remedies what it thinks is wrong, and takes a
minute for the hundred thousand packets that take a second here.
"""

import ipaddress
import struct

ARP, IPV4, IPV6, VLAN, QINQ, MPLS, LLDP = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8, 0x8847, 0x88CC
ICMP, IGMP, TCP, UDP, OSPF, ICMPV6 = 1, 2, 6, 17, 89, 58

LINKTYPE_ETHERNET, LINKTYPE_USB_LINUX, LINKTYPE_IEEE802_15_4 = 1, 189, 195


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(octets):
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(payload, kind=None, tags=(), dst="020000000002", src="020000000001", pad=True):
    """kind: EtherType, by default from the version nibble. tags: (tpid, vid) from the outside in.
    Padded to the 60 octets that a wire has at least, unless told not to."""
    if kind is None:
        kind = {4: IPV4, 6: IPV6}[payload[0] >> 4]
    head = bytes.fromhex(dst + src)
    for tpid, vid in tags:
        head += struct.pack(">HH", tpid, vid)
    frame = head + struct.pack(">H", kind) + payload
    return frame.ljust(60, b"\0") if pad else frame


def llc(payload, dst="0180c2000000"):
    """802.3: a length instead of an EtherType."""
    frame = bytes.fromhex(dst + "020000000001") + struct.pack(">H", len(payload)) + payload
    return frame.ljust(60, b"\0")


def ipv4(src, dst, payload, protocol=None, version=4, ihl=None, total=None, ident=1, flags=0,
         offset=0, options=b"", ttl=64):
    """offset in octets (a multiple of 8); flags: 1 = more fragments. A header of its own is a
    header with a right checksum, whatever else lies."""
    payload, protocol = unpack(payload, protocol)
    options = options.ljust(-(-len(options) // 4) * 4, b"\0")
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    total = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH4s4s", version << 4 | ihl, 0, total, ident,
                       flags << 13 | offset >> 3, ttl, protocol, 0, packed(src), packed(dst))
    head += options
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return head + payload


def ipv6(src, dst, payload, protocol=None, version=6, length=None, extensions=()):
    """extensions: (protocol number, octets without the leading next-header octet), outside in."""
    payload, protocol = unpack(payload, protocol)
    body, following = payload, protocol
    for number, octets in reversed(extensions):
        body, following = bytes([following]) + octets + body, number
    length = len(body) if length is None else length
    return struct.pack(">IHBB16s16s", version << 28, length, following, 64, packed(src),
                       packed(dst)) + body


def hop_by_hop(words=0):
    return 0, bytes([words]) + bytes([1, 4 + 8 * words]) + bytes(4 + 8 * words)


def routing(words=0):
    return 43, bytes([words, 4, 0]) + bytes(4 + 8 * words)


def destination_options(words=0):
    return 60, bytes([words]) + bytes([1, 4 + 8 * words]) + bytes(4 + 8 * words)


def fragment6(offset=0, more=0, ident=7):
    return 44, struct.pack(">BHI", 0, offset & 0xFFF8 | more, ident)


def authentication(words=4):
    return 51, bytes([words - 2]) + bytes(4 * words - 2)


class Segment(bytes):
    """A payload that knows its protocol number."""

    protocol = None


def segment(protocol, octets):
    made = Segment(octets)
    made.protocol = protocol
    return made


def unpack(payload, protocol):
    return payload, payload.protocol if protocol is None else protocol


def tcp(sport, dport, data=b"", flags=0x18):
    return segment(TCP, struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 65535, 0, 0)
                   + data)


def udp(sport, dport, data=b""):
    return segment(UDP, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)


def icmp(data=b"ping"):
    return segment(ICMP, struct.pack(">BBHI", 8, 0, 0, 1) + data)


def icmpv6(data=b"ping"):
    return segment(ICMPV6, struct.pack(">BBHI", 128, 0, 0, 1) + data)


def arp(sender, target):
    return struct.pack(">HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, bytes(6), packed(sender), bytes(6),
                       packed(target))


class Snapped(bytes):
    """A frame of which a capture holds less than was on the wire."""

    wire = None


def snapped(frame, kept):
    made = Snapped(frame[:kept])
    made.wire = len(frame)
    return made


def pcap(frames, linktype=LINKTYPE_ETHERNET, order="<", nano=False, snaplen=262144,
         start=1767225600, step=0.0001):
    """A classic capture file. `step` seconds lie between two frames."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, linktype)]
    record = struct.Struct(order + "IIII")
    unit = 1000000000 if nano else 1000000
    for i, frame in enumerate(frames):
        second, rest = divmod(i * step, 1)
        out.append(record.pack(start + int(second), int(rest * unit), len(frame),
                               getattr(frame, "wire", None) or len(frame)))
        out.append(frame)
    return b"".join(out)


def pcapng(frames, linktype=LINKTYPE_ETHERNET):
    """Section header, one interface, one enhanced packet block a frame."""
    def block(kind, body):
        body = body.ljust(-(-len(body) // 4) * 4, b"\0")
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHI", linktype, 0, 262144))]
    for i, frame in enumerate(frames):
        out.append(block(6, struct.pack("<IIIII", 0, 0, i, len(frame), len(frame)) + frame))
    return b"".join(out)
