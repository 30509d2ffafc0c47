/* SPDX-License-Identifier: BSD-3-Clause */
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

char folder[] = "/tmp/history-test-XXXXXX";
char said[4096];
uint64_t seed = 1;
struct offered oracle[PERIODS];
size_t offered;
size_t known_places = PLACES;
static struct place places[PLACES];

uint64_t
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

struct history_settings
settings(void)
{
	struct history_settings s = {
		.folder = folder, .size = 2000000000, .log = note, .unsynced = true};

	assert_int_equal(history_parse_keep("24h,7d,31d,5y", s.keep_ms), 0);
	return s;
}

void
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

int
begin(void **state)
{
	(void)state;
	remove_files();
	offered = 0;
	known_places = PLACES;
	said[0] = 0;
	return 0;
}

struct history *
open_started(const struct history_settings *s)
{
	char error[HISTORY_ERROR_MAX] = "";
	struct history *h = history_open(s, error);

	if (h == NULL)
		fail_msg("%s", error);
	assert_int_equal(history_start(h), 0);
	return h;
}

void
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

void
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

void
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

void
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
void
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

void
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

void
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

int
world_setup(void **state)
{
	(void)state;
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
	return mkdtemp(folder) != NULL ? 0 : -1;
}

int
world_teardown(void **state)
{
	(void)state;
	remove_files();
	return rmdir(folder);
}
