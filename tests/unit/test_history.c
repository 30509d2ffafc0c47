/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store against an oracle: every period that was offered is kept in a list, and each range is
 * added up from that. Made-up traffic with gaps, a clock that is set back and forward, restarts.
 */
#include "history_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Hours of short periods, a gap, days of long ones; restarts in between. */
static void
test_any_tier_sums_alike(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	int64_t now = MONDAY + 12345;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		uint64_t length = i < 2500 ? 10000 : 97000;

		if (any(400) == 0)
			now += (int64_t)any(6 * 3600 * 1000);
		if (any(900) == 0) {
			assert_int_equal(history_close(h, -1), 0);
			h = open_started(&s);
		}
		offer(h, now, length);
		now += (int64_t)length;
		if (i % 1000 == 999) {
			settle(h);
			check_all(h, MONDAY, now);
		}
	}
	settle(h);
	check_all(h, MONDAY - 86400000, now + 86400000);
	assert_int_equal(history_close(h, -1), 0);
	/* the same out of a file alone */
	h = open_started(&s);
	check_all(h, MONDAY, now);
	assert_int_equal(history_close(h, -1), 0);
	assert_string_equal(said, "");
}

static void
test_clock_set_back_and_forward(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	int64_t now = MONDAY;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		if (any(100) == 0)
			now -= (int64_t)any(5 * 3600 * 1000);
		if (any(150) == 0)
			now = MONDAY + (int64_t)any(40) * 3600000;
		if (any(300) == 0) {
			assert_int_equal(history_close(h, -1), 0);
			h = open_started(&s);
		}
		/* the very same start, too */
		offer(h, now, 10000);
		now += any(20) ? 10000 : 0;
	}
	settle(h);
	/* rows of one start were moved by milliseconds: ranges on minutes hold all the same */
	for (int i = 0; i < 50; i++) {
		int64_t a = MONDAY + ((int64_t)any(4000) - 600) * 60000;

		check_range(h, a, a + (1 + (int64_t)any(3000)) * 60000);
	}
	/* a year ahead and back: nothing that was kept goes because of it */
	int64_t then = now;
	offer(h, now + 400ll * 86400000, 10000);
	for (int i = 0; i < 50; i++, now += 10000)
		offer(h, now, 10000);
	settle(h);
	check_range(h, MONDAY - 10ll * 86400000, then + 86400000);
	assert_int_equal(history_close(h, -1), 0);
}

static void
test_old_rows_go_by_age(void **state)
{
	struct history_settings s = settings();
	struct history_range range;
	char error[HISTORY_ERROR_MAX];
	struct history_status status;
	int64_t now = MONDAY;

	(void)state;
	assert_int_equal(history_parse_keep("10m,1h,3h,3d", s.keep_ms), 0);
	struct history *h = open_started(&s);
	for (int i = 0; i < 5900; i++, now += 40000)
		offer(h, now, 40000);
	settle(h);
	check_range(h, now - 60000 * 5, now);
	check_range(h, MONDAY, now);
	check_range(h, MONDAY + 3600000 * 10 + 1, MONDAY + 3600000 * 12 - 1);
	assert_int_equal(history_range(h, MONDAY + 1, MONDAY + 100, &range, error), 0);
	assert_true(range.resolution >= 3);
	history_range_free(&range);
	history_status(h, &status);
	assert_true(status.oldest_ms == MONDAY);
	for (int i = 0; i < 20; i++) {
		int64_t a = MONDAY + (int64_t)any((uint64_t)(now - MONDAY));

		check_range(h, a, a + 1 + (int64_t)any(86400000));
	}
	assert_int_equal(history_close(h, -1), 0);
}

static uint64_t
files_size(void)
{
	static const char *const parts[] = {"", "-wal"};
	struct stat info;
	char path[256];
	uint64_t size = 0;

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/history.sqlite%s", folder, parts[i]);
		if (stat(path, &info) == 0)
			size += (uint64_t)info.st_size;
	}
	return size;
}

/* 2 MB are few: the finest go first, the days stay, and the sums of what stays hold. */
static void
test_size_is_a_limit(void **state)
{
	struct history_settings s = settings();
	int64_t now = MONDAY;

	(void)state;
	s.size = 2000000;
	struct history *h = open_started(&s);
	for (int i = 0; i < 5900; i++, now += 60000) {
		offer(h, now, 60000);
		if (i % 500 == 0) {
			settle(h);
			assert_true(files_size() <=
				    s.size + 4200000); /* and the log at its largest */
		}
	}
	settle(h);
	check_range(h, MONDAY, now);
	check_range(h, now - 7200000, now);
	assert_int_equal(history_close(h, -1), 0);
	assert_true(files_size() <= s.size);
}

static void
test_refusals(void **state)
{
	const struct history_settings s = settings();
	struct history_settings other = s;
	char error[HISTORY_ERROR_MAX], path[256];
	struct history *h = open_started(&s);
	sqlite3 *db;

	(void)state;
	/* a second process, or this one again */
	assert_null(history_open(&s, error));
	assert_non_null(strstr(error, "another process writes there"));
	offer(h, MONDAY, 10000);
	assert_int_equal(history_close(h, -1), 0);
	/* a newer version's */
	snprintf(path, sizeof(path), "%s/history.sqlite", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_null(history_open(&s, error));
	assert_non_null(strstr(error, "newer version"));
	/* another program's */
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE mine(a)", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_null(history_open(&s, error));
	assert_non_null(strstr(error, "another program"));
	/* a folder that cannot be */
	other.folder = "/proc/no/such/folder";
	assert_null(history_open(&other, error));
	assert_non_null(strstr(error, "/proc/no/such/folder"));
}

/* As version 1 had left it, before places had twins and rows hosts. */
static void
test_an_older_store_is_read(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	char path[256];
	sqlite3 *db;

	(void)state;
	known_places = TWINS;
	for (int i = 0; i < 20; i++)
		offer(h, MONDAY + i * 10000, 10000);
	settle(h);
	assert_int_equal(history_close(h, -1), 0);
	snprintf(path, sizeof(path), "%s/history.sqlite", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "DROP INDEX places_asn; "
				      "ALTER TABLE places DROP COLUMN asn; "
				      "ALTER TABLE places DROP COLUMN own; "
				      "ALTER TABLE places DROP COLUMN site; "
				      "ALTER TABLE tier0 DROP COLUMN hosts; "
				      "ALTER TABLE tier1 DROP COLUMN hosts; "
				      "ALTER TABLE tier2 DROP COLUMN hosts; "
				      "ALTER TABLE tier3 DROP COLUMN hosts; "
				      "ALTER TABLE tier4 DROP COLUMN hosts; "
				      "PRAGMA user_version = 1",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	h = open_started(&s);
	check_range(h, MONDAY, MONDAY + 200000);
	known_places = PLACES;
	offer(h, MONDAY + 200000, 10000);
	settle(h);
	check_range(h, MONDAY, MONDAY + 210000);
	assert_int_equal(history_close(h, -1), 0);
}

/* Rows of the last day for the windows: each period once, the last hour as periods. */
static uint64_t recalled_tcp, recalled_covered, recalled_rows;

static int
recall(void *context, const struct history_row *row)
{
	(void)context;
	recalled_rows++;
	recalled_covered += row->covered_ms;
	recalled_tcp += row->ledger.decode.frames[DECODE_TCP];
	return 0;
}

static void
test_recall(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	uint64_t tcp = 0;
	int64_t now = MONDAY;

	(void)state;
	for (int i = 0; i < 2000; i++, now += 10000)
		offer(h, now, 10000);
	settle(h);
	for (size_t i = 0; i < offered; i++)
		tcp += oracle[i].ledger.decode.frames[DECODE_TCP];
	assert_int_equal(history_recall(h, MONDAY, now - 3600000, now, recall, NULL), 0);
	assert_int_equal(recalled_tcp, tcp);
	assert_int_equal(recalled_covered, 2000 * 10000);
	assert_true(recalled_rows < 500);
	assert_int_equal(history_close(h, -1), 0);
}

static void
test_words(void **state)
{
	int64_t keep[HISTORY_TIERS];
	uint64_t size;

	(void)state;
	assert_int_equal(history_parse_size("2GB", &size), 0);
	assert_true(size == 2000000000);
	assert_int_equal(history_parse_size("500 MB", &size), 0);
	static const char *const bad_sizes[] = {"",    "0GB",  "2",     "GB",           "-1GB",
						"2gb", "2GB ", "1.5GB", "99999999999GB"};
	for (size_t i = 0; i < sizeof(bad_sizes) / sizeof(bad_sizes[0]); i++)
		assert_int_equal(history_parse_size(bad_sizes[i], &size), -EINVAL);
	assert_int_equal(history_parse_keep("24h,7d,31d,5y", keep), 0);
	assert_true(keep[0] == 86400000 && keep[3] == 5ll * 365 * 86400000);
	assert_true(keep[4] == HISTORY_FOREVER);
	assert_int_equal(history_parse_keep("1h", keep), 0);
	assert_true(keep[1] == 3600000 && keep[3] == 2ll * 86400000);
	static const char *const bad[] = {
		"",      "1",   "1m",           "1h,", ",1h",
		"1h;2d", "1s",  "1h,1m",        "-1h", "1h,1d,1d,1d,1d,1d",
		"1h 1h", "1hh", "999999999999h"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(history_parse_keep(bad[i], keep), -EINVAL);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{"2023-11-20T00:00:00Z", 1700438400000},
		{"2023-11-20", 1700438400000},
		{"2023-11-20T01:30", 1700443800000},
		{"2023-11-20 01:30:05.250Z", 1700443805250},
		{"2023-11-20T01:00:00+01:00", 1700438400000},
		{"2023-11-20T01:00:00 01:00", 1700438400000},
		{"2023-11-19T18:30:00-0530", 1700438400000},
		{"2024-02-29", 1709164800000},
		{"2023-02-29", -1},
		{"2016-12-31T23:59:60Z", 1483228800000},
		{"1700438400", 1700438400000},
		{"1700438400.5", 1700438400500},
		{"0", 0},
		{"now", 5000000000000},
		{"-1h", 5000000000000 - 3600000},
		{"-2w", 5000000000000 - 14 * 86400000ll},
		{"", -1},
		{"-", -1},
		{"-1", -1},
		{"-1h ", -1},
		{"1h", -1},
		{"tomorrow", -1},
		{"2023-11-20T", -1},
		{"2023-13-01", -1},
		{"2023-11-31", -1},
		{"2023-11-20T24:00:00Z", -1},
		{"2023-11-20T00:00:00X", -1},
		{"2023-11-20T00:00:00+1", -1},
		{"1e9", -1},
		{"99999999999999", -1},
		{"1969-12-31", -1},
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = history_parse_time(cases[i].text, 5000000000000, &ms);

		if (ret != (cases[i].ms < 0 ? -EINVAL : 0) || (ret == 0 && ms != cases[i].ms))
			fail_msg("'%s': %d, %lld", cases[i].text, ret, (long long)ms);
	}
	assert_int_equal(history_parse_length("90", &ms), 0);
	assert_true(ms == 90000);
	assert_int_equal(history_parse_length("5m", &ms), 0);
	assert_true(ms == 300000);
	assert_int_equal(history_parse_length("0", &ms), -EINVAL);
	assert_int_equal(history_parse_length("1x", &ms), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_words),
		cmocka_unit_test_setup(test_any_tier_sums_alike, begin),
		cmocka_unit_test_setup(test_clock_set_back_and_forward, begin),
		cmocka_unit_test_setup(test_old_rows_go_by_age, begin),
		cmocka_unit_test_setup(test_size_is_a_limit, begin),
		cmocka_unit_test_setup(test_refusals, begin),
		cmocka_unit_test_setup(test_an_older_store_is_read, begin),
		cmocka_unit_test_setup(test_recall, begin),
	};
	return cmocka_run_group_tests_name("history", tests, world_setup, world_teardown);
}
