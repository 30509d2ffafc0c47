/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interfaces of this network namespace, as the kernel tells them by rtnetlink(7).
 *
 * Any thread; a socket belongs to one of them at a time. Asking needs no privilege.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#define LINKS_NAME_MAX 128 /* ALTIFNAMSIZ of linux/if.h, which does not go with net/if.h */

struct link_info {
	unsigned int index;
	unsigned int hardware; /* ARPHRD_... */
	unsigned int flags;    /* IFF_... */
	char name[IFNAMSIZ];
	unsigned int mtu;
	/* The interface that it stands on, of a veth its other end; that it is a port of. 0: none,
	 * or none in this namespace. */
	unsigned int lower, master;
	unsigned int xdp_program; /* number of the XDP program that it has; 0: none */
	/*
	 * It stands on other interfaces of this namespace, which carry all of its packets, as they
	 * are: a bridge, a bond, a VLAN. Who looks at all interfaces sees each of its packets
	 * there. A tunnel does not: its packets are other ones than those that carry them.
	 */
	bool stacked;
	bool bridge; /* it passes frames from one of its ports to another */
};

/* A socket to ask by, or -errno. The caller closes it. */
int links_open(void);

/* Asks for one interface. 0, -ENODEV: it is not there, or another -errno. */
int links_find(int fd, unsigned int index, struct link_info *info);

/* The same by a name, which may be one of its alternative names (up to 127 octets, ip-link(8)). */
int links_named(int fd, const char *name, struct link_info *info);

/* Asks for all, and calls `visit` with each. 0 or -errno: then not all were visited. */
int links_visit(int fd, void (*visit)(const struct link_info *info, void *context), void *context);
