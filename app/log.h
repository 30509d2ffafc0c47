/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines for the operator, on stderr. [any thread]
 *
 * Once log_start has been called a thread of its own writes them: a terminal that was stopped with
 * Ctrl-S, or a pipe whose reader does not read, delays the lines and nothing else. At most
 * LOG_WAITING lines wait; what comes beyond is counted, and the number is logged later.
 */
#pragma once

#define LOG_WAITING 256

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_text(const char *text);

/* [start] After the last fork. 0 or -errno: then lines go on being written by whoever logs. */
int log_start(void);

/* [main] Writes what waits, for at most `timeout_ms`, and ends the thread. */
void log_stop(int timeout_ms);
