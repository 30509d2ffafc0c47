/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many more rows, and for a place's number. */
static int
reserve(struct rows *r, size_t more, uint32_t place)
{
	if (r->count + more > r->room) {
		const size_t room = r->count + more + r->room / 2 + 16;
		struct row *rows = realloc(r->rows, room * sizeof(*rows));

		if (rows == NULL)
			return -ENOMEM;
		r->rows = rows;
		r->room = room;
	}
	if (place >= r->known) {
		const uint32_t known = place + place / 4 + 64;
		uint32_t *at = realloc(r->at, known * sizeof(*at));

		if (at == NULL)
			return -ENOMEM;
		memset(at + r->known, 0, (known - r->known) * sizeof(*at));
		r->at = at;
		r->known = known;
	}
	return 0;
}

static void
add(struct rows *r, uint32_t place, const struct counts *counts)
{
	if (r->at[place] == 0) {
		r->rows[r->count++] = (struct row){.place = place};
		r->at[place] = (uint32_t)r->count;
	}
	counts_add(&r->rows[r->at[place] - 1].counts, counts);
}

int
rows_add(struct rows *r, uint32_t place, const struct counts *counts)
{
	if (reserve(r, 1, place) != 0)
		return -ENOMEM;
	add(r, place, counts);
	return 0;
}

int
rows_add_all(struct rows *into, const struct rows *from)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (from->rows[i].place > highest)
			highest = from->rows[i].place;
	}
	if (from->count > 0 && reserve(into, from->count, highest) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++)
		add(into, from->rows[i].place, &from->rows[i].counts);
	return 0;
}

void
rows_clear(struct rows *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->at[r->rows[i].place] = 0;
	r->count = 0;
}

void
rows_free(struct rows *r)
{
	free(r->rows);
	free(r->at);
	*r = (struct rows){0};
}
