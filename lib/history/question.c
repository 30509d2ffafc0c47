/* SPDX-License-Identifier: BSD-3-Clause */
/* A question to the store: what history_range, _series, _recall and _sums share. */
#include "internal.h"

#include <errno.h>

int
question_say(sqlite3 *db, const char *path, char error[HISTORY_ERROR_MAX])
{
	if (error != NULL)
		snprintf(error, HISTORY_ERROR_MAX, "%.300s: %.150s", path,
			 db ? sqlite3_errmsg(db) : "out of memory");
	return -EIO;
}

int
question_open(struct history *h, struct question *q, char error[HISTORY_ERROR_MAX])
{
	q->sum.hosts.by_place = host_cut_any(h->settings.privacy.cut);
	if (store_open_reader(h->store.path, &q->visit.db) != SQLITE_OK)
		return question_say(q->visit.db, h->store.path, error);
	q->names = names_load(q->visit.db);
	if (q->names == NULL)
		return errno == ENOMEM ? -ENOMEM : question_say(q->visit.db, h->store.path, error);
	return 0;
}

void
question_close(struct question *q)
{
	names_free(q->names);
	sum_free(&q->sum);
	sqlite3_close(q->visit.db);
}

int
question_tolerate(struct question *q, int error)
{
	if (error != -EBADMSG)
		return error;
	q->damaged++;
	return 0;
}

int
question_add_row(void *context, const struct visit_row *row)
{
	struct question *q = context;
	int error = ledger_decode(q->names, row->ledger, row->ledger_size, &q->sum.ledger);

	if (error == 0)
		error = blob_add(&q->sum, row->places, row->places_size);
	if (error == 0)
		error = hosts_decode(&q->sum.hosts, row->hosts, row->hosts_size);
	if (error == 0)
		error = hosts_compact(&q->sum.hosts, &q->compact, false);
	q->tiers |= 1u << row->tier;
	q->rows++;
	q->sum.covered_ms += row->covered_ms;
	q->sum.periods += row->periods;
	q->sum.received += row->received;
	q->sum.lost += row->lost;
	return question_tolerate(q, error);
}

void
place_of_row(sqlite3_stmt *statement, int column, uint32_t id, struct place *place)
{
	const char *country = (const char *)sqlite3_column_text(statement, column + 3);
	const char *city = (const char *)sqlite3_column_text(statement, column + 4);

	place->number = id;
	place->latitude = sqlite3_column_double(statement, column);
	place->longitude = sqlite3_column_double(statement, column + 1);
	place->radius_km = (float)sqlite3_column_double(statement, column + 2);
	place->has_position = sqlite3_column_type(statement, column + 7) == SQLITE_NULL;
	place->own = sqlite3_column_int(statement, column + 5) != 0;
	place->basis = sqlite3_column_int(statement, column + 6) != 0 ? BASIS_SITE : BASIS_COUNTRY;
	if (!place->has_position) {
		place->basis = BASIS_NETWORK;
		place->asn = (uint32_t)sqlite3_column_int64(statement, column + 7);
	}
	snprintf(place->country, sizeof(place->country), "%.2s", country ? country : "");
	snprintf(place->city, sizeof(place->city), "%s", city ? city : "");
}
