/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines for the operator, on stderr or in the journal. [any thread]
 *
 * Once log_start has been called a thread of its own writes them: a terminal that was stopped with
 * Ctrl-S, or a pipe whose reader does not read, delays the lines and nothing else. At most
 * LOG_WAITING lines wait; what comes beyond is counted, and the number is logged later.
 *
 * Where stderr is the journal (JOURNAL_STREAM says so) lines go to it with their fields, by its
 * own protocol: a datagram to /run/systemd/journal/socket, twenty lines of code, so that neither
 * libsystemd nor a prefix that a unit could switch off is needed, and a message can have an id. If
 * the socket cannot be reached, by <PRIORITY> prefixes on stderr.
 */
#pragma once

#include "log_format.h"
#include "log_ids.h"

#include <syslog.h>

#define LOG_WAITING 256

/* The area is the name of the file. */
#define log_line(...)             log_at(LOG_INFO, __FILE_NAME__, 0, __VA_ARGS__)
#define log_warning(...)          log_at(LOG_WARNING, __FILE_NAME__, 0, __VA_ARGS__)
#define log_error(...)            log_at(LOG_ERR, __FILE_NAME__, 0, __VA_ARGS__)
#define log_event(level, id, ...) log_at(level, __FILE_NAME__, id, __VA_ARGS__)

/* `area`: without what follows a dot. `id` of log_ids.h, or NULL. */
void log_at(int priority, const char *area, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* For those who log by a pointer. */
void log_text(const char *text);
void log_port(const char *text);
void log_history(const char *text);
void log_auth(const char *text);
void log_unusual(const char *text);
void log_capture(const char *text);

/* [main] Before the first line: who logs, if it is not packet-heatmap. Borrowed. */
void log_set_program(const char *name);

/* [main] Before that: auto. */
void log_set_format(enum log_format format);

/* [main] Before EAL starts: its lines, and those of the drivers, go the same way, in area dpdk. */
void log_take_dpdk(void);

/* [start] After the last fork. 0 or -errno: then lines go on being written by whoever logs. */
int log_start(void);

/* [main] Writes what waits, for at most `timeout_ms`, and ends the thread. */
void log_stop(int timeout_ms);
