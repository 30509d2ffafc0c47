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


# link type -> what a packet of an EtherType looks like there
LINKS = {
    "null": (0, lambda kind, packet: struct.pack("<I", FAMILY_OF[kind]) + packet),
    "null-big-endian": (0, lambda kind, packet: struct.pack(">I", FAMILY_OF[kind]) + packet),
    "ppp": (9, lambda kind, packet: b"\xff\3" + packed16(PPP_OF[kind]) + packet),
    "ppp-short": (9, lambda kind, packet: bytes([PPP_OF[kind]]) + packet),
    "ppp-serial": (50, lambda kind, packet: b"\xff\3" + packed16(PPP_OF[kind]) + packet),
    "pppoe": (51, lambda kind, packet: b"\x11\0\0\1" + packed16(2 + len(packet)) +
              packed16(PPP_OF[kind]) + packet),
    "raw": (101, lambda kind, packet: packet),
    "c-hdlc": (104, lambda kind, packet: b"\x0f\0" + packed16(kind) + packet),
    "wifi": (105, wifi),
    "loop": (108, lambda kind, packet: struct.pack(">I", FAMILY_OF[kind]) + packet),
    "cooked": (113, lambda kind, packet: bytes(14) + packed16(kind) + packet),
    "cooked-vlan": (113, lambda kind, packet: bytes(14) + b"\x81\0\0\7" + packed16(kind) + packet),
    "radiotap": (127, lambda kind, packet: b"\0\0\x09\0\2\0\0\0\0" + wifi(kind, packet)),
    "cooked2": (276, lambda kind, packet: packed16(kind) + bytes(18) + packet),
}
