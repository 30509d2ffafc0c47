/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lane's cycle counters say: the headroom meter. Pure. */
#pragma once

#include <stdint.h>

struct meter {
	double cycles_per_packet; /* of the polls that brought packets */
	double busy;              /* their share of all cycles, 0 .. 1 */
	double headroom_pps;      /* packets/s that the rest of the time would take */
};

/*
 * busy, idle: TSC cycles of a stretch of time spent in polls that brought packets, and in others
 * (pauses included); hz: TSC cycles a second. Where nothing came, the cost of a packet is unknown:
 * then the fields that need it keep what *meter held.
 *
 * The estimate is a lower bound for bursts: a fuller burst makes a packet cheaper.
 */
static inline void
meter_read(struct meter *meter, uint64_t busy, uint64_t idle, uint64_t packets, uint64_t hz)
{
	if (busy + idle == 0)
		return;
	meter->busy = (double)busy / (double)(busy + idle);
	if (packets == 0 || busy == 0)
		return;
	meter->cycles_per_packet = (double)busy / (double)packets;
	meter->headroom_pps = (1 - meter->busy) * (double)hz / meter->cycles_per_packet;
}
