/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The windows against an oracle that keeps every period: what a window shows must be, to the last
 * octet, the sum of the periods that its `seconds` say, counted back from the newest.
 */
#include "failing.h"
#include "heat.h"
#include "unit.h"

#include <errno.h>
#include <math.h>

#define PLACES 40

static const double window_seconds[WINDOWS] = {0, 60, 300, 3600, 86400, 0};
static const double bucket_seconds[WINDOWS] = {0, 10, 30, 300, 3600, 0};

struct period {
	double seconds;
	struct counts counts[PLACES];
	struct ledger ledger;
};

struct story {
	struct heat *heat;
	struct period *periods;
	size_t count, capacity;
	double longest;
	struct dice dice;
};

static void
story_begin(struct story *s, uint64_t seed)
{
	*s = (struct story){.heat = heat_create(), .dice = {seed}};
	assert_non_null(s->heat);
}

static void
story_end(struct story *s)
{
	heat_destroy(s->heat);
	free(s->periods);
}

/* The sparse place numbers that the oracle's rows stand for. */
static uint32_t
number_of(size_t i)
{
	return (uint32_t)(i * i + i);
}

/* One period with counts by chance, given to both; every place in several hosts' portions. */
static void
story_period(struct story *s, double seconds)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity ? 2 * s->capacity : 64;
		s->periods = realloc(s->periods, s->capacity * sizeof(*s->periods));
		assert_non_null(s->periods);
	}
	struct period *p = &s->periods[s->count++];

	memset(p, 0, sizeof(*p));
	p->seconds = seconds;
	s->longest = fmax(s->longest, seconds);
	for (uint32_t hosts = dice_below(&s->dice, 12); hosts > 0; hosts--) {
		uint32_t i = dice_below(&s->dice, PLACES);
		struct counts c = {0};

		if (dice_below(&s->dice, 8) > 0) {
			for (int k = 0; k < 8; k++)
				(&c.packets[0][0])[k] = dice_below(&s->dice, 1000);
			/* also a host that did nothing but as a destination of UDP */
			c.packets[LAYER_UDP][AS_DESTINATION]++;
			counts_add(&p->counts[i], &c);
		}
		assert_int_equal(heat_add(s->heat, number_of(i), &c), 0);
	}
	for (size_t i = 0; i < sizeof(p->ledger) / sizeof(uint64_t); i++)
		((uint64_t *)&p->ledger)[i] = dice_below(&s->dice, 1000);
	heat_add_ledger(s->heat, &p->ledger);
	assert_int_equal(heat_end_period(s->heat, seconds), 0);
}

/* How many of the newest periods the window covers; 0 where its seconds fit none. */
static size_t
covered(const struct story *s, double seconds)
{
	double sum = 0;

	for (size_t k = 1; k <= s->count; k++) {
		sum += s->periods[s->count - k].seconds;
		if (fabs(sum - seconds) < 1e-6)
			return k;
	}
	return 0;
}

static void
check_window(const struct story *s, enum window window)
{
	static struct counts sums[PLACES];
	struct ledger ledger = {0};
	struct heat_window hw;
	uint64_t shown = 0, summed = 0;

	heat_window(s->heat, window, &hw);
	size_t k = covered(s, hw.seconds);
	assert_true_of(k > 0, "%s covers %.3f s, which are no whole periods", window_names[window],
		       hw.seconds);
	if (window == WINDOW_NOW)
		assert_int_equal(k, 1);
	if (window == WINDOW_START)
		assert_int_equal(k, s->count);
	if (window != WINDOW_NOW && window != WINDOW_START) {
		double whole = window_seconds[window], last = s->periods[s->count - 1].seconds;

		assert_true_of(k == 1 || hw.seconds <= whole + last / 2,
			       "%s covers %.3f s with periods of %.3f s", window_names[window],
			       hw.seconds, last);
		assert_true_of(k == s->count ||
				       hw.seconds > whole - bucket_seconds[window] - s->longest,
			       "%s covers only %.3f s", window_names[window], hw.seconds);
	}
	memset(sums, 0, sizeof(sums));
	for (size_t i = s->count - k; i < s->count; i++) {
		for (size_t p = 0; p < PLACES; p++)
			counts_add(&sums[p], &s->periods[i].counts[p]);
		ledger_add(&ledger, &s->periods[i].ledger);
	}
	assert_memory_equal(&hw.ledger, &ledger, sizeof(ledger));
	for (size_t p = 0; p < PLACES; p++) {
		static const struct counts none;
		const struct counts *c =
			number_of(p) < hw.places ? &hw.counts[number_of(p)] : &none;

		assert_memory_equal(c, &sums[p], sizeof(*c));
		summed += counts_packets(&sums[p]);
	}
	/* and nothing anywhere else */
	for (uint32_t p = 0; p < hw.places; p++)
		shown += counts_packets(&hw.counts[p]);
	assert_int_equal(shown, summed);
}

static void
check_all(const struct story *s)
{
	for (int w = 0; w < WINDOWS; w++)
		check_window(s, (enum window)w);
}

static void
test_nothing(void **state)
{
	struct heat *heat = heat_create();
	struct heat_window hw;
	(void)state;

	assert_non_null(heat);
	for (int w = 0; w < WINDOWS; w++) {
		heat_window(heat, (enum window)w, &hw);
		assert_int_equal(hw.places, 0);
		assert_true(hw.seconds == 0);
	}
	assert_int_equal(heat_end_period(heat, 10), 0);
	for (int w = 0; w < WINDOWS; w++) {
		heat_window(heat, (enum window)w, &hw);
		assert_int_equal(hw.places, 0);
		assert_true(hw.seconds == 10);
	}
	heat_destroy(heat);
	heat_destroy(NULL);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"", "NOW", "1h ", "2h", "start1", "nowx", "24"};
	(void)state;

	for (int w = 0; w < WINDOWS; w++)
		assert_int_equal(window_parse(window_names[w]), w);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(window_parse(bad[i]), WINDOWS);
}

/* Periods of one length, each with the milliseconds of a real clock, until a day has slid by. */
static void
test_even_periods(void **state)
{
	static const double lengths[] = {10, 5,  7,  3,  6,   11,  20,  25,   30,  45,
					 59, 60, 61, 90, 299, 300, 301, 1800, 3600};
	(void)state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct story s;
		size_t periods = (size_t)fmin(2.2 * 86400 / lengths[i] + 3, 250);

		story_begin(&s, 7 + i);
		for (size_t p = 0; p < periods; p++) {
			double jitter = ((double)dice_below(&s.dice, 4001) - 2000) / 1e6;

			story_period(&s, lengths[i] + jitter);
			check_all(&s);
		}
		story_end(&s);
	}
}

/* The lengths that users set, and what a minute is made of then: never six periods for the sake of
 * six buckets. */
static void
test_what_a_minute_covers(void **state)
{
	static const struct {
		double period, least, most;
	} cases[] = {
		{0.1, 50, 60.1}, {1, 50, 60.5}, {5, 50, 60},     {6, 54, 60},        {7, 56, 63},
		{10, 60, 60},    {12, 60, 60},  {20, 60, 60},    {25, 50, 50},       {30, 60, 60},
		{60, 60, 60},    {90, 90, 90},  {300, 300, 300}, {3600, 3600, 3600},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heat *heat = heat_create();
		struct heat_window hw;

		assert_non_null(heat);
		for (int p = 0; p < 2000; p++) {
			const struct counts one = {.packets = {{1, 0}, {0, 0}}};

			assert_int_equal(heat_add(heat, 3, &one), 0);
			assert_int_equal(heat_end_period(heat, cases[i].period), 0);
			if (p * cases[i].period < 120)
				continue;
			heat_window(heat, WINDOW_1M, &hw);
			assert_true_of(hw.seconds > cases[i].least - 0.01 &&
					       hw.seconds < cases[i].most + 0.01,
				       "periods of %.1f s: 1m covers %.3f s", cases[i].period,
				       hw.seconds);
			assert_int_equal(counts_packets(&hw.counts[3]),
					 lround(hw.seconds / cases[i].period));
		}
		heat_destroy(heat);
	}
}

/* Lengths by chance from a tenth of a second to two days: late merges, suspended machines. */
static void
test_odd_periods(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct story s;

		story_begin(&s, seed);
		for (int p = 0; p < 200; p++) {
			double scale = pow(10, dice_below(&s.dice, seed % 4 + 2));

			story_period(&s, scale * (1 + dice_below(&s.dice, 17000)) / 10000);
			check_all(&s);
		}
		story_end(&s);
	}
}

/* A week's quiet after a storm: everything but the start is empty again. */
static void
test_expires(void **state)
{
	struct heat *heat = heat_create();
	const struct counts storm = {.packets = {{UINT64_MAX / 8, 1}, {2, 3}},
				     .octets = {{UINT64_MAX / 8, 5}, {6, 7}}};
	struct ledger ledger = {.geo = {1, 2, 3, 4}};
	struct heat_window hw;
	(void)state;

	assert_non_null(heat);
	assert_int_equal(heat_add(heat, 5, &storm), 0);
	heat_add_ledger(heat, &ledger);
	assert_int_equal(heat_end_period(heat, 10), 0);
	for (int p = 0; p < 7 * 8640; p++) {
		assert_int_equal(heat_end_period(heat, 10), 0);
		for (int w = 0; w < WINDOWS; w++) {
			bool gone = w == WINDOW_NOW ||
				    (w != WINDOW_START && (p + 2) * 10 > window_seconds[w] + 5);

			heat_window(heat, (enum window)w, &hw);
			if (gone) {
				assert_int_equal(counts_packets(&hw.counts[5]), 0);
				assert_int_equal(hw.ledger.geo[0], 0);
			} else if ((p + 2) * 10 <= window_seconds[w] || w == WINDOW_START) {
				assert_memory_equal(&hw.counts[5], &storm, sizeof(storm));
				assert_int_equal(hw.ledger.geo[3], 4);
			}
		}
	}
	heat_destroy(heat);
}

/* A host without packets (of a lane that was asked too late) must not make others count twice. */
static void
test_no_packets_is_nothing(void **state)
{
	struct heat *heat = heat_create();
	const struct counts none = {0}, one = {.packets = {{1, 0}, {0, 0}}};
	struct heat_window hw;
	(void)state;

	assert_non_null(heat);
	assert_int_equal(heat_add(heat, 2, &none), 0);
	assert_int_equal(heat_add(heat, 2, &one), 0);
	assert_int_equal(heat_add(heat, 2, &none), 0);
	assert_int_equal(heat_add(heat, 2, &one), 0);
	assert_int_equal(heat_end_period(heat, 10), 0);
	for (int w = 0; w < WINDOWS; w++) {
		heat_window(heat, (enum window)w, &hw);
		assert_int_equal(counts_packets(&hw.counts[2]), 2);
	}
	/* a number that no database can give is refused, not walked up to */
	assert_int_equal(heat_add(heat, UINT32_MAX, &one), -ENOMEM);
	assert_int_equal(heat_add(heat, UINT32_MAX / 2 + 1, &one), -ENOMEM);
	heat_destroy(heat);
}

/* Whichever allocation of a period fails: the error is told, every window is still a sum of whole
 * periods with the right seconds, and the next period is as ever. */
static void
test_no_memory(void **state)
{
	bool failed = true;
	(void)state;

	failing_at(0);
	assert_null(heat_create());
	for (long n = 0; failed; n++) {
		struct heat *heat = heat_create();
		const struct counts one = {.packets = {{1, 0}, {0, 0}}};
		uint64_t added = 0;
		int errors = 0;

		assert_non_null(heat);
		failing_at(n);
		for (uint32_t i = 0; i < 3000; i++) {
			int error = heat_add(heat, 2 * i, &one);

			assert_true(error == 0 || error == -ENOMEM);
			added += error == 0;
			errors += error != 0;
		}
		errors += heat_end_period(heat, 10) != 0;
		failed = failing_happened();
		failing_at(-1);
		assert_int_equal(errors, failed);
		for (int p = 0; p < 3; p++) {
			assert_int_equal(heat_add(heat, 6000, &one), 0);
			assert_int_equal(heat_end_period(heat, 10), 0);
		}
		for (int w = 0; w < WINDOWS; w++) {
			struct heat_window hw;
			uint64_t sum = 0;

			heat_window(heat, (enum window)w, &hw);
			for (uint32_t i = 0; i < hw.places; i++)
				sum += counts_packets(&hw.counts[i]);
			if (w == WINDOW_NOW)
				assert_int_equal(sum, 1);
			else if (fabs(hw.seconds - 40) < 1e-6)
				assert_int_equal(sum, added + 3);
			else
				assert_true(sum == 3 && fabs(hw.seconds - 30) < 1e-6);
		}
		heat_destroy(heat);
	}
}

/* One period in which `places` places have packets. */
static void
busy_period(struct heat *heat, uint32_t places, double seconds)
{
	const struct counts one = {.packets = {{1, 0}, {0, 0}}};

	for (uint32_t place = 0; place < places; place++)
		assert_int_equal(heat_add(heat, place, &one), 0);
	assert_int_equal(heat_end_period(heat, seconds), 0);
}

/* A clock that is wrong must not spoil the sums of seconds for good. */
static void
test_impossible_seconds(void **state)
{
	static const double wrong[] = {NAN, INFINITY, -INFINITY, -5};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct heat *heat = heat_create();
		struct heat_window hw;

		assert_non_null(heat);
		for (int p = 0; p < 3; p++)
			busy_period(heat, 3, 10);
		busy_period(heat, 3, wrong[i]);
		heat_window(heat, WINDOW_START, &hw);
		assert_int_equal(counts_packets(&hw.counts[2]), 4);
		assert_true(hw.seconds == 30);
		for (int p = 0; p < 20; p++)
			busy_period(heat, 3, 10);
		heat_window(heat, WINDOW_1M, &hw);
		assert_int_equal(counts_packets(&hw.counts[2]), 6);
		assert_true(hw.seconds == 60);
		heat_destroy(heat);
	}
}

/* Periods of before the start count in the windows that slide, in order, and leave them in order.
 */
static void
test_recalled_periods(void **state)
{
	struct heat *heat = heat_create();
	struct heat_window hw;

	(void)state;
	assert_non_null(heat);
	for (int p = 0; p < 12; p++) {
		const struct counts c = {.packets[LAYER_TCP][AS_SOURCE] = 1};
		struct ledger ledger = {.decode.frames[DECODE_TCP] = 1};

		assert_int_equal(heat_add(heat, 7, &c), 0);
		heat_add_ledger(heat, &ledger);
		assert_int_equal(heat_recall_period(heat, 10), 0);
	}
	/* an hour in which nothing ran, in steps of a period: a single long one counts as nearest
	 */
	for (int p = 0; p < 360; p++)
		assert_int_equal(heat_recall_period(heat, 10), 0);
	for (int w = 0; w < WINDOWS; w++) {
		const bool day = w == WINDOW_24H;

		heat_window(heat, (enum window)w, &hw);
		assert_int_equal(hw.ledger.decode.frames[DECODE_TCP], day ? 12 : 0);
		assert_int_equal(hw.places > 7 ? counts_packets(&hw.counts[7]) : 0, day ? 12 : 0);
	}
	busy_period(heat, 3, 10);
	heat_window(heat, WINDOW_START, &hw);
	assert_true(hw.seconds == 10);
	assert_int_equal(counts_packets(&hw.counts[7]), 0);
	heat_window(heat, WINDOW_NOW, &hw);
	assert_true(hw.seconds == 10);
	heat_window(heat, WINDOW_24H, &hw);
	assert_true(hw.seconds == 3730);
	heat_destroy(heat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recalled_periods),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_even_periods),
		cmocka_unit_test(test_what_a_minute_covers),
		cmocka_unit_test(test_odd_periods),
		cmocka_unit_test(test_expires),
		cmocka_unit_test(test_no_packets_is_nothing),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_impossible_seconds),
	};
	return cmocka_run_group_tests_name("heat", tests, NULL, NULL);
}
