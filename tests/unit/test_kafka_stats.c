/* SPDX-License-Identifier: BSD-3-Clause */
/* Who answers, out of librdkafka's statistics. */
#include "kafka_stats.h"
#include "unit.h"

#define TOPIC "packet-heatmap.places"

static const char some[] =
	"{\"brokers\": {"
	"  \"a:9092/1\": {\"nodeid\": 1, \"state\": \"UP\", \"rxidle\": 400000},"
	"  \"b:9092/2\": {\"nodeid\": 2, \"state\": \"CONNECT\", \"rxidle\": 100},"
	"  \"c:9092/3\": {\"nodeid\": 3, \"state\": \"UP\", \"rxidle\": 60000000},"
	"  \"a:9092/bootstrap\": {\"nodeid\": -1, \"state\": \"INIT\", \"rxidle\": -1}},"
	" \"topics\": {\"" TOPIC "\": {\"partitions\": {"
	"  \"0\": {\"partition\": 0, \"leader\": 1, \"consumer_lag\": 7},"
	"  \"1\": {\"partition\": 1, \"leader\": 2, \"consumer_lag\": -1},"
	"  \"2\": {\"partition\": 2, \"leader\": 3, \"consumer_lag\": 5},"
	"  \"3\": {\"partition\": 3, \"leader\": -1, \"consumer_lag\": 0},"
	"  \"9\": {\"partition\": 9, \"leader\": 1, \"consumer_lag\": 3},"
	"  \"-1\": {\"partition\": -1, \"leader\": -1, \"consumer_lag\": -1}}}}}";

static bool
read_stats(const char *json, struct kafka_stats *stats)
{
	return kafka_stats_read(json, strlen(json), TOPIC, stats);
}

static void
test_who_answers(void **state)
{
	bool answers[5] = {false, true, true, true, true};
	struct kafka_stats stats = {.answers = answers, .count = 5};
	(void)state;

	assert_true(read_stats(some, &stats));
	assert_false(stats.away);
	assert_int_equal(stats.lag, 12); /* of those that it knows */
	/* a connection that stands and brings nothing is none; of the fifth nothing is said */
	assert_true(answers[0]);
	for (int i = 1; i < 5; i++)
		assert_false(answers[i]);
}

static void
test_nobody(void **state)
{
	static const char *const all[] = {
		"{}",
		"{\"brokers\": {}}",
		"{\"brokers\": {\"a\": {\"nodeid\": 1, \"state\": \"DOWN\", \"rxidle\": 5}}}",
		"{\"brokers\": {\"a\": {\"nodeid\": 1, \"state\": \"UP\", \"rxidle\": 10000000}}}",
		"{\"brokers\": {\"a\": {\"nodeid\": 1}}}",
		"{\"brokers\": 3, \"topics\": []}",
	};
	struct kafka_stats stats = {.count = 0};
	(void)state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_true_of(read_stats(all[i], &stats), "%zu", i);
		assert_true_of(stats.away, "%zu", i);
		assert_int_equal(stats.lag, 0);
	}
	assert_false(read_stats("{", &stats));
	assert_true(stats.away);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_answers),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
