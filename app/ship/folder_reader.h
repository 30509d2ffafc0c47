/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that wait in a folder of records (lib/record/folder.h), oldest first, for one who
 * takes them.
 *
 * [one thread]
 */
#pragma once

#include "folder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_reader;

/* NULL with a line in `error`: the folder cannot be read or watched, or another process takes from
 * it. */
struct folder_reader *folder_reader_open(const char *path, char error[RECORD_ERROR_MAX]);
void folder_reader_close(struct folder_reader *reader); /* NULL is fine */

struct folder_message {
	char name[64];
	char sensor[PERIOD_NAME_MAX];
	void *data; /* malloc'ed: the caller's */
	size_t size;
};

/*
 * The next message that was not handed out yet. 1; 0: none waits; -errno. What is no record is set
 * aside with a line in the log, as folder_reader_refuse does. `is_known`, if not NULL, says of
 * which names nothing is to be read.
 */
int folder_reader_next(struct folder_reader *reader, struct folder_message *message,
		       bool (*is_known)(const void *context, const char *name),
		       const void *context);

/* It is where it was to go: its file is removed. */
void folder_reader_done(struct folder_reader *reader, const char *name);
/* Nobody will ever take it: its file stays, renamed to NAME.refused, out of the way; of these, the
 * newest REFUSED_MOST. */
#define REFUSED_MOST 100
void folder_reader_refuse(struct folder_reader *reader, const char *name, const char *why);
/* It did not get there: it and all that were handed out after it come again. */
void folder_reader_rewind(struct folder_reader *reader);

/* Readable when there may be something new: for poll. */
int folder_reader_fd(const struct folder_reader *reader);
