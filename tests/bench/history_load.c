/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fills a history, for scripts/bench history, and asks it.
 *
 *   history_load FOLDER PLACES PERIODS PERIOD-S HOW
 *
 * HOW: live   each period is offered when the one before is on disk, with fsync
 *      fast   as fast as they can be stored, without it
 *      rows   not lib/history: a table with a row for each place and period, in the same SQLite
 *
 * All places have packets in each period, some many and most few; how many changes from period to
 * period and with the time of day. The last line of stdout is JSON.
 */
#include "history.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define START_MS INT64_C(1767225600000) /* 2026-01-01 */
#define DAY_MS   86400000

static uint64_t state = 88172645463325252u;

static uint32_t
below(uint32_t bound)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717) >> 32) * bound >> 32);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Octets that the kernel was given to write to disks. */
static unsigned long long
written(void)
{
	unsigned long long octets = 0;
	char line[128];
	FILE *file = fopen("/proc/self/io", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "write_bytes: %llu", &octets);
	if (file != NULL)
		fclose(file);
	return octets;
}

static struct place *
make_places(uint32_t count)
{
	struct place *places = calloc(count, sizeof(*places));

	for (uint32_t i = 0; i < count; i++) {
		places[i].has_position = true;
		places[i].number = i;
		places[i].latitude = (double)below(14000) / 100 - 60;
		places[i].longitude = (double)below(36000) / 100 - 180;
		snprintf(places[i].country, sizeof(places[i].country), "%c%c", 'A' + (int)below(26),
			 'A' + (int)below(26));
		snprintf(places[i].city, sizeof(places[i].city), "City %u", i);
	}
	return places;
}

/* What the i-th place has in a period that begins then. */
static void
make_counts(struct counts *c, uint32_t i, uint32_t places, int64_t start_ms)
{
	const double day = (double)(start_ms % DAY_MS) / DAY_MS;
	const double wave = 1 - 0.7 * cos(2 * M_PI * day);
	const uint32_t usual = 1 + (uint32_t)(wave * 20.0 * places / (i + 1));
	const uint32_t packets = 1 + below(2 * usual);

	memset(c, 0, sizeof(*c));
	c->packets[LAYER_TCP][AS_SOURCE] = packets;
	c->packets[LAYER_TCP][AS_DESTINATION] = packets / 2;
	c->octets[LAYER_TCP][AS_SOURCE] = 40ull * packets + below(1000 * packets);
	c->octets[LAYER_TCP][AS_DESTINATION] = 40ull * (packets / 2);
	if (i % 3 == 0) {
		c->packets[LAYER_UDP][AS_DESTINATION] = 1 + packets / 4;
		c->octets[LAYER_UDP][AS_DESTINATION] = 80ull * (1 + packets / 4) + below(500);
	}
}

#define BUSY_PLACES 200 /* whose hosts fill a row */
#define OF_PLACE    5

/* Five of the eight hosts of each busy place share what it has. */
static void
make_hosts(struct history_sample *sample)
{
	const size_t places = sample->count < BUSY_PLACES ? sample->count : BUSY_PLACES;

	sample->hosts = malloc((places * OF_PLACE + 1) * sizeof(*sample->hosts));
	for (uint32_t i = 0; i < places; i++) {
		const struct history_point *point = &sample->points[i];
		const uint32_t without = below(4);

		for (uint32_t n = 0; n < OF_PLACE; n++) {
			const uint32_t host = i * 16 + (n < without ? n : n + 3);
			const uint32_t any =
				host * 2654435761u; /* spread, but the same each time */
			const uint8_t ipv4[4] = {1 + (i >> 4), (uint8_t)(any >> 24),
						 (uint8_t)(any >> 16), (uint8_t)(any >> 8)};
			struct history_host *h = &sample->hosts[sample->host_count++];

			*h = (struct history_host){host_addr_from_ipv4(ipv4), ADDR_IPV4,
						   point->place, point->counts};
			for (int layer = 0; layer < LAYERS; layer++) {
				for (int d = 0; d < DIRECTIONS; d++) {
					h->counts.packets[layer][d] /= OF_PLACE + n;
					h->counts.octets[layer][d] /= OF_PLACE + n;
				}
			}
			h->counts.packets[LAYER_TCP][AS_SOURCE]++;
		}
	}
}

static void
offer(struct history *history, const struct place *places, uint32_t count, int64_t start_ms,
      int64_t period_ms)
{
	struct history_sample sample = {.start_ms = start_ms,
					.end_ms = start_ms + period_ms,
					.covered_ms = (uint64_t)period_ms,
					.points = malloc((count + 1) * sizeof(*sample.points)),
					.count = count};

	for (uint32_t i = 0; i < count; i++) {
		sample.points[i].place = &places[i];
		make_counts(&sample.points[i].counts, i, count, start_ms);
		sample.ledger.decode.frames[DECODE_TCP] +=
			sample.points[i].counts.packets[LAYER_TCP][AS_SOURCE];
	}
	make_hosts(&sample);
	sample.received = sample.ledger.decode.frames[DECODE_TCP];
	history_offer(history, &sample);
}

static void
wait_until_stored(struct history *history, uint64_t periods)
{
	struct history_status status;

	for (;;) {
		history_status(history, &status);
		if (status.stored >= periods)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	}
}

/* Milliseconds of the middle one of five. */
static double
ask(struct history *history, int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
	char error[HISTORY_ERROR_MAX];
	double ms[5];

	for (size_t i = 0; i < 5; i++) {
		const double begun = now_s();
		struct history_series series = {0};
		struct history_range range = {0};

		if (step_ms > 0)
			history_series(history, from_ms, to_ms, step_ms, NULL, &series, error);
		else
			history_range(history, from_ms, to_ms, &range, error);
		ms[i] = 1000 * (now_s() - begun);
		history_series_free(&series);
		history_range_free(&range);
		for (size_t j = i; j > 0 && ms[j] < ms[j - 1]; j--) {
			const double last = ms[j];

			ms[j] = ms[j - 1];
			ms[j - 1] = last;
		}
	}
	return ms[2];
}

static void
say_to_stderr(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static int
fill(const char *folder, uint32_t places, uint32_t periods, int64_t period_ms, bool live)
{
	char error[HISTORY_ERROR_MAX];
	struct history_settings settings = {.folder = folder,
					    .hosts_of_place = OF_PLACE,
					    .size = UINT64_C(100000000000),
					    .log = say_to_stderr,
					    .unsynced = !live};
	struct place *world = make_places(places);

	for (size_t tier = 0; tier < HISTORY_TIERS; tier++)
		settings.keep_ms[tier] = HISTORY_FOREVER;
	struct history *history = history_open(&settings, error);
	if (history == NULL || history_start(history) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	/* half of what the queue takes */
	const uint32_t ahead = live ? 0 : 1000000 / places < 100 ? 1000000 / places : 100;
	const unsigned long long before = written();
	const double begun = now_s();
	for (uint32_t i = 0; i < periods; i++) {
		offer(history, world, places, START_MS + i * period_ms, period_ms);
		wait_until_stored(history, i + 1 > ahead ? i + 1 - ahead : 0);
	}
	wait_until_stored(history, periods);
	const double seconds = now_s() - begun;
	const int64_t end = START_MS + periods * period_ms;
	const int64_t day = end - DAY_MS > START_MS ? end - DAY_MS : START_MS;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"seconds\": %.3f, \"written\": %llu, \"resident_kb\": %ld, \"range_24h_ms\": "
	       "%.2f, \"range_all_ms\": %.2f, \"series_24h_ms\": %.2f}\n",
	       seconds, written() - before, usage.ru_maxrss, ask(history, day, end, 0),
	       ask(history, START_MS, end, 0), ask(history, day, end, 300000));
	history_close(history, -1);
	free(world);
	return 0;
}

/* The plain way: eight counters in a row of their own. */
static int
fill_rows(const char *folder, uint32_t places, uint32_t periods, int64_t period_ms)
{
	sqlite3_stmt *insert, *sum;
	struct counts counts;
	char path[4096];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/rows.sqlite", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(
		    db,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		    "CREATE TABLE counts(start INTEGER, place INTEGER, a, b, c, d, e, f, g, h, "
		    "PRIMARY KEY(start, place)) WITHOUT ROWID",
		    NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO counts VALUES(?,?,?,?,?,?,?,?,?,?)", -1, &insert,
			       NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db,
			       "SELECT place, sum(a), sum(b), sum(c), sum(d), sum(e), sum(f), "
			       "sum(g), sum(h) FROM counts GROUP BY place",
			       -1, &sum, NULL) != SQLITE_OK)
		return 1;
	const unsigned long long before = written();
	const double begun = now_s();
	for (uint32_t k = 0; k < periods; k++) {
		sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		for (uint32_t i = 0; i < places; i++) {
			int column = 3;

			make_counts(&counts, i, places, START_MS + k * period_ms);
			sqlite3_bind_int64(insert, 1, START_MS + k * period_ms);
			sqlite3_bind_int64(insert, 2, i);
			for (int l = 0; l < LAYERS; l++) {
				for (int d = 0; d < DIRECTIONS; d++) {
					sqlite3_bind_int64(insert, column++,
							   (int64_t)counts.packets[l][d]);
					sqlite3_bind_int64(insert, column++,
							   (int64_t)counts.octets[l][d]);
				}
			}
			sqlite3_step(insert);
			sqlite3_reset(insert);
		}
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	const double seconds = now_s() - begun, asked = now_s();
	while (sqlite3_step(sum) == SQLITE_ROW)
		continue;
	const double all_ms = 1000 * (now_s() - asked);
	sqlite3_finalize(insert);
	sqlite3_finalize(sum);
	sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(db);
	printf("{\"seconds\": %.3f, \"written\": %llu, \"range_all_ms\": %.2f}\n", seconds,
	       written() - before, all_ms);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr,
			"usage: history_load FOLDER PLACES PERIODS PERIOD-S live|fast|rows\n");
		return 2;
	}
	const uint32_t places = (uint32_t)strtoul(argv[2], NULL, 10);
	const uint32_t periods = (uint32_t)strtoul(argv[3], NULL, 10);
	const int64_t period_ms = strtoll(argv[4], NULL, 10) * 1000;

	return strcmp(argv[5], "rows") == 0
		       ? fill_rows(argv[1], places, periods, period_ms)
		       : fill(argv[1], places, periods, period_ms, strcmp(argv[5], "live") == 0);
}
