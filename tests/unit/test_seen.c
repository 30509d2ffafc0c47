/* SPDX-License-Identifier: BSD-3-Clause */
/* Which numbers were counted: against a plain array, in any order, across being stored. */
#include "seen.h"
#include "unit.h"

#define NUMBERS 2000

static void
store_and_load(struct seen *seen)
{
	uint8_t packed[SEEN_PACKED_MAX];
	struct seen again;
	const size_t size = seen_pack(seen, packed);

	assert_in_range(size, 1, sizeof(packed));
	assert_true(seen_unpack(&again, packed, size));
	assert_int_equal(again.count, seen->count);
	assert_int_equal(again.closed, seen->closed);
	assert_memory_equal(again.ranges, seen->ranges, seen->count * sizeof(seen->ranges[0]));
	*seen = again;
}

/* What was added is never new again; what was not is new, or (in a closed gap) not known. */
static void
check(const struct seen *seen, const bool *added)
{
	for (uint64_t n = 1; n < NUMBERS; n++) {
		const enum seen_answer answer = seen_ask(seen, n);

		if (added[n])
			assert_true_of(answer != SEEN_NEW, "%d is new again", (int)n);
		else
			assert_true_of(answer == (n > seen->closed ? SEEN_NEW : SEEN_UNKNOWN),
				       "%d: %d", (int)n, (int)answer);
	}
	for (size_t i = 1; i < seen->count; i++)
		assert_true(seen->ranges[i].first > seen->ranges[i - 1].last + 1);
}

/* Nearly in order, nearly without gaps: nothing is closed. */
static void
test_as_they_come(void **state)
{
	struct dice dice = {17};
	struct seen seen = {0};
	bool added[NUMBERS] = {0};
	(void)state;

	for (uint64_t n = 1; n < NUMBERS - 8; n++) {
		const uint64_t number = n + dice_below(&dice, 8);

		assert_int_equal(seen_ask(&seen, number) == SEEN_NEW, !added[number]);
		seen_add(&seen, number);
		added[number] = true;
		if (n % 50 == 0)
			store_and_load(&seen);
		if (n % 100 == 0)
			check(&seen, added);
	}
	check(&seen, added);
}

static void
test_any_order(void **state)
{
	(void)state;
	for (uint64_t run = 1; run < 50; run++) {
		struct dice dice = {run};
		struct seen seen = {0};
		bool added[NUMBERS] = {0};

		for (int i = 0; i < 400; i++) {
			const uint64_t number = 1 + dice_below(&dice, NUMBERS - 1);

			if (seen_ask(&seen, number) != SEEN_NEW)
				continue;
			seen_add(&seen, number);
			added[number] = true;
			store_and_load(&seen);
			assert_int_not_equal(seen_ask(&seen, number), SEEN_NEW);
		}
		check(&seen, added);
		assert_in_range(seen.count, 1, SEEN_RANGES);
	}
}

static void
test_the_ends(void **state)
{
	struct seen seen = {0};
	(void)state;

	seen_add(&seen, UINT64_MAX);
	seen_add(&seen, 1);
	seen_add(&seen, UINT64_MAX - 1);
	store_and_load(&seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen_ask(&seen, UINT64_MAX), SEEN_COUNTED);
	assert_int_equal(seen_ask(&seen, 2), SEEN_NEW);
}

static void
test_what_is_no_store(void **state)
{
	struct dice dice = {5};
	struct seen seen;
	(void)state;

	assert_false(seen_unpack(&seen, "", 0));
	assert_false(seen_unpack(&seen, "\2\0", 2));
	assert_false(seen_unpack(&seen, "\1", 1));
	assert_false(seen_unpack(&seen, "\1\0\1", 3));       /* half a range */
	assert_false(seen_unpack(&seen, "\1\0\0\1", 4));     /* 0 is no number */
	assert_false(seen_unpack(&seen, "\1\0\1\0\1\0", 6)); /* no gap */
	for (int i = 0; i < 100000; i++) {
		uint8_t any[40];
		const size_t size = dice_below(&dice, sizeof(any));

		for (size_t n = 0; n < size; n++)
			any[n] = (uint8_t)(dice_below(&dice, 4) == 0 ? dice_next(&dice) : n == 0);
		if (seen_unpack(&seen, any, size))
			store_and_load(&seen);
		else
			assert_int_equal(seen.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_they_come),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_the_ends),
		cmocka_unit_test(test_what_is_no_store),
	};
	return cmocka_run_group_tests_name("seen", tests, NULL, NULL);
}
