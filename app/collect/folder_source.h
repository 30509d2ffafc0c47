/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of a folder, into which others put them (--collect-dir): what Kafka is to large
 * fleets. A file is numbered as it is read, and removed once its number is below what is told to be
 * stored; until then it outlives a crash.
 *
 * [one thread]
 */
#pragma once

#include "folder_reader.h"

#include <stddef.h>
#include <stdint.h>

struct folder_source;

struct folder_source *folder_source_open(const char *path, char error[RECORD_ERROR_MAX]);
void folder_source_close(struct folder_source *source); /* NULL is fine */

/* The next file: 1, with its number (0..) and its octets, which are the caller's to free; 0: none
 * now; -errno. */
int folder_source_next(struct folder_source *source, int64_t *number, void **data, size_t *size);
/* All below this number is stored. */
void folder_source_stored(struct folder_source *source, int64_t number);
/* Readable when there may be something new. */
int folder_source_fd(const struct folder_source *source);
