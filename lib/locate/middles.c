/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The middles of countries, told by the database itself.
 *
 * Of an address of which a City database knows the country alone it says a coordinate all the same:
 * some point in the country's middle, with an accuracy radius of hundreds of kilometres, the same
 * for all prefixes of that kind. So: of the prefixes of a country whose records name no city, the
 * coordinate that most of them share, if two or more do, is its middle. A record there says the
 * country, and its radius is not kept: nothing but the country is known. Other coordinates without
 * a city are those of regions, or of what the maker knows better; they keep their radius.
 *
 * One pass over the tree's nodes in the order of the file, and each record is decoded once.
 * Databases without radii are not asked: there, what names no city is the country anyway.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_FOR_RADII 4096   /* records that are looked at before a database counts as without */
#define MOST_SPOTS      500000 /* of places without a city; a database with more has no middles */
#define LEAST_COUNTS    4096

/* Prefixes of each record: open addressing by offset + 1. */
struct counts_of_records {
	struct {
		uint32_t offset, prefixes;
	} * table;
	size_t mask, count;
};

static size_t
slot_of(const struct counts_of_records *c, uint32_t offset)
{
	size_t at = (offset * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & c->mask;

	while (c->table[at].offset != 0 && c->table[at].offset != offset + 1)
		at = (at + 1) & c->mask;
	return at;
}

static int
grow(struct counts_of_records *c)
{
	const size_t size = c->table != NULL ? 2 * (c->mask + 1) : LEAST_COUNTS;
	struct counts_of_records grown = {.mask = size - 1, .count = c->count};

	grown.table = calloc(size, sizeof(*grown.table));
	if (grown.table == NULL)
		return -ENOMEM;
	for (size_t i = 0; c->table != NULL && i <= c->mask; i++) {
		if (c->table[i].offset != 0)
			grown.table[slot_of(&grown, c->table[i].offset - 1)] = c->table[i];
	}
	free(c->table);
	*c = grown;
	return 0;
}

static int
count_records(const MMDB_s *mmdb, const atomic_bool *cancel, struct counts_of_records *c)
{
	for (uint32_t n = 0; n < mmdb->metadata.node_count; n++) {
		MMDB_search_node_s node;

		if (n % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(cancel))
			return -ECANCELED;
		if (MMDB_read_node(mmdb, n, &node) != MMDB_SUCCESS)
			continue;
		const uint8_t types[2] = {node.left_record_type, node.right_record_type};
		const uint32_t offsets[2] = {node.left_record_entry.offset,
					     node.right_record_entry.offset};
		for (int side = 0; side < 2; side++) {
			if (types[side] != MMDB_RECORD_TYPE_DATA || offsets[side] == UINT32_MAX)
				continue;
			if ((c->table == NULL || 2 * c->count >= c->mask) && grow(c) != 0)
				return -ENOMEM;
			const size_t at = slot_of(c, offsets[side]);
			c->count += c->table[at].offset == 0;
			c->table[at].offset = offsets[side] + 1;
			c->table[at].prefixes += c->table[at].prefixes < UINT32_MAX;
		}
	}
	return 0;
}

/* Places without a city, by what they say, and how many prefixes each has. */
struct spots {
	struct places places;
	uint64_t *prefixes; /* [MOST_SPOTS], of which the first places.count are used */
	bool any_radius;
};

/* 0, -ENOMEM or -E2BIG. */
static int
add_spot(struct spots *spots, const struct place *said, uint32_t prefixes)
{
	struct place key = {.latitude = said->latitude, .longitude = said->longitude};

	memcpy(key.country, said->country, sizeof(key.country));
	const uint32_t number = places_intern(&spots->places, &key);
	if (number == PLACE_UNASKED)
		return -ENOMEM;
	if (number >= MOST_SPOTS)
		return -E2BIG;
	spots->prefixes[number] += prefixes;
	return 0;
}

static int
gather(struct database *db, const atomic_bool *cancel, const struct counts_of_records *c,
       struct spots *spots)
{
	size_t asked = 0;

	for (size_t i = 0; c->table != NULL && i <= c->mask; i++) {
		struct place said;

		if (c->table[i].offset == 0)
			continue;
		if (++asked % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(cancel))
			return -ECANCELED;
		MMDB_entry_s entry = {.mmdb = &db->mmdb, .offset = c->table[i].offset - 1};
		if (!locate_record_decode(&entry, db, &said))
			continue;
		spots->any_radius |= said.radius_km > 0;
		if (asked >= ASKED_FOR_RADII && !spots->any_radius)
			return 0;
		if (!said.has_position || said.city[0] != 0 || said.country[0] == 0)
			continue;
		int error = add_spot(spots, &said, c->table[i].prefixes);
		if (error != 0)
			return error;
	}
	return 0;
}

static int
choose(struct database *db, const struct spots *spots)
{
	uint64_t most[PLACE_COUNTRIES] = {0};

	db->middles = calloc(PLACE_COUNTRIES, sizeof(*db->middles));
	if (db->middles == NULL)
		return -ENOMEM;
	for (uint32_t n = 0; n < spots->places.count; n++) {
		const struct place *place = places_get(&spots->places, n);
		const size_t country = place_country_index(place->country);

		if (country == 0 || spots->prefixes[n] < 2 || spots->prefixes[n] <= most[country])
			continue;
		most[country] = spots->prefixes[n];
		db->middles[country] = (struct middle){true, place->latitude, place->longitude};
	}
	return 0;
}

int
locate_middles_find(struct database *db, const atomic_bool *cancel)
{
	struct counts_of_records counts = {0};
	struct spots spots = {.prefixes = calloc(MOST_SPOTS, sizeof(*spots.prefixes))};
	int error = spots.prefixes != NULL ? count_records(&db->mmdb, cancel, &counts) : -ENOMEM;

	if (error == 0)
		error = gather(db, cancel, &counts, &spots);
	if (error == 0 && spots.any_radius)
		error = choose(db, &spots);
	places_free(&spots.places);
	free(spots.prefixes);
	free(counts.table);
	return error == -E2BIG ? 0 : error;
}
