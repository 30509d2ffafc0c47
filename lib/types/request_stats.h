/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many requests the web server has answered, by route and status, and how long they took.
 * Written by its threads, read by whoever tells of it; lock-free, so neither waits.
 *
 * [any thread] everything. Numbers only grow; a reader may see a request's count a moment before
 * its duration.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_ROUTES  32 /* at most; the last one is for all others */
#define REQUEST_CODES   12
#define REQUEST_BUCKETS 8

/* Upper bounds in seconds; a longer one is in none. */
extern const double request_bounds[REQUEST_BUCKETS];
/* The statuses that are told apart; the last one, 0, is any other. */
extern const int request_codes[REQUEST_CODES];

struct request_stats {
	const char *routes[REQUEST_ROUTES]; /* set before the first request; NULL: not used */
	struct request_series {
		_Atomic uint64_t count, sum_us;
		_Atomic uint64_t buckets[REQUEST_BUCKETS]; /* each on its own, not added up */
	} series[REQUEST_ROUTES][REQUEST_CODES];
};

/* A request was answered. `route`: an index, or -1 for a path that is no route. */
void request_stats_count(struct request_stats *stats, int route, int status, uint64_t duration_us);
