/* SPDX-License-Identifier: BSD-3-Clause */
/* A port that cannot be reset for a day: how often that is tried, and how often logged. */
#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static void
test_waits_double_up_to_a_minute(void **state)
{
	static const uint64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct backoff b = {0};
	uint64_t now = 5 * SECOND;

	(void)state;
	assert_true(backoff_due(&b, now));
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		backoff_failed(&b, now);
		assert_false(backoff_due(&b, now + waits[i] * SECOND - 1));
		assert_true(backoff_due(&b, now + waits[i] * SECOND));
		now += waits[i] * SECOND;
	}
	backoff_clear(&b);
	assert_true(backoff_due(&b, 0));
	backoff_failed(&b, now);
	assert_true(backoff_due(&b, now + SECOND));
}

static void
test_a_day_of_failures_is_a_few_lines(void **state)
{
	struct backoff b = {0};
	unsigned int lines = 0, tries = 0;

	(void)state;
	for (uint64_t now = 0; now < 86400; now++) {
		if (!backoff_due(&b, now * SECOND))
			continue;
		tries++;
		if (backoff_failed(&b, now * SECOND)) {
			lines++;
			assert_true(tries == 1 || tries == 10 || tries == 100 || tries == 1000);
		}
	}
	assert_int_equal(lines, 4);
	assert_in_range(tries, 1440, 1450);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_double_up_to_a_minute),
		cmocka_unit_test(test_a_day_of_failures_is_a_few_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
