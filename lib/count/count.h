/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Per-lane tables on rte_hash, and their hand-over between an RX lcore and the manager.
 *
 * A lane owns two buffers. Its RX lcore counts into one; the manager owns the other. Once a period
 * the manager asks for a swap, the lane acknowledges between two bursts, and from then on the
 * buffer just left belongs to the manager: it drains and clears it. No lock, no concurrent use of a
 * table.
 *
 * Who may call: functions marked [lane] only the lane's RX lcore, [manager] only the main lcore,
 * [start] before the lcores are launched or after they have returned.
 */
#pragma once

#include "host_row.h"
#include "ledger.h"
#include "parse_batch.h"
#include "sides.h"

#include <stdbool.h>
#include <stdint.h>

#define COUNT_MAX_BURST PARSE_MAX_BATCH
#define COUNT_MIN_HOSTS 8u
#define COUNT_MAX_HOSTS (1u << 26)

struct count_lane;

struct count_settings {
	uint32_t hosts; /* distinct addresses that each buffer can hold; COUNT_MIN_HOSTS ..
			   COUNT_MAX_HOSTS */
	int socket;     /* NUMA node, or SOCKET_ID_ANY */
	/* By what addresses beyond `hosts` are counted; NULL: they are only numbered. The caller's,
	 * for as long as a lane or the manager uses it. */
	const struct prefix_map *map;
	/* By what packets are told to come in or to go out; NULL: they are not. The caller's, for
	 * as long as the lane is there. */
	const struct sides *sides;
};

/* [start] `lane`: 0.., part of the tables' names. NULL with errno: ENOMEM, EINVAL. */
struct count_lane *count_create(unsigned int lane, const struct count_settings *settings);
void count_destroy(struct count_lane *lane); /* [start]; NULL is fine */

/* Octets that count_create will take for these settings (an estimate, for the start log). */
uint64_t count_memory(const struct count_settings *settings);

/* [lane] Counts a batch: the result of each frame, and both addresses of each TCP and UDP packet.
 * Uses the batch up. Never fails, allocates, locks or logs. */
void count_batch(struct count_lane *lane, struct parse_batch *batch);

/* [lane] Frames that were left out unseen, and their octets. */
void count_filtered(struct count_lane *lane, uint32_t frames, uint64_t octets);

/* [lane] Between two bursts: swaps if the manager has asked; has it? Costs one load when it has
 * not. What the lane wrote before the call is seen by a manager for whom count_swapped is true. */
bool count_poll_swap(struct count_lane *lane);

/* [manager] Asks for a swap; must not be called again before the last one was taken over. */
void count_request_swap(struct count_lane *lane);

/* [manager] Has the lane acknowledged? Then the buffer it left is the manager's until the next ask.
 */
bool count_swapped(const struct count_lane *lane);

/* What the buffer in the manager's hands holds. */
struct count_period {
	uint32_t hosts; /* rows that count_drain will give */
	struct decode_counts decode;
	uint64_t overflowed; /* addresses beyond the table: two for each packet */
	/* Those, by slot of the map: overflow[0 .. map->slots), until count_clear. NULL: no map. */
	const struct prefix_map *map;
	const struct counts *overflow;
};

/* [manager] after count_swapped: */

/* The first call after a swap moves what the lane's flow cache still holds into the table: in
 * proportion to the hosts, some 100 ns each. */
void count_get_period(struct count_lane *lane, struct count_period *buffer);
/* Writes count_get_period.hosts rows, in no particular order, place = PLACE_UNASKED. */
uint32_t count_drain(struct count_lane *lane, struct host_row *rows);
void count_clear(struct count_lane *lane);

/* [manager] after count_clear: the map of the buffer in the manager's hands, from its next period
 * on. 0, or -ENOMEM and the old one stays. The old one is free to go once neither buffer has it. */
int count_set_map(struct count_lane *lane, const struct prefix_map *map);
