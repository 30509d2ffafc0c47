/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host and its counts: a lane's table is drained into rows, merge adds rows of one address up,
 * and locate fills in the place.
 */
#pragma once

#include "counts.h"
#include "host_addr.h"

#define PLACE_NONE    0xffffffffu /* asked, and the database knows nothing */
#define PLACE_PRIVATE 0xfffffffeu /* not globally reachable: never asked */
#define PLACE_UNASKED 0xfffffffdu

struct host_row {
	struct host_addr addr;
	uint32_t family; /* enum addr_family */
	uint32_t place;  /* number of the place, or one of the PLACE_ words */
	struct counts counts;
};

/* IPv4 before IPv6, then by value: the order of every list of hosts. <0, 0, >0 */
static inline int
host_row_order(const struct host_row *a, const struct host_row *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
}

/* The same, and rows of one address by their places: of lists in which an address may be at several
 * (host_list_cut). */
static inline int
host_row_order_by_place(const struct host_row *a, const struct host_row *b)
{
	int order = host_row_order(a, b);

	return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}
