/* SPDX-License-Identifier: BSD-3-Clause */
/* The merge of many sensors, one rule at a time: who is waited for, clocks, repetitions, silence.
 */
#include "fleet_world.h"

#include <errno.h>

#define PERIOD_MS 10000
#define BEGIN_MS  1790000000000

static const struct fleet_settings patient = {
	.period_ms = PERIOD_MS, .silent_ms = 30000, .too_late_ms = 1000000000, .sensors_most = 100};

struct single {
	struct dice dice;
	struct fleet *fleet;
	struct made made;
	int64_t offset;
};

static int
setup(void **state)
{
	static struct single s;

	s = (struct single){.dice = {1}, .fleet = fleet_create(&patient)};
	*state = &s;
	return s.fleet == NULL;
}

static int
teardown(void **state)
{
	fleet_destroy(((struct single *)*state)->fleet);
	return 0;
}

/* The period `number` of a sensor, which ends that many periods after the beginning. */
static enum fleet_answer
hear(struct single *s, const char *sensor, uint64_t number, int64_t appended_ms, int64_t sent_ms)
{
	const struct fleet_origin origin = {0, s->offset++, appended_ms, sent_ms};

	world_record(&s->made, &s->dice, sensor, 7, number, BEGIN_MS + (int64_t)number * PERIOD_MS);
	return fleet_add(s->fleet, &s->made.record, &origin);
}

static struct fleet_sensor
sensor(const struct single *s, size_t i)
{
	struct fleet_sensor sensor;

	fleet_sensor(s->fleet, i, &sensor);
	return sensor;
}

/* The end of what is given out, in periods since the beginning; 0: nothing is due. */
static int64_t
take_one(struct single *s)
{
	struct period *p = fleet_take(s->fleet, 1000000000000);
	const int64_t number = p ? (p->head.end_ms - BEGIN_MS) / PERIOD_MS : 0;

	period_unref(p);
	return number;
}

static void
at_end(struct single *s, int64_t periods, int64_t ms)
{
	fleet_at_end(s->fleet, 0, BEGIN_MS + periods * PERIOD_MS + ms);
}

static int64_t
at(int64_t periods, int64_t ms)
{
	return BEGIN_MS + periods * PERIOD_MS + ms;
}

/* A slot waits for those that are live, and for no others. */
static void
test_who_is_waited_for(void **state)
{
	struct single *s = *state;

	assert_int_equal(hear(s, "a", 1, at(1, 100), 0), FLEET_TAKEN);
	assert_int_equal(hear(s, "b", 1, at(1, 200), 0), FLEET_TAKEN);
	assert_int_equal(take_one(s), 1);
	assert_int_equal(hear(s, "a", 2, at(2, 100), 0), FLEET_TAKEN);
	for (int ms = 0; ms <= 20000; ms += 1000) {
		at_end(s, 2, ms);
		assert_int_equal(take_one(s), 0); /* b may still say something */
	}
	assert_int_equal(hear(s, "b", 2, at(2, 20500), 0), FLEET_TAKEN);
	assert_int_equal(take_one(s), 2);
	/* 30 s and a period after its last one ended, b is waited for no more */
	for (uint64_t n = 3; n <= 5; n++)
		hear(s, "a", n, at((int64_t)n, 100), 0);
	at_end(s, 6, 0);
	assert_int_equal(sensor(s, 1).state, FLEET_LIVE);
	assert_int_equal(take_one(s), 0);
	at_end(s, 6, 1);
	assert_int_equal(sensor(s, 1).state, FLEET_LATE);
	for (int n = 3; n <= 5; n++)
		assert_int_equal(take_one(s), n);
	for (uint64_t n = 6; n <= 8; n++)
		hear(s, "a", n, at((int64_t)n, 100), 0);
	assert_int_equal(sensor(s, 1).state, FLEET_LATE);
	at_end(s, 8, 501);
	assert_int_equal(sensor(s, 0).state, FLEET_LIVE);
	assert_int_equal(sensor(s, 1).state, FLEET_SILENT);
	for (int n = 6; n <= 8; n++)
		assert_int_equal(take_one(s), n);
	assert_int_equal(take_one(s), 0);
	/* it comes back with what has waited: nobody waits for that either */
	hear(s, "b", 3, at(8, 2000), 0);
	assert_int_equal(sensor(s, 1).state, FLEET_LATE);
	hear(s, "a", 9, at(9, 100), 0);
	assert_int_equal(take_one(s), 9);
}

/* A message that was sent with a wrong clock beside it is where it belongs; one that has waited
 * keeps its time. */
static void
test_clocks(void **state)
{
	struct single *s = *state;

	hear(s, "right", 1, at(1, 500), at(1, 400));
	hear(s, "waited", 1, at(3, 500), at(3, 300));
	hear(s, "behind", 1, at(4, 500), at(1, 400));
	hear(s, "ahead", 9, at(2, 500), at(9, 400));
	assert_int_equal(sensor(s, 0).skew_ms, 0);
	assert_int_equal(sensor(s, 0).end_ms, at(1, 0));
	assert_int_equal(sensor(s, 1).end_ms, at(1, 0));
	assert_int_equal(sensor(s, 1).delay_ms, 20500);
	assert_int_equal(sensor(s, 2).skew_ms, 30100);
	assert_int_equal(sensor(s, 2).end_ms, at(4, 100));
	assert_int_equal(sensor(s, 3).skew_ms, -69900);
	assert_int_equal(sensor(s, 3).end_ms, at(2, 100));
	/* without the header nothing is known of clocks, but nothing comes from the future */
	hear(s, "future", 100, at(5, 0), 0);
	assert_int_equal(sensor(s, 4).end_ms, at(5, 0));
}

static void
test_what_is_not_added(void **state)
{
	struct fleet_settings settings = patient;
	struct single *s = *state;
	struct fleet_status status;

	settings.too_late_ms = 60000;
	settings.sensors_most = 2;
	fleet_destroy(s->fleet);
	s->fleet = fleet_create(&settings);
	hear(s, "a", 10, at(10, 1), 0);
	at_end(s, 10, 5000);
	assert_int_equal(take_one(s), 10);
	assert_int_equal(hear(s, "b", 4, at(10, 6000), 0), FLEET_TAKEN);
	assert_int_equal(hear(s, "b", 3, at(10, 6000), 0), FLEET_TOO_LATE);
	const uint64_t too_late = s->made.record.head.ledger.decode.frames[DECODE_TCP];
	assert_int_equal(hear(s, "b", 3, at(10, 6000), 0), FLEET_REPEATED);
	assert_int_equal(hear(s, "c", 3, at(10, 6000), 0), FLEET_REFUSED);
	uint64_t refused = s->made.record.head.ledger.decode.frames[DECODE_TCP];

	fleet_status(s->fleet, &status);
	assert_int_equal(status.too_late_packets, too_late);
	assert_int_equal(status.refused_packets, refused);
	assert_string_equal(status.refused_why, "c: there are 2 sensors already");
	assert_int_equal(status.answers[FLEET_TAKEN], 2);

	world_record(&s->made, &s->dice, "a", 7, 11, at(11, 0));
	s->made.record.head.received++;
	const struct fleet_origin origin = {0, s->offset++, at(11, 1), 0};
	assert_int_equal(fleet_add(s->fleet, &s->made.record, &origin), FLEET_REFUSED);
	fleet_status(s->fleet, &status);
	assert_string_equal(status.refused_why,
			    "the ledger of a does not balance in its period 11");
	/* one that has results that we do not know balances with them, and is told apart */
	s->made.record.unknown_frames = 1;
	assert_int_equal(fleet_add(s->fleet, &s->made.record, &origin), FLEET_TAKEN);
	fleet_status(s->fleet, &status);
	assert_int_equal(status.newer_frames, 1);
	at_end(s, 11, 5000);
	struct period *p = fleet_take(s->fleet, 1000000000000);
	assert_non_null(p);
	assert_true(ledger_balances(&p->head.ledger, p->head.received));
	period_unref(p);
}

/* Time goes on where nobody says anything; of a long gap only the end is told. */
static void
test_silence(void **state)
{
	struct single *s = *state;

	assert_int_equal(take_one(s), 0);
	at_end(s, 1, 2000);
	assert_int_equal(take_one(s), 1); /* nobody was ever heard */
	hear(s, "a", 1, at(1, 2100), 0);
	at_end(s, 5, 0);
	assert_int_equal(sensor(s, 0).state, FLEET_LIVE);
	assert_int_equal(take_one(s), 0);
	at_end(s, 5, 1);
	assert_int_equal(sensor(s, 0).state, FLEET_LATE);
	at_end(s, 5, 2101);
	assert_int_equal(sensor(s, 0).state, FLEET_SILENT);
	for (int n = 2; n <= 5; n++)
		assert_int_equal(take_one(s), n);
	assert_int_equal(take_one(s), 0);
	at_end(s, 100, 2000);
	assert_int_equal(take_one(s), 100);
	assert_int_equal(take_one(s), 0);
}

/* A partition that has brought nothing yet holds all up; one that another process reads, nothing.
 */
static void
test_partitions(void **state)
{
	struct single *s = *state;

	fleet_join(s->fleet, 1);
	hear(s, "a", 1, at(1, 100), 0);
	assert_int_equal(take_one(s), 0);
	assert_int_equal(fleet_offset(s->fleet, 0), 0); /* it is in nothing that was given out */
	fleet_leave(s->fleet, 1);
	assert_int_equal(take_one(s), 1);
	assert_int_equal(fleet_offset(s->fleet, 0), 1);
	assert_int_equal(fleet_offset(s->fleet, 1), -1);
	hear(s, "a", 8, at(8, 100), 0);
	assert_false(fleet_may_rest(s->fleet, 0));
}

static void
test_notes_that_are_none_of_ours(void **state)
{
	struct single *s = *state;

	assert_false(fleet_restore(s->fleet, "other", "1", 1));
	assert_false(fleet_restore(s->fleet, "fleet.offset x", "1", 1));
	assert_false(fleet_restore(s->fleet, "fleet.offset 4096", "1", 1));
	assert_false(fleet_restore(s->fleet, "fleet.seen 0000000000000007 ", "12345678\1\0", 10));
	assert_false(fleet_restore(s->fleet, "fleet.seen 0000000000000007 a", "1234567", 7));
	assert_false(fleet_restore(s->fleet, "fleet.seen 0000000000000007 a", "12345678\2", 9));
	assert_true(
		fleet_restore(s->fleet, "fleet.seen 0000000000000007 a", "12345678\1\0\3\0", 12));
	assert_int_equal(hear(s, "a", 3, at(3, 100), 0), FLEET_REPEATED);
	assert_int_equal(hear(s, "a", 4, at(4, 100), 0), FLEET_TAKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_added, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_partitions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notes_that_are_none_of_ours, setup, teardown),
	};
	return cmocka_run_group_tests_name("fleet_rules", tests, NULL, NULL);
}
