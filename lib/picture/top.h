/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The busiest of many rows: of hosts, of cities, of countries.
 *
 * The page ranks by packets or octets x TCP, UDP or both x source, destination or both: 18
 * measures. A row is at the top when it is among the first TOP_EACH by any of them, so that each
 * choice on the page has its list in one answer.
 *
 *     top_init, top_add for each row, top_take
 *
 * For each measure there is a short list whose least member is the bar that the next row must
 * clear. Nearly all rows fail all bars, so the cost is 18 comparisons a row.
 *
 * Pure. Any thread, one at a time for a `struct top`.
 */
#pragma once

#include "counts.h"

#include <stddef.h>
#include <stdint.h>

#define TOP_MEASURES 18
#define TOP_EACH     12
#define TOP_MAX      (TOP_MEASURES * TOP_EACH) /* rows, when each measure has its own */

/* One row: where it stands in the caller's list, and its packets. */
struct top_row {
	uint64_t packets;
	size_t row;
};

struct top {
	struct {
		uint64_t bar;
		size_t count;
		struct {
			uint64_t value;
			struct top_row row;
		} best[TOP_EACH];
	} lists[TOP_MEASURES];
};

void top_init(struct top *top);
/* Row number `row`; of equal rows the one that was added first is ahead. */
void top_add(struct top *top, size_t row, const struct counts *counts);
/* Each row once, in the order of top_sort. The number of rows. */
size_t top_take(const struct top *top, struct top_row rows[TOP_MAX]);

/* By packets, descending; then by row. */
void top_sort(struct top_row *rows, size_t count);
