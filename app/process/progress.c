/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include "clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define FIRST_NS 500000000ull /* what is over sooner needs none */
#define EVERY_NS 200000000ull

static struct {
	uint64_t start_ns, next_ns;
	bool shown;
} progress;

void
progress_show(uint64_t packets, uint64_t octets, uint64_t of)
{
	const uint64_t now = monotonic_ns();
	char line[160];
	int n;

	if (progress.start_ns == 0) {
		progress.start_ns = now;
		progress.next_ns = now + FIRST_NS;
	}
	if (now < progress.next_ns || !isatty(STDERR_FILENO))
		return;
	progress.next_ns = now + EVERY_NS;
	const double seconds = (double)(now - progress.start_ns) / 1e9;
	const double rate = (double)packets / seconds;
	if (of > 0 && octets > 0)
		n = snprintf(line, sizeof(line),
			     "\r%3.0f %%  %llu packets  %.2f M packets/s  %.0f s left\033[K",
			     100 * (double)octets / (double)of, (unsigned long long)packets,
			     rate / 1e6,
			     octets < of ? seconds * (double)(of - octets) / (double)octets : 0);
	else
		n = snprintf(line, sizeof(line), "\r%llu packets  %.2f M packets/s\033[K",
			     (unsigned long long)packets, rate / 1e6);
	progress.shown = n > 0 && write(STDERR_FILENO, line, (size_t)n) > 0;
}

void
progress_end(void)
{
	if (progress.shown && write(STDERR_FILENO, "\r\033[K", 4) > 0)
		progress.shown = false;
}
