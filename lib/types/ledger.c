/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger.h"

#include <stddef.h>

static const char *const decode_result_names[DECODE_RESULTS] = {
	[DECODE_TCP] = "tcp",
	[DECODE_UDP] = "udp",
	[DECODE_OTHER_IP] = "other_ip",
	[DECODE_NOT_IP] = "not_ip",
	[DECODE_FILTERED] = "filtered",
	[DECODE_RUNT] = "runt",
	[DECODE_IPV4_CUT] = "ipv4_cut",
	[DECODE_IPV4_VERSION] = "ipv4_version",
	[DECODE_IPV4_HEADER_LENGTH] = "ipv4_header_length",
	[DECODE_IPV4_TOTAL_LENGTH] = "ipv4_total_length",
	[DECODE_IPV6_CUT] = "ipv6_cut",
	[DECODE_IPV6_VERSION] = "ipv6_version",
	[DECODE_IPV6_EXTENSION_CUT] = "ipv6_extension_cut",
	[DECODE_IPV6_EXTENSION_CHAIN] = "ipv6_extension_chain",
	[DECODE_IPV6_EXTENSION_LENGTH] = "ipv6_extension_length",
	[DECODE_IPV6_JUMBO] = "ipv6_jumbo",
};

static const char *const decode_event_names[DECODE_EVENTS] = {
	[EVENT_LATER_FRAGMENT] = "later_fragment",
	[EVENT_TOTAL_LENGTH_ZERO] = "total_length_zero",
	[EVENT_SNAPPED] = "snapped",
	[EVENT_OPTIONS_CUT] = "options_cut",
	[EVENT_OTHER_VERSION] = "other_version",
	[EVENT_JUMBOGRAM] = "jumbogram",
	[EVENT_ENCRYPTED] = "encrypted",
	[EVENT_LINK_FRAGMENT] = "link_fragment",
	[EVENT_AGGREGATED] = "aggregated",
	[EVENT_BAD_FCS] = "bad_fcs",
};

static const char *const tunnel_names[TUNNELS] = {
	[TUNNEL_GRE] = "gre",     [TUNNEL_ERSPAN] = "erspan",       [TUNNEL_IPIP] = "ipip",
	[TUNNEL_VXLAN] = "vxlan", [TUNNEL_VXLAN_GPE] = "vxlan_gpe", [TUNNEL_GENEVE] = "geneve",
	[TUNNEL_GTPU] = "gtpu",   [TUNNEL_TEREDO] = "teredo",       [TUNNEL_L2TP] = "l2tp",
};

static const char *const geo_result_names[GEO_RESULTS] = {
	[GEO_LOCATED] = "located",
	[GEO_PRIVATE] = "private",
	[GEO_NOT_IN_DATABASE] = "not_in_database",
	[GEO_TABLE_FULL] = "table_full",
	[GEO_NO_POSITION] = "no_position",
	[GEO_SITE] = "site",
};

static const char *const way_names[WAYS] = {
	[WAY_THROUGH] = "through",
	[WAY_IN] = "in",
	[WAY_OUT] = "out",
	[WAY_INSIDE] = "inside",
};

const char *
way_name(enum way w)
{
	return way_names[w];
}

const char *
decode_result_name(enum decode_result v)
{
	return decode_result_names[v];
}

const char *
decode_event_name(enum decode_event r)
{
	return decode_event_names[r];
}

const char *
tunnel_name(enum tunnel t)
{
	return tunnel_names[t];
}

const char *
geo_result_name(enum geo_result f)
{
	return geo_result_names[f];
}

void
decode_counts_add(struct decode_counts *into, const struct decode_counts *from)
{
	for (int v = 0; v < DECODE_RESULTS; v++) {
		into->frames[v] += from->frames[v];
		into->octets[v] += from->octets[v];
	}
	for (int r = 0; r < DECODE_EVENTS; r++)
		into->events[r] += from->events[r];
	for (int t = 0; t < TUNNELS; t++)
		into->unwrapped[t] += from->unwrapped[t];
	into->tunnel_too_deep += from->tunnel_too_deep;
	for (int w = 0; w < WAYS; w++) {
		into->ways[w] += from->ways[w];
		into->way_octets[w] += from->way_octets[w];
	}
}

void
ledger_add(struct ledger *into, const struct ledger *from)
{
	decode_counts_add(&into->decode, &from->decode);
	for (int f = 0; f < GEO_RESULTS; f++)
		into->geo[f] += from->geo[f];
}

void
ledger_subtract(struct ledger *from, const struct ledger *what)
{
	/* nothing but counters of 64 bits: a new one needs no line here */
	_Static_assert(sizeof(struct ledger) % sizeof(uint64_t) == 0, "all of them");
	uint64_t *to = (uint64_t *)from;
	const uint64_t *less = (const uint64_t *)what;

	for (size_t i = 0; i < sizeof(*from) / sizeof(*to); i++)
		to[i] -= less[i];
}

uint64_t
ledger_frames(const struct ledger *l)
{
	uint64_t sum = 0;
	for (int v = 0; v < DECODE_RESULTS; v++)
		sum += l->decode.frames[v];
	return sum;
}

uint64_t
ledger_malformed(const struct ledger *l)
{
	uint64_t sum = 0;
	for (int v = DECODE_FIRST_MALFORMED; v < DECODE_RESULTS; v++)
		sum += l->decode.frames[v];
	return sum;
}

uint64_t
ledger_ways(const struct ledger *l)
{
	uint64_t sum = 0;
	for (int w = 0; w < WAYS; w++)
		sum += l->decode.ways[w];
	return sum;
}

bool
ledger_balances(const struct ledger *l, uint64_t received)
{
	uint64_t geo_results = 0;
	for (int f = 0; f < GEO_RESULTS; f++)
		geo_results += l->geo[f];

	const uint64_t packets = l->decode.frames[DECODE_TCP] + l->decode.frames[DECODE_UDP];

	return ledger_frames(l) == received && geo_results == 2 * packets &&
	       ledger_ways(l) <= packets;
}
