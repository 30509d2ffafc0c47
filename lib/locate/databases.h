/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The database files: opened, checked and described, before anybody looks up in them.
 *
 * Files are input, and are copied into memory that nobody can change: what happens to a file later,
 * cut short or written over while it is in use, happens to nobody here. A database is refused in
 * words when it is no regular file, when its search tree loops, is deeper than its addresses are
 * long, or shares subtrees so often that a walk would not end, and when it holds no position. All
 * of it takes a time that is bounded by the file's size.
 *
 * A set of open databases is immutable and counts its references: a struct locate, a map and a
 * loader may each hold one. Any thread may call any function here.
 */
#pragma once

#include "networks.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define LOCATE_MAX_DATABASES 8
#define LOCATE_ERROR_MAX     4400

struct locate_database {
	char path[4096];
	char type[64];           /* the metadata's database_type */
	char title[96];          /* as shown: "DB-IP City Lite 2026-06" */
	const char *attribution; /* what its licence asks for, or "" */
	const char *attribution_url;
	time_t built;
	unsigned int ip_version;
};

/* Title and attribution, out of type and time: what the licences of the two known makers ask for.
 * `base`: the file's name, which may tell more; or "". */
void locate_describe(struct locate_database *about, const char *base);

struct locate_databases;

/*
 * Opens the files; the first that answers wins. Slow (it reads them whole): for a thread that may
 * wait for a disk. On failure NULL with errno, and a line for the user in `error`
 * (LOCATE_ERROR_MAX): which file, what is wrong with it, what to do. `cancel` may be NULL; once it
 * is true the call returns within 100 ms, with errno ECANCELED.
 */
struct locate_databases *locate_databases_open(const char *const *paths, size_t count,
					       const atomic_bool *cancel, char *error);

/*
 * Which networks are our own side: a place has a twin for what is ours there (struct place, own).
 * An address that carries an IPv4 address inside (special.h) is ours if that is. Between
 * locate_databases_open and the first other use; copies `own`.
 */
void locate_databases_set_own(struct locate_databases *databases, const struct networks *own);
const struct networks *locate_databases_own(const struct locate_databases *databases);

struct sites;

/* What the operator says of networks goes before what the files say (sites.h). As set_own, but
 * takes `sites` over; NULL is fine. */
void locate_databases_set_sites(struct locate_databases *databases, struct sites *sites);
const struct sites *locate_databases_sites(const struct locate_databases *databases);

struct asn_table;

/* Whose networks are whose (asn.h). As set_sites: takes `asn` over; NULL is fine. */
void locate_databases_set_asn(struct locate_databases *databases, struct asn_table *asn);
struct asn_table *locate_databases_asn(const struct locate_databases *databases);

/* The network of an address, or of the IPv4 address inside, by its number in the table, which
 * without one is 0: none. `bits` of the address are known, as the family counts them: 0 also where
 * they do not tell. */
uint32_t locate_asn(const struct locate_databases *databases, const struct host_addr *addr,
		    uint32_t family, unsigned int bits);

/* One more reference, and one less: the last closes the files. NULL is fine. */
struct locate_databases *locate_databases_ref(struct locate_databases *databases);
void locate_databases_unref(struct locate_databases *databases);

/* Which of them have another file at their path by now, or a changed one: bit i for the i-th. Asks
 * the disk. */
unsigned int locate_databases_renewed(const struct locate_databases *databases);

size_t locate_databases_count(const struct locate_databases *databases); /* of NULL: 0 */
/* Valid for as long as the caller has a reference. */
const struct locate_database *locate_databases_get(const struct locate_databases *databases,
						   size_t i);
