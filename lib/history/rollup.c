/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From periods to slots.
 *
 *     period ──▶ open[1] ──(its minute is over)──▶ a row of 1m ──▶ open[2] ──▶ a row of 5m ...
 *
 * Slots nest, so when one ends, all finer ones have ended: a row's `seq` says that all periods up
 * to that one are in this tier, which is what makes a restart exact (rollup_load) and lets a reader
 * take from finer rows what a tier does not hold yet (visit.c).
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

int64_t
slot_of(int64_t ms, int tier)
{
	const int64_t length = history_tier_ms[tier];

	if (length == 0)
		return ms;
	int64_t rest = ms % length;
	if (rest < 0)
		rest += length;
	return ms - rest;
}

/* The first millisecond from `start` on that has no row yet: two rows of one slot are possible
 * after a clock was set back, and stay in their slot (it has 60,000). */
static int
free_start(struct store *store, int tier, int64_t *start)
{
	sqlite3_stmt *taken = store->taken[tier];
	int code;

	for (;;) {
		sqlite3_bind_int64(taken, 1, *start);
		code = sqlite3_step(taken);
		sqlite3_reset(taken);
		if (code != SQLITE_ROW)
			return code == SQLITE_DONE ? SQLITE_OK : code;
		++*start;
	}
}

static int
insert_row(struct store *store, int tier, int64_t start, const struct sum *sum)
{
	sqlite3_stmt *insert = store->insert[tier];
	void *ledger = NULL, *places = NULL, *hosts = NULL;
	size_t ledger_size = 0, places_size = 0, hosts_size = 0;
	int code = SQLITE_NOMEM;

	if (ledger_encode(store->names, &sum->ledger, &ledger, &ledger_size) == 0 &&
	    blob_encode(sum, &places, &places_size) == 0 &&
	    hosts_encode(&sum->hosts, store->hosts_of_place, &hosts, &hosts_size) == 0)
		code = free_start(store, tier, &start);
	if (code == SQLITE_OK) {
		const struct decode_counts *decode = &sum->ledger.decode;
		const uint64_t values[] = {
			(uint64_t)start,
			(uint64_t)sum->end_ms,
			sum->seq,
			sum->covered_ms,
			sum->periods,
			sum->received,
			sum->lost,
			decode->frames[DECODE_TCP],
			decode->frames[DECODE_UDP],
			decode->octets[DECODE_TCP],
			decode->octets[DECODE_UDP],
		};

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			sqlite3_bind_int64(insert, (int)i + 1, (sqlite3_int64)values[i]);
		sqlite3_bind_blob64(insert, 12, ledger, ledger_size, SQLITE_STATIC);
		sqlite3_bind_blob64(insert, 13, places, places_size, SQLITE_STATIC);
		if (hosts != NULL)
			sqlite3_bind_blob64(insert, 14, hosts, hosts_size, SQLITE_STATIC);
		code = sqlite3_step(insert);
		sqlite3_reset(insert);
		sqlite3_clear_bindings(insert);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
		store->rows[tier] += code == SQLITE_OK;
	}
	free(ledger);
	free(places);
	free(hosts);
	return code;
}

/* The slot being filled is over: its row, and its share of the next tier. */
static int
close_slot(struct store *store, int tier)
{
	struct sum *sum = &store->open[tier];
	int code = insert_row(store, tier, store->open_slot[tier], sum);

	if (code != SQLITE_OK)
		return code;
	store->rolled[tier] = sum->seq;
	if (tier + 1 < HISTORY_TIERS) {
		if (store->open[tier + 1].periods == 0)
			store->open_slot[tier + 1] = slot_of(store->open_slot[tier], tier + 1);
		if (sum_add(&store->open[tier + 1], sum) != 0)
			return SQLITE_NOMEM;
	}
	sum_clear(sum);
	return SQLITE_OK;
}

/* Ends what a period that starts at `start` is not part of. */
static int
close_slots(struct store *store, int64_t start)
{
	int code = SQLITE_OK;

	for (int tier = 1; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		if (store->open[tier].periods > 0 && store->open_slot[tier] != slot_of(start, tier))
			code = close_slot(store, tier);
	}
	return code;
}

int
rollup_add(struct store *store, struct sum *period)
{
	int64_t start = period->start_ms;
	int code = free_start(store, 0, &start);

	if (code != SQLITE_OK)
		return code;
	period->start_ms = start;
	period->seq = store->seq + 1;
	period->periods = 1;
	code = close_slots(store, start);
	if (code == SQLITE_OK)
		code = insert_row(store, 0, start, period);
	if (code != SQLITE_OK)
		return code;
	if (store->open[1].periods == 0)
		store->open_slot[1] = slot_of(start, 1);
	if (sum_add(&store->open[1], period) != 0)
		return SQLITE_NOMEM;
	store->seq = store->rolled[0] = period->seq;
	return SQLITE_OK;
}

/* Adds the rows of the tier below that are in no row of `tier`. One slot's, but for a program that
 * ended between two slots: then the older slot is left to close_slots at the next period. */
static int
load_tier(struct store *store, int tier)
{
	char sql[256];
	sqlite3_stmt *statement;
	int code;

	snprintf(sql, sizeof(sql),
		 "SELECT start, finish, seq, covered, periods, received, lost, ledger, places, "
		 "hosts FROM "
		 "tier%d INDEXED BY tier%d_seq WHERE seq > ?1 ORDER BY seq",
		 tier - 1, tier - 1);
	code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)store->rolled[tier]);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct sum row = {
			.start_ms = sqlite3_column_int64(statement, 0),
			.end_ms = sqlite3_column_int64(statement, 1),
			.seq = (uint64_t)sqlite3_column_int64(statement, 2),
			.covered_ms = (uint64_t)sqlite3_column_int64(statement, 3),
			.periods = (uint64_t)sqlite3_column_int64(statement, 4),
			.received = (uint64_t)sqlite3_column_int64(statement, 5),
			.lost = (uint64_t)sqlite3_column_int64(statement, 6),
		};
		/* a damaged row counts as empty: a reader says so wherever it meets it */
		(void)ledger_decode(store->names, sqlite3_column_blob(statement, 7),
				    (size_t)sqlite3_column_bytes(statement, 7), &row.ledger);
		int error = blob_add(&row, sqlite3_column_blob(statement, 8),
				     (size_t)sqlite3_column_bytes(statement, 8));
		if (error != -ENOMEM)
			error = hosts_decode(&row.hosts, sqlite3_column_blob(statement, 9),
					     (size_t)sqlite3_column_bytes(statement, 9));
		hosts_hide(&row.hosts, &store->privacy);

		if (store->open[tier].periods == 0)
			store->open_slot[tier] = slot_of(row.start_ms, tier);
		if (error != -ENOMEM && sum_add(&store->open[tier], &row) != 0)
			error = -ENOMEM;
		sum_free(&row);
		if (error == -ENOMEM) {
			code = SQLITE_NOMEM;
			break;
		}
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int
rollup_load(struct store *store)
{
	char sql[64];
	int code = SQLITE_OK;

	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql), "SELECT max(seq) FROM tier%d", tier);
		store->rolled[tier] = (uint64_t)store_number(store->db, sql, &code);
		snprintf(sql, sizeof(sql), "SELECT until FROM pruned WHERE tier = %d", tier);
		if (code == SQLITE_OK)
			store->pruned_until[tier] = store_number(store->db, sql, &code);
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM tier%d", tier);
		if (code == SQLITE_OK)
			store->rows[tier] = (uint64_t)store_number(store->db, sql, &code);
		sum_clear(&store->open[tier]);
	}
	store->seq = store->rolled[0];
	for (int tier = HISTORY_TIERS - 1; tier > 0 && code == SQLITE_OK; tier--)
		code = load_tier(store, tier);
	return code;
}
