/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of record of one side of a lane: every host seen in a period, and its counts.
 *
 *     rte_hash, IPv4 ----\            rows[]  dense: 0 .. used - 1
 *       4-byte keys       >-- row ->  +------+------+------+---
 *     rte_hash, IPv6 ----/            | addr, family, counts   |
 *       16-byte keys                  +------+------+------+---
 *
 * Two hashes, because an IPv6 packet may carry ::ffff:a.b.c.d, which is another host than a.b.c.d,
 * and because the 4-byte key store of the many IPv4 hosts is half as large and twice as fast. Both
 * give a row number (the hash's data word), so both share one dense array of rows: draining is a
 * copy of the rows in use, and both families share one capacity.
 *
 * One thread at a time: the RX lcore that counts into the side, or the manager that owns it.
 */
#pragma once

#include "host_hash.h"
#include "host_row.h"

#include <rte_hash.h>
#include <stdbool.h>
#include <stdint.h>

#define HOST_TABLE_BULK RTE_HASH_LOOKUP_BULK_MAX

/* What to add to one host; packets[layer][direction] and octets likewise, flattened. */
struct host_delta {
	union {
		uint32_t ipv4; /* as on the wire */
		struct host_addr ipv6;
	} key;
	hash_sig_t hash; /* host_hash_ipv4 or host_hash_ipv6 of the key */
	uint32_t packets[LAYERS][DIRECTIONS];
	uint32_t octets[LAYERS][DIRECTIONS];
};

struct host_table {
	struct rte_hash *ipv4, *ipv6;
	struct host_key key; /* made from the seed; what every hash here is taken with */
	struct host_row *rows;
	uint32_t used, capacity; /* in rows */
};

/* `name`: at most 12 characters, unique in the process. 0 or -errno (then nothing is kept). */
int host_table_open(struct host_table *table, const char *name, uint32_t capacity, int socket,
		    uint32_t seed);
void host_table_close(struct host_table *table); /* a zeroed table is fine */
uint64_t host_table_memory(uint32_t capacity);   /* octets, an estimate */

/*
 * Adds n <= HOST_TABLE_BULK deltas of one family; equal keys among them are fine. Those that found
 * no room are named in the returned mask (bit i: deltas[i]) and were not counted here.
 */
uint64_t host_table_add(struct host_table *table, enum addr_family family,
			const struct host_delta *deltas, unsigned int n);

/* Empties it. Costs in proportion to the hosts in use, or (beyond a bound) one reset. */
void host_table_clear(struct host_table *table);
