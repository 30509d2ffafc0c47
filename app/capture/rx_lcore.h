/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast half: port -> parse -> count, one RX lcore for each lane.
 *
 * Nothing here logs, allocates, locks or makes a system call, but for the pause of a lane whose
 * queue is empty.
 */
#pragma once

#include "count.h"
#include "filter.h"
#include "lane_command.h"
#include "parse.h"
#include "port.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LANE_LINE 64

struct rx_lane {
	/* written before launch, then only read; but `port` also by the manager, while the lane has
	 * acknowledged LANE_PAUSE: a device that comes back may get another number */
	uint16_t port, queue;
	/* Of a port without an ethdev; else NULL. Then parse.link is the lane's to write: the
	 * source tells with each burst what its frames are. */
	port_receive *receive;
	struct port *source;
	uint32_t type; /* of its port's frames; of the last burst, where port_receive tells it */
	uint16_t burst;
	unsigned int lcore;
	uint32_t idle_sleep_us; /* longest pause; 0: poll without one */
	uint32_t rate;          /* packets/s at most; 0: no bound */
	struct parse_options parse;
	const struct filter *filter;          /* NULL: all frames count */
	const struct filter_program *program; /* of it, for the type of frames that come */
	struct count_lane *count;
	const struct lane_command *command; /* of its port; the manager posts there */

	/*
	 * Written by the lane. received[swaps & 1] is the number of frames taken since the start;
	 * at a swap the lane goes on in the other one, so that the manager reads in the one left
	 * behind what had been taken when the period ended.
	 */
	alignas(LANE_LINE) _Atomic uint64_t received[2];
	_Atomic uint64_t busy_cycles,
		idle_cycles; /* polls that brought packets, polls that did not */
	uint32_t swaps;
	struct lane_answer answer;
};

/* [manager] Before the lane is launched, or while it has acknowledged LANE_PAUSE: what the frames
 * of its port are (port.h). Of a type that cannot be read every frame is not IP. */
void rx_lcore_set_type(struct rx_lane *lane, uint32_t type);
bool rx_lcore_can_read(uint32_t type);

/*
 * Answers the manager's wish for a swap, if there is one: the lane between two bursts, or the
 * manager in its place once it has returned. `received`: frames since the start.
 */
static inline void
lane_swap(struct rx_lane *lane, uint64_t received)
{
	if (__builtin_expect(count_poll_swap(lane->count), 0)) {
		lane->swaps++;
		atomic_store_explicit(&lane->received[lane->swaps & 1], received,
				      memory_order_relaxed);
	}
}

/* For rte_eal_remote_launch: polls until LANE_STOP. `lane` is a struct rx_lane. Returns 0. */
int rx_lcore_run(void *lane);
