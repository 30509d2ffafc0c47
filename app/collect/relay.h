/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --records of a collector: what it has added up, as records of its own, for a wall of walls.
 *
 *     period ──▶ records, as notes in the transaction of their counts ──▶ stored ──▶ the folder
 *
 * A record is in the folder only once its counts are in the history, and it stays in the history
 * until it is in the folder: after a crash between the two it is written again, under the name that
 * it had, and who takes it for the second time knows it. Without a history nothing outlives the
 * process, and records go to the folder at once. What was late for its period is a record of its
 * own, of the time that it is of.
 *
 * [one thread]
 */
#pragma once

#include "fleet.h"
#include "options.h"
#include "record.h"

struct relay_status {
	uint64_t written; /* messages */
	uint64_t dropped,
		packets; /* given up by the folder; TCP and UDP packets that they told of */
	uint64_t waiting, octets; /* in the folder */
	uint64_t unstored;        /* not in the history yet */
	bool failing;             /* the last one could not be written */
};

struct relay;

/* `name`: who says it. NULL with a line in `error`. All is borrowed. */
struct relay *relay_create(const struct settings *settings, const char *name, uint64_t boot_id,
			   const char *software, char error[RECORD_ERROR_MAX]);
void relay_destroy(struct relay *relay); /* NULL is fine */

/* [start] A note that was stored. False: it is none of ours. */
bool relay_restore(struct relay *relay, const char *name, const void *value, size_t size);

/*
 * Adds the records of a period that fleet_take gave, and of what was late in it, to its notes.
 * `samples`: how many the history had been given before; the late ones are the next, then the
 * period. 0 or -ENOMEM.
 */
int relay_add(struct relay *relay, struct period *period, const struct fleet_status *fleet,
	      uint64_t samples);
/* So many samples are stored: what was in them goes to the folder. */
void relay_stored(struct relay *relay, uint64_t samples);

void relay_status(const struct relay *relay, struct relay_status *status); /* of NULL: all zero */
