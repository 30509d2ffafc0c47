/* SPDX-License-Identifier: BSD-3-Clause */
/* What the windows take of memory: bounded, as they say it, and given back. */
#include "failing.h"
#include "heat.h"
#include "unit.h"

/* One period in which `places` places have packets. */
static void
busy_period(struct heat *heat, uint32_t places, double seconds)
{
	const struct counts one = {.packets = {{1, 0}, {0, 0}}};

	for (uint32_t place = 0; place < places; place++)
		assert_int_equal(heat_add(heat, place, &one), 0);
	assert_int_equal(heat_end_period(heat, seconds), 0);
}

/* heat_memory says what malloc was asked for; malloc adds up to 32 octets to each of at most a few
 * hundred allocations. */
static void
check_memory(const struct heat *heat, size_t before, size_t bound)
{
	size_t said = heat_memory(heat), counted = failing_allocated() - before;

	assert_true_of(said <= counted && counted <= said + (size_t)300 * 32,
		       "heat_memory says %zu octets, malloc %zu", said, counted);
	assert_true_of(said <= bound, "%zu octets, %zu are the bound", said, bound);
}

/* A month in which every place has packets in every period: the memory is bounded, and does not
 * grow once the longest window is full. */
static void
test_memory_of_a_month(void **state)
{
	enum { P = 200 };
	static const struct {
		double period, jitter;
		size_t per_place;
	} cases[] = {
		{100, 0, HEAT_PER_PLACE},       {300, 0.001, HEAT_PER_PLACE},
		{420, 0, HEAT_WORST_PER_PLACE}, {2300, 100, HEAT_WORST_PER_PLACE},
		{3600, 0, HEAT_PER_PLACE},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t before = failing_allocated(), most = 0;
		struct heat *heat = heat_create();
		struct dice d = {99 + i};
		double now = 0;

		assert_non_null(heat);
		while (now < 30 * 86400.0) {
			double seconds =
				cases[i].period +
				cases[i].jitter * ((double)dice_below(&d, 2001) - 1000) / 1000;

			busy_period(heat, P, seconds);
			now += seconds;
			check_memory(heat, before, HEAT_ONCE + P * cases[i].per_place);
			if (now < 2 * 86400.0)
				most = heat_memory(heat) > most ? heat_memory(heat) : most;
			else if (cases[i].jitter == 0)
				assert_true_of(heat_memory(heat) <= most,
					       "%.0f s: %zu octets, %zu in the first two days", now,
					       heat_memory(heat), most);
		}
		heat_destroy(heat);
		assert_int_equal(failing_allocated(), before);
	}
}

/* Periods of 10 s for three hours: long enough for all buckets but those of the day. */
static void
test_memory_of_short_periods(void **state)
{
	enum { P = 500 };
	size_t before = failing_allocated();
	struct heat *heat = heat_create();
	(void)state;

	assert_non_null(heat);
	for (int p = 0; p < 3 * 360; p++) {
		busy_period(heat, P, 10);
		check_memory(heat, before, HEAT_ONCE + P * (HEAT_PER_PLACE - (24 - 3) * 72));
	}
	heat_destroy(heat);
}

/* What a storm over many places took is given back when its buckets expire. */
static void
test_memory_after_a_storm(void **state)
{
	enum { MANY = 20000, FEW = 10 };
	size_t before = failing_allocated();
	struct heat *heat = heat_create();
	(void)state;

	assert_non_null(heat);
	for (int p = 0; p < 30; p++)
		busy_period(heat, MANY, 10);
	for (int p = 0; p < 25 * 60; p++)
		busy_period(heat, FEW, 60);
	/* the sums, the period and touched[] stay */
	check_memory(heat, before, HEAT_ONCE + FEW * HEAT_PER_PLACE + MANY * (size_t)509);
	heat_destroy(heat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_of_a_month),
		cmocka_unit_test(test_memory_of_short_periods),
		cmocka_unit_test(test_memory_after_a_storm),
	};
	return cmocka_run_group_tests_name("heat_memory", tests, NULL, NULL);
}
