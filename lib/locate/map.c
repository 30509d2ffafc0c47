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
#include "map.h"

#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DIRECT (1u << 24)
#define INDEX  (1u << PREFIX_MAP_INDEX_BITS)

/* where a walk stands in one database */
struct at {
	enum {
		AT_NODE,
		AT_RECORD,
		AT_NOTHING,
	} what;
	uint32_t number; /* of the node; offset of the record */
};

/* a combination of records: one for each database, NO_RECORD where that one knows nothing */
#define NO_RECORD UINT32_MAX

struct locate_map {
	struct prefix_map prefixes;
	MMDB_s databases[LOCATE_MAX_DATABASES];
	bool flat[LOCATE_MAX_DATABASES]; /* the schema */
	struct at ipv4_root[LOCATE_MAX_DATABASES];
	size_t database_count;

	/* slot -> combination, and its place once somebody has asked; [0, PREFIX_SLOT_FIRST) idle
	 */
	uint32_t *combinations; /* database_count records for each slot */
	uint32_t *places;
	uint32_t slot_capacity;
	/* open addressing: slot of a combination, 0: free */
	uint32_t *table;
	uint32_t table_mask;
	uint32_t last_slot; /* neighbours mostly share theirs */

	size_t run_capacity;
	uint32_t capacity6;
};

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

/* -- slots */

static uint32_t
hash_of(const struct locate_map *map, const uint32_t *records)
{
	uint64_t h = 0;
	for (size_t i = 0; i < map->database_count; i++)
		h = (h ^ records[i]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static const uint32_t *
records_of(const struct locate_map *map, uint32_t slot)
{
	return &map->combinations[slot * map->database_count];
}

static bool
is_slot_of(const struct locate_map *map, uint32_t slot, const uint32_t *records)
{
	const uint32_t *its = records_of(map, slot);

	for (size_t i = 0; i < map->database_count; i++)
		if (its[i] != records[i])
			return false;
	return true;
}

static int
table_grow(struct locate_map *map)
{
	uint32_t size = map->table ? 2 * (map->table_mask + 1) : 1024;
	uint32_t *table = calloc(size, sizeof(*table));

	if (table == NULL)
		return -ENOMEM;
	for (uint32_t slot = PREFIX_SLOT_FIRST; slot < map->prefixes.slots; slot++) {
		uint32_t h = hash_of(map, records_of(map, slot));
		while (table[h & (size - 1)] != 0)
			h++;
		table[h & (size - 1)] = slot;
	}
	free(map->table);
	map->table = table;
	map->table_mask = size - 1;
	return 0;
}

/* The slot of a combination, made if it is new; negative errno. */
static int64_t
slot_of(struct locate_map *map, const uint32_t *records)
{
	if (map->last_slot != 0 && is_slot_of(map, map->last_slot, records))
		return map->last_slot;
	if (map->prefixes.slots >= map->table_mask / 2 && table_grow(map) != 0)
		return -ENOMEM;

	uint32_t h = hash_of(map, records), slot;
	for (; (slot = map->table[h & map->table_mask]) != 0; h++) {
		if (is_slot_of(map, slot, records))
			return map->last_slot = slot;
	}
	if (map->prefixes.slots == PREFIX_MAP_MAX_SLOTS)
		return -E2BIG;
	if (map->prefixes.slots >= map->slot_capacity) {
		uint32_t capacity = map->slot_capacity ? 2 * map->slot_capacity : 4096;
		uint32_t *larger = realloc(map->combinations,
					   capacity * map->database_count * sizeof(*larger));
		if (larger == NULL)
			return -ENOMEM;
		map->combinations = larger;
		map->slot_capacity = capacity;
	}
	slot = map->prefixes.slots++;
	memcpy(&map->combinations[slot * map->database_count], records,
	       map->database_count * sizeof(*records));
	map->table[h & map->table_mask] = slot;
	return map->last_slot = slot;
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
	if (MMDB_read_node(&map->databases[database], at.number, &node) != MMDB_SUCCESS)
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
	for (size_t i = 0; i < map->database_count; i++)
		if (at[i].what == AT_NODE)
			return true;
	return false;
}

static bool
any_record(const struct locate_map *map, const struct at *at)
{
	for (size_t i = 0; i < map->database_count; i++)
		if (at[i].what == AT_RECORD)
			return true;
	return false;
}

/* The slot of a network below which nothing branches; negative errno. */
static int64_t
slot_at(struct locate_map *map, const struct at *at)
{
	uint32_t records[LOCATE_MAX_DATABASES];

	if (!any_record(map, at))
		return PREFIX_SLOT_NONE;
	for (size_t i = 0; i < map->database_count; i++)
		records[i] = at[i].what == AT_RECORD ? at[i].number : NO_RECORD;
	return slot_of(map, records);
}

static int
walk_ipv4(struct locate_map *map, uint32_t first, unsigned int bits, const struct at *at,
	  bool global)
{
	const uint8_t bytes[4] = {(uint8_t)(first >> 24), (uint8_t)(first >> 16),
				  (uint8_t)(first >> 8), (uint8_t)first};
	struct host_addr addr = host_addr_from_ipv4(bytes);
	bool splits = !global && special_splits(&addr, ADDR_IPV4, bits);

	/* once no block starts below, all below is as global as its first address */
	if (!global && !splits) {
		if (!special_is_global(&addr, ADDR_IPV4))
			return add_ipv4(map, first, bits, PREFIX_SLOT_PRIVATE);
		global = true;
	}
	if (bits < 32 && (splits || any_node(map, at))) {
		for (unsigned int bit = 0; bit < 2; bit++) {
			struct at below[LOCATE_MAX_DATABASES];
			for (size_t i = 0; i < map->database_count; i++)
				below[i] = step(map, i, at[i], bit);
			int error =
				walk_ipv4(map, first | bit << (31 - bits), bits + 1, below, global);
			if (error < 0)
				return error;
		}
		return 0;
	}
	int64_t slot = slot_at(map, at);
	return slot < 0 ? (int)slot : add_ipv4(map, first, bits, (uint32_t)slot);
}

/* Do all databases that know more below stand at the root of their IPv4 tree? */
static bool
at_ipv4_root(const struct locate_map *map, const struct at *at)
{
	bool any = false;

	for (size_t i = 0; i < map->database_count; i++) {
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
	bool splits = !global && bits < 64 && special_splits(&addr, ADDR_IPV6, bits);

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
		splits |= meets && bits < tunnels[i].bits;
	}
	if (embedded != 0 && at_ipv4_root(map, at))
		return add_ipv6(map, first, embedded | PREFIX_SLOT_NONE);
	if (embedded != 0)
		global = true;
	if (!global && !splits) {
		if (!special_is_global(&addr, ADDR_IPV6))
			return add_ipv6(map, first, PREFIX_SLOT_PRIVATE);
		global = true;
	}
	if (!splits && bits % 8 == 0 && at_ipv4_root(map, at))
		return add_ipv6(map, first, PREFIX_MAP_MAPPED | bits);

	if (bits < 64 && (splits || any_node(map, at))) {
		for (unsigned int bit = 0; bit < 2; bit++) {
			struct at below[LOCATE_MAX_DATABASES];
			for (size_t i = 0; i < map->database_count; i++)
				below[i] = step(map, i, at[i], bit);
			int error = walk_ipv6(map, first | (uint64_t)bit << (63 - bits), bits + 1,
					      below, global);
			if (error < 0)
				return error;
		}
		return 0;
	}
	/* at /64 something may still branch: the network counts as its first address does */
	struct at lowest[LOCATE_MAX_DATABASES];
	for (size_t i = 0; i < map->database_count; i++) {
		lowest[i] = at[i];
		for (unsigned int more = bits; more < 128 && lowest[i].what == AT_NODE; more++)
			lowest[i] = step(map, i, lowest[i], 0);
	}
	int64_t slot = slot_at(map, lowest);
	return slot < 0 ? (int)slot : add_ipv6(map, first, (uint32_t)slot | embedded);
}

/* Where IPv4 starts: the root of an IPv4 database, ::/96 of another. */
static struct at
find_ipv4_root(struct locate_map *map, size_t database)
{
	struct at at = {.what = AT_NODE, .number = 0};

	if (map->databases[database].metadata.node_count == 0)
		return (struct at){.what = AT_NOTHING};
	if (map->databases[database].metadata.ip_version == 6)
		for (int bit = 0; bit < 96; bit++)
			at = step(map, database, at, 0);
	return at;
}

static int
build(struct locate_map *map)
{
	struct prefix_map *p = &map->prefixes;
	struct at roots[LOCATE_MAX_DATABASES];

	p->slots = PREFIX_SLOT_FIRST;
	/* mmap: whole pages, and large ones where there are */
	p->direct = mmap(NULL, DIRECT * sizeof(*p->direct), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->direct == MAP_FAILED) {
		p->direct = NULL;
		return -ENOMEM;
	}
	madvise(p->direct, DIRECT * sizeof(*p->direct), MADV_HUGEPAGE); /* a wish */
	p->index = malloc((INDEX + 1) * sizeof(*p->index));
	if (p->index == NULL)
		return -ENOMEM;

	for (size_t i = 0; i < map->database_count; i++)
		map->ipv4_root[i] = find_ipv4_root(map, i);
	int error = walk_ipv4(map, 0, 0, map->ipv4_root, false);
	if (error < 0)
		return error;

	for (size_t i = 0; i < map->database_count; i++) {
		bool knows = map->databases[i].metadata.ip_version == 6 &&
			     map->databases[i].metadata.node_count > 0;
		roots[i] = (struct at){.what = knows ? AT_NODE : AT_NOTHING};
	}
	error = walk_ipv6(map, 0, 0, roots, false);
	if (error < 0)
		return error;

	uint32_t network = 0;
	for (uint32_t part = 0; part <= INDEX; part++) {
		uint64_t first = (uint64_t)part << (64 - PREFIX_MAP_INDEX_BITS);
		while (network + 1 < p->networks6 &&
		       (part == INDEX || p->starts[network + 1] <= first))
			network++;
		p->index[part] = network;
	}
	map->places = malloc(p->slots * sizeof(*map->places));
	if (map->places == NULL)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < p->slots; slot++)
		map->places[slot] = PLACE_UNASKED;
	map->places[PREFIX_SLOT_NONE] = PLACE_NONE;
	map->places[PREFIX_SLOT_PRIVATE] = PLACE_PRIVATE;
	free(map->table);
	map->table = NULL;
	return 0;
}

struct locate_map *
locate_map_create(const struct locate *locate)
{
	struct locate_map *map = calloc(1, sizeof(*map));
	int error = 0;

	if (map == NULL)
		return NULL;
	for (size_t i = 0; i < locate_databases(locate) && error == 0; i++) {
		if (MMDB_open(locate_database(locate, i)->path, MMDB_MODE_MMAP,
			      &map->databases[i]) == MMDB_SUCCESS)
			map->flat[map->database_count++] = locate_is_flat(locate, i);
		else
			error = -EIO;
	}
	if (error == 0)
		error = build(map);
	if (error < 0) {
		locate_map_destroy(map);
		errno = -error;
		return NULL;
	}
	return map;
}

void
locate_map_destroy(struct locate_map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->database_count; i++)
		MMDB_close(&map->databases[i]);
	if (map->prefixes.direct != NULL)
		munmap(map->prefixes.direct, DIRECT * sizeof(*map->prefixes.direct));
	free(map->prefixes.runs);
	free(map->prefixes.starts);
	free(map->prefixes.slots6);
	free(map->prefixes.index);
	free(map->combinations);
	free(map->places);
	free(map->table);
	free(map);
}

const struct prefix_map *
locate_map_prefixes(const struct locate_map *map)
{
	return map != NULL ? &map->prefixes : NULL;
}

/* The precedence is that of locate_host: the first that has a position, else the first at all. */
uint32_t
locate_map_place(struct locate_map *map, struct locate *locate, uint32_t slot)
{
	if (map->places[slot] != PLACE_UNASKED)
		return map->places[slot];

	uint32_t best = PLACE_NONE;
	for (size_t i = 0; i < map->database_count; i++) {
		uint32_t offset = records_of(map, slot)[i];
		if (offset == NO_RECORD)
			continue;
		MMDB_entry_s entry = {.mmdb = &map->databases[i], .offset = offset};
		uint32_t place = locate_intern_record(locate, &entry, map->flat[i]);
		if (place == PLACE_NONE || place == PLACE_UNASKED)
			continue;
		if (locate_get(locate, place)->has_position) {
			best = place;
			break;
		}
		if (best == PLACE_NONE)
			best = place;
	}
	return map->places[slot] = best;
}
