/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the pure modules share: cmocka with its includes, and numbers by chance that
 * are the same on every machine. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct dice {
	uint64_t state; /* not 0 */
};

/* xorshift64* */
static inline uint64_t
dice_next(struct dice *dice)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return dice->state * UINT64_C(2685821657736338717);
}

/* 0 .. bound - 1 */
static inline uint32_t
dice_below(struct dice *dice, uint32_t bound)
{
	return (uint32_t)((dice_next(dice) >> 32) * bound >> 32);
}

/* Fails with the text and where it stood: for comparisons in loops, where a line number says
 * nothing. */
#define assert_true_of(condition, ...)                                                             \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error(__VA_ARGS__);                                                  \
			print_error("\n");                                                         \
			assert_true(condition);                                                    \
		}                                                                                  \
	} while (0)

/* A folder of the test's own, removed with all in it by scratch_remove. */
static inline void
scratch_make(char path[64])
{
	snprintf(path, 64, "/tmp/packet-heatmap-unit.XXXXXX");
	assert_non_null(mkdtemp(path));
}

static inline void
scratch_remove(const char path[64])
{
	char command[128];

	assert_memory_equal(path, "/tmp/packet-heatmap-unit.", 25);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}
