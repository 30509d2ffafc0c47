/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts by place, as sparse as they come: what a slot, a sensor or a part of a period brought.
 *
 * Places are numbers of a struct locate, of which a fleet has many and one sensor few. Memory: 72
 * octets a place that has counts, and 8 to 16 for finding it. Pure. One thread at a time.
 */
#pragma once

#include "counts.h"

#include <stddef.h>
#include <stdint.h>

struct row {
	uint32_t place;
	struct counts counts;
};

struct rows {
	struct row *rows; /* each place once, in the order in which they came */
	size_t count, room;
	uint32_t *index; /* open addressing, a power of two of slots: row + 1; 0: empty */
	uint32_t mask;   /* slots - 1 */
};

int rows_add(struct rows *rows, uint32_t place, const struct counts *counts); /* 0 or -ENOMEM */
/* 0; or -ENOMEM: some of it may be added, and whoever counts cannot go on. */
int rows_add_all(struct rows *into, const struct rows *from);
void rows_clear(struct rows *rows); /* keeps the memory */
void rows_free(struct rows *rows);
