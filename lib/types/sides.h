/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which side an address is on, ours or the others': a look-up for RX lcores, two for each packet.
 *
 *     upper 16 bits -> a table of octets: ours, theirs, or "ask"; 64 KiB for each family
 *     ask           -> the rules of that family, the longest prefix first; theirs if none fits
 *
 * Most of an Internet mix ends in the table. Ours are the networks of --local, and what is not
 * reachable from everywhere (lib/locate/own_sides.h makes the rules). 6to4, Teredo and NAT64 are on
 * the side of the IPv4 address inside, as lib/locate has it.
 *
 * Read-only once made: any thread may look up.
 */
#pragma once

#include "host_addr.h"
#include "load.h"

#include <stdbool.h>

#define SIDES_RULES 256

enum side_verdict {
	SIDE_THEIRS,
	SIDE_OURS,
	SIDE_ASK, /* in a table: some rule starts below */
	/* of rules: as the IPv4 address inside */
	SIDE_OF_6TO4,
	SIDE_OF_TEREDO,
	SIDE_OF_NAT64,
};

struct side_rule {
	uint64_t high, low, mask_high, mask_low; /* of a host_addr */
	uint8_t verdict;
	uint8_t bits; /* of a host_addr that must agree */
};

struct sides {
	uint8_t ipv4[1 << 16], ipv6[1 << 16];
	struct side_rule rules4[SIDES_RULES], rules6[SIDES_RULES]; /* longest first */
	unsigned int count4, count6;
};

/* Adds a rule: of two for the same prefix the first stays. 0 or -ENOSPC. */
int sides_add(struct sides *sides, const struct host_addr *addr, uint32_t family, unsigned int bits,
	      enum side_verdict verdict);
/* Once all rules are there: fills the tables. */
void sides_finish(struct sides *sides);

/* What the rules say. */
bool sides_ask_ipv4(const struct sides *sides, uint32_t ipv4);
bool sides_ask_ipv6(const struct sides *sides, const struct host_addr *addr);

/* Is it ours? `ipv4`: as on the wire. */
static inline bool
sides_ours_ipv4(const struct sides *sides, uint32_t ipv4)
{
	uint16_t upper;

	memcpy(&upper, &ipv4, sizeof(upper));
	const uint8_t verdict = sides->ipv4[be16toh(upper)];

	return __builtin_expect(verdict != SIDE_ASK, 1) ? verdict == SIDE_OURS
							: sides_ask_ipv4(sides, ipv4);
}

static inline bool
sides_ours_ipv6(const struct sides *sides, const struct host_addr *addr)
{
	const uint8_t verdict = sides->ipv6[be16(addr->bytes)];

	return __builtin_expect(verdict != SIDE_ASK, 1) ? verdict == SIDE_OURS
							: sides_ask_ipv6(sides, addr);
}
