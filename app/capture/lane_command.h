/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the manager takes a port from its lanes, and gives it back.
 *
 *     manager                                  each lane of the port, between two bursts
 *     word = post(PAUSE)       -- release -->  sees a new word: acquire
 *     acknowledged(word)?      <-- release --  acknowledges that very word, leaves the port alone
 *     resets the port
 *     post(RUN)                -- release -->  sees the port as the manager left it, polls again
 *
 * A word is a command and a generation, which no other post of the last 2^30 had. So what a lane
 * acknowledged of an earlier pause says nothing of this one: a lane that has not looked yet since
 * the port was given back, and polls it for all we know, still shows the old generation. (A flag
 * "paused" would be the same in both pauses.) A lane that misses a post altogether, because the
 * next one came before it looked, acknowledges the next one.
 *
 * Pure C11: no EAL, no clock. How long to wait is the caller's to say, and what to do then: a port
 * whose lanes do not answer is not to be touched.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum lane_order {
	LANE_RUN,
	LANE_PAUSE, /* leave the port alone, but still swap: it is being reset, or gone */
	LANE_STOP,
};

#define LANE_ORDER_BITS 2

/* One for each port; all zero is LANE_RUN, and acknowledged by lanes that are all zero. */
struct lane_command {
	_Atomic uint32_t word; /* manager writes: generation << LANE_ORDER_BITS | enum lane_order */
};

/* One for each lane, on a line that the lane writes anyway. */
struct lane_answer {
	_Atomic uint32_t word; /* lane writes: the last word that it has seen */
};

static inline enum lane_order
lane_command_order(uint32_t word)
{
	return (enum lane_order)(word & ((1u << LANE_ORDER_BITS) - 1));
}

/* [manager] From now on lanes are to do this. Returns the word to wait for. */
static inline uint32_t
lane_command_post(struct lane_command *command, enum lane_order order)
{
	uint32_t generation =
		atomic_load_explicit(&command->word, memory_order_relaxed) >> LANE_ORDER_BITS;
	uint32_t word = (generation + 1) << LANE_ORDER_BITS | order;

	atomic_store_explicit(&command->word, word, memory_order_release);
	return word;
}

/* [manager] Has the lane seen this very word? Then, for LANE_PAUSE, the port is the manager's. */
static inline bool
lane_command_acknowledged(const struct lane_answer *answer, uint32_t word)
{
	return atomic_load_explicit(&answer->word, memory_order_acquire) == word;
}

/*
 * [lane] Between two bursts: what is to be done. Costs a load of a line that nobody writes. `seen`
 * is the lane's own copy of its answer, at first 0.
 */
static inline enum lane_order
lane_command_look(const struct lane_command *command, struct lane_answer *answer, uint32_t *seen)
{
	uint32_t word = atomic_load_explicit(&command->word, memory_order_acquire);

	if (__builtin_expect(word != *seen, 0)) {
		atomic_store_explicit(&answer->word, word, memory_order_release);
		*seen = word;
	}
	return lane_command_order(word);
}
