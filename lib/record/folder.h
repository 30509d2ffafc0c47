/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A folder of records: what a sensor has said and nobody has taken yet. A file a message:
 *
 *     START-BOOT-NUMBER-PART.record      1790000000000-00f3…-0000000017-0000.record
 *
 * Sorted by name they are in order. Each comes to be whole (file.h: temporary file, fsync, rename),
 * so that who reads sees all of a message or nothing. Who has taken a message removes its file;
 * until then it survives the process, the power and whoever takes it.
 *
 * The folder is bounded: where it is full, or a message is too old, the oldest go, and are counted
 * (record_folder_dropped), so that the next record can say so.
 *
 * One thread at a time has a struct record_folder. One process at a time writes to a folder (a lock
 * on its file `lock`); any number may read and remove.
 */
#pragma once

#include "record.h"

#define RECORD_FILE_SUFFIX ".record"

struct record_folder_settings {
	const char *path; /* made if its parent is there */
	uint64_t size;    /* octets that its messages may take */
	int64_t keep_ms;  /* how old a message may become; by its period's end */
};

struct record_folder_lost {
	uint64_t records, packets; /* messages; TCP and UDP packets that only they told of */
};

/* How the writing of records is, since the start. */
struct record_status {
	uint64_t written;          /* messages */
	uint64_t dropped, packets; /* messages, and TCP and UDP packets that only they told of */
	uint64_t waiting, octets;  /* in the folder */
	bool failing;              /* the last message could not be written */
};

struct record_folder;

/* [start] NULL with a line in `error`: it cannot be made, written to, or another process has it. */
struct record_folder *record_folder_open(const struct record_folder_settings *settings,
					 char error[RECORD_ERROR_MAX]);
void record_folder_close(struct record_folder *folder); /* NULL is fine */

/* The message of a record's part, as record_pack made it. 0 or -errno, and then it is counted as
 * dropped. */
int record_folder_put(struct record_folder *folder, const struct period_head *head, uint32_t part,
		      const void *data, size_t size);

struct record_folder_lost record_folder_dropped(const struct record_folder *folder);
/* Messages that wait, and their octets, as of the last put. */
size_t record_folder_waiting(const struct record_folder *folder, uint64_t *octets);
