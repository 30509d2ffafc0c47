/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The period record: all that the time between two merges brought.
 *
 *     lanes -> gather -> struct period -> map, output files, console, ...
 *     (needs DPDK)       (this file)      (consumers: no EAL, no lcore, no mbuf)
 *
 * The capture half makes one record a period and gives it to the consumers (consumer.h). From
 * the first offer on nothing in it changes but the number of references, so that any number of
 * consumers may read it at the same time without a lock; the last one to let go frees it.
 *
 * Who may call: the maker fills the fields until it offers the record; after that any thread may
 * read them, and any thread that holds a reference may call period_ref and period_unref.
 */
#pragma once

#include "ledger.h"
#include "merge.h"
#include "note.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERIOD_NAME_MAX 256
#define PERIOD_PORT_MAX 64

enum link_state {
	LINK_UNKNOWN,
	LINK_UP,
	LINK_DOWN,
};

/* a lane: one RX queue and the lcore that polls it */
struct period_lane {
	char port[PERIOD_PORT_MAX];
	unsigned int queue, lcore, cpu;
	uint64_t received; /* frames, since the start */
	uint32_t hosts;    /* in this period's table */
	uint64_t skipped;  /* periods in which it did not swap in time, since the start */
	double cycles_per_packet, busy, headroom_pps;
};

struct period_port {
	char name[PERIOD_PORT_MAX];
	char driver[32];
	const char *kind; /* of source, a word that lives for ever; NULL: unknown */
	bool gone;        /* its device is not there: only its numbers are left, until it is back */
	enum link_state link;
	uint32_t link_mbps;                             /* 0: unknown */
	uint64_t received, imissed, ierrors, rx_nombuf; /* as the port says, since the start */
	unsigned int interfaces;                        /* of the kernel, that it counts on now */
	bool merged_packets;             /* its offloads make one packet of several */
	uint64_t resets, reset_failures; /* that a port was reset, that it could not be */
};

struct place; /* lib/locate */

/* Packets of hosts beyond a lane's table, by the place of their network. What `place` points at
 * does not change, and lives longer than any record. */
struct period_overflow {
	const struct place *place;
	struct counts counts;
};

/* What a record says beside its rows. It is small, and a picture keeps a copy. */
struct period_head {
	/* from whom, and when */
	char sensor[PERIOD_NAME_MAX];
	uint64_t boot_id;          /* random, the same for all records of one process */
	uint64_t number;           /* 1.., without a gap */
	int64_t start_ms, end_ms;  /* wall clock, UTC, ms since 1970 */
	uint64_t start_ns, end_ns; /* monotonic */
	bool packet_time;          /* both are of the captures' time stamps */
	bool over;                 /* the captures have ended: no later record brings frames */

	/* Geo results are the map's to fill in, in its copy, but for GEO_TABLE_FULL. */
	struct ledger ledger;
	uint64_t received; /* frames that the ports handed over, counted apart from the ledger */
	uint64_t lost;     /* frames lost before us: imissed + ierrors + rx_nombuf */

	/* how the capture half is */
	enum link_state link;    /* of all ports together: down if one is */
	uint64_t skipped_lanes;  /* swaps that did not come in time, since the start */
	uint64_t late;           /* periods that ran late, since the start */
	unsigned int lanes_late; /* swaps that did not come in this period */
	double swap_ms, drain_ms, sort_ms;
	struct period_lane *lanes;
	size_t lane_count;
	struct period_port *ports;
	size_t port_count;
};

struct period {
	struct period_head head;

	/* what was counted; hosts are sorted (host_row_order), place = PLACE_UNASKED */
	struct host_list hosts;
	struct period_overflow *overflow;
	size_t overflow_count;

	/* Of many sensors (lib/fleet): what came too late for the period that it is of, oldest
	 * first. The head has its sums, too; its rows stand there only. */
	struct period *late, *next; /* next: in such a list */
	/* What is to be stored with exactly these counts, or not at all. */
	struct note *notes;
	size_t note_count;

	_Atomic unsigned int references;
};

/* An empty record with one reference, all fields zero. NULL with errno ENOMEM. */
struct period *period_create(void);

/* [maker] Room for so many lanes and ports, zeroed. 0 or -ENOMEM. */
int period_reserve(struct period *period, size_t lanes, size_t ports);

/* [maker] Adds an overflow entry. 0 or -ENOMEM. */
int period_add_overflow(struct period *period, const struct place *place,
			const struct counts *counts);

struct period *period_ref(struct period *period);
void period_unref(struct period *period); /* NULL is fine */

double period_seconds(const struct period_head *period);  /* monotonic length, never 0 */
uint64_t period_octets(const struct period_head *period); /* of all frames, on the wire */
