/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include "kind.h"
#include "queues.h"
#include "unplug.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

uint16_t
port_capability(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 ? info.max_rx_queues : 0;
}

const char *
port_kind_name(const struct port *port)
{
	return port->kind != NULL ? port->kind->name : "";
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

uint32_t
port_pause(const struct port *port)
{
	return port->kind->pause != NULL ? port->kind->pause(port) : 0;
}

bool
port_wants_cpu(const struct port *port)
{
	return port->kind->own_cpu;
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
	port->type = ARPHRD_ETHER;
	if (port->kind->open != NULL)
		port->kind->open(port);
	return 0;
}

void
port_create(struct port *port, const char *driver, const char *source)
{
	port->id = PORT_NO_ETHDEV;
	port->type = ARPHRD_ETHER; /* until its first burst says otherwise */
	port->kind = port_kind_find(driver);
	snprintf(port->driver, sizeof(port->driver), "%s", driver);
	snprintf(port->name, sizeof(port->name), "%s", source);
	snprintf(port->source, sizeof(port->source), "%s", source);
}

port_receive *
port_receiver(const struct port *port)
{
	return port->kind->receive;
}

int
port_configure(struct port *port, uint16_t id, const struct port_settings *s,
	       void (*note)(const char *text), char error[256])
{
	struct rte_eth_dev_info info;
	int ret = port->kind == NULL ? port_identify(port, id) : 0;

	port->settings = *s;
	if (ret == 0 && port->kind->adjust != NULL)
		port->kind->adjust(&port->settings);
	if (ret == 0 && port->kind->setup != NULL) {
		port->socket = SOCKET_ID_ANY;
		port->queues = RTE_MIN(s->queues, PORT_MAX_QUEUES);
		ret = port->kind->setup(port, note, error);
		port->configured = ret == 0;
		return ret;
	}
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

	return queues_configure(port, &info, note, error);
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

static uint64_t
since(uint64_t now, uint64_t then)
{
	return now >= then ? now - then : now;
}

/* What its driver counted since it was started. */
static int
read_driver(struct port *port, struct port_counters *now)
{
	struct rte_eth_stats stats;

	if (port->kind->counters != NULL)
		return port->kind->counters(port, now);
	int ret = rte_eth_stats_get(port->id, &stats);

	if (ret != 0)
		return ret;
	*now = (struct port_counters){.received = stats.ipackets,
				      .octets = stats.ibytes,
				      .imissed = stats.imissed,
				      .ierrors = stats.ierrors,
				      .rx_nombuf = stats.rx_nombuf};
	return 0;
}

static int
start_device(struct port *port, void (*note)(const char *text), char error[256])
{
	int ret;

	if (port->kind->start != NULL) {
		ret = port->kind->start(port, error);
		port->started = ret == 0;
		return ret;
	}
	ret = rte_eth_dev_start(port->id);
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
	/* what it has counted so far is not ours; what it loses from here on is */
	if (port->kind->start != NULL || read_driver(port, &port->seen) != 0)
		port->seen = (struct port_counters){0};
	int ret = start_device(port, note, error);

	if (ret != 0)
		return ret;
	if (port->kind->start == NULL)
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
	ret = queues_configure(port, &info, note, error);
	if (ret == 0)
		ret = start_device(port, note, error);
	return ret;
}

static void
unwatch(struct port *port)
{
	if (!port->configured || port->id == PORT_NO_ETHDEV)
		return;
	rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RMV, on_event, port);
	rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RESET, on_event, port);
	unplug_unwatch(port->name, &port->events);
}

static void
untune(struct port *port)
{
	if (port->kind != NULL && port->kind->untune != NULL)
		port->kind->untune(port);
	if (port->keeper > 0)
		close(port->keeper);
	port->keeper = 0;
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
	untune(port);
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
	ret = queues_configure(port, &info, note, error);
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
	if (port->started && port->kind->stop != NULL)
		port->kind->stop(port);
	else if (port->started)
		rte_eth_dev_stop(port->id);
	port->started = false;
}

void
port_close(struct port *port)
{
	unwatch(port);
	untune(port);
	port_stop(port);
	if (port->configured && port->kind->close != NULL)
		port->kind->close(port);
	else if (port->configured)
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
	struct port_counters now;

	if (port->gone) {
		*counters = port->total;
		return 0;
	}
	if (!port->configured)
		return -ENODEV;
	int ret = read_driver(port, &now);

	if (ret != 0)
		return ret;
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

int
port_hardware(const char *interface)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	int ret = ioctl(fd, SIOCGIFHWADDR, &request) == 0 ? request.ifr_hwaddr.sa_family : -errno;
	close(fd);
	return ret;
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
