/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All interfaces of the network namespace at once: a packet socket that is bound to none of them.
 *
 *     kernel -> ring of blocks -> the lane reads each frame where it lies -> the block goes back
 *
 * net_af_packet cannot do that: it wants an interface, and its mbufs do not tell what kind of
 * interface a frame came from, so whether it begins with an Ethernet header. One port for each
 * interface would take an lcore and 64 MB of locked memory each, and miss what passes before it is
 * opened. The kernel gives this socket the packets of an interface from the moment on when it is
 * made. (Documentation/networking/packet_mmap.rst; TPACKET_V3.)
 *
 * Each packet counts once for each interface and direction that it takes: a packet that is routed
 * counts as it comes in and as it goes out. Three things would count it twice on its way in the
 * same direction, and are left out:
 *
 *   loopback     hands over each packet as sent and as received: the received one counts
 *   stacked      bridges, bonds, VLANs ...: those below carry the same packet (links.h)
 *   unreadable   interfaces whose frames carry no IP that can be read (settings.readable)
 *
 * What an interface is, the lane asks the kernel when it first sees a packet of it: the one system
 * call that it makes beside pauses, and once for each interface. So no packet is counted before it
 * is known whether it counts. The manager looks for interfaces that went, and makes lanes forget:
 * the kernel may give a number again.
 *
 * Not promiscuous, as `tcpdump -i any` is not.
 */
#include "kind.h"
#include "links.h"
#include "offloads.h"
#include "packet_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTED_MAX 512
#define NEWS_MAX   16 /* interfaces that are named in a line, then their number */

struct listed {
	unsigned int index;
	char name[IFNAMSIZ];
	bool counted, here;
};

struct any {
	struct packet_ring *queues[PORT_MAX_QUEUES];
	uint16_t queue_count;
	bool (*readable)(unsigned int hardware);
	_Atomic uint32_t forget; /* manager writes: another value whenever an interface went */

	/* [manager] the rest */
	int links;
	void (*note)(const char *text);
	struct listed listed[LISTED_MAX];
	unsigned int listed_count;
	bool up, merged, first;
	unsigned int counted, came_count, went_count;
	char came[NEWS_MAX * (IFNAMSIZ + 1)], went[NEWS_MAX * (IFNAMSIZ + 1)];
};

static void
any_close(struct port *port)
{
	struct any *any = port->own;

	if (any == NULL)
		return;
	for (uint16_t i = 0; i < any->queue_count; i++)
		packet_ring_free(any->queues[i]);
	if (any->links >= 0)
		close(any->links);
	free(any);
	port->own = NULL;
}

static int
any_setup(struct port *port, void (*note)(const char *text), char error[256])
{
	struct any *any = calloc(1, sizeof(*any));
	int ret = any == NULL ? -ENOMEM : 0;

	port->own = any;
	if (ret == 0) {
		any->first = true;
		any->note = note;
		any->readable = port->settings.readable;
		ret = any->links = links_open();
	}
	for (uint16_t i = 0; i < port->queues && ret >= 0; i++) {
		any->queues[i] = packet_ring_create(&port->settings, &any->forget);
		if (any->queues[i] == NULL)
			ret = -errno;
		else
			any->queue_count++;
	}
	if (ret >= 0)
		return 0;
	snprintf(error, 256, "%s: no ring of packets: %s", port->source, strerror(-ret));
	any_close(port);
	return ret;
}

/* From here on packets come: from all interfaces, and spread by flows over the queues. */
static int
any_start(struct port *port, char error[256])
{
	const uint32_t fanout = ((uint32_t)getpid() & 0xffff) | PACKET_FANOUT_HASH << 16;
	const struct any *any = port->own;
	int ret = 0;

	for (uint16_t i = 0; i < any->queue_count && ret == 0; i++) {
		ret = packet_ring_start(any->queues[i]);
		if (ret == 0 && any->queue_count > 1 &&
		    setsockopt(any->queues[i]->fd, SOL_PACKET, PACKET_FANOUT, &fanout,
			       sizeof(fanout)) != 0)
			ret = -errno;
	}
	for (uint16_t i = 0; i < any->queue_count && ret == 0; i++)
		ret = packet_ring_open(any->queues[i]);
	if (ret != 0)
		snprintf(error, 256, "%s: the socket takes no packets: %s", port->source,
			 strerror(-ret));
	return ret;
}

static void
any_stop(struct port *port)
{
	const struct any *any = port->own;

	for (uint16_t i = 0; i < any->queue_count; i++)
		packet_ring_stop(any->queues[i]);
}

static uint16_t
any_receive(struct port *port, uint16_t queue, struct port_frame *frames, uint16_t most,
	    uint32_t *type)
{
	const struct any *any = port->own;
	uint16_t hardware = 0;
	uint16_t n = packet_ring_receive(any->queues[queue], frames, most, &hardware);

	*type = hardware;
	return n;
}

static void
add_name(char *names, size_t size, unsigned int *count, const char *name)
{
	size_t used = strlen(names);

	if ((*count)++ < NEWS_MAX)
		snprintf(names + used, size - used, "%s%s", used > 0 ? " " : "", name);
}

static void
look_at(const struct link_info *info, void *context)
{
	struct any *any = context;
	bool counted = !info->stacked && any->readable(info->hardware);
	struct listed *l = any->listed, *end = any->listed + any->listed_count;

	if (counted && (info->flags & IFF_UP) != 0 && (info->flags & IFF_RUNNING) != 0)
		any->up = true;
	any->counted += counted && (info->flags & IFF_UP) != 0;
	while (l < end && l->index != info->index)
		l++;
	if (l == end) {
		if (counted)
			add_name(any->came, sizeof(any->came), &any->came_count, info->name);
		if (counted && offloads_merge(info->name) == 1)
			any->merged = true;
		if (any->listed_count == LISTED_MAX)
			return; /* it counts all the same, only its end is not noticed */
		any->listed_count++;
	}
	l->index = info->index;
	l->counted = counted;
	l->here = true;
	snprintf(l->name, sizeof(l->name), "%s", info->name);
}

static void
tell(const struct any *any, const char *source, const char *what, const char *names,
     unsigned int count)
{
	if (count > NEWS_MAX)
		port_say(any->note, "%s: %s: %s and %u more", source, what, names,
			 count - NEWS_MAX);
	else if (count > 0)
		port_say(any->note, "%s: %s: %s", source, what, names);
}

/* The list of interfaces anew: what came, what went, whether one of them is up. */
static enum port_link
any_link(struct port *port)
{
	struct any *any = port->own;
	unsigned int kept = 0, went = 0;

	for (unsigned int i = 0; i < any->listed_count; i++)
		any->listed[i].here = false;
	any->up = false;
	any->counted = any->came_count = any->went_count = 0;
	any->came[0] = any->went[0] = 0;
	if (links_visit(any->links, look_at, any) != 0)
		return port->link; /* not all were seen: nothing is known to have gone */
	for (unsigned int i = 0; i < any->listed_count; i++) {
		const struct listed *l = &any->listed[i];

		if (l->here) {
			any->listed[kept++] = *l;
			continue;
		}
		went++;
		if (l->counted)
			add_name(any->went, sizeof(any->went), &any->went_count, l->name);
	}
	any->listed_count = kept;
	if (went > 0)
		atomic_fetch_add_explicit(&any->forget, 1, memory_order_relaxed);
	tell(any, port->source, "no longer there; what they brought stays counted", any->went,
	     any->went_count);
	tell(any, port->source, any->first ? "counting on" : "counting on as well", any->came,
	     any->came_count);
	if (any->merged && !port->merged_packets)
		port_say(any->note,
			 "%s: some interfaces hand over merged packets (offloads are on): packets "
			 "are fewer than on the wire, octets are whole",
			 port->source);
	port->merged_packets = any->merged;
	port->interfaces = any->counted;
	any->first = false;
	return any->up ? PORT_LINK_UP : PORT_LINK_DOWN;
}

static uint64_t
any_drops(struct port *port)
{
	const struct any *any = port->own;
	uint64_t drops = 0;

	for (uint16_t i = 0; i < any->queue_count; i++)
		drops += packet_ring_drops(any->queues[i]);
	return drops;
}

static int
any_counters(struct port *port, struct port_counters *counters)
{
	const struct any *any = port->own;

	*counters = (struct port_counters){0};
	for (uint16_t i = 0; i < any->queue_count; i++) {
		counters->received +=
			atomic_load_explicit(&any->queues[i]->received, memory_order_relaxed);
		counters->octets +=
			atomic_load_explicit(&any->queues[i]->octets, memory_order_relaxed);
	}
	return 0;
}

static uint32_t
any_pause(const struct port *port)
{
	return port_pause_of(port->settings.ring_frames);
}

const struct port_kind port_kind_any = {
	.name = "interfaces",
	.drivers = {"packet_mmap"},
	.gone = "gone",
	.all_queues = true,
	.pause = any_pause,
	.setup = any_setup,
	.start = any_start,
	.stop = any_stop,
	.close = any_close,
	.receive = any_receive,
	.counters = any_counters,
	.link = any_link,
	.drops = any_drops,
};
