/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_stats.h"

#include <jansson.h>
#include <string.h>

#define IDLE_MOST_US 10000000

static bool
broker_answers(const json_t *broker)
{
	const char *state = json_string_value(json_object_get(broker, "state"));
	const json_int_t idle = json_integer_value(json_object_get(broker, "rxidle"));

	return state != NULL && (strcmp(state, "UP") == 0 || strcmp(state, "UPDATE") == 0) &&
	       idle < IDLE_MOST_US;
}

static bool
leader_answers(json_t *brokers, json_int_t leader)
{
	const char *name;
	json_t *broker;

	json_object_foreach(brokers, name, broker)
	{
		if (json_integer_value(json_object_get(broker, "nodeid")) == leader &&
		    broker_answers(broker))
			return true;
	}
	return false;
}

bool
kafka_stats_read(const char *json, size_t size, const char *topic, struct kafka_stats *s)
{
	json_t *all = json_loadb(json, size, 0, NULL);
	json_t *brokers = json_object_get(all, "brokers"), *broker, *partition;
	json_t *partitions = json_object_get(json_object_get(json_object_get(all, "topics"), topic),
					     "partitions");
	const char *name;

	s->away = true;
	s->lag = 0;
	if (all == NULL)
		return false;
	json_object_foreach(brokers, name, broker)
	{
		if (broker_answers(broker))
			s->away = false;
	}
	if (s->count > 0)
		memset(s->answers, 0, s->count * sizeof(*s->answers));
	json_object_foreach(partitions, name, partition)
	{
		/* "-1" has what belongs to none */
		const json_int_t i = json_integer_value(json_object_get(partition, "partition"));
		const json_int_t lag =
			json_integer_value(json_object_get(partition, "consumer_lag"));

		if (i < 0 || i >= s->count)
			continue;
		s->answers[i] = leader_answers(
			brokers, json_integer_value(json_object_get(partition, "leader")));
		s->lag += lag > 0 ? lag : 0;
	}
	json_decref(all);
	return true;
}
