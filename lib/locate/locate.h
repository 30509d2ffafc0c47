/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address -> place, by libmaxminddb.
 *
 * A database is a tree of address bits whose leaves point at records; many networks share a record.
 * A record is decoded once: the second host that ends at it costs one hash look-up. Places are
 * interned by what they say (position, country, city), so that the same city out of two databases
 * (IPv4 and IPv6 are two files at DB-IP) is one place on the map and one line in the lists.
 *
 * Numbers and pointers of places stay valid until locate_destroy, across locate_adopt too. That is
 * what lets a picture point at places while the owner goes on.
 *
 * A reload in two steps, so that no period waits for a disk:
 *
 *     loader   locate_databases_open (databases.h), locate_map_create (map.h): slow, and they share
 *              nothing with a struct locate
 *     owner    locate_adopt, between two periods: fast
 *
 * [owner] One thread at a time has a struct locate; all functions here are for it. What locate_get
 * returns may be read by any thread.
 */
#pragma once

#include "databases.h"
#include "host_row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACE_CITY_MAX 128 /* octets of UTF-8, cut at a character */

/* What the country of a place is that of. */
enum place_basis {
	BASIS_COUNTRY,    /* where the address is */
	BASIS_REGISTERED, /* where its network is registered: the record names no other */
	BASIS_CONTINENT,  /* the record names a continent, and no country */
	BASIS_SITE,       /* the operator says so: `city` is the site's name (sites.h) */
	BASIS_NETWORK,    /* no place at all, see below */
};

/*
 * Networks (asn.h) are counted beside places and as they are: a network is a row of its own that
 * has no position, but a number and a name, which is in `city`. Number 0, without a name: those of
 * which no database says whose they are. Who lists places passes them over, place_is_network.
 */
struct place {
	double latitude, longitude; /* degrees, north and east positive */
	float radius_km;            /* the database's accuracy radius, 0 where it has none */
	uint32_t asn;               /* of a network: the autonomous system's number */
	bool has_position;
	bool own;                  /* what our own networks have there, apart from all others */
	uint8_t basis;             /* enum place_basis */
	char country[3];           /* ISO 3166-1 alpha-2, or empty */
	char continent[3];         /* GeoNames' two letters, with BASIS_CONTINENT; else empty */
	char city[PLACE_CITY_MAX]; /* valid UTF-8 without control characters, or empty */
	uint32_t number;
};

static inline bool
place_is_network(const struct place *place)
{
	return place->basis == BASIS_NETWORK;
}

/*
 * How much a place says of where it is: "city", "country", "registered_country", "continent",
 * "site", or "" for a position alone.
 */
const char *place_precision(const struct place *place);
/* "Europe", for GeoNames' "EU"; NULL: no such continent. */
const char *place_continent(const char code[3]);

/* One number for each code of a country, in their order: 0 for none, and for what is no code.
 * Places come from records of other machines and from files too, so this does not rely on who has
 * read them. */
#define PLACE_COUNTRIES (1 + 26 * 26)
static inline size_t
place_country_index(const char code[3])
{
	const unsigned int first = (unsigned int)(code[0] - 'A'),
			   second = (unsigned int)(code[1] - 'A');

	return first < 26 && second < 26 ? 1 + (size_t)first * 26 + second : 0;
}

struct locate;

/* locate_databases_open and a struct locate for them. NULL with errno and a line in `error`. */
struct locate *locate_create(const char *const *paths, size_t count, char *error);
/* The same with databases that are open: takes over the caller's reference, also on failure. Of
 * NULL: it answers locate_map_place, locate_place and locate_get only. NULL with errno ENOMEM. */
struct locate *locate_create_from(struct locate_databases *databases);
void locate_destroy(struct locate *locate); /* NULL is fine */

/* From now on `databases` answers. Takes over the caller's reference, and gives back its own to the
 * databases before. */
void locate_adopt(struct locate *locate, struct locate_databases *databases);

/* locate_databases_open and locate_adopt for who may wait. 0, or -1 with `error` and everything as
 * before. */
int locate_reload(struct locate *locate, const char *const *paths, size_t count, char *error);

/* The number of the place, or PLACE_PRIVATE, or PLACE_NONE: no record. The place of a record that
 * says neither position nor country is empty. Never PLACE_UNASKED. */
uint32_t locate_host(struct locate *locate, const struct host_addr *addr, uint32_t family);

/*
 * The number of the network of a host that locate_host has given `place`; PLACE_PRIVATE for one
 * that is not reachable from everywhere, PLACE_NONE where there is no database of networks, or no
 * memory. Of an address that carries an IPv4 address inside (special.h) it is the network of that.
 * `hints`: zeros at first, then the caller's to keep; hosts in ascending order are fast.
 */
uint32_t locate_network(struct locate *locate, const struct host_addr *addr, uint32_t family,
			uint32_t place, size_t hints[2]);

/* The number of the place that says what `place` does, which may come from elsewhere than the
 * databases (a store); its own number is not looked at. PLACE_UNASKED without memory. */
uint32_t locate_place(struct locate *locate, const struct place *place);

/* NULL for the PLACE_ words. */
const struct place *locate_get(const struct locate *locate, uint32_t number);
size_t locate_count(const struct locate *locate);

/* The databases that answer now; a caller that keeps them takes a reference of its own. */
struct locate_databases *locate_opened(const struct locate *locate);
size_t locate_databases(const struct locate *locate);
const struct locate_database *locate_database(const struct locate *locate, size_t i);

/* Records and look-ups that are corrupt; their hosts count as not in the database. */
uint64_t locate_errors(const struct locate *locate);
