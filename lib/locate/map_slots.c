/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots: a number for each combination of the databases' records that some network has. */
#include "map_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
hash_of(const struct locate_map *map, const uint32_t *records)
{
	uint64_t h = 0;
	for (size_t i = 0; i < map->columns; i++)
		h = (h ^ records[i]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static bool
is_slot_of(const struct locate_map *map, uint32_t slot, const uint32_t *records)
{
	const uint32_t *its = locate_map_records_of(map, slot);

	for (size_t i = 0; i < map->columns; i++)
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
		uint32_t h = hash_of(map, locate_map_records_of(map, slot));
		while (table[h & (size - 1)] != 0)
			h++;
		table[h & (size - 1)] = slot;
	}
	free(map->table);
	map->table = table;
	map->table_mask = size - 1;
	return 0;
}

int64_t
locate_map_slot_of(struct locate_map *map, const uint32_t *records)
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
		uint32_t *larger =
			realloc(map->combinations, capacity * map->columns * sizeof(*larger));
		if (larger == NULL)
			return -ENOMEM;
		map->combinations = larger;
		map->slot_capacity = capacity;
	}
	slot = map->prefixes.slots++;
	memcpy(&map->combinations[slot * map->columns], records, map->columns * sizeof(*records));
	map->table[h & map->table_mask] = slot;
	return map->last_slot = slot;
}
