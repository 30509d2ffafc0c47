/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines for the operator, on stderr. Never from an RX lcore. */
#pragma once

/* "packet-heatmap: " + text + newline, in one write. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_text(const char *text);
