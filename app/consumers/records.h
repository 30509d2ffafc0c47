/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --records: what each period brought, as messages in a folder, for who takes them elsewhere.
 *
 *     map's thread: records_offer ──▶ queue of messages (bounded) ──▶ thread: the folder
 *
 * The map never waits for the disk. A message that finds the queue full is dropped, whole, and
 * counted; so is one that cannot be written, and one that the folder gives up for want of room. The
 * next record says how many those were since the start.
 */
#pragma once

#include "folder.h"
#include "picture.h"

#include <stdbool.h>
#include <stdint.h>

struct records_settings {
	struct record_folder_settings folder;
	/* of the sensor; borrowed for as long as it runs */
	const char *site, *group, *software;
	bool has_position;
	double latitude, longitude;
	bool patient; /* a full queue is waited for: packet time can wait */
};

struct records;

/* [start] Opens the folder. NULL with a line in `error`. */
struct records *records_create(const struct records_settings *settings,
			       char error[RECORD_ERROR_MAX]);
/* [map] The last period of the picture. */
void records_offer(struct records *records, struct picture *picture);
/* [any thread] NULL: all zero. */
struct record_status records_status(struct records *records);
/* [main] Waits no more. NULL is fine. */
void records_hurry(struct records *records);
/* [main] Writes what waits, for at most `timeout_ms` (negative: as long as it takes). 0 and freed
 * (NULL is fine), or -ETIMEDOUT. */
int records_destroy(struct records *records, int timeout_ms);
