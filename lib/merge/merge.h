/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many lanes -> one host list.
 *
 * A list is an array of rows in the order of host_row_order, each address once (but see by_place).
 * Two lists are merged in one pass over both, without a hash table, and memory is read in order;
 * the result does not depend on the number of lanes or the order in which their tables were
 * drained. Adding a period (n rows) to everything since the start (m rows) costs O(n + m). Sorted
 * addresses also make the database's tree walk local in memory, and the CSV file sorted.
 *
 * Sorting: LSD radix over (64 bits of key, index) pairs, with passes skipped where all keys agree;
 * IPv4 takes at most 4 passes. IPv6 addresses of one /64 are sorted afterwards.
 * Measured on a shared EPYC core: see `scripts/bench merge`.
 *
 * Memory: a row is 88 octets. host_list_sort takes another 120 a row until it returns (the sorted
 * copy and two arrays of 16-octet keys). host_list_merge takes 88 for each row of *sum, of which
 * there are never more than the limit, while `a` and `b` are still held; so the list since the
 * start takes 2 x 88 octets for each host of the limit at its peak, and the period's hosts beside.
 * Arrays of 4 MB and more end on whole large pages (large.h).
 *
 * Pure: no EAL, no clock. [manager] only the main lcore; a list is not locked.
 */
#pragma once

#include "host_row.h"

#include <stdbool.h>
#include <stddef.h>

struct host_list {
	struct host_row *rows; /* owned by the list */
	size_t count;
	size_t capacity;
	/* an address is once for each place that it has, in the order of these; set before rows
	 * are put in, or by host_list_cut */
	bool by_place;
};

/* Room for `more` further rows behind rows[count]. 0 or -ENOMEM (the list stays as it was). */
int host_list_reserve(struct host_list *list, size_t more);
void host_list_free(struct host_list *list);

/* Sorts, and adds up rows of the same address (of several lanes). 0 or -ENOMEM. */
int host_list_sort(struct host_list *list);

/* Cuts the addresses of a sorted list and adds up those that are the same now and at one place: in
 * one walk, in place. The list is by_place from then on. */
void host_list_cut(struct host_list *list, struct host_cut cut);

/*
 * Writes into *sum (empty before) what `a` and `b`, both sorted, give together. Where an address is
 * in both, the place is that of `b`, the newer; unless one of them is by_place: then so is *sum.
 *
 * If there would be more than `limit` rows, those with the fewest packets are evicted until
 * host_list_low_water(limit) are left, and their counts are added to *left_out: rows and *left_out
 * together are always the sum of all that was merged. Of rows with equally many packets those that
 * are in `b` stay before those that are not, and lower addresses before higher ones. A host that
 * comes back after it was evicted begins at 0.
 *
 * An eviction reads both lists 3 to 8 times (mostly 4) instead of once or twice, and frees an
 * eighth of the limit; so the next one comes after limit / 8 new hosts at the earliest, and
 * evicting costs at most about 50 rows read for each new host, however long a flood lasts.
 *
 * 0, or -ENOMEM and nothing is changed.
 */
int host_list_merge(struct host_list *sum, const struct host_list *a, const struct host_list *b,
		    size_t limit, struct counts *left_out);

/* How many rows an eviction leaves. */
static inline size_t
host_list_low_water(size_t limit)
{
	return limit - limit / 8;
}

/* The row of an address in a sorted list, or NULL; of a list by_place any of its rows. */
const struct host_row *host_list_find(const struct host_list *list, const struct host_addr *addr,
				      uint32_t family);
