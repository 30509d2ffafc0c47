/* SPDX-License-Identifier: BSD-3-Clause */
#include "interfaces.h"

#include "af_packet.h"
#include "names.h"
#include "parse.h"
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ARPHRD_IP6GRE /* glibc's list ends before */
#define ARPHRD_IP6GRE 823
#endif
#ifndef ARPHRD_NETLINK
#define ARPHRD_NETLINK 824
#endif

/*
 * A device without header operations hands over what stands behind its link header, and for those
 * of IP that is the packet: TUN and WireGuard (both ARPHRD_NONE), PPP, whose driver adds and takes
 * away the protocol field below the socket, the kernel's tunnels, modems. A GRE device without a
 * remote address has header operations, and hands over the outer packet: raw IP as well.
 */
int
interface_link_of(unsigned int hardware, uint8_t *link)
{
	switch (hardware) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		*link = PARSE_LINK_ETHERNET;
		return 0;
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		*link = PARSE_LINK_RAW;
		return 0;
	default:
		return -EPROTONOSUPPORT;
	}
}

bool
interface_readable(unsigned int hardware)
{
	uint8_t link;

	return interface_link_of(hardware, &link) == 0;
}

bool
interface_is_any(const char *name)
{
	return strcmp(name, INTERFACE_ANY) == 0;
}

bool
interface_is_any_of(const struct text_list *names)
{
	for (unsigned int i = 0; i < names->count; i++) {
		if (interface_is_any(names->items[i]))
			return true;
	}
	return false;
}

/* What people call it; empty: as good as unknown to all. */
static const char *
hardware_name(unsigned int hardware)
{
	switch (hardware) {
	case ARPHRD_CAN:
		return "CAN bus";
	case ARPHRD_INFINIBAND:
		return "InfiniBand";
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_PRISM:
	case ARPHRD_IEEE80211_RADIOTAP:
		return "802.11 monitor mode";
	case ARPHRD_IEEE802154:
	case ARPHRD_IEEE802154_PHY:
		return "IEEE 802.15.4";
	case ARPHRD_NETLINK:
		return "netlink monitor";
	default:
		return "";
	}
}

int
interface_link(const char *name, uint8_t *link, unsigned int *hardware)
{
	int found = port_hardware(name);

	if (hardware != NULL)
		*hardware = found > 0 ? (unsigned int)found : 0;
	return found < 0 ? found : interface_link_of((unsigned int)found, link);
}

int
interface_check(const char *name, char error[SOURCES_ERROR_MAX])
{
	unsigned int hardware;
	char text[300];
	uint8_t link;

	if (!interface_is_any(name) && (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0)) {
		struct if_nameindex *all = if_nameindex();
		size_t used = 0;

		text[0] = 0;
		for (struct if_nameindex *i = all; i != NULL && i->if_index != 0; i++) {
			if (used < sizeof(text) - IFNAMSIZ - 2)
				used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
							 i->if_name);
		}
		if_freenameindex(all);
		snprintf(error, SOURCES_ERROR_MAX,
			 "--interface %.64s: no such interface; there are:%s", name, text);
		return -1;
	}
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd < 0) {
		snprintf(error, SOURCES_ERROR_MAX, "--interface %s: %s", name,
			 errno == EPERM
				 ? "no permission to capture; run as root or with CAP_NET_RAW"
				 : strerror(errno));
		return -1;
	}
	close(fd);
	if (interface_is_any(name))
		return 0; /* each of its interfaces is looked at when its first packet comes */
	int ret = interface_link(name, &link, &hardware);
	if (ret == -EPROTONOSUPPORT) {
		snprintf(error, SOURCES_ERROR_MAX,
			 "--interface %s: its frames are neither Ethernet nor IP (hardware type "
			 "%u%s%s); capture on an interface with an address",
			 name, hardware, hardware_name(hardware)[0] ? ", " : "",
			 hardware_name(hardware));
		return -1;
	}
	if (ret != 0) {
		snprintf(error, SOURCES_ERROR_MAX, "--interface %s: %s", name, strerror(-ret));
		return -1;
	}
	return 0;
}

unsigned int
interface_queues(const struct settings *s, unsigned int i)
{
	if (s->interface_queues[i] > 0)
		return s->interface_queues[i];
	return s->lanes > 0 ? s->lanes : 1;
}

uint64_t
interface_locked(const struct settings *s)
{
	uint64_t octets = 0;

	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (!interface_is_any(s->interfaces.items[i]) && !s->interface_xdp[i])
			octets +=
				2ull * interface_queues(s, i) * s->ring_frames * s->ring_frame_size;
	}
	return octets;
}

const char *
interface_arguments(const struct settings *s, unsigned int i, char *text, size_t size)
{
	const unsigned int block = 256 << 10; /* octets that the kernel has to find in one piece */

	const char *name = port_name_argument(s->interfaces.items[i]);

	if (s->interface_xdp[i]) {
		snprintf(text, size, "iface=%s,start_queue=0,queue_count=%u", name,
			 interface_queues(s, i));
		return "net_af_xdp";
	}
	/* qdisc_bypass is of the half that sends, which is never used */
	snprintf(text, size, "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
		 name, interface_queues(s, i), block, s->ring_frame_size, s->ring_frames);
	return "net_af_packet";
}

int
interface_check_memory(uint64_t octets, char error[SOURCES_ERROR_MAX])
{
	const unsigned long long need = octets;
	struct rlimit limit = {0};

	if (octets == 0 || af_packet_try_lock(octets) == 0)
		return 0;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	snprintf(error, SOURCES_ERROR_MAX,
		 "--interface needs %llu MiB of locked memory, and the limit is %llu KiB: raise it "
		 "(ulimit -l %llu; LimitMEMLOCK= in a unit), give CAP_IPC_LOCK, or a smaller "
		 "--ring-frames",
		 need >> 20, (unsigned long long)limit.rlim_cur >> 10, need >> 10);
	return -1;
}

void
interfaces_resolve(struct text_list *list, char names[LIST_MAX][IFNAMSIZ])
{
	for (unsigned int i = 0; i < list->count; i++) {
		const char *given = list->items[i];

		if (!interface_is_any(given) && port_name_find(given, names[i]) == 0)
			list->items[i] = names[i];
	}
}
