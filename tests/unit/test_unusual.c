/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores: medians and spreads by hand, and what is worth a word. */
#include "unit.h"
#include "unusual.h"

#include <math.h>

static struct unusual
score(double now, size_t count, ...)
{
	double samples[32];
	va_list list;

	va_start(list, count);
	for (size_t i = 0; i < count; i++)
		samples[i] = va_arg(list, double);
	va_end(list);
	return unusual_score(now, samples, count);
}

static void
test_scores(void **state)
{
	(void)state;
	/* MAD of 900..1100 about 1000 is 100 */
	struct unusual u = score(2000, 5, 900.0, 1100.0, 1000.0, 800.0, 1200.0);
	assert_true(u.usual == 1000);
	assert_true(fabs(u.score - 1000 / 148.26) < 1e-9);
	/* one outlier among the samples changes little, and an even number has its middle */
	u = score(2000, 6, 900.0, 1100.0, 1000.0, 800.0, 1200.0, 1e9);
	assert_true(u.usual == 1050 && u.score > 4);
	/* always the same: a tenth of it is the least that counts */
	u = score(2000, 3, 1000.0, 1000.0, 1000.0);
	assert_true(fabs(u.score - 10) < 1e-9);
	/* few packets: chance itself */
	u = score(25, 3, 16.0, 16.0, 16.0);
	assert_true(fabs(u.score - 9 / 4.0) < 1e-9);
	/* nothing before: each packet counts one, and none is no number that is none */
	u = score(300, 3, 0.0, 0.0, 0.0);
	assert_true(u.usual == 0 && u.score == 300);
	u = score(5, 0);
	assert_true(u.usual == 0 && u.score == 5);
}

static void
test_judgement(void **state)
{
	struct unusual u;
	(void)state;

	u = score(2500, 3, 1000.0, 1000.0, 1000.0);
	assert_int_equal(unusual_judge(2500, &u, 300), 1);
	assert_int_equal(unusual_judge(2500, &u, 3000), 0); /* not of that volume */
	u = score(1900, 3, 1000.0, 1000.0, 1000.0);
	assert_true(u.score > UNUSUAL_SCORE);
	assert_int_equal(unusual_judge(1900, &u, 300), 0); /* not twice as much */
	u = score(300, 3, 1000.0, 1000.0, 1000.0);
	assert_int_equal(unusual_judge(300, &u, 300), -1);
	u = score(0, 3, 400.0, 400.0, 400.0);
	assert_int_equal(unusual_judge(0, &u, 300), -1); /* the volume may be the usual one */
	/* what is as wild as this is not unusual */
	u = score(5000, 5, 100.0, 3000.0, 900.0, 4000.0, 2000.0);
	assert_int_equal(unusual_judge(5000, &u, 300), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_judgement),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
