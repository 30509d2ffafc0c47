/* SPDX-License-Identifier: BSD-3-Clause */
/* A time beside another: rates, medians, what is new and gone; and the sums that it is made of. */
#include "change.h"
#include "change_world.h"

static char folder[64];
static struct history *store;

#define NOW (MONDAY + 5 * WEEK_MS + 10 * HOUR_MS)

static void
put_hour(int64_t start_ms, uint64_t berlin, uint64_t paris, uint64_t lyon, uint64_t ours)
{
	for (int i = 0; i < 12; i++)
		world_put(store, start_ms + i * FIVE_MS, FIVE_MS,
			  (const uint64_t[WORLD_PLACES]){berlin, paris, lyon, ours});
}

static int
setup(void **state)
{
	(void)state;
	scratch_make(folder);
	store = world_open(folder);
	assert_int_equal(history_start(store), 0);
	/* four weeks before to now; of three weeks before nothing was counted */
	put_hour(NOW - 4 * WEEK_MS, 10, 100, 5, 7);
	put_hour(NOW - 2 * WEEK_MS, 30, 300, 0, 7);
	put_hour(NOW - WEEK_MS, 20, 250, 0, 7);
	/* yesterday half of the hour, at the same rate */
	for (int i = 0; i < 6; i++)
		world_put(store, NOW - DAY_MS + i * FIVE_MS, FIVE_MS,
			  (const uint64_t[WORLD_PLACES]){100, 0, 50, 7});
	put_hour(NOW, 100, 50, 0, 7);
	world_put(store, NOW + HOUR_MS, FIVE_MS, (const uint64_t[WORLD_PLACES]){1});
	world_settle(store);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(history_close(store, -1), 0);
	scratch_remove(folder);
	return 0;
}

static const struct change_place *
place_of(const struct change *change, int place)
{
	for (size_t i = 0; i < change->place_count; i++) {
		const struct place *p = &change->places[i].place;

		if (strcmp(p->city, world_places[place].city) == 0 &&
		    p->own == world_places[place].own)
			return &change->places[i];
	}
	return NULL;
}

static void
find(enum change_against against, bool remote, struct change *change)
{
	char error[HISTORY_ERROR_MAX] = "";

	assert_int_equal(change_find(store, NOW, NOW + HOUR_MS, against, remote, change, error), 0);
	assert_int_equal(change->now.covered_ms, HOUR_MS);
}

#define HOLDS(place, n, b, what)                                                                   \
	do {                                                                                       \
		const struct change_place *found = place_of(&change, place);                       \
		assert_non_null(found);                                                            \
		assert_int_equal(counts_packets(&found->now), n);                                  \
		assert_int_equal(counts_packets(&found->before), b);                               \
		assert_int_equal(counts_octets(&found->before), 100 * (b));                        \
		assert_int_equal(change_kind(&found->now, &found->before), what);                  \
	} while (0)

static void
test_a_day_before(void **state)
{
	struct change change;
	(void)state;

	find(AGAINST_DAY, false, &change);
	assert_int_equal(change.before_count, 1);
	assert_int_equal(change.before[0].covered_ms, HOUR_MS / 2);
	/* half of it was counted: as if it had been all */
	HOLDS(BERLIN, 1200, 1200, CHANGE_SAME);
	HOLDS(PARIS, 600, 0, CHANGE_NEW);
	HOLDS(LYON, 0, 600, CHANGE_GONE);
	HOLDS(OURS, 84, 84, CHANGE_SAME);
	assert_int_equal(change.place_count, 4);
	/* the greatest difference first, then by number */
	assert_string_equal(change.places[0].place.city, "Paris");
	assert_string_equal(change.places[1].place.city, "Lyon");
	assert_int_equal(change.country_count, 2);
	assert_string_equal(change.countries[0].code, "DE");
	assert_int_equal(counts_packets(&change.countries[1].now), 600);
	assert_int_equal(counts_packets(&change.countries[1].before), 600);
	change_free(&change);
}

static void
test_a_week_before(void **state)
{
	struct change change;
	(void)state;

	find(AGAINST_WEEK, true, &change);
	HOLDS(BERLIN, 1200, 240, CHANGE_GROWN);
	HOLDS(PARIS, 600, 3000, CHANGE_SHRUNK);
	assert_int_equal(change.place_count, 2); /* without our own */
	assert_string_equal(change.places[0].place.city, "Paris");
	change_free(&change);
}

static void
test_what_is_usual(void **state)
{
	struct change change;
	(void)state;

	find(AGAINST_USUAL, false, &change);
	/* the median of three weeks: the one that was not counted is none */
	assert_int_equal(change.before_count, 3);
	HOLDS(BERLIN, 1200, 240, CHANGE_GROWN);
	HOLDS(PARIS, 600, 3000, CHANGE_SHRUNK);
	assert_null(place_of(&change, LYON)); /* seen once in three is not usual */
	change_free(&change);
}

static void
test_nothing_to_compare_with(void **state)
{
	struct change change;
	char error[HISTORY_ERROR_MAX] = "";
	(void)state;

	const int64_t first = NOW - 4 * WEEK_MS;
	assert_int_equal(
		change_find(store, first, first + HOUR_MS, AGAINST_USUAL, false, &change, error),
		0);
	assert_int_equal(change.before_count, 0);
	HOLDS(PARIS, 1200, 0, CHANGE_NEW);
	change_free(&change);
	/* and nothing at all */
	assert_int_equal(change_find(store, 0, HOUR_MS, AGAINST_USUAL, false, &change, error), 0);
	assert_int_equal(change.place_count + change.country_count, 0);
	change_free(&change);
	assert_int_equal(change_find(store, NOW, NOW, AGAINST_DAY, false, &change, error), -EINVAL);
}

/* Each of several sums is what history_range says of its time. */
static void
test_sums(void **state)
{
	const struct history_span spans[] = {{NOW, NOW + HOUR_MS},
					     {NOW - 4 * WEEK_MS, NOW - WEEK_MS},
					     {MONDAY - WEEK_MS, MONDAY - DAY_MS},
					     {NOW - WEEK_MS, NOW - WEEK_MS + FIVE_MS}};
	enum { SPANS = sizeof(spans) / sizeof(spans[0]) };
	struct history_sum sums[SPANS];
	char error[HISTORY_ERROR_MAX] = "";
	struct history_range range;
	(void)state;

	assert_int_equal(history_sums(store, spans, SPANS, sums, error), 0);
	for (int i = 0; i < SPANS; i++) {
		assert_int_equal(
			history_range(store, spans[i].from_ms, spans[i].to_ms, &range, error), 0);
		assert_int_equal(sums[i].from_ms, range.from_ms);
		assert_int_equal(sums[i].to_ms, range.to_ms);
		assert_int_equal(sums[i].covered_ms, range.covered_ms);
		assert_int_equal(sums[i].received, range.received);
		size_t with = 0;
		for (uint32_t id = 0; id < sums[i].places; id++)
			with += counts_packets(&sums[i].counts[id]) > 0;
		assert_int_equal(with, range.count);
		for (size_t k = 0; k < range.count; k++)
			assert_memory_equal(&range.places[k].counts,
					    &sums[i].counts[range.places[k].id],
					    sizeof(struct counts));
		history_range_free(&range);
	}
	history_sums_free(sums, SPANS);
	assert_int_equal(history_sums(store, &(struct history_span){5, 5}, 1, sums, error),
			 -EINVAL);
}

static void
test_lookup_and_next(void **state)
{
	const uint32_t ids[] = {1, 99};
	struct place places[2];
	char error[HISTORY_ERROR_MAX];
	int64_t start;
	(void)state;

	assert_int_equal(history_lookup(store, ids, 2, places, error), 0);
	assert_string_equal(places[0].city, "Berlin");
	assert_int_equal(places[1].number, 99);
	assert_string_equal(places[1].city, "");
	assert_int_equal(history_next(store, 0, &start), 0);
	assert_true(start <= NOW - 4 * WEEK_MS && start >= NOW - 4 * WEEK_MS - DAY_MS);
	assert_int_equal(history_next(store, NOW - DAY_MS + HOUR_MS, &start), 0);
	assert_int_equal(start, NOW);
	assert_int_equal(history_next(store, NOW + DAY_MS, &start), 0);
	assert_int_equal(start, 0);
}

static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(change_against_parse("usual"), AGAINST_USUAL);
	assert_int_equal(change_against_parse("year"), AGAINSTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_day_before),
		cmocka_unit_test(test_a_week_before),
		cmocka_unit_test(test_what_is_usual),
		cmocka_unit_test(test_nothing_to_compare_with),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_lookup_and_next),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
