/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores: medians and spreads by hand, and what is worth a word. */
#include "unit.h"
#include "unusual.h"

#include <math.h>

static struct unusual
score(double now, double typical, size_t count, ...)
{
	double samples[32];
	va_list list;

	va_start(list, count);
	for (size_t i = 0; i < count; i++)
		samples[i] = va_arg(list, double);
	va_end(list);
	return unusual_score(now, samples, count, typical);
}

static void
is_near(double a, double b)
{
	assert_true_of(fabs(a - b) < 1e-9, "%.12f is not %.12f", a, b);
}

static void
test_scores(void **state)
{
	(void)state;
	/* 990 + 10 is 1000: the distances are four times ln 2, and 0 */
	struct unusual u = score(7990, 0, 5, 490.0, 490.0, 990.0, 1990.0, 1990.0);
	is_near(u.usual, 990);
	is_near(u.score, log(8) / (1.4826 * log(2)));
	/* half is as far as double */
	is_near(score(490, 0, 3, 990.0, 990.0, 990.0).score,
		-score(1990, 0, 3, 990.0, 990.0, 990.0).score);
	/* one outlier among the samples changes little, and an even number has its middle */
	u = score(7990, 0, 6, 900.0, 1100.0, 1000.0, 800.0, 1200.0, 1e9);
	is_near(u.usual, 1050);
	assert_true(u.score > 6);
	/* always the same: a tenth is the least that counts, and no less than what is typical */
	is_near(score(1990, 0, 3, 990.0, 990.0, 990.0).score, log(2) / 0.1);
	is_near(score(1990, 0.5, 3, 990.0, 990.0, 990.0).score, log(2) / 0.5);
	/* few packets: chance itself */
	is_near(score(42, 0, 3, 16.0, 16.0, 16.0).score, log(2) / (4 / 26.0));
	/* nothing before, and nothing now, are no numbers that are none */
	u = score(300, 0, 3, 0.0, 0.0, 0.0);
	is_near(u.usual, 0);
	is_near(u.score, log(31) / 0.1);
	is_near(score(0, 0, 0).score, 0);
	double spread[] = {490, 990, 1990};
	is_near(unusual_spread(spread, 3), 1.4826 * log(2));
	is_near(unusual_spread(spread, 0), 0);
}

static void
test_judgement(void **state)
{
	struct unusual u;
	(void)state;

	u = score(2500, 0, 3, 1000.0, 1000.0, 1000.0);
	assert_int_equal(unusual_judge(2500, &u, 300), 1);
	assert_int_equal(unusual_judge(2500, &u, 3000), 0); /* not of that volume */
	u = score(1900, 0, 3, 1000.0, 1000.0, 1000.0);
	assert_true(u.score > UNUSUAL_SCORE);
	assert_int_equal(unusual_judge(1900, &u, 300), 0); /* not twice as much */
	u = score(300, 0, 3, 1000.0, 1000.0, 1000.0);
	assert_int_equal(unusual_judge(300, &u, 300), -1);
	u = score(0, 0, 3, 400.0, 400.0, 400.0);
	assert_int_equal(unusual_judge(0, &u, 300), -1); /* the volume may be the usual one */
	/* what is as wild as this is not unusual */
	u = score(5000, 0, 5, 100.0, 3000.0, 900.0, 4000.0, 2000.0);
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
