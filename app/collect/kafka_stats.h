/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What librdkafka's statistics (its STATISTICS.md) say of who answers. A consumer that has nothing
 * to read asks each leader again and again, so a broker from which nothing comes is one that is
 * away, also where its connection still stands.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kafka_stats {
	bool away;   /* no broker answers */
	int64_t lag; /* messages that are not read yet, of all partitions that tell */
	/* [count] of the caller: does the leader of that partition answer? */
	bool *answers;
	uint32_t count;
};

/* Fills in all but `answers` and `count` themselves. False: that is none. */
bool kafka_stats_read(const char *json, size_t size, const char *topic, struct kafka_stats *stats);
