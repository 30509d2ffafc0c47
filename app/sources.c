/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(char error[SOURCES_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, SOURCES_ERROR_MAX, "%s: %s", path, what);
	return -1;
}

/* Reads every packet: how many, and how long. Wants all of them whole. */
static int
read_through(pcap_t *pcap, struct capture *capture, char error[SOURCES_ERROR_MAX])
{
	struct pcap_pkthdr *header;
	const u_char *data;
	char text[600];
	int ret;

	if (pcap_datalink(pcap) != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_description(pcap_datalink(pcap));

		snprintf(
			text, sizeof(text),
			"not a capture of Ethernet frames, but of '%.100s' (link type %d); capture "
			"on an Ethernet interface",
			name ? name : "unknown", pcap_datalink(pcap));
		return fail(error, capture->path, text);
	}
	while ((ret = pcap_next_ex(pcap, &header, &data)) == 1) {
		capture->packets++;
		if (header->caplen > capture->longest)
			capture->longest = header->caplen;
	}
	if (ret == PCAP_ERROR_BREAK)
		return 0;
	snprintf(text, sizeof(text),
		 "the capture is cut short or damaged after packet %llu (%.200s); "
		 "'tcpdump -r FILE -w NEW' saves the whole packets before it",
		 (unsigned long long)capture->packets, pcap_geterr(pcap));
	return fail(error, capture->path, text);
}

int
capture_open(const char *path, struct capture *capture, char error[SOURCES_ERROR_MAX])
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
		wrong = "the file is empty, not even a capture's header is in it";
	if (wrong != NULL) {
		fail(error, path, wrong);
		close(fd);
		return -1;
	}
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	pcap_t *pcap = pcap_open_offline(fd_path, pcap_error);
	if (pcap == NULL) {
		snprintf(text, sizeof(text), "not a capture that can be read: %.250s", pcap_error);
		fail(error, path, text);
		close(fd);
		return -1;
	}
	int ret = read_through(pcap, capture, error);
	pcap_close(pcap);
	if (ret != 0) {
		close(fd);
		return -1;
	}
	capture->fd = fd;
	return 0;
}

int
interface_check(const char *name, char error[SOURCES_ERROR_MAX])
{
	struct ifreq request = {0};
	char text[300];

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
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	int ret = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	if (ret != 0) {
		snprintf(error, SOURCES_ERROR_MAX, "--interface %s: %s", name, strerror(errno));
		return -1;
	}
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
	    request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK) {
		snprintf(error, SOURCES_ERROR_MAX,
			 "--interface %s: its frames are not Ethernet (hardware type %u); capture "
			 "on the Ethernet interface below it",
			 name, request.ifr_hwaddr.sa_family);
		return -1;
	}
	return 0;
}
