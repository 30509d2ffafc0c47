/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the parser: tunnels. The outer hosts are 1 and 2, the inner ones 11 and 12, inner
 * length 40. */
#include "parse_case.h"

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

const struct test_case *const tunnel_cases[] = {
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
	NULL,
};
