/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store against an oracle: every period that was offered is kept in a list, and each range is
 * added up from that. Made-up traffic with gaps, a clock that is set back and forward, restarts.
 */
#include "history.h"

#include "unit.h"

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

#define PLACES  40 /* the second half: the twins of the first, on our own side */
#define TWINS   (PLACES / 2)
#define PERIODS 6000

static const int64_t monday = 1700438400000; /* 2023-11-20T00:00:00Z */

static char folder[] = "/tmp/history-test-XXXXXX";
static char said[4096];
static struct place places[PLACES];
static uint64_t seed = 1;

struct offered {
	int64_t start_ms;
	uint64_t covered_ms, received, lost;
	struct ledger ledger;
	struct counts counts[PLACES];
};
static struct offered oracle[PERIODS];
static size_t offered;
static size_t known_places = PLACES; /* that periods have counts of */

static uint64_t
any(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

static void
note(const char *line)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static struct history_settings
settings(void)
{
	struct history_settings s = {
		.folder = folder, .size = 2000000000, .log = note, .unsynced = true};

	assert_int_equal(history_parse_keep("24h,7d,31d,5y", s.keep_ms), 0);
	return s;
}

static void
remove_files(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	closedir(dir);
}

static int
begin(void **state)
{
	(void)state;
	remove_files();
	offered = 0;
	known_places = PLACES;
	said[0] = 0;
	return 0;
}

static struct history *
open_started(const struct history_settings *s)
{
	char error[HISTORY_ERROR_MAX] = "";
	struct history *h = history_open(s, error);

	if (h == NULL)
		fail_msg("%s", error);
	assert_int_equal(history_start(h), 0);
	return h;
}

static void
fill_sample(struct history_sample *sample, const struct offered *o)
{
	*sample = (struct history_sample){
		.start_ms = o->start_ms,
		.end_ms = o->start_ms + (int64_t)o->covered_ms,
		.covered_ms = o->covered_ms,
		.received = o->received,
		.lost = o->lost,
		.ledger = o->ledger,
		.points = malloc(PLACES * sizeof(*sample->points)),
	};
	for (size_t i = 0; i < PLACES; i++) {
		if (counts_packets(&o->counts[i]) > 0)
			sample->points[sample->count++] =
				(struct history_point){&places[i], o->counts[i]};
	}
}

static void
make_period(struct offered *o, int64_t start, uint64_t length)
{
	*o = (struct offered){.start_ms = start, .covered_ms = length, .lost = any(3)};
	for (size_t i = 0; i < known_places; i++) {
		if (any(3) > 0)
			continue;
		for (int l = 0; l < LAYERS; l++) {
			o->counts[i].packets[l][AS_SOURCE] = any(1000);
			o->counts[i].octets[l][AS_SOURCE] = any(1u << 30) << any(20);
			o->counts[i].packets[l][AS_DESTINATION] = any(5);
		}
	}
	o->ledger.decode.frames[DECODE_TCP] = any(100000);
	o->ledger.decode.octets[DECODE_UDP] = any(100000);
	o->ledger.decode.events[EVENT_SNAPPED] = any(2);
	o->ledger.geo[GEO_PRIVATE] = any(1000);
	o->received = o->ledger.decode.frames[DECODE_TCP];
}

static void
offer(struct history *h, int64_t start, uint64_t length)
{
	struct history_status status;
	struct history_sample sample;
	struct offered *o = &oracle[offered++];

	assert_true(offered <= PERIODS);
	make_period(o, start, length);
	for (;;) {
		history_status(h, &status);
		if (status.waiting < 200)
			break;
		usleep(1000);
	}
	fill_sample(&sample, o);
	assert_int_equal(history_offer(h, &sample), 0);
}

static void
settle(struct history *h)
{
	struct history_status status;

	do {
		usleep(1000);
		history_status(h, &status);
	} while (status.waiting > 0 && !status.failing);
	assert_string_equal(status.error, "");
}

/* A range against the list: after its ends were rounded, which must contain what was asked for. */
static void
check_range(struct history *h, int64_t from, int64_t to)
{
	char error[HISTORY_ERROR_MAX];
	struct history_range range;
	struct counts expected[PLACES] = {0};
	struct ledger ledger = {0};
	uint64_t covered = 0, received = 0, lost = 0, periods = 0;
	size_t with_counts = 0;

	assert_int_equal(history_range(h, from, to, &range, error), 0);
	assert_true(range.from_ms <= from && range.to_ms >= to);
	for (size_t i = 0; i < offered; i++) {
		const struct offered *o = &oracle[i];

		if (o->start_ms < range.from_ms || o->start_ms >= range.to_ms)
			continue;
		for (size_t p = 0; p < PLACES; p++)
			counts_add(&expected[p], &o->counts[p]);
		ledger_add(&ledger, &o->ledger);
		covered += o->covered_ms;
		received += o->received;
		lost += o->lost;
		periods++;
	}
	assert_int_equal(range.periods, periods);
	assert_int_equal(range.covered_ms, covered);
	assert_int_equal(range.received, received);
	assert_int_equal(range.lost, lost);
	assert_memory_equal(&range.ledger, &ledger, sizeof(ledger));
	for (size_t p = 0; p < PLACES; p++)
		with_counts += counts_packets(&expected[p]) > 0;
	assert_int_equal(range.count, with_counts);
	for (size_t i = 0; i < range.count; i++) {
		const struct history_place *found = &range.places[i];
		size_t p = (size_t)strtoul(found->place.city + 5, NULL, 10) +
			   (found->place.own ? TWINS : 0);

		assert_true(p < PLACES);
		assert_memory_equal(&found->counts, &expected[p], sizeof(found->counts));
		assert_true(found->place.latitude == places[p].latitude);
		assert_string_equal(found->place.country, places[p].country);
		if (i > 0)
			assert_true(counts_packets(&range.places[i - 1].counts) >=
				    counts_packets(&found->counts));
	}
	history_range_free(&range);
}

static void
check_series(struct history *h, int64_t from, int64_t to, int64_t step, const char *country)
{
	char error[HISTORY_ERROR_MAX];
	struct history_filter filter = {.country = country};
	struct history_series series;

	assert_int_equal(history_series(h, from, to, step, &filter, &series, error), 0);
	assert_true(series.from_ms <= from && series.to_ms >= to && series.step_ms >= step);
	for (size_t s = 0; s < series.count; s++) {
		const int64_t start = series.from_ms + (int64_t)s * series.step_ms;
		struct counts counts = {0};
		uint64_t tcp = 0, covered = 0;

		for (size_t i = 0; i < offered; i++) {
			const struct offered *o = &oracle[i];

			if (o->start_ms < start || o->start_ms >= start + series.step_ms)
				continue;
			tcp += o->ledger.decode.frames[DECODE_TCP];
			covered += o->covered_ms;
			for (size_t p = 0; country && p < PLACES; p++) {
				if (strcmp(places[p].country, country) == 0)
					counts_add(&counts, &o->counts[p]);
			}
		}
		assert_int_equal(series.steps[s].covered_ms, covered);
		assert_memory_equal(&series.steps[s].counts, &counts, sizeof(counts));
		if (country == NULL)
			assert_int_equal(series.steps[s].packets[LAYER_TCP], tcp);
	}
	history_series_free(&series);
}

static void
check_all(struct history *h, int64_t from, int64_t to)
{
	check_range(h, from, to);
	for (int i = 0; i < 30; i++) {
		int64_t a = from + (int64_t)any((uint64_t)(to - from));
		int64_t b = from + (int64_t)any((uint64_t)(to - from));

		if (a != b)
			check_range(h, a < b ? a : b, a < b ? b : a);
	}
	static const int64_t steps[] = {60000, 3600000, 7200000, 86400000, 90000};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		check_series(h, from, to, steps[i], NULL);
		check_series(h, from, to, steps[i], "DE");
	}
}

/* Hours of short periods, a gap, days of long ones; restarts in between. */
static void
test_any_tier_sums_alike(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	int64_t now = monday + 12345;

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
			check_all(h, monday, now);
		}
	}
	settle(h);
	check_all(h, monday - 86400000, now + 86400000);
	assert_int_equal(history_close(h, -1), 0);
	/* the same out of a file alone */
	h = open_started(&s);
	check_all(h, monday, now);
	assert_int_equal(history_close(h, -1), 0);
	assert_string_equal(said, "");
}

static void
test_clock_set_back_and_forward(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	int64_t now = monday;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		if (any(100) == 0)
			now -= (int64_t)any(5 * 3600 * 1000);
		if (any(150) == 0)
			now = monday + (int64_t)any(40) * 3600000;
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
		int64_t a = monday + ((int64_t)any(4000) - 600) * 60000;

		check_range(h, a, a + (1 + (int64_t)any(3000)) * 60000);
	}
	/* a year ahead and back: nothing that was kept goes because of it */
	int64_t then = now;
	offer(h, now + 400ll * 86400000, 10000);
	for (int i = 0; i < 50; i++, now += 10000)
		offer(h, now, 10000);
	settle(h);
	check_range(h, monday - 10ll * 86400000, then + 86400000);
	assert_int_equal(history_close(h, -1), 0);
}

static void
test_old_rows_go_by_age(void **state)
{
	struct history_settings s = settings();
	struct history_range range;
	char error[HISTORY_ERROR_MAX];
	struct history_status status;
	int64_t now = monday;

	(void)state;
	assert_int_equal(history_parse_keep("10m,1h,3h,3d", s.keep_ms), 0);
	struct history *h = open_started(&s);
	for (int i = 0; i < 5900; i++, now += 40000)
		offer(h, now, 40000);
	settle(h);
	check_range(h, now - 60000 * 5, now);
	check_range(h, monday, now);
	check_range(h, monday + 3600000 * 10 + 1, monday + 3600000 * 12 - 1);
	assert_int_equal(history_range(h, monday + 1, monday + 100, &range, error), 0);
	assert_true(range.resolution >= 3);
	history_range_free(&range);
	history_status(h, &status);
	assert_true(status.oldest_ms == monday);
	for (int i = 0; i < 20; i++) {
		int64_t a = monday + (int64_t)any((uint64_t)(now - monday));

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
	int64_t now = monday;

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
	check_range(h, monday, now);
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
	offer(h, monday, 10000);
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
		offer(h, monday + i * 10000, 10000);
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
	check_range(h, monday, monday + 200000);
	known_places = PLACES;
	offer(h, monday + 200000, 10000);
	settle(h);
	check_range(h, monday, monday + 210000);
	assert_int_equal(history_close(h, -1), 0);
}

static void
damage(const char *name, off_t offset, size_t length)
{
	char path[256], rubbish[4096];
	int fd;

	memset(rubbish, 0x5a, sizeof(rubbish));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, rubbish, length, offset), length);
	close(fd);
}

static bool
has_file(const char *start)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(dir)) != NULL)
		found |= strncmp(entry->d_name, start, strlen(start)) == 0;
	closedir(dir);
	return found;
}

static void
test_damaged_file_is_set_aside(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);

	(void)state;
	offer(h, monday, 10000);
	assert_int_equal(history_close(h, -1), 0);
	damage("history.sqlite", 0, 100);
	h = open_started(&s);
	assert_non_null(strstr(said, "is damaged"));
	assert_true(has_file("history.sqlite.damaged-"));
	offered = 0;
	offer(h, monday + 10000, 10000);
	settle(h);
	check_range(h, monday, monday + 86400000);
	assert_int_equal(history_close(h, -1), 0);
}

/* A row whose blob was changed: left out, counted, and all others answer. */
static void
test_damaged_row_is_left_out(void **state)
{
	const struct history_settings s = settings();
	struct history *h = open_started(&s);
	struct history_range range;
	char error[HISTORY_ERROR_MAX], path[256];
	sqlite3 *db;

	(void)state;
	for (int i = 0; i < 5; i++)
		offer(h, monday + i * 10000, 10000);
	assert_int_equal(history_close(h, -1), 0);
	snprintf(path, sizeof(path), "%s/history.sqlite", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db,
		     "UPDATE tier0 SET places = substr(places, 1, length(places) - 3) || x'000102' "
		     "WHERE start % 100000 = 20000",
		     NULL, NULL, NULL);
	sqlite3_close(db);
	h = open_started(&s);
	assert_int_equal(history_range(h, monday, monday + 86400000, &range, error), 0);
	assert_int_equal(range.periods, 5);
	assert_int_equal(range.damaged, 1);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);
}

/* A writer that is killed at any moment: what it said was stored is there, and sums hold. */
static void
test_kill_at_any_moment(void **state)
{
	const struct history_settings s = settings();

	(void)state;
	for (int round = 0; round < 100; round++) {
		int pipes[2];
		size_t told = 0, number;
		const int64_t base = monday + (int64_t)round * 700000;
		const uint64_t start_seed = seed;

		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0) {
			char error[HISTORY_ERROR_MAX];
			struct history *h = history_open(&s, error);
			struct history_status status;

			if (h == NULL || history_start(h) != 0)
				_exit(1);
			for (size_t i = 0; i < 60; i++) {
				struct history_sample sample;
				struct offered o;

				make_period(&o, base + (int64_t)i * 10000, 10000);
				fill_sample(&sample, &o);
				history_offer(h, &sample);
				usleep(200);
				history_status(h, &status);
				number = status.stored;
				if (write(pipes[1], &number, sizeof(number)) < 0)
					_exit(1);
			}
			pause();
		}
		close(pipes[1]);
		usleep((useconds_t)any(30000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
			told = number;
		close(pipes[0]);
		/* what is there now: the first n periods of this round, n >= told */
		struct history *h = open_started(&s);
		struct history_range range;
		char error[HISTORY_ERROR_MAX];
		assert_int_equal(history_range(h, base, base + 600000, &range, error), 0);
		assert_true(range.periods >= told);
		assert_int_equal(range.damaged, 0);
		const size_t before = offered;
		seed = start_seed;
		for (size_t i = 0; i < range.periods && offered < PERIODS; i++)
			make_period(&oracle[offered++], base + (int64_t)i * 10000, 10000);
		history_range_free(&range);
		check_range(h, base, base + 600000);
		check_range(h, monday, base + 600000);
		assert_true(offered >= before);
		assert_int_equal(history_close(h, -1), 0);
	}
	assert_string_equal(said, "");
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
	int64_t now = monday;

	(void)state;
	for (int i = 0; i < 2000; i++, now += 10000)
		offer(h, now, 10000);
	settle(h);
	for (size_t i = 0; i < offered; i++)
		tcp += oracle[i].ledger.decode.frames[DECODE_TCP];
	assert_int_equal(history_recall(h, monday, now - 3600000, now, recall, NULL), 0);
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
		cmocka_unit_test_setup(test_damaged_file_is_set_aside, begin),
		cmocka_unit_test_setup(test_damaged_row_is_left_out, begin),
		cmocka_unit_test_setup(test_kill_at_any_moment, begin),
		cmocka_unit_test_setup(test_recall, begin),
	};

	for (size_t i = 0; i < PLACES; i++) {
		const size_t n = i % TWINS;

		places[i] = (struct place){.latitude = (double)n * 2 - 40,
					   .longitude = (double)n * 3 - 60,
					   .has_position = true,
					   .own = i >= TWINS,
					   .number = (uint32_t)i};
		snprintf(places[i].country, 3, "%s", n % 3 == 0 ? "DE" : "FR");
		snprintf(places[i].city, sizeof(places[i].city), "city %zu", n);
	}
	if (mkdtemp(folder) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_files();
	rmdir(folder);
	return failed;
}
