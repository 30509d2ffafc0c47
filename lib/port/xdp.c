/* SPDX-License-Identifier: BSD-3-Clause */
#include "xdp.h"

#include "ethtool.h"
#include "links.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_xdp.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <rte_build_config.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

#define DRIVER_FILE RTE_EAL_PMD_PATH "/librte_net_af_xdp.so"

static bool
has_capability(unsigned int number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return data[number / 32].effective >> (number % 32) & 1;
}

/* Of this process and kernel. NULL: nothing is missing. */
static const char *
missing(void)
{
	int fd;

	if (access(DRIVER_FILE, R_OK) != 0)
		return "DPDK's net_af_xdp is not there; apt install librte-net-af-xdp23 brings it";
	if (!has_capability(CAP_NET_RAW) || !has_capability(CAP_NET_ADMIN) ||
	    !(has_capability(CAP_BPF) || has_capability(CAP_SYS_ADMIN)))
		return "AF_XDP needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF; run as root";
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == EAFNOSUPPORT ? "this kernel has no AF_XDP"
					     : "no AF_XDP socket can be opened";
	close(fd);
	return NULL;
}

/*
 * Is it the one that libxdp loads for every AF_XDP socket? A process that was killed leaves it
 * behind, and libxdp takes it over. If another process still has sockets there, the kernel will
 * refuse ours.
 */
static bool
is_left_over(unsigned int program)
{
	struct bpf_prog_info info = {0};
	union bpf_attr by_id = {.prog_id = program}, ask = {0};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &by_id, sizeof(by_id));

	if (fd < 0)
		return false;
	ask.info.bpf_fd = (uint32_t)fd;
	ask.info.info_len = sizeof(info);
	ask.info.info = (uint64_t)(uintptr_t)&info;
	long ret = syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask));
	close(fd);
	return ret == 0 && strcmp(info.name, "xsk_def_prog") == 0;
}

/* What the list of all interfaces tells of one. */
struct neighbours {
	unsigned int index;
	struct link_info self;
	char upper[IFNAMSIZ], master[IFNAMSIZ];
};

static void
find_self(const struct link_info *info, void *context)
{
	struct neighbours *n = context;

	if (info->index == n->index)
		n->self = *info;
	if (info->lower == n->index && info->stacked)
		snprintf(n->upper, sizeof(n->upper), "%s", info->name);
}

static void
find_master(const struct link_info *info, void *context)
{
	struct neighbours *n = context;

	if (n->self.master != 0 && info->index == n->self.master)
		snprintf(n->master, sizeof(n->master), "%s", info->name);
}

static int
look_around(const char *interface, struct neighbours *n)
{
	int fd = links_open(), ret;

	memset(n, 0, sizeof(*n));
	n->index = if_nametoindex(interface);
	if (fd < 0)
		return fd;
	ret = links_visit(fd, find_self, n);
	if (ret == 0)
		ret = links_visit(fd, find_master, n);
	close(fd);
	return ret == 0 && n->self.index == 0 ? -ENODEV : ret;
}

bool
xdp_possible(const char *interface, unsigned int *queues, char reason[XDP_TEXT_MAX])
{
	struct neighbours n;
	unsigned int combined;
	const char *why = missing();

	*queues = 1;
	if (why == NULL && look_around(interface, &n) != 0)
		why = "the kernel tells nothing of it";
	else if (why == NULL && (n.self.hardware != ARPHRD_ETHER))
		why = "it has no Ethernet frames, and AF_XDP takes no others";
	if (why != NULL) {
		snprintf(reason, XDP_TEXT_MAX, "%s", why);
		return false;
	}
	if (n.self.xdp_program != 0 && !is_left_over(n.self.xdp_program)) {
		snprintf(reason, XDP_TEXT_MAX,
			 "another XDP program has it; ip link set dev %s xdp off ends that",
			 interface);
		return false;
	}
	if (n.self.mtu > XDP_MTU_MAX) {
		snprintf(reason, XDP_TEXT_MAX,
			 "its MTU is %u, and AF_XDP takes frames up to an MTU of %u", n.self.mtu,
			 XDP_MTU_MAX);
		return false;
	}
	*queues = ethtool_rx_queues(interface, &combined);
	if (*queues > 1 && *queues != combined) {
		snprintf(reason, XDP_TEXT_MAX,
			 "it has %u RX queues that are not combined with TX queues, and the driver "
			 "takes one; ethtool -L %s rx 1 leaves one",
			 *queues, interface);
		return false;
	}
	return true;
}

static bool
has_address(const char *interface)
{
	struct ifaddrs *list, *at;
	bool found = false;

	if (getifaddrs(&list) != 0)
		return true;
	for (at = list; at != NULL && !found; at = at->ifa_next) {
		const struct sockaddr *address = at->ifa_addr;

		if (address == NULL || strcmp(at->ifa_name, interface) != 0)
			continue;
		/* the kernel gives link-local ones by itself */
		if (address->sa_family == AF_INET6)
			found = !IN6_IS_ADDR_LINKLOCAL(
				&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
		else
			found = address->sa_family == AF_INET;
	}
	freeifaddrs(list);
	return found;
}

bool
xdp_deprives(const char *interface, char reason[XDP_TEXT_MAX])
{
	struct neighbours n;

	if (look_around(interface, &n) != 0)
		return false;
	if (has_address(interface))
		snprintf(reason, XDP_TEXT_MAX,
			 "it has an address of this host, which could not be reached there");
	else if (n.self.master != 0)
		snprintf(reason, XDP_TEXT_MAX, "it belongs to %s, which would get nothing from it",
			 n.master[0] ? n.master : "another interface");
	else if (n.upper[0] != 0)
		snprintf(reason, XDP_TEXT_MAX, "%s stands on it and would get nothing", n.upper);
	else
		return false;
	return true;
}
