/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a line of the log is written. Pure.
 *
 *   text      packet-heatmap: MESSAGE, or with the name of another program of ours
 *   prefix    <PRIORITY>packet-heatmap: MESSAGE, as sd-daemon(3) has it: for a journal whose socket
 *             cannot be reached
 *   journal   fields of the journal's native protocol, one datagram
 *   json      {"time":...,"level":...,"area":...,"message":...}, one object a line, valid UTF-8
 *             whatever the message holds
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LOG_RENDERED_MAX 16384 /* JSON of the longest message, mostly; longer is cut */

enum log_format {
	LOG_FORMAT_AUTO, /* journal where stderr is the journal, else text */
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
	LOG_FORMAT_JOURNAL,
	LOG_FORMAT_PREFIX, /* not to be chosen by name */
};

struct log_entry {
	int64_t time_ms;     /* UTC, since 1970 */
	int priority;        /* of syslog.h */
	const char *program; /* NULL: packet-heatmap */
	const char *area;
	const char *id; /* MESSAGE_ID, 32 hexadecimal digits; or NULL */
	const char *message;
};

/* The format of that name, or -1. */
int log_format_parse(const char *name);

/* Into `out`, of LOG_RENDERED_MAX octets; not terminated by 0. The length. */
size_t log_render(const struct log_entry *entry, enum log_format format, char *out);
