/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two weeks of made-up traffic by day and night, with what is unusual put in: it is told of once,
 * with its times, and outlives the process; nothing else is told of.
 */
#include "change_world.h"
#include "watch.h"

static char folder[64];
static char said[16384];

static void
note(const char *line)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

/* Packets in five minutes: a wave over the day, noise of a tenth, no week end. */
static uint64_t
usual(struct dice *dice, int place, int64_t start_ms)
{
	static const double volume[WORLD_PLACES] = {9000, 6000, 3000, 2000, 0};
	const double hour = (double)(start_ms % DAY_MS) / (double)HOUR_MS;
	const double wave = hour < 12 ? 0.4 + hour / 12 : 2.4 - hour / 12;
	const double noise = 0.9 + 0.2 * dice_below(dice, 1000) / 1000;

	return (uint64_t)(volume[place] * wave * noise);
}

struct put_in {
	int place; /* WORLD_PLACES: all */
	int64_t from_ms, to_ms;
	double times;
	uint64_t more;
};

#define BEGIN (MONDAY + 2 * WEEK_MS)
static const struct put_in put_in[] = {
	/* ten times as much for a quarter of an hour */
	{BERLIN, BEGIN + 9 * HOUR_MS, BEGIN + 9 * HOUR_MS + 3 * FIVE_MS, 10, 0},
	/* gone for twenty minutes */
	{PARIS, BEGIN + 14 * HOUR_MS, BEGIN + 14 * HOUR_MS + 4 * FIVE_MS, 0, 0},
	/* where nothing ever was */
	{NOWHERE, BEGIN + 20 * HOUR_MS, BEGIN + 20 * HOUR_MS + 2 * FIVE_MS, 1, 5000},
	/* all of it to a twentieth */
	{WORLD_PLACES, BEGIN + DAY_MS + 10 * HOUR_MS, BEGIN + DAY_MS + 11 * HOUR_MS, 0.05, 0},
};

static void
put_traffic(struct history *h, int64_t from_ms, int64_t to_ms)
{
	for (int64_t t = from_ms; t < to_ms; t += FIVE_MS) {
		struct dice dice = {(uint64_t)t};
		uint64_t packets[WORLD_PLACES];

		for (int i = 0; i < WORLD_PLACES; i++)
			packets[i] = usual(&dice, i, t);
		for (size_t k = 0; k < sizeof(put_in) / sizeof(put_in[0]); k++) {
			const struct put_in *p = &put_in[k];

			for (int i = 0; i < WORLD_PLACES; i++) {
				if (t >= p->from_ms && t < p->to_ms &&
				    (p->place == i || p->place == WORLD_PLACES))
					packets[i] =
						(uint64_t)((double)packets[i] * p->times) + p->more;
			}
		}
		world_put(h, t, FIVE_MS, packets);
	}
}

static struct watch *
open_watch(struct history *h, bool all)
{
	struct watch *w =
		watch_create(h, &(struct watch_settings){.least_pps = 1, .log = note, .all = all});

	assert_non_null(w);
	return w;
}

/* Stores it, and has it looked at. `all`: see watch.h. */
static void
look(int64_t from_ms, int64_t to_ms, bool all)
{
	struct history *h = world_open(folder);
	struct watch *w = open_watch(h, all);

	assert_int_equal(history_start(h), 0);
	put_traffic(h, from_ms, to_ms);
	assert_int_equal(watch_start(w), 0);
	assert_int_equal(watch_end(w, true, -1), 0);
	assert_int_equal(history_close(h, -1), 0);
}

static void
holds(const struct event *e, enum event_subject subject, int direction, const char *name,
      const struct put_in *p)
{
	assert_int_equal(e->subject, subject);
	assert_int_equal(e->direction, direction);
	assert_string_equal(e->name, name);
	assert_int_equal(e->from_ms, p->from_ms);
	assert_int_equal(e->to_ms, p->to_ms);
	assert_true(e->over);
}

static void
test_events(void **state)
{
	struct event *events;
	struct watch_status status;
	size_t count;
	(void)state;

	/* what was not watched is not told of later, but is what is usual */
	struct history *h = world_open(folder);
	assert_int_equal(history_start(h), 0);
	put_traffic(h, MONDAY, BEGIN);
	assert_int_equal(history_close(h, -1), 0);
	/* in two parts: events go on after a restart, in the middle of one */
	look(BEGIN, BEGIN + 14 * HOUR_MS + 2 * FIVE_MS, false);
	look(BEGIN + 14 * HOUR_MS + 2 * FIVE_MS, BEGIN + 2 * DAY_MS, true);

	h = world_open(folder);
	struct watch *w = open_watch(h, true);
	assert_int_equal(watch_events(w, 0, INT64_MAX, false, &events, &count), 0);
	if (count != 4)
		print_error("%s", said);
	assert_int_equal(count, 4);
	/* the newest first; what falls with all is not told of one by one */
	holds(&events[0], EVENT_ALL, -1, "", &put_in[3]);
	holds(&events[1], EVENT_PLACE, 1, "", &put_in[2]);
	assert_true(events[1].usual == 0 && events[1].now > 16 && events[1].now < 17);
	holds(&events[2], EVENT_PLACE, -1, "Paris", &put_in[1]);
	assert_string_equal(events[2].country, "FR");
	assert_true(events[2].now == 0 && events[2].score < -4.5);
	holds(&events[3], EVENT_PLACE, 1, "Berlin", &put_in[0]);
	free(events);
	assert_int_equal(watch_events(w, put_in[1].to_ms, INT64_MAX, false, &events, &count), 0);
	assert_int_equal(count, 2);
	free(events);
	assert_int_equal(watch_events(w, 0, INT64_MAX, true, &events, &count), 0);
	assert_int_equal(count, 0);
	free(events);
	watch_status(w, &status);
	assert_int_equal(status.until_ms, BEGIN + 2 * DAY_MS);
	assert_int_equal(status.active, 0);
	assert_non_null(strstr(said, "unusual: Berlin, DE: "));
	assert_non_null(strstr(said, "usual again: Paris, FR: 0.0 packets/s, usually "));
	assert_non_null(strstr(said, "unusual: all traffic: "));
	assert_int_equal(watch_end(w, false, -1), 0);
	assert_int_equal(history_close(h, -1), 0);
}

/* Years in which nothing was counted cost nothing, end what was going on, and are no event. */
static void
test_a_gap(void **state)
{
	const int64_t later = BEGIN + 200 * WEEK_MS;
	struct event *events;
	struct watch_status status;
	size_t count;
	(void)state;

	struct history *h = world_open(folder);
	struct watch *w = open_watch(h, true);
	assert_int_equal(history_start(h), 0);
	world_put(h, BEGIN + 2 * DAY_MS, FIVE_MS,
		  (const uint64_t[WORLD_PLACES]){100000, 2400, 1200, 800});
	put_traffic(h, later, later + HOUR_MS);
	world_settle(h);
	assert_int_equal(watch_start(w), 0);
	/* until it has seen it all: the end is then nothing to wait for */
	do {
		nanosleep(&(const struct timespec){.tv_nsec = 10000000}, NULL);
		watch_status(w, &status);
	} while (status.until_ms < later + HOUR_MS);
	assert_true_of(status.slots < 20, "%llu slots", (unsigned long long)status.slots);
	assert_true(status.learning);
	assert_int_equal(watch_events(w, BEGIN + 2 * DAY_MS, INT64_MAX, false, &events, &count), 0);
	assert_int_equal(count, 1);
	assert_string_equal(events[0].name, "Berlin");
	assert_true(events[0].over);
	assert_int_equal(events[0].to_ms, BEGIN + 2 * DAY_MS + FIVE_MS);
	free(events);
	assert_int_equal(watch_end(w, false, -1), 0);
	assert_int_equal(history_close(h, -1), 0);
}

static void
test_notes_that_are_none(void **state)
{
	struct event e;
	(void)state;

	static const char *const bad[] = {"", "{}", "[1]", "{\"id\":1}", "\xff"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(event_read(bad[i], strlen(bad[i]), &e));
	const struct event all = {.id = 7,
				  .from_ms = MONDAY,
				  .to_ms = MONDAY + FIVE_MS,
				  .subject = EVENT_PLACE,
				  .direction = -1,
				  .place = 12,
				  .country = "FR",
				  .name = "Orléans \"\\",
				  .latitude = 47.902,
				  .longitude = 1.909,
				  .now = 0.25,
				  .usual = 12.5,
				  .score = -8.125};
	json_t *o = event_json(&all);
	char *text = json_dumps(o, 0);
	assert_true(event_read(text, strlen(text), &e));
	assert_int_equal(e.id, 7);
	assert_int_equal(e.from_ms, all.from_ms);
	assert_int_equal(e.to_ms, all.to_ms);
	assert_int_equal(e.direction, -1);
	assert_int_equal(e.place, 12);
	assert_string_equal(e.name, all.name);
	assert_true(e.latitude == all.latitude && e.score == all.score && e.now == all.now);
	free(text);
	json_decref(o);
}

static int
setup(void **state)
{
	(void)state;
	scratch_make(folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_a_gap),
		cmocka_unit_test(test_notes_that_are_none),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
