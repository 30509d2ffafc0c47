/* SPDX-License-Identifier: BSD-3-Clause */
#include "top.h"

#include <stdlib.h>
#include <string.h>

void
top_init(struct top *top)
{
	memset(top, 0, sizeof(*top));
}

static void
measure(const struct counts *c, uint64_t m[TOP_MEASURES])
{
	const uint64_t(*values[2])[DIRECTIONS] = {c->packets, c->octets};

	for (int v = 0; v < 2; v++) {
		uint64_t tcp_src = values[v][LAYER_TCP][AS_SOURCE];
		uint64_t tcp_dst = values[v][LAYER_TCP][AS_DESTINATION];
		uint64_t udp_src = values[v][LAYER_UDP][AS_SOURCE];
		uint64_t udp_dst = values[v][LAYER_UDP][AS_DESTINATION];

		*m++ = tcp_src + tcp_dst + udp_src + udp_dst;
		*m++ = tcp_src + tcp_dst;
		*m++ = udp_src + udp_dst;
		*m++ = tcp_src + udp_src;
		*m++ = tcp_dst + udp_dst;
		*m++ = tcp_src;
		*m++ = tcp_dst;
		*m++ = udp_src;
		*m++ = udp_dst;
	}
}

void
top_add(struct top *top, size_t row, const struct counts *counts)
{
	uint64_t measures[TOP_MEASURES];

	measure(counts, measures);
	for (int m = 0; m < TOP_MEASURES; m++) {
		if (measures[m] <= top->lists[m].bar)
			continue;
		size_t at = top->lists[m].count;
		if (at < TOP_EACH)
			top->lists[m].count++;
		else
			at--;
		while (at > 0 && top->lists[m].best[at - 1].value < measures[m]) {
			top->lists[m].best[at] = top->lists[m].best[at - 1];
			at--;
		}
		top->lists[m].best[at].value = measures[m];
		top->lists[m].best[at].row = (struct top_row){measures[0], row};
		if (top->lists[m].count == TOP_EACH)
			top->lists[m].bar = top->lists[m].best[TOP_EACH - 1].value;
	}
}

size_t
top_take(const struct top *top, struct top_row rows[TOP_MAX])
{
	size_t n = 0;

	for (int m = 0; m < TOP_MEASURES; m++) {
		for (size_t k = 0; k < top->lists[m].count; k++) {
			size_t seen = 0;

			while (seen < n && rows[seen].row != top->lists[m].best[k].row.row)
				seen++;
			if (seen == n)
				rows[n++] = top->lists[m].best[k].row;
		}
	}
	top_sort(rows, n);
	return n;
}

static int
order(const void *a, const void *b)
{
	const struct top_row *ra = a, *rb = b;

	if (ra->packets != rb->packets)
		return ra->packets > rb->packets ? -1 : 1;
	return ra->row < rb->row ? -1 : ra->row > rb->row;
}

void
top_sort(struct top_row *rows, size_t count)
{
	if (count > 1)
		qsort(rows, count, sizeof(*rows), order);
}
