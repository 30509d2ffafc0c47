/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_lcore.h"

#include "interfaces.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

/* polls in vain before the first pause: about 20 us, so that a busy line never pauses */
#define EMPTY_POLLS    256
#define FIRST_PAUSE_US 16

/* how many frames ahead to fetch: a header takes one or two lines, a fetch from memory ~80 ns */
#define PREFETCH 4

/* `mbufs` has PREFETCH entries more than the burst: see rx_lcore_run. */
static inline struct parse_frame_at
frame_of_mbuf(const void *mbufs, uint32_t i)
{
	struct rte_mbuf *const *at = (struct rte_mbuf *const *)mbufs + i;

	rte_prefetch0(rte_pktmbuf_mtod(at[PREFETCH], void *));
	/* of a segmented packet the head, which nearly always holds all headers */
	return (struct parse_frame_at){rte_pktmbuf_mtod(at[0], const uint8_t *), at[0]->data_len,
				       at[0]->pkt_len};
}

/* Headers that straddle segments: the parser gets them again, in one piece. */
static __rte_noinline void
parse_straddling(const struct rx_lane *lane, struct parse_batch *batch, struct rte_mbuf **mbufs)
{
	uint8_t head[PARSE_HEAD_MAX];

	for (uint32_t i = 0; i < batch->n_other; i++) {
		struct rte_mbuf *m = mbufs[batch->other_frame[i]];

		if (!batch->other[i].wants_more || m->nb_segs == 1)
			continue;
		uint32_t length = RTE_MIN(m->pkt_len, (uint32_t)sizeof(head));
		const uint8_t *bytes = rte_pktmbuf_read(m, 0, length, head);
		parse_frame(bytes, length, m->pkt_len, &lane->parse, &batch->other[i]);
	}
}

/* Leaves out what the filter does not let pass. Returns how many stay, at the front. */
static __rte_noinline uint16_t
keep_mbufs(const struct rx_lane *lane, struct rte_mbuf **mbufs, uint16_t n)
{
	uint16_t kept = 0, out = 0;
	struct rte_mbuf *left[COUNT_MAX_BURST];
	uint64_t octets = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (i + PREFETCH < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + PREFETCH], void *));
		if (filter_mbuf(lane->program, mbufs[i])) {
			mbufs[kept++] = mbufs[i];
		} else {
			octets += mbufs[i]->pkt_len;
			left[out++] = mbufs[i];
		}
	}
	if (out > 0) {
		count_filtered(lane->count, out, octets);
		rte_pktmbuf_free_bulk(left, out);
	}
	return kept;
}

static void
count_mbufs(const struct rx_lane *lane, struct parse_batch *batch, struct rte_mbuf **mbufs,
	    uint16_t n)
{
	if (unlikely(lane->filter != NULL)) {
		n = keep_mbufs(lane, mbufs, n);
		if (n == 0)
			return;
	}
	for (uint16_t i = 0; i < PREFETCH; i++)
		mbufs[n + i] = mbufs[n - 1];
	parse_batch(batch, n, &lane->parse, frame_of_mbuf, mbufs);
	if (unlikely(batch->n_other > 0))
		parse_straddling(lane, batch, mbufs);
	count_batch(lane->count, batch);
	rte_pktmbuf_free_bulk(mbufs, n);
}

/* `frames` has PREFETCH entries more than the burst. */
static inline struct parse_frame_at
frame_of_port(const void *frames, uint32_t i)
{
	const struct port_frame *at = (const struct port_frame *)frames + i;

	rte_prefetch0(at[PREFETCH].bytes);
	return (struct parse_frame_at){at[0].bytes, at[0].captured, at[0].length};
}

/* The same of frames where they lie. */
static __rte_noinline uint16_t
keep_frames(const struct rx_lane *lane, struct port_frame *frames, uint16_t n)
{
	uint16_t kept = 0;
	uint64_t octets = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (filter_frame(lane->program, frames[i].bytes, frames[i].captured,
				 frames[i].length))
			frames[kept++] = frames[i];
		else
			octets += frames[i].length;
	}
	if (kept < n)
		count_filtered(lane->count, n - kept, octets);
	return kept;
}

/* Frames of a type that cannot be read have no facts but that. */
static uint8_t
link_of(uint32_t type)
{
	uint8_t link = PARSE_LINK_OPAQUE;

	if (type & PORT_TYPE_DLT)
		(void)parse_link_of((int)(type & ~PORT_TYPE_DLT), &link);
	else
		(void)interface_link_of(type, &link);
	return link;
}

void
rx_lcore_set_type(struct rx_lane *lane, uint32_t type)
{
	lane->parse.link = link_of(type);
	lane->type = type;
	if (lane->filter != NULL)
		lane->program = filter_program(lane->filter, type);
}

bool
rx_lcore_can_read(uint32_t type)
{
	return link_of(type) != PARSE_LINK_OPAQUE;
}

/* A burst of a source that shows its frames where they lie. Kept out of the loop of the others. */
static __rte_noinline uint16_t
count_frames(struct rx_lane *lane, struct parse_batch *batch, uint16_t most)
{
	struct port_frame frames[COUNT_MAX_BURST + PREFETCH];
	uint32_t type = 0;
	uint16_t n = lane->receive(lane->source, lane->queue, frames, most, &type);

	if (n == 0)
		return 0;
	if (type != lane->type)
		rx_lcore_set_type(lane, type);
	const uint16_t taken = n;
	if (unlikely(lane->filter != NULL)) {
		n = keep_frames(lane, frames, n);
		if (n == 0)
			return taken;
	}
	for (uint16_t i = 0; i < PREFETCH; i++)
		frames[n + i] = frames[n - 1];
	parse_batch(batch, n, &lane->parse, frame_of_port, frames);
	count_batch(lane->count, batch);
	return taken;
}

/* How many packets may be taken now, where a rate is asked for. */
static uint16_t
allowance(const struct rx_lane *lane, uint64_t since, uint64_t received)
{
	if (lane->rate == 0)
		return lane->burst;
	double due = (double)(rte_rdtsc() - since) / (double)rte_get_tsc_hz() * lane->rate;
	double more = due - (double)received;

	return more <= 0 ? 0 : more >= lane->burst ? lane->burst : (uint16_t)more;
}

int
rx_lcore_run(void *argument)
{
	struct rx_lane *lane = argument;
	struct rte_mbuf *mbufs[COUNT_MAX_BURST + PREFETCH];
	struct parse_batch batch;
	uint64_t received = 0, busy = 0, idle = 0;
	uint32_t empty = 0, pause_us = FIRST_PAUSE_US;
	const uint64_t since = rte_rdtsc();
	uint64_t before = since;

	uint32_t seen = 0;
	enum lane_order order;

	while ((order = lane_command_look(lane->command, &lane->answer, &seen)) != LANE_STOP) {
		uint16_t most = likely(order == LANE_RUN) ? allowance(lane, since, received) : 0;
		uint16_t n = 0;

		if (unlikely(lane->receive != NULL))
			n = most ? count_frames(lane, &batch, most) : 0;
		else if (likely(most > 0))
			n = rte_eth_rx_burst(lane->port, lane->queue, mbufs, most);
		if (n > 0) {
			if (likely(lane->receive == NULL))
				count_mbufs(lane, &batch, mbufs, n);
			received += n;
			atomic_store_explicit(&lane->received[lane->swaps & 1], received,
					      memory_order_relaxed);
		}
		lane_swap(lane, received);
		if (n > 0) {
			empty = 0;
			pause_us = FIRST_PAUSE_US;
		} else if (lane->idle_sleep_us > 0 && ++empty > EMPTY_POLLS) {
			/* the one system call: a core that has nothing to do shall not burn */
			rte_delay_us_sleep(RTE_MIN(pause_us, lane->idle_sleep_us));
			pause_us = RTE_MIN(2 * pause_us, lane->idle_sleep_us);
		} else {
			rte_pause();
		}
		uint64_t now = rte_rdtsc();
		if (n > 0) {
			busy += now - before;
			atomic_store_explicit(&lane->busy_cycles, busy, memory_order_relaxed);
		} else {
			idle += now - before;
			atomic_store_explicit(&lane->idle_cycles, idle, memory_order_relaxed);
		}
		before = now;
	}
	return 0;
}
