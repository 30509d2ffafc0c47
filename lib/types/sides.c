/* SPDX-License-Identifier: BSD-3-Clause */
#include "sides.h"

#include <errno.h>

/* The top `bits` of 64; a shift by 64 would be undefined. */
static uint64_t
mask(unsigned int bits)
{
	return bits == 0 ? 0 : bits >= 64 ? ~0ull : ~0ull << (64 - bits);
}

int
sides_add(struct sides *sides, const struct host_addr *addr, uint32_t family, unsigned int bits,
	  enum side_verdict verdict)
{
	struct side_rule *rules = family == ADDR_IPV4 ? sides->rules4 : sides->rules6;
	unsigned int *count = family == ADDR_IPV4 ? &sides->count4 : &sides->count6;

	if (family == ADDR_IPV4)
		bits += 96;
	struct side_rule rule = {.mask_high = mask(bits),
				 .mask_low = bits <= 64 ? 0 : mask(bits - 64),
				 .verdict = (uint8_t)verdict,
				 .bits = (uint8_t)bits};
	rule.high = be64(addr->bytes) & rule.mask_high;
	rule.low = be64(addr->bytes + 8) & rule.mask_low;
	unsigned int at = 0;
	while (at < *count && rules[at].bits >= bits) {
		if (rules[at].bits == bits && rules[at].high == rule.high &&
		    rules[at].low == rule.low)
			return 0;
		at++;
	}
	if (*count == SIDES_RULES)
		return -ENOSPC;
	memmove(&rules[at + 1], &rules[at], (*count - at) * sizeof(*rules));
	rules[at] = rule;
	(*count)++;
	return 0;
}

static enum side_verdict
ask(const struct side_rule *rules, unsigned int count, uint64_t high, uint64_t low)
{
	for (unsigned int i = 0; i < count; i++) {
		if ((high & rules[i].mask_high) == rules[i].high &&
		    (low & rules[i].mask_low) == rules[i].low)
			return (enum side_verdict)rules[i].verdict;
	}
	return SIDE_THEIRS;
}

bool
sides_ask_ipv4(const struct sides *sides, uint32_t ipv4)
{
	return ask(sides->rules4, sides->count4, 0, 0xffff00000000ull | be32toh(ipv4)) == SIDE_OURS;
}

bool
sides_ask_ipv6(const struct sides *sides, const struct host_addr *addr)
{
	const enum side_verdict verdict =
		ask(sides->rules6, sides->count6, be64(addr->bytes), be64(addr->bytes + 8));
	uint32_t ipv4;

	switch (verdict) {
	case SIDE_OF_6TO4:
		memcpy(&ipv4, addr->bytes + 2, sizeof(ipv4));
		return sides_ours_ipv4(sides, ipv4);
	case SIDE_OF_TEREDO: /* the client's, each bit inverted: RFC 4380 4 */
		memcpy(&ipv4, addr->bytes + 12, sizeof(ipv4));
		return sides_ours_ipv4(sides, ~ipv4);
	case SIDE_OF_NAT64:
		memcpy(&ipv4, addr->bytes + 12, sizeof(ipv4));
		return sides_ours_ipv4(sides, ipv4);
	default:
		return verdict == SIDE_OURS;
	}
}

/* What all addresses with these upper 16 bits are; SIDE_ASK where a rule starts below, or where the
 * address has more to say. `bits`: of a host_addr, up to and with these 16. */
static uint8_t
verdict_of(const struct side_rule *rules, unsigned int count, uint64_t high, uint64_t low,
	   unsigned int bits)
{
	const uint64_t mask_high = mask(bits), mask_low = bits <= 64 ? 0 : mask(bits - 64);

	for (unsigned int i = 0; i < count; i++) {
		if (rules[i].bits > bits && (rules[i].high & mask_high) == high &&
		    (rules[i].low & mask_low) == low)
			return SIDE_ASK;
	}
	const enum side_verdict verdict = ask(rules, count, high, low);

	return verdict > SIDE_OURS ? SIDE_ASK : (uint8_t)verdict;
}

void
sides_finish(struct sides *sides)
{
	for (unsigned int upper = 0; upper < 1u << 16; upper++) {
		sides->ipv4[upper] = verdict_of(sides->rules4, sides->count4, 0,
						0xffff00000000ull | (uint64_t)upper << 16, 96 + 16);
		sides->ipv6[upper] =
			verdict_of(sides->rules6, sides->count6, (uint64_t)upper << 48, 0, 16);
	}
}
