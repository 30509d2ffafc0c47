/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The capture half's manager: once a period it swaps the lanes' buffers, drains and sorts them, and
 * makes a period record of it (lib/period) for the consumers. Knows no text, and of the databases
 * only what the networks of an overflow are.
 *
 * [main lcore] everything here. Nothing here touches a disk, a reader or a lock that is held for
 * longer than a few instructions: at most the bounded wait for the lanes' swap.
 */
#pragma once

#include "clock.h"
#include "consumer.h"
#include "map.h"
#include "meter.h"
#include "options.h"
#include "period.h"
#include "port.h"
#include "rx_lcore.h"

#include <stdbool.h>

/* what is kept of a lane beside what it keeps of itself */
struct lane_state {
	struct rx_lane *lane;
	unsigned int port; /* index into ports */
	unsigned int cpu;
	bool asked; /* a swap is under way */
	/* By what each of its two buffers counts an overflow: a reference each, given back only
	 * once the buffer has another map. So a reload can never free what a lane counts by. */
	struct locate_map *maps[2];
	uint32_t swaps;
	uint64_t received; /* frames since the start, up to the last swap */
	uint64_t skipped;
	uint32_t hosts;                    /* in the last period */
	uint64_t busy_cycles, idle_cycles; /* up to the last swap */
	struct meter meter;
};

struct gather {
	/* set before gather_start */
	const char *sensor;
	struct port *ports;
	unsigned int port_count;
	struct lane_state lanes[PORT_MAX_QUEUES];
	unsigned int lane_count;
	struct locate_map *map; /* a reference: what lanes are given next; NULL: none */
	/* The places that the records' overflow points at, until gather_destroy: after all who read
	 * records. */
	struct locate *places;
	/* The map: a period is only made when it has room, so that it misses none. It gives each to
	 * the other consumers (after_map.h), which lose what they are too slow for. */
	struct consumer *map_thread;

	/* since the start */
	uint64_t boot_id, number, late;
	uint64_t received;
	int64_t start_ms;
	uint64_t period_ns; /* monotonic: the end of the last period */
	/* Packet time, ns since 1970: set before gather_end_period, and before gather_end. 0: time
	 * is told by the clocks. */
	uint64_t packet_start_ns, packet_end_ns;
	struct port_counters counters[PORTS_MAX]; /* at the last reading */
	bool over;
	bool ended; /* the lanes have returned */
};

/* Gives lane `i`'s empty buffers the map they count overflow by. [start] */
void gather_set_map(struct gather *gather, unsigned int i);

void gather_start(struct gather *gather);

/* Ends the period and offers its record to all consumers. 0; -EAGAIN: the map is still busy with
 * earlier ones, the period goes on, nothing is lost; or -ENOMEM: counts could not be kept, and the
 * process should end. */
int gather_end_period(struct gather *gather);

/* The last period: the lanes have returned. Waits until the map has room. */
int gather_end(struct gather *gather);

/* From the next period on lanes count overflow by this map. Takes over the reference. */
void gather_use_map(struct gather *gather, struct locate_map *map);

/* Have all captures been received to their end? (False for sources that never end.) */
bool gather_captures_over(struct gather *gather);

/* Has everything that was handed over been counted? Asked once each reader waits or has ended. */
bool gather_captures_counted(const struct gather *gather);

/* Frames that the lanes have taken so far, this period's included. */
uint64_t gather_received_now(const struct gather *gather);

/* After count_destroy of all lanes. Never started is fine. */
void gather_destroy(struct gather *gather);
