/* SPDX-License-Identifier: BSD-3-Clause */
/* One slot beside its like. */
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DAY_MS      INT64_C(86400000)
#define WEEKS       4
#define DAYS        LIKE_TIMES_MAX
#define WEEKS_LEAST 2
#define DAYS_LEAST  3
#define SLOT_S      ((double)SLOT_MS / 1000)

/* Of all traffic, so that a wall of a million packets/s does not speak of a hundred. */
#define LEAST_SHARE 0.001
/* What the rest of a country, or of all, may be off while one of its places is the cause. */
#define REST_SHARE  0.5
#define SMALL_SHARE 0.2 /* a rest of so much of the difference is none */

struct look {
	struct history_sum now;
	const struct history_sum *used[LIKE_MAX]; /* those like it that were counted */
	size_t used_count;
	double typical;        /* the middle of the places' spreads */
	struct finding *found; /* all */
	size_t count, room;
};

static bool
is_counted(const struct history_sum *sum)
{
	return 2 * sum->covered_ms >= (uint64_t)SLOT_MS;
}

/* Makes the memory hold these slots: those that it has, and the rest out of the store. 0 or an
 * error, with nothing in it. */
static int
remember(struct history *h, struct slot_memory *m, const struct history_span *spans, size_t count)
{
	struct history_sum all[LIKE_MAX] = {0}, missing[LIKE_MAX];
	struct history_span asked[LIKE_MAX];
	size_t to[LIKE_MAX], n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < m->like_count && m->like_ms[k] != spans[i].from_ms)
			k++;
		if (k < m->like_count) {
			all[i] = m->like[k];
			m->like[k].counts = NULL;
		} else {
			to[n] = i;
			asked[n++] = spans[i];
		}
	}
	history_sums_free(m->like, m->like_count);
	m->like_count = 0;
	const int ret = history_sums(h, asked, n, missing, NULL);

	if (ret != 0) {
		history_sums_free(all, count);
		return ret;
	}
	for (size_t i = 0; i < n; i++)
		all[to[i]] = missing[i];
	for (size_t i = 0; i < count; i++) {
		m->like[i] = all[i];
		m->like_ms[i] = spans[i].from_ms;
	}
	m->like_count = count;
	return 0;
}

/* The slots like this one, `times` times `back_ms` ago. 0 with how many of the times were counted;
 * or an error. */
static int
read_like(struct history *h, struct slot_memory *m, struct look *look, int64_t start_ms,
	  size_t times, int64_t back_ms, size_t *counted)
{
	struct history_span spans[LIKE_MAX];

	for (size_t i = 0; i < times * LIKE_ABOUT; i++) {
		const int64_t from = start_ms - (int64_t)(1 + i / LIKE_ABOUT) * back_ms +
				     ((int64_t)(i % LIKE_ABOUT) - 1) * SLOT_MS;

		spans[i] = (struct history_span){from, from + SLOT_MS};
	}
	look->used_count = 0;
	*counted = 0;
	const int ret = remember(h, m, spans, times * LIKE_ABOUT);

	for (size_t i = 0; i < m->like_count && ret == 0; i++) {
		if (!is_counted(&m->like[i]))
			continue;
		look->used[look->used_count++] = &m->like[i];
		*counted += i % LIKE_ABOUT == 1;
	}
	return ret;
}

/* Packets of a place, for as long as a slot. */
static double
packets_of(const struct history_sum *sum, uint32_t id)
{
	if (id >= sum->places)
		return 0;
	return (double)counts_packets(&sum->counts[id]) * (double)SLOT_MS / (double)sum->covered_ms;
}

static int
learn_countries(struct history *h, struct slot_memory *m, uint32_t places)
{
	if (places <= m->known)
		return 0;
	const size_t more = places - m->known;
	uint16_t *index = realloc(m->countries, places * sizeof(*index));
	uint32_t *ids = malloc(more * sizeof(*ids));
	struct place *said = malloc(more * sizeof(*said));
	int ret = index == NULL || ids == NULL || said == NULL ? -ENOMEM : 0;

	if (index != NULL)
		m->countries = index;
	for (size_t i = 0; i < more && ret == 0; i++)
		ids[i] = m->known + (uint32_t)i;
	if (ret == 0)
		ret = history_lookup(h, ids, more, said, NULL);
	for (size_t i = 0; i < more && ret == 0; i++)
		m->countries[ids[i]] = (uint16_t)place_country_index(said[i].country);
	if (ret == 0)
		m->known = places;
	free(ids);
	free(said);
	return ret;
}

/* `values`: now, then those of the like times. 0 or -ENOMEM. */
static int
judge(struct look *look, double *values, double least, const struct finding *subject)
{
	const double now = values[0];
	const struct unusual u = unusual_score(now, values + 1, look->used_count, look->typical);
	const int direction = unusual_judge(now, &u, least);

	if (direction == 0)
		return 0;
	if (look->count == look->room) {
		const size_t room = 2 * look->room + 64;
		struct finding *found = realloc(look->found, room * sizeof(*found));

		if (found == NULL)
			return -ENOMEM;
		look->found = found;
		look->room = room;
	}
	struct finding *f = &look->found[look->count++];
	*f = *subject;
	f->direction = direction;
	f->now = now / SLOT_S;
	f->usual = u.usual / SLOT_S;
	f->score = u.score;
	return 0;
}

static bool
is_busy(const double *values, size_t count, double least)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i] >= least)
			return true;
	}
	return false;
}

/* Now, and the like times. */
static void
values_of(const struct look *look, uint32_t id, double values[1 + LIKE_MAX])
{
	values[0] = packets_of(&look->now, id);
	for (size_t i = 0; i < look->used_count; i++)
		values[1 + i] = packets_of(look->used[i], id);
}

/* How calm the middle one of the places is that are busy. 0 or -ENOMEM. */
static int
find_typical(struct look *look, uint32_t places, double least)
{
	double values[1 + LIKE_MAX], *spreads = malloc(((size_t)places + 1) * sizeof(*spreads));
	size_t count = 0;

	if (spreads == NULL)
		return -ENOMEM;
	for (uint32_t id = 0; id < places; id++) {
		values_of(look, id, values);
		if (unusual_median(values + 1, look->used_count) >= least)
			spreads[count++] = unusual_spread(values + 1, look->used_count);
	}
	look->typical = unusual_median(spreads, count);
	free(spreads);
	return 0;
}

/* Places, then countries, then all of it, which is the last one found. */
static int
look_at_all(struct look *look, const struct slot_memory *m, uint32_t places, double least_pps)
{
	const size_t n = 1 + look->used_count;
	double(*sums)[1 + LIKE_MAX] = calloc(PLACE_COUNTRIES, sizeof(*sums));
	double all[1 + LIKE_MAX] = {0}, values[1 + LIKE_MAX];
	int ret = sums == NULL ? -ENOMEM : 0;

	for (uint32_t id = 0; id < places && ret == 0; id++) {
		double *country = sums[m->countries[id]];

		values_of(look, id, values);
		for (size_t i = 0; i < n; i++)
			country[i] += values[i];
	}
	for (size_t c = 0; c < PLACE_COUNTRIES && ret == 0; c++) {
		for (size_t i = 0; i < n; i++)
			all[i] += sums[c][i];
	}
	double most = all[0];
	for (size_t i = 1; i < n; i++)
		most = fmax(most, all[i]);
	const double least = fmax(least_pps * SLOT_S, LEAST_SHARE * most);
	if (ret == 0)
		ret = find_typical(look, places, least);
	for (uint32_t id = 0; id < places && ret == 0; id++) {
		values_of(look, id, values);
		if (is_busy(values, n, least))
			ret = judge(look, values, least,
				    &(struct finding){.subject = EVENT_PLACE,
						      .place = id,
						      .country = m->countries[id]});
	}
	for (size_t c = 0; c < PLACE_COUNTRIES && ret == 0; c++)
		ret = judge(look, sums[c], least,
			    &(struct finding){.subject = EVENT_COUNTRY, .country = c});
	if (ret == 0)
		ret = judge(look, all, least, &(struct finding){.subject = EVENT_ALL});
	free(sums);
	return ret;
}

/* Is what is left of the whole without this part as it is usually? Then the part is what is told.
 */
static bool
is_cause(const struct finding *part, const struct finding *whole)
{
	const double now = fmax(whole->now - part->now, 0),
		     usual = fmax(whole->usual - part->usual, 0);
	const double small = SMALL_SHARE * fabs(whole->now - whole->usual);

	return part->direction == whole->direction &&
	       (fabs(now - usual) <= REST_SHARE * usual || (now < small && usual < small));
}

/* Is it said already by another finding? */
static bool
is_explained(const struct look *look, const struct finding *f)
{
	if (f->subject == EVENT_PLACE)
		return false;
	for (size_t i = 0; i < look->count; i++) {
		const struct finding *other = &look->found[i];

		if (other->subject > f->subject && is_cause(other, f) &&
		    (f->subject == EVENT_ALL || other->country == f->country))
			return true;
	}
	return false;
}

static int
least_usual_first(const void *a, const void *b)
{
	const double x = fabs(((const struct finding *)a)->score),
		     y = fabs(((const struct finding *)b)->score);

	return x < y ? 1 : x > y ? -1 : 0;
}

static void
take_findings(struct look *look, struct slot_view *view)
{
	size_t n = 0;
	struct finding *kept = malloc((look->count + 1) * sizeof(*kept));
	const struct finding *all = &look->found[look->count - 1];
	/* what falls with all of it is not told one by one */
	const bool falls =
		all->subject == EVENT_ALL && all->direction < 0 && !is_explained(look, all);

	for (size_t i = 0; i < look->count && kept != NULL; i++) {
		const struct finding *f = &look->found[i];

		if (!is_explained(look, f) &&
		    !(falls && f->subject != EVENT_ALL && f->direction < 0))
			kept[n++] = *f;
	}
	if (n > 1)
		qsort(kept, n, sizeof(*kept), least_usual_first);
	view->count = n < EVENTS_A_SLOT ? n : EVENTS_A_SLOT;
	for (size_t i = 0; i < view->count; i++)
		view->findings[i] = kept[i];
	free(kept);
}

void
slot_forget(struct slot_memory *m)
{
	free(m->countries);
	history_sums_free(m->like, m->like_count);
	*m = (struct slot_memory){0};
}

/* By the weeks where there are enough, else by the days. 0 or an error. */
static int
find_like(struct history *h, struct slot_memory *m, struct look *look, int64_t start_ms,
	  int64_t oldest_ms, bool *learning)
{
	size_t counted = 0;
	int ret = 0;

	*learning = oldest_ms > start_ms - WEEKS_LEAST * 7 * DAY_MS;
	if (!*learning) {
		ret = read_like(h, m, look, start_ms, WEEKS, 7 * DAY_MS, &counted);
		*learning = counted < WEEKS_LEAST;
	}
	if (ret == 0 && *learning && oldest_ms <= start_ms - DAYS_LEAST * DAY_MS) {
		ret = read_like(h, m, look, start_ms, DAYS, DAY_MS, &counted);
		*learning = counted < DAYS_LEAST;
	}
	return ret;
}

int
slot_look(struct history *h, struct slot_memory *m, int64_t start_ms, int64_t oldest_ms,
	  double least_pps, struct slot_view *view)
{
	const struct history_span span = {start_ms, start_ms + SLOT_MS};
	struct look look = {0};

	*view = (struct slot_view){0};
	int ret = history_sums(h, &span, 1, &look.now, NULL);

	view->empty = look.now.covered_ms == 0;
	view->counted = ret == 0 && is_counted(&look.now);
	if (view->counted)
		ret = find_like(h, m, &look, start_ms, oldest_ms, &view->learning);
	uint32_t places = look.now.places;
	for (size_t i = 0; i < look.used_count; i++)
		places = look.used[i]->places > places ? look.used[i]->places : places;
	const bool looks = ret == 0 && view->counted && !view->learning;
	if (looks)
		ret = learn_countries(h, m, places);
	if (looks && ret == 0)
		ret = look_at_all(&look, m, places, least_pps);
	if (ret == 0 && look.count > 0)
		take_findings(&look, view);
	history_sums_free(&look.now, 1);
	free(look.found);
	return ret;
}
