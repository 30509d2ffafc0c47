/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose network an address is in: the autonomous system (RFC 1930) that announces it, by its number
 * and the name of who runs it. Out of one or more files:
 *
 *     GeoLite2-ASN.mmdb, IPinfo's and DB-IP's in the same format: their schemas are told apart by
 *     the fields that records have
 *     asn-ipv4.csv, asn-ipv6.csv of the npm package @ip-location-db/asn: first and last address,
 *     number, name; ascending by the first. Where two lines overlap, as some of the package do, the
 *     one that begins later has it
 *
 * Of several files the first that has a family has all of it. All of it is laid out as two
 * ascending arrays of edges, one for each family, so that a look-up is one binary search; hosts in
 * order of their addresses need none (see asn_find). Nothing of the files is kept.
 *
 * Immutable once open, and counts its references; any thread may call any function here.
 */
#pragma once

#include "databases.h"
#include "host_addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASN_NAME_MAX 128 /* octets of UTF-8, the 0 octet included */

struct asn_table;

/* As locate_databases_open. */
struct asn_table *asn_open(const char *const *paths, size_t count, const atomic_bool *cancel,
			   char *error);
struct asn_table *asn_ref(struct asn_table *table);
void asn_unref(struct asn_table *table); /* NULL is fine */

/* Which of the files have another one at their path by now: bit i for the i-th. Asks the disk. */
unsigned int asn_renewed(const struct asn_table *table); /* of NULL: 0 */

size_t asn_files(const struct asn_table *table); /* of NULL: 0 */
const struct locate_database *asn_file(const struct asn_table *table, size_t i);

/* One system; its name may be empty. */
struct asn {
	uint32_t number;
	const char *name; /* valid as long as the table */
};

/* How many systems there are, and the i-th of them; 0 is none (number 0, no name). */
size_t asn_count(const struct asn_table *table);
struct asn asn_get(const struct asn_table *table, uint32_t i);

/*
 * Which of the systems has the address as it stands; 0: none. Of NULL: 0. *hint is 0 at first and
 * then the caller's to keep: the next address is looked for from there, so that ascending addresses
 * of one family cost a step or two each.
 */
uint32_t asn_find(const struct asn_table *table, const struct host_addr *addr, uint32_t family,
		  size_t *hint);
/* The same for all addresses that are alike in the first `bits` (as the family counts them); 0 also
 * where they are not all of one system. */
uint32_t asn_find_network(const struct asn_table *table, const struct host_addr *addr,
			  uint32_t family, unsigned int bits);
