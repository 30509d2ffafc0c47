/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of a topic of Apache Kafka, all its partitions, each from where it is to go on.
 *
 * The partitions are assigned by us, not shared out by a group: where to go on is in the store,
 * with the counts, and Kafka's own offsets are only told, for who looks at the lag.
 *
 * [one thread]
 */
#pragma once

#include "kafka_conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kafka_source_settings {
	const char *brokers, *topic;
	const char *conf; /* a file of librdkafka's properties; or NULL */
	const char *group;
	uint32_t share, shares; /* it reads each `shares`-th partition, from number `share` on */
	bool from_end; /* where nothing else is known: what comes from now on; else all that is kept
			*/
	/* Where a partition is to go on; -1: nothing is known. */
	int64_t (*offset)(void *context, uint32_t partition);
	/* A partition is read from now on. */
	void (*joined)(void *context, uint32_t partition);
	void *context;
};

struct kafka_source;

/* NULL with a line in `error`: a setting is wrong. Brokers that do not answer are no error: they
 * are waited for. */
struct kafka_source *kafka_source_open(const struct kafka_source_settings *settings,
				       char error[KAFKA_ERROR_MAX]);
/* The same settings, for one that only asks. */
rd_kafka_conf_t *kafka_source_conf(const struct kafka_source_settings *settings,
				   char error[KAFKA_ERROR_MAX]);
void kafka_source_close(struct kafka_source *source); /* NULL is fine */

enum kafka_event {
	KAFKA_NOTHING,
	KAFKA_MESSAGE,
	KAFKA_AT_END, /* of `partition`, for now */
};

struct kafka_message {
	uint32_t partition;
	int64_t offset;
	const void *data; /* until the next call */
	size_t size;
	int64_t appended_ms, sent_ms; /* as struct fleet_origin */
};

/* What comes next, within `timeout_ms`. What is wrong with brokers is logged. */
enum kafka_event kafka_source_next(struct kafka_source *source, int timeout_ms,
				   struct kafka_message *message);

/* Tells Kafka how far we are, so that its tools show the lag. Nothing is read from there. */
void kafka_source_tell_offsets(struct kafka_source *source);

/* Lets a partition rest, or go on. */
void kafka_source_rest(struct kafka_source *source, uint32_t partition, bool rests);

/* Does this process read it? */
bool kafka_source_has(const struct kafka_source *source, uint32_t partition);
/* How many there are; and is this one read to its end, for now, as one knows whose leader answers?
 */
uint32_t kafka_source_partitions(const struct kafka_source *source);
bool kafka_source_is_at_end(const struct kafka_source *source, uint32_t partition);
/* For how long its leader has not answered, while other brokers have. */
uint64_t kafka_source_unanswered_ms(const struct kafka_source *source, uint32_t partition);

/* What the brokers' clock shows now, as well as messages let it be known. */
int64_t kafka_source_clock_ms(const struct kafka_source *source);

struct kafka_source_status {
	uint32_t partitions, at_end;
	uint64_t messages, octets;
	uint64_t expired; /* messages that Kafka gave up before they were read */
	uint64_t lag;     /* messages that are not read yet */
	bool away;        /* no broker answers */
};
void kafka_source_status(const struct kafka_source *source, struct kafka_source_status *status);
