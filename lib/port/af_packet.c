/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Stands before the C library's for the whole process, the PMD's shared object included
 * (app/meson.build exports it), and does the same but in one case.
 *
 * The PMD puts each of its sockets, a single one too, into a fanout group that has the kernel
 * reassemble IPv4 fragments before it hands them over: four frames arrive as one of the four's
 * length, and a fragment whose siblings take another way never does. Neither its arguments nor a
 * later call can undo it: a socket leaves its group only by being closed. We count fragments as
 * they are on the wire, so the flag is taken away where the group is joined. What the flag is good
 * for, all fragments on the queue of their flow, counts per address do not need.
 */
int setsockopt(int fd, int level, int name, const void *value, socklen_t length);

int
setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	uint32_t fanout; /* group, mode << 16, flags << 16 */

	if (level == SOL_PACKET && name == PACKET_FANOUT && length == sizeof(fanout)) {
		memcpy(&fanout, value, sizeof(fanout));
		fanout &= ~((uint32_t)PACKET_FANOUT_FLAG_DEFRAG << 16);
		value = &fanout;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}

/*
 * Stands before the C library's in the same way.
 *
 * At the start of a port ethdev has the PMD "restore" that it is not promiscuous: the PMD takes the
 * flag off the interface, where an operator may have set it, and the start fails where that is not
 * allowed: with CAP_NET_RAW alone, as the service runs. The membership of af_packet_tune is all
 * that we need. So a setting of flags that would change nothing but to take this one away is left
 * out.
 */
int
ioctl(int fd, unsigned long request, ...)
{
	struct ifreq now;
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (request == SIOCSIFFLAGS) {
		const struct ifreq *wanted = argument;

		now = *wanted;
		if (syscall(SYS_ioctl, fd, SIOCGIFFLAGS, &now) == 0 &&
		    (wanted->ifr_flags | IFF_PROMISC) == (now.ifr_flags | IFF_PROMISC) &&
		    (wanted->ifr_flags & IFF_PROMISC) == 0)
			return 0;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* Calls `visit` with each packet socket of this process that is bound to the interface. */
static void
each_socket(unsigned int interface, void (*visit)(int fd, void *context), void *context)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while (interface != 0 && (entry = readdir(dir)) != NULL) {
		struct sockaddr_ll address = {0};
		socklen_t length = sizeof(address);
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		if (getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
		    address.sll_family == AF_PACKET &&
		    (unsigned int)address.sll_ifindex == interface)
			visit(fd, context);
	}
	closedir(dir);
}

static void
add_drops(int fd, void *context)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	/* reading resets: the kernel's counters are 32 bits wide */
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0)
		*(uint64_t *)context += stats.tp_drops;
}

uint64_t
af_packet_drops(unsigned int interface)
{
	uint64_t drops = 0;

	each_socket(interface, add_drops, &drops);
	return drops;
}

static int
interface_flags(unsigned int interface, short *flags)
{
	struct ifreq request = {0};
	int fd;

	if (if_indextoname(interface, request.ifr_name) == NULL)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int ret = ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? 0 : -errno;
	close(fd);
	if (ret == 0)
		*flags = request.ifr_flags;
	return ret;
}

/*
 * Drops what the interface sends: on loopback each frame is also received. A filter rather than
 * PACKET_IGNORE_OUTGOING, which a socket in a fanout group (the PMD makes one) does not heed.
 */
static void
ignore_outgoing(int fd, void *context)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		*(int *)context = -errno;
}

struct membership {
	struct packet_mreq request;
	int error;
};

static void
add_membership(int fd, void *context)
{
	struct membership *m = context;

	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m->request, sizeof(m->request)) != 0)
		m->error = -errno;
}

int
af_packet_tune(unsigned int interface, bool promiscuous)
{
	struct membership m = {
		.request = {.mr_ifindex = (int)interface, .mr_type = PACKET_MR_PROMISC}};
	short flags = 0;
	int ret = interface_flags(interface, &flags);

	if (ret != 0)
		return ret;
	if ((flags & IFF_LOOPBACK) != 0)
		each_socket(interface, ignore_outgoing, &m.error);
	else if (promiscuous)
		each_socket(interface, add_membership, &m);
	return m.error;
}

int
af_packet_carrier(unsigned int interface)
{
	short flags = 0;
	int ret = interface_flags(interface, &flags);

	return ret != 0 ? ret : (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
}
