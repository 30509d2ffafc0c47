/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that build a table of systems share. One thread builds. */
#pragma once

#include "asn.h"
#include "internal.h"

struct asn_edge4 {
	uint32_t start; /* host byte order */
	uint32_t who;   /* from here on, up to the next edge */
};

struct asn_edge6 {
	struct host_addr start;
	uint32_t who;
};

/* The ranges of a family that began and did not end, in the order in which they began. */
#define ASN_OPEN_MAX 64
struct asn_sweep {
	struct {
		struct host_addr last;
		uint32_t who;
	} open[ASN_OPEN_MAX];
	size_t depth;
	struct host_addr first; /* where the last one began */
};

struct asn_row {
	uint32_t number, name; /* where in `text` */
};

struct asn_source {
	struct locate_database about;
	struct stat file;
};

struct asn_table {
	atomic_uint references;
	struct asn_edge4 *ipv4; /* [count4], the first starts at 0 */
	struct asn_edge6 *ipv6; /* likewise */
	size_t count4, count6;
	struct asn_source files[LOCATE_MAX_DATABASES];
	size_t file_count;

	struct asn_row *rows;
	size_t systems;
	char *text;

	/* while it is built */
	bool full4, full6;         /* of a file before: the first that has a family has all of it */
	struct asn_sweep sweep[2]; /* of IPv6, of IPv4 */
	size_t room4, room6, row_room, text_length, text_room;
	uint32_t *index; /* system of a number, open addressing; 0: free */
	size_t index_mask;
};

/* The system of that number, made if it is new; the first name stays. 0: no memory. */
uint32_t asn_system(struct asn_table *table, uint32_t number, const char *name, size_t length);

/*
 * From `first` to `last`, both included, addresses are of the system. Ranges of a family come by
 * where they begin; of those that overlap, the one that began later has it. A family that a file
 * before had is passed over. 0, -ENOMEM, or -EINVAL: not so, or ASN_OPEN_MAX overlap at once.
 */
int asn_add(struct asn_table *table, bool ipv4, const struct host_addr *first,
	    const struct host_addr *last, uint32_t who);

/* describe.c: title and attribution of a database of networks. */
void locate_describe_asn(struct locate_database *about);

/* asn_csv.c, asn_mmdb.c: one file each. 0, or negative errno with a line in `error`. */
int asn_read_csv(struct asn_table *table, struct asn_source *source, const char *path,
		 const atomic_bool *cancel, char *error);
int asn_read_mmdb(struct asn_table *table, struct asn_source *source, const char *path,
		  const atomic_bool *cancel, char *error);
