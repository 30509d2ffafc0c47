/* SPDX-License-Identifier: BSD-3-Clause */
/* The queues of an ethdev, and the pools that their mbufs come from. */
#include "queues.h"

#include "kind.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <stdio.h>

/*
 * One pool for each queue: an RX lcore then allocates and frees on its own ring and cache, and
 * net_pcap's infinite_rx, which keeps the whole capture in mbufs, finds room counted by the queue.
 *
 *   descriptors       all of them hold an mbuf
 * + burst             in the lane's hands
 * + cache x 2         a pool's per-lcore cache holds up to 1.5 x its size
 */
static uint32_t
pool_size(const struct port_settings *s)
{
	return s->mbufs ? s->mbufs : (uint32_t)s->rx_descriptors + s->burst + 2 * s->cache + 1;
}

uint64_t
port_queue_memory(const struct port_settings *s, unsigned int lanes, uint32_t page)
{
	uint64_t element = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + s->data_room + 128;

	/* a mempool lets no element lie across pages that need not be neighbours */
	if (page > 0)
		element = element > page ? RTE_ALIGN_CEIL(element, page) : page / (page / element);
	return lanes * (pool_size(s) * (element + 8) + sizeof(struct rte_mempool) +
			RTE_MAX_LCORE * sizeof(struct rte_mempool_cache) + (64 << 10));
}

/* Spread over the queues by addresses and ports, masked by what the port offers. */
static void
configure_rss(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf, struct port *port,
	      void (*note)(const char *text))
{
	const uint64_t wish = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

	if (port->queues < 2 || !port->kind->spreads_by_rss)
		return;
	conf->rx_adv_conf.rss_conf.rss_hf = wish & info->flow_type_rss_offloads;
	if (conf->rx_adv_conf.rss_conf.rss_hf != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		return;
	}
	port_say(note, "%s offers no RSS: one queue instead of %u", port->source, port->queues);
	port->queues = 1;
}

static int
create_pools(struct port *port, const struct port_settings *s, char error[256])
{
	/* a pool refuses a cache that could hold more than all of it: 1.5 x its size */
	const unsigned int cache = RTE_MIN(s->cache, pool_size(s) / 2);
	char name[RTE_MEMPOOL_NAMESIZE];

	for (uint16_t q = 0; q < port->queues; q++) {
		snprintf(name, sizeof(name), "port%u_queue%u", port->id, q);
		port->pools[q] = rte_pktmbuf_pool_create(
			name, pool_size(s), cache, 0,
			(uint16_t)(s->data_room + RTE_PKTMBUF_HEADROOM), port->socket);
		if (port->pools[q] == NULL) {
			snprintf(error, 256,
				 "%s: no memory for %u packet buffers of %u octets (%s); reserve "
				 "more huge pages, or lower --rx-descriptors or --mbufs",
				 port->source, pool_size(s), s->data_room, rte_strerror(rte_errno));
			return -ENOMEM;
		}
	}
	return 0;
}

/* Frames up to this length must fit: into one mbuf, or over several where the port can scatter. */
static void
configure_mtu(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
	      const struct port *port, const struct port_settings *s,
	      void (*note)(const char *text))
{
	uint32_t mtu = s->mtu, most = info->max_mtu;

	/* a kernel interface keeps the MTU that it has, a capture has none: one configuration may
	 * serve them and a card */
	if (mtu == 0 || !port->kind->has_mtu)
		return;
	/* what a driver says of its longest frame counts where it says nothing of the MTU */
	if (most == UINT16_MAX && info->max_rx_pktlen >= RTE_ETHER_MAX_LEN)
		most = RTE_MIN(most, info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN);
	if (mtu > most || mtu < info->min_mtu) {
		port_say(note, "%s takes an MTU of %u to %u; %u is out of it", port->source,
			 info->min_mtu, most, mtu);
		mtu = mtu > most ? most : info->min_mtu;
	}
	conf->rxmode.mtu = mtu;
	if (mtu + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN <= s->data_room)
		return;
	if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) {
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		return;
	}
	port_say(note, "%s cannot scatter: frames over %u octets are lost; raise --data-room",
		 port->source, s->data_room);
}

int
queues_configure(struct port *port, const struct rte_eth_dev_info *info,
		 void (*note)(const char *text), char error[256])
{
	const struct port_settings *s = &port->settings;
	struct rte_eth_conf conf = {0};
	uint16_t descriptors = s->rx_descriptors, tx_descriptors = 0, id = port->id;
	int ret;

	configure_rss(info, &conf, port, note);
	configure_mtu(info, &conf, port, s, note);
	/* a driver that notices the unplugging of its device shall tell */
	conf.intr_conf.rmv = (*info->dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;

	/* some ports want as many TX queues as RX queues; others offer none. None is ever used. */
	uint16_t tx_queues = RTE_MIN(port->queues, info->max_tx_queues);
	ret = port->kind->pairs_queues ? -EINVAL
				       : rte_eth_dev_configure(id, port->queues, 0, &conf);
	if (ret != 0) {
		ret = rte_eth_dev_configure(id, port->queues, tx_queues, &conf);
	} else {
		tx_queues = 0;
	}
	if (ret != 0) {
		snprintf(error, 256, "%s: the port refuses %u queues: %s", port->source,
			 port->queues, rte_strerror(-ret));
		return ret;
	}
	ret = rte_eth_dev_adjust_nb_rx_tx_desc(id, &descriptors, &tx_descriptors);
	if (ret != 0 && ret != -ENOTSUP) {
		snprintf(error, 256, "%s: %u RX descriptors: %s", port->source, descriptors,
			 rte_strerror(-ret));
		return ret;
	}
	if (port->pools[0] == NULL) {
		ret = create_pools(port, s, error);
		if (ret != 0)
			return ret;
	}
	for (uint16_t q = 0; q < port->queues; q++) {
		ret = rte_eth_rx_queue_setup(id, q, descriptors, (unsigned int)port->socket, NULL,
					     port->pools[q]);
		if (ret != 0) {
			const char *why = port->kind->why != NULL ? port->kind->why() : "";

			snprintf(error, 256, "%s: RX queue %u: %s%s%s", port->source, q,
				 rte_strerror(-ret), why[0] ? ": " : "", why);
			return ret;
		}
	}
	for (uint16_t q = 0; q < tx_queues; q++) {
		ret = rte_eth_tx_queue_setup(id, q, tx_descriptors ? tx_descriptors : 64,
					     (unsigned int)port->socket, NULL);
		if (ret != 0) {
			snprintf(error, 256, "%s: TX queue %u: %s", port->source, q,
				 rte_strerror(-ret));
			return ret;
		}
	}
	/* we parse ourselves: spares the driver the work, where it has a say */
	rte_eth_dev_set_ptypes(id, RTE_PTYPE_UNKNOWN, NULL, 0);
	return 0;
}
