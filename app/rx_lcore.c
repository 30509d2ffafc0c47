/* SPDX-License-Identifier: BSD-3-Clause */
#include "rx_lcore.h"

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

static void
parse_mbuf(const struct rx_lane *lane, struct rte_mbuf *m, struct parse_fact *fact)
{
	uint8_t head[PARSE_HEAD_MAX];

	if (likely(m->nb_segs == 1)) {
		parse_frame(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len,
			    &lane->parse, fact);
		return;
	}
	/* headers may straddle segments: the parser gets them in one piece */
	uint32_t length = RTE_MIN(m->pkt_len, (uint32_t)sizeof(head));
	const uint8_t *bytes = rte_pktmbuf_read(m, 0, length, head);
	parse_frame(bytes, length, m->pkt_len, &lane->parse, fact);
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
	struct rte_mbuf *mbufs[COUNT_MAX_BURST];
	struct parse_fact facts[COUNT_MAX_BURST];
	uint32_t lengths[COUNT_MAX_BURST];
	uint64_t received = 0, busy = 0, idle = 0;
	uint32_t empty = 0, pause_us = FIRST_PAUSE_US;
	const uint64_t since = rte_rdtsc();
	uint64_t before = since;

	while (!atomic_load_explicit(lane->stop, memory_order_relaxed)) {
		uint16_t most = allowance(lane, since, received);
		uint16_t n = most ? rte_eth_rx_burst(lane->port, lane->queue, mbufs, most) : 0;

		if (n > 0) {
			for (uint16_t i = 0; i < n && i < PREFETCH; i++)
				rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
			for (uint16_t i = 0; i < n; i++) {
				if (i + PREFETCH < n)
					rte_prefetch0(
						rte_pktmbuf_mtod(mbufs[i + PREFETCH], void *));
				parse_mbuf(lane, mbufs[i], &facts[i]);
				lengths[i] = mbufs[i]->pkt_len;
			}
			count_burst(lane->count, facts, lengths, n);
			rte_pktmbuf_free_bulk(mbufs, n);
			received += n;
			atomic_store_explicit(&lane->received[lane->flips & 1], received,
					      memory_order_relaxed);
		}
		if (unlikely(count_poll_flip(lane->count))) {
			lane->flips++;
			atomic_store_explicit(&lane->received[lane->flips & 1], received,
					      memory_order_relaxed);
		}
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
