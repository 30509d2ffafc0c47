/* SPDX-License-Identifier: BSD-3-Clause */
#include "merge.h"

#include "large.h"
#include "load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define RADIX_BITS 8
#define RADIX      256

/* 32 kB of stack for the histogram; packets below 2^22 (nearly all hosts') take two walks, any 64
 * bits six */
#define SELECT_BITS   11
#define SELECT_VALUES (1u << SELECT_BITS)

struct sort_key {
	uint64_t key;
	size_t index;
};

int
host_list_reserve(struct host_list *list, size_t more)
{
	size_t want = list->count + more;

	if (want <= list->capacity)
		return 0;
	struct host_row *rows =
		large_grow(list->rows, list->count * sizeof(*rows), want * sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	list->rows = rows;
	list->capacity = want;
	return 0;
}

void
host_list_free(struct host_list *list)
{
	free(list->rows);
	*list = (struct host_list){0};
}

/* Sorts keys[0..n) by key, stable; `spare` is as long. Returns the array that holds the result. */
static struct sort_key *
radix_sort(struct sort_key *keys, struct sort_key *spare, size_t n)
{
	for (unsigned int shift = 0; shift < 64; shift += RADIX_BITS) {
		size_t start[RADIX + 1] = {0};

		for (size_t i = 0; i < n; i++)
			start[((keys[i].key >> shift) & (RADIX - 1)) + 1]++;
		/* all keys are equal in this byte: for IPv4 that skips the four upper ones */
		if (n == 0 || start[((keys[0].key >> shift) & (RADIX - 1)) + 1] == n)
			continue;
		for (size_t b = 0; b < RADIX; b++)
			start[b + 1] += start[b];
		for (size_t i = 0; i < n; i++)
			spare[start[(keys[i].key >> shift) & (RADIX - 1)]++] = keys[i];

		struct sort_key *t = keys;
		keys = spare;
		spare = t;
	}
	return keys;
}

static int
order_of_rows(const void *a, const void *b)
{
	return host_row_order(a, b);
}

/* Rows with the same upper 64 bits are neighbours now, in any order: sorts each such run. */
static void
sort_ties(struct host_row *rows, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;

		while (end < n && memcmp(rows[i].addr.bytes, rows[end].addr.bytes, 8) == 0)
			end++;
		if (end - i > 1)
			qsort(rows + i, end - i, sizeof(*rows), order_of_rows);
		i = end;
	}
}

static int
order_by_place(const void *a, const void *b)
{
	return host_row_order_by_place(a, b);
}

/* Rows of one address are neighbours now, in any order: by their places. */
static void
sort_places(struct host_row *rows, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		bool sorted = true;

		for (; end < n && host_row_order(&rows[i], &rows[end]) == 0; end++)
			sorted = sorted && rows[end - 1].place <= rows[end].place;
		if (!sorted)
			qsort(rows + i, end - i, sizeof(*rows), order_by_place);
		i = end;
	}
}

/* Rows of one address become one row, or one for each of its places. */
static void
add_up_equal(struct host_list *list)
{
	size_t kept = 0;

	if (list->by_place)
		sort_places(list->rows, list->count);
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && host_row_order(&list->rows[kept - 1], &list->rows[i]) == 0 &&
		    (!list->by_place || list->rows[kept - 1].place == list->rows[i].place))
			counts_add(&list->rows[kept - 1].counts, &list->rows[i].counts);
		else if (kept++ != i)
			list->rows[kept - 1] = list->rows[i];
	}
	list->count = kept;
}

void
host_list_cut(struct host_list *list, struct host_cut cut)
{
	for (size_t i = 0; i < list->count; i++)
		host_addr_cut(&list->rows[i].addr, list->rows[i].family, cut);
	list->by_place = true;
	add_up_equal(list);
}

int
host_list_sort(struct host_list *list)
{
	size_t n = list->count, n4 = 0;

	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++)
		n4 += list->rows[i].family == ADDR_IPV4;

	/* one allocation for both key arrays; in each the keys of IPv4 come before those of IPv6 */
	struct sort_key *keys = large_alloc(2 * n * sizeof(*keys));
	struct host_row *sorted = large_alloc(n * sizeof(*sorted));
	if (keys == NULL || sorted == NULL) {
		free(keys);
		free(sorted);
		return -ENOMEM;
	}
	size_t at4 = 0, at6 = n4;
	for (size_t i = 0; i < n; i++) {
		const struct host_row *row = &list->rows[i];

		if (row->family == ADDR_IPV4)
			keys[at4++] = (struct sort_key){be32(row->addr.bytes + 12), i};
		else
			keys[at6++] = (struct sort_key){be64(row->addr.bytes), i};
	}
	const struct sort_key *v4 = radix_sort(keys, keys + n, n4);
	const struct sort_key *v6 = radix_sort(keys + n4, keys + n + n4, n - n4);
	for (size_t i = 0; i < n4; i++)
		sorted[i] = list->rows[v4[i].index];
	for (size_t i = n4; i < n; i++)
		sorted[i] = list->rows[v6[i - n4].index];
	sort_ties(sorted + n4, n - n4);

	free(keys);
	free(list->rows);
	list->rows = sorted;
	list->capacity = n;
	add_up_equal(list);
	return 0;
}

/* Both lists at once, in order: each address is one pair, in which one row may be NULL. */
struct pair {
	const struct host_row *old, *new;
};

struct cursor {
	const struct host_row *a, *a_end, *b, *b_end;
	int (*order)(const struct host_row *a, const struct host_row *b);
};

static struct cursor
cursor_begin(const struct host_list *a, const struct host_list *b)
{
	/* an empty list may have no rows, and NULL + 0 is not defined */
	return (struct cursor){
		.a = a->rows,
		.a_end = a->count ? a->rows + a->count : a->rows,
		.b = b->rows,
		.b_end = b->count ? b->rows + b->count : b->rows,
		.order = a->by_place || b->by_place ? host_row_order_by_place : host_row_order,
	};
}

static inline bool
cursor_next(struct cursor *w, struct pair *pair)
{
	int order;

	if (w->a == w->a_end && w->b == w->b_end)
		return false;
	order = w->a == w->a_end ? 1 : w->b == w->b_end ? -1 : w->order(w->a, w->b);
	pair->old = order <= 0 ? w->a++ : NULL;
	pair->new = order >= 0 ? w->b++ : NULL;
	return true;
}

static inline uint64_t
pair_packets(const struct pair *pair)
{
	return (pair->old ? counts_packets(&pair->old->counts) : 0) +
	       (pair->new ? counts_packets(&pair->new->counts) : 0);
}

/*
 * Who stays: pairs with more than `packets`; and of those that have just as many the first
 * `equal[1]` that are in the newer list and the first `equal[0]` that are not.
 */
struct threshold {
	uint64_t packets;
	size_t equal[2];
};

static bool
stays(struct threshold *t, const struct pair *pair)
{
	uint64_t packets = pair_packets(pair);
	bool new = pair->new != NULL;

	if (packets != t->packets)
		return packets > t->packets;
	if (t->equal[new] == 0)
		return false;
	t->equal[new]--;
	return true;
}

/*
 * The threshold that `keep` of the pairs reach; there are more pairs than that, and none has more
 * than `most` packets. Radix selection: a histogram of the highest digit shows in which of its
 * values the threshold is, one of the next digit among these where in it, and so on: one walk a
 * digit, and no memory.
 */
static struct threshold
select_threshold(const struct host_list *a, const struct host_list *b, uint64_t most, size_t keep)
{
	struct threshold t = {0};
	unsigned int shift = 0;
	uint64_t known = 0; /* which bits of t.packets are */

	while (shift + SELECT_BITS < 64 && most >> (shift + SELECT_BITS) != 0)
		shift += SELECT_BITS;
	for (;; shift -= SELECT_BITS) {
		size_t pairs[SELECT_VALUES][2] = {0}; /* in the older list only; in the newer */
		struct cursor w = cursor_begin(a, b);
		struct pair pair;
		uint64_t value = SELECT_VALUES - 1;

		while (cursor_next(&w, &pair)) {
			uint64_t packets = pair_packets(&pair);

			if ((packets & known) == t.packets)
				pairs[packets >> shift & (SELECT_VALUES - 1)][pair.new != NULL]++;
		}
		for (; pairs[value][0] + pairs[value][1] <= keep; value--)
			keep -= pairs[value][0] + pairs[value][1];
		t.packets |= value << shift;
		known |= (uint64_t)(SELECT_VALUES - 1) << shift;
		if (shift == 0) {
			t.equal[1] = pairs[value][1] < keep ? pairs[value][1] : keep;
			t.equal[0] = keep - t.equal[1];
			return t;
		}
	}
}

int
host_list_merge(struct host_list *sum, const struct host_list *a, const struct host_list *b,
		size_t limit, struct counts *left_out)
{
	struct threshold t = {.equal = {SIZE_MAX, SIZE_MAX}}; /* everybody stays */
	size_t room = a->count + b->count;
	struct cursor w = cursor_begin(a, b);
	struct pair pair;

	if (room > limit) {
		uint64_t most = 0;

		/* how many are they, addresses that are in both counted once? */
		room = 0;
		while (cursor_next(&w, &pair)) {
			uint64_t packets = pair_packets(&pair);

			most = packets > most ? packets : most;
			room++;
		}
		if (room > limit) {
			room = host_list_low_water(limit);
			t = select_threshold(a, b, most, room);
		}
		w = cursor_begin(a, b);
	}
	if (host_list_reserve(sum, room) != 0)
		return -ENOMEM;
	sum->by_place = a->by_place || b->by_place;
	while (cursor_next(&w, &pair)) {
		if (!stays(&t, &pair)) {
			if (pair.old != NULL)
				counts_add(left_out, &pair.old->counts);
			if (pair.new != NULL)
				counts_add(left_out, &pair.new->counts);
			continue;
		}
		struct host_row *row = &sum->rows[sum->count++];

		*row = *(pair.old ? pair.old : pair.new);
		if (pair.old != NULL && pair.new != NULL) {
			row->place = pair.new->place;
			counts_add(&row->counts, &pair.new->counts);
		}
	}
	return 0;
}

const struct host_row *
host_list_find(const struct host_list *list, const struct host_addr *addr, uint32_t family)
{
	struct host_row key = {.addr = *addr, .family = family};

	if (list->count == 0)
		return NULL;
	return bsearch(&key, list->rows, list->count, sizeof(key), order_of_rows);
}
