/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places by what they say: a place of another process, or of the database of last month, is the
 * same one if it has the same position, country and city. All of a store's are in memory (about
 * 220 octets each), so that a period costs a look-up a place and no query.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct key {
	double latitude, longitude;
	float radius_km;
	bool own, site, network;
	uint32_t asn;
	char country[4];
	char city[PLACE_CITY_MAX];
};

struct known {
	struct key key;
	uint32_t id;
	bool fresh; /* made by the transaction under way */
	UT_hash_handle hh;
};

/* by the process's own pointer: most places come again each period */
struct seen {
	const struct place *place;
	uint32_t id;
	UT_hash_handle hh;
};

struct places {
	struct known *known;
	struct seen *seen;
	size_t fresh;
};

static void
make_key(struct key *key, const struct place *place)
{
	memset(key, 0, sizeof(*key)); /* padding is hashed too */
	/* -0 and 0 are one place */
	key->latitude = place->latitude + 0.0;
	key->longitude = place->longitude + 0.0;
	key->radius_km = place->radius_km;
	key->own = place->own;
	key->site = place->basis == BASIS_SITE;
	key->network = place_is_network(place);
	key->asn = place->asn;
	snprintf(key->country, sizeof(key->country), "%s", place->country);
	snprintf(key->city, sizeof(key->city), "%s", place->city);
}

/* NULL without memory. */
static struct known *
remember(struct places *places, const struct key *key, uint32_t id)
{
	struct known *known = calloc(1, sizeof(*known));

	if (known == NULL)
		return NULL;
	known->key = *key;
	known->id = id;
	HASH_ADD(hh, places->known, key, sizeof(known->key), known);
	return known;
}

struct places *
known_places_load(sqlite3 *db, int *code)
{
	struct places *places = calloc(1, sizeof(*places));
	sqlite3_stmt *statement = NULL;

	*code = places == NULL ? SQLITE_NOMEM
			       : sqlite3_prepare_v2(db, "SELECT id, " PLACE_COLUMNS " FROM places",
						    -1, &statement, NULL);
	while (*code == SQLITE_OK && (*code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct place place = {0};
		struct key key;

		place_of_row(statement, 1, 0, &place);
		make_key(&key, &place);
		*code = remember(places, &key, (uint32_t)sqlite3_column_int64(statement, 0))
				? SQLITE_OK
				: SQLITE_NOMEM;
	}
	sqlite3_finalize(statement);
	if (*code != SQLITE_DONE) {
		known_places_free(places);
		return NULL;
	}
	*code = SQLITE_OK;
	return places;
}

static void
forget_seen(struct places *places)
{
	struct seen *seen, *next_seen;

	HASH_ITER(hh, places->seen, seen, next_seen)
	{
		HASH_DEL(places->seen, seen);
		free(seen);
	}
}

void
known_places_free(struct places *places)
{
	struct known *known, *next;

	if (places == NULL)
		return;
	forget_seen(places);
	HASH_ITER(hh, places->known, known, next)
	{
		HASH_DEL(places->known, known);
		free(known);
	}
	free(places);
}

static int
insert(sqlite3 *db, const struct key *key, uint32_t *id)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db,
				      "INSERT INTO places(latitude, longitude, radius, country, "
				      "city, own, site, asn) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, "
				      "?8)",
				      -1, &statement, NULL);

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_double(statement, 1, key->latitude);
	sqlite3_bind_double(statement, 2, key->longitude);
	sqlite3_bind_double(statement, 3, (double)key->radius_km);
	sqlite3_bind_text(statement, 4, key->country, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 5, key->city, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 6, key->own);
	sqlite3_bind_int(statement, 7, key->site);
	if (key->network)
		sqlite3_bind_int64(statement, 8, key->asn);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return code;
	*id = (uint32_t)sqlite3_last_insert_rowid(db);
	return SQLITE_OK;
}

uint32_t
known_places_id(struct places *places, sqlite3 *db, const struct place *place, int *code)
{
	struct seen *seen;
	struct known *known;
	struct key key;
	uint32_t id = 0;

	HASH_FIND_PTR(places->seen, &place, seen);
	if (seen != NULL)
		return seen->id;
	make_key(&key, place);
	HASH_FIND(hh, places->known, &key, sizeof(key), known);
	if (known == NULL) {
		*code = insert(db, &key, &id);
		if (*code != SQLITE_OK)
			return 0;
		known = remember(places, &key, id);
		if (known != NULL) {
			known->fresh = true;
			places->fresh++;
		}
	}
	seen = calloc(1, sizeof(*seen));
	if (known == NULL || seen == NULL) {
		free(seen);
		*code = SQLITE_NOMEM;
		return 0;
	}
	seen->place = place;
	seen->id = known->id;
	HASH_ADD_PTR(places->seen, place, seen);
	return known->id;
}

void
known_places_committed(struct places *places)
{
	struct known *known, *next;

	if (places->fresh > 0) {
		HASH_ITER(hh, places->known, known, next)
		known->fresh = false;
	}
	places->fresh = 0;
}

void
known_places_rolled_back(struct places *places)
{
	struct known *known, *next;

	if (places->fresh == 0)
		return;
	forget_seen(places);
	HASH_ITER(hh, places->known, known, next)
	{
		if (known->fresh) {
			HASH_DEL(places->known, known);
			free(known);
		}
	}
	places->fresh = 0;
}
