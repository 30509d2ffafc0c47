/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports, their queues, and a lane for each: sized, named, configured, started, stopped. */
#include "app.h"
#include "log.h"
#include "overlaps.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* pools: a cache of 256 mbufs for each lcore halves the trips to the shared ring */
#define POOL_CACHE 256

/* Sizes that follow from the sources. */
void
setup_size_ports(struct app *a)
{
	const struct settings *s = &a->settings;
	struct port_settings *p = &a->port_settings;
	uint32_t longest = 0;
	uint64_t packets = 0;

	/* captures that are not looped need no buffers */
	for (unsigned int i = 0; i < s->pcaps.count && s->pcap_loop; i++) {
		longest = RTE_MAX(longest, a->captures[i].longest);
		packets = RTE_MAX(packets, a->captures[i].packets);
	}
	p->rx_descriptors = (uint16_t)s->rx_descriptors;
	p->burst = s->burst;
	p->cache = POOL_CACHE;
	p->promiscuous = !s->no_promiscuous;
	p->ring_frames = s->ring_frames;
	p->ring_frame_size = s->ring_frame_size;
	p->mtu = (uint16_t)s->mtu;
	/* net_af_packet wants room for a ring frame; longer captured frames take several buffers,
	 * but for a loop, where the PMD wants one */
	uint32_t room = s->data_room ? s->data_room : 2048;
	if (s->data_room == 0 && s->pcap_loop)
		room = longest <= 128 ? 128 : longest;
	else if (s->data_room == 0 && s->mtu + 26 > room)
		room = RTE_MIN(s->mtu + 26, 9728u);
	if (s->data_room == 0 && s->interfaces.count > 0)
		room = RTE_MAX(room, s->ring_frame_size);
	p->data_room = (uint16_t)RTE_ALIGN_CEIL(room, 64u);

	/* infinite_rx keeps the whole capture in the queue's pool, and hands out copies */
	uint32_t segments = (longest + p->data_room - 1) / p->data_room + 1;
	p->mbufs = s->mbufs;
	if (p->mbufs == 0 && s->pcap_loop)
		p->mbufs = (uint32_t)packets + 4 * (p->burst + p->cache);
	else if (p->mbufs == 0 && segments > 2)
		p->mbufs = p->rx_descriptors + p->burst * segments + 4 * p->cache;
}

struct eal_memory
setup_memory(const struct app *a, unsigned int lanes, const struct count_settings *c)
{
	const struct settings *s = &a->settings;
	uint64_t octets = lanes * count_memory(c);

	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		/* af_packet has a table of the frames of each ring, one to receive and one to send
		 */
		octets += s->interface_queues[i] *
			  (s->interface_xdp[i] ? (uint64_t)PORT_XDP_QUEUE_OCTETS
					       : 2 * s->ring_frames * sizeof(struct iovec));
	}
	return (struct eal_memory){.huge = octets + port_queue_memory(&a->port_settings, lanes, 0),
				   .ordinary = octets +
					       port_queue_memory(&a->port_settings, lanes,
								 (uint32_t)sysconf(_SC_PAGESIZE))};
}

/*
 * AF_XDP looked possible, and the kernel does not let it be: with --driver auto its place is taken
 * by net_af_packet. The new port gets the number of the old one, the lowest that is free.
 */
static int
fall_back(struct app *a, struct port *port, uint16_t id, const char *why)
{
	struct settings *s = &a->settings;
	char text[128], name[32];
	unsigned int i = 0;
	uint16_t now;

	while (i < s->interfaces.count && strcmp(s->interfaces.items[i], port->interface) != 0)
		i++;
	if (i == s->interfaces.count || !s->interface_xdp[i] || s->driver != DRIVER_AUTO)
		return fail(why);
	log_line("%s; captured on by af_packet instead", why);
	port_close(port);
	rte_eal_hotplug_remove("vdev", port->name);
	s->interface_xdp[i] = false;
	s->interface_queues[i] = (uint16_t)RTE_MAX(s->lanes, 1u);
	*port = (struct port){0};
	const char *driver = interface_arguments(s, i, text, sizeof(text));
	snprintf(name, sizeof(name), "%s%u", driver, i);
	if (rte_eal_hotplug_add("vdev", name, text) != 0 ||
	    rte_eth_dev_get_port_by_name(name, &now) != 0 || now != id ||
	    port_identify(port, id) != 0)
		return fail("net_af_packet does not take its place either");
	return EXIT_SUCCESS;
}

/* The sources that are no ethdev come after those that are. */
static int
setup_any(struct app *a, unsigned int *queues)
{
	char error[256];

	for (unsigned int i = 0; i < a->settings.interfaces.count; i++) {
		struct port *port = &a->ports[a->port_count];
		struct port_settings p = a->port_settings;

		if (!interface_is_any(a->settings.interfaces.items[i]))
			continue;
		port_create(port, "packet_mmap", INTERFACE_ANY);
		a->port_count++;
		p.queues = (uint16_t)RTE_MAX(a->settings.lanes, 1u);
		p.readable = interface_readable;
		if (port_configure(port, PORT_NO_ETHDEV, &p, log_port, error) != 0)
			return fail(error);
		*queues += port->queues;
	}
	return EXIT_SUCCESS;
}

/* Captures that are read, not looped. */
static int
setup_captures(struct app *a, unsigned int *queues)
{
	const struct settings *s = &a->settings;
	char error[256];

	a->clock.speed = s->speed;
	for (unsigned int i = 0; i < s->pcaps.count && !s->pcap_loop; i++) {
		struct capture *capture = &a->captures[i];
		struct port *port = &a->ports[a->port_count];
		struct port_settings p = a->port_settings;
		struct capture_reader_settings reader = {
			.name = capture->path,
			.file = capture->file,
			.list = capture->list,
			.clock = replay_wanted(s) ? &a->clock : NULL,
			.follow = s->follow,
			.readable = capture_readable,
			.note = log_capture,
		};

		port_create(port, "libpcap", capture_name(capture->path));
		a->port_count++;
		p.queues = (uint16_t)RTE_MAX(s->lanes, 1u);
		p.captures = &reader;
		if (port_configure(port, PORT_NO_ETHDEV, &p, log_port, error) != 0)
			return fail(error);
		capture->file = NULL; /* the port's now */
		capture->list = NULL;
		*queues += port->queues;
	}
	return EXIT_SUCCESS;
}

/* As much of a path's end as fits and has so many slashes. */
static const char *
path_end(const char *path, unsigned int slashes)
{
	const char *end = path + strlen(path);

	while (end > path && end[-1] == '/')
		end--;
	const char *at = end;
	while (at > path && (at[-1] != '/' || slashes-- > 0))
		at--;
	while (end - at >= PORT_NAME_MAX && strchr(at, '/') != NULL)
		at = strchr(at, '/') + 1;
	return at;
}

/*
 * Status, page and metrics tell ports by name: two captures of one file name, in two folders, get
 * as much of their paths as tells them apart; what is named twice, a number.
 */
static void
tell_apart(struct app *a, unsigned int first_capture)
{
	for (unsigned int p = 1; p < a->port_count; p++) {
		struct port *port = &a->ports[p];
		unsigned int others = 0;

		for (unsigned int q = 0; q < p; q++)
			others += strcmp(a->ports[q].source, port->source) == 0;
		for (unsigned int slashes = 1; others > 0 && p >= first_capture && slashes < 8;
		     slashes++) {
			const char *name = path_end(a->captures[p - first_capture].path, slashes);

			others = 0;
			for (unsigned int q = 0; q < p; q++)
				others += strcmp(a->ports[q].source, name) == 0;
			if (others == 0)
				snprintf(port->source, sizeof(port->source), "%s", name);
		}
		for (unsigned int n = 2; others > 0; n++) {
			char name[PORT_NAME_MAX];

			snprintf(name, sizeof(name), "%.50s #%u", port->source, n);
			others = 0;
			for (unsigned int q = 0; q < p; q++)
				others += strcmp(a->ports[q].source, name) == 0;
			if (others == 0)
				snprintf(port->source, sizeof(port->source), "%s", name);
		}
	}
}

static void
warn_overlap(const char *text, const char *remedy, void *context)
{
	(void)context;
	log_warning("%s; %s, or say --overlap if it is meant", text, remedy);
}

/* One queue for each capture; for the rest what is asked for, or a fair share of the lcores. */
int
setup_ports(struct app *a, unsigned int workers)
{
	char error[256];
	uint16_t id;
	unsigned int count = 0, queues = 0, named;

	for (unsigned int i = 0; i < a->settings.interfaces.count; i++) {
		if (a->choices[i].note[0] != 0)
			log_text(a->choices[i].note);
	}

	overlaps_find(&a->settings, warn_overlap, NULL);
	RTE_ETH_FOREACH_DEV (id)
		count++;
	for (unsigned int i = 0; i < a->settings.interfaces.count; i++)
		count += interface_is_any(a->settings.interfaces.items[i]);
	count += a->settings.pcap_loop ? 0 : a->settings.pcaps.count;
	if (count == 0)
		return fail("EAL found no port: is the device bound to vfio-pci, and its address "
			    "right?");
	if (count > PORTS_MAX)
		return fail("more than 64 ports are too many for one process");
	named = a->settings.pcaps.count + a->settings.interfaces.count;
	unsigned int others = count > named ? count - named : 0;
	unsigned int share = others > 0 && workers > named ? (workers - named) / others : 1;

	RTE_ETH_FOREACH_DEV (id) {
		struct port *port = &a->ports[a->port_count];
		struct port_settings p = a->port_settings;

		int ret = port_identify(port, id);
		if (ret != 0) {
			log_error("port %u: %s", id, rte_strerror(-ret));
			return EXIT_FAILURE;
		}
		a->port_count++;
		p.queues =
			(uint16_t)(a->settings.lanes > 0 ? a->settings.lanes : RTE_MAX(share, 1u));
		uint16_t most = port_capability(id);
		if (port_needs_all_queues(port)) {
			p.queues = most;
		} else if (most > 0 && p.queues > most) {
			log_line("port %u offers %u RX queues; %u were wanted", id, most, p.queues);
			p.queues = most;
		}
		ret = port_configure(port, id, &p, log_port, error);
		if (ret != 0) {
			if (fall_back(a, port, id, error) != EXIT_SUCCESS)
				return EXIT_FAILURE;
			p.queues = port_capability(id);
			if (port_configure(port, id, &p, log_port, error) != 0)
				return fail(error);
		}
		queues += port->queues;
	}
	if (setup_any(a, &queues) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	const unsigned int first_capture = a->port_count;
	if (setup_captures(a, &queues) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	tell_apart(a, first_capture);
	if (queues > workers) {
		log_error(
			"%u RX queues need as many worker lcores, and there are %u: give EAL more "
			"with -l or --lcores, or ask for fewer --lanes",
			queues, workers);
		return EXIT_FAILURE;
	}
	if (queues > PORT_MAX_QUEUES)
		return fail("more than 64 RX queues are too many for one process");
	return EXIT_SUCCESS;
}

/* Polling without a pause is for lanes that have a CPU to themselves. */
static uint32_t
idle_sleep(const struct app *a, const struct port *port)
{
	if (a->settings.idle_sleep_us != IDLE_SLEEP_AUTO)
		return a->settings.idle_sleep_us;
	return port_wants_cpu(port) && !a->plan.shared_cpus ? 0 : 1000;
}

/* The lane's filter for the frames of its port; those without an ethdev tell their type later. */
static int
set_filter(struct app *a, struct rx_lane *lane, const struct port *port)
{
	const uint32_t type = port->type;
	char error[FILTER_ERROR_MAX];

	lane->filter = a->filter;
	rx_lcore_set_type(lane, type);
	if (a->filter == NULL || lane->receive != NULL)
		return EXIT_SUCCESS;
	if (filter_fits(a->filter, type, error) != 0) {
		log_error("--filter: %s (on %s)", error, port->source);
		return EXIT_FAILURE;
	}
	if (!filter_translate(a->filter, type) && lane->queue == 0)
		log_line("%s: the filter is interpreted, for DPDK makes no machine code of it here",
			 port->source);
	return EXIT_SUCCESS;
}

int
setup_lanes(struct app *a)
{
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	for (unsigned int p = 0; p < a->port_count; p++) {
		struct port *port = &a->ports[p];

		for (uint16_t q = 0; q < port->queues; q++) {
			int socket = (int)rte_lcore_to_socket_id(lcore);
			struct count_settings c = {.hosts = a->settings.hosts_per_lane,
						   .socket = socket,
						   .map = locate_map_prefixes(a->gather.map),
						   .sides = a->sides};
			struct rx_lane *lane = rte_zmalloc_socket("rx_lane", sizeof(*lane),
								  RTE_CACHE_LINE_SIZE, socket);
			struct lane_state *state = &a->gather.lanes[a->lane_count];

			if (lane == NULL)
				return fail("no memory for a lane; reserve more huge pages");
			a->lanes[a->lane_count] = lane;
			a->lane_count++;
			lane->count = count_create(a->lane_count - 1, &c);
			if (lane->count == NULL) {
				log_error("no memory for the tables of %u hosts (%llu MiB a lane): "
					  "reserve more huge pages, or lower --hosts-per-lane",
					  c.hosts, (unsigned long long)(count_memory(&c) >> 20));
				return EXIT_FAILURE;
			}
			lane->port = port->id;
			lane->source = port;
			lane->receive = port_receiver(port);
			lane->queue = q;
			lane->burst = (uint16_t)a->settings.burst;
			lane->lcore = lcore;
			lane->idle_sleep_us = idle_sleep(a, port);
			lane->rate = port_is_paced(port) ? a->settings.pcap_rate : 0;
			lane->parse.decap = a->settings.decap;
			lane->command = &a->events.commands[p];
			if (port->socket >= 0 && port->socket != socket)
				log_warning("%s is on NUMA node %d, its lcore %u on node %d: that "
					    "costs "
					    "speed, choose lcores on the port's node",
					    port->source, port->socket, lcore, socket);
			*state = (struct lane_state){
				.lane = lane,
				.port = p,
				.cpu = (unsigned int)rte_lcore_to_cpu_id((int)lcore)};
			gather_set_map(&a->gather, a->lane_count - 1);
			if (set_filter(a, lane, port) != EXIT_SUCCESS)
				return EXIT_FAILURE;
			lcore = rte_get_next_lcore(lcore, 1, 0);
		}
	}
	a->gather.lane_count = a->lane_count;
	a->events.ports = a->ports;
	a->events.port_count = a->port_count;
	a->events.lanes = a->lanes;
	a->events.filter = a->filter;
	a->events.lane_count = a->lane_count;
	return EXIT_SUCCESS;
}

int
setup_start_ports(struct app *a)
{
	char error[256];

	for (unsigned int p = 0; p < a->port_count; p++) {
		if (port_start(&a->ports[p], log_port, error) != 0)
			return fail(error);
	}
	return EXIT_SUCCESS;
}

int
setup_launch_lanes(struct app *a)
{
	for (unsigned int i = 0; i < a->lane_count; i++) {
		int ret = rte_eal_remote_launch(rx_lcore_run, a->lanes[i], a->lanes[i]->lcore);

		if (ret != 0) {
			log_error("lcore %u does not start: %s", a->lanes[i]->lcore,
				  rte_strerror(-ret));
			return EXIT_FAILURE;
		}
		a->lanes_running = true;
	}
	return EXIT_SUCCESS;
}

void
setup_stop_lanes(struct app *a)
{
	port_events_stop_lanes(&a->events);
	if (a->lanes_running)
		rte_eal_mp_wait_lcore();
	a->lanes_running = false;
}
