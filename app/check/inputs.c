/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"
#include "captures.h"
#include "check.h"
#include "devices.h"
#include "doctor.h"
#include "ethtool.h"
#include "interfaces.h"
#include "links.h"
#include "offloads.h"
#include "overlaps.h"
#include "parse.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
check_offloads(struct doctor *d, const char *name)
{
	char remedy[96];

	switch (offloads_merge(name)) {
	case 1:
		snprintf(remedy, sizeof(remedy), "ethtool -K %.16s " OFFLOADS_OFF, name);
		say(d, CHECK_WARNING, "offloads", remedy,
		    "%s hands over merged packets: packets are fewer than on the wire, octets are "
		    "whole",
		    name);
		break;
	case 0:
		say(d, CHECK_OK, "offloads", NULL, "%s merges no packets", name);
		break;
	default:
		say(d, CHECK_WARNING, "offloads", NULL, "%s does not say whether it merges packets",
		    name);
		break;
	}
}

#define NAMES_MAX 640

/* What "any" counts on, and what it leaves out. */
struct all_links {
	char counted[NAMES_MAX], stacked[NAMES_MAX], unreadable[NAMES_MAX], merging[NAMES_MAX];
};

static void
add_name(char names[NAMES_MAX], const char *name)
{
	size_t used = strlen(names);

	if (used + IFNAMSIZ + 8 < NAMES_MAX)
		snprintf(names + used, NAMES_MAX - used, " %s", name);
	else if (used > 0 && names[used - 1] != '.')
		snprintf(names + used, NAMES_MAX - used, " ...");
}

static void
sort_link(const struct link_info *info, void *context)
{
	struct all_links *all = context;
	char name[IFNAMSIZ + 8];

	snprintf(name, sizeof(name), "%s%s", info->name, info->flags & IFF_UP ? "" : " (down)");
	if (info->stacked)
		add_name(all->stacked, name);
	else if (!interface_readable(info->hardware))
		add_name(all->unreadable, name);
	else
		add_name(all->counted, name);
	if (!info->stacked && interface_readable(info->hardware) && offloads_merge(info->name) == 1)
		add_name(all->merging, info->name);
}

static void
check_any(struct doctor *d)
{
	static char error[SOURCES_ERROR_MAX];
	static struct all_links all;
	const unsigned int lanes = d->settings->lanes > 0 ? d->settings->lanes : 1;
	int fd, ret;

	if (interface_check(INTERFACE_ANY, error) != 0) {
		say(d, CHECK_FAULT, "interface",
		    "sudo, or AmbientCapabilities=CAP_NET_RAW in the unit", "%s", error);
		return;
	}
	say(d, CHECK_OK, "permissions", NULL, "all interfaces can be captured on");
	say(d, CHECK_OK, "source", NULL,
	    "any: a copy of what comes in and goes out on all interfaces, by a packet socket, %u "
	    "lane%s, not promiscuous",
	    lanes, lanes == 1 ? "" : "s");
	fd = links_open();
	ret = fd < 0 ? fd : links_visit(fd, sort_link, &all);
	if (fd >= 0)
		close(fd);
	if (ret != 0) {
		say(d, CHECK_WARNING, "interfaces", NULL, "the kernel does not list them: %s",
		    strerror(-ret));
		return;
	}
	say(d, all.counted[0] ? CHECK_OK : CHECK_WARNING, "interfaces", NULL,
	    "any counts on%s, and on those that come later",
	    all.counted[0] ? all.counted : " none");
	if (all.stacked[0])
		say(d, CHECK_OK, "interfaces", NULL,
		    "left out, since others carry their packets:%s", all.stacked);
	if (all.unreadable[0])
		say(d, CHECK_OK, "interfaces", NULL,
		    "left out, since their frames are neither Ethernet nor IP:%s", all.unreadable);
	if (all.merging[0])
		say(d, CHECK_WARNING, "offloads", "ethtool -K NAME " OFFLOADS_OFF,
		    "merged packets come from%s: packets are fewer than on the wire, octets are "
		    "whole",
		    all.merging);
	else
		say(d, CHECK_OK, "offloads", NULL, "no interface merges packets");
	say(d, CHECK_OK, "driver", NULL, "the cards stay at the kernel's drivers");
	say(d, CHECK_OK, "RSS", NULL, "not needed: the kernel spreads flows over %u lane%s", lanes,
	    lanes == 1 ? "" : "s");
}

/* By what, and with what it will be captured on. */
static void
say_driver(struct doctor *d, unsigned int number)
{
	const struct settings *s = d->settings;
	const char *name = s->interfaces.items[number];
	const struct driver_choice *choice = d->plan->choices ? &d->plan->choices[number] : NULL;
	const unsigned int lanes = interface_queues(s, number);
	const char *many = lanes == 1 ? "" : "s";

	if (choice != NULL && choice->refused)
		say(d, CHECK_FAULT, "source", "--driver auto, or leave --driver out", "%s",
		    choice->note);
	else if (choice != NULL && choice->note[0] != 0)
		say(d, CHECK_WARNING, "source", NULL, "%s", choice->note);
	if (s->interface_xdp[number])
		say(d, CHECK_OK, "source", NULL,
		    "%s: what comes in, taken from the kernel by net_af_xdp, %u lane%s", name,
		    lanes, many);
	else
		say(d, CHECK_OK, "source", NULL,
		    "%s: a copy of what comes in and goes out, by net_af_packet, %u lane%s, %u "
		    "frames of %u octets each",
		    name, lanes, many, s->ring_frames, s->ring_frame_size);
}

/* The kernel keeps the card of an interface, so there is less to look at. */
static void
check_interface(struct doctor *d, unsigned int number)
{
	const char *name = d->settings->interfaces.items[number];
	char error[SOURCES_ERROR_MAX], device[96], path[160], driver[64], remedy[64];
	const unsigned int lanes = interface_queues(d->settings, number);
	uint8_t link;
	int flags;

	if (interface_check(name, error) != 0) {
		say(d, CHECK_FAULT, "interface",
		    errno == EPERM ? "sudo, or the service packet-heatmap@INTERFACE" : "ip link",
		    "%s", error);
		return;
	}
	say(d, CHECK_OK, "permissions", NULL, "%s can be captured on", name);
	say_driver(d, number);
	if (interface_link(name, &link, NULL) == 0)
		say(d, CHECK_OK, "frames", NULL, "%s hands over %s", name, parse_link_name(link));
	snprintf(device, sizeof(device), "/sys/class/net/%.16s/device", name);
	snprintf(path, sizeof(path), "%s/driver", device);
	if (link_target(d, path, driver, sizeof(driver)) != NULL)
		say(d, CHECK_OK, "driver", NULL, "%s stays at the kernel's %s", name, driver);
	else
		say(d, CHECK_OK, "driver", NULL, "%s is the kernel's own", name);
	flags = af_packet_flags(if_nametoindex(name));
	if (flags < 0 || (flags & IFF_UP) == 0) {
		snprintf(remedy, sizeof(remedy), "ip link set %.16s up", name);
		say(d, CHECK_WARNING, "link", remedy, "%s down", name);
	} else if ((flags & IFF_RUNNING) == 0) {
		say(d, CHECK_WARNING, "link",
		    "plug in the cable, or switch on the port at its other end",
		    "%s has no carrier", name);
	} else {
		unsigned int mbps = ethtool_speed(name);

		if (mbps > 0)
			say(d, CHECK_OK, "link", NULL, "%s up, %u Mbit/s", name, mbps);
		else
			say(d, CHECK_OK, "link", NULL, "%s up", name);
	}
	check_offloads(d, name);
	check_numa(d, name, device);
	say(d, CHECK_OK, "RSS", NULL, "not needed: the kernel spreads %s over %u lane%s", name,
	    lanes, lanes == 1 ? "" : "s");
}

/* A folder or a pattern: all captures that are there now. */
static void
check_captures(struct doctor *d, const char *path)
{
	static char error[CAPTURES_ERROR_MAX];
	char why[CAPTURE_ERROR_MAX];
	struct capture_list *list = capture_list_open(path, NULL, NULL, why);
	unsigned long long packets = 0, files = 0;
	const char *name;

	if (list == NULL) {
		say(d, CHECK_FAULT, "capture", NULL, "%s: %s", path, why);
		return;
	}
	say(d, CHECK_OK, "source", NULL, "%s: its captures, by the time of their first packets%s",
	    path, d->settings->follow ? ", and those that come later" : "");
	while ((name = capture_list_next(list)) != NULL) {
		struct capture capture;

		if (capture_open(name, d->settings->strict, NULL, &capture, error) != 0) {
			say(d, d->settings->strict ? CHECK_FAULT : CHECK_WARNING, "capture", NULL,
			    "%s", error);
			continue;
		}
		if (capture.damage[0] != 0)
			say(d, CHECK_WARNING, "capture", NULL,
			    "%s: %s; the packets before it count", name, capture.damage);
		packets += capture.packets;
		files++;
		capture_close(&capture);
	}
	capture_list_close(list);
	say(d, packets > 0 ? CHECK_OK : CHECK_WARNING, "capture", NULL,
	    "%s: %llu packets in %llu captures", path, packets, files);
}

static bool
is_pipe(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode));
}

static void
check_capture(struct doctor *d, const char *path)
{
	const struct settings *s = d->settings;
	static char error[CAPTURES_ERROR_MAX];
	char remedy[2 * PATH_MAX], quoted[PATH_MAX];
	struct capture capture;

	if (is_pipe(path) && !s->pcap_loop) {
		say(d, CHECK_OK, "source", NULL, "%s: a pipe, read as it comes, to its end", path);
		return;
	}
	if (capture_open(path, s->strict, NULL, &capture, error) != 0) {
		snprintf(remedy, sizeof(remedy), "file %s", quote(path, quoted, sizeof(quoted)));
		say(d, CHECK_FAULT, "capture", remedy, "%s", error);
		return;
	}
	if (capture.damage[0] != 0)
		say(d, CHECK_WARNING, "capture", NULL, "%s: %s; the packets before it count", path,
		    capture.damage);
	say(d, CHECK_OK, "source", NULL, "%s: a %scapture, by %s, %s%s", path,
	    capture.compressed ? "compressed " : "", s->pcap_loop ? "net_pcap" : "libpcap",
	    s->pcap_loop ? "again and again"
	    : s->follow  ? "and what is written to it later"
			 : "to its end",
	    s->pcap_rate > 0                   ? ", at --pcap-rate"
	    : s->speed_text != NULL || s->once ? ", in packet time"
					       : ", as fast as it can be read");
	say(d, capture.packets > 0 ? CHECK_OK : CHECK_WARNING, "capture", NULL,
	    "%s: %llu packets (%s)", path, (unsigned long long)capture.packets,
	    capture.mixed ? "of several link types" : parse_link_name(capture.link));
	capture_close(&capture);
}

/* What is looked at on a card, where there is none to look at. */
static void
without_card(struct doctor *d, enum check_level level, const char *why)
{
	static const char *const names[] = {"link", "NUMA", "RSS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		say(d, level, names[i], NULL, "%s", why);
}

static void
say_overlap(const char *text, const char *todo, void *context)
{
	char remedy[OVERLAP_REMEDY_MAX + 32];

	snprintf(remedy, sizeof(remedy), "%s; --overlap, if it is meant", todo);
	say(context, CHECK_WARNING, "interfaces", remedy, "%s", text);
}

void
check_sources(struct doctor *d)
{
	const struct settings *s = d->settings;
	char device[96];

	for (unsigned int i = 0; i < s->devices.count; i++) {
		check_card(d, s->devices.items[i]);
		snprintf(device, sizeof(device), "/sys/bus/pci/devices/%s", s->devices.items[i]);
		if (is_there(d, device))
			check_numa(d, s->devices.items[i], device);
	}
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (interface_is_any(s->interfaces.items[i]))
			check_any(d);
		else
			check_interface(d, i);
	}
	if (s->interfaces.count > 1 && interface_is_any_of(&s->interfaces))
		say(d, CHECK_FAULT, "interfaces", "leave the others out",
		    "any takes from all interfaces: the packets of another one would count twice");
	overlaps_find(s, say_overlap, d);
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		if (capture_list_is_many(s->pcaps.items[i]) && !s->pcap_loop)
			check_captures(d, s->pcaps.items[i]);
		else
			check_capture(d, s->pcaps.items[i]);
	}
	if (s->devices.count + s->interfaces.count > 0)
		return;
	if (d->dedicated) {
		say(d, CHECK_FAULT, "driver", SETUP " bind NIC",
		    "no network card is bound to vfio-pci");
		without_card(d, CHECK_WARNING, "not known without a card");
	} else {
		say(d, CHECK_OK, "driver", NULL, "%s",
		    d->plan->eal_source ? "EAL's own arguments name the devices"
					: "not needed for captures");
		without_card(d, CHECK_OK,
			     d->plan->eal_source ? "EAL's own arguments name the devices"
						 : "not needed for captures");
	}
}
