/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"
#include "offloads.h"
#include "parse.h"
#include "sources.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
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

/* The kernel keeps the card of an interface, so there is less to look at. */
static void
check_interface(struct doctor *d, const char *name)
{
	char error[SOURCES_ERROR_MAX], device[96], path[160], driver[64], remedy[64];
	const unsigned int lanes = d->settings->lanes > 0 ? d->settings->lanes : 1;
	uint8_t link;
	int flags;

	if (interface_check(name, error) != 0) {
		say(d, CHECK_FAULT, "interface",
		    errno == EPERM ? "sudo, or the service packet-heatmap@INTERFACE" : "ip link",
		    "%s", error);
		return;
	}
	say(d, CHECK_OK, "permissions", NULL, "%s can be captured on", name);
	if (interface_link(name, &link, NULL) == 0)
		say(d, CHECK_OK, "frames", NULL, "%s hands over %s", name, parse_link_name(link));
	snprintf(device, sizeof(device), "/sys/class/net/%.16s/device", name);
	snprintf(path, sizeof(path), "%s/driver", device);
	if (link_target(d, path, driver, sizeof(driver)) != NULL)
		say(d, CHECK_OK, "driver", NULL, "%s stays at the kernel's %s", name, driver);
	else
		say(d, CHECK_OK, "driver", NULL, "%s is the kernel's own", name);
	flags = interface_flags(name);
	if ((flags & IFF_UP) == 0) {
		snprintf(remedy, sizeof(remedy), "ip link set %.16s up", name);
		say(d, CHECK_WARNING, "link", remedy, "%s down", name);
	} else if ((flags & IFF_RUNNING) == 0) {
		say(d, CHECK_WARNING, "link",
		    "plug in the cable, or switch on the port at its other end",
		    "%s has no carrier", name);
	} else {
		say(d, CHECK_OK, "link", NULL, "%s up", name);
	}
	check_offloads(d, name);
	check_numa(d, name, device);
	say(d, CHECK_OK, "RSS", NULL, "not needed: the kernel spreads %s over %u lane%s", name,
	    lanes, lanes == 1 ? "" : "s");
}

static void
check_capture(struct doctor *d, const char *path)
{
	static char error[SOURCES_ERROR_MAX];
	char remedy[2 * PATH_MAX], quoted[PATH_MAX];
	struct capture capture;

	if (capture_open(path, d->settings->strict, NULL, &capture, error) != 0) {
		snprintf(remedy, sizeof(remedy), "file %s", quote(path, quoted, sizeof(quoted)));
		say(d, CHECK_FAULT, "capture", remedy, "%s", error);
		return;
	}
	close(capture.fd);
	if (capture.damage[0] != 0)
		say(d, CHECK_WARNING, "capture", NULL, "%s: %s; the packets before it count", path,
		    capture.damage);
	say(d, capture.packets > 0 ? CHECK_OK : CHECK_WARNING, "capture", NULL,
	    "%s: %llu packets (%s)", path, (unsigned long long)capture.packets,
	    parse_link_name(capture.link));
}

/* What is looked at on a card, where there is none to look at. */
static void
without_card(struct doctor *d, enum check_level level, const char *why)
{
	static const char *const names[] = {"link", "NUMA", "RSS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		say(d, level, names[i], NULL, "%s", why);
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
	for (unsigned int i = 0; i < s->interfaces.count; i++)
		check_interface(d, s->interfaces.items[i]);
	for (unsigned int i = 0; i < s->pcaps.count; i++)
		check_capture(d, s->pcaps.items[i]);
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
