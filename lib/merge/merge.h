/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many lanes -> one host list.
 *
 * A list is an array of rows in the order of host_row_order, each address once. Merging is then
 * what it is for sorted runs: one pass over both, no hash, memory read in order, and the result is
 * the same whatever the number of lanes and whatever order their tables were drained in. Adding a
 * period (n rows) to everything since the start (m rows) costs O(n + m) and no look-up at all, and
 * a sorted list makes the database's tree walk local, and the CSV file sorted.
 *
 * Sorting: LSD radix over (64 bits of key, index) pairs, with passes skipped where all keys agree;
 * IPv4 takes at most 4 passes. Ties of IPv6 addresses within a /64 are put right afterwards.
 * Measured on a shared EPYC core: see `scripts/bench merge`.
 *
 * Pure: no EAL, no clock. [manager] only the main lcore; a list is not locked.
 */
#pragma once

#include "host_row.h"

#include <stddef.h>

struct host_list {
	struct host_row *rows; /* malloc'ed, owned by the list */
	size_t count;
	size_t capacity;
};

/* Room for `more` further rows behind rows[count]. 0 or -ENOMEM (the list stays as it was). */
int host_list_reserve(struct host_list *list, size_t more);
void host_list_free(struct host_list *list);

/* Sorts, and adds up rows of the same address (of several lanes). 0 or -ENOMEM. */
int host_list_sort(struct host_list *list);

/*
 * Writes into *sum (empty before) what `a` and `b`, both sorted, give together. Where an address is
 * in both, the place is that of `b`, the newer. At most `limit` rows: a row of `b` whose address is
 * not in `a` is left out once there are as many, and its counts are added to *left_out.
 * 0 or -ENOMEM.
 */
int host_list_merge(struct host_list *sum, const struct host_list *a, const struct host_list *b,
		    size_t limit, struct counts *left_out);

/* The row of an address in a sorted list, or NULL. */
const struct host_row *host_list_find(const struct host_list *list, const struct host_addr *addr,
				      uint32_t family);
