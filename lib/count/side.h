/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One side of a lane: what a period leaves behind. A front to count into, the table of record
 * behind it, the verdicts, and what found no room in the table.
 *
 * One thread at a time: [lane] the RX lcore while it counts into the side, [manager] once the side
 * has been handed over.
 */
#pragma once

#include "front.h"
#include "host_table.h"
#include "ledger.h"
#include "parse_batch.h"

#include <stdalign.h>
#include <stdbool.h>

struct side {
	alignas(64) struct front front;
	struct host_table hosts;
	struct host_bulk out4, out6; /* on the way from the front to the table */
	struct verdicts verdicts;
	struct counts overflow; /* of all addresses that found no room */
	uint64_t overflowed;    /* how many: in addresses, that is two for each packet */
	bool settled;
};

/* [start] 0 or -errno; `name`: see host_table_open. */
int side_open(struct side *side, const char *name, uint32_t hosts, int socket, uint32_t seed);
void side_close(struct side *side); /* a zeroed side is fine */

/* [lane] Counts a batch, and uses it up. */
void side_count(struct side *side, struct parse_batch *batch);

/* [manager] What the front still holds goes into the table. Once a period; a second call does
 * nothing. */
void side_settle(struct side *side);

/* [manager] Empties the side, and makes its front as large as the period asked for. */
void side_clear(struct side *side);
