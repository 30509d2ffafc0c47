/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ethdev: configure, start, link, statistics, stop. Knows nothing of parsing.
 *
 * Order: port_configure (queues, pools) -> port_start -> lanes poll -> port_read (while it runs:
 * some drivers fail after stop) -> port_stop -> port_close. Each tolerates "never started".
 *
 * [start] or [manager] only, except that rte_eth_rx_burst on (id, queue) belongs to the lanes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_NAME_MAX   64
#define PORT_MAX_QUEUES 64

struct rte_mempool;

struct port_settings {
	uint16_t queues;         /* wanted; see port_capability */
	uint16_t rx_descriptors; /* of each queue */
	uint16_t data_room;      /* octets of an mbuf for a frame, without headroom */
	uint32_t mbufs;          /* of each queue's pool; 0: computed, see port.c */
	uint16_t mtu;            /* 0: what the port has */
	bool promiscuous;
	unsigned int burst, cache;
};

/* cumulative, since port_start */
struct port_counters {
	uint64_t received, octets; /* handed over */
	uint64_t imissed, ierrors, rx_nombuf;
};

enum port_link {
	PORT_LINK_UNKNOWN,
	PORT_LINK_UP,
	PORT_LINK_DOWN,
};

struct port {
	uint16_t id;
	char name[PORT_NAME_MAX];   /* as ethdev calls it: net_pcap0, 0000:01:00.0 */
	char source[PORT_NAME_MAX]; /* as the user calls it: eth0, a file's name */
	char driver[32];
	char interface[16]; /* of net_af_packet, else empty */
	int socket;         /* NUMA node, or SOCKET_ID_ANY */
	uint16_t queues;
	bool virtual_rx; /* net_pcap and the like: no cable, link means nothing */
	bool configured, started;
	struct rte_mempool *pools[PORT_MAX_QUEUES];
	enum port_link link;
	uint32_t link_mbps;
	uint64_t ring_drops; /* net_af_packet: what the kernel dropped, gathered by port_read */
};

/* How many RX queues the port offers. 0 on error. */
uint16_t port_capability(uint16_t id);

/*
 * Configures port `id` for settings->queues RX queues. 0, or -errno with a line for the user in
 * `error` (256 octets). Notes (RSS not offered, promiscuous not supported, ...) go to `note`,
 * called once for each; it may be NULL.
 */
int port_configure(struct port *port, uint16_t id, const struct port_settings *settings,
		   void (*note)(const char *text), char error[256]);
int port_start(struct port *port, const struct port_settings *settings,
	       void (*note)(const char *text), char error[256]);
void port_stop(struct port *port);
void port_close(struct port *port);

/* 0 or -errno. On an error *counters is untouched. */
int port_read(struct port *port, struct port_counters *counters);

/* Reads the link without waiting. True if it changed. */
bool port_poll_link(struct port *port);

/* Octets of memory that port_configure will take for one queue. */
uint64_t port_queue_memory(const struct port_settings *settings, unsigned int lanes);
