/* SPDX-License-Identifier: BSD-3-Clause */
/* A store of made-up traffic, five minutes a period, for the tests of what changed. */
#pragma once

#include "history.h"
#include "unit.h"

#include <errno.h>
#include <time.h>

#define MONDAY  INT64_C(1700438400000) /* 2023-11-20T00:00:00Z */
#define FIVE_MS INT64_C(300000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
#define WEEK_MS (7 * DAY_MS)

enum {
	BERLIN,
	PARIS,
	LYON,
	OURS,
	NOWHERE,
	WORLD_PLACES,
};

static const struct place world_places[WORLD_PLACES] = {
	{.latitude = 52.5,
	 .longitude = 13.4,
	 .country = "DE",
	 .city = "Berlin",
	 .has_position = true},
	{.latitude = 48.9,
	 .longitude = 2.35,
	 .country = "FR",
	 .city = "Paris",
	 .has_position = true},
	{.latitude = 45.8, .longitude = 4.8, .country = "FR", .city = "Lyon", .has_position = true},
	{.latitude = 50.9,
	 .longitude = 7.0,
	 .country = "DE",
	 .city = "Berlin",
	 .own = true,
	 .has_position = true},
	{.latitude = -60, .longitude = 100, .has_position = true},
};

static struct history *
world_open(const char *folder)
{
	struct history_settings s = {.folder = folder, .size = 1000000000, .unsynced = true};
	char error[HISTORY_ERROR_MAX] = "";

	assert_int_equal(history_parse_keep("24h,7d,31d,5y", s.keep_ms), 0);
	struct history *h = history_open(&s, error);
	if (h == NULL)
		fail_msg("%s", error);
	return h;
}

/* A period with so many TCP packets from each place, of 100 octets. */
static void
world_put(struct history *h, int64_t start_ms, int64_t length_ms,
	  const uint64_t packets[WORLD_PLACES])
{
	struct history_sample sample = {
		.start_ms = start_ms,
		.end_ms = start_ms + length_ms,
		.covered_ms = (uint64_t)length_ms,
		.points = calloc(WORLD_PLACES, sizeof(*sample.points)),
	};
	struct history_status status;

	assert_non_null(sample.points);
	for (int i = 0; i < WORLD_PLACES; i++) {
		if (packets[i] == 0)
			continue;
		struct history_point *point = &sample.points[sample.count++];

		point->place = &world_places[i];
		point->counts.packets[LAYER_TCP][AS_SOURCE] = packets[i];
		point->counts.octets[LAYER_TCP][AS_SOURCE] = 100 * packets[i];
		sample.received += packets[i];
	}
	sample.ledger.decode.frames[DECODE_TCP] = sample.received;
	for (history_status(h, &status); status.waiting > 200; history_status(h, &status))
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	assert_int_equal(history_offer(h, &sample), 0);
}

/* Until all that was offered is stored. */
static void
world_settle(struct history *h)
{
	struct history_status status;

	for (history_status(h, &status); status.waiting > 0; history_status(h, &status)) {
		assert_false(status.failing);
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	}
}
