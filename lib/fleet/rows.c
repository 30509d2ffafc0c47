/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SLOTS 64

/* Where the place is, or where it would be put: numbers are dense, so their low bits are spread by
 * Fibonacci hashing. */
static uint32_t *
find(const struct rows *r, uint32_t place)
{
	uint32_t at = (place * UINT32_C(2654435769) >> 7) & r->mask;

	while (r->index[at] != 0 && r->rows[r->index[at] - 1].place != place)
		at = (at + 1) & r->mask;
	return &r->index[at];
}

/* An index with room for so many rows, at most half full. */
static int
grow_index(struct rows *r, size_t rows)
{
	size_t slots = r->index != NULL ? (size_t)r->mask + 1 : LEAST_SLOTS;

	while (slots < 2 * rows)
		slots *= 2;
	if (r->index != NULL && slots == (size_t)r->mask + 1)
		return 0;
	uint32_t *index = calloc(slots, sizeof(*index));
	if (index == NULL)
		return -ENOMEM;
	free(r->index);
	r->index = index;
	r->mask = (uint32_t)slots - 1;
	for (size_t i = 0; i < r->count; i++)
		*find(r, r->rows[i].place) = (uint32_t)i + 1;
	return 0;
}

/* Room for so many rows. */
static int
reserve(struct rows *r, size_t count)
{
	if (count > r->room) {
		const size_t room = count + r->room / 2 + 16;
		struct row *rows = realloc(r->rows, room * sizeof(*rows));

		if (rows == NULL)
			return -ENOMEM;
		r->rows = rows;
		r->room = room;
	}
	return grow_index(r, count);
}

int
rows_add(struct rows *r, uint32_t place, const struct counts *counts)
{
	uint32_t *at = r->index != NULL ? find(r, place) : NULL;

	if (at == NULL || *at == 0) {
		if (reserve(r, r->count + 1) != 0)
			return -ENOMEM;
		at = find(r, place);
		r->rows[r->count++] = (struct row){.place = place};
		*at = (uint32_t)r->count;
	}
	counts_add(&r->rows[*at - 1].counts, counts);
	return 0;
}

/* Into what is empty. */
static int
copy(struct rows *into, const struct rows *from)
{
	if (reserve(into, from->count) != 0)
		return -ENOMEM;
	memcpy(into->rows, from->rows, from->count * sizeof(*from->rows));
	into->count = from->count;
	for (size_t i = 0; i < into->count; i++)
		*find(into, into->rows[i].place) = (uint32_t)i + 1;
	return 0;
}

int
rows_add_all(struct rows *into, const struct rows *from)
{
	int error = 0;

	if (into->count == 0 && from->count > 0)
		return copy(into, from);
	/* room as it is needed: of many sensors' rows most are the same places */
	for (size_t i = 0; i < from->count && error == 0; i++)
		error = rows_add(into, from->rows[i].place, &from->rows[i].counts);
	return error;
}

void
rows_clear(struct rows *r)
{
	if (r->index != NULL && r->count > 0)
		memset(r->index, 0, ((size_t)r->mask + 1) * sizeof(*r->index));
	r->count = 0;
}

void
rows_free(struct rows *r)
{
	free(r->rows);
	free(r->index);
	*r = (struct rows){0};
}
