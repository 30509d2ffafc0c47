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
