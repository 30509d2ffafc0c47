/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The busiest hosts of a row, and their blob: packed as the counts are (sum.c), columns of
 *
 *     number of IPv4 hosts, number of IPv6 hosts, then their addresses, ascending
 *     then the ids of their places (0: none), then for each of the eight counters all values
 *
 * A row that is made of others has the busiest of those that they have: what a host had while it
 * was not among the busiest is not in it. So a host's counts are what it had at least.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEASURES     2 /* packets, octets */
#define VARINT_MAX   10
#define IPV4_OCTETS  4
#define IPV6_OCTETS  16
#define COMPACT_FROM 100000
#define PLACES_MOST  (1u << 24)

/* one of those with most of a measure; 0: none. With its value, so that nearly all rows are done
 * with after one look: the least of a list is what the next one has to beat. */
struct best {
	uint64_t value;
	uint32_t row;
};

static uint64_t
measure(const struct counts *counts, int m)
{
	return m == 0 ? counts_packets(counts) : counts_octets(counts);
}

/* Into a list of `most`, descending. Of equals, the one that came first stays ahead. */
static void
offer_best(struct best *list, unsigned int most, uint64_t value, uint32_t row)
{
	unsigned int at = most;

	if (value <= list[most - 1].value)
		return;
	while (at > 0 && list[at - 1].value < value)
		at--;
	memmove(list + at + 1, list + at, (most - 1 - at) * sizeof(*list));
	list[at] = (struct best){value, row};
}

/* Those without a place, whatever the reason, are the first group. */
static size_t
group_of(const struct host_row *row)
{
	return row->place >= PLACE_UNASKED ? 0 : (size_t)row->place + 1;
}

/* Of equals the one that comes first is worth more. */
static bool
is_less(const struct best *a, const struct best *b)
{
	return a->value != b->value ? a->value < b->value : a->row > b->row;
}

/* A heap with the least on top: what is at `at` sinks to where it belongs. */
static void
sink(struct best *heap, size_t count, size_t at)
{
	const struct best moved = heap[at];

	for (size_t below = 2 * at + 1; below < count; below = 2 * at + 1) {
		if (below + 1 < count && is_less(&heap[below + 1], &heap[below]))
			below++;
		if (!is_less(&heap[below], &moved))
			break;
		heap[at] = heap[below];
		at = below;
	}
	heap[at] = moved;
}

/* Leaves the busiest HISTORY_HOSTS_MAX of the marked rows, of which there are more. 0 or -ENOMEM. A
 * heap: in a list that is kept in order, rows that ascend would each be moved all the way. */
static int
thin_out(const struct host_row *rows, size_t count, bool *marked)
{
	struct best *heap = calloc(HISTORY_HOSTS_MAX, sizeof(*heap));
	size_t used = 0;

	if (heap == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!marked[i])
			continue;
		const struct best one = {counts_packets(&rows[i].counts), (uint32_t)i};
		if (used < HISTORY_HOSTS_MAX) {
			heap[used++] = one;
			for (size_t at = used / 2; used == HISTORY_HOSTS_MAX && at-- > 0;)
				sink(heap, used, at);
		} else if (is_less(&heap[0], &one)) {
			heap[0] = one;
			sink(heap, used, 0);
		}
	}
	memset(marked, 0, count * sizeof(*marked));
	for (size_t i = 0; i < used; i++)
		marked[heap[i].row] = true;
	free(heap);
	return 0;
}

/* The rows that are listed, each once, ascending; malloc'ed. 0 or -ENOMEM. */
static int
collect(const struct host_row *rows, size_t count, const struct best *listed, size_t entries,
	uint32_t **chosen, size_t *chosen_count)
{
	bool *marked = calloc(count + 1, sizeof(*marked));
	size_t once = 0;
	int error = marked == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < entries && error == 0; i++) {
		if (listed[i].value == 0)
			continue;
		once += !marked[listed[i].row];
		marked[listed[i].row] = true;
	}
	if (error == 0 && once > HISTORY_HOSTS_MAX) {
		error = thin_out(rows, count, marked);
		once = HISTORY_HOSTS_MAX;
	}
	*chosen = error == 0 ? malloc((once + 1) * sizeof(**chosen)) : NULL;
	for (size_t i = 0; i < count && *chosen != NULL; i++) {
		if (marked[i])
			(*chosen)[(*chosen_count)++] = (uint32_t)i;
	}
	free(marked);
	return *chosen != NULL ? 0 : -ENOMEM;
}

int
history_choose(const struct host_row *rows, size_t count, unsigned int of_place, uint32_t **chosen,
	       size_t *chosen_count)
{
	size_t groups = 1;

	*chosen = NULL;
	*chosen_count = 0;
	if (of_place == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (group_of(&rows[i]) >= groups)
			groups = group_of(&rows[i]) + 1;
	}
	/* for each measure the lists of all groups, then that of all hosts */
	const size_t of_measure = groups * of_place + HISTORY_HOSTS_OF_ALL;
	struct best *listed = calloc(MEASURES * of_measure, sizeof(*listed));
	if (listed == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (counts_packets(&rows[i].counts) == 0)
			continue;
		for (int m = 0; m < MEASURES; m++) {
			struct best *from = listed + (size_t)m * of_measure;
			const uint64_t value = measure(&rows[i].counts, m);

			offer_best(from + group_of(&rows[i]) * of_place, of_place, value,
				   (uint32_t)i);
			offer_best(from + groups * of_place, HISTORY_HOSTS_OF_ALL, value,
				   (uint32_t)i);
		}
	}
	const int error = collect(rows, count, listed, MEASURES * of_measure, chosen, chosen_count);
	free(listed);
	return error;
}

static size_t
put_address(unsigned char *to, const struct host_row *row)
{
	const size_t length = row->family == ADDR_IPV4 ? IPV4_OCTETS : IPV6_OCTETS;

	memcpy(to, row->addr.bytes + sizeof(row->addr.bytes) - length, length);
	return length;
}

static uint64_t
counter(const struct counts *counts, size_t i)
{
	uint64_t values[COUNTERS];

	memcpy(values, counts, sizeof(values));
	return values[i];
}

int
hosts_encode(const struct host_list *hosts, unsigned int of_place, void **blob, size_t *size)
{
	uint32_t *chosen;
	size_t count, ipv4 = 0;
	int error = history_choose(hosts->rows, hosts->count, of_place, &chosen, &count);

	*blob = NULL;
	*size = 0;
	if (error != 0 || count == 0) {
		free(chosen);
		return error;
	}
	unsigned char *plain =
		malloc(2 * VARINT_MAX + count * (IPV6_OCTETS + (1 + COUNTERS) * VARINT_MAX));
	if (plain == NULL) {
		free(chosen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		ipv4 += hosts->rows[chosen[i]].family == ADDR_IPV4;
	size_t n = varint_put(plain, ipv4);
	n += varint_put(plain + n, count - ipv4);
	for (size_t i = 0; i < count; i++)
		n += put_address(plain + n, &hosts->rows[chosen[i]]);
	for (size_t i = 0; i < count; i++)
		n += varint_put(plain + n, hosts->rows[chosen[i]].place);
	for (size_t c = 0; c < COUNTERS; c++) {
		for (size_t i = 0; i < count; i++)
			n += varint_put(plain + n, counter(&hosts->rows[chosen[i]].counts, c));
	}
	error = blob_pack(plain, n, blob, size);
	free(plain);
	free(chosen);
	return error;
}

/* The columns behind the addresses. False: they are not what they should be. */
static bool
read_columns(const unsigned char *at, const unsigned char *end, struct host_row *rows, size_t count)
{
	uint64_t value;

	for (size_t i = 0; i < count; i++) {
		if (!varint_get(&at, end, &value) || value > PLACES_MOST)
			return false;
		rows[i].place = (uint32_t)value;
	}
	for (size_t c = 0; c < COUNTERS; c++) {
		for (size_t i = 0; i < count; i++) {
			if (!varint_get(&at, end, &value))
				return false;
			memcpy((unsigned char *)&rows[i].counts + c * sizeof(value), &value,
			       sizeof(value));
		}
	}
	return at == end;
}

int
hosts_decode(struct host_list *into, const void *blob, size_t size)
{
	const unsigned char *at, *end;
	unsigned char *plain;
	uint64_t ipv4, ipv6;
	size_t length;

	if (size == 0) /* none were kept */
		return 0;
	int error = blob_unpack(blob, size, &plain, &length);
	if (error != 0)
		return error;
	at = plain;
	end = plain + length;
	if (!varint_get(&at, end, &ipv4) || !varint_get(&at, end, &ipv6) || ipv4 > length ||
	    ipv6 > length || ipv4 * IPV4_OCTETS + ipv6 * IPV6_OCTETS > (uint64_t)(end - at))
		error = -EBADMSG;
	const size_t count = error == 0 ? (size_t)(ipv4 + ipv6) : 0;
	if (error == 0)
		error = host_list_reserve(into, count);
	for (size_t i = 0; i < count && error == 0; i++) {
		struct host_row *row = &into->rows[into->count + i];

		*row = (struct host_row){0};
		row->family = i < ipv4 ? ADDR_IPV4 : ADDR_IPV6;
		row->addr = i < ipv4 ? host_addr_from_ipv4(at) : host_addr_from_ipv6(at);
		at += i < ipv4 ? IPV4_OCTETS : IPV6_OCTETS;
	}
	if (error == 0 && !read_columns(at, end, into->rows + into->count, count))
		error = -EBADMSG;
	if (error == 0)
		into->count += count;
	free(plain);
	return error;
}

int
hosts_add(struct host_list *into, const struct host_list *from)
{
	struct host_list sum = {0};
	struct counts none = {0};

	if (from->count == 0)
		return 0;
	if (host_list_merge(&sum, into, from, SIZE_MAX, &none) != 0)
		return -ENOMEM;
	host_list_free(into);
	*into = sum;
	return 0;
}

void
hosts_hide(struct host_list *hosts, const struct privacy *privacy)
{
	if (privacy->no_hosts)
		hosts->count = 0;
	else if (host_cut_any(privacy->cut))
		host_list_cut(hosts, privacy->cut);
}

int
hosts_compact(struct host_list *hosts, size_t *compact, bool last)
{
	int error = 0;

	if (last || hosts->count > COMPACT_FROM + 2 * *compact) {
		error = host_list_sort(hosts);
		*compact = hosts->count;
	}
	return error;
}
