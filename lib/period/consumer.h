/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A consumer of period records: a thread of its own behind a bounded queue.
 *
 *     [maker]  consumer_offer ──▶ queue (at most `capacity`) ──▶ [consumer's thread] take(record)
 *
 * The maker never waits: where the queue is full the record is refused and counted, and the maker
 * decides what that means. So a consumer that writes to a slow disk or a reader that does not read
 * loses its own records, is seen to (consumer_stats), and hurts nobody else.
 */
#pragma once

#include "period.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct consumer;

struct consumer_ops {
	const char *name; /* of the thread too: at most 15 characters */
	size_t capacity;  /* records that may wait, besides the one being worked on */
	/* [consumer's thread] A record, oldest first. The reference stays the consumer's: take one
	 * to keep it. */
	void (*take)(void *context, struct period *period);
};

struct consumer_stats {
	const char *name;
	size_t waiting, capacity;
	uint64_t taken;           /* records that take() has returned from */
	uint64_t dropped;         /* records refused because the queue was full */
	uint64_t dropped_packets; /* TCP and UDP packets in them */
};

/* [start] `ops` and `context` outlive the consumer. The thread inherits affinity and signal mask
 * of the caller. NULL with errno. */
struct consumer *consumer_create(const struct consumer_ops *ops, void *context);

/* [maker] 0, and the consumer has a reference of its own; or -EAGAIN: full, counted as dropped. */
int consumer_offer(struct consumer *consumer, struct period *period);

/* [maker] Would an offer be taken now? Only the maker fills the queue, so a yes stays true. */
bool consumer_has_room(struct consumer *consumer);

/* [any thread] */
void consumer_stats(struct consumer *consumer, struct consumer_stats *stats);

/*
 * [maker] Lets the thread work off what waits, then ends it: waits at most `timeout_ms` (negative:
 * as long as it takes). 0, and everything is freed (NULL is fine); or -ETIMEDOUT: the thread still
 * runs and everything that it uses must stay until the process ends.
 */
int consumer_destroy(struct consumer *consumer, int timeout_ms);
