/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk: all databases' trees and the special-purpose blocks together, depth first, one address
 * bit at a time, until no tree branches and no block starts any more below. Such a prefix is a
 * network; networks come in the order of their addresses, which is the order that the map wants.
 *
 * IPv4 inside IPv6: a database of both keeps the IPv4 tree under ::/96 and lets 2002::/16 (6to4)
 * and others point at it. Where the walk through IPv6 comes upon the root of the IPv4 tree, it
 * notes "the IPv4 address starts at this bit" instead of writing out all of IPv4 once more. The
 * same note stands where no database knows 6to4, Teredo or NAT64: locate_host looks at the IPv4
 * address inside, then.
 */
#include "map_internal.h"
#include "special.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *
grow(void *array, size_t count, size_t *capacity, size_t each)
{
	if (count < *capacity)
		return array;
	size_t more = *capacity ? 2 * *capacity : 4096;
	void *larger = realloc(array, more * each);
	if (larger != NULL)
		*capacity = more;
	return larger;
}

/* -- writing networks down */

static int
add_run(struct locate_map *map, uint32_t last, uint32_t slot)
{
	struct prefix_map *p = &map->prefixes;
	uint32_t *runs = grow(p->runs, p->run_count, &map->run_capacity, sizeof(*runs));

	if (runs == NULL)
		return -ENOMEM;
	p->runs = runs;
	p->runs[p->run_count++] = last << 24 | slot;
	return 0;
}

static int
add_ipv4(struct locate_map *map, uint32_t first, unsigned int bits, uint32_t slot)
{
	struct prefix_map *p = &map->prefixes;

	if (bits <= 24) {
		for (uint32_t i = 0; i < 1u << (24 - bits); i++)
			p->direct[(first >> 8) + i] = slot;
		return 0;
	}
	uint32_t size = 1u << (32 - bits), last = (first & 0xff) + size - 1;

	if ((first & 0xff) == 0)
		p->direct[first >> 8] = PREFIX_MAP_RUNS | (uint32_t)p->run_count;
	else if ((p->runs[p->run_count - 1] & (PREFIX_MAP_MAX_SLOTS - 1)) == slot)
		p->run_count--; /* one run with its neighbour */
	return add_run(map, last, slot);
}

static int
add_ipv6(struct locate_map *map, uint64_t first, uint32_t slot)
{
	struct prefix_map *p = &map->prefixes;

	if (p->networks6 > 0 && p->slots6[p->networks6 - 1] == slot)
		return 0;
	if (p->networks6 == map->capacity6) {
		uint32_t capacity = map->capacity6 ? 2 * map->capacity6 : 4096;
		uint64_t *starts = realloc(p->starts, capacity * sizeof(*starts));
		if (starts == NULL)
			return -ENOMEM;
		p->starts = starts;
		uint32_t *slots6 = realloc(p->slots6, capacity * sizeof(*slots6));
		if (slots6 == NULL)
			return -ENOMEM;
		p->slots6 = slots6;
		map->capacity6 = capacity;
	}
	p->starts[p->networks6] = first;
	p->slots6[p->networks6++] = slot;
	return 0;
}

/* -- the walk */

static struct at
step(struct locate_map *map, size_t database, struct at at, unsigned int bit)
{
	MMDB_search_node_s node;
	uint64_t record;
	uint8_t type;
	MMDB_entry_s entry;

	if (at.what != AT_NODE)
		return at;
	if (MMDB_read_node(&map->databases->each[database]->mmdb, at.number, &node) != MMDB_SUCCESS)
		return (struct at){.what = AT_NOTHING};
	record = bit ? node.right_record : node.left_record;
	type = bit ? node.right_record_type : node.left_record_type;
	entry = bit ? node.right_record_entry : node.left_record_entry;
	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return (struct at){.what = AT_NODE, .number = (uint32_t)record};
	case MMDB_RECORD_TYPE_DATA:
		return (struct at){.what = AT_RECORD, .number = entry.offset};
	default: /* empty, or a damaged tree */
		return (struct at){.what = AT_NOTHING};
	}
}

static bool
any_node(const struct locate_map *map, const struct at *at)
{
	for (size_t i = 0; i < map->databases->count; i++)
		if (at[i].what == AT_NODE)
			return true;
	return false;
}

static bool
any_record(const struct locate_map *map, const struct at *at)
{
	for (size_t i = 0; i < map->databases->count; i++)
		if (at[i].what == AT_RECORD)
			return true;
	return false;
}

/* The slot of a network below which nothing branches; negative errno. */
static int64_t
slot_at(struct locate_map *map, const struct at *at, bool own)
{
	uint32_t records[COLUMNS];

	if (!any_record(map, at))
		return PREFIX_SLOT_NONE;
	for (size_t i = 0; i < map->databases->count; i++)
		records[i] = at[i].what == AT_RECORD ? at[i].number : NO_RECORD;
	records[map->databases->count] = own;
	records[map->databases->count + 1] = 0;
	return locate_map_slot_of(map, records);
}

static int64_t
slot_of_site(struct locate_map *map, uint32_t site, bool own)
{
	uint32_t records[COLUMNS];

	for (size_t i = 0; i < map->databases->count; i++)
		records[i] = NO_RECORD;
	records[map->databases->count] = own;
	records[map->databases->count + 1] = site;
	return locate_map_slot_of(map, records);
}

/* Once for each prefix: does the walk go on? */
static int
count_step(struct locate_map *map)
{
	if (map->steps_left == 0)
		return -ELOOP;
	map->steps_left--;
	return map->steps_left % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(map->cancel)
		       ? -ECANCELED
		       : 0;
}

static int
walk_ipv4(struct locate_map *map, uint32_t first, unsigned int bits, const struct at *at,
	  bool global)
{
	const uint8_t bytes[4] = {(uint8_t)(first >> 24), (uint8_t)(first >> 16),
				  (uint8_t)(first >> 8), (uint8_t)first};
	struct host_addr addr = host_addr_from_ipv4(bytes);
	const struct networks *own = &map->databases->own;
	const struct sites *sites = map->databases->sites;
	const bool blocks = !global && special_splits(&addr, ADDR_IPV4, bits);
	const bool named = sites_split(sites, &addr, ADDR_IPV4, bits);
	const bool splits = blocks || named || networks_split(own, &addr, ADDR_IPV4, bits);
	const uint32_t site = splits ? 0 : sites_find(sites, &addr, ADDR_IPV4);
	int64_t slot;
	int error = count_step(map);

	if (error < 0)
		return error;

	/* once no block starts below, all below is as global as its first address */
	if (!global && !blocks)
		global = special_is_global(&addr, ADDR_IPV4);
	if (site != 0) {
		slot = slot_of_site(map, site, !global || networks_have(own, &addr, ADDR_IPV4));
		return slot < 0 ? (int)slot : add_ipv4(map, first, bits, (uint32_t)slot);
	}
	if (!global && !blocks && !named)
		return add_ipv4(map, first, bits, PREFIX_SLOT_PRIVATE);
	if (bits < 32 && (splits || any_node(map, at))) {
		for (unsigned int bit = 0; bit < 2; bit++) {
			struct at below[LOCATE_MAX_DATABASES];
			for (size_t i = 0; i < map->databases->count; i++)
				below[i] = step(map, i, at[i], bit);
			error = walk_ipv4(map, first | bit << (31 - bits), bits + 1, below, global);
			if (error < 0)
				return error;
		}
		return 0;
	}
	slot = slot_at(map, at, networks_have(own, &addr, ADDR_IPV4));
	return slot < 0 ? (int)slot : add_ipv4(map, first, bits, (uint32_t)slot);
}

/* Do all databases that know more below stand at the root of their IPv4 tree? */
static bool
at_ipv4_root(const struct locate_map *map, const struct at *at)
{
	bool any = false;

	for (size_t i = 0; i < map->databases->count; i++) {
		if (at[i].what != AT_NODE)
			continue;
		if (map->ipv4_root[i].what != AT_NODE || at[i].number != map->ipv4_root[i].number)
			return false;
		any = true;
	}
	return any && !any_record(map, at);
}

static int
walk_ipv6(struct locate_map *map, uint64_t first, unsigned int bits, const struct at *at,
	  bool global)
{
	struct host_addr addr = {{0}};
	for (int i = 0; i < 8; i++)
		addr.bytes[i] = (uint8_t)(first >> (56 - 8 * i));
	const struct networks *own = &map->databases->own;
	const struct sites *sites = map->databases->sites;
	const bool named = bits < 64 && sites_split(sites, &addr, ADDR_IPV6, bits);
	int64_t slot;
	bool blocks = !global && bits < 64 && special_splits(&addr, ADDR_IPV6, bits);
	int error = count_step(map);

	if (error < 0)
		return error;

	/* 6to4, Teredo and NAT64 have networks of their own: whether such an address is global, and
	 * mostly also where it is, the IPv4 address inside tells */
	static const struct {
		uint64_t first;
		unsigned int bits;
		uint32_t embedded;
	} tunnels[] = {
		{0x2002000000000000u, 16, PREFIX_MAP_6TO4},
		{0x2001000000000000u, 32, PREFIX_MAP_TEREDO},
		{0x0064ff9b00000000u, 64, PREFIX_MAP_NAT64},
	};
	uint32_t embedded = 0;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		unsigned int shorter = bits < tunnels[i].bits ? bits : tunnels[i].bits;
		bool meets = shorter == 0 || (first ^ tunnels[i].first) >> (64 - shorter) == 0;
		if (meets && bits >= tunnels[i].bits)
			embedded = tunnels[i].embedded;
		blocks |= meets && bits < tunnels[i].bits;
	}
	/* one that starts at a longer prefix than the /64 has none of it: a lane without room for a
	 * host knows no more of its address */
	const uint32_t site = named || blocks ? 0 : sites_find(sites, &addr, ADDR_IPV6);
	if (site != 0) {
		const bool ours = (embedded == 0 && !special_is_global(&addr, ADDR_IPV6)) ||
				  networks_have(own, &addr, ADDR_IPV6);

		slot = slot_of_site(map, site, ours);
		return slot < 0 ? (int)slot : add_ipv6(map, first, (uint32_t)slot);
	}
	if (embedded != 0 && !named && at_ipv4_root(map, at))
		return add_ipv6(map, first, embedded | PREFIX_SLOT_NONE);
	if (embedded != 0)
		global = true;
	if (!global && !blocks)
		global = special_is_global(&addr, ADDR_IPV6);
	if (!global && !blocks && !named)
		return add_ipv6(map, first, PREFIX_SLOT_PRIVATE);
	/* one that starts at a longer prefix than the /64 makes all of that /64 ours */
	const bool splits =
		blocks || named || (embedded == 0 && networks_split(own, &addr, ADDR_IPV6, bits));
	if (!splits && bits % 8 == 0 && at_ipv4_root(map, at))
		return add_ipv6(map, first, PREFIX_MAP_MAPPED | bits);

	if (bits < 64 && (splits || any_node(map, at))) {
		for (unsigned int bit = 0; bit < 2; bit++) {
			struct at below[LOCATE_MAX_DATABASES];
			for (size_t i = 0; i < map->databases->count; i++)
				below[i] = step(map, i, at[i], bit);
			error = walk_ipv6(map, first | (uint64_t)bit << (63 - bits), bits + 1,
					  below, global);
			if (error < 0)
				return error;
		}
		return 0;
	}
	/* at /64 something may still branch: the network counts as its first address does */
	struct at lowest[LOCATE_MAX_DATABASES];
	for (size_t i = 0; i < map->databases->count; i++) {
		lowest[i] = at[i];
		for (unsigned int more = bits; more < 128 && lowest[i].what == AT_NODE; more++)
			lowest[i] = step(map, i, lowest[i], 0);
	}
	slot = slot_at(map, lowest,
		       embedded == 0 && (splits || networks_have(own, &addr, ADDR_IPV6)));
	return slot < 0 ? (int)slot : add_ipv6(map, first, (uint32_t)slot | embedded);
}

/* Where IPv4 starts: the root of an IPv4 database, ::/96 of another. */
static struct at
find_ipv4_root(struct locate_map *map, size_t database)
{
	struct at at = {.what = AT_NODE, .number = 0};

	if (map->databases->each[database]->mmdb.metadata.node_count == 0)
		return (struct at){.what = AT_NOTHING};
	if (map->databases->each[database]->mmdb.metadata.ip_version == 6)
		for (int bit = 0; bit < 96; bit++)
			at = step(map, database, at, 0);
	return at;
}

int
locate_map_walk(struct locate_map *map)
{
	struct at roots[LOCATE_MAX_DATABASES];

	/* Each prefix is a node of some database, or a special block starts below (a million is
	 * plenty for those), or a site does (256 bits at each of its two ends); an IPv6 database is
	 * walked for IPv4 and once more for IPv6. The trees were checked, but a file may be changed
	 * where it stands. */
	map->steps_left = (1u << 20) + 512 * sites_count(map->databases->sites);
	for (size_t i = 0; i < map->databases->count; i++) {
		const MMDB_s *mmdb = &map->databases->each[i]->mmdb;
		const bool knows = mmdb->metadata.ip_version == 6 && mmdb->metadata.node_count > 0;

		/* and two prefixes below each node */
		map->steps_left += 4 * locate_tree_steps(mmdb);
		map->ipv4_root[i] = find_ipv4_root(map, i);
		roots[i] = (struct at){.what = knows ? AT_NODE : AT_NOTHING};
	}
	int error = walk_ipv4(map, 0, 0, map->ipv4_root, false);
	return error < 0 ? error : walk_ipv6(map, 0, 0, roots, false);
}
