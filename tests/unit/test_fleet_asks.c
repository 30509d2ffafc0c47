/* SPDX-License-Identifier: BSD-3-Clause */
/* One sensor, or one group of sites, asked for by another thread. */
#include "asks.h"
#include "fleet_world.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define SENSORS  4
#define PERIODS  20
#define BEGIN_MS 1790000000000

struct world {
	struct fleet *fleet;
	struct fleet_asks *asks;
	struct world_sum start[SENSORS], last[SENSORS];
};

static void
fill(struct world *w)
{
	static const struct fleet_settings settings = {
		.period_ms = 10000, .silent_ms = 30000, .too_late_ms = 1000000, .sensors_most = 9};
	struct dice dice = {.state = 5};
	struct made made;
	char name[16];

	memset(w, 0, sizeof(*w));
	w->fleet = fleet_create(&settings);
	w->asks = fleet_asks_create();
	for (int k = 1; k <= PERIODS; k++) {
		for (int i = 0; i < SENSORS; i++) {
			const int64_t end = BEGIN_MS + k * 10000;

			snprintf(name, sizeof(name), "s%d", i);
			world_record(&made, &dice, name, 7, (uint64_t)k, end);
			snprintf(made.record.site, sizeof(made.record.site), "site %d", i);
			snprintf(made.record.group, sizeof(made.record.group), "g%d", i % 2);
			assert_int_equal(
				fleet_add(w->fleet, &made.record,
					  &(struct fleet_origin){0, k * SENSORS + i, end + 10, 0}),
				FLEET_TAKEN);
			world_add_record(&w->start[i], &made.record);
			w->last[i] = (struct world_sum){0};
			world_add_record(&w->last[i], &made.record);
		}
	}
}

static void
empty(struct world *w)
{
	fleet_asks_destroy(w->asks);
	fleet_destroy(w->fleet);
}

struct asker {
	pthread_t thread;
	struct world *world;
	struct fleet_choice choice;
	struct fleet_rows rows;
	int code;
	_Atomic bool done;
};

static void *
ask(void *argument)
{
	struct asker *a = argument;

	a->code = fleet_ask(a->world->asks, &a->choice, 60000, &a->rows);
	atomic_store(&a->done, true);
	return NULL;
}

/* Asks by another thread, and answers by this one. */
static int
asked(struct world *w, struct fleet_choice choice, struct fleet_rows *rows)
{
	struct asker a = {.world = w, .choice = choice};

	assert_int_equal(pthread_create(&a.thread, NULL, ask, &a), 0);
	while (!atomic_load(&a.done))
		fleet_answer(w->asks, w->fleet);
	pthread_join(a.thread, NULL);
	*rows = a.rows;
	return a.code;
}

static void
check(const struct fleet_rows *rows, const struct world_sum *sums, size_t count, int step)
{
	struct world_sum found = {0}, wanted = {0};
	uint64_t before = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		const struct world_sum *s = &sums[i * (size_t)step];

		for (int place = 0; place < WORLD_PLACES; place++)
			counts_add(&wanted.counts[place], &s->counts[place]);
		ledger_add(&wanted.ledger, &s->ledger);
		wanted.received += s->received;
		wanted.lost += s->lost;
	}
	for (size_t i = 0; i < rows->count; i++) {
		const uint64_t packets = counts_packets(&rows->rows[i].counts);

		assert_true(packets <= before); /* the busiest first */
		before = packets;
		world_add_place(&found, &rows->rows[i].place, &rows->rows[i].counts);
	}
	assert_memory_equal(found.counts, wanted.counts, sizeof(found.counts));
	assert_memory_equal(&rows->ledger, &wanted.ledger, sizeof(wanted.ledger));
	assert_int_equal(rows->received, wanted.received);
	assert_int_equal(rows->lost, wanted.lost);
	assert_int_equal(rows->sensors, count);
}

static void
test_parts(void **state)
{
	static struct world w;
	struct fleet_rows rows;
	char name[16];
	(void)state;

	fill(&w);
	for (int i = 0; i < SENSORS; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(
			asked(&w, (struct fleet_choice){.sensor = name, .start = true}, &rows), 0);
		check(&rows, &w.start[i], 1, 1);
		assert_int_equal(rows.covered_ms, PERIODS * 10000);
		fleet_rows_free(&rows);
		assert_int_equal(asked(&w, (struct fleet_choice){.sensor = name}, &rows), 0);
		check(&rows, &w.last[i], 1, 1);
		assert_int_equal(rows.covered_ms, 10000);
		assert_int_equal(rows.last_received, w.last[i].received);
		fleet_rows_free(&rows);
	}
	assert_int_equal(asked(&w, (struct fleet_choice){.group = "g1", .start = true}, &rows), 0);
	check(&rows, &w.start[1], 2, 2);
	fleet_rows_free(&rows);
	assert_int_equal(asked(&w, (struct fleet_choice){.group = "s1"}, &rows), -ENOENT);
	assert_int_equal(asked(&w, (struct fleet_choice){.sensor = ""}, &rows), -ENOENT);
	empty(&w);
}

static void
test_nobody_answers(void **state)
{
	static struct world w;
	struct fleet_rows rows;
	(void)state;

	fill(&w);
	assert_int_equal(fleet_ask(w.asks, &(struct fleet_choice){.sensor = "s0"}, 20, &rows),
			 -ETIMEDOUT);
	/* who has given up is not written to */
	fleet_answer(w.asks, w.fleet);
	assert_null(rows.rows);
	empty(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
