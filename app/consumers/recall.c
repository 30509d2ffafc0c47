/* SPDX-License-Identifier: BSD-3-Clause */
#include "recall.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000
#define DAY_MS  (24ll * HOUR_MS)
#define STEP_MS 10000

struct recall {
	struct map_consumer *map;
	uint32_t
		*numbers; /* [known]: place of this process + 1, by id of the store; 0: not asked */
	uint32_t known;
	int64_t end_ms; /* of what has been recalled */
	size_t rows;
};

/* 0 or -ENOMEM. */
static int
number_of(struct recall *r, const struct place *place, uint32_t *number)
{
	if (place->number >= r->known) {
		uint32_t want = place->number + place->number / 4 + 256;
		uint32_t *numbers = realloc(r->numbers, want * sizeof(*numbers));

		if (numbers == NULL)
			return -ENOMEM;
		memset(numbers + r->known, 0, (want - r->known) * sizeof(*numbers));
		r->numbers = numbers;
		r->known = want;
	}
	if (r->numbers[place->number] == 0) {
		uint32_t found = locate_place(r->map->locate, place);

		if (found == PLACE_UNASKED)
			return -ENOMEM;
		r->numbers[place->number] = found + 1;
	}
	*number = r->numbers[place->number] - 1;
	return 0;
}

/* The time in which nothing was counted passes too, in steps: what is older leaves the windows. */
static int
pass_gap(struct recall *r, int64_t until_ms)
{
	int error = 0;

	while (r->end_ms < until_ms && error == 0) {
		const int64_t step =
			until_ms - r->end_ms < STEP_MS ? until_ms - r->end_ms : STEP_MS;

		error = heat_recall_period(r->map->heat, (double)step / 1000);
		r->end_ms += step;
	}
	return error;
}

static int
recall_row(void *context, const struct history_row *row)
{
	struct recall *r = context;
	uint32_t number;
	int error = r->rows > 0 ? pass_gap(r, row->start_ms) : 0;

	for (size_t i = 0; i < row->count && error == 0; i++) {
		error = number_of(r, row->points[i].place, &number);
		if (error == 0)
			error = heat_add(r->map->heat, number, &row->points[i].counts);
	}
	if (error != 0)
		return error;
	heat_add_ledger(r->map->heat, &row->ledger);
	error = heat_recall_period(r->map->heat, (double)row->covered_ms / 1000);
	if (row->end_ms > r->end_ms)
		r->end_ms = row->end_ms;
	if (row->end_ms > utc_ms() - PICTURE_HISTORY * (int64_t)(r->map->settings->period_s * 1000))
		sums_remember_rate(&r->map->sums,
				   (double)row->received * 1000 /
					   (double)(row->covered_ms ? row->covered_ms : 1));
	r->rows++;
	return error;
}

int
recall_windows(struct map_consumer *map, struct history *history)
{
	struct recall r = {.map = map};
	const int64_t now = utc_ms();
	const uint64_t began = monotonic_ns();
	int error = history_recall(history, now - DAY_MS, now - HOUR_MS, now, recall_row, &r);

	if (error == 0 && r.rows > 0)
		error = pass_gap(&r, now);
	free(r.numbers);
	if (error == -ENOMEM)
		return error;
	if (error != 0)
		log_warning("history: the windows cannot be filled from the store: %s",
			    strerror(-error));
	else if (r.rows > 0)
		log_line(
			"history: the windows go on from %zu rows of the last day, read in %llu ms",
			r.rows, (unsigned long long)((monotonic_ns() - began) / 1000000));
	return 0;
}
