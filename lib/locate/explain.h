/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the map does with an address, and why: the same functions that count it, asked once more,
 * and then where their answer came from.
 */
#pragma once

#include "asn.h"
#include "locate.h"
#include "special.h"

#define EXPLAIN_PREFIX_MAX 64

struct explanation {
	struct host_addr addr;
	enum addr_family family;
	bool on_the_map; /* counts at the place below */
	bool is_private; /* not globally reachable: never asked */
	bool own;        /* on our own side: is_private, or in a network of --local */
	/* the special-purpose range that it is in, by the IANA registries; NULL: none */
	const struct special_row *special;
	bool embeds; /* the IPv4 address inside is what was asked for */
	struct host_addr inside;
	bool site;          /* the operator says where it is; `network` is as the file has it */
	struct place place; /* all zero where there is none */
	/* what said so; NULL: no database knows the address. Valid as long as the databases. */
	const struct locate_database *database;
	char network[EXPLAIN_PREFIX_MAX]; /* the record's prefix, or the site's */
	struct asn
		asn; /* whose network it is in; 0 and "": nobody says. As long as the databases */
};

/* [any thread] with a reference to the databases. 0 or -ENOMEM. */
int locate_explain(struct locate_databases *databases, const struct host_addr *addr,
		   enum addr_family family, struct explanation *out);

/* The reason in one line, as people say it. `text` of 512 octets; returns it. */
const char *explanation_reason(const struct explanation *explanation, char text[512]);
