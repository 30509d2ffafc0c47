/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's own lines: a stream that takes them apart. */
#include "log.h"

#include <rte_log.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* Each message is flushed by itself; the level is that of the calling thread's. */
static ssize_t
take(void *unused, const char *text, size_t size)
{
	int level = rte_log_cur_msg_loglevel(); /* 1.., where syslog has 0.. */
	int priority = level > 0 && level <= LOG_DEBUG + 1 ? level - 1 : LOG_INFO;
	const char *end = text + size;

	(void)unused;
	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((stop != NULL ? stop : end) - line);

		if (length > 0)
			log_at(priority, "dpdk", NULL, "%.*s", (int)length, line);
		line += length + 1;
	}
	return (ssize_t)size;
}

void
log_take_dpdk(void)
{
	static const cookie_io_functions_t functions = {.write = take};
	FILE *stream = fopencookie(NULL, "w", functions);

	/* without one they come as before. It stays open: threads of EAL may use it to the end. */
	if (stream != NULL)
		(void)rte_openlog_stream(stream);
}
