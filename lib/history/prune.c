/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes, and when. By age: a tier's rows once they are older than what it keeps. By size: of
 * the finest tier that has rows to spare, the oldest. Only rows whose periods a coarser tier holds
 * are deleted; of the coarsest, the oldest.
 *
 * A few rows at each commit: pruning never holds up a period for long, and the file stays below its
 * limit because a period frees more rows than it writes where the limit is near.
 */
#include "internal.h"

#define ROWS_A_TIME 60

#define COARSEST    (HISTORY_TIERS - 1)

/* Room for the write-ahead log and for the rows of one commit. */
#define RESERVE (8u << 20)

struct oldest {
	int64_t start;
	uint64_t seq;
	bool found;
};

static int
oldest_row(struct store *store, int tier, struct oldest *oldest)
{
	sqlite3_stmt *statement;
	char sql[96];
	int code;

	snprintf(sql, sizeof(sql), "SELECT start, seq FROM tier%d ORDER BY start LIMIT 1", tier);
	code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	code = sqlite3_step(statement);
	oldest->found = code == SQLITE_ROW;
	if (oldest->found) {
		oldest->start = sqlite3_column_int64(statement, 0);
		oldest->seq = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* May this row go? The last row of the coarsest tier stays. */
static bool
can_go(const struct store *store, int tier, const struct oldest *oldest)
{
	if (!oldest->found)
		return false;
	if (tier < COARSEST)
		return oldest->seq <= store->rolled[tier + 1];
	return oldest->seq < store->rolled[COARSEST];
}

/* Deletes the tier's rows before `until`, but those that no coarser tier holds. */
static int
delete_before(struct store *store, int tier, int64_t until)
{
	sqlite3_stmt *statement;
	char sql[256];
	int code;
	const uint64_t held =
		tier < COARSEST ? store->rolled[tier + 1] : store->rolled[COARSEST] - 1;

	snprintf(sql, sizeof(sql), "DELETE FROM tier%d WHERE start < ?1 AND seq <= ?2", tier);
	code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(statement, 1, until);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)held);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return code;
	store->rows[tier] -= (uint64_t)sqlite3_changes(store->db);
	if (until <= store->pruned_until[tier])
		return SQLITE_OK;
	code = sqlite3_prepare_v2(store->db,
				  "INSERT INTO pruned VALUES(?1, ?2) ON CONFLICT(tier) DO UPDATE "
				  "SET until = excluded.until",
				  -1, &statement, NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int(statement, 1, tier);
	sqlite3_bind_int64(statement, 2, until);
	code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return code;
	store->pruned_until[tier] = until;
	return SQLITE_OK;
}

/*
 * The end of the first few rows, on a slot of the coarser tier: a range that begins there needs
 * nothing that is gone.
 */
static int
step_end(struct store *store, int tier, int64_t *until)
{
	char sql[128];
	int code;

	snprintf(sql, sizeof(sql), "SELECT start FROM tier%d ORDER BY start LIMIT 1 OFFSET %d",
		 tier, ROWS_A_TIME);
	int64_t start = store_number(store->db, sql, &code);
	if (code != SQLITE_OK)
		return code;
	const int coarser = tier < COARSEST ? tier + 1 : COARSEST;
	*until = start == 0 ? INT64_MAX : slot_of(start, coarser);
	return SQLITE_OK;
}

static int
prune_tier(struct store *store, int tier, int64_t before, bool *deleted)
{
	const int coarser = tier < COARSEST ? tier + 1 : COARSEST;
	const int64_t length = history_tier_ms[coarser];
	struct oldest oldest;
	int64_t until = before;
	int code = oldest_row(store, tier, &oldest);

	if (code != SQLITE_OK || !can_go(store, tier, &oldest) || oldest.start >= before)
		return code;
	code = step_end(store, tier, &until);
	/* at least the slot in which the oldest row is */
	if (until < slot_of(oldest.start, coarser) + length)
		until = slot_of(oldest.start, coarser) + length;
	if (until > before)
		until = before;
	if (code != SQLITE_OK || oldest.start >= until)
		return code;
	*deleted = true;
	return delete_before(store, tier, until);
}

static int64_t
row_ms(int tier, int64_t period_ms)
{
	if (tier == 0)
		return period_ms > 0 ? period_ms : 1;
	return history_tier_ms[tier];
}

int
prune(struct store *store, const struct history_settings *settings, int64_t now_ms,
      int64_t period_ms, bool *more)
{
	const uint64_t limit =
		settings->size > 2 * RESERVE ? settings->size - RESERVE : settings->size / 2;
	int code = SQLITE_OK;

	*more = false;
	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		const int coarser = tier < COARSEST ? tier + 1 : COARSEST;

		if (settings->keep_ms[tier] >= now_ms ||
		    store->rows[tier] <=
			    (uint64_t)(settings->keep_ms[tier] / row_ms(tier, period_ms)))
			continue;
		code = prune_tier(store, tier, slot_of(now_ms - settings->keep_ms[tier], coarser),
				  more);
	}
	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		int64_t free_pages = store_number(store->db, "PRAGMA freelist_count", &code);
		int64_t page =
			code == SQLITE_OK ? store_number(store->db, "PRAGMA page_size", &code) : 0;
		bool deleted = false;

		if (code != SQLITE_OK ||
		    store_octets(store) - (uint64_t)(free_pages * page) <= limit)
			break;
		code = prune_tier(store, tier, INT64_MAX, &deleted);
		if (deleted) {
			*more = true;
			break;
		}
	}
	/* the file itself: only where it is too large, since pages that stay are used again */
	if (code == SQLITE_OK && store_octets(store) > limit)
		code = store_run(store->db, "PRAGMA incremental_vacuum(2000)");
	return code;
}
