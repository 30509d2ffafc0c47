/* SPDX-License-Identifier: BSD-3-Clause */
/* Places by what they say, and by number. They are made once and never move or go. */
#include "internal.h"
#include "large.h"

#include <stdlib.h>
#include <string.h>

/* without it uthash ends the process; an element that could not be added has hh.tbl NULL */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* what a place says -> place: the key is every field in front of the number */
#define PLACE_KEY offsetof(struct place, number)

struct interned {
	struct place place;
	UT_hash_handle hh;
};

/* places are made by the block: they never move, and 90,000 calls of malloc are saved */
#define PLACES_PER_BLOCK 4096

struct block {
	struct block *next;
	struct interned places[PLACES_PER_BLOCK];
};

const char *
place_continent(const char code[3])
{
	static const struct {
		char code[3];
		const char *name;
	} all[] = {{"AF", "Africa"},       {"AN", "Antarctica"},    {"AS", "Asia"},
		   {"EU", "Europe"},       {"NA", "North America"}, {"OC", "Oceania"},
		   {"SA", "South America"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (memcmp(all[i].code, code, 3) == 0)
			return all[i].name;
	}
	return NULL;
}

const char *
place_precision(const struct place *place)
{
	if (place->city[0] != 0)
		return "city";
	if (place->basis == BASIS_CONTINENT)
		return "continent";
	if (place->country[0] == 0)
		return "";
	return place->basis == BASIS_REGISTERED ? "registered_country" : "country";
}

uint32_t
places_intern(struct places *places, const struct place *key)
{
	struct interned *in;

	HASH_FIND(hh, places->interned, key, PLACE_KEY, in);
	if (in != NULL)
		return in->place.number;

	if (places->count == places->capacity) {
		size_t capacity = places->capacity ? 2 * places->capacity : 1024;
		struct interned **numbered =
			realloc(places->numbered, capacity * sizeof(*numbered));

		if (numbered == NULL)
			return PLACE_UNASKED;
		places->numbered = numbered;
		places->capacity = capacity;
	}
	size_t at = places->count % PLACES_PER_BLOCK;
	if (at == 0) {
		struct block *block = large_alloc(sizeof(*block));

		if (block == NULL)
			return PLACE_UNASKED;
		block->next = places->blocks;
		places->blocks = block;
	}
	in = &places->blocks->places[at];
	memset(in, 0, sizeof(*in));
	memcpy(&in->place, key, sizeof(*key));
	in->place.number = (uint32_t)places->count;
	HASH_ADD(hh, places->interned, place, PLACE_KEY, in);
	if (in->hh.tbl == NULL)
		return PLACE_UNASKED;
	places->numbered[places->count++] = in;
	return in->place.number;
}

const struct place *
places_get(const struct places *places, uint32_t number)
{
	return number < places->count ? &places->numbered[number]->place : NULL;
}

void
places_free(struct places *places)
{
	HASH_CLEAR(hh, places->interned);
	while (places->blocks != NULL) {
		struct block *next = places->blocks->next;

		free(places->blocks);
		places->blocks = next;
	}
	free(places->numbered);
}
