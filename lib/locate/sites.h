/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sites: networks whose place the operator knows better than any database.
 *
 *     # NETWORK = "NAME", LATITUDE, LONGITUDE[, COUNTRY]
 *     10.1.0.0/16    = "Frankfurt DC", 50.11, 8.68, DE
 *     10.1.7.0/24    = "Frankfurt lab", 50.12, 8.70, DE
 *     2001:db8::/48  = "Berlin", 52.5, 13.4
 *
 * The longest prefix decides. A site is asked before anything else: also an address that is not
 * reachable from everywhere has a place then.
 *
 * Immutable once read; any thread may look up.
 */
#pragma once

#include "locate.h"

#define SITES_MAX 20000 /* networks */

struct sites;

/* Slow: reads a file. NULL with errno, and a line in `error` (LOCATE_ERROR_MAX): file, line, what
 * is wrong there, what to do. */
struct sites *sites_read(const char *path, char *error);
void sites_free(struct sites *sites); /* NULL is fine */
size_t sites_count(const struct sites *sites);
/* Is there another file at their path by now, or a changed one? Asks the disk. Of NULL: no. */
bool sites_renewed(const struct sites *sites);

/* The site of an address: a number from 1 on; 0: none. Of NULL: 0. */
uint32_t sites_find(const struct sites *sites, const struct host_addr *addr, uint32_t family);
/* What it says: `number` and `own` are left zero. Valid as long as `sites`. */
const struct place *sites_place(const struct sites *sites, uint32_t site);
/* Its network, as it was written. */
const struct network *sites_network(const struct sites *sites, uint32_t site);
/* Does an address inside of the prefix of `bits` bits (as the family counts them) have another site
 * than its first one, or than none? */
bool sites_split(const struct sites *sites, const struct host_addr *prefix, uint32_t family,
		 unsigned int bits);
