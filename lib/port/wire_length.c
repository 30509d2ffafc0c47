/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire_length.h"

#include "af_packet.h"

#include <linux/if_packet.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdlib.h>

/* What stands before a frame in its place of the ring (TPACKET_V2), and a VLAN tag that the PMD put
 * into it again: a frame that leaves more room than that was not cut. */
#define BEFORE_FRAME 128
#define TAG_SIZE     4

struct queue {
	struct af_packet_ring ring;
	uint32_t
		next; /* lane's: place of the next frame; the PMD begins with the first, as we do */
	const struct rte_eth_rxtx_callback *callback;
};

struct wire_length {
	uint16_t port, count;
	struct queue queues[PORT_MAX_QUEUES];
};

/*
 * [lane] Frames come in the order of their places, none is left out. The kernel may write to a
 * place again once it has filled all others: they are thousands, and this is a burst.
 */
static uint16_t
on_burst(uint16_t port, uint16_t number, struct rte_mbuf **mbufs, uint16_t n, uint16_t most,
	 void *context)
{
	struct queue *q = context;
	const uint32_t full = q->ring.frame_size - BEFORE_FRAME;

	(void)port;
	(void)number;
	(void)most;
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];
		const uint32_t place = q->next;

		q->next = place + 1 < q->ring.frames ? place + 1 : 0;
		if (__builtin_expect(m->data_len < full, 1))
			continue;
		const struct tpacket2_hdr *frame =
			(const void *)(q->ring.at + (size_t)place * q->ring.frame_size);
		const uint32_t length = frame->tp_len, here = frame->tp_snaplen;
		if (length > here && (m->data_len == here || m->data_len == here + TAG_SIZE))
			m->pkt_len = m->data_len + (length - here);
	}
	return n;
}

struct wire_length *
wire_length_add(const struct port *port, unsigned int interface)
{
	struct wire_length *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->port = port->id;
	for (uint16_t i = 0; i < port->queues; i++) {
		struct queue *q = &w->queues[i];

		if (af_packet_ring(interface, i, &q->ring) == 0 &&
		    q->ring.frame_size > BEFORE_FRAME)
			q->callback = rte_eth_add_rx_callback(port->id, i, on_burst, q);
		w->count++;
		if (q->callback == NULL) {
			wire_length_remove(w);
			return NULL;
		}
	}
	return w;
}

uint64_t
wire_length_left(const struct wire_length *w)
{
	uint64_t left = 0;

	for (uint16_t i = 0; w != NULL && i < w->count; i++) {
		const struct queue *q = &w->queues[i];

		for (uint32_t n = 0; n < q->ring.frames; n++) {
			const uint32_t place = (q->next + n) % q->ring.frames;
			const struct tpacket2_hdr *frame =
				(const void *)(q->ring.at + (size_t)place * q->ring.frame_size);

			if ((frame->tp_status & TP_STATUS_USER) == 0)
				break;
			left++;
		}
	}
	return left;
}

void
wire_length_remove(struct wire_length *w)
{
	if (w == NULL)
		return;
	for (uint16_t i = 0; i < w->count; i++) {
		if (w->queues[i].callback != NULL)
			rte_eth_remove_rx_callback(w->port, i, w->queues[i].callback);
	}
	free(w);
}
