# SPDX-License-Identifier: BSD-3-Clause
"""How an IP packet looks on links other than Ethernet."""

import struct

from frames import IPV4, IPV6

PPP_OF = {IPV4: 0x21, IPV6: 0x57}
FAMILY_OF = {IPV4: 2, IPV6: 30}


def packed16(number):
    return struct.pack(">H", number)


def wifi(kind, packet, control=b"\x08\x01"):
    return control + bytes(22) + b"\xaa\xaa\3\0\0\0" + packed16(kind) + packet


def snap(kind, packet):
    return b"\xaa\xaa\3\0\0\0" + packed16(kind) + packet


def field(kind, value):
    """Of netfilter's log: on a multiple of four octets, its length without the padding."""
    return struct.pack("<HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


FAMILY_OF_LINUX = {IPV4: 2, IPV6: 10}


# link type -> what a packet of an EtherType looks like there
LINKS = {
    "null": (0, lambda kind, packet: struct.pack("<I", FAMILY_OF[kind]) + packet),
    "null-big-endian": (0, lambda kind, packet: struct.pack(">I", FAMILY_OF[kind]) + packet),
    "ppp": (9, lambda kind, packet: b"\xff\3" + packed16(PPP_OF[kind]) + packet),
    "ppp-short": (9, lambda kind, packet: bytes([PPP_OF[kind]]) + packet),
    "ppp-serial": (50, lambda kind, packet: b"\xff\3" + packed16(PPP_OF[kind]) + packet),
    "pppoe": (51, lambda kind, packet: b"\x11\0\0\1" + packed16(2 + len(packet)) +
              packed16(PPP_OF[kind]) + packet),
    "ppp-cisco": (9, lambda kind, packet: b"\x0f\0" + packed16(kind) + packet),
    "token-ring": (6, lambda kind, packet: b"\x10\x40" + bytes(12) + snap(kind, packet)),
    "fddi": (10, lambda kind, packet: b"\x50" + bytes(12) + snap(kind, packet)),
    "arcnet": (7, lambda kind, packet: bytes([1, 2, {IPV4: 212, IPV6: 196}[kind], 0, 0, 1]) +
               packet),
    "arcnet-linux": (129, lambda kind, packet: bytes(
        [1, 2, 0, 0, {IPV4: 212, IPV6: 196}[kind], 0, 0, 1]) + packet),
    "wifi-mesh": (105, lambda kind, packet: b"\x88\x03" + bytes(29) + b"\1\0\x1f\1\0\0\0" +
                  snap(kind, packet)),
    "ppi": (192, lambda kind, packet: b"\0\0\x08\0\x69\0\0\0" + wifi(kind, packet)),
    "erf": (197, lambda kind, packet: bytes(8) + b"\2\4" + struct.pack(
        ">HHH", 32 + len(packet), 0, 14 + len(packet)) + bytes(14) + packed16(kind) + packet),
    "nflog": (239, lambda kind, packet: bytes([FAMILY_OF_LINUX[kind], 0, 0, 5]) +
              field(1, packed16(kind) + b"\1\0") + field(10, b"in\0") + field(9, packet)),
    "ipoib": (242, lambda kind, packet: bytes(40) + packed16(kind) + bytes(2) + packet),
    "pktap": (258, lambda kind, packet: struct.pack("<III", 12, 1, 1) + bytes(12) +
              packed16(kind) + packet),
    "raw": (101, lambda kind, packet: packet),
    "c-hdlc": (104, lambda kind, packet: b"\x0f\0" + packed16(kind) + packet),
    "wifi": (105, wifi),
    "loop": (108, lambda kind, packet: struct.pack(">I", FAMILY_OF[kind]) + packet),
    "cooked": (113, lambda kind, packet: bytes(14) + packed16(kind) + packet),
    "cooked-vlan": (113, lambda kind, packet: bytes(14) + b"\x81\0\0\7" + packed16(kind) + packet),
    "radiotap": (127, lambda kind, packet: b"\0\0\x09\0\2\0\0\0\0" + wifi(kind, packet)),
    "cooked2": (276, lambda kind, packet: packed16(kind) + bytes(18) + packet),
}
