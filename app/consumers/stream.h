/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --output: a line a period, or a row a place, into a file, a pipe or stdout.
 *
 *     map's thread: stream_offer ──▶ queue of texts (bounded) ──▶ stream's thread: write
 *
 * The map never waits for a reader. A text that finds the queue full is dropped, whole, and
 * counted; so is one for a FIFO that nobody reads. A file is appended to, and opened anew after
 * stream_reopen (SIGHUP: its name may be another file now). When the reader of stdout has gone
 * there is nothing left to do: the process is asked to end, as a SIGPIPE would have it.
 */
#pragma once

#include "picture.h"
#include "report.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stream_settings {
	const char *path; /* "-": stdout */
	enum row_format format;
	bool places;  /* a row a place, else a line a period */
	bool patient; /* a full queue is waited for, not dropped from: packet time can wait */
};

struct stream;

/* [start] Opens it. NULL with a line in `error`. */
struct stream *stream_create(const struct stream_settings *settings, char error[256]);
/* [map] */
void stream_offer(struct stream *stream, struct picture *picture);
/* [main] Waits no more. NULL is fine. */
void stream_hurry(struct stream *stream);
/* [main] */
void stream_reopen(struct stream *stream);
/* [any thread] Texts dropped, and failures to write, since the start. */
uint64_t stream_dropped(struct stream *stream);
uint64_t stream_errors(struct stream *stream);
/* [main] Writes what waits, for at most `timeout_ms`. 0 and freed (NULL is fine), or -ETIMEDOUT. */
int stream_destroy(struct stream *stream, int timeout_ms);
