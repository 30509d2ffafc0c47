/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources.h"

#include "parse.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ARPHRD_IP6GRE /* glibc's list ends before */
#define ARPHRD_IP6GRE 823
#endif
#ifndef ARPHRD_NETLINK
#define ARPHRD_NETLINK 824
#endif

/* between two looks whether to stop: 64 MB at the most, of the longest packets there are */
#define PACKETS_PER_LOOK 256

static int
fail(char error[SOURCES_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, SOURCES_ERROR_MAX, "%s: %s", path, what);
	return -EINVAL;
}

/* libpcap's own, which the one below stands before. */
static int
read_record(pcap_t *pcap, struct pcap_pkthdr **header, const u_char **data)
{
	typedef int next_ex(pcap_t *, struct pcap_pkthdr **, const u_char **);
	static _Atomic(next_ex *) found;
	next_ex *call = atomic_load_explicit(&found, memory_order_relaxed);

	if (call == NULL) {
		*(void **)&call = dlsym(RTLD_NEXT, "pcap_next_ex");
		atomic_store_explicit(&found, call, memory_order_relaxed);
	}
	return call(pcap, header, data);
}

/*
 * Stands before libpcap's for the whole process, the PMD's shared object included (app/meson.build
 * exports it), and does the same but at a record of a file that cannot be read. There libpcap would
 * take whatever follows for the next record, and net_pcap would hand over more than was counted by
 * capture_open. So this is the end of the file.
 */
int
pcap_next_ex(pcap_t *pcap, struct pcap_pkthdr **header, const u_char **data)
{
	int ret = read_record(pcap, header, data);

	if (ret != PCAP_ERROR || pcap_file(pcap) == NULL)
		return ret;
	/* cannot fail on a regular file, and capture_open takes no other */
	(void)fseeko(pcap_file(pcap), 0, SEEK_END);
	return PCAP_ERROR_BREAK;
}

/* Reads the packets before the end or the damage: how many, and how long. */
static int
read_through(pcap_t *pcap, bool strict, const atomic_bool *cancel, struct capture *capture,
	     char error[SOURCES_ERROR_MAX])
{
	off_t good = ftello(pcap_file(pcap));
	struct pcap_pkthdr *header;
	const u_char *data;
	char text[600];
	int ret;

	if (parse_link_of(pcap_datalink(pcap), &capture->link) != 0) {
		const char *name = pcap_datalink_val_to_description(pcap_datalink(pcap));

		snprintf(text, sizeof(text),
			 "a capture of '%.100s' (link type %d), whose frames carry no IP that can "
			 "be counted; capture on an Ethernet, IP, PPP or 802.11 interface",
			 name ? name : "unknown", pcap_datalink(pcap));
		return fail(error, capture->path, text);
	}
	while ((ret = read_record(pcap, &header, &data)) == 1) {
		capture->packets++;
		if (header->caplen > capture->longest)
			capture->longest = header->caplen;
		good = ftello(pcap_file(pcap));
		if (capture->packets % PACKETS_PER_LOOK == 0 && cancel != NULL &&
		    atomic_load(cancel)) {
			fail(error, capture->path, "stopped while it was looked at");
			return -ECANCELED;
		}
	}
	if (ret == PCAP_ERROR_BREAK)
		return 0;
	snprintf(capture->damage, sizeof(capture->damage),
		 "cut short or damaged after packet %llu, at octet %llu (%.200s)",
		 (unsigned long long)capture->packets, (unsigned long long)good, pcap_geterr(pcap));
	if (!strict)
		return 0;
	snprintf(text, sizeof(text), "%s; without --strict the packets before it count",
		 capture->damage);
	return fail(error, capture->path, text);
}

int
capture_open(const char *path, bool strict, const atomic_bool *cancel, struct capture *capture,
	     char error[SOURCES_ERROR_MAX])
{
	char pcap_error[PCAP_ERRBUF_SIZE] = "", text[400], fd_path[32];
	struct stat st;

	*capture = (struct capture){.path = path, .fd = -1};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(error, path, strerror(errno));
	const char *wrong = NULL;
	if (fstat(fd, &st) != 0)
		wrong = strerror(errno);
	else if (S_ISDIR(st.st_mode))
		wrong = "is a folder, not a capture; name a file in it";
	else if (!S_ISREG(st.st_mode))
		wrong = "is not a regular file; a capture is read twice, save it first";
	else if (st.st_size == 0)
		wrong = "the file is empty: it has no capture header";
	if (wrong != NULL) {
		close(fd);
		return fail(error, path, wrong);
	}
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	pcap_t *pcap = pcap_open_offline(fd_path, pcap_error);
	if (pcap == NULL) {
		snprintf(text, sizeof(text), "not a capture that can be read: %.250s", pcap_error);
		close(fd);
		return fail(error, path, text);
	}
	int ret = read_through(pcap, strict, cancel, capture, error);
	pcap_close(pcap);
	if (ret != 0) {
		close(fd);
		return ret;
	}
	capture->fd = fd;
	return 0;
}

void
captures_log_damage(const struct capture *captures, unsigned int count,
		    void (*log)(const char *line))
{
	char line[SOURCES_ERROR_MAX];

	for (unsigned int i = 0; i < count; i++) {
		if (captures[i].damage[0] == 0)
			continue;
		snprintf(line, sizeof(line), "warning: %s: %s; the packets before it count",
			 captures[i].path, captures[i].damage);
		log(line);
	}
}

/*
 * A device without header operations hands over what stands behind its link header, and for those
 * of IP that is the packet: TUN and WireGuard (both ARPHRD_NONE), PPP, whose driver adds and takes
 * away the protocol field below the socket, the kernel's tunnels, modems. A GRE device without a
 * remote address has header operations, and hands over the outer packet: raw IP as well.
 */
static int
link_of_hardware(unsigned int hardware, uint8_t *link)
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
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (hardware != NULL)
		*hardware = 0;
	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	int ret = ioctl(fd, SIOCGIFHWADDR, &request) == 0 ? 0 : -errno;
	close(fd);
	if (ret != 0)
		return ret;
	if (hardware != NULL)
		*hardware = request.ifr_hwaddr.sa_family;
	return link_of_hardware(request.ifr_hwaddr.sa_family, link);
}

int
interface_check(const char *name, char error[SOURCES_ERROR_MAX])
{
	unsigned int hardware;
	char text[300];
	uint8_t link;

	if (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0) {
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

int
interface_check_memory(unsigned int queues, char error[SOURCES_ERROR_MAX])
{
	const unsigned long long need = queues * INTERFACE_LOCKED;
	struct rlimit limit = {0};
	void *trial;

	if (queues == 0)
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
		 "--interface needs %llu MiB of locked memory, and the limit is %llu KiB: run as "
		 "root, "
		 "or raise it (ulimit -l %llu; LimitMEMLOCK= in a unit)",
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
