/* SPDX-License-Identifier: BSD-3-Clause */
#include "links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* the kernel's parts of a dump are 32 KiB at most; an interface of many virtual functions has more
 * to tell, but not when it is not asked for them */
#define ANSWER_MAX 32768

int
links_open(void)
{
	/* an answer comes at once, or the kernel is out of memory: no wait without an end */
	const struct timeval wait = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

/* By its number, or else by a name; neither: all. */
static int
ask(int fd, unsigned int index, const char *name, uint32_t *number)
{
	static _Atomic uint32_t numbers;
	const bool dump = index == 0 && name == NULL;
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct rtattr attribute;
		char name[LINKS_NAME_MAX];
	} request = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.link)),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0)),
			   .nlmsg_seq = ++numbers},
		.link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index},
	};
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (name != NULL) {
		const size_t length = strlen(name) + 1;

		if (length > sizeof(request.name))
			return -ENODEV;
		memcpy(request.name, name, length);
		/* of a name of the usual length the kernel looks among both kinds */
		request.attribute.rta_type = length > IFNAMSIZ ? IFLA_ALT_IFNAME : IFLA_IFNAME;
		request.attribute.rta_len = (unsigned short)RTA_LENGTH(length);
		request.header.nlmsg_len += (uint32_t)RTA_SPACE(length);
	}
	*number = request.header.nlmsg_seq;
	return sendto(fd, &request, request.header.nlmsg_len, 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0
		       ? -errno
		       : 0;
}

/* Finds one attribute of a list. NULL: it has none. */
static struct rtattr *
attribute(struct rtattr *list, unsigned int length, unsigned short type)
{
	for (struct rtattr *at = list; RTA_OK(at, length); at = RTA_NEXT(at, length)) {
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return at;
	}
	return NULL;
}

static bool
is_one_of(const char *kind, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kind, names[i]) == 0)
			return true;
	}
	return false;
}

/* What kind of interface the kernel calls it; "": a plain one. */
static void
read_kind(struct rtattr *list, unsigned int length, char kind[32])
{
	struct rtattr *info = attribute(list, length, IFLA_LINKINFO);

	if (info != NULL)
		info = attribute(RTA_DATA(info), (unsigned int)RTA_PAYLOAD(info), IFLA_INFO_KIND);
	snprintf(kind, 32, "%.*s", info == NULL ? 0 : (int)RTA_PAYLOAD(info),
		 info == NULL ? "" : (const char *)RTA_DATA(info));
}

/*
 * Masters are in the namespace of their ports. The others have one interface below them, which may
 * be in another namespace, as that of a container's macvlan: then nobody else here sees its
 * packets.
 */
static bool
is_stacked(const char *kind, struct rtattr *list, unsigned int length)
{
	static const char *const masters[] = {"bridge",      "bond", "team", "vrf",
					      "openvswitch", "hsr",  "ifb"};
	static const char *const uppers[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

	if (is_one_of(kind, masters, sizeof(masters) / sizeof(masters[0])))
		return true;
	return is_one_of(kind, uppers, sizeof(uppers) / sizeof(uppers[0])) &&
	       attribute(list, length, IFLA_LINK) != NULL &&
	       attribute(list, length, IFLA_LINK_NETNSID) == NULL;
}

/* A number of 32 bits; 0: it is not told. */
static unsigned int
number(struct rtattr *list, unsigned int length, unsigned short type)
{
	const struct rtattr *at = attribute(list, length, type);
	uint32_t value = 0;

	if (at != NULL && RTA_PAYLOAD(at) >= sizeof(value))
		memcpy(&value, (const char *)at + RTA_LENGTH(0), sizeof(value));
	return value;
}

static unsigned int
xdp_program(struct rtattr *list, unsigned int length)
{
	struct rtattr *xdp = attribute(list, length, IFLA_XDP);

	return xdp == NULL
		       ? 0
		       : number(RTA_DATA(xdp), (unsigned int)RTA_PAYLOAD(xdp), IFLA_XDP_PROG_ID);
}

static void
read_link(struct nlmsghdr *message, struct link_info *info)
{
	struct ifinfomsg *link = NLMSG_DATA(message);
	struct rtattr *list = IFLA_RTA(link);
	unsigned int length = (unsigned int)IFLA_PAYLOAD(message);
	struct rtattr *name = attribute(list, length, IFLA_IFNAME);
	char kind[32];

	read_kind(list, length, kind);
	*info = (struct link_info){.index = (unsigned int)link->ifi_index,
				   .hardware = link->ifi_type,
				   .flags = link->ifi_flags,
				   .mtu = number(list, length, IFLA_MTU),
				   .lower = attribute(list, length, IFLA_LINK_NETNSID) != NULL
						    ? 0
						    : number(list, length, IFLA_LINK),
				   .master = number(list, length, IFLA_MASTER),
				   .xdp_program = xdp_program(list, length),
				   .stacked = is_stacked(kind, list, length),
				   .bridge = strcmp(kind, "bridge") == 0};
	if (name != NULL)
		snprintf(info->name, sizeof(info->name), "%.*s", (int)RTA_PAYLOAD(name),
			 (const char *)RTA_DATA(name));
}

/* Reads the answer of number `number` to its end. */
static int
read_answer(int fd, bool dump, uint32_t number,
	    void (*visit)(const struct link_info *info, void *context), void *context)
{
	char buffer[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		unsigned int left = (unsigned int)got;
		for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			struct link_info info;

			if (m->nlmsg_seq != number)
				continue; /* of an earlier question that was given up */
			if (m->nlmsg_type == NLMSG_DONE)
				return 0;
			if (m->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(m))->error;
			if (m->nlmsg_type != RTM_NEWLINK)
				continue;
			read_link(m, &info);
			visit(&info, context);
			if (!dump)
				return 0;
		}
	}
}

int
links_visit(int fd, void (*visit)(const struct link_info *info, void *context), void *context)
{
	uint32_t number;
	int ret = ask(fd, 0, NULL, &number);

	return ret != 0 ? ret : read_answer(fd, true, number, visit, context);
}

static void
keep(const struct link_info *info, void *context)
{
	*(struct link_info *)context = *info;
}

int
links_find(int fd, unsigned int index, struct link_info *info)
{
	uint32_t number;

	if (index == 0)
		return -ENODEV;
	int ret = ask(fd, index, NULL, &number);
	return ret != 0 ? ret : read_answer(fd, false, number, keep, info);
}

int
links_named(int fd, const char *name, struct link_info *info)
{
	uint32_t number;
	int ret = ask(fd, 0, name, &number);

	return ret != 0 ? ret : read_answer(fd, false, number, keep, info);
}
