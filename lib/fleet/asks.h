/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one sensor, or one group of sites, brought: asked for by any thread, answered by the one
 * that has the fleet, between two messages. So nothing of it is copied for who might ask.
 */
#pragma once

#include "fleet.h"

struct fleet_choice {
	const char *sensor, *group; /* one of the two; the other is NULL */
	bool start;                 /* since the start of the wall; else the last period of each */
};

/* Its memory is the caller's, freed by fleet_rows_free. */
struct fleet_rows {
	struct fleet_row {
		struct place place;
		struct counts counts;
	} * rows; /* by packets, descending, then by number of the place */
	size_t count;
	size_t sensors;             /* that were chosen */
	char site[RECORD_NAME_MAX]; /* of one sensor */
	struct ledger ledger;
	uint64_t received, lost;           /* in the time asked for */
	uint64_t last_received, last_lost; /* in the last period of each */
	uint64_t last_octets;
	uint64_t lost_total;
	int64_t covered_ms;
	enum link_state link;
};

struct fleet_asks;

struct fleet_asks *fleet_asks_create(void); /* NULL: ENOMEM */
/* Nobody may ask any more. NULL is fine. */
void fleet_asks_destroy(struct fleet_asks *asks);

/* [any thread] Waits for the answer: 0; -ENOENT: there is no such sensor or group; -ENOMEM; or
 * -ETIMEDOUT. */
int fleet_ask(struct fleet_asks *asks, const struct fleet_choice *choice, unsigned int timeout_ms,
	      struct fleet_rows *rows);
void fleet_rows_free(struct fleet_rows *rows);

/* [fleet's thread] Answers all that wait. */
void fleet_answer(struct fleet_asks *asks, const struct fleet *fleet);
