/* SPDX-License-Identifier: BSD-3-Clause */
/* Places by what they say, and by number. They are made once and never move or go. */
#include "internal.h"
#include "large.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What a place says is its key: every octet in front of its number, and padding is zero. */

#define LEAST_SLOTS 2048

/* The hash beside the number: most places that are another's are told apart without a look at
 * them, so finding one costs two lines of memory: the slot's, and its own. A wall of 300 sensors
 * asks for 1.5 million places in a period. */
struct slot {
	uint32_t hash;
	uint32_t place; /* number + 1; 0: empty */
};

/* places are made by the block: they never move, and 90,000 calls of malloc are saved */
#define PLACES_PER_BLOCK 4096

struct block {
	struct place places[PLACES_PER_BLOCK];
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
	if (place->basis == BASIS_SITE)
		return "site";
	if (place->basis == BASIS_NETWORK)
		return "network";
	if (place->city[0] != 0)
		return "city";
	if (place->basis == BASIS_CONTINENT)
		return "continent";
	if (place->country[0] == 0)
		return "";
	return place->basis == BASIS_REGISTERED ? "registered_country" : "country";
}

/* Octets of the key up to the end of the city's name; behind it are zeros. */
static size_t
key_length(const struct place *key)
{
	return offsetof(struct place, city) + strlen(key->city) + 1;
}

/* A multiplication mixes upwards, the shift downwards. */
static uint32_t
hash_of(const struct place *key, size_t length)
{
	uint64_t hash = length;

	for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, (const char *)key + at, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static struct place *
at_number(const struct places *places, uint32_t number)
{
	return &places->blocks[number / PLACES_PER_BLOCK]->places[number % PLACES_PER_BLOCK];
}

/* The place's slot, or the empty one where it would be. */
static struct slot *
find(const struct places *places, const struct place *key, size_t length, uint32_t hash)
{
	uint32_t at = hash & places->mask;

	for (;; at = (at + 1) & places->mask) {
		struct slot *slot = &places->slots[at];

		if (slot->place == 0 ||
		    (slot->hash == hash &&
		     memcmp(at_number(places, slot->place - 1), key, length) == 0))
			return slot;
	}
}

/* Room for one more in the index, at most half full. 0 or -1. */
static int
grow_index(struct places *places)
{
	const size_t count = places->slots == NULL ? 0 : (size_t)places->mask + 1;

	if (2 * (places->count + 1) <= count)
		return 0;
	const size_t more = count > 0 ? 2 * count : LEAST_SLOTS;
	struct slot *slots = calloc(more, sizeof(*slots));

	if (slots == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = &places->slots[i];
		size_t at = slot->hash & (more - 1);

		while (slot->place != 0 && slots[at].place != 0)
			at = (at + 1) & (more - 1);
		if (slot->place != 0)
			slots[at] = *slot;
	}
	free(places->slots);
	places->slots = slots;
	places->mask = (uint32_t)more - 1;
	return 0;
}

/* A block for the next place, where it is the first one in it. 0 or -1. */
static int
reserve(struct places *places)
{
	const size_t used = places->count / PLACES_PER_BLOCK;

	if (places->count % PLACES_PER_BLOCK != 0)
		return 0;
	struct block **blocks = realloc(places->blocks, (used + 1) * sizeof(*blocks));
	if (blocks == NULL)
		return -1;
	places->blocks = blocks;
	blocks[used] = large_alloc(sizeof(**blocks));
	return blocks[used] != NULL ? 0 : -1;
}

uint32_t
places_intern(struct places *places, const struct place *key)
{
	const size_t length = key_length(key);
	const uint32_t hash = hash_of(key, length), number = (uint32_t)places->count;

	if (grow_index(places) != 0)
		return PLACE_UNASKED;
	struct slot *slot = find(places, key, length, hash);
	if (slot->place != 0)
		return slot->place - 1;
	if (reserve(places) != 0)
		return PLACE_UNASKED;
	struct place *place = at_number(places, number);
	*place = *key;
	place->number = number;
	*slot = (struct slot){hash, number + 1};
	places->count++;
	return number;
}

const struct place *
places_get(const struct places *places, uint32_t number)
{
	return number < places->count ? at_number(places, number) : NULL;
}

void
places_free(struct places *places)
{
	const size_t used = (places->count + PLACES_PER_BLOCK - 1) / PLACES_PER_BLOCK;

	for (size_t i = 0; i < used; i++)
		free(places->blocks[i]);
	free(places->blocks);
	free(places->slots);
}
