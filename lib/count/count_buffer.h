/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One buffer of a lane: what a period leaves behind. A flow cache to count into, the table of
 * record behind it, the results, and what found no room in the table.
 *
 * When the table is full, a host that is not in it is counted in its network's slot instead
 * (prefix_map.h): one counter for each record of the geolocation database, dense, made beforehand,
 * so that it cannot fill up whatever addresses come. The heat of the map stays exact; only the row
 * of the host itself is missing, and the ledger says for how many.
 *
 * A slot for each record and not for each place: then no record has to be decoded at the start, and
 * only those that are hit ever are. A flat table and not the database's own tree: one line for an
 * IPv4 address against up to 32 loads that wait for each other. Measured, sources that never come
 * twice, 70 % of all addresses beyond the table: 0.59 to 0.70 of the rate of ordinary Zipf traffic.
 * The price is 80 octets a slot and buffer, 56 MB with the 703,339 records of DB-IP City Lite,
 * and in ordinary memory only what is touched becomes resident. A slot's packed cells come before
 * its wide counters, as in the flow cache: 16 octets a slot stay in the cache where 64 would not.
 *
 * One thread at a time: [lane] the RX lcore while it counts into the buffer, [manager] once the
 * buffer has been handed over.
 */
#pragma once

#include "flow_cache.h"
#include "host_table.h"
#include "ledger.h"
#include "parse_batch.h"
#include "prefix_map.h"
#include "sides.h"

#include <stdalign.h>
#include <stdbool.h>

/* Packets of hosts that a full table surely does not hold, on their way into the overflow. */
struct strays {
	uint32_t n;
	uint32_t packed[HOST_TABLE_BULK]; /* one packet each */
	uint8_t cell[HOST_TABLE_BULK];
	union host_id id[HOST_TABLE_BULK];
};

struct count_buffer {
	alignas(64) struct flow_cache cache;
	struct host_table hosts;
	struct host_bulk out4, out6; /* on the way from the flow cache to the table */
	struct strays strays4, strays6;
	struct decode_counts decode;
	const struct sides *sides;    /* NULL: not known */
	const struct prefix_map *map; /* NULL: what overflows is only numbered */
	struct counts *overflow;      /* map->slots; before them each cell is counted in: */
	uint32_t (*overflow_cells)[CELLS];
	uint32_t overflow_room; /* slots that there is memory for */
	uint64_t overflowed;    /* how many found no room: in addresses, two for each packet */
	bool settled;
};

/* [start] 0 or -errno; `name`: see host_table_open. */
int count_buffer_open(struct count_buffer *buffer, const char *name, uint32_t hosts, int socket,
		      uint32_t seed);
void count_buffer_close(struct count_buffer *buffer); /* a zeroed buffer is fine */

/* [start], or [manager] while the buffer is empty. 0, or -ENOMEM and the map as it was. */
int count_buffer_set_map(struct count_buffer *buffer, const struct prefix_map *map, int socket);

/* [lane] Counts a batch, and uses it up. */
void count_buffer_count(struct count_buffer *buffer, struct parse_batch *batch);

/* [manager] What the flow cache still holds goes into the table. Once a period; a second call does
 * nothing. */
void count_buffer_settle(struct count_buffer *buffer);

/* [manager] Empties the buffer, and makes its flow cache as large as the period asked for. */
void count_buffer_clear(struct count_buffer *buffer);
