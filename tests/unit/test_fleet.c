/* SPDX-License-Identifier: BSD-3-Clause */
/* The merge of many sensors: in any order, with repetitions, and across crashes, what is stored is
 * the sum of what the sensors said. */
#include "fleet_world.h"

#include <errno.h>

#define SENSORS    8
#define PARTITIONS 3
#define PERIODS    120
#define PERIOD_MS  10000
#define BEGIN_MS   1790000000000
#define LOG_MAX    (SENSORS * PERIODS * 6)
#define NOTES_MAX  1000

struct message {
	struct made *made;
	int64_t appended_ms, sent_ms;
};

struct log {
	struct message all[LOG_MAX];
	size_t count, end; /* read so far */
};

/* What outlives a crash. */
struct store {
	struct world_sum sum;
	struct note notes[NOTES_MAX];
	size_t count;
};

struct world {
	struct dice dice;
	struct log logs[PARTITIONS];
	struct made *made[LOG_MAX];
	size_t made_count;
	struct world_sum said;
	struct store store;
	struct fleet *fleet;
	struct fleet_settings settings;
	size_t given, late, rested;
};

static const struct fleet_settings patient = {
	.period_ms = PERIOD_MS, .silent_ms = 30000, .too_late_ms = 1000000000, .sensors_most = 100};

static struct made *
keep(struct world *w, const struct made *made)
{
	struct made *copy = malloc(sizeof(*copy));

	*copy = *made;
	copy->record.points = copy->points;
	for (size_t i = 0; i < WORLD_ROWS; i++)
		copy->points[i].place = &copy->places[i];
	assert_true(w->made_count < LOG_MAX);
	w->made[w->made_count++] = copy;
	return copy;
}

static void
append(struct world *w, int partition, struct made *made, int64_t sent_ms, int64_t appended_ms)
{
	struct log *log = &w->logs[partition];

	assert_true(log->count < LOG_MAX);
	log->all[log->count++] = (struct message){made, appended_ms, sent_ms};
}

static int
by_time(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return x->appended_ms != y->appended_ms
		       ? (x->appended_ms > y->appended_ms) - (x->appended_ms < y->appended_ms)
		       : (x > y) - (x < y);
}

/* A period of a sensor, in one part or in three. */
static void
say(struct world *w, int sensor, uint64_t boot_id, uint64_t number, int64_t end_ms, int64_t skew_ms)
{
	struct made whole;
	char name[32];
	const uint32_t parts = dice_below(&w->dice, 6) == 0 ? 3 : 1;
	/* now and then a line is cut, and what has waited comes at once */
	const bool cut = sensor % 3 == 1 && number % 40 > 25;
	const int64_t sent_ms =
		cut ? end_ms + (40 - (int64_t)(number % 40)) * PERIOD_MS + (int64_t)number % 40
		    : end_ms + dice_below(&w->dice, 900);

	snprintf(name, sizeof(name), " sensor %d", sensor);
	world_record(&whole, &w->dice, name, boot_id, number, end_ms - skew_ms);
	for (uint32_t part = 0; part < parts; part++) {
		struct made piece = whole;

		piece.record.part = part;
		piece.record.parts = parts;
		piece.record.count = 0;
		for (size_t i = part; i < whole.record.count; i += parts) {
			piece.places[piece.record.count] = whole.places[i];
			piece.points[piece.record.count++].counts = whole.points[i].counts;
		}
		struct made *kept = keep(w, &piece);

		world_add_record(&w->said, &kept->record);
		append(w, sensor % PARTITIONS, kept, sent_ms - skew_ms,
		       sent_ms + dice_below(&w->dice, 300));
		/* sent again: at once, or much later */
		for (uint32_t again = dice_below(&w->dice, 5); again > 3; again--)
			append(w, sensor % PARTITIONS, kept, sent_ms + 5 - skew_ms,
			       sent_ms + 5 + dice_below(&w->dice, 400000));
	}
}

static void
make_world(struct world *w, uint64_t seed)
{
	w->dice.state = seed;
	for (int sensor = 0; sensor < SENSORS; sensor++) {
		const int64_t skew = sensor == 2 ? 3600000 : sensor == 5 ? -86400000 : 0;

		for (uint64_t n = 1; n <= PERIODS; n++) {
			const bool restarted = sensor == 4 && n > 50;

			if (sensor == 6 && n > 70)
				continue; /* it dies */
			say(w, sensor, (uint64_t)sensor + (restarted ? 1000 : 100),
			    restarted ? n - 50 : n, BEGIN_MS + (int64_t)n * PERIOD_MS, skew);
		}
	}
	for (int i = 0; i < PARTITIONS; i++)
		qsort(w->logs[i].all, w->logs[i].count, sizeof(struct message), by_time);
}

static void
free_world(struct world *w)
{
	for (size_t i = 0; i < w->made_count; i++)
		free(w->made[i]);
	for (size_t i = 0; i < w->store.count; i++) {
		free(w->store.notes[i].name);
		free(w->store.notes[i].value);
	}
	fleet_destroy(w->fleet);
	free(w);
}

/* One transaction: the counts, and the notes that came with them. */
static void
store_period(struct store *s, const struct period *p)
{
	world_add_period(&s->sum, p);
	for (size_t i = 0; i < p->note_count; i++) {
		const struct note *from = &p->notes[i];
		size_t at = 0;

		while (at < s->count && strcmp(s->notes[at].name, from->name) != 0)
			at++;
		assert_true(at < NOTES_MAX);
		if (at == s->count)
			s->notes[s->count++].name = strdup(from->name);
		else
			free(s->notes[at].value);
		s->notes[at].value = malloc(from->size);
		s->notes[at].size = from->size;
		memcpy(s->notes[at].value, from->value, from->size);
	}
}

static void
start(struct world *w)
{
	fleet_destroy(w->fleet);
	w->fleet = fleet_create(&w->settings);
	assert_non_null(w->fleet);
	for (size_t i = 0; i < w->store.count; i++)
		assert_true(fleet_restore(w->fleet, w->store.notes[i].name, w->store.notes[i].value,
					  w->store.notes[i].size));
	for (uint32_t i = 0; i < PARTITIONS; i++) {
		const int64_t offset = fleet_offset(w->fleet, i);

		w->logs[i].end = offset < 0 ? 0 : (size_t)offset;
		fleet_join(w->fleet, i);
	}
}

/* The rows and the ledger of what is given out say the same. */
static void
check_period(struct world *w, const struct period *p)
{
	struct world_sum sum = {0};
	uint64_t packets = 0;
	int64_t before_ms = INT64_MIN;

	world_add_period(&sum, p);
	for (const struct period *late = p->late; late != NULL; late = late->next) {
		assert_true(late->head.end_ms > before_ms);
		assert_true(late->head.end_ms < p->head.end_ms);
		before_ms = late->head.end_ms;
		world_add_period(&sum, late);
		w->late++;
	}
	for (size_t i = 0; i < WORLD_PLACES; i++)
		packets += counts_packets(&sum.counts[i]);
	assert_int_equal(packets, p->head.ledger.geo[GEO_LOCATED]);
	assert_true(ledger_balances(&p->head.ledger, p->head.received));
	assert_int_equal(p->head.end_ms % PERIOD_MS, 0);
	assert_int_equal(p->head.end_ms - p->head.start_ms, PERIOD_MS);
}

/* Stores what is due. False: it crashed meanwhile. */
static bool
store_due(struct world *w, uint32_t crash_in)
{
	struct period *p;

	while ((p = fleet_take(w->fleet, 1000000000000)) != NULL) {
		check_period(w, p);
		w->given++;
		for (const struct period *late = p->late; late != NULL; late = late->next) {
			if (crash_in > 0 && dice_below(&w->dice, crash_in) == 0) {
				period_unref(p);
				return false;
			}
			store_period(&w->store, late);
		}
		if (crash_in > 0 && dice_below(&w->dice, crash_in) == 0) {
			period_unref(p);
			return false;
		}
		store_period(&w->store, p);
		period_unref(p);
	}
	assert_int_equal(errno, 0);
	return true;
}

/* Reads some of a partition. False: there is nothing more in it. */
static bool
read_some(struct world *w, uint32_t partition)
{
	struct log *log = &w->logs[partition];

	/* one that has ended has a clock that runs on */
	if (log->end == log->count)
		fleet_at_end(w->fleet, partition, BEGIN_MS + 2 * PERIODS * PERIOD_MS);
	if (fleet_may_rest(w->fleet, partition)) {
		w->rested++;
		return log->end < log->count;
	}
	for (uint32_t i = dice_below(&w->dice, 40); i > 0 && log->end < log->count; i--) {
		const struct message *m = &log->all[log->end];
		const struct fleet_origin origin = {partition, (int64_t)log->end, m->appended_ms,
						    m->sent_ms};
		const enum fleet_answer answer = fleet_add(w->fleet, &m->made->record, &origin);

		assert_true_of(answer == FLEET_TAKEN || answer == FLEET_PART ||
				       answer == FLEET_REPEATED,
			       "%s", fleet_answer_names[answer]);
		log->end++;
	}
	return log->end < log->count;
}

static size_t
read_so_far(const struct world *w)
{
	size_t sum = 0;

	for (int i = 0; i < PARTITIONS; i++)
		sum += w->logs[i].end;
	return sum;
}

/* How many periods came too late for their slots. */
static size_t
run_world(uint64_t seed, uint32_t crash_in, uint32_t silent_ms)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t idle = 0;
	size_t late;
	const int64_t after_ms = BEGIN_MS + 2 * PERIODS * PERIOD_MS;
	size_t left = PARTITIONS;

	w->settings = patient;
	w->settings.silent_ms = silent_ms;
	make_world(w, seed);
	start(w);
	while (left > 0) {
		const size_t before = w->given + read_so_far(w);

		left = 0;
		for (uint32_t i = 0; i < PARTITIONS; i++)
			left += read_some(w, dice_below(&w->dice, PARTITIONS)) ||
				w->logs[i].end < w->logs[i].count;
		if (!store_due(w, crash_in)) {
			start(w);
			left = PARTITIONS;
		}
		/* who lets partitions rest gets on all the same */
		idle = w->given + read_so_far(w) == before ? idle + 1 : 0;
		assert_true_of(idle < 1000, "seed %llu", (unsigned long long)seed);
		if (left > 0)
			continue;
		/* all is read: what is open is given out once the time for it is over */
		for (uint32_t i = 0; i < PARTITIONS; i++)
			fleet_at_end(w->fleet, i, after_ms);
		if (!store_due(w, crash_in)) {
			start(w);
			left = PARTITIONS;
		}
	}
	for (int i = 1; i < 20; i++) {
		for (uint32_t p = 0; p < PARTITIONS; p++)
			fleet_at_end(w->fleet, p, after_ms + i * PERIOD_MS);
		assert_true(store_due(w, 0));
	}
	assert_memory_equal(w->store.sum.counts, w->said.counts, sizeof(w->said.counts));
	assert_memory_equal(&w->store.sum.ledger, &w->said.ledger, sizeof(w->said.ledger));
	assert_int_equal(w->store.sum.received, w->said.received);
	assert_int_equal(w->store.sum.lost, w->said.lost);
	late = w->late;
	free_world(w);
	return late;
}

static void
test_any_order(void **state)
{
	size_t late = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= 10; seed++)
		late += run_world(seed, 0, seed % 2 ? 30000 : 900000);
	assert_true(late > 0);
}

static void
test_any_crash(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++)
		run_world(seed, 2 + (uint32_t)seed % 30, seed % 3 ? 30000 : 400000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_any_crash),
	};
	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
