/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
log_line(const char *format, ...)
{
	char line[6144] = "packet-heatmap: ";
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	used += n < 0 ? 0 : (size_t)n;
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	/* one write: lines of several threads do not mix; where stderr is gone nobody reads */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

void
log_text(const char *text)
{
	log_line("%s", text);
}
