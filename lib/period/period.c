/* SPDX-License-Identifier: BSD-3-Clause */
#include "period.h"

#include <errno.h>
#include <stdlib.h>

struct period *
period_create(void)
{
	struct period *period = calloc(1, sizeof(*period));

	if (period != NULL)
		atomic_init(&period->references, 1);
	return period;
}

int
period_reserve(struct period *period, size_t lanes, size_t ports)
{
	period->head.lanes = calloc(lanes + 1, sizeof(*period->head.lanes));
	period->head.ports = calloc(ports + 1, sizeof(*period->head.ports));
	if (period->head.lanes == NULL || period->head.ports == NULL)
		return -ENOMEM;
	period->head.lane_count = lanes;
	period->head.port_count = ports;
	return 0;
}

int
period_add_overflow(struct period *period, const struct place *place, const struct counts *counts)
{
	const size_t n = period->overflow_count;

	/* a power of two is full: the next one is twice as large */
	if ((n & (n - 1)) == 0) {
		struct period_overflow *more =
			realloc(period->overflow, (n ? 2 * n : 1) * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		period->overflow = more;
	}
	period->overflow[n] = (struct period_overflow){.place = place, .counts = *counts};
	period->overflow_count++;
	return 0;
}

struct period *
period_ref(struct period *period)
{
	atomic_fetch_add_explicit(&period->references, 1, memory_order_relaxed);
	return period;
}

void
period_unref(struct period *period)
{
	if (period == NULL ||
	    atomic_fetch_sub_explicit(&period->references, 1, memory_order_acq_rel) != 1)
		return;
	host_list_free(&period->hosts);
	while (period->late != NULL) {
		struct period *late = period->late;

		period->late = late->next;
		period_unref(late);
	}
	notes_free(period->notes, period->note_count);
	free(period->overflow);
	free(period->head.lanes);
	free(period->head.ports);
	free(period);
}

double
period_seconds(const struct period_head *period)
{
	return period->end_ns > period->start_ns ? (double)(period->end_ns - period->start_ns) / 1e9
						 : 1e-9;
}

uint64_t
period_octets(const struct period_head *period)
{
	uint64_t octets = 0;

	for (int r = 0; r < DECODE_RESULTS; r++)
		octets += period->ledger.decode.octets[r];
	return octets;
}
