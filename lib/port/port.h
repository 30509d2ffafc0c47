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

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_NAME_MAX   64
#define PORT_MAX_QUEUES 64
#define PORTS_MAX       64 /* of a process; DPDK has room for RTE_MAX_ETHPORTS of its own */

struct rte_mempool;
struct port_kind;
struct capture_reader;
struct capture_reader_settings;

struct port_settings {
	uint16_t queues;         /* wanted; see port_capability */
	uint16_t rx_descriptors; /* of each queue */
	uint16_t data_room;      /* octets of an mbuf for a frame, without headroom */
	uint32_t mbufs;          /* of each queue's pool; 0: computed, see port.c */
	uint16_t mtu;            /* 0: what the port has */
	bool promiscuous;
	unsigned int burst, cache;
	/* of an interface's packet socket without an ethdev: as --ring-frames, --ring-frame-size */
	uint32_t ring_frames, ring_frame_size;
	/* Of a source of many interfaces: can frames of this hardware (ARPHRD_...) be read? */
	bool (*readable)(unsigned int hardware);
	/* Of a source of captures. Borrowed for port_configure, which takes over what it holds. */
	struct capture_reader_settings *captures;
};

/* cumulative, since port_start; also over resets and a device that was away */
struct port_counters {
	uint64_t received, octets; /* handed over */
	uint64_t imissed, ierrors, rx_nombuf;
};

/* What befell a port, as bits. */
enum port_event {
	PORT_EVENT_RESET = 1,   /* the device wants a reset (a VF whose PF was restarted) */
	PORT_EVENT_REMOVED = 2, /* the device is being unplugged, or is gone */
};

enum port_link {
	PORT_LINK_UNKNOWN,
	PORT_LINK_UP,
	PORT_LINK_DOWN,
};

/* A frame where it lies, for who reads it without an mbuf. */
struct port_frame {
	const uint8_t *bytes;
	uint32_t captured, length; /* octets that can be read; on the wire, without FCS */
};

struct port;

/* What frames are of: a kind of interface (ARPHRD_...), or with this bit libpcap's link type. */
#define PORT_TYPE_DLT (1u << 16)

/*
 * [lane] Of a port without an ethdev, in the place of rte_eth_rx_burst: up to `most` frames of
 * `queue`, all of the same *type. They can be read until the next call for this queue. Does not
 * wait.
 */
typedef uint16_t port_receive(struct port *port, uint16_t queue, struct port_frame *frames,
			      uint16_t most, uint32_t *type);

#define PORT_NO_ETHDEV UINT16_MAX

struct port {
	uint16_t id;                /* PORT_NO_ETHDEV: its kind does the work */
	void *own;                  /* its kind's */
	char name[PORT_NAME_MAX];   /* as ethdev calls it: net_pcap0, 0000:01:00.0 */
	char source[PORT_NAME_MAX]; /* as the user calls it: eth0, a file's name */
	char driver[32];
	const struct port_kind *kind;  /* see kind.h; from port_identify on */
	char bus[16], arguments[4400]; /* how EAL was asked for the device: to ask again */
	char interface[16];            /* of a kernel interface, else empty */
	unsigned int interface_index;
	/* What its frames are: a kind of interface, or a link type with PORT_TYPE_DLT. Set at each
	 * port_identify: what comes back under a name may be another. */
	uint32_t type;
	int keeper;              /* a descriptor that keeps it as it was tuned; 0: none */
	unsigned int interfaces; /* a source of many: on how many it counts now */
	bool merged_packets;     /* a kernel interface whose offloads make one packet of several */
	int socket;              /* NUMA node, or SOCKET_ID_ANY */
	uint16_t queues;
	bool configured, started;
	bool gone;      /* unplugged, deleted: only its numbers are left, until it is back */
	bool seen_away; /* since then its device was seen not to be there */
	struct port_settings settings; /* as configured: a reset asks for them again */
	_Atomic unsigned int events;   /* written by EAL's interrupt thread, taken by the manager */
	struct rte_mempool *pools[PORT_MAX_QUEUES];
	uint64_t resets, reset_failures; /* counted by who asks for them */
	enum port_link link;
	uint32_t link_mbps;
	struct port_counters seen, total; /* as the driver says; since the start, over resets */
};

/* How many RX queues the port offers. 0 on error. */
uint16_t port_capability(uint16_t id);

/*
 * What ethdev knows of port `id`: name, driver, and so its kind; of a kernel interface the name.
 * The name for the user (`source`) is set where it is empty. Before port_configure, which does it
 * where nobody has. 0 or -errno.
 */
int port_identify(struct port *port, uint16_t id);

/* A port without an ethdev, of the kind with this driver's name, in the place of port_identify. */
void port_create(struct port *port, const char *driver, const char *source);

/* Of an identified port: */
port_receive *port_receiver(const struct port *port); /* NULL: rte_eth_rx_burst does it */
const char *port_kind_name(const struct port *port);  /* interface, capture, device, ... */
bool port_needs_all_queues(const struct port *port);  /* one that is not polled loses its share */
bool port_is_paced(const struct port *port);  /* as fast as it is polled: a rate may be set */
uint32_t port_pause(const struct port *port); /* us that its queues surely bridge; 0: none */
bool port_wants_cpu(const struct port *port); /* a lane for it is worth a CPU without pauses */

/*
 * Configures port `id` for settings->queues RX queues. 0, or -errno with a line for the user in
 * `error` (256 octets). Notes (RSS not offered, promiscuous not supported, ...) go to `note`,
 * called once for each; it may be NULL.
 */
int port_configure(struct port *port, uint16_t id, const struct port_settings *settings,
		   void (*note)(const char *text), char error[256]);
int port_start(struct port *port, void (*note)(const char *text), char error[256]);
void port_stop(struct port *port);
void port_close(struct port *port);

/*
 * The events since the last call. Drivers tell them on EAL's interrupt thread, which only sets the
 * bits: what is to be done is done by the manager, with the port's lanes paused.
 */
unsigned int port_take_events(struct port *port);

/* Resets the device, configures and starts it as before. The lanes are paused. 0, or -errno with
 * `error`.
 */
int port_reset(struct port *port, void (*note)(const char *text), char error[256]);

/*
 * Lets go of a device that is being unplugged, so that the kernel can finish, or of an interface
 * that was deleted. The lanes are paused. What is to be logged behind "SOURCE: ".
 */
const char *port_detach(struct port *port);

/*
 * Takes a device again that was let go of, if it is back. The lanes are still paused; the port may
 * have another `id` afterwards. 1: it receives again, 0: it is not back, -errno with `error`.
 */
int port_attach(struct port *port, void (*note)(const char *text), char error[256]);

/* What reads the captures of a port of that kind; NULL of any other. */
struct capture_reader *port_captures(const struct port *port);

/* The kind of an interface's hardware (ARPHRD_...), or -errno. */
int port_hardware(const char *interface);

/* 0 or -errno. On an error *counters is untouched. Of a port that is gone: what it brought. */
int port_read(struct port *port, struct port_counters *counters);

/* Frames that were lost between two readings. A counter that went back was reset: it counts anew.
 */
uint64_t port_lost_since(const struct port_counters *now, const struct port_counters *then);

/* Reads the link without waiting. True if it changed. */
bool port_poll_link(struct port *port);

/* What a queue of net_af_xdp takes beyond that: 4,700 buffers of a page (kind_xdp.c). */
#define PORT_XDP_QUEUE_OCTETS (24ull << 20)

/* Octets that port_configure will take for so many queues. `page`: that of ordinary memory, 0 with
 * huge pages. */
uint64_t port_queue_memory(const struct port_settings *settings, unsigned int lanes, uint32_t page);
