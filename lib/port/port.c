/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include "af_packet.h"
#include "offloads.h"
#include "unplug.h"

#include <errno.h>
#include <net/if.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>

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
port_queue_memory(const struct port_settings *s, unsigned int lanes)
{
	uint64_t element = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + s->data_room + 128;

	return lanes * (pool_size(s) * (element + 8) + (1 << 20));
}

uint16_t
port_capability(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 ? info.max_rx_queues : 0;
}

static void
say(void (*note)(const char *text), const char *text)
{
	if (note != NULL)
		note(text);
}

/* Spread over the queues by addresses and ports, masked by what the port offers. */
static void
configure_rss(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf, struct port *port,
	      void (*note)(const char *text))
{
	const uint64_t wish = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	char text[160];

	/* The queues of net_af_packet are sockets, which the kernel spreads over (fanout) without
	 * being told: a socket that is not polled would swallow its share.
	 */
	if (port->queues < 2 || port->virtual_rx || port->interface[0] != 0)
		return;
	conf->rx_adv_conf.rss_conf.rss_hf = wish & info->flow_type_rss_offloads;
	if (conf->rx_adv_conf.rss_conf.rss_hf != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		return;
	}
	snprintf(text, sizeof(text), "%s offers no RSS: one queue instead of %u", port->source,
		 port->queues);
	say(note, text);
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
	char text[160];

	/* a kernel interface keeps the MTU that it has, a capture has none: one configuration may
	 * serve them and a card */
	if (mtu == 0 || port->interface[0] != 0 || port->virtual_rx)
		return;
	/* what a driver says of its longest frame counts where it says nothing of the MTU */
	if (most == UINT16_MAX && info->max_rx_pktlen >= RTE_ETHER_MAX_LEN)
		most = RTE_MIN(most, info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN);
	if (mtu > most || mtu < info->min_mtu) {
		snprintf(text, sizeof(text), "%s takes an MTU of %u to %u; %u is out of it",
			 port->source, info->min_mtu, most, mtu);
		say(note, text);
		mtu = mtu > most ? most : info->min_mtu;
	}
	conf->rxmode.mtu = mtu;
	if (mtu + RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN <= s->data_room)
		return;
	if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) {
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		return;
	}
	snprintf(text, sizeof(text),
		 "%s cannot scatter: frames over %u octets are lost; raise --data-room",
		 port->source, s->data_room);
	say(note, text);
}

/* All that a reset undoes. The pools are made once, and kept. */
static int
configure_queues(struct port *port, const struct rte_eth_dev_info *info,
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
	ret = rte_eth_dev_configure(id, port->queues, 0, &conf);
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
			snprintf(error, 256, "%s: RX queue %u: %s", port->source, q,
				 rte_strerror(-ret));
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

int
port_configure(struct port *port, uint16_t id, const struct port_settings *s,
	       void (*note)(const char *text), char error[256])
{
	struct rte_eth_dev_info info;
	int ret;

	port->id = id;
	port->settings = *s;
	ret = rte_eth_dev_info_get(id, &info);
	if (ret != 0) {
		snprintf(error, 256, "port %u: %s", id, rte_strerror(-ret));
		return ret;
	}
	rte_eth_dev_get_name_by_port(id, port->name);
	if (port->source[0] == 0)
		snprintf(port->source, sizeof(port->source), "%s", port->name);
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->virtual_rx = strcmp(info.driver_name, "net_pcap") == 0 ||
			   strcmp(info.driver_name, "net_null") == 0 ||
			   strcmp(info.driver_name, "net_ring") == 0;
	port->socket = rte_eth_dev_socket_id(id);
	port->queues = RTE_MIN(s->queues, info.max_rx_queues);
	port->queues = RTE_MIN(port->queues, PORT_MAX_QUEUES);
	port->configured = true;

	return configure_queues(port, &info, note, error);
}

/* A tap port must see what is not addressed to it; where it cannot be told so, that is said. */
static void
enable_all(struct port *port, const struct port_settings *s, void (*note)(const char *text))
{
	char text[160];

	int ret;

	if (port->interface[0] != 0) {
		ret = af_packet_tune(port->interface_index, s->promiscuous);
		if (ret != 0) {
			snprintf(text, sizeof(text), "%s: capture options of the socket: %s",
				 port->source, strerror(-ret));
			say(note, text);
		}
		return;
	}
	if (!s->promiscuous || port->virtual_rx)
		return;
	ret = rte_eth_promiscuous_enable(port->id);
	if (ret != 0 && rte_eth_promiscuous_get(port->id) != 1) {
		snprintf(text, sizeof(text), "%s cannot be made promiscuous: %s", port->source,
			 rte_strerror(-ret));
		say(note, text);
	}
	ret = rte_eth_allmulticast_enable(port->id);
	if (ret != 0 && ret != -ENOTSUP) {
		snprintf(text, sizeof(text), "%s does not take all multicast: %s", port->source,
			 rte_strerror(-ret));
		say(note, text);
	}
}

/* [EAL's interrupt thread] */
static int
on_event(uint16_t id, enum rte_eth_event_type type, void *context, void *unused)
{
	struct port *port = context;

	(void)id;
	(void)unused;
	atomic_fetch_or_explicit(&port->events,
				 type == RTE_ETH_EVENT_INTR_RMV ? PORT_EVENT_REMOVED
								: PORT_EVENT_RESET,
				 memory_order_release);
	return 0;
}

static int
start_device(struct port *port, void (*note)(const char *text), char error[256])
{
	/* at the start ethdev sets the MAC address that is set already; where the interface has
	 * none (loopback) the PMD complains, and nothing depends on it */
	if (port->interface[0] != 0) {
		rte_log_set_level_pattern("pmd.net.*packet", RTE_LOG_CRIT);
		port->interface_index = if_nametoindex(port->interface);
	}
	int ret = rte_eth_dev_start(port->id);

	if (ret != 0) {
		snprintf(error, 256, "%s: the port does not start: %s", port->source,
			 rte_strerror(-ret));
		return ret;
	}
	port->started = true;
	enable_all(port, &port->settings, note);
	return 0;
}

static void
tell_offloads(struct port *port, void (*note)(const char *text))
{
	char text[256];

	port->merged_packets = port->interface[0] != 0 && offloads_merge(port->interface) == 1;
	if (!port->merged_packets)
		return;
	snprintf(text, sizeof(text),
		 "%s hands over merged packets (offloads are on): packets are fewer than on the "
		 "wire, octets are whole; ethtool -K %s " OFFLOADS_OFF " ends that",
		 port->source, port->interface);
	say(note, text);
}

int
port_start(struct port *port, void (*note)(const char *text), char error[256])
{
	int ret = start_device(port, note, error);

	if (ret != 0)
		return ret;
	/* a driver that knows of no such event never calls: no reason to stop */
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RMV, on_event, port);
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RESET, on_event, port);
	unplug_watch(port->name, &port->events, PORT_EVENT_REMOVED);
	tell_offloads(port, note);
	port_poll_link(port);
	return 0;
}

unsigned int
port_take_events(struct port *port)
{
	return atomic_exchange_explicit(&port->events, 0, memory_order_acquire);
}

int
port_reset(struct port *port, void (*note)(const char *text), char error[256])
{
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_reset(port->id);

	port->started = false;
	if (ret == -ENOTSUP) /* then stop and start must do */
		ret = rte_eth_dev_stop(port->id);
	if (ret == 0)
		ret = rte_eth_dev_info_get(port->id, &info);
	if (ret != 0) {
		snprintf(error, 256, "%s: the port cannot be reset: %s", port->source,
			 rte_strerror(-ret));
		return ret;
	}
	ret = configure_queues(port, &info, note, error);
	if (ret == 0)
		ret = start_device(port, note, error);
	return ret;
}

static void
unwatch(struct port *port)
{
	if (!port->configured)
		return;
	rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RMV, on_event, port);
	rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RESET, on_event, port);
	unplug_unwatch(port->name, &port->events);
}

void
port_detach(struct port *port)
{
	struct rte_eth_dev_info info;
	struct rte_device *device = NULL;

	if (port->gone)
		return;
	if (rte_eth_dev_info_get(port->id, &info) == 0)
		device = info.device;
	unwatch(port);
	port_stop(port);
	rte_eth_dev_close(port->id);
	port->configured = false;
	if (device != NULL)
		rte_dev_remove(device);
	port->gone = true;
	port->link = PORT_LINK_DOWN;
}

void
port_stop(struct port *port)
{
	if (port->started)
		rte_eth_dev_stop(port->id);
	port->started = false;
}

void
port_close(struct port *port)
{
	unwatch(port);
	port_stop(port);
	if (port->configured)
		rte_eth_dev_close(port->id);
	port->configured = false;
	for (uint16_t q = 0; q < PORT_MAX_QUEUES; q++) {
		rte_mempool_free(port->pools[q]);
		port->pools[q] = NULL;
	}
}

int
port_read(struct port *port, struct port_counters *counters)
{
	struct rte_eth_stats stats;

	if (port->gone)
		return -ENODEV;
	int ret = rte_eth_stats_get(port->id, &stats);

	if (ret != 0)
		return ret;
	/* the PMD does not read what the kernel's ring dropped: ask the sockets */
	if (port->interface[0] != 0)
		port->ring_drops += af_packet_drops(port->interface_index);
	counters->received = stats.ipackets;
	counters->octets = stats.ibytes;
	counters->imissed = stats.imissed + port->ring_drops;
	counters->ierrors = stats.ierrors;
	counters->rx_nombuf = stats.rx_nombuf;
	return 0;
}

static uint64_t
since(uint64_t now, uint64_t then)
{
	return now >= then ? now - then : now;
}

uint64_t
port_lost_since(const struct port_counters *now, const struct port_counters *then)
{
	return since(now->imissed, then->imissed) + since(now->ierrors, then->ierrors) +
	       since(now->rx_nombuf, then->rx_nombuf);
}

bool
port_poll_link(struct port *port)
{
	struct rte_eth_link link;
	enum port_link now = PORT_LINK_UNKNOWN;

	if (port->gone) {
		now = PORT_LINK_DOWN;
	} else if (port->virtual_rx) {
		now = PORT_LINK_UNKNOWN;
	} else if (port->interface[0] != 0) {
		/* net_af_packet reports "up" from start to stop, whatever the cable does */
		int carrier = af_packet_carrier(port->interface_index);
		port->interface_gone = carrier == -ENXIO;
		now = carrier > 0 ? PORT_LINK_UP : PORT_LINK_DOWN;
	} else if (rte_eth_link_get_nowait(port->id, &link) == 0) {
		now = link.link_status == RTE_ETH_LINK_UP ? PORT_LINK_UP : PORT_LINK_DOWN;
		port->link_mbps = link.link_status == RTE_ETH_LINK_UP &&
						  link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN
					  ? link.link_speed
					  : 0;
	}
	bool changed = now != port->link;
	port->link = now;
	return changed;
}
