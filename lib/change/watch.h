/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches what the store gets, and tells what is unusual (unusual.h).
 *
 * Every five minutes that are stored whole (a slot) are looked at once: each place, each country
 * and all of it, beside the same five minutes of the week, and the five before and behind them, in
 * the four weeks before. Where fewer than two of those weeks were counted, the same of the seven
 * days before; with fewer than three of those days nothing is told: it is learning.
 *
 *     history ──▶ slots ──▶ events ──▶ history's notes: they outlive the process
 *                                 └──▶ watch_events, the log
 *
 * An event goes on while its slots are unusual the same way, and is over when two in a row are not,
 * or nothing was counted for as long. Places that lose with all of it are not told of one by one,
 * nor is a country whose difference is that of one of its places. At most EVENTS_A_SLOT begin at
 * once, those that are least usual, and the newest EVENTS_MOST are kept.
 *
 * A thread of its own, which reads the store by connections of its own: it makes nobody wait.
 */
#pragma once

#include "event.h"
#include "history.h"

#define EVENTS_A_SLOT 20
#define EVENTS_MOST   10000

struct watch_settings {
	double least_pps;              /* packets/s that a place must have, now or usually */
	void (*log)(const char *line); /* [watch's thread] a line without its end */
	bool all;                      /* looks at all that is stored, however old; else at a day */
	int64_t from_ms;               /* but at nothing that begins before; 0: no such bound */
};

struct watch;

/* [start] Before history_start: takes up what is kept of earlier events. NULL: ENOMEM, or EIO. */
struct watch *watch_create(struct history *history, const struct watch_settings *settings);
/* [start] The thread; inherits affinity and signal mask of the caller. 0 or -errno. */
int watch_start(struct watch *watch);
/*
 * [end] While the store is still there: its last notes go into it. `finish`: when all that waits is
 * stored and looked at; else after the slot that is under way. 0 and all is freed (NULL is fine);
 * or -ETIMEDOUT after so many ms (negative: never): the thread still runs, and what it uses must
 * stay.
 */
int watch_end(struct watch *watch, bool finish, int timeout_ms);

struct watch_status {
	int64_t until_ms;       /* all slots before were looked at; 0: none yet */
	bool learning;          /* the last one had too little to be held against */
	size_t active;          /* events that are not over */
	uint64_t slots, events; /* since the start */
};

/* [any thread] */
void watch_status(struct watch *watch, struct watch_status *status);
/* [any thread] Those that touch [from_ms, to_ms), the newest first; malloc'ed. `active`: only those
 * that are not over. 0 or -ENOMEM. */
int watch_events(struct watch *watch, int64_t from_ms, int64_t to_ms, bool active,
		 struct event **events, size_t *count);
