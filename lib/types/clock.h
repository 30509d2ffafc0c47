/* SPDX-License-Identifier: BSD-3-Clause */
/* The two clocks. [any thread] */
#pragma once

#include <stdint.h>
#include <time.h>

/* Never goes back: for lengths of time. */
static inline uint64_t
monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What a clock on the wall says, UTC, since 1970. */
static inline int64_t
utc_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When a wall's clock that shows `utc` (ns since 1970) at `now` next shows a whole multiple of
 * `period`, but not before half a period is over: in the time of `now`. So periods of several
 * machines end together, as well as their clocks agree. */
static inline uint64_t
next_multiple(uint64_t now, uint64_t utc, uint64_t period)
{
	const uint64_t left = period - utc % period;

	return now + (left < period / 2 ? left + period : left);
}
