/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places x counters, over time windows.
 *
 * A window is a sum of periods: the last one ("now"), the last minute, 5 minutes, hour, day, and
 * everything since the start. The four in the middle slide: each is a circle of buckets (of whole
 * periods), and what leaves the circle is subtracted from the window's running sum. So a period
 * costs its own places times six, whatever the length of the windows, and an expired bucket its
 * places once.
 *
 *     1m   [b][b][b][b][b][b]      buckets of about 10 s: as many as come nearest to 60 s
 *     24h  [b] ... [b]             of about an hour
 *
 * A bucket takes as many periods as come nearest to its length, at least one; and the oldest bucket
 * goes when the window would be nearer to its length without it. So a window is right to one
 * bucket, with periods of any length; one that is shorter than a period is that period. `seconds`
 * says what it really covers.
 *
 * Memory: 68 octets for each place in each bucket that saw it, 64 for each place and window's sum.
 *
 * Pure but for malloc. [manager] one thread.
 */
#pragma once

#include "counts.h"
#include "ledger.h"

#include <stddef.h>
#include <stdint.h>

enum window {
	WINDOW_NOW,
	WINDOW_1M,
	WINDOW_5M,
	WINDOW_1H,
	WINDOW_24H,
	WINDOW_START,
	WINDOWS,
};

extern const char *const window_names[WINDOWS]; /* "now", "1m", "5m", "1h", "24h", "start" */

/* The window of that name, or WINDOWS. */
enum window window_parse(const char *name);

struct heat;

struct heat *heat_create(void); /* NULL with errno ENOMEM */
void heat_destroy(struct heat *heat);

/* Within a period: adds what a host of this place did; without packets it did nothing. 0 or -ENOMEM
 * (nothing added). */
int heat_add(struct heat *heat, uint32_t place, const struct counts *counts);
/* Within a period: what happened to addresses that are on no place, and to all packets. */
void heat_add_ledger(struct heat *heat, const struct ledger *ledger);

/* Ends the period, which took `seconds`; its counts enter all windows. 0, or -ENOMEM: then the
 * period still counts in every window whose memory held, and the error is the manager's to tell. */
int heat_end_period(struct heat *heat, double seconds);

struct heat_window {
	const struct counts *counts; /* [places], owned by heat, until the next heat_end_period */
	uint32_t places;             /* one above the highest number that was ever added */
	struct ledger ledger;
	double seconds;
};

void heat_window(const struct heat *heat, enum window window, struct heat_window *out);
