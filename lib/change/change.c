/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"

#include "unusual.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS   INT64_C(86400000)
#define WEEK_MS  (7 * DAY_MS)
#define COUNTERS (sizeof(struct counts) / sizeof(uint64_t))

const char *const change_against_names[AGAINSTS] = {"day", "week", "usual"};
const char *const change_kind_names[CHANGE_KINDS] = {"same", "new", "gone", "grown", "shrunk"};

enum change_against
change_against_parse(const char *name)
{
	int i = 0;

	while (i < AGAINSTS && strcmp(name, change_against_names[i]) != 0)
		i++;
	return i;
}

enum change_kind
change_kind(const struct counts *now, const struct counts *before)
{
	const uint64_t n = counts_packets(now), b = counts_packets(before);

	if (n == b)
		return CHANGE_SAME;
	if (b == 0)
		return CHANGE_NEW;
	if (n == 0)
		return CHANGE_GONE;
	return n > b ? CHANGE_GROWN : CHANGE_SHRUNK;
}

/* Each counter's median over the times before, for as long as now. */
static struct counts
usual_of(const struct history_sum *sums, size_t count, uint64_t covered_ms, uint32_t id)
{
	struct counts usual = {0};
	uint64_t out[COUNTERS];

	for (size_t c = 0; c < COUNTERS && count > 0; c++) {
		double values[CHANGE_TIMES_MAX];

		for (size_t i = 0; i < count; i++) {
			uint64_t all[COUNTERS] = {0};

			if (id < sums[i].places)
				memcpy(all, &sums[i].counts[id], sizeof(all));
			values[i] =
				(double)all[c] * ((double)covered_ms / (double)sums[i].covered_ms);
		}
		out[c] = (uint64_t)llround(unusual_median(values, count));
	}
	if (count > 0)
		memcpy(&usual, out, sizeof(usual));
	return usual;
}

static uint64_t
difference(const struct counts *now, const struct counts *before)
{
	const uint64_t n = counts_packets(now), b = counts_packets(before);

	return n > b ? n - b : b - n;
}

static int
order_places(const void *a, const void *b)
{
	const struct change_place *x = a, *y = b;
	const uint64_t dx = difference(&x->now, &x->before), dy = difference(&y->now, &y->before);

	if (dx != dy)
		return dx < dy ? 1 : -1;
	return x->place.number < y->place.number ? -1 : x->place.number > y->place.number;
}

static int
order_countries(const void *a, const void *b)
{
	const struct change_country *x = a, *y = b;
	const uint64_t dx = difference(&x->now, &x->before), dy = difference(&y->now, &y->before);

	if (dx != dy)
		return dx < dy ? 1 : -1;
	return strcmp(x->code, y->code);
}

/* What each place has, with its id alone. 0 or -ENOMEM. */
static int
compare(struct change *change, const struct history_sum *now, const struct history_sum *before)
{
	uint32_t places = now->places;

	for (size_t i = 0; i < change->before_count; i++)
		places = before[i].places > places ? before[i].places : places;
	change->places = malloc(((size_t)places + 1) * sizeof(*change->places));
	if (change->places == NULL)
		return -ENOMEM;
	for (uint32_t id = 0; id < places; id++) {
		struct change_place *p = &change->places[change->place_count];

		*p = (struct change_place){.place.number = id};
		if (id < now->places)
			p->now = now->counts[id];
		p->before = usual_of(before, change->before_count, now->covered_ms, id);
		if (counts_packets(&p->now) + counts_packets(&p->before) > 0)
			change->place_count++;
	}
	return 0;
}

/* What the places say; and those of our own go where they are not wanted. */
static int
name_places(struct history *h, struct change *change, bool remote, char error[HISTORY_ERROR_MAX])
{
	const size_t count = change->place_count;
	uint32_t *ids = malloc((count + 1) * sizeof(*ids));
	struct place *places = malloc((count + 1) * sizeof(*places));
	int ret = ids == NULL || places == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < count && ret == 0; i++)
		ids[i] = change->places[i].place.number;
	if (ret == 0)
		ret = history_lookup(h, ids, count, places, error);
	change->place_count = 0;
	for (size_t i = 0; i < count && ret == 0; i++) {
		if (remote && places[i].own)
			continue;
		change->places[change->place_count] = change->places[i];
		change->places[change->place_count++].place = places[i];
	}
	free(ids);
	free(places);
	return ret;
}

static int
sum_countries(struct change *change)
{
	struct change_country *all = calloc(PLACE_COUNTRIES, sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < change->place_count; i++) {
		const struct change_place *p = &change->places[i];
		const size_t index = place_country_index(p->place.country);

		if (index != 0)
			memcpy(all[index].code, p->place.country, sizeof(all[index].code));
		counts_add(&all[index].now, &p->now);
		counts_add(&all[index].before, &p->before);
	}
	change->countries = all;
	for (size_t i = 0; i < PLACE_COUNTRIES; i++) {
		if (counts_packets(&all[i].now) + counts_packets(&all[i].before) > 0)
			all[change->country_count++] = all[i];
	}
	qsort(all, change->country_count, sizeof(*all), order_countries);
	return 0;
}

/* Those times that were counted, in front. */
static void
keep_counted(struct change *change, struct history_sum *before, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct history_sum sum = before[i];

		if (sum.covered_ms == 0)
			continue;
		before[i] = before[change->before_count];
		before[change->before_count] = sum;
		change->before[change->before_count] = sum;
		change->before[change->before_count++].counts = NULL;
	}
}

int
change_find(struct history *h, int64_t from_ms, int64_t to_ms, enum change_against against,
	    bool remote, struct change *change, char error[HISTORY_ERROR_MAX])
{
	const int64_t back = against == AGAINST_DAY ? DAY_MS : WEEK_MS;
	const size_t count = 1 + (against == AGAINST_USUAL ? CHANGE_TIMES_MAX : 1);
	struct history_span spans[1 + CHANGE_TIMES_MAX];
	struct history_sum sums[1 + CHANGE_TIMES_MAX];

	*change = (struct change){.against = against};
	for (size_t i = 0; i < count; i++)
		spans[i] = (struct history_span){from_ms - (int64_t)i * back,
						 to_ms - (int64_t)i * back};
	int ret = history_sums(h, spans, count, sums, error);

	if (ret != 0)
		return ret;
	change->now = sums[0];
	change->now.counts = NULL;
	keep_counted(change, sums + 1, count - 1);
	ret = compare(change, &sums[0], sums + 1);
	history_sums_free(sums, count);
	if (ret == 0)
		ret = name_places(h, change, remote, error);
	if (ret == 0)
		ret = sum_countries(change);
	if (ret != 0) {
		change_free(change);
		return ret;
	}
	qsort(change->places, change->place_count, sizeof(*change->places), order_places);
	return 0;
}

void
change_free(struct change *change)
{
	free(change->places);
	free(change->countries);
	*change = (struct change){0};
}
