/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash of an address, taken once per address and used twice: for the cache set and (as its
 * signature) for rte_hash.
 *
 * Not rte_hash_crc: a CRC is linear, so whatever its seed, who picks addresses that collide once
 * has addresses that collide always, and a flood of them would land in one bucket. A multiply by a
 * secret odd number, of which the upper half is kept, has no such set that holds for every key
 * (multiply-shift; for 16 bytes the product of two keyed halves), and costs the same 3 cycles.
 */
#pragma once

#include "host_addr.h"

#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 host_hash_wide;

struct host_key {
	uint64_t a, b; /* secret; `a` odd */
};

/* Spreads a seed over both words (two steps of splitmix64). */
static inline struct host_key
host_key_from_seed(uint64_t seed)
{
	uint64_t word[2];

	for (int i = 0; i < 2; i++) {
		uint64_t z = (seed += 0x9e3779b97f4a7c15u);
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		word[i] = z ^ (z >> 31);
	}
	return (struct host_key){.a = word[0] | 1, .b = word[1]};
}

static inline uint32_t
host_hash_ipv4(struct host_key key, uint32_t ipv4)
{
	return (uint32_t)((uint64_t)ipv4 * key.a >> 32);
}

static inline uint32_t
host_hash_ipv6(struct host_key key, const struct host_addr *ipv6)
{
	uint64_t high, low;
	memcpy(&high, ipv6->bytes, sizeof(high));
	memcpy(&low, ipv6->bytes + 8, sizeof(low));

	host_hash_wide product = (host_hash_wide)(high ^ key.a) * (low ^ key.b);
	uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);
	return (uint32_t)(folded ^ folded >> 32);
}
