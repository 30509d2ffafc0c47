/* SPDX-License-Identifier: BSD-3-Clause */
/* The headroom meter's arithmetic. */
#include "meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
half_busy(void **state)
{
	struct meter m = {0};

	(void)state;
	/* a second at 2 GHz: half of it for 10 million packets */
	meter_read(&m, 1000000000, 1000000000, 10000000, 2000000000);
	assert_float_equal(m.cycles_per_packet, 100, 1e-9);
	assert_float_equal(m.busy, 0.5, 1e-9);
	assert_float_equal(m.headroom_pps, 10000000, 1e-3);
}

static void
fully_busy(void **state)
{
	struct meter m = {0};

	(void)state;
	meter_read(&m, 500, 0, 5, 1000);
	assert_float_equal(m.busy, 1, 1e-9);
	assert_float_equal(m.headroom_pps, 0, 1e-9);
}

static void
quiet_keeps_the_cost(void **state)
{
	struct meter m = {.cycles_per_packet = 80, .busy = 0.9, .headroom_pps = 7};

	(void)state;
	meter_read(&m, 0, 1000, 0, 1000);
	assert_float_equal(m.busy, 0, 1e-9);
	assert_float_equal(m.cycles_per_packet, 80, 1e-9);
	meter_read(&m, 0, 0, 0, 1000);
	assert_float_equal(m.headroom_pps, 7, 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_busy),
		cmocka_unit_test(fully_busy),
		cmocka_unit_test(quiet_keeps_the_cost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
