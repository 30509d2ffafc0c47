/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way through the parser, for an RX lcore.
 *
 * Nearly every frame on a real link is Ethernet, at most two VLAN tags, and an IPv4 header without
 * options or an IPv6 header right before TCP or UDP, with a length that the frame holds. For these
 * the facts are a few loads from one cache line (14 + 2 x 4 + 20 octets; 54 with IPv6), no call, no
 * loop. Whatever is odd in any way is left to parse_frame(): the short way never gives a verdict of
 * its own on an oddity, so there is one place that knows them.
 *
 * The facts are the same either way, to the last bit; tests/unit/test_parse.c holds both against
 * each other.
 */
#pragma once

#include "parse.h"

#include <stdbool.h>
#include <string.h>

/* 1: *fact is complete. 0: not a plain frame, nothing is known about it. */
static inline bool
parse_plain(const uint8_t *bytes, uint32_t captured, uint32_t length, uint32_t decap,
	    struct parse_fact *fact)
{
	if (__builtin_expect(captured < 14 + 2 * 4 + 20, 0)) /* IPv4 behind two tags */
		return false;

	const uint8_t *p = bytes + 12;
	uint16_t type;
	memcpy(&type, p, sizeof(type));
	for (int tag = 0; tag < 2; tag++) {
		if (type != __builtin_bswap16(0x8100) && type != __builtin_bswap16(0x88a8))
			break;
		p += 4;
		memcpy(&type, p, sizeof(type));
	}
	p += 2;
	uint32_t left = length - (uint32_t)(p - bytes);

	uint8_t proto;
	uint32_t octets;
	if (type == __builtin_bswap16(0x0800)) {
		uint16_t total, fragment;
		memcpy(&total, p + 2, sizeof(total));
		memcpy(&fragment, p + 6, sizeof(fragment));
		octets = __builtin_bswap16(total);
		proto = p[9];
		if (p[0] != 0x45 || octets < 20 || octets > left ||
		    fragment & __builtin_bswap16(0x1fff))
			return false;
		fact->src = host_addr_from_ipv4(p + 12);
		fact->dst = host_addr_from_ipv4(p + 16);
		fact->family = ADDR_IPV4;
	} else if (type == __builtin_bswap16(0x86dd)) {
		if (captured < (uint32_t)(p - bytes) + 40)
			return false;
		uint16_t payload;
		memcpy(&payload, p + 4, sizeof(payload));
		octets = 40u + __builtin_bswap16(payload);
		proto = p[6];
		if (p[0] >> 4 != 6 || payload == 0 || octets > left)
			return false;
		fact->src = host_addr_from_ipv6(p + 8);
		fact->dst = host_addr_from_ipv6(p + 24);
		fact->family = ADDR_IPV6;
	} else {
		return false;
	}

	uint8_t verdict;
	if (proto == 6)
		verdict = VERDICT_TCP;
	else if (proto == 17 && decap == 0) /* else a tunnel may stand behind it */
		verdict = VERDICT_UDP;
	else
		return false;
	fact->octets = octets;
	fact->verdict = verdict;
	fact->remarks = 0;
	fact->too_deep = 0;
	fact->unwrapped = 0;
	fact->wants_more = 0;
	return true;
}

/* parse_frame() with the short way before it; same contract. */
static inline void
parse_frame_fast(const uint8_t *bytes, uint32_t captured, uint32_t length,
		 const struct parse_options *options, struct parse_fact *fact)
{
	if (!parse_plain(bytes, captured, length, options->decap, fact))
		parse_frame(bytes, captured, length, options, fact);
}
