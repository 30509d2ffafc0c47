/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address -> slot, for every address: the geolocation databases as flat arrays, so that an RX lcore
 * can count by place an address for which its table has no room.
 *
 * A slot is a number below `slots`. Each stands for one record of the database (or one combination
 * of records, where several databases are open); the first two stand for addresses that are in no
 * database and for those that are not globally reachable. lib/locate builds a map and knows the
 * place of each slot.
 *
 *     IPv4    direct[address >> 8]  -- a slot, or, for the few /24 networks that are split:
 *                                      RUNS | where in runs[] its runs start
 *             runs[]                   last octet of the run << 24 | slot; the last ends at 255
 *
 *     IPv6    starts[], ascending      upper 64 bits at which a network starts
 *             slots6[]                 its slot | the kind of IPv4 address embedded in its
 * addresses index[upper 20 bits]     the network of the first address of that /20: a search is
 *                                      limited to the networks of one /20
 *
 * Exact for IPv4; exact to the /64 for IPv6 (databases have no longer prefixes, except NAT64's /96,
 * which is looked up by its embedded IPv4 address). An IPv4 look-up reads one cache line, at worst
 * two; DB-IP City Lite's map (3.7 million networks) takes 64 MiB + 4 octets for each piece of a
 * split /24.
 *
 * Read-only once built: any thread may look up. It must not be freed while a lane uses it.
 */
#pragma once

#include "host_addr.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PREFIX_SLOT_NONE     0u /* no database knows it */
#define PREFIX_SLOT_PRIVATE  1u /* not globally reachable */
#define PREFIX_SLOT_FIRST    2u

#define PREFIX_MAP_MAX_SLOTS (1u << 24)
#define PREFIX_MAP_RUNS      (1u << 31) /* in direct[] */

/*
 * In slots6[], above the slot: the network's addresses have an IPv4 address embedded. If that is
 * private, the result is private; else it is the slot, or, where the slot is PREFIX_SLOT_NONE, the
 * slot of the IPv4 address. MAPPED: the database's IPv6 tree points to its IPv4 tree here; the slot
 * is the number of the bit at which the IPv4 address starts.
 */
#define PREFIX_MAP_EMBEDDED   (7u << 28)
#define PREFIX_MAP_6TO4       (1u << 28) /* behind 2002::/16 */
#define PREFIX_MAP_TEREDO     (2u << 28) /* the last 32 bits, inverted: the client's */
#define PREFIX_MAP_NAT64      (3u << 28) /* the last 32 bits */
#define PREFIX_MAP_MAPPED     (4u << 28)

#define PREFIX_MAP_INDEX_BITS 20

struct prefix_map {
	uint32_t slots;
	uint32_t *direct; /* 2^24 */
	uint32_t *runs;
	size_t run_count;
	uint64_t *starts;
	uint32_t *slots6;
	uint32_t networks6; /* length of both; at least 1, starts[0] == 0 */
	uint32_t *index;    /* 2^20 + 1 */
};

/* ipv4: as on the wire */
static inline const uint32_t *
prefix_map_line_ipv4(const struct prefix_map *map, uint32_t ipv4)
{
	return &map->direct[__builtin_bswap32(ipv4) >> 8];
}

static inline uint32_t
prefix_map_slot_ipv4(const struct prefix_map *map, uint32_t ipv4)
{
	uint32_t address = __builtin_bswap32(ipv4), entry = map->direct[address >> 8];

	if (__builtin_expect((entry & PREFIX_MAP_RUNS) == 0, 1))
		return entry;
	const uint32_t *run = &map->runs[entry & ~PREFIX_MAP_RUNS];
	while (*run >> 24 < (address & 0xff))
		run++;
	return *run & (PREFIX_MAP_MAX_SLOTS - 1);
}

static inline uint32_t
prefix_map_slot_ipv6(const struct prefix_map *map, const struct host_addr *addr)
{
	uint64_t upper;
	memcpy(&upper, addr->bytes, sizeof(upper));
	upper = __builtin_bswap64(upper);

	/* the last network that starts at or before the address */
	uint32_t part = (uint32_t)(upper >> (64 - PREFIX_MAP_INDEX_BITS));
	uint32_t low = map->index[part], high = map->index[part + 1];
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;
		if (map->starts[middle] <= upper)
			low = middle;
		else
			high = middle - 1;
	}
	uint32_t slot = map->slots6[low], kind = slot & PREFIX_MAP_EMBEDDED, ipv4, embedded;
	if (__builtin_expect(kind == 0, 1))
		return slot;

	slot &= PREFIX_MAP_MAX_SLOTS - 1;
	memcpy(&ipv4,
	       addr->bytes + (kind == PREFIX_MAP_6TO4     ? 2
			      : kind == PREFIX_MAP_MAPPED ? slot / 8
							  : 12),
	       sizeof(ipv4));
	embedded = prefix_map_slot_ipv4(map, kind == PREFIX_MAP_TEREDO ? ~ipv4 : ipv4);
	return kind == PREFIX_MAP_MAPPED || embedded == PREFIX_SLOT_PRIVATE ||
			       slot == PREFIX_SLOT_NONE
		       ? embedded
		       : slot;
}
