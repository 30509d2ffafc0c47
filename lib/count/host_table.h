/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of record of one buffer of a lane: every host seen in a period, and its counts.
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
 * One thread at a time: the RX lcore that counts into the buffer, or the manager that owns it.
 */
#pragma once

#include "host_hash.h"
#include "host_row.h"

#include <rte_hash.h>
#include <stdbool.h>
#include <stdint.h>

#define HOST_TABLE_BULK RTE_HASH_LOOKUP_BULK_MAX

/* The four counters of packets and four of octets of a host, in one index: layer and direction. */
#define CELLS (LAYERS * DIRECTIONS)

static inline unsigned int
cell_of(enum layer layer, enum direction direction)
{
	return layer * DIRECTIONS + direction;
}

/*
 * What has been counted in one cell and is not yet in the table: packets in the upper 10 bits,
 * octets in the lower 22. The top bit of each is a guard: whoever sees one set after an addition
 * hands the cell over. A packet adds at most PACKED_MOST_OCTETS, so octets below the guard plus
 * one packet's stay below 2^22, and no addition carries into the packets.
 */
#define PACKED_PACKET      (1u << 22)
#define PACKED_GUARDS      (1u << 31 | 1u << 21)
#define PACKED_MOST_OCTETS (1u << 21)

static inline uint32_t
packed_packets(uint32_t packed)
{
	return packed >> 22;
}

static inline uint32_t
packed_octets(uint32_t packed)
{
	return packed & (PACKED_PACKET - 1);
}

union host_id {
	uint32_t ipv4; /* as on the wire */
	struct host_addr ipv6;
};

/* A bulk of one family on its way into the table. */
struct host_bulk {
	uint32_t n;
	hash_sig_t hash[HOST_TABLE_BULK]; /* host_hash_ipv4 or host_hash_ipv6 of the id */
	union host_id id[HOST_TABLE_BULK];
	uint32_t packed[HOST_TABLE_BULK][CELLS];
};

struct host_table {
	struct rte_hash *ipv4, *ipv6;
	struct host_key key; /* made from the seed; what every hash here is taken with */
	struct host_row *rows;
	uint32_t used, used_ipv4; /* rows */
	uint32_t capacity;
	/*
	 * Which hosts may be in it: 2 bits in one word for each. Once the table is full, most of
	 * those that come are not in it (or it would not be full), and one look into 2 octets a
	 * host spares them the two cold lines of a look-up in vain.
	 */
	uint64_t *filter;
	uint32_t filter_mask; /* words, less 1 */
};

/* `name`: at most 12 characters, unique in the process. 0 or -errno (then nothing is kept). */
int host_table_open(struct host_table *table, const char *name, uint32_t capacity, int socket,
		    uint32_t seed);
void host_table_close(struct host_table *table); /* a zeroed table is fine */
uint64_t host_table_memory(uint32_t capacity);   /* octets, an estimate */

/*
 * Adds a bulk of one family; equal hosts in it are fine. Those that found no room are named in the
 * returned mask (bit i) and were not counted here. The bulk itself is left as it is.
 */
uint64_t host_table_add(struct host_table *table, enum addr_family family,
			const struct host_bulk *bulk);

/* Is it certain that whoever is not in it by now will not be? */
static inline bool
host_table_full(const struct host_table *table)
{
	return table->used == table->capacity;
}

/* May the host be in it? "No" is certain. */
static inline bool
host_table_may_have(const struct host_table *table, hash_sig_t hash)
{
	/* the low bits name the word, others two bits in it */
	uint64_t bits = 1ull << (hash >> 26) | 1ull << (hash >> 20 & 63);

	return (table->filter[hash & table->filter_mask] & bits) == bits;
}

/* Adds one packet, of any size, to one host. False: no room. */
bool host_table_add_packet(struct host_table *table, enum addr_family family,
			   const union host_id *id, hash_sig_t hash, unsigned int cell,
			   uint64_t octets);

/* Empties it. Costs in proportion to the hosts in use, or (beyond a bound) one reset. */
void host_table_clear(struct host_table *table);
