/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When to try again what keeps failing, and when to log it: tries 1, 2, 4 ... 60 s apart; the first
 * failure is logged, then the 10th, the 100th, ...: a line a minute at most, and soon far fewer.
 *
 * Pure; the caller has the clock (monotonic ns).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_LONGEST_S 60

/* all zero: nothing has failed */
struct backoff {
	uint64_t failures; /* since the last success */
	uint64_t due_ns;
};

static inline bool
backoff_due(const struct backoff *b, uint64_t now_ns)
{
	return b->failures == 0 || now_ns >= b->due_ns;
}

/* True where this failure is to be logged. */
static inline bool
backoff_failed(struct backoff *b, uint64_t now_ns)
{
	uint64_t wait_s = b->failures < 6 ? UINT64_C(1) << b->failures : BACKOFF_LONGEST_S;
	uint64_t told = 1;

	b->failures++;
	b->due_ns = now_ns + wait_s * UINT64_C(1000000000);
	while (told < b->failures)
		told *= 10;
	return told == b->failures;
}

static inline void
backoff_clear(struct backoff *b)
{
	*b = (struct backoff){0};
}
