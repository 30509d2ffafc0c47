/* SPDX-License-Identifier: BSD-3-Clause */
/* The period record and its consumers: who holds it, who loses what, and that nobody waits. */
#include "consumer.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct period *
record(uint64_t number, uint64_t tcp)
{
	struct period *p = period_create();

	assert_non_null(p);
	assert_int_equal(period_reserve(p, 2, 1), 0);
	p->head.number = number;
	p->head.ledger.decode.frames[DECODE_TCP] = tcp;
	return p;
}

static void
test_overflow_stays_until_the_last_reference(void **state)
{
	(void)state;
	const char places[5] = ""; /* the record never looks into one */
	struct counts c = {0};
	struct period *p = record(1, 0);

	for (uint32_t i = 0; i < 5; i++) {
		c.packets[LAYER_UDP][AS_SOURCE] = i;
		assert_int_equal(period_add_overflow(p, (const void *)&places[i], &c), 0);
	}
	period_ref(p);
	period_unref(p);
	assert_int_equal(p->overflow_count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_ptr_equal(p->overflow[i].place, &places[i]);
		assert_int_equal(p->overflow[i].counts.packets[LAYER_UDP][AS_SOURCE], i);
	}
	period_unref(p);
	period_unref(NULL);
}

static void
test_length_is_never_zero(void **state)
{
	(void)state;
	struct period *p = record(1, 0);

	assert_true(period_seconds(&p->head) > 0);
	p->head.start_ns = 1000;
	p->head.end_ns = 2500000000u + 1000;
	assert_true(period_seconds(&p->head) == 2.5);
	p->head.ledger.decode.octets[DECODE_TCP] = 5;
	p->head.ledger.decode.octets[DECODE_NOT_IP] = 7;
	assert_int_equal(period_octets(&p->head), 12);
	period_unref(p);
}

struct gate {
	pthread_mutex_t lock; /* held: the consumer hangs */
	_Atomic uint64_t taken, last, order_errors;
};

static void
take_slowly(void *context, struct period *p)
{
	struct gate *gate = context;

	pthread_mutex_lock(&gate->lock);
	if (p->head.number <= gate->last)
		gate->order_errors++;
	gate->last = p->head.number;
	gate->taken++;
	pthread_mutex_unlock(&gate->lock);
}

static const struct consumer_ops slow = {.name = "slow", .capacity = 3, .take = take_slowly};
static const struct consumer_ops quick = {.name = "quick", .capacity = 64, .take = take_slowly};

static void
wait_for(struct consumer *c, size_t waiting)
{
	struct consumer_stats s;

	do
		consumer_stats(c, &s);
	while (s.waiting > waiting && usleep(1000) == 0);
}

static void
test_a_hung_consumer_loses_its_own_records_only(void **state)
{
	(void)state;
	struct gate hung = {.lock = PTHREAD_MUTEX_INITIALIZER}, free_one = hung;
	struct consumer *a = consumer_create(&slow, &hung), *b = consumer_create(&quick, &free_one);
	struct consumer_stats s;

	assert_non_null(a);
	assert_non_null(b);
	pthread_mutex_lock(&hung.lock);
	struct period *first = record(1, 10);
	assert_int_equal(consumer_offer(a, first), 0);
	assert_int_equal(consumer_offer(b, first), 0);
	period_unref(first);
	wait_for(a, 0); /* it hangs in the first one now */
	for (uint64_t n = 2; n <= 21; n++) {
		struct period *p = record(n, 10);
		assert_int_equal(consumer_has_room(a), n <= 4);
		assert_int_equal(consumer_offer(a, p), n <= 4 ? 0 : -EAGAIN);
		assert_int_equal(consumer_offer(b, p), 0);
		period_unref(p);
	}
	consumer_stats(a, &s);
	assert_int_equal(s.waiting, 3);
	assert_int_equal(s.dropped, 17);
	assert_int_equal(s.dropped_packets, 170);
	assert_int_equal(consumer_destroy(b, -1), 0);
	assert_int_equal(free_one.taken, 21);
	/* an end with a bound does not hang with it */
	assert_int_equal(consumer_destroy(a, 50), -ETIMEDOUT);
	pthread_mutex_unlock(&hung.lock);
	assert_int_equal(consumer_destroy(a, -1), 0);
	assert_int_equal(hung.taken, 4);
	assert_int_equal(hung.order_errors + free_one.order_errors, 0);
	assert_int_equal(consumer_destroy(NULL, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overflow_stays_until_the_last_reference),
		cmocka_unit_test(test_length_is_never_zero),
		cmocka_unit_test(test_a_hung_consumer_loses_its_own_records_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
