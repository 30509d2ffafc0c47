/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The walk: `at` moves forward over headers, never beyond `end`. `left` is what the frame's whole
 * length leaves from `at` on; it is more than `end - at` when the capture was cut.
 */
struct walk {
	const uint8_t *at;
	const uint8_t *end;
	uint32_t left;
	struct parse_fact *fact;
};

enum {
	ETHERNET_HEADER = 14,
	VLAN_TAG = 4,
	MPLS_LABEL = 4,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,

	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,

	PROTO_HOP_BY_HOP = 0,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_DESTINATION = 60,
};

static inline uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline bool
has(const struct walk *w, uint32_t n)
{
	return (size_t)(w->end - w->at) >= n;
}

static inline void
skip(struct walk *w, uint32_t n)
{
	w->at += n;
	w->left -= n;
}

static enum verdict
verdict_of(uint8_t proto)
{
	return proto == PROTO_TCP   ? VERDICT_TCP
	       : proto == PROTO_UDP ? VERDICT_UDP
				    : VERDICT_OTHER_IP;
}

static enum verdict
parse_ipv4(struct walk *w)
{
	const uint8_t *ip = w->at;

	if (!has(w, IPV4_HEADER))
		return VERDICT_IPV4_CUT;
	if (ip[0] >> 4 != 4)
		return VERDICT_IPV4_VERSION;
	uint32_t header = (ip[0] & 15) * 4u;
	if (header < IPV4_HEADER)
		return VERDICT_IPV4_HEADER_LENGTH;
	uint32_t total = be16(ip + 2);
	if (total == 0) {
		total = w->left;
		w->fact->remarks |= 1 << REMARK_TOTAL_LENGTH_ZERO;
	} else if (total < header) {
		return VERDICT_IPV4_TOTAL_LENGTH;
	} else if (total > w->left) {
		w->fact->remarks |= 1 << REMARK_SNAPPED;
	}
	if (be16(ip + 6) & 0x1fff)
		w->fact->remarks |= 1 << REMARK_LATER_FRAGMENT;

	w->fact->octets = total;
	w->fact->family = ADDR_IPV4;
	w->fact->src = host_addr_from_ipv4(ip + 12);
	w->fact->dst = host_addr_from_ipv4(ip + 16);
	return verdict_of(ip[9]);
}

static enum verdict
parse_ipv6(struct walk *w)
{
	const uint8_t *ip = w->at;

	if (!has(w, IPV6_HEADER))
		return VERDICT_IPV6_CUT;
	if (ip[0] >> 4 != 6)
		return VERDICT_IPV6_VERSION;
	uint32_t total = IPV6_HEADER + (uint32_t)be16(ip + 4);
	if (total > w->left)
		w->fact->remarks |= 1 << REMARK_SNAPPED;

	w->fact->octets = total;
	w->fact->family = ADDR_IPV6;
	w->fact->src = host_addr_from_ipv6(ip + 8);
	w->fact->dst = host_addr_from_ipv6(ip + 24);

	uint8_t next = ip[6];
	uint32_t walked = IPV6_HEADER;
	skip(w, IPV6_HEADER);
	for (int n = 0; n < PARSE_MAX_EXTENSIONS; n++) {
		uint32_t size;

		switch (next) {
		case PROTO_HOP_BY_HOP:
		case PROTO_ROUTING:
		case PROTO_DESTINATION:
			if (!has(w, 8))
				return VERDICT_IPV6_EXTENSION_CUT;
			size = 8 + w->at[1] * 8u;
			break;
		case PROTO_AH:
			if (!has(w, 8))
				return VERDICT_IPV6_EXTENSION_CUT;
			size = 8 + w->at[1] * 4u;
			break;
		case PROTO_FRAGMENT:
			if (!has(w, 8))
				return VERDICT_IPV6_EXTENSION_CUT;
			size = 8;
			if (be16(w->at + 2) & 0xfff8) {
				w->fact->remarks |= 1 << REMARK_LATER_FRAGMENT;
				return verdict_of(w->at[0]);
			}
			break;
		default:
			return verdict_of(next);
		}
		if (walked + size > total)
			return VERDICT_IPV6_EXTENSION_LENGTH;
		if (!has(w, size))
			return VERDICT_IPV6_EXTENSION_CUT;
		next = w->at[0];
		walked += size;
		skip(w, size);
	}
	return VERDICT_IPV6_EXTENSION_CHAIN;
}

static enum verdict
parse_ethernet(struct walk *w)
{
	if (!has(w, ETHERNET_HEADER))
		return VERDICT_RUNT;
	uint16_t type = be16(w->at + 12);
	skip(w, ETHERNET_HEADER);
	for (;;) {
		switch (type) {
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_QINQ_OLD:
			if (!has(w, VLAN_TAG))
				return VERDICT_RUNT;
			type = be16(w->at + 2);
			skip(w, VLAN_TAG);
			break;
		case ETHERTYPE_IPV4:
			return parse_ipv4(w);
		case ETHERTYPE_IPV6:
			return parse_ipv6(w);
		default:
			return VERDICT_NOT_IP;
		}
	}
}

void
parse_frame(const uint8_t *bytes, uint32_t captured, uint32_t length,
	    const struct parse_options *options, struct parse_fact *fact)
{
	*fact = (struct parse_fact){0};
	struct walk w = {.at = bytes, .end = bytes + captured, .left = length, .fact = fact};
	(void)options;
	fact->verdict = parse_ethernet(&w);
}
