/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the parser: link layers and what stands between them and IP. */
#include "parse_case.h"

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

const struct test_case *const link_cases[] = {
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
	NULL,
};
