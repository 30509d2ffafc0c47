/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How well the watch finds what is unusual, for scripts/bench unusual.
 *
 *   unusual_load FOLDER PLACES NOISE
 *
 * Five weeks of made-up traffic, five minutes a period: places of which few have most of it
 * (Pareto, as real ones do), each with a day of its own phase, quieter week ends, and noise by a
 * log-normal factor (NOISE: its sigma, 0.1 is calm, 0.4 wild), and then Poisson's. In the last week
 * some places have much more or much less for a quarter of an hour; where and when is chance. The
 * last line of stdout is JSON: for each factor that was put in how often, and how often it was
 * found, and how many events were told of in all and of nothing that was put in.
 */
#include "watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_MS INT64_C(1761523200000) /* Monday, 2025-10-27 */
#define SLOT_MS  INT64_C(300000)
#define DAY_MS   INT64_C(86400000)
#define WEEKS    5
#define SLOTS    (WEEKS * 7 * 288)
#define LAST     (4 * 7 * 288) /* where the last week begins */
#define PUT_IN   300
#define LONG     3     /* slots */
#define LEAST    600.0 /* packets a slot at noon, of a place that something is put into */

static const double factors[] = {2.5, 4, 10, 0.25, 0};
#define FACTORS (sizeof(factors) / sizeof(factors[0]))

static uint64_t state = 88172645463325252u;

static double
chance(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (double)(state * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

static double
normal(void)
{
	return sqrt(-2 * log(1 - chance())) * cos(6.283185307179586 * chance());
}

struct put_in {
	size_t place;
	int slot;
	size_t factor;
	bool found;
};

struct world {
	size_t count;
	double noise;
	struct place *places;
	double *volume, *phase;
	struct put_in put_in[PUT_IN];
};

static void
make_world(struct world *w)
{
	w->places = calloc(w->count, sizeof(*w->places));
	w->volume = calloc(w->count, sizeof(*w->volume));
	w->phase = calloc(w->count, sizeof(*w->phase));
	if (w->places == NULL || w->volume == NULL || w->phase == NULL)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < w->count; i++) {
		struct place *p = &w->places[i];

		*p = (struct place){.latitude = 170 * chance() - 85,
				    .longitude = 360 * chance() - 180,
				    .has_position = true};
		snprintf(p->country, sizeof(p->country), "%c%c", (char)('A' + i % 26),
			 (char)('A' + i / 26 % 8));
		snprintf(p->city, sizeof(p->city), "City %zu", i);
		w->volume[i] = 100 * pow(1 - chance(), -1 / 1.1);
		w->phase[i] = chance();
	}
	for (size_t i = 0; i < PUT_IN; i++) {
		struct put_in *in = &w->put_in[i];

		do {
			in->place = (size_t)(chance() * (double)w->count);
		} while (w->volume[in->place] < LEAST);
		in->slot = LAST + (int)(chance() * (SLOTS - LAST - LONG));
		in->factor = i % FACTORS;
	}
}

static double
factor_of(const struct world *w, size_t place, int slot)
{
	double factor = 1;

	for (size_t i = 0; slot >= LAST && i < PUT_IN; i++) {
		const struct put_in *in = &w->put_in[i];

		if (in->place == place && slot >= in->slot && slot < in->slot + LONG)
			factor = factors[in->factor];
	}
	return factor;
}

static uint64_t
packets_of(const struct world *w, size_t place, int slot)
{
	const double day = (double)(slot % 288) / 288;
	const double wave = 0.6 - 0.4 * cos(6.283185307179586 * (day + w->phase[place]));
	const double week = slot / 288 % 7 >= 5 ? 0.6 : 1;
	const double mean = w->volume[place] * wave * week * exp(w->noise * normal()) *
			    factor_of(w, place, slot);
	const double packets = mean + sqrt(mean) * normal();

	return packets > 0 ? (uint64_t)packets : 0;
}

static void
put_slot(const struct world *w, struct history *h, int slot)
{
	struct history_sample sample = {
		.start_ms = START_MS + slot * SLOT_MS,
		.end_ms = START_MS + (slot + 1) * SLOT_MS,
		.covered_ms = SLOT_MS,
		.points = malloc(w->count * sizeof(*sample.points)),
	};
	struct history_status status;

	for (size_t i = 0; sample.points != NULL && i < w->count; i++) {
		struct history_point point = {.place = &w->places[i]};

		point.counts.packets[LAYER_TCP][AS_SOURCE] = packets_of(w, i, slot);
		sample.received += point.counts.packets[LAYER_TCP][AS_SOURCE];
		if (point.counts.packets[LAYER_TCP][AS_SOURCE] > 0)
			sample.points[sample.count++] = point;
	}
	sample.ledger.decode.frames[DECODE_TCP] = sample.received;
	for (history_status(h, &status); status.waiting > 100; history_status(h, &status))
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	history_offer(h, &sample);
}

static void
print_found(struct world *w, struct watch *watch, double seconds)
{
	struct event *events;
	size_t count, put[FACTORS] = {0}, found[FACTORS] = {0}, of_nothing = 0;

	if (watch_events(watch, START_MS + LAST * SLOT_MS, INT64_MAX, false, &events, &count) != 0)
		exit(EXIT_FAILURE);
	for (size_t e = 0; e < count; e++) {
		bool known = false;

		for (size_t i = 0; i < PUT_IN; i++) {
			struct put_in *in = &w->put_in[i];
			const int64_t from = START_MS + in->slot * SLOT_MS;
			const bool place = events[e].subject == EVENT_PLACE &&
					   strcmp(events[e].name, w->places[in->place].city) == 0;
			const bool country =
				events[e].subject == EVENT_COUNTRY &&
				strcmp(events[e].country, w->places[in->place].country) == 0;

			if ((place || country || events[e].subject == EVENT_ALL) &&
			    events[e].from_ms < from + LONG * SLOT_MS && events[e].to_ms > from) {
				known = true;
				in->found = in->found || place;
			}
		}
		of_nothing += !known;
	}
	for (size_t i = 0; i < PUT_IN; i++) {
		put[w->put_in[i].factor]++;
		found[w->put_in[i].factor] += w->put_in[i].found;
	}
	printf("{\"events\":%zu,\"of_nothing\":%zu,\"slots\":%d,\"seconds\":%.1f,\"put_in\":[",
	       count, of_nothing, SLOTS - LAST, seconds);
	for (size_t f = 0; f < FACTORS; f++)
		printf("%s[%g,%zu,%zu]", f > 0 ? "," : "", factors[f], put[f], found[f]);
	printf("]}\n");
	free(events);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: unusual_load FOLDER PLACES NOISE\n");
		return 2;
	}
	struct world w = {.count = strtoul(argv[2], NULL, 10), .noise = strtod(argv[3], NULL)};
	struct history_settings settings = {
		.folder = argv[1], .size = 20000000000, .unsynced = true};
	char error[HISTORY_ERROR_MAX];

	history_parse_keep("24h,7d,40d,5y", settings.keep_ms);
	struct history *h = history_open(&settings, error);
	if (h == NULL || history_start(h) != 0) {
		fprintf(stderr, "%s\n", error);
		return EXIT_FAILURE;
	}
	make_world(&w);
	for (int slot = 0; slot < SLOTS; slot++)
		put_slot(&w, h, slot);
	history_close(h, -1);

	/* the last week alone is looked at: from where four weeks are there */
	const struct watch_settings look = {
		.least_pps = 1, .all = true, .from_ms = START_MS + LAST * SLOT_MS};
	h = history_open(&settings, error);
	struct watch *watch = h != NULL ? watch_create(h, &look) : NULL;
	if (watch == NULL)
		return EXIT_FAILURE;
	const double begin = now_s();
	if (history_start(h) != 0 || watch_start(watch) != 0)
		return EXIT_FAILURE;
	struct watch_status status;
	do {
		nanosleep(&(const struct timespec){.tv_nsec = 100000000}, NULL);
		watch_status(watch, &status);
	} while (status.until_ms < START_MS + SLOTS * SLOT_MS);
	const double seconds = now_s() - begin;
	print_found(&w, watch, seconds);
	watch_end(watch, false, -1);
	history_close(h, -1);
	return EXIT_SUCCESS;
}
