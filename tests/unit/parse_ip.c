/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the parser: IPv4, IPv6 and what follows their headers. */
#include "parse_case.h"

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

/* IPv6 */

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

const struct test_case *const ip_cases[] = {
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
	NULL,
};
