/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder tell each other. */
#pragma once

#include "asn.h"
#include "locate.h"
#include "sites.h"

#include <maxminddb.h>
#include <sys/stat.h>

/* Where a database puts what it knows the country of, and no more. */
struct middle {
	bool known;
	double latitude, longitude;
};

struct database {
	struct stat file; /* of which it is a copy */
	MMDB_s mmdb;
	bool flat;              /* schema of DB-IP's npm package; else GeoLite2's nested one */
	bool countries;         /* it has countries and no position at all */
	struct middle *middles; /* [PLACE_COUNTRIES], or NULL: none are told (middles.c) */
	struct locate_database about;
};

struct locate_databases {
	atomic_uint references;
	size_t count;
	struct database *each[LOCATE_MAX_DATABASES]; /* read-only once open */
	struct networks own;
	struct sites *sites;   /* NULL: none are named */
	struct asn_table *asn; /* NULL: there is none */
};

/* -- databases.c: a file of MaxMind's format, whatever is in it. */

/* Copied, its tree checked, and described. NULL with errno, and a line in `error`. */
struct database *locate_database_open(const char *path, const atomic_bool *cancel, char *error);
void locate_database_close(struct database *database);
/* A descriptor of the regular file at `path`; negative errno with a line in `error`. */
int locate_open_regular(const char *path, struct stat *st, char *error);
/* Is it the same file, and as it was? */
bool locate_same_file(const struct stat *a, const struct stat *b);

/* Long loops look at it each time that the low bits of their step counter are zero. */
#define LOCATE_CANCEL_STEPS 4096

static inline bool
locate_is_cancelled(const atomic_bool *cancel)
{
	return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

/* -- tree.c: the search tree */

/*
 * The nodes that a walk through all of a tree may visit, subtrees that are reached twice counted
 * twice. IPv4 stands up to five times in an IPv6 database (::/96, mapped, 6to4, Teredo, NAT64); a
 * made one, with two pointers to each next level, could have 2^128.
 */
uint64_t locate_tree_steps(const MMDB_s *mmdb);

/* 0, -ELOOP with what is wrong in words, -ENOMEM, -ECANCELED. Time and memory go by node_count. */
int locate_tree_check(const MMDB_s *mmdb, const atomic_bool *cancel, const char **wrong);

/* -- record.c: records of either schema */

/*
 * The number of values that the one at `offset` of a section (data or metadata) consists of,
 * pointers followed; 0 where it is not whole, nested too deep, or of more than LOCATE_VALUES_MAX.
 * Only others are for the library: it recurses as deep as a value is nested, and goes through the
 * same array as often as pointers lead there.
 */
#define LOCATE_VALUES_MAX 1024
unsigned int locate_value_count(const uint8_t *section, size_t size, size_t offset);

/* What a record of the database says; false where it is corrupt. `number` is left zero, and so is
 * all padding. Of a database of countries the position is a point in the country (land.h). */
bool locate_record_decode(MMDB_entry_s *entry, const struct database *db, struct place *place);

/* Copies a name as valid UTF-8; `size` of the target, the 0 octet included. */
void locate_copy_name(char *to, size_t size, const char *from, size_t length);

/* -- middles.c */

/* Fills db->middles. 0, -ENOMEM or -ECANCELED. */
int locate_middles_find(struct database *db, const atomic_bool *cancel);

/* -- places.c: places by what they say */

struct places {
	struct block **blocks; /* places by number; they never move */
	size_t count;
	struct slot *slots; /* [mask + 1]: places by what they say, open addressing */
	uint32_t mask;
};

/* The number of the place that says the same; PLACE_UNASKED without memory. */
uint32_t places_intern(struct places *places, const struct place *place);
const struct place *places_get(const struct places *places, uint32_t number);
void places_free(struct places *places);

/* -- locate.c */

/* Is the address in one of our own networks? */
bool locate_is_own(const struct locate_databases *databases, const struct host_addr *addr,
		   uint32_t family);
/* The site of an address, or of the IPv4 address inside; 0: none. */
uint32_t locate_site(const struct locate_databases *databases, const struct host_addr *addr,
		     uint32_t family);
/* The place of a site, on our own side or not. PLACE_UNASKED without memory. */
uint32_t locate_site_place(struct locate *locate, const struct sites *sites, uint32_t site,
			   bool own);
/* The number of its twin on our own side; of PLACE_NONE that. PLACE_UNASKED without memory. */
uint32_t locate_own_place(struct locate *locate, uint32_t number);

/* Decodes a record and interns its place. PLACE_NONE where it is corrupt, PLACE_UNASKED without
 * memory. */
uint32_t locate_intern_record(struct locate *locate, MMDB_entry_s *entry,
			      const struct database *db);

/*
 * How much an answer says: 0 nothing (no record), then a record of neither position nor country,
 * one of a country (or continent) alone, and one with a position. Of several databases the first
 * that says most is believed.
 */
enum { SAYS_NOTHING, SAYS_NO_PLACE, SAYS_COUNTRY, SAYS_POSITION };
unsigned int locate_says(const struct locate *locate, uint32_t number);
