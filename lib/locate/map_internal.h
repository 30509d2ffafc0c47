/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that build a map share. One thread builds; then all but `places` is read-only. */
#pragma once

#include "internal.h"
#include "map.h"

/* where a walk stands in one database */
struct at {
	enum {
		AT_NODE,
		AT_RECORD,
		AT_NOTHING,
	} what;
	uint32_t number; /* of the node; offset of the record */
};

/* a combination of records: one for each database, NO_RECORD where that one knows nothing; and
 * behind them, where there are own networks or sites, whether it is in one of those networks, and,
 * where there are sites, the site (which then has no records) */
#define NO_RECORD UINT32_MAX
#define COLUMNS   (LOCATE_MAX_DATABASES + 2)

struct locate_map {
	struct prefix_map prefixes;
	atomic_uint references;
	struct locate_databases *databases; /* a reference of the map's own */

	size_t columns; /* of a combination */

	/* slot -> combination, and its place once somebody has asked; [0, PREFIX_SLOT_FIRST) idle
	 */
	uint32_t *combinations; /* a record of each database for each slot */
	uint32_t *places;       /* [owner of the struct locate] */

	/* while it is built */
	const atomic_bool *cancel;
	uint64_t steps_left; /* of the walk */
	struct at ipv4_root[LOCATE_MAX_DATABASES];
	uint32_t slot_capacity;
	/* open addressing: slot of a combination, 0: free */
	uint32_t *table;
	uint32_t table_mask;
	uint32_t last_slot; /* neighbours mostly share theirs */
	size_t run_capacity;
	uint32_t capacity6;
};

/* -- map_slots.c */

/* The slot of a combination, made if it is new; negative errno. */
int64_t locate_map_slot_of(struct locate_map *map, const uint32_t *records);

static inline const uint32_t *
locate_map_records_of(const struct locate_map *map, uint32_t slot)
{
	return &map->combinations[slot * map->columns];
}

/* -- map_walk.c: writes all networks down, in order. 0, or negative errno. */
int locate_map_walk(struct locate_map *map);
