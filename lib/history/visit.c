/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows of a time range: in the middle the coarsest, at its ends ever finer ones,
 *
 *     from   [10 s][1m][1m][ 5m ][      1h      ][      1h      ][ 5m ][1m][10 s]   to
 *
 * and where a slot is still being filled, the finer rows of what no coarser row holds. Each period
 * is in exactly one of the rows that are visited. Where the finer rows are gone, the ends are
 * rounded outwards to the finest tier that is left.
 *
 * One read transaction: the writer goes on, and this sees nothing of it.
 */
#include "internal.h"

#include <errno.h>

/* The finest tier that has everything from `ms` on. */
static int
finest_at(const int64_t pruned[HISTORY_TIERS], int coarsest, int64_t ms)
{
	for (int tier = 0; tier < coarsest; tier++) {
		if (ms >= pruned[tier])
			return tier;
	}
	return coarsest;
}

int
visit_load(struct visit *v)
{
	char sql[96];
	int code = store_run(v->db, "BEGIN");

	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql), "SELECT until FROM pruned WHERE tier = %d", tier);
		v->pruned[tier] = store_number(v->db, sql, &code);
		snprintf(sql, sizeof(sql), "SELECT max(seq) FROM tier%d", tier);
		if (code == SQLITE_OK)
			v->rolled[tier] = (uint64_t)store_number(v->db, sql, &code);
	}
	return code;
}

void
visit_round(struct visit *v, int64_t from_ms, int64_t to_ms)
{
	const int first = finest_at(v->pruned, HISTORY_TIERS - 1, from_ms);
	const int last = finest_at(v->pruned, HISTORY_TIERS - 1, to_ms);

	v->from_ms = slot_of(from_ms, first);
	v->to_ms = slot_of(to_ms, last);
	if (v->to_ms < to_ms)
		v->to_ms += history_tier_ms[last];
	v->resolution = first;
	if (v->coarsest < first)
		v->coarsest = first;
}

int
visit_begin(struct visit *v, int64_t from_ms, int64_t to_ms)
{
	const int code = visit_load(v);

	if (code == SQLITE_OK)
		visit_round(v, from_ms, to_ms);
	return code;
}

/* The rows of one tier that start in [from, to) and hold periods after `after`. */
static int
visit_tier(struct visit *v, int tier, int64_t from, int64_t to, uint64_t after)
{
	sqlite3_stmt *statement;
	char sql[320];
	int code, ret = 0;

	if (from >= to)
		return 0;
	/* few rows are after a watermark, many before it: then its index, else the primary key */
	snprintf(sql, sizeof(sql),
		 "SELECT start, finish, covered, periods, received, lost, tcp, udp, tcp_octets, "
		 "udp_octets, ledger, places, hosts FROM tier%d %s%s WHERE start >= ?1 AND start < "
		 "?2 AND "
		 "seq > ?3 ORDER BY start",
		 tier, after > 0 ? "INDEXED BY tier" : "NOT INDEXED",
		 after > 0 ? (const char *[]){"0_seq", "1_seq", "2_seq", "3_seq", "4_seq"}[tier]
			   : "");
	if (sqlite3_prepare_v2(v->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_bind_int64(statement, 1, from);
	sqlite3_bind_int64(statement, 2, to);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)after);
	while (ret == 0 && (code = sqlite3_step(statement)) != SQLITE_DONE) {
		if (code != SQLITE_ROW) {
			ret = -EIO;
			break;
		}
		struct visit_row row = {
			.tier = tier,
			.start_ms = sqlite3_column_int64(statement, 0),
			.end_ms = sqlite3_column_int64(statement, 1),
			.covered_ms = (uint64_t)sqlite3_column_int64(statement, 2),
			.periods = (uint64_t)sqlite3_column_int64(statement, 3),
			.received = (uint64_t)sqlite3_column_int64(statement, 4),
			.lost = (uint64_t)sqlite3_column_int64(statement, 5),
			.ledger = sqlite3_column_blob(statement, 10),
			.places = sqlite3_column_blob(statement, 11),
			.ledger_size = (size_t)sqlite3_column_bytes(statement, 10),
			.places_size = (size_t)sqlite3_column_bytes(statement, 11),
		};
		if (v->hosts) { /* not read otherwise */
			row.hosts = sqlite3_column_blob(statement, 12);
			row.hosts_size = (size_t)sqlite3_column_bytes(statement, 12);
		}
		for (int layer = 0; layer < LAYERS; layer++) {
			row.packets[layer] = (uint64_t)sqlite3_column_int64(statement, 6 + layer);
			row.octets[layer] = (uint64_t)sqlite3_column_int64(statement, 8 + layer);
		}
		ret = v->row(v->context, &row);
	}
	sqlite3_finalize(statement);
	return ret;
}

/* The slot in which `ms` is, or the next one where it is not a slot's start. */
static int64_t
slot_after(int64_t ms, int tier)
{
	const int64_t slot = slot_of(ms, tier);

	return slot < ms ? slot + history_tier_ms[tier] : slot;
}

static int
collect(struct visit *v, int tier, int64_t from, int64_t to, uint64_t after)
{
	int ret;

	if (from >= to)
		return 0;
	if (tier == 0)
		return visit_tier(v, 0, from, to, after);
	int64_t first = slot_after(from, tier), last = slot_of(to, tier);
	if (first >= last)
		return collect(v, tier - 1, from, to, after);
	ret = collect(v, tier - 1, from, first, after);
	if (ret == 0)
		ret = visit_tier(v, tier, first, last, after);
	/* what the tier does not hold yet */
	if (ret == 0)
		ret = collect(v, tier - 1, first, last,
			      after > v->rolled[tier] ? after : v->rolled[tier]);
	if (ret == 0)
		ret = collect(v, tier - 1, last, to, after);
	return ret;
}

int
visit_rows(struct visit *v)
{
	return collect(v, v->coarsest, v->from_ms, v->to_ms, 0);
}
