/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts of several times at once, by the store's ids: for who compares times. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

/* Of networks there is nothing in the sums: they would count each packet once more. */
static int
leave_out_networks(sqlite3 *db, struct sum *sum)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db, "SELECT id FROM places WHERE asn IS NOT NULL", -1,
				      &statement, NULL);

	while (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		const int64_t id = sqlite3_column_int64(statement, 0);

		if (id < sum->places)
			sum->counts[id] = (struct counts){0};
	}
	if (code == SQLITE_OK)
		code = sqlite3_finalize(statement);
	return code == SQLITE_OK ? 0 : -EIO;
}

static int
sum_span(struct question *q, const struct history_span *span, struct history_sum *out)
{
	int ret;

	if (span->from_ms >= span->to_ms)
		return -EINVAL;
	sum_free(&q->sum);
	q->visit.coarsest = HISTORY_TIERS - 1;
	visit_round(&q->visit, span->from_ms, span->to_ms);
	ret = visit_rows(&q->visit);
	if (ret == 0)
		ret = leave_out_networks(q->visit.db, &q->sum);
	if (ret != 0)
		return ret;
	*out = (struct history_sum){
		.from_ms = q->visit.from_ms,
		.to_ms = q->visit.to_ms,
		.covered_ms = q->sum.covered_ms,
		.received = q->sum.received,
		.lost = q->sum.lost,
		.counts = q->sum.counts,
		.places = q->sum.places,
	};
	q->sum = (struct sum){0};
	/* room for more is not theirs to see: its ids may be given to places yet to come */
	while (out->places > 0 && counts_packets(&out->counts[out->places - 1]) == 0)
		out->places--;
	return 0;
}

int
history_sums(struct history *h, const struct history_span *spans, size_t count,
	     struct history_sum *sums, char error[HISTORY_ERROR_MAX])
{
	struct question q = {.visit = {.row = question_add_row}};
	int ret;

	for (size_t i = 0; i < count; i++)
		sums[i] = (struct history_sum){0};
	q.visit.context = &q;
	ret = question_open(h, &q, error);
	if (ret == 0 && visit_load(&q.visit) != SQLITE_OK)
		ret = -EIO;
	for (size_t i = 0; i < count && ret == 0; i++)
		ret = sum_span(&q, &spans[i], &sums[i]);
	if (ret == -EIO)
		ret = question_say(q.visit.db, h->store.path, error);
	question_close(&q);
	if (ret != 0)
		history_sums_free(sums, count);
	return ret;
}

void
history_sums_free(struct history_sum *sums, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sums[i].counts);
		sums[i] = (struct history_sum){0};
	}
}

int
history_lookup(struct history *h, const uint32_t *ids, size_t count, struct place *places,
	       char error[HISTORY_ERROR_MAX])
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	int ret = 0;

	if (store_open_reader(h->store.path, &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT " PLACE_COLUMNS " FROM places WHERE id = ?1", -1,
			       &statement, NULL) != SQLITE_OK)
		ret = question_say(db, h->store.path, error);
	for (size_t i = 0; i < count && ret == 0; i++) {
		sqlite3_bind_int64(statement, 1, ids[i]);
		places[i] = (struct place){.number = ids[i]};
		const int code = sqlite3_step(statement);
		if (code == SQLITE_ROW)
			place_of_row(statement, 0, ids[i], &places[i]);
		else if (code != SQLITE_DONE)
			ret = question_say(db, h->store.path, error);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return ret;
}

int
history_next(struct history *h, int64_t after_ms, int64_t *start_ms)
{
	sqlite3 *db = NULL;
	char sql[96];
	int code = store_open_reader(h->store.path, &db);

	*start_ms = 0;
	/* what of a tier is gone or not there yet is in one of the others */
	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql), "SELECT min(start) FROM tier%d WHERE start >= %lld",
			 tier, (long long)after_ms);
		const int64_t start = store_number(db, sql, &code);
		if (start != 0 && (*start_ms == 0 || start < *start_ms))
			*start_ms = start;
	}
	sqlite3_close(db);
	return code == SQLITE_OK ? 0 : -EIO;
}
