/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ledger: where every packet went.
 *
 * Every frame that a port hands over lands in exactly one verdict, and every address of a counted
 * packet in exactly one fate. So, for a period and since the start:
 *
 *     frames received    = tcp + udp + other_ip + not_ip + each malformed reason
 *     2 x (tcp + udp)    = located + private + not_in_database + table_full
 *     lost before us     = imissed + ierrors + rx_nombuf     (beside it, never mixed in)
 *
 * A remark is no verdict: it says what was odd about a frame that has its verdict all the same (a
 * later fragment, a total length of 0). `unwrapped` counts tunnel headers that were looked behind.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum verdict {
	VERDICT_TCP,
	VERDICT_UDP,
	VERDICT_OTHER_IP, /* sound IP, neither TCP nor UDP */
	VERDICT_NOT_IP,   /* ARP, LLDP, STP, ...: nothing wrong with it */

	/* from here on: malformed, one counter for each reason */
	VERDICT_RUNT,                  /* shorter than its Ethernet header, tags or labels */
	VERDICT_IPV4_CUT,              /* the frame ends inside the IPv4 header */
	VERDICT_IPV4_VERSION,          /* EtherType says IPv4, the version nibble does not */
	VERDICT_IPV4_HEADER_LENGTH,    /* IHL below 5, RFC 791 3.1 */
	VERDICT_IPV4_TOTAL_LENGTH,     /* total length below the header's own, and not 0 */
	VERDICT_IPV6_CUT,              /* the frame ends inside the fixed header */
	VERDICT_IPV6_VERSION,          /* EtherType says IPv6, the version nibble does not */
	VERDICT_IPV6_EXTENSION_CUT,    /* the frame ends inside an extension header */
	VERDICT_IPV6_EXTENSION_CHAIN,  /* more extension headers than the walk follows */
	VERDICT_IPV6_EXTENSION_LENGTH, /* an extension header reaches over the payload length */
	VERDICT_IPV6_JUMBO, /* payload length 0, hop-by-hop, no sound jumbo option there */

	VERDICTS,
	VERDICT_FIRST_MALFORMED = VERDICT_RUNT,
};

enum remark {
	REMARK_LATER_FRAGMENT,    /* no TCP/UDP header here: layer from the IP header */
	REMARK_TOTAL_LENGTH_ZERO, /* segmentation offload: octets from the frame's length */
	REMARK_SNAPPED,           /* total length above the captured bytes: counted whole */
	REMARK_OPTIONS_CUT,       /* IPv4: the frame ends behind the last option; counted */
	REMARK_OTHER_VERSION,     /* said to be IPv4, and is a sound IPv6 packet; counted as that */
	REMARK_JUMBOGRAM,         /* RFC 2675: the length stands in a hop-by-hop option */
	REMARKS,
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

enum fate {
	FATE_LOCATED,
	FATE_PRIVATE,
	FATE_NOT_IN_DATABASE,
	FATE_TABLE_FULL, /* counted, but without a host row of its own */
	FATES,
};

/* one lane's share for one period; written by its RX lcore, then owned by the manager */
struct verdicts {
	uint64_t frames[VERDICTS];
	uint64_t octets[VERDICTS]; /* frame octets (without FCS) */
	uint64_t remarks[REMARKS];
	uint64_t unwrapped[TUNNELS];
	uint64_t tunnel_too_deep; /* remark: more nested tunnels than the bound; counted there */
};

struct ledger {
	struct verdicts verdicts;
	uint64_t fates[FATES]; /* in addresses: two for each counted packet */
};

/* The names under which the numbers are shown: lower case, words joined by '_'. Never NULL. */
const char *verdict_name(enum verdict v);
const char *remark_name(enum remark r);
const char *tunnel_name(enum tunnel t);
const char *fate_name(enum fate f);

void verdicts_add(struct verdicts *into, const struct verdicts *from);
void ledger_add(struct ledger *into, const struct ledger *from);

uint64_t ledger_frames(const struct ledger *l);    /* sum over all verdicts */
uint64_t ledger_malformed(const struct ledger *l); /* sum over the malformed ones */

/* `received`: the frames that the ports handed over, counted apart from the verdicts. */
bool ledger_balances(const struct ledger *l, uint64_t received);
