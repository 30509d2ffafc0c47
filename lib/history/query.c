/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of the store: the sums of a range, the steps of a series, the rows of a restart. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
by_packets(const void *a, const void *b)
{
	const struct history_place *x = a, *y = b;
	const uint64_t px = counts_packets(&x->counts), py = counts_packets(&y->counts);

	if (px != py)
		return px < py ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Names the places that have counts. 0, -ENOMEM or -EIO. */
static int
name_places(sqlite3 *db, const struct sum *sum, struct history_place **places, size_t *count)
{
	sqlite3_stmt *statement;
	size_t n = 0;
	int error = 0;

	for (uint32_t i = 0; i < sum->places; i++)
		n += counts_packets(&sum->counts[i]) != 0;
	*count = 0;
	*places = calloc(n + 1, sizeof(**places));
	if (*places == NULL)
		return -ENOMEM;
	if (sqlite3_prepare_v2(db, "SELECT " PLACE_COLUMNS " FROM places WHERE id = ?1", -1,
			       &statement, NULL) != SQLITE_OK)
		error = -EIO;
	for (uint32_t i = 0; i < sum->places && error == 0; i++) {
		struct history_place *p = &(*places)[*count];

		if (counts_packets(&sum->counts[i]) == 0)
			continue;
		sqlite3_bind_int64(statement, 1, i);
		if (sqlite3_step(statement) != SQLITE_ROW) {
			error = -EIO;
			break;
		}
		p->id = i;
		place_of_row(statement, 0, i, &p->place);
		p->counts = sum->counts[i];
		++*count;
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	if (error != 0) {
		free(*places);
		*places = NULL;
	}
	return error;
}

/* The hosts, their places by where these now stand. 0 or -ENOMEM. */
static int
take_hosts(struct question *q, const struct privacy *privacy, struct history_range *range)
{
	uint32_t *index = malloc(((size_t)q->sum.places + 1) * sizeof(*index));
	int error = index == NULL ? -ENOMEM : hosts_compact(&q->sum.hosts, &q->compact, true);

	if (error != 0) {
		free(index);
		return error;
	}
	hosts_hide(&q->sum.hosts, privacy);
	for (uint32_t id = 0; id < q->sum.places; id++)
		index[id] = PLACE_NONE;
	for (size_t i = 0; i < range->count; i++)
		index[range->places[i].id] = (uint32_t)i;
	range->hosts = q->sum.hosts.rows;
	range->host_count = q->sum.hosts.count;
	q->sum.hosts = (struct host_list){0};
	for (size_t i = 0; i < range->host_count; i++) {
		struct host_row *host = &range->hosts[i];

		host->place = host->place < q->sum.places ? index[host->place] : PLACE_NONE;
	}
	free(index);
	return 0;
}

int
history_range(struct history *h, int64_t from_ms, int64_t to_ms, struct history_range *range,
	      char error[HISTORY_ERROR_MAX])
{
	struct question q = {.visit = {.coarsest = HISTORY_TIERS - 1,
				       .row = question_add_row,
				       .hosts = !h->settings.privacy.no_hosts}};
	int ret;

	*range = (struct history_range){0};
	if (from_ms >= to_ms)
		return -EINVAL;
	q.visit.context = &q;
	ret = question_open(h, &q, error);
	if (ret == 0 && visit_begin(&q.visit, from_ms, to_ms) != SQLITE_OK)
		ret = -EIO;
	if (ret == 0)
		ret = visit_rows(&q.visit);
	if (ret == 0)
		ret = name_places(q.visit.db, &q.sum, &range->places, &range->count);
	if (ret == -EIO)
		ret = question_say(q.visit.db, h->store.path, error);
	if (ret == 0) {
		qsort(range->places, range->count, sizeof(*range->places), by_packets);
		range->from_ms = q.visit.from_ms;
		range->to_ms = q.visit.to_ms;
		range->tiers = q.tiers;
		range->resolution = q.visit.resolution;
		range->privacy = h->settings.privacy;
		range->covered_ms = q.sum.covered_ms;
		range->periods = q.sum.periods;
		range->rows = q.rows;
		range->damaged = q.damaged;
		range->received = q.sum.received;
		range->lost = q.sum.lost;
		range->ledger = q.sum.ledger;
		ret = take_hosts(&q, &h->settings.privacy, range);
	}
	question_close(&q);
	if (ret != 0)
		history_range_free(range);
	return ret;
}

void
history_range_free(struct history_range *range)
{
	free(range->places);
	free(range->hosts);
	*range = (struct history_range){0};
}

struct stepping {
	struct question question;
	const struct history_filter *filter;
	bool *wanted; /* [places], by id */
	uint32_t places;
	struct history_series *series;
};

static bool
is_wanted(const void *context, uint32_t place)
{
	const struct stepping *s = context;

	return place < s->places && s->wanted[place];
}

static int
step_row(void *context, const struct visit_row *row)
{
	struct stepping *s = context;
	struct history_series *series = s->series;
	const size_t i = (size_t)((row->start_ms - series->from_ms) / series->step_ms);

	if (i >= series->count)
		return 0;
	struct history_step *step = &series->steps[i];
	step->covered_ms += row->covered_ms;
	if (s->wanted != NULL)
		return question_tolerate(
			&s->question,
			blob_add_some(&step->counts, row->places, row->places_size, is_wanted, s));
	step->received += row->received;
	step->lost += row->lost;
	for (int layer = 0; layer < LAYERS; layer++) {
		step->packets[layer] += row->packets[layer];
		step->octets[layer] += row->octets[layer];
	}
	return 0;
}

/* Which places a filter wants. 0, -ENOMEM or -EIO. */
static int
find_wanted(struct stepping *s)
{
	sqlite3 *db = s->question.visit.db;
	sqlite3_stmt *statement;
	int code;

	s->places = (uint32_t)store_number(db, "SELECT max(id) + 1 FROM places", &code);
	if (code != SQLITE_OK)
		return -EIO;
	s->wanted = calloc((size_t)s->places + 1, sizeof(*s->wanted));
	if (s->wanted == NULL)
		return -ENOMEM;
	if (s->filter->place != 0) {
		if (s->filter->place < s->places)
			s->wanted[s->filter->place] = true;
		return 0;
	}
	if (sqlite3_prepare_v2(db,
			       s->filter->by_network
				       ? "SELECT id FROM places WHERE asn = ?1"
				       : "SELECT id FROM places WHERE country = ?1 AND asn IS NULL",
			       -1, &statement, NULL) != SQLITE_OK)
		return -EIO;
	if (s->filter->by_network)
		sqlite3_bind_int64(statement, 1, s->filter->network);
	else
		sqlite3_bind_text(statement, 1, s->filter->country, -1, SQLITE_STATIC);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		const int64_t id = sqlite3_column_int64(statement, 0);

		if (id >= 0 && id < s->places)
			s->wanted[id] = true;
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : -EIO;
}

static int64_t
round_up(int64_t value, int64_t unit)
{
	return unit <= 1 ? value : (value + unit - 1) / unit * unit;
}

/* Steps on whole slots of a tier: the coarsest that is not longer than a step. 0 or an error. */
static int
lay_out(struct stepping *s, int64_t from_ms, int64_t to_ms, int64_t step_ms,
	char error[HISTORY_ERROR_MAX])
{
	struct visit *v = &s->question.visit;
	struct history_series *series = s->series;

	v->coarsest = 0;
	while (v->coarsest + 1 < HISTORY_TIERS && history_tier_ms[v->coarsest + 1] <= step_ms)
		v->coarsest++;
	if (visit_begin(v, from_ms, to_ms) != SQLITE_OK)
		return -EIO;
	series->resolution = v->coarsest;
	series->step_ms = round_up(step_ms, history_tier_ms[v->coarsest]);
	v->from_ms = slot_of(v->from_ms, v->coarsest);
	series->from_ms = v->from_ms;
	const int64_t count = (v->to_ms - v->from_ms + series->step_ms - 1) / series->step_ms;
	if (count > HISTORY_STEPS_MAX) {
		snprintf(error, HISTORY_ERROR_MAX,
			 "these are %lld steps of %lld s, more than %d: a longer step or a shorter "
			 "range",
			 (long long)count, (long long)(series->step_ms / 1000), HISTORY_STEPS_MAX);
		return -EINVAL;
	}
	series->to_ms = series->from_ms + count * series->step_ms;
	v->to_ms = series->to_ms;
	series->steps = calloc((size_t)count, sizeof(*series->steps));
	series->count = (size_t)count;
	return series->steps == NULL ? -ENOMEM : 0;
}

int
history_series(struct history *h, int64_t from_ms, int64_t to_ms, int64_t step_ms,
	       const struct history_filter *filter, struct history_series *series,
	       char error[HISTORY_ERROR_MAX])
{
	struct stepping s = {.filter = filter, .series = series};
	int ret;

	*series = (struct history_series){0};
	if (from_ms >= to_ms || step_ms <= 0) {
		snprintf(error, HISTORY_ERROR_MAX, "an empty range, or a step that is none");
		return -EINVAL;
	}
	s.question.visit.row = step_row;
	s.question.visit.context = &s;
	ret = question_open(h, &s.question, error);
	if (ret == 0)
		ret = lay_out(&s, from_ms, to_ms, step_ms, error);
	if (ret == 0 && filter != NULL &&
	    (filter->country != NULL || filter->place != 0 || filter->by_network))
		ret = find_wanted(&s);
	if (ret == 0)
		ret = visit_rows(&s.question.visit);
	if (ret == -EIO)
		ret = question_say(s.question.visit.db, h->store.path, error);
	series->damaged = s.question.damaged;
	free(s.wanted);
	question_close(&s.question);
	if (ret != 0)
		history_series_free(series);
	return ret;
}

void
history_series_free(struct history_series *series)
{
	free(series->steps);
	series->steps = NULL;
	series->count = 0;
}

struct recalling {
	struct question question;
	struct place *places; /* [known], by id */
	uint32_t known;
	struct history_point *points; /* [known] */
	int (*visit)(void *context, const struct history_row *row);
	void *context;
};

/* All places at once: hundreds of rows name the same ones. */
static int
load_places(struct recalling *r)
{
	sqlite3 *db = r->question.visit.db;
	sqlite3_stmt *statement;
	int code;

	r->known = (uint32_t)store_number(db, "SELECT max(id) + 1 FROM places", &code);
	if (code != SQLITE_OK)
		return -EIO;
	r->places = calloc((size_t)r->known + 1, sizeof(*r->places));
	r->points = calloc((size_t)r->known + 1, sizeof(*r->points));
	if (r->places == NULL || r->points == NULL)
		return -ENOMEM;
	if (sqlite3_prepare_v2(db, "SELECT id, " PLACE_COLUMNS " FROM places", -1, &statement,
			       NULL) != SQLITE_OK)
		return -EIO;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		const int64_t id = sqlite3_column_int64(statement, 0);

		if (id >= 0 && id < r->known)
			place_of_row(statement, 1, (uint32_t)id, &r->places[id]);
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : -EIO;
}

static int
recall_row(void *context, const struct visit_row *row)
{
	struct recalling *r = context;
	struct sum *sum = &r->question.sum;
	struct history_row out = {
		.start_ms = row->start_ms,
		.end_ms = row->end_ms,
		.covered_ms = row->covered_ms,
		.received = row->received,
		.lost = row->lost,
		.points = r->points,
	};
	int ret;

	sum_clear(sum);
	ret = question_tolerate(&r->question, blob_add(sum, row->places, row->places_size));
	if (ret == 0)
		ret = question_tolerate(&r->question, ledger_decode(r->question.names, row->ledger,
								    row->ledger_size, &out.ledger));
	if (ret != 0)
		return ret;
	for (uint32_t i = 0; i < sum->places && i < r->known; i++) {
		if (counts_packets(&sum->counts[i]) != 0)
			r->points[out.count++] =
				(struct history_point){&r->places[i], sum->counts[i]};
	}
	return r->visit(r->context, &out);
}

int
history_recall(struct history *h, int64_t from_ms, int64_t fine_from_ms, int64_t to_ms,
	       int (*visit)(void *context, const struct history_row *row), void *context)
{
	struct recalling r = {.visit = visit, .context = context};
	const int64_t ends[] = {from_ms, slot_of(fine_from_ms, 2), to_ms};
	int ret;

	r.question.visit.row = recall_row;
	r.question.visit.context = &r;
	ret = question_open(h, &r.question, NULL);
	if (ret == 0)
		ret = load_places(&r);
	for (int part = 0; part < 2 && ret == 0; part++) {
		if (ends[part] >= ends[part + 1])
			continue;
		r.question.visit.coarsest = part == 0 ? 2 : 0;
		if (visit_begin(&r.question.visit, ends[part], ends[part + 1]) != SQLITE_OK)
			ret = -EIO;
		/* rounding outwards must not bring a row twice */
		if (r.question.visit.to_ms > ends[part + 1])
			r.question.visit.to_ms = ends[part + 1];
		if (part > 0 && r.question.visit.from_ms < ends[part])
			r.question.visit.from_ms = ends[part];
		if (ret == 0)
			ret = visit_rows(&r.question.visit);
		store_run(r.question.visit.db, "COMMIT");
	}
	free(r.places);
	free(r.points);
	question_close(&r.question);
	return ret;
}
