/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places x counters, over time windows.
 *
 * A window is a sum of periods: the last one ("now"), the last minute, 5 minutes, hour, day, and
 * everything since the start. The four in the middle slide: each is a circular list of buckets of
 * whole periods, and a bucket that expires is subtracted from the window's running sum. A period
 * costs time in proportion to its own places and those of the buckets being filled, whatever the
 * length of the windows; a bucket that expires, to its places. 100,000 places: 7 ms a period.
 *
 *     1m   [b][b][b][b][b][b]      buckets of about 10 s: as many as come nearest to 60 s
 *     24h  [b] ... [b]             of about an hour
 *
 * A bucket takes as many periods as come nearest to its length, at least one; and the oldest bucket
 * expires when the window would be nearer to its length without it. So a window differs from its
 * length by one bucket at most; a window that is shorter than a period is the last period.
 * `seconds` is what it really covers.
 *
 * Memory, where every one of P places has packets in every period (the most that P places take):
 *
 *     buckets        1 + 6 + 10 + 12 + 24 are planned, and each window may have one more while
 *                    periods do not divide its length: (53 + 4) x 72 octets          4,104 P
 *     being filled   an eighth of the entries unused in 5 of them: 5 x 9                45 P
 *     sums           the 6 windows' and the period's: 7 x 64, and an eighth            504 P
 *     touched        4, and an eighth                                                  4.5 P
 *                                                                                    -------
 *                                                                     4,658 octets a place
 *
 * and 256 kB once. That holds for periods that divide the buckets' lengths (as 10 s and 5 s do), to
 * the milliseconds of a real clock; with other lengths a window has up to twice its planned
 * buckets: HEAT_WORST_PER_PLACE.
 * A bucket that is closed has as many entries as it saw places, one that expires is freed; so
 * places that are quiet for a day cost their sums only. Arrays of 4 MB and more end on whole large
 * pages (large.h). While an array grows, it exists twice.
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

/* Octets; see above. Worst: (1 + 2 x 52) buckets x 72 + 45 + 504 + 4.5. */
#define HEAT_PER_PLACE       4658
#define HEAT_WORST_PER_PLACE 8114
#define HEAT_ONCE            ((size_t)256 << 10)

struct heat;

struct heat *heat_create(void); /* NULL with errno ENOMEM */
void heat_destroy(struct heat *heat);

/* Within a period: adds a host's counts to its place; without packets nothing is added. 0 or
 * -ENOMEM (nothing added). */
int heat_add(struct heat *heat, uint32_t place, const struct counts *counts);
/* Within a period: adds the accounting of its frames and addresses. */
void heat_add_ledger(struct heat *heat, const struct ledger *ledger);

/* Ends the period, which took `seconds`; its counts are added to all windows. Seconds that are
 * negative or no finite number count as 0. 0, or -ENOMEM: then the period is missing in the windows
 * for which there was no memory, and the caller reports it. */
int heat_end_period(struct heat *heat, double seconds);

/* The same for a period of before the start: it counts in the windows that slide (1m to 24h), as if
 * it had just been, and in no other. Called oldest first, before the first heat_end_period. */
int heat_recall_period(struct heat *heat, double seconds);

struct heat_window {
	const struct counts *counts; /* [places], owned by heat, until the next heat_end_period */
	uint32_t places;             /* one above the highest number that was ever added */
	struct ledger ledger;
	double seconds;
};

void heat_window(const struct heat *heat, enum window window, struct heat_window *out);

/* Octets allocated for all windows, without malloc's own overhead. */
size_t heat_memory(const struct heat *heat);
