/* SPDX-License-Identifier: BSD-3-Clause */
#include "merge.h"

#include "large.h"

#include <errno.h>
#include <stdlib.h>

#define RADIX_BITS 8
#define RADIX      256

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

static uint64_t
load_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static uint32_t
load_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

/* Sorts keys[0..n) by key, stable; `spare` is as long. Returns the array that holds the result. */
static struct sort_key *
radix_sort(struct sort_key *keys, struct sort_key *spare, size_t n)
{
	for (unsigned int shift = 0; shift < 64; shift += RADIX_BITS) {
		size_t start[RADIX + 1] = {0};

		for (size_t i = 0; i < n; i++)
			start[((keys[i].key >> shift) & (RADIX - 1)) + 1]++;
		/* all keys agree here: for IPv4 that skips the four upper bytes */
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

/* Rows that share their upper 64 bits stand together now, in any order: sorts each such run. */
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

static void
add_up_twins(struct host_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && host_row_order(&list->rows[kept - 1], &list->rows[i]) == 0)
			counts_add(&list->rows[kept - 1].counts, &list->rows[i].counts);
		else if (kept++ != i)
			list->rows[kept - 1] = list->rows[i];
	}
	list->count = kept;
}

int
host_list_sort(struct host_list *list)
{
	size_t n = list->count, n4 = 0;

	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++)
		n4 += list->rows[i].family == ADDR_IPV4;

	/* one allocation for both key arrays; keys of IPv4 in front, of IPv6 behind them */
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
			keys[at4++] = (struct sort_key){load_be32(row->addr.bytes + 12), i};
		else
			keys[at6++] = (struct sort_key){load_be64(row->addr.bytes), i};
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
	add_up_twins(list);
	return 0;
}

int
host_list_merge(struct host_list *sum, const struct host_list *a, const struct host_list *b,
		size_t limit, struct counts *left_out)
{
	if (host_list_reserve(sum, a->count + b->count) != 0)
		return -ENOMEM;

	size_t i = 0, k = 0, added = 0;
	size_t spare = limit > a->count ? limit - a->count : 0;

	while (i < a->count || k < b->count) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : host_row_order(&a->rows[i], &b->rows[k]);

		if (order < 0) {
			sum->rows[sum->count++] = a->rows[i++];
		} else if (order == 0) {
			struct host_row *row = &sum->rows[sum->count++];

			*row = a->rows[i++];
			row->place = b->rows[k].place;
			counts_add(&row->counts, &b->rows[k++].counts);
		} else if (added < spare) {
			sum->rows[sum->count++] = b->rows[k++];
			added++;
		} else {
			counts_add(left_out, &b->rows[k++].counts);
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
