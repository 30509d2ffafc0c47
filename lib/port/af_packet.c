/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include "packet_ring.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The PMD's rings, in the order in which it made them: queue by queue, interface by interface.
 * [start] and [manager] alone open and close ports.
 */
static struct ring {
	int fd;
	ino_t inode;            /* of the socket: the number may be another's by now */
	unsigned int interface; /* 0: not open yet */
	uint32_t frame_size, frames;
} rings[AF_PACKET_RINGS];
static unsigned int ring_count;

static ino_t
inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* Leaves out those that are closed, and those of this interface; 0: of none. */
static void
forget(unsigned int interface)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < ring_count; i++) {
		if ((interface == 0 || rings[i].interface != interface) &&
		    inode_of(rings[i].fd) == rings[i].inode)
			rings[kept++] = rings[i];
	}
	ring_count = kept;
}

/*
 * Between bind(2) and the joining of its fanout group a socket takes every frame of the interface,
 * and those before it in the group take them as well. So nothing passes until the port is started.
 */
void
af_packet_ring_made(int fd, const struct tpacket_req *request)
{
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

	forget(0);
	if (request->tp_block_nr == 0 || ring_count == AF_PACKET_RINGS ||
	    packet_socket_filter(fd, nothing, sizeof(nothing)) != 0)
		return;
	rings[ring_count++] = (struct ring){.fd = fd,
					    .inode = inode_of(fd),
					    .frame_size = request->tp_frame_size,
					    .frames = request->tp_frame_nr};
}

static bool
is_bound(int fd, unsigned int interface)
{
	struct sockaddr_ll address = {0};
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
	       address.sll_family == AF_PACKET && (unsigned int)address.sll_ifindex == interface;
}

/*
 * Lets frames pass. Of loopback not what it sends: each frame is also received. A filter rather
 * than PACKET_IGNORE_OUTGOING, which a socket in a fanout group (the PMD makes one) does not heed.
 */
static int
open_ring(int fd, bool loopback)
{
	struct sock_filter received[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	int unused = 0;

	if (loopback)
		return packet_socket_filter(fd, received, sizeof(received));
	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0 ? 0
											  : -errno;
}

int
af_packet_open(unsigned int interface)
{
	bool loopback = (af_packet_flags(interface) & IFF_LOOPBACK) != 0;
	int error = 0;

	forget(0);
	for (unsigned int i = 0; i < ring_count; i++) {
		struct ring *r = &rings[i];

		if (r->interface != 0 || !is_bound(r->fd, interface))
			continue;
		r->interface = interface;
		int ret = open_ring(r->fd, loopback);
		if (ret != 0)
			error = ret;
	}
	return error;
}

void
af_packet_forget(unsigned int interface)
{
	forget(interface);
}

uint64_t
af_packet_drops(unsigned int interface)
{
	uint64_t drops = 0;

	for (unsigned int i = 0; i < ring_count; i++) {
		struct tpacket_stats stats;
		socklen_t length = sizeof(stats);

		/* reading resets: the kernel's counters are 32 bits wide */
		if (rings[i].interface == interface &&
		    getsockopt(rings[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
			drops += stats.tp_drops;
	}
	return drops;
}

/* Where a socket's ring is mapped: /proc names the socket behind each mapping. NULL: unknown. */
static const uint8_t *
find_mapping(int fd)
{
	char line[512], name[64];
	const uint8_t *found = NULL;

	snprintf(name, sizeof(name), "socket:[%llu]", (unsigned long long)inode_of(fd));
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps != NULL && found == NULL && fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, name) != NULL)
			found = (const uint8_t *)(uintptr_t)strtoull(line, NULL, 16);
	}
	if (maps != NULL)
		fclose(maps);
	return found;
}

int
af_packet_ring(unsigned int interface, unsigned int queue, struct af_packet_ring *out)
{
	for (unsigned int i = 0; i < ring_count; i++) {
		if (rings[i].interface != interface || queue-- != 0)
			continue;
		*out = (struct af_packet_ring){.at = find_mapping(rings[i].fd),
					       .frame_size = rings[i].frame_size,
					       .frames = rings[i].frames};
		return out->at != NULL ? 0 : -ENOENT;
	}
	return -ENOENT;
}

int
af_packet_flags(unsigned int interface)
{
	struct ifreq request = {0};
	int fd;

	if (if_indextoname(interface, request.ifr_name) == NULL)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int ret =
		ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? (unsigned short)request.ifr_flags : -errno;
	close(fd);
	return ret;
}

int
af_packet_keep(unsigned int interface, bool promiscuous)
{
	const struct sockaddr_ll there = {.sll_family = AF_PACKET, .sll_ifindex = (int)interface};
	const struct packet_mreq request = {.mr_ifindex = (int)interface,
					    .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&there, sizeof(there)) != 0 ||
	    (promiscuous && (af_packet_flags(interface) & IFF_LOOPBACK) == 0 &&
	     setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) != 0)) {
		int ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

bool
af_packet_is_kept(int keeper, unsigned int interface)
{
	return is_bound(keeper, interface);
}

int
af_packet_try_lock(size_t octets)
{
	void *at = mmap(NULL, octets, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_LOCKED, -1, 0);

	if (at == MAP_FAILED)
		return errno == EAGAIN || errno == EPERM ? -errno : 0;
	munmap(at, octets);
	return 0;
}
