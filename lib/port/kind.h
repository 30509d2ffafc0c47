/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sort of source a port is, and what is done differently for it.
 *
 *     open -> [configure, start: port.c, by the flags below] -> tune -> link, drops (while it runs)
 *     its device is gone: untune, port.c closes it; is_back -> open ... again
 *
 * To add a kind: a file kind_NAME.c with one `const struct port_kind port_kind_NAME`, a line for it
 * in port_kinds (kind.c), and the file in meson.build. The kind is found by the name of the ethdev
 * driver; nothing outside of lib/port asks which one a port is, but what it is like (port.h).
 * Where DPDK has no driver the kind is one itself: see `setup` below, and kind_any.c.
 *
 * Shared by the files of this folder; nobody else includes it.
 */
#pragma once

#include "port.h"

#include <rte_ethdev.h>

struct port_kind {
	const char *name;       /* of the kind, as status says it */
	const char *drivers[4]; /* ethdev's names; none: every driver that no other kind names */
	const char *gone;       /* what is logged when its device is gone, behind "SOURCE: " */
	bool all_queues;        /* what comes in is spread over all queues: each must be polled */
	bool paced;             /* as fast as it is polled, so that a rate may be asked for */
	bool own_cpu;           /* worth a CPU that never pauses */
	bool pairs_queues;      /* refuses RX queues without as many TX queues */
	bool spreads_by_rss;    /* over its queues, if told how */
	bool has_mtu;           /* that is ours to set */

	/*
	 * A source without an ethdev has all of these, and is made by port_create; the others have
	 * none, and ethdev does the work. What it keeps is port->own, which `close` frees.
	 */
	/* Opens it for port->queues queues by port->settings. 0, or -errno with `error`. */
	int (*setup)(struct port *port, void (*note)(const char *text), char error[256]);
	int (*start)(struct port *port, char error[256]); /* from now on packets come */
	void (*stop)(struct port *port);
	void (*close)(struct port *port);
	port_receive *receive; /* see port.h */
	/* `received` and `octets`, since setup. 0 or -errno. */
	int (*counters)(struct port *port, struct port_counters *counters);

	/* Each may be NULL: nothing is to be done. */

	/* The device is there, by name; not configured. What it opens, ethdev's close closes. Sets
	 * port->type where its frames do not begin with an Ethernet header. */
	void (*open)(struct port *port);
	/* us that its queues surely bridge, at any rate that it can bring. NULL: none. */
	uint32_t (*pause)(const struct port *port);
	/* Sizes that the driver needs, whatever is asked for. */
	void (*adjust)(struct port_settings *settings);
	/* What the driver's libraries said last; "": nothing. Ends an error that names no cause. */
	const char *(*why)(void);
	/* It was started: what it has to be told now. Complaints go to `note`. */
	void (*tune)(struct port *port, void (*note)(const char *text));
	/* Undoes that, before the port is closed. */
	void (*untune)(struct port *port);
	/* Without waiting. May set port->link_mbps, and raise PORT_EVENT_REMOVED. NULL: unknown. */
	enum port_link (*link)(struct port *port);
	/* Frames lost since the last call that ethdev's counters do not hold. */
	uint64_t (*drops)(struct port *port);
	/* Its device was gone. 1: it may be attached again, 0: not there, -errno with `error`. */
	int (*is_back)(struct port *port, char error[256]);
};

extern const struct port_kind port_kind_interface, port_kind_xdp, port_kind_any, port_kind_file,
	port_kind_capture, port_kind_generator, port_kind_device;

/* Never NULL. */
const struct port_kind *port_kind_find(const char *driver);

/*
 * us in which no more frames can come than a queue holds: 16 million packets/s are more than a lane
 * takes. A millisecond at most: a lane is also to answer.
 */
uint32_t port_pause_of(size_t frames);

/* note(text), where there is one */
void port_say(void (*note)(const char *text), const char *format, ...)
	__attribute__((format(printf, 2, 3)));
