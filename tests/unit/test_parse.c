/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser against a table of frames: what each one's facts are, and for each of them, cut at
 * every length, that it reads nothing beyond, that the short way agrees, and that it asks for more
 * whenever more would have changed the facts.
 *
 * Long, because it is one table: each frame is checked by the same four walks.
 */
#include "by_batch.h"
#include "frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those three before it */
#include <cmocka.h>

#define R(name) (1u << EVENT_##name)
#define T(name) (1u << TUNNEL_##name)
#define ALL     PARSE_DECAP_ALL

struct want {
	enum decode_result result;
	int host;   /* last octet of the source; the destination's is one more */
	int family; /* 4, 6 */
	uint32_t octets;
	unsigned int events;
	unsigned int unwrapped;
	int too_deep;
};

struct test_case {
	const char *name;
	void (*build)(struct frame *f);
	uint32_t decap;
	struct want want;
};

/* ---- what stands behind an EtherType: a TCP packet of 40 octets, a UDP one of 48 */

static void
tcp4(struct frame *f)
{
	put_ipv4(f, 6, 40, 0, 0, 1);
	put_tcp(f);
}

static void
udp6(struct frame *f)
{
	put_ipv6(f, 17, 8, 1);
	put_udp(f, 1000, 53, 8);
}

/* a case named `id`: the frame is what the block builds in `f` */
#define CASE(id, bits, ...)                                                                        \
	static void build_##id(struct frame *f);                                                   \
	static const struct test_case case_##id = {#id, build_##id, bits, __VA_ARGS__};            \
	static void build_##id(struct frame *f)
#define IS_TCP4                                                                                    \
	{                                                                                          \
		DECODE_TCP, 1, 4, 40, 0, 0, 0                                                      \
	}
#define IS_UDP6                                                                                    \
	{                                                                                          \
		DECODE_UDP, 1, 6, 48, 0, 0, 0                                                      \
	}
#define NOT(v)                                                                                     \
	{                                                                                          \
		DECODE_##v, 0, 0, 0, 0, 0, 0                                                       \
	}

/* ---- link layer */

CASE(plain_ipv4, 0, IS_TCP4)
{
	put_ethernet(f, 0x0800);
	tcp4(f);
}

CASE(plain_ipv6, 0, IS_UDP6)
{
	put_ethernet(f, 0x86dd);
	udp6(f);
}

CASE(padding_is_not_counted, 0, IS_TCP4)
{
	put_ethernet(f, 0x0800);
	tcp4(f);
	put_zeros(f, 100);
}

CASE(vlan, 0, IS_TCP4)
{
	put_ethernet(f, 0x8100);
	put_vlan(f, 100, 0x0800);
	tcp4(f);
}

CASE(priority_tag, 0, IS_UDP6)
{
	put_ethernet(f, 0x8100);
	put_vlan(f, 0xe000, 0x86dd);
	udp6(f);
}

CASE(qinq, 0, IS_TCP4)
{
	put_ethernet(f, 0x88a8);
	put_vlan(f, 10, 0x8100);
	put_vlan(f, 20, 0x0800);
	tcp4(f);
}

CASE(qinq_ipv6, 0, IS_UDP6)
{
	put_ethernet(f, 0x88a8);
	put_vlan(f, 10, 0x8100);
	put_vlan(f, 20, 0x86dd);
	udp6(f);
}

CASE(three_tags, 0, IS_TCP4)
{
	put_ethernet(f, 0x9100);
	put_vlan(f, 10, 0x8100);
	put_vlan(f, 20, 0x8100);
	put_vlan(f, 30, 0x0800);
	tcp4(f);
}

CASE(tag_cut, 0, NOT(RUNT))
{
	put_ethernet(f, 0x8100);
	put16(f, 100);
}

CASE(nothing, 0, NOT(RUNT))
{
	(void)f;
}

CASE(runt, 0, NOT(RUNT))
{
	put_zeros(f, 13);
}

CASE(header_alone, 0, NOT(IPV4_CUT))
{
	put_ethernet(f, 0x0800);
}

CASE(arp, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x0806);
	put_zeros(f, 46);
}

CASE(type_between_length_and_type, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x05dd);
	tcp4(f);
}

CASE(mpls_ipv4, 0, IS_TCP4)
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 0);
	put_label(f, 1001, 0);
	put_label(f, 0, 1);
	tcp4(f);
}

CASE(mpls_ipv6, 0, IS_UDP6)
{
	put_ethernet(f, 0x8848);
	put_label(f, 2, 1);
	udp6(f);
}

CASE(mpls_bottomless, 0, NOT(RUNT))
{
	put_ethernet(f, 0x8847);
	for (int i = 0; i < 300; i++)
		put_label(f, 1000, 0);
}

CASE(mpls_nothing_below, 0, NOT(RUNT))
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
}

CASE(pseudo_wire_with_control_word, 0, IS_TCP4)
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put32(f, 7); /* sequence */
	put_ethernet(f, 0x0800);
	tcp4(f);
}

CASE(pseudo_wire_without, 0, IS_TCP4)
{
	static const uint8_t macs[12] = {0x00, 0x1b, 0x21, 0, 0, 1, 0x00, 0x1b, 0x21, 0, 0, 2};

	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put(f, macs, 12);
	put16(f, 0x0800);
	tcp4(f);
}

CASE(pseudo_wire_without_to_a_virtual_router, 0, IS_TCP4)
{
	static const uint8_t macs[12] = {0x00, 0x00, 0x5e, 0, 1, 7, 0x00, 0x1b, 0x21, 0, 0, 2};

	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put(f, macs, 12);
	put16(f, 0x0800);
	tcp4(f);
}

CASE(pseudo_wire_of_cells, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put32(f, 7);
	memset(f->bytes + f->length, 0x77, 52);
	f->length += 52;
}

CASE(associated_channel_with_ip, 0, IS_UDP6)
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put32(f, 0x10000057);
	udp6(f);
}

CASE(associated_channel, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put32(f, 0x10000007);
	put_zeros(f, 24);
}

CASE(mpls_neither, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x8847);
	put_label(f, 1000, 1);
	put_ethernet(f, 0x0800); /* 52-54-..: a pseudo-wire or not, nobody can tell */
	tcp4(f);
}

CASE(snap, 0, IS_TCP4)
{
	put_ethernet(f, 48);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
	put_zeros(f, 6);
}

CASE(snap_behind_tag, 0, IS_UDP6)
{
	put_ethernet(f, 0x8100);
	put_vlan(f, 5, 56);
	put(f, "\xaa\xaa\x03\0\0\0\x86\xdd", 8);
	udp6(f);
}

CASE(snap_bridge_tunnel, 0, IS_TCP4)
{
	put_ethernet(f, 48);
	put(f, "\xaa\xaa\x03\0\0\xf8\x08\0", 8);
	tcp4(f);
}

CASE(snap_bridged_ethernet, 0, IS_TCP4)
{
	put_ethernet(f, 64);
	put(f, "\xaa\xaa\x03\0\x80\xc2\0\x07\0\0", 10);
	put_ethernet(f, 0x0800);
	tcp4(f);
}

CASE(snap_of_another_maker, 0, NOT(NOT_IP))
{
	put_ethernet(f, 48);
	put(f, "\xaa\xaa\x03\0\0\x0c\x20\0", 8);
	tcp4(f);
}

CASE(llc_ip, 0, IS_TCP4)
{
	put_ethernet(f, 43);
	put(f, "\x06\x06\x03", 3);
	tcp4(f);
}

CASE(spanning_tree, 0, NOT(NOT_IP))
{
	put_ethernet(f, 38);
	put(f, "\x42\x42\x03", 3);
	put_zeros(f, 43);
}

CASE(llc_length_ends_in_ip_header, 0, NOT(IPV4_CUT))
{
	put_ethernet(f, 18);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
}

CASE(llc_length_zero, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
}

CASE(llc_length_two, 0, NOT(NOT_IP))
{
	put_ethernet(f, 2);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
}

/* it says 48 octets, and the frame ends in the first three of them */
CASE(llc_runt, 0, NOT(RUNT))
{
	put_ethernet(f, 48);
	put(f, "\xaa\xaa", 2);
}

CASE(fabricpath, 0, IS_TCP4)
{
	put_ethernet(f, 0x8903);
	put(f, "\x40\x20", 2); /* forwarding tag 0x100, TTL 32 */
	put_ethernet(f, 0x0800);
	tcp4(f);
}

CASE(fabricpath_vlan, 0, IS_UDP6)
{
	put_ethernet(f, 0x8903);
	put(f, "\x40\x20", 2);
	put_ethernet(f, 0x8100);
	put_vlan(f, 7, 0x86dd);
	udp6(f);
}

/* Intel's driver decrypts, and leaves the flag and the initialization vector */
CASE(centrino, 0, IS_TCP4)
{
	put_ethernet(f, 0x2452);
	put(f, "\x08\x41\0\0", 4);
	put_zeros(f, 20);
	put(f, "\x66\x15\x83\0", 4);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
	put_zeros(f, 4);
}

CASE(centrino_long_vector, 0, IS_UDP6)
{
	put_ethernet(f, 0x2452);
	put(f, "\x08\x41\0\0", 4);
	put_zeros(f, 20);
	put(f, "\x66\x15\x83\x20\1\2\3\4", 8);
	put(f, "\xaa\xaa\x03\0\0\0\x86\xdd", 8);
	udp6(f);
}

CASE(centrino_not_encrypted, 0, IS_TCP4)
{
	put_ethernet(f, 0x2452);
	put(f, "\x08\x01\0\0", 4);
	put_zeros(f, 20);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
}

CASE(cisco_isl_without_length, 0, IS_TCP4)
{
	put(f, "\x01\0\x0c\0\0\x03\1\2\3\4\5\6\0\0", 14);
	put(f, "\xaa\xaa\x03\0\0\x0c\0\x14\0\0\0\0", 12);
	put_ethernet(f, 0x0800);
	tcp4(f);
	put_zeros(f, 4);
}

CASE(jumbo_llc, 0, IS_TCP4)
{
	put_ethernet(f, 0x8870);
	put(f, "\xaa\xaa\x03\0\0\0\x08\0", 8);
	tcp4(f);
}

CASE(pppoe_ipv4, 0, IS_TCP4)
{
	put_ethernet(f, 0x8864);
	put(f, "\x11\0\0\x01\0\x2a\0\x21", 8);
	tcp4(f);
	put_zeros(f, 4);
}

CASE(pppoe_ipv6, 0, IS_UDP6)
{
	put_ethernet(f, 0x8864);
	put(f, "\x11\0\0\x01\0\x32\0\x57", 8);
	udp6(f);
}

CASE(pppoe_short_protocol, 0, IS_TCP4)
{
	put_ethernet(f, 0x8864);
	put(f, "\x11\0\0\x01\0\x29\x21", 7);
	tcp4(f);
}

CASE(pppoe_lcp, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x8864);
	put(f, "\x11\0\0\x01\0\x0a\xc0\x21", 8);
	put_zeros(f, 38);
}

CASE(pppoe_discovery, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x8863);
	put_zeros(f, 46);
}

CASE(provider_backbone, 0, IS_TCP4)
{
	put_ethernet(f, 0x88e7);
	put32(f, 0x123);
	put_ethernet(f, 0x0800);
	tcp4(f);
}

CASE(macsec_plain_text, 0, IS_TCP4)
{
	put_ethernet(f, 0x88e5);
	put(f, "\x20\0\0\0\0\1", 6);
	put_zeros(f, 8);
	put16(f, 0x0800);
	tcp4(f);
	put_zeros(f, 16);
}

CASE(macsec_encrypted, 0, NOT(NOT_IP))
{
	put_ethernet(f, 0x88e5);
	put(f, "\x2c\0\0\0\0\1", 6);
	put_zeros(f, 8);
	put16(f, 0x0800);
	tcp4(f);
	put_zeros(f, 16);
}

CASE(service_header, 0, IS_TCP4)
{
	put_ethernet(f, 0x894f);
	put(f, "\x0f\xc2\x02\x01\0\0\x01\xff", 8);
	tcp4(f);
}

CASE(cisco_isl, 0, IS_TCP4)
{
	put(f, "\x01\0\x0c\0\0\0\x00\x1b\x21\0\0\1", 12);
	put16(f, 12 + 14 + 40);
	put(f, "\xaa\xaa\x03\0\0\x0c\0\x02\0\0\0\0", 12);
	put_ethernet(f, 0x0800);
	tcp4(f);
	put_zeros(f, 4);
}

/* ---- IPv4 */

CASE(ipv4_options, 0, {DECODE_TCP, 1, 4, 60, 0, 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 60, 5, 0, 1);
	put_tcp(f);
}

CASE(ipv4_first_fragment, 0, {DECODE_UDP, 1, 4, 44, 0, 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 17, 44, 0, 0x2000, 1);
	put_udp(f, 1000, 53, 100);
	put_zeros(f, 16);
}

CASE(ipv4_later_fragment, 0, {DECODE_UDP, 1, 4, 40, R(LATER_FRAGMENT), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 17, 40, 0, 0x2003, 1);
	put_zeros(f, 26);
}

CASE(ipv4_icmp, 0, {DECODE_OTHER_IP, 0, 0, 0, 0, 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 1, 68, 0, 0, 1);
	put_zeros(f, 8);
	put_ipv4(f, 6, 40, 0, 0, 3); /* the packet that the error is about does not count */
	put_tcp(f);
}

CASE(ipv4_length_zero, 0, {DECODE_TCP, 1, 4, 1500, R(TOTAL_LENGTH_ZERO), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 0, 0, 0, 1);
	put_tcp(f);
	put_zeros(f, 1460);
}

CASE(ipv4_snapped, 0, {DECODE_TCP, 1, 4, 1500, R(SNAPPED), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 1500, 0, 0, 1);
	put_tcp(f);
}

CASE(ipv4_cut_in_options, 0, {DECODE_IPV4_CUT, 0, 0, 0, R(SNAPPED), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 60, 5, 0, 1);
	f->length -= 10;
}

CASE(ipv4_cut_behind_the_last_option, 0, {DECODE_TCP, 1, 4, 60, R(SNAPPED) | R(OPTIONS_CUT), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 60, 5, 0, 1);
	memcpy(f->bytes + 34, "\x94\4\0\0\0", 5); /* router alert, end */
	f->length -= 10;
}

CASE(ipv4_cut_behind_a_source_route, 0, {DECODE_TCP, 1, 4, 60, R(SNAPPED) | R(OPTIONS_CUT), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 60, 5, 0, 1);
	memcpy(f->bytes + 34, "\x83\7\4\xc0\0\2\x63", 7);
	f->length -= 10;
}

CASE(ipv4_cut, 0, NOT(IPV4_CUT))
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 40, 0, 0, 1);
	f->length--;
}

CASE(ipv4_version, 0, NOT(IPV4_VERSION))
{
	put_ethernet(f, 0x0800);
	tcp4(f);
	f->bytes[14] = 0x55;
}

CASE(ipv4_version_6, 0, NOT(IPV4_VERSION))
{
	put_ethernet(f, 0x0800);
	tcp4(f);
	put_zeros(f, 40);
	f->bytes[14] = 0x65;
}

CASE(ipv6_said_to_be_ipv4, 0, {DECODE_UDP, 1, 6, 48, R(OTHER_VERSION), 0, 0})
{
	put_ethernet(f, 0x0800);
	udp6(f);
}

CASE(ipv4_header_length, 0, NOT(IPV4_HEADER_LENGTH))
{
	put_ethernet(f, 0x0800);
	tcp4(f);
	f->bytes[14] = 0x44;
}

CASE(ipv4_total_length, 0, NOT(IPV4_TOTAL_LENGTH))
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 19, 0, 0, 1);
	put_tcp(f);
}

CASE(ipv4_total_below_options, 0, NOT(IPV4_TOTAL_LENGTH))
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 30, 5, 0, 1);
	put_tcp(f);
}

/* ---- IPv6 */

CASE(ipv6_cut, 0, NOT(IPV6_CUT))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 6, 20, 1);
	f->length--;
}

CASE(ipv6_version, 0, NOT(IPV6_VERSION))
{
	put_ethernet(f, 0x86dd);
	udp6(f);
	f->bytes[14] = 0x45;
}

CASE(ipv6_chain, 0, {DECODE_TCP, 1, 6, 40 + 24 + 56 + 8 + 24 + 16 + 20, 0, 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 24 + 56 + 8 + 24 + 16 + 20, 1);
	put_extension(f, 43, 2);
	put_extension(f, 44, 6); /* routing: a segment list of three */
	put_fragment(f, 51, 0);  /* atomic */
	put8(f, 60);             /* AH: in words of 4, minus 2 */
	put8(f, 4);
	put_zeros(f, 22);
	put_extension(f, 6, 1);
	put_tcp(f);
}

CASE(ipv6_first_fragment, 0, {DECODE_UDP, 1, 6, 40 + 8 + 8 + 16, 0, 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 44, 32, 1);
	put_fragment(f, 17, 1);
	put_udp(f, 1000, 53, 1000);
	put_zeros(f, 16);
}

CASE(ipv6_later_fragment, 0, {DECODE_TCP, 1, 6, 40 + 8 + 24, R(LATER_FRAGMENT), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 44, 32, 1);
	put_fragment(f, 6, 0x0100);
	put_zeros(f, 24);
}

CASE(ipv6_later_fragment_of_options, 0, {DECODE_OTHER_IP, 0, 0, 0, R(LATER_FRAGMENT), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 44, 32, 1);
	put_fragment(f, 60, 0x0100);
	put8(f, 6); /* looks like a header, and is the middle of the payload */
	put_zeros(f, 23);
}

CASE(ipv6_esp, 0, NOT(OTHER_IP))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 50, 40, 1);
	put_zeros(f, 40);
}

CASE(ipv6_no_next_header, 0, NOT(OTHER_IP))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 59, 0, 1);
	put_zeros(f, 6);
}

CASE(ipv6_no_next_header_behind_options, 0, NOT(OTHER_IP))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 60, 8, 1);
	put_extension(f, 59, 0);
}

CASE(ipv6_extension_cut, 0, {DECODE_IPV6_EXTENSION_CUT, 0, 0, 0, R(SNAPPED), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 60, 1);
	put_extension(f, 6, 4);
	f->length -= 8;
}

CASE(ipv6_extension_length, 0, NOT(IPV6_EXTENSION_LENGTH))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 60, 28, 1);
	put_extension(f, 6, 4); /* 40 > 28 */
	put_tcp(f);
}

CASE(ipv6_most_extensions, 0, {DECODE_TCP, 1, 6, 40 + 15 * 8 + 20, 0, 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 60, 15 * 8 + 20, 1);
	for (int i = 0; i < 14; i++)
		put_extension(f, 60, 0);
	put_extension(f, 6, 0);
	put_tcp(f);
}

CASE(ipv6_too_many_extensions, 0, NOT(IPV6_EXTENSION_CHAIN))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 60, 17 * 8 + 20, 1);
	for (int i = 0; i < 16; i++)
		put_extension(f, 60, 0);
	put_extension(f, 6, 0);
	put_tcp(f);
}

CASE(ipv6_payload_zero, 0, {DECODE_TCP, 1, 6, 1460, R(TOTAL_LENGTH_ZERO), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 6, 0, 1);
	put_tcp(f);
	put_zeros(f, 1400);
}

CASE(ipv6_snapped, 0, {DECODE_TCP, 1, 6, 1500, R(SNAPPED), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 6, 1460, 1);
	put_tcp(f);
}

CASE(ipv6_jumbogram, 0, {DECODE_TCP, 1, 6, 40 + 100000, R(SNAPPED) | R(JUMBOGRAM), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put(f, "\x06\0\xc2\x04\0\x01\x86\xa0", 8);
	put_tcp(f);
}

CASE(ipv6_jumbogram_behind_padding, 0,
     {DECODE_UDP, 1, 6, 40 + 100000, R(SNAPPED) | R(JUMBOGRAM), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put(f, "\x11\x01\0\0\x01\x02\0\0\xc2\x04\0\x01\x86\xa0\0\0", 16);
	put_udp(f, 1000, 53, 0);
}

CASE(ipv6_jumbogram_most, 0, {DECODE_TCP, 1, 6, 40 + 8 + 20, R(SNAPPED) | R(JUMBOGRAM), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put(f, "\x06\0\xc2\x04\xff\xff\xff\xff", 8);
	put_tcp(f);
}

CASE(ipv6_jumbogram_cut_behind_its_option, 0,
     {DECODE_IPV6_EXTENSION_CUT, 0, 0, 0, R(SNAPPED) | R(JUMBOGRAM), 0, 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put(f, "\x06\x04\xc2\x04\0\x01\x86\xa0\0\0", 10);
}

CASE(ipv6_jumbo_missing, 0, NOT(IPV6_JUMBO))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put_extension(f, 6, 0);
	put_tcp(f);
}

CASE(ipv6_jumbo_too_small, 0, NOT(IPV6_JUMBO))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 0, 0, 1);
	put(f, "\x06\0\xc2\x04\0\0\xff\xff", 8);
	put_tcp(f);
}

CASE(ipv6_holding_ipv4_mapped, 0, {DECODE_UDP, -1, 6, 48, 0, 0, 0})
{
	put_ethernet(f, 0x86dd);
	udp6(f);
	memcpy(f->bytes + 14 + 8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01", 16);
}

/* ---- tunnels. The outer hosts are 1 and 2, the inner ones 11 and 12, inner length 40 */

static void
inner(struct frame *f)
{
	put_ipv4(f, 6, 40, 0, 0, 11);
	put_tcp(f);
}

static void
inner_frame(struct frame *f)
{
	put_ethernet(f, 0x0800);
	inner(f);
}

#define INNER(kinds)                                                                               \
	{                                                                                          \
		DECODE_TCP, 11, 4, 40, 0, kinds, 0                                                 \
	}
#define OUTER(v, n)                                                                                \
	{                                                                                          \
		DECODE_##v, 1, 4, n, 0, 0, 0                                                       \
	}

/* IPv4 with `proto` around `n` octets to come */
static void
outer(struct frame *f, uint8_t proto, size_t n)
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, proto, (uint16_t)(20 + n), 0, 0, 1);
}

static void
outer_udp(struct frame *f, uint16_t port, size_t n)
{
	outer(f, 17, 8 + n);
	put_udp(f, 50000, port, (uint16_t)(8 + n));
}

CASE(ipip_not_asked_for, 0, NOT(OTHER_IP))
{
	outer(f, 4, 40);
	inner(f);
}

CASE(ipip_asked_for_another, ALL & ~T(IPIP), NOT(OTHER_IP))
{
	outer(f, 4, 40);
	inner(f);
}

CASE(ipip_4in4, T(IPIP), INNER(T(IPIP)))
{
	outer(f, 4, 40);
	inner(f);
	put_zeros(f, 6);
}

CASE(ipip_6in4, ALL, {DECODE_UDP, 1, 6, 48, 0, T(IPIP), 0})
{
	outer(f, 41, 48);
	udp6(f);
}

CASE(ipip_4in6, ALL, INNER(T(IPIP)))
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 60, 48, 1);
	put_extension(f, 4, 0);
	inner(f);
}

CASE(ipip_6in6, ALL, {DECODE_UDP, 1, 6, 48, 0, T(IPIP), 0})
{
	put_ethernet(f, 0x86dd);
	put_ipv6(f, 41, 48, 3);
	udp6(f);
}

CASE(gre, T(GRE), INNER(T(GRE)))
{
	outer(f, 47, 44);
	put32(f, 0x0800);
	inner(f);
}

CASE(gre_checksum_key_sequence, ALL, INNER(T(GRE)))
{
	outer(f, 47, 56);
	put32(f, 0xb0000800);
	put_zeros(f, 12);
	inner(f);
}

CASE(gre_source_route, ALL, INNER(T(GRE)))
{
	outer(f, 47, 60);
	put32(f, 0x40000800);
	put_zeros(f, 4);
	put(f, "\x08\0\0\4\xc0\0\2\x63", 8);
	put_zeros(f, 4);
	inner(f);
}

CASE(gre_ethernet, ALL, INNER(T(GRE)))
{
	outer(f, 47, 58);
	put32(f, 0x6558);
	inner_frame(f);
}

CASE(gre_mpls, ALL, INNER(T(GRE)))
{
	outer(f, 47, 48);
	put32(f, 0x8847);
	put_label(f, 77, 1);
	inner(f);
}

CASE(gre_pptp, ALL, INNER(T(GRE)))
{
	outer(f, 47, 60);
	put32(f, 0x3081880b);
	put_zeros(f, 12);
	put(f, "\xff\x03\0\x21", 4);
	inner(f);
}

CASE(gre_unknown_version, ALL, NOT(OTHER_IP))
{
	outer(f, 47, 44);
	put32(f, 0x00020800);
	inner(f);
}

CASE(gre_keepalive, ALL, NOT(OTHER_IP))
{
	outer(f, 47, 4);
	put32(f, 0);
}

CASE(erspan_i, T(ERSPAN), INNER(T(ERSPAN)))
{
	outer(f, 47, 58);
	put32(f, 0x88be);
	inner_frame(f);
}

CASE(erspan_ii, T(ERSPAN), INNER(T(ERSPAN)))
{
	outer(f, 47, 70);
	put32(f, 0x100088be);
	put32(f, 1);
	put32(f, 0x10010005);
	put32(f, 9);
	inner_frame(f);
}

CASE(erspan_ii_without_gre, ALL & ~T(ERSPAN), NOT(OTHER_IP))
{
	outer(f, 47, 70);
	put32(f, 0x100088be);
	put32(f, 1);
	put32(f, 0x10010005);
	put32(f, 9);
	inner_frame(f);
}

CASE(erspan_iii, ALL, INNER(T(ERSPAN)))
{
	outer(f, 47, 74);
	put32(f, 0x100022eb);
	put32(f, 1);
	put32(f, 0x20010005);
	put32(f, 123456);
	put32(f, 0);
	inner_frame(f);
}

CASE(erspan_iii_subheader, ALL, INNER(T(ERSPAN)))
{
	outer(f, 47, 82);
	put32(f, 0x100022eb);
	put32(f, 1);
	put32(f, 0x20010005);
	put32(f, 123456);
	put32(f, 1);
	put_zeros(f, 8);
	inner_frame(f);
}

CASE(erspan_iii_other_frames, ALL, NOT(OTHER_IP))
{
	outer(f, 47, 74);
	put32(f, 0x100022eb);
	put32(f, 1);
	put32(f, 0x20010005);
	put32(f, 123456);
	put32(f, 7 << 10);
	inner_frame(f);
}

CASE(erspan_of_arp, ALL, {DECODE_NOT_IP, 0, 0, 0, 0, T(ERSPAN), 0})
{
	outer(f, 47, 46);
	put32(f, 0x88be);
	put_ethernet(f, 0x0806);
	put_zeros(f, 28);
}

CASE(vxlan, ALL, INNER(T(VXLAN)))
{
	outer_udp(f, 4789, 62);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	inner_frame(f);
}

CASE(vxlan_linux_port, ALL, INNER(T(VXLAN)))
{
	outer_udp(f, 8472, 62);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	inner_frame(f);
}

CASE(vxlan_not_asked_for, ALL & ~T(VXLAN), OUTER(UDP, 90))
{
	outer_udp(f, 4789, 62);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	inner_frame(f);
}

CASE(vxlan_without_its_flag, ALL, OUTER(UDP, 90))
{
	outer_udp(f, 4789, 62);
	put_zeros(f, 8);
	inner_frame(f);
}

CASE(vxlan_cut, ALL, {DECODE_UDP, 1, 4, 90, R(SNAPPED), 0, 0})
{
	outer_udp(f, 4789, 62);
	put32(f, 0x08000000);
}

CASE(vxlan_of_a_runt, ALL, {DECODE_RUNT, 0, 0, 0, 0, T(VXLAN), 0})
{
	outer_udp(f, 4789, 12);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	put32(f, 0);
}

CASE(vxlan_in_a_first_fragment, ALL, {DECODE_TCP, 11, 4, 1400, R(SNAPPED), T(VXLAN), 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 17, 20 + 8 + 8 + 14 + 40, 0, 0x2000, 1);
	put_udp(f, 50000, 4789, 1430);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	put_ethernet(f, 0x0800);
	put_ipv4(f, 6, 1400, 0, 0, 11);
	put_tcp(f);
}

CASE(vxlan_in_a_later_fragment, ALL, {DECODE_UDP, 1, 4, 90, R(LATER_FRAGMENT), 0, 0})
{
	put_ethernet(f, 0x0800);
	put_ipv4(f, 17, 90, 0, 0x0010, 1);
	put_udp(f, 50000, 4789, 70);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	inner_frame(f);
}

CASE(vxlan_gpe_ipv4, ALL, INNER(T(VXLAN_GPE)))
{
	outer_udp(f, 4790, 48);
	put32(f, 0x0c000001);
	put32(f, 42 << 8);
	inner(f);
}

CASE(vxlan_gpe_service_header, ALL, INNER(T(VXLAN_GPE)))
{
	outer_udp(f, 4790, 70);
	put32(f, 0x0c000004);
	put32(f, 42 << 8);
	put(f, "\x0f\xc2\x02\x03\0\0\x01\xff", 8);
	inner_frame(f);
}

CASE(geneve_options, ALL, INNER(T(GENEVE)))
{
	outer_udp(f, 6081, 74);
	put32(f, 0x03006558);
	put32(f, 42 << 8);
	put_zeros(f, 12);
	inner_frame(f);
}

CASE(geneve_control, ALL, OUTER(UDP, 102))
{
	outer_udp(f, 6081, 74);
	put32(f, 0x03806558);
	put32(f, 42 << 8);
	put_zeros(f, 12);
	inner_frame(f);
}

CASE(gtpu, ALL, INNER(T(GTPU)))
{
	outer_udp(f, 2152, 48);
	put32(f, 0x30ff0028);
	put32(f, 7);
	inner(f);
}

CASE(gtpu_extension_headers, ALL, INNER(T(GTPU)))
{
	outer_udp(f, 2152, 60);
	put32(f, 0x34ff0034);
	put32(f, 7);
	put32(f, 0x00000085);
	put32(f, 0x01100985); /* PDU session container, and one more of it */
	put32(f, 0x01100900);
	inner(f);
}

CASE(gtpu_echo, ALL, OUTER(UDP, 40))
{
	outer_udp(f, 2152, 12);
	put32(f, 0x32010004);
	put_zeros(f, 8);
}

CASE(teredo, ALL, {DECODE_UDP, 1, 6, 48, 0, T(TEREDO), 0})
{
	outer_udp(f, 3544, 48);
	udp6(f);
}

CASE(teredo_authentication_and_origin, ALL, {DECODE_UDP, 1, 6, 48, 0, T(TEREDO), 0})
{
	outer(f, 17, 8 + 13 + 8 + 48);
	put_udp(f, 3544, 50000, 8 + 13 + 8 + 48);
	put32(f, 0x00010000);
	put_zeros(f, 9);
	put32(f, 0x00001234);
	put32(f, 0);
	udp6(f);
}

CASE(l2tp, ALL, INNER(T(L2TP)))
{
	outer_udp(f, 1701, 52);
	put32(f, 0x40020034);
	put32(f, 0x00050006);
	put32(f, 0xff030021);
	inner(f);
}

CASE(l2tp_offset_and_sequence, ALL, INNER(T(L2TP)))
{
	outer_udp(f, 1701, 58);
	put32(f, 0x0a020005);
	put16(f, 6);
	put_zeros(f, 4);
	put16(f, 4);
	put_zeros(f, 4);
	put16(f, 0x0021);
	inner(f);
}

CASE(l2tp_control, ALL, OUTER(UDP, 40))
{
	outer_udp(f, 1701, 12);
	put32(f, 0xc802000c);
	put_zeros(f, 8);
}

CASE(four_tunnels, ALL, {DECODE_TCP, 11, 4, 40, 0, T(IPIP) | T(GRE), 0})
{
	outer(f, 4, 20 + 24 + 20 + 40);
	put_ipv4(f, 47, 20 + 24 + 20 + 40, 0, 0, 3);
	put32(f, 0x0800);
	put_ipv4(f, 4, 20 + 20 + 40, 0, 0, 5);
	put_ipv4(f, 4, 20 + 40, 0, 0, 7);
	inner(f);
}

CASE(five_tunnels, ALL, {DECODE_OTHER_IP, 0, 0, 0, 0, T(IPIP), 1})
{
	outer(f, 4, 120);
	for (int i = 0; i < 4; i++)
		put_ipv4(f, 4, (uint16_t)(120 - 20 * i), 0, 0, (uint8_t)(3 + 2 * i));
	inner(f);
}

CASE(five_tunnels_over_udp, ALL, {DECODE_UDP, 9, 4, 90, 0, T(IPIP), 1})
{
	outer(f, 4, 170);
	put_ipv4(f, 4, 150, 0, 0, 3);
	put_ipv4(f, 4, 130, 0, 0, 5);
	put_ipv4(f, 4, 110, 0, 0, 7);
	put_ipv4(f, 17, 90, 0, 0, 9);
	put_udp(f, 50000, 4789, 70);
	put32(f, 0x08000000);
	put32(f, 42 << 8);
	inner_frame(f);
}

static const struct test_case *const cases[] = {
	&case_plain_ipv4,
	&case_plain_ipv6,
	&case_padding_is_not_counted,
	&case_vlan,
	&case_priority_tag,
	&case_qinq,
	&case_qinq_ipv6,
	&case_three_tags,
	&case_tag_cut,
	&case_nothing,
	&case_runt,
	&case_header_alone,
	&case_arp,
	&case_type_between_length_and_type,
	&case_mpls_ipv4,
	&case_mpls_ipv6,
	&case_mpls_bottomless,
	&case_mpls_nothing_below,
	&case_pseudo_wire_with_control_word,
	&case_pseudo_wire_without,
	&case_pseudo_wire_without_to_a_virtual_router,
	&case_pseudo_wire_of_cells,
	&case_associated_channel_with_ip,
	&case_associated_channel,
	&case_mpls_neither,
	&case_snap,
	&case_snap_behind_tag,
	&case_snap_bridge_tunnel,
	&case_snap_bridged_ethernet,
	&case_snap_of_another_maker,
	&case_llc_ip,
	&case_spanning_tree,
	&case_llc_length_ends_in_ip_header,
	&case_llc_length_zero,
	&case_llc_length_two,
	&case_llc_runt,
	&case_fabricpath,
	&case_fabricpath_vlan,
	&case_centrino,
	&case_centrino_long_vector,
	&case_centrino_not_encrypted,
	&case_cisco_isl_without_length,
	&case_jumbo_llc,
	&case_pppoe_ipv4,
	&case_pppoe_ipv6,
	&case_pppoe_short_protocol,
	&case_pppoe_lcp,
	&case_pppoe_discovery,
	&case_provider_backbone,
	&case_macsec_plain_text,
	&case_macsec_encrypted,
	&case_service_header,
	&case_cisco_isl,
	&case_ipv4_options,
	&case_ipv4_first_fragment,
	&case_ipv4_later_fragment,
	&case_ipv4_icmp,
	&case_ipv4_length_zero,
	&case_ipv4_snapped,
	&case_ipv4_cut_in_options,
	&case_ipv4_cut_behind_the_last_option,
	&case_ipv4_cut_behind_a_source_route,
	&case_ipv4_cut,
	&case_ipv4_version,
	&case_ipv4_version_6,
	&case_ipv6_said_to_be_ipv4,
	&case_ipv4_header_length,
	&case_ipv4_total_length,
	&case_ipv4_total_below_options,
	&case_ipv6_cut,
	&case_ipv6_version,
	&case_ipv6_chain,
	&case_ipv6_first_fragment,
	&case_ipv6_later_fragment,
	&case_ipv6_later_fragment_of_options,
	&case_ipv6_esp,
	&case_ipv6_no_next_header,
	&case_ipv6_no_next_header_behind_options,
	&case_ipv6_extension_cut,
	&case_ipv6_extension_length,
	&case_ipv6_most_extensions,
	&case_ipv6_too_many_extensions,
	&case_ipv6_payload_zero,
	&case_ipv6_snapped,
	&case_ipv6_jumbogram,
	&case_ipv6_jumbogram_behind_padding,
	&case_ipv6_jumbogram_most,
	&case_ipv6_jumbogram_cut_behind_its_option,
	&case_ipv6_jumbo_missing,
	&case_ipv6_jumbo_too_small,
	&case_ipv6_holding_ipv4_mapped,
	&case_ipip_not_asked_for,
	&case_ipip_asked_for_another,
	&case_ipip_4in4,
	&case_ipip_6in4,
	&case_ipip_4in6,
	&case_ipip_6in6,
	&case_gre,
	&case_gre_checksum_key_sequence,
	&case_gre_source_route,
	&case_gre_ethernet,
	&case_gre_mpls,
	&case_gre_pptp,
	&case_gre_unknown_version,
	&case_gre_keepalive,
	&case_erspan_i,
	&case_erspan_ii,
	&case_erspan_ii_without_gre,
	&case_erspan_iii,
	&case_erspan_iii_subheader,
	&case_erspan_iii_other_frames,
	&case_erspan_of_arp,
	&case_vxlan,
	&case_vxlan_linux_port,
	&case_vxlan_not_asked_for,
	&case_vxlan_without_its_flag,
	&case_vxlan_cut,
	&case_vxlan_of_a_runt,
	&case_vxlan_in_a_first_fragment,
	&case_vxlan_in_a_later_fragment,
	&case_vxlan_gpe_ipv4,
	&case_vxlan_gpe_service_header,
	&case_geneve_options,
	&case_geneve_control,
	&case_gtpu,
	&case_gtpu_extension_headers,
	&case_gtpu_echo,
	&case_teredo,
	&case_teredo_authentication_and_origin,
	&case_l2tp,
	&case_l2tp_offset_and_sequence,
	&case_l2tp_control,
	&case_four_tunnels,
	&case_five_tunnels,
	&case_five_tunnels_over_udp,
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* ---- the tests */

/* A copy that ends where the octets end, so that the sanitizer sees a read beyond. */
static struct parse_fact
parse_exact(const uint8_t *bytes, size_t captured, size_t length, uint32_t decap)
{
	const struct parse_options options = {.decap = decap};
	struct parse_fact fact, fast;
	uint8_t *copy = malloc(captured ? captured : 1);

	assert_non_null(copy);
	if (captured > 0)
		memcpy(copy, bytes, captured);
	/* what is left over from the frame before must not shine through */
	memset(&fact, 0xa5, sizeof(fact));
	parse_frame(copy, (uint32_t)captured, (uint32_t)length, &options, &fact);
	fast = by_batch(copy, captured, length, &options);
	free(copy);
	assert_int_equal(fact.result, fast.result);
	assert_int_equal(fact.events, fast.events);
	assert_int_equal(fact.unwrapped, fast.unwrapped);
	assert_int_equal(fact.too_deep, fast.too_deep);
	assert_int_equal(fact.wants_more, fast.wants_more);
	if (fact.result <= DECODE_UDP) {
		assert_int_equal(fact.octets, fast.octets);
		assert_int_equal(fact.family, fast.family);
		assert_memory_equal(&fact.src, &fast.src, 16);
		assert_memory_equal(&fact.dst, &fast.dst, 16);
	}
	return fact;
}

static void
assert_same_facts(const struct parse_fact *a, const struct parse_fact *b)
{
	assert_int_equal(a->result, b->result);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->unwrapped, b->unwrapped);
	assert_int_equal(a->too_deep, b->too_deep);
	assert_int_equal(a->frame_octets, b->frame_octets);
	if (a->result > DECODE_UDP)
		return;
	assert_int_equal(a->octets, b->octets);
	assert_int_equal(a->family, b->family);
	assert_memory_equal(&a->src, &b->src, 16);
	assert_memory_equal(&a->dst, &b->dst, 16);
}

static struct host_addr
host(int family, int number)
{
	uint8_t ipv4[4] = {192, 0, 2, (uint8_t)number};
	uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8};

	ipv6[15] = (uint8_t)number;
	return family == 4 ? host_addr_from_ipv4(ipv4) : host_addr_from_ipv6(ipv6);
}

static void
test_case_facts(void **state)
{
	const struct test_case *c = *state;
	const struct want *want = &c->want;
	struct frame f = {.length = 0};

	c->build(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, c->decap);

	assert_string_equal(decode_result_name(fact.result), decode_result_name(want->result));
	assert_int_equal(fact.events, want->events);
	assert_int_equal(fact.unwrapped, want->unwrapped);
	assert_int_equal(fact.too_deep, want->too_deep);
	assert_int_equal(fact.wants_more, 0);
	if (want->result > DECODE_UDP)
		return;
	assert_int_equal(fact.octets, want->octets);
	assert_int_equal(fact.family, want->family);
	if (want->host < 0)
		return;
	struct host_addr src = host(want->family, want->host);
	struct host_addr dst = host(want->family, want->host + 1);
	assert_memory_equal(&fact.src, &src, 16);
	assert_memory_equal(&fact.dst, &dst, 16);
}

/* Cut at every length: by the capture (the frame was as long as that), and by the caller, who has
 * more and is asked for it if that would change anything. */
static void
test_case_cut(void **state)
{
	const struct test_case *c = *state;
	struct frame f = {.length = 0};

	c->build(&f);
	struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, c->decap);
	for (size_t n = 0; n <= f.length; n++) {
		struct parse_fact cut = parse_exact(f.bytes, n, n, c->decap);
		assert_true(cut.result < DECODE_RESULTS);
		assert_int_equal(cut.wants_more, 0);
		struct parse_fact head = parse_exact(f.bytes, n, f.length, c->decap);
		if (!head.wants_more)
			assert_same_facts(&head, &whole);
	}
}

/* An IPv6 host that is written like a mapped IPv4 one is another host than that one. */
static void
test_ipv4_mapped_stays_ipv6(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	build_ipv6_holding_ipv4_mapped(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, 0);
	struct host_addr ipv4 = host(4, 1);
	assert_memory_equal(&fact.src, &ipv4, 16);
	assert_int_equal(fact.family, ADDR_IPV6);
}

/* The walk looks PARSE_HEAD_MAX far, and asks for nothing beyond. */
static void
test_depth_is_bounded(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	put_ethernet(&f, 0x86dd);
	put_ipv6(&f, 60, 10260, 1);
	for (int i = 0; i < 4; i++)
		put_extension(&f, 60, 255);
	put_extension(&f, 6, 255);
	put_tcp(&f);
	struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, 0);
	struct parse_fact head = parse_exact(f.bytes, PARSE_HEAD_MAX, f.length, 0);
	assert_int_equal(whole.result, DECODE_IPV6_EXTENSION_CUT);
	assert_int_equal(whole.wants_more, 0);
	assert_same_facts(&whole, &head);
	assert_int_equal(head.wants_more, 0);
	/* one header less fits, and one octet less than that is asked for */
	f.bytes[14 + 40 + 3 * 2048] = 6;
	head = parse_exact(f.bytes, 14 + 40 + 3 * 2048, f.length, 0);
	assert_int_equal(head.wants_more, 1);
}

/*
 * The frame's octets are those on the wire: of a frame that was cut, or merged by an offload and
 * handed over in part, what its outermost IP header says.
 */
static void
test_frame_octets(void **state)
{
	static const struct {
		uint16_t type; /* behind a VLAN tag where `tag` */
		bool tag;
		uint16_t length; /* of the IP packet, or of the payload */
		uint32_t decap;
		uint32_t frame_octets;
	} rows[] = {
		{0x0800, false, 65160, 0, 14 + 65160},
		{0x0800, true, 65160, 0, 18 + 65160},
		{0x86dd, false, 65120, 0, 14 + 40 + 65120},
		{0x86dd, true, 65120, PARSE_DECAP_ALL, 18 + 40 + 65120},
		{0x0800, false, 40, 0, 200}, /* padding is on the wire too */
		{0x86dd, false, 20, 0, 200},
		{0x0800, false, 0, 0, 200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = {.length = 0};

		put_ethernet(&f, rows[i].tag ? 0x8100 : rows[i].type);
		if (rows[i].tag)
			put_vlan(&f, 7, rows[i].type);
		if (rows[i].type == 0x0800)
			put_ipv4(&f, 6, rows[i].length, 0, 0, 1);
		else
			put_ipv6(&f, 6, rows[i].length, 1);
		put_tcp(&f);
		put_zeros(&f, 200 - f.length);
		struct parse_fact fact = parse_exact(f.bytes, 200, 200, rows[i].decap);
		assert_int_equal(fact.result, DECODE_TCP);
		assert_int_equal(fact.frame_octets, rows[i].frame_octets);
	}
}

/* What a tunnel holds says nothing of the frame around it, and what is no IP nothing at all. */
static void
test_frame_octets_of_the_outermost_header(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	build_vxlan_in_a_first_fragment(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, PARSE_DECAP_ALL);
	assert_int_equal(fact.octets, 1400);
	assert_int_equal(fact.frame_octets, f.length);
	f.bytes[16] = 0x10; /* the outer header's total length */
	fact = parse_exact(f.bytes, f.length, f.length, PARSE_DECAP_ALL);
	assert_int_equal(fact.frame_octets, 14 + (0x1000 | f.bytes[17]));

	/* a jumbogram, as BIG TCP makes them; and one that no host can have sent */
	static const uint32_t payloads[] = {500000, UINT32_MAX};
	for (int i = 0; i < 2; i++) {
		struct frame jumbo = {.length = 0};
		put_ethernet(&jumbo, 0x86dd);
		put_ipv6(&jumbo, 0, 0, 1);
		put16(&jumbo, 0x0600);
		put16(&jumbo, 0xc204);
		put32(&jumbo, payloads[i]);
		put_tcp(&jumbo);
		fact = parse_exact(jumbo.bytes, jumbo.length, jumbo.length, 0);
		assert_int_equal(fact.result, DECODE_TCP);
		assert_int_equal(fact.frame_octets, i == 0 ? 14 + 40 + 500000 : jumbo.length);
	}

	struct frame arp = {.length = 0};
	put_ethernet(&arp, 0x0806);
	put_zeros(&arp, 46);
	fact = parse_exact(arp.bytes, arp.length, arp.length, 0);
	assert_int_equal(fact.frame_octets, 60);
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Frames of the table with some octets changed, cut anywhere: both ways agree (parse_exact checks
 * that), and no cut goes unnoticed. The seed is fixed: a failure comes again. */
static void
test_mutations(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		struct frame f = {.length = 0};
		const struct test_case *c = cases[next_random(&seed) % CASES];

		c->build(&f);
		for (uint64_t n = next_random(&seed) % 4; n > 0 && f.length > 0; n--)
			f.bytes[12 + next_random(&seed) % f.length] = (uint8_t)next_random(&seed);
		uint32_t decap = next_random(&seed) & 1 ? PARSE_DECAP_ALL : 0;
		struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, decap);
		assert_true(whole.result < DECODE_RESULTS);
		size_t n = next_random(&seed) % (f.length + 1);
		struct parse_fact head = parse_exact(f.bytes, n, f.length, decap);
		if (!head.wants_more)
			assert_same_facts(&head, &whole);
	}
}

static void
test_decap_option(void **state)
{
	static const char *const bad[] = {"",          ",",       "gre,", ",gre",
					  "gre,,ipip", "GRE",     "gre ", "vxlan-",
					  "none,gre",  "all,gre", "gtp",  "vxlangpe"};
	uint32_t mask = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_decap_option(bad[i], &mask), -EINVAL);
		assert_int_equal(mask, 99);
	}
	assert_int_equal(parse_decap_option("none", &mask), 0);
	assert_int_equal(mask, 0);
	assert_int_equal(parse_decap_option("all", &mask), 0);
	assert_int_equal(mask, PARSE_DECAP_ALL);
	assert_int_equal(parse_decap_option("gre", &mask), 0);
	assert_int_equal(mask, T(GRE));
	assert_int_equal(parse_decap_option("vxlan-gpe,gre,gre,gtpu", &mask), 0);
	assert_int_equal(mask, T(VXLAN_GPE) | T(GRE) | T(GTPU));
	assert_int_equal(parse_decap_option(
				 "gre,erspan,ipip,vxlan,vxlan-gpe,geneve,gtpu,teredo,l2tp", &mask),
			 0);
	assert_int_equal(mask, PARSE_DECAP_ALL);
}

int
main(void)
{
	enum { FIXED = 6 }; /* tests that are no case of the table */
	static char names[2 * CASES][80];
	struct CMUnitTest tests[2 * CASES + FIXED] = {
		cmocka_unit_test(test_ipv4_mapped_stays_ipv6),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_frame_octets),
		cmocka_unit_test(test_frame_octets_of_the_outermost_header),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_decap_option),
	};

	for (size_t i = 0; i < CASES; i++) {
		struct CMUnitTest *t = tests + FIXED + 2 * i;

		snprintf(names[2 * i], sizeof(names[0]), "%s", cases[i]->name);
		snprintf(names[2 * i + 1], sizeof(names[0]), "%s, cut", cases[i]->name);
		/* cmocka's state is not const; the tests only read it */
		t[0] = (struct CMUnitTest){names[2 * i], test_case_facts, NULL, NULL,
					   (void *)(uintptr_t)cases[i]};
		t[1] = (struct CMUnitTest){names[2 * i + 1], test_case_cut, NULL, NULL,
					   (void *)(uintptr_t)cases[i]};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
