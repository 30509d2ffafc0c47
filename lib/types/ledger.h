/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ledger: where every packet went.
 *
 * Every frame received from a port has exactly one decode result, and every address of a counted
 * packet exactly one geo result. So, for a period and since the start:
 *
 *     frames received    = tcp + udp + other_ip + not_ip + filtered + each malformed reason
 *     2 x (tcp + udp)    = located + private + not_in_database + table_full + no_position
 *     tcp + udp          = in + out + inside + through       (where sides are known)
 *     lost before us     = imissed + ierrors + rx_nombuf     (beside it, never mixed in)
 *
 * A decode event is counted in addition to a frame's result: something unusual that did not keep
 * the frame from being counted (a later fragment, a total length of 0). `unwrapped` counts the
 * tunnel headers that were removed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum decode_result {
	DECODE_TCP,
	DECODE_UDP,
	DECODE_OTHER_IP, /* valid IP, neither TCP nor UDP */
	DECODE_NOT_IP,   /* ARP, LLDP, STP, ...: valid */
	DECODE_FILTERED, /* left out by --filter or --exclude-self, and not looked into */

	/* from here on: malformed, one counter for each reason */
	DECODE_RUNT,                  /* shorter than its link header, tags or labels */
	DECODE_IPV4_CUT,              /* the frame ends inside the IPv4 header */
	DECODE_IPV4_VERSION,          /* EtherType says IPv4, the version nibble does not */
	DECODE_IPV4_HEADER_LENGTH,    /* IHL below 5, RFC 791 3.1 */
	DECODE_IPV4_TOTAL_LENGTH,     /* total length below the header's own, and not 0 */
	DECODE_IPV6_CUT,              /* the frame ends inside the fixed header */
	DECODE_IPV6_VERSION,          /* EtherType says IPv6, the version nibble does not */
	DECODE_IPV6_EXTENSION_CUT,    /* the frame ends inside an extension header */
	DECODE_IPV6_EXTENSION_CHAIN,  /* more extension headers than the walk follows */
	DECODE_IPV6_EXTENSION_LENGTH, /* an extension header reaches over the payload length */
	DECODE_IPV6_JUMBO, /* payload length 0, hop-by-hop header without a valid jumbo option */

	DECODE_RESULTS,
	DECODE_FIRST_MALFORMED = DECODE_RUNT,
};

enum decode_event {
	EVENT_LATER_FRAGMENT,    /* no TCP/UDP header here: layer from the IP header */
	EVENT_TOTAL_LENGTH_ZERO, /* segmentation offload: octets from the frame's length */
	EVENT_SNAPPED,           /* total length above the captured bytes: counted whole */
	EVENT_OPTIONS_CUT,       /* IPv4: the frame ends behind the last option; counted */
	EVENT_OTHER_VERSION,     /* EtherType of IPv4, but a valid IPv6 packet; counted as IPv6 */
	EVENT_JUMBOGRAM,         /* RFC 2675: the length stands in a hop-by-hop option */
	/* of frames that are not_ip because of it, all of IEEE 802.11 */
	EVENT_ENCRYPTED,     /* the link encrypts its data frames */
	EVENT_LINK_FRAGMENT, /* a later fragment of a frame: the link headers are in the first */
	EVENT_AGGREGATED,    /* several packets in one frame (A-MSDU) */
	EVENT_BAD_FCS,       /* received with a wrong check sum: nothing in it can be trusted */
	DECODE_EVENTS,
};

enum tunnel {
	TUNNEL_GRE,
	TUNNEL_ERSPAN,
	TUNNEL_IPIP, /* 4in4, 6in4, 4in6, 6in6 */
	TUNNEL_VXLAN,
	TUNNEL_VXLAN_GPE,
	TUNNEL_GENEVE,
	TUNNEL_GTPU,
	TUNNEL_TEREDO,
	TUNNEL_L2TP,
	TUNNELS,
};

enum geo_result {
	GEO_LOCATED,
	GEO_PRIVATE,
	GEO_NOT_IN_DATABASE,
	GEO_TABLE_FULL,  /* counted, but without a host row of its own */
	GEO_NO_POSITION, /* there is a record, and it does not say where */
	GEO_SITE,        /* the operator says where it is */
	GEO_RESULTS,
};

/* Which way a counted packet goes, as our own side sees it (sides.h). */
enum way {
	WAY_THROUGH, /* from others to others */
	WAY_IN,
	WAY_OUT,
	WAY_INSIDE, /* from us to us */
	WAYS,
};

/* one lane's share for one period; written by its RX lcore, then owned by the manager */
struct decode_counts {
	uint64_t frames[DECODE_RESULTS];
	uint64_t octets[DECODE_RESULTS]; /* frame octets (without FCS) */
	uint64_t events[DECODE_EVENTS];
	uint64_t unwrapped[TUNNELS];
	uint64_t tunnel_too_deep; /* event: more nested tunnels than the bound; counted there */
	/* of counted packets, and of their IP packets' octets; all 0 where sides are not known */
	uint64_t ways[WAYS], way_octets[WAYS];
};

struct ledger {
	struct decode_counts decode;
	uint64_t geo[GEO_RESULTS]; /* in addresses: two for each counted packet */
};

/* The names under which the numbers are shown: lower case, words joined by '_'. Never NULL. */
const char *decode_result_name(enum decode_result v);
const char *decode_event_name(enum decode_event r);
const char *tunnel_name(enum tunnel t);
const char *geo_result_name(enum geo_result f);
const char *way_name(enum way w);

void decode_counts_add(struct decode_counts *into, const struct decode_counts *from);
void ledger_add(struct ledger *into, const struct ledger *from);
void ledger_subtract(struct ledger *from, const struct ledger *what); /* what was added before */

uint64_t ledger_frames(const struct ledger *l);    /* sum over all results */
uint64_t ledger_malformed(const struct ledger *l); /* sum over the malformed ones */
uint64_t ledger_ways(const struct ledger *l);      /* sum over all ways */

/* `received`: the frames that the ports handed over, counted apart from the results. Of a sum over
 * times when sides were known and when not, the ways are fewer than the packets. */
bool ledger_balances(const struct ledger *l, uint64_t received);
