/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An interface that stays the kernel's: net_af_packet. Its queues are sockets, over which the
 * kernel spreads flows (fanout) without being told; a socket that is not polled would swallow its
 * share.
 */
#include "af_packet.h"
#include "ethtool.h"
#include "interface.h"
#include "kind.h"
#include "names.h"
#include "offloads.h"
#include "wire_length.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <rte_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The rings of a port that was opened as root are locked beyond any limit; those that take their
 * place as another user are not. So the limit is lifted while we may.
 */
static void
lift_lock_limit(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &none); /* if not: interface_is_back says what is missing */
}

void
port_interface_open(struct port *port)
{
	const char *name = strstr(port->arguments, "iface=");

	/* at the start ethdev sets the MAC address that is set already; where the interface has
	 * none (loopback) the PMD complains, and nothing depends on it */
	rte_log_set_level_pattern("pmd.net.*packet", RTE_LOG_CRIT);
	rte_log_set_level_pattern("pmd.net.af_xdp", RTE_LOG_CRIT);
	if (name != NULL)
		port_name_meant(name + 6, port->interface);
	if (port->source[0] == 0)
		snprintf(port->source, sizeof(port->source), "%s", port->interface);
	port->interface_index = if_nametoindex(port->interface);
	/* if it has gone meanwhile, its frames do not matter either */
	int hardware = port_hardware(port->interface);
	port->type = hardware >= 0 ? (uint32_t)hardware : ARPHRD_ETHER;
	lift_lock_limit();
}

void
port_interface_keep(struct port *port, void (*note)(const char *text))
{
	int fd = af_packet_keep(port->interface_index, port->settings.promiscuous);

	if (fd < 0) {
		port_say(note, "%s cannot be made promiscuous: %s", port->source, strerror(-fd));
		fd = af_packet_keep(port->interface_index, false);
	}
	if (port->keeper > 0)
		close(port->keeper);
	port->keeper = fd > 0 ? fd : 0;
}

static void
interface_tune(struct port *port, void (*note)(const char *text))
{
	wire_length_remove(port->own);
	port_interface_keep(port, note);
	int ret = af_packet_open(port->interface_index);
	port->own = wire_length_add(port, port->interface_index);

	if (port->own == NULL)
		port_say(note,
			 "%s: the rings are not to be found: of frames longer than %u octets the "
			 "IP header tells the length",
			 port->source, port->settings.ring_frame_size);
	if (ret != 0)
		port_say(note, "%s: capture options of the socket: %s", port->source,
			 strerror(-ret));
	port->merged_packets = offloads_merge(port->interface) == 1;
	if (port->merged_packets)
		port_say(note,
			 "%s hands over merged packets (offloads are on): packets are fewer than "
			 "on the wire, octets are whole; ethtool -K %s " OFFLOADS_OFF " ends that",
			 port->source, port->interface);
}

static void
interface_untune(struct port *port)
{
	/* the lanes leave it alone by now: what they have not taken is lost, and has its name */
	port->total.imissed += wire_length_left(port->own);
	wire_length_remove(port->own);
	port->own = NULL;
	af_packet_forget(port->interface_index);
}

/* The drivers report "up" from start to stop, whatever the cable does. */
enum port_link
port_interface_link(struct port *port)
{
	int flags = af_packet_flags(port->interface_index);
	char name[IFNAMSIZ];

	/* Deleted, or it was in another network namespace meanwhile. The sockets do not come back,
	 * whatever takes the name. */
	if (flags == -ENXIO || flags == -ENODEV ||
	    (port->keeper > 0 && !af_packet_is_kept(port->keeper, port->interface_index)))
		atomic_fetch_or_explicit(&port->events, PORT_EVENT_REMOVED, memory_order_release);
	bool up = flags > 0 && (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
	/* it may have another name by now */
	port->link_mbps =
		up && if_indextoname(port->interface_index, name) != NULL ? ethtool_speed(name) : 0;
	return up ? PORT_LINK_UP : PORT_LINK_DOWN;
}

/* The PMD does not read what the kernel's ring dropped: the sockets know. */
static uint64_t
interface_drops(struct port *port)
{
	return af_packet_drops(port->interface_index);
}

/* A number of the device's arguments. */
static size_t
argument(const struct port *port, const char *name, size_t otherwise)
{
	const char *at = strstr(port->arguments, name);

	return at != NULL ? strtoul(at + strlen(name), NULL, 10) : otherwise;
}

/* May the rings be locked into memory? Two a queue, one to receive and one to send. */
static bool
can_lock_rings(const struct port *port, size_t *octets)
{
	*octets = 2 * argument(port, "qpairs=", 1) * argument(port, "framesz=", 2048) *
		  argument(port, "framecnt=", 512);
	return af_packet_try_lock(*octets) == 0;
}

int
port_interface_returned(struct port *port, char error[256])
{
	if (if_nametoindex(port->interface) == 0)
		return 0;
	/* asked here, since the PMD's refusals name no cause */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		int ret = -errno;
		snprintf(error, 256,
			 "%s is back and cannot be taken again: %s (it needs CAP_NET_RAW)",
			 port->source, strerror(-ret));
		return ret;
	}
	close(fd);
	return 1;
}

static int
interface_is_back(struct port *port, char error[256])
{
	int ret = port_interface_returned(port, error);
	size_t octets;

	if (ret <= 0)
		return ret;
	if (!can_lock_rings(port, &octets)) {
		snprintf(error, 256,
			 "%s is back and cannot be taken again: its rings need %zu MiB of locked "
			 "memory (ulimit -l)",
			 port->source, octets >> 20);
		return -EAGAIN;
	}
	return 1;
}

static uint32_t
interface_pause(const struct port *port)
{
	return port_pause_of(argument(port, "framecnt=", 512));
}

const struct port_kind port_kind_interface = {
	.name = "interface",
	.drivers = {"net_af_packet"},
	.gone = INTERFACE_GONE,
	.all_queues = true,
	.pause = interface_pause,
	.open = port_interface_open,
	.tune = interface_tune,
	.untune = interface_untune,
	.link = port_interface_link,
	.drops = interface_drops,
	.is_back = interface_is_back,
};
