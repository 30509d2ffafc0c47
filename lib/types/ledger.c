/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger.h"

#include <stddef.h>

static const char *const verdict_names[VERDICTS] = {
	[VERDICT_TCP] = "tcp",
	[VERDICT_UDP] = "udp",
	[VERDICT_OTHER_IP] = "other_ip",
	[VERDICT_NOT_IP] = "not_ip",
	[VERDICT_RUNT] = "runt",
	[VERDICT_IPV4_CUT] = "ipv4_cut",
	[VERDICT_IPV4_VERSION] = "ipv4_version",
	[VERDICT_IPV4_HEADER_LENGTH] = "ipv4_header_length",
	[VERDICT_IPV4_TOTAL_LENGTH] = "ipv4_total_length",
	[VERDICT_IPV6_CUT] = "ipv6_cut",
	[VERDICT_IPV6_VERSION] = "ipv6_version",
	[VERDICT_IPV6_EXTENSION_CUT] = "ipv6_extension_cut",
	[VERDICT_IPV6_EXTENSION_CHAIN] = "ipv6_extension_chain",
	[VERDICT_IPV6_EXTENSION_LENGTH] = "ipv6_extension_length",
	[VERDICT_IPV6_JUMBO] = "ipv6_jumbo",
};

static const char *const remark_names[REMARKS] = {
	[REMARK_LATER_FRAGMENT] = "later_fragment",
	[REMARK_TOTAL_LENGTH_ZERO] = "total_length_zero",
	[REMARK_SNAPPED] = "snapped",
	[REMARK_OPTIONS_CUT] = "options_cut",
	[REMARK_OTHER_VERSION] = "other_version",
	[REMARK_JUMBOGRAM] = "jumbogram",
};

static const char *const tunnel_names[TUNNELS] = {
	[TUNNEL_GRE] = "gre",     [TUNNEL_ERSPAN] = "erspan",       [TUNNEL_IPIP] = "ipip",
	[TUNNEL_VXLAN] = "vxlan", [TUNNEL_VXLAN_GPE] = "vxlan_gpe", [TUNNEL_GENEVE] = "geneve",
	[TUNNEL_GTPU] = "gtpu",   [TUNNEL_TEREDO] = "teredo",       [TUNNEL_L2TP] = "l2tp",
};

static const char *const fate_names[FATES] = {
	[FATE_LOCATED] = "located",
	[FATE_PRIVATE] = "private",
	[FATE_NOT_IN_DATABASE] = "not_in_database",
	[FATE_TABLE_FULL] = "table_full",
};

const char *
verdict_name(enum verdict v)
{
	return verdict_names[v];
}

const char *
remark_name(enum remark r)
{
	return remark_names[r];
}

const char *
tunnel_name(enum tunnel t)
{
	return tunnel_names[t];
}

const char *
fate_name(enum fate f)
{
	return fate_names[f];
}

void
verdicts_add(struct verdicts *into, const struct verdicts *from)
{
	for (int v = 0; v < VERDICTS; v++) {
		into->frames[v] += from->frames[v];
		into->octets[v] += from->octets[v];
	}
	for (int r = 0; r < REMARKS; r++)
		into->remarks[r] += from->remarks[r];
	for (int t = 0; t < TUNNELS; t++)
		into->unwrapped[t] += from->unwrapped[t];
	into->tunnel_too_deep += from->tunnel_too_deep;
}

void
ledger_add(struct ledger *into, const struct ledger *from)
{
	verdicts_add(&into->verdicts, &from->verdicts);
	for (int f = 0; f < FATES; f++)
		into->fates[f] += from->fates[f];
}

uint64_t
ledger_frames(const struct ledger *l)
{
	uint64_t sum = 0;
	for (int v = 0; v < VERDICTS; v++)
		sum += l->verdicts.frames[v];
	return sum;
}

uint64_t
ledger_malformed(const struct ledger *l)
{
	uint64_t sum = 0;
	for (int v = VERDICT_FIRST_MALFORMED; v < VERDICTS; v++)
		sum += l->verdicts.frames[v];
	return sum;
}

bool
ledger_balances(const struct ledger *l, uint64_t received)
{
	uint64_t fates = 0;
	for (int f = 0; f < FATES; f++)
		fates += l->fates[f];

	return ledger_frames(l) == received &&
	       fates == 2 * (l->verdicts.frames[VERDICT_TCP] + l->verdicts.frames[VERDICT_UDP]);
}
