/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources.h"

#include "names.h"
#include "parse.h"
#include "port.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

int
interface_flags(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		request.ifr_flags = 0;
	if (fd >= 0)
		close(fd);
	return request.ifr_flags;
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
	void *trial;

	if (octets == 0)
		return 0;
	/* the kernel counts it against the limit, and touches no page of what may not be read */
	trial = mmap(NULL, need, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_LOCKED, -1, 0);
	if (trial != MAP_FAILED) {
		munmap(trial, need);
		return 0;
	}
	if (errno != EAGAIN && errno != EPERM)
		return 0; /* not for the limit: the PMD will have to say */
	getrlimit(RLIMIT_MEMLOCK, &limit);
	snprintf(error, SOURCES_ERROR_MAX,
		 "--interface needs %llu MiB of locked memory, and the limit is %llu KiB: raise it "
		 "(ulimit -l %llu; LimitMEMLOCK= in a unit), give CAP_IPC_LOCK, or a smaller "
		 "--ring-frames",
		 need >> 20, (unsigned long long)limit.rlim_cur >> 10, need >> 10);
	return -1;
}

static void
add_device(const char *address, char names[LIST_MAX][PCI_ADDRESS_MAX], unsigned int *count)
{
	char name[PCI_ADDRESS_MAX];

	if (pci_address_parse(address, name) != 0)
		return; /* was looked at where it was set */
	for (unsigned int i = 0; i < *count; i++) {
		if (strcmp(names[i], name) == 0)
			return;
	}
	if (*count < LIST_MAX)
		memcpy(names[(*count)++], name, sizeof(name));
}

static void
add_bound_devices(char names[LIST_MAX][PCI_ADDRESS_MAX], unsigned int *count)
{
	struct dirent **entries;
	int n = scandir("/sys/bus/pci/drivers/vfio-pci", &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX], class[16] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/bus/pci/drivers/vfio-pci/%s/class",
			 entries[i]->d_name);
		file = strchr(entries[i]->d_name, ':') ? fopen(path, "re") : NULL;
		/* vfio-pci may hold a graphics card for a virtual machine: 02 is network */
		if (file != NULL && fgets(class, sizeof(class), file) != NULL &&
		    strncmp(class, "0x02", 4) == 0)
			add_device(entries[i]->d_name, names, count);
		if (file != NULL)
			fclose(file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
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

unsigned int
devices_resolve(struct text_list *list, char names[LIST_MAX][PCI_ADDRESS_MAX])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "auto") == 0)
			add_bound_devices(names, &count);
		else
			add_device(list->items[i], names, &count);
	}
	for (unsigned int i = 0; i < count; i++)
		list->items[i] = names[i];
	list->count = count;
	return count;
}

int
device_check(const char *address, char error[SOURCES_ERROR_MAX])
{
	/* drivers that give the card to user space, and those that DPDK shares it with */
	static const char *const fine[] = {"vfio-pci", "mlx5_core",       "mlx4_core",
					   "mana",     "uio_pci_generic", "igb_uio"};
	char path[PATH_MAX], target[PATH_MAX];
	const char *driver;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (access(path, F_OK) != 0) {
		snprintf(error, SOURCES_ERROR_MAX,
			 "--device %s: there is no such PCI device; packet-heatmap-setup-host "
			 "status "
			 "lists them",
			 address);
		return -1;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = 0;
	driver = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		if (strcmp(driver, fine[i]) == 0)
			return 0;
	}
	snprintf(error, SOURCES_ERROR_MAX,
		 "--device %s: %s%.64s; packet-heatmap-setup-host bind %s gives it to vfio-pci",
		 address, driver[0] ? "it belongs to the kernel's " : "no driver holds it", driver,
		 address);
	return -1;
}
