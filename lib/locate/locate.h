/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address -> place, by libmaxminddb.
 *
 * A database is a tree of address bits whose leaves point at records; many networks share a record.
 * A record is decoded once: the second host that ends at it costs one hash look-up. Places are
 * interned by what they say (position, country, city), so that the same city out of two databases
 * (IPv4 and IPv6 are two files at DB-IP) is one place on the map and one line in the lists.
 *
 * Numbers and pointers of places stay valid until locate_destroy, across a reload too. That is what
 * lets a snapshot point at places while the manager goes on.
 *
 * [manager] One thread at a time. What locate_get returns may be read by any thread.
 */
#pragma once

#include "host_row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define PLACE_CITY_MAX 128 /* octets of UTF-8, cut at a character */

struct place {
	double latitude, longitude; /* degrees, north and east positive */
	float radius_km;            /* the database's accuracy radius, 0 where it has none */
	bool has_position;
	char country[3];           /* ISO 3166-1 alpha-2, or empty */
	char city[PLACE_CITY_MAX]; /* valid UTF-8 without control characters, or empty */
	uint32_t number;
};

struct locate_database {
	char path[4096];
	char type[64];           /* the metadata's database_type */
	char title[96];          /* as shown: "DB-IP City Lite 2026-06" */
	const char *attribution; /* what its licence asks for, or "" */
	const char *attribution_url;
	time_t built;
	unsigned int ip_version;
};

#define LOCATE_MAX_DATABASES 8
#define LOCATE_ERROR_MAX     4400

struct locate;

/*
 * Opens the databases; the first that answers wins. On failure NULL, and a line for the user in
 * `error` (LOCATE_ERROR_MAX): which file, what is wrong with it, what to do. A database without any
 * position (ASN, ISP, ...) is refused.
 */
struct locate *locate_create(const char *const *paths, size_t count, char *error);
void locate_destroy(struct locate *locate); /* NULL is fine */

/* Opens the same or other files anew and then lets go of the old ones. 0, or -1 with `error` and
 * everything as before. */
int locate_reload(struct locate *locate, const char *const *paths, size_t count, char *error);

/* The number of the place, or PLACE_PRIVATE, or PLACE_NONE. Never PLACE_UNASKED. */
uint32_t locate_host(struct locate *locate, const struct host_addr *addr, uint32_t family);

/* NULL for the PLACE_ words. */
const struct place *locate_get(const struct locate *locate, uint32_t number);
size_t locate_count(const struct locate *locate);

size_t locate_databases(const struct locate *locate);
const struct locate_database *locate_database(const struct locate *locate, size_t i);

/* Records or walks that the library called corrupt; their hosts count as not in the database. */
uint64_t locate_errors(const struct locate *locate);
