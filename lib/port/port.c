/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include "kind.h"
#include "unplug.h"

#include <errno.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
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

bool
port_is_kernel_interface(const struct port *port)
{
	return port->kind != NULL && port->kind->kernel_interface;
}

bool
port_needs_all_queues(const struct port *port)
{
	return port->kind->all_queues;
}

bool
port_is_paced(const struct port *port)
{
	return port->kind->paced;
}

bool
port_wants_cpu(const struct port *port)
{
	return port->kind->own_cpu;
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
port_identify(struct port *port, uint16_t id)
{
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(id, &info);

	if (ret != 0)
		return ret;
	const struct rte_devargs *asked = rte_dev_devargs(info.device);
	const struct rte_bus *bus = rte_dev_bus(info.device);

	port->id = id;
	rte_eth_dev_get_name_by_port(id, port->name);
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	snprintf(port->bus, sizeof(port->bus), "%s", bus ? rte_bus_name(bus) : "");
	snprintf(port->arguments, sizeof(port->arguments), "%s",
		 asked && asked->args ? asked->args : "");
	port->kind = port_kind_find(info.driver_name);
	if (port->kind->open != NULL)
		port->kind->open(port);
	return 0;
}

int
port_configure(struct port *port, uint16_t id, const struct port_settings *s,
	       void (*note)(const char *text), char error[256])
{
	struct rte_eth_dev_info info;
	int ret = port->kind == NULL ? port_identify(port, id) : 0;

	port->settings = *s;
	if (ret == 0)
		ret = rte_eth_dev_info_get(id, &info);
	if (ret != 0) {
		snprintf(error, 256, "port %u: %s", id, rte_strerror(-ret));
		return ret;
	}
	if (port->source[0] == 0)
		snprintf(port->source, sizeof(port->source), "%s", port->name);
	port->socket = rte_eth_dev_socket_id(id);
	port->queues = RTE_MIN(s->queues, info.max_rx_queues);
	port->queues = RTE_MIN(port->queues, PORT_MAX_QUEUES);
	port->configured = true;

	return configure_queues(port, &info, note, error);
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
	int ret = rte_eth_dev_start(port->id);

	if (ret != 0) {
		snprintf(error, 256, "%s: the port does not start: %s", port->source,
			 rte_strerror(-ret));
		return ret;
	}
	port->started = true;
	if (port->kind->tune != NULL)
		port->kind->tune(port, note);
	return 0;
}

static void
watch(struct port *port)
{
	/* a driver that knows of no such event never calls: no reason to stop */
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RMV, on_event, port);
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RESET, on_event, port);
	unplug_watch(port->name, &port->events, PORT_EVENT_REMOVED);
}

int
port_start(struct port *port, void (*note)(const char *text), char error[256])
{
	int ret = start_device(port, note, error);

	if (ret != 0)
		return ret;
	watch(port);
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

const char *
port_detach(struct port *port)
{
	struct rte_eth_dev_info info;
	struct rte_device *device = NULL;
	struct port_counters last;

	if (port->gone)
		return port->kind->gone;
	port_read(port, &last); /* what came since the last reading is in the totals then */
	if (rte_eth_dev_info_get(port->id, &info) == 0)
		device = info.device;
	unwatch(port);
	port_stop(port);
	rte_eth_dev_close(port->id);
	port->configured = false;
	if (device != NULL)
		rte_dev_remove(device);
	port->gone = true;
	port->seen_away = false;
	port->link = PORT_LINK_DOWN;
	port->seen = (struct port_counters){0};
	atomic_store_explicit(&port->events, 0, memory_order_relaxed);
	return port->kind->gone;
}

int
port_attach(struct port *port, void (*note)(const char *text), char error[256])
{
	struct rte_eth_dev_info info;
	uint16_t id;
	int ret = port->kind->is_back != NULL ? port->kind->is_back(port, error) : 0;

	if (ret <= 0)
		return ret;
	ret = rte_eal_hotplug_add(port->bus, port->name, port->arguments);
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(port->name, &id);
	if (ret == 0)
		ret = port_identify(port, id);
	if (ret == 0)
		ret = rte_eth_dev_info_get(id, &info);
	if (ret != 0) {
		snprintf(error, 256, "%s is back and cannot be taken again: %s", port->source,
			 rte_strerror(-ret));
		/* half of it may be there, or there may be nothing to remove */
		rte_eal_hotplug_remove(port->bus, port->name);
		return ret;
	}
	port->gone = false;
	port->configured = true;
	ret = configure_queues(port, &info, note, error);
	if (ret == 0)
		ret = start_device(port, note, error);
	if (ret != 0) {
		port_detach(port);
		port->seen_away = true;
		return ret;
	}
	watch(port);
	return 1;
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

static uint64_t
since(uint64_t now, uint64_t then)
{
	return now >= then ? now - then : now;
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
	const struct port_counters now = {.received = stats.ipackets,
					  .octets = stats.ibytes,
					  .imissed = stats.imissed,
					  .ierrors = stats.ierrors,
					  .rx_nombuf = stats.rx_nombuf};
	const struct port_counters *then = &port->seen;
	struct port_counters *total = &port->total;

	total->received += since(now.received, then->received);
	total->octets += since(now.octets, then->octets);
	total->imissed += since(now.imissed, then->imissed);
	total->ierrors += since(now.ierrors, then->ierrors);
	total->rx_nombuf += since(now.rx_nombuf, then->rx_nombuf);
	if (port->kind->drops != NULL)
		total->imissed += port->kind->drops(port);
	port->seen = now;
	*counters = *total;
	return 0;
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
	enum port_link now = port->gone                 ? PORT_LINK_DOWN
			     : port->kind->link != NULL ? port->kind->link(port)
							: PORT_LINK_UNKNOWN;
	bool changed = now != port->link;

	port->link = now;
	return changed;
}
