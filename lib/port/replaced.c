/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that stand before those of the C library and of libpcap for the whole process, the
 * drivers' shared objects included (app/meson.build exports them), and do the same but in the cases
 * that are told here. net_af_packet and net_pcap are what they are for: they offer neither an
 * argument nor a later call for any of it. (Those for DPDK's telemetry library: telemetry_socket.c
 * of app/telemetry.)
 */
#include "af_packet.h"
#include "names.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The PMD names its protocol, all of them, when it makes a socket, and the interface only 66 ms
 * later, when the ring is there: until then the frames of every interface go into it. They were
 * counted, at the start and whenever an interface came back. A socket without a protocol receives
 * nothing until bind(2) names one (packet(7)), and every bind of a packet socket here does.
 */
int
socket(int domain, int type, int protocol)
{
	return (int)syscall(SYS_socket, domain, type, domain == AF_PACKET ? 0 : protocol);
}

/*
 * The PMD puts each of its sockets, a single one too, into a fanout group that has the kernel
 * reassemble IPv4 fragments before it hands them over: four frames arrive as one of the four's
 * length, and a fragment whose siblings take another way never does. A socket leaves its group only
 * by being closed. We count fragments as they are on the wire, so the flag is taken away where the
 * group is joined. What the flag is good for, all fragments on the queue of their flow, counts per
 * address do not need.
 *
 * And where it makes a ring, af_packet.c hears of it.
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
	int ret = (int)syscall(SYS_setsockopt, fd, level, name, value, length);
	if (ret == 0 && level == SOL_PACKET && name == PACKET_RX_RING &&
	    length == sizeof(struct tpacket_req))
		af_packet_ring_made(fd, value);
	return ret;
}

/*
 * At the start of a port ethdev has the PMD "restore" that it is not promiscuous: the PMD takes the
 * flag off the interface, where an operator may have set it, and the start fails where that is not
 * allowed: with CAP_NET_RAW alone, as the service runs. The membership of af_packet_keep is all
 * that we need. So a setting of flags that would change nothing but to take this one away is left
 * out.
 */
static int
set_flags(int fd, const struct ifreq *wanted)
{
	struct ifreq now = *wanted;

	if (syscall(SYS_ioctl, fd, SIOCGIFFLAGS, &now) == 0 &&
	    (wanted->ifr_flags | IFF_PROMISC) == (now.ifr_flags | IFF_PROMISC) &&
	    (wanted->ifr_flags & IFF_PROMISC) == 0)
		return 0;
	return (int)syscall(SYS_ioctl, fd, SIOCSIFFLAGS, wanted);
}

/* And a name of ours (names.h) is exchanged for what the kernel knows. */
static int
ask_interface(int fd, unsigned long request, struct ifreq *asked)
{
	struct ifreq named = *asked;

	if (asked->ifr_name[0] == '/')
		port_name_meant(asked->ifr_name, named.ifr_name);
	int ret = request == SIOCSIFFLAGS ? set_flags(fd, &named)
					  : (int)syscall(SYS_ioctl, fd, request, &named);
	if (ret >= 0)
		asked->ifr_ifru = named.ifr_ifru;
	return ret;
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case SIOCSIFFLAGS:
	case SIOCGIFFLAGS:
	case SIOCGIFINDEX:
	case SIOCGIFHWADDR:
	case SIOCSIFHWADDR:
	case SIOCGIFMTU:
	case SIOCSIFMTU:
		return ask_interface(fd, request, argument);
	default:
		return (int)syscall(SYS_ioctl, fd, request, argument);
	}
}

/*
 * At a record of a file that cannot be read libpcap would take whatever follows for the next
 * record, and net_pcap would play more in its loop than the packets before the damage. So this is
 * the end of the file.
 */
int
pcap_next_ex(pcap_t *pcap, struct pcap_pkthdr **header, const u_char **data)
{
	typedef int next_ex(pcap_t *, struct pcap_pkthdr **, const u_char **);
	static _Atomic(next_ex *) found;
	next_ex *call = atomic_load_explicit(&found, memory_order_relaxed);

	if (call == NULL) {
		*(void **)&call = dlsym(RTLD_NEXT, "pcap_next_ex");
		atomic_store_explicit(&found, call, memory_order_relaxed);
	}
	int ret = call(pcap, header, data);
	if (ret != PCAP_ERROR || pcap_file(pcap) == NULL)
		return ret;
	/* cannot fail on a regular file, and a loop takes no other */
	(void)fseeko(pcap_file(pcap), 0, SEEK_END);
	return PCAP_ERROR_BREAK;
}
