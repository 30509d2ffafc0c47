/* SPDX-License-Identifier: BSD-3-Clause */
/* Records for the tests of lib/fleet: those of a sensor that counts by chance, and a sum of them.
 */
#pragma once

#include "fleet.h"
#include "rows.h"
#include "unit.h"

#define WORLD_PLACES 30
#define WORLD_ROWS   12

struct made {
	struct record record;
	struct record_point points[WORLD_ROWS];
	struct place places[WORLD_ROWS];
};

static inline struct place
world_place(uint32_t i)
{
	struct place p = {.latitude = i, .longitude = -(double)i, .has_position = true};

	snprintf(p.country, sizeof(p.country), "%c%c", 'A' + (int)(i % 26), 'A' + (int)(i / 26));
	snprintf(p.city, sizeof(p.city), "city %u", i);
	return p;
}

/* One part of a period; each of its parts has rows of its own. It balances. */
static inline void
world_record(struct made *m, struct dice *dice, const char *sensor, uint64_t boot_id,
	     uint64_t number, int64_t end_ms)
{
	struct record *r = &m->record;
	struct ledger *ledger = &r->head.ledger;
	uint64_t packets = 0;

	memset(m, 0, sizeof(*m));
	snprintf(r->head.sensor, sizeof(r->head.sensor), "%s", sensor);
	r->head.boot_id = boot_id;
	r->head.number = number;
	r->head.end_ms = end_ms;
	r->head.start_ms = end_ms - 10000;
	r->head.end_ns = 10000000000;
	r->parts = 1;
	r->points = m->points;
	r->count = 1 + dice_below(dice, WORLD_ROWS - 1);
	const uint32_t first = dice_below(dice, WORLD_PLACES);
	for (size_t i = 0; i < r->count; i++) {
		struct counts *c = &m->points[i].counts;

		m->places[i] = world_place((first + (uint32_t)i) % WORLD_PLACES);
		m->points[i].place = &m->places[i];
		c->packets[LAYER_TCP][AS_SOURCE] = c->packets[LAYER_UDP][AS_DESTINATION] =
			1 + dice_below(dice, 1000);
		c->octets[LAYER_TCP][AS_SOURCE] = 40 * c->packets[LAYER_TCP][AS_SOURCE];
		packets += c->packets[LAYER_TCP][AS_SOURCE];
	}
	ledger->decode.frames[DECODE_TCP] = packets;
	ledger->decode.ways[WAY_IN] = packets;
	ledger->decode.frames[DECODE_NOT_IP] = dice_below(dice, 5);
	ledger->geo[GEO_LOCATED] = 2 * packets;
	r->head.received = packets + ledger->decode.frames[DECODE_NOT_IP];
	r->head.lost = dice_below(dice, 3);
}

/* What was counted, by place. */
struct world_sum {
	struct counts counts[WORLD_PLACES];
	struct ledger ledger;
	uint64_t received, lost;
};

static inline void
world_add_place(struct world_sum *sum, const struct place *place, const struct counts *counts)
{
	assert_in_range(place->latitude, 0, WORLD_PLACES - 1);
	counts_add(&sum->counts[(int)place->latitude], counts);
}

static inline void
world_add_record(struct world_sum *sum, const struct record *r)
{
	for (size_t i = 0; i < r->count; i++)
		world_add_place(sum, r->points[i].place, &r->points[i].counts);
	if (r->part > 0)
		return;
	ledger_add(&sum->ledger, &r->head.ledger);
	sum->received += r->head.received;
	sum->lost += r->head.lost;
}

/* Of a period that is given out, without what was late: as a store keeps it. */
static inline void
world_add_period(struct world_sum *sum, const struct period *p)
{
	struct ledger ledger = p->head.ledger;
	uint64_t received = p->head.received, lost = p->head.lost;

	for (size_t i = 0; i < p->overflow_count; i++)
		world_add_place(sum, p->overflow[i].place, &p->overflow[i].counts);
	for (const struct period *late = p->late; late != NULL; late = late->next) {
		ledger_subtract(&ledger, &late->head.ledger);
		received -= late->head.received;
		lost -= late->head.lost;
	}
	ledger_add(&sum->ledger, &ledger);
	sum->received += received;
	sum->lost += lost;
}
