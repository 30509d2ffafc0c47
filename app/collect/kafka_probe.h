/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be known of brokers and topic without reading any of it.
 *
 * [start]
 */
#pragma once

#include "kafka_source.h"

struct kafka_probe {
	int brokers, partitions;
	int leaderless;   /* partitions that nobody can read now */
	int64_t messages; /* in the topic */
	int64_t lag;      /* of them, those that the collector has not read; -1: it never ran */
	char timestamp_type[32]; /* of the topic; empty: the brokers do not say */
	bool has_topic;
};

/* 0; -EINVAL: a setting is wrong; -EIO: no broker answers, or not to this question. `error` has a
 * line. Takes some seconds at most. */
int kafka_probe(const struct kafka_source_settings *settings, struct kafka_probe *probe,
		char error[KAFKA_ERROR_MAX]);
