/* SPDX-License-Identifier: BSD-3-Clause */
/* A card of our own, or anything else that DPDK drives. */
#include "kind.h"

#include <limits.h>
#include <rte_errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A tap port must see what is not addressed to it; where it cannot be told so, that is said. */
static void
device_tune(struct port *port, void (*note)(const char *text))
{
	int ret;

	if (!port->settings.promiscuous)
		return;
	ret = rte_eth_promiscuous_enable(port->id);
	if (ret != 0 && rte_eth_promiscuous_get(port->id) != 1)
		port_say(note, "%s cannot be made promiscuous: %s", port->source,
			 rte_strerror(-ret));
	ret = rte_eth_allmulticast_enable(port->id);
	if (ret != 0 && ret != -ENOTSUP)
		port_say(note, "%s does not take all multicast: %s", port->source,
			 rte_strerror(-ret));
}

static enum port_link
device_link(struct port *port)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(port->id, &link) != 0)
		return PORT_LINK_UNKNOWN;
	port->link_mbps =
		link.link_status == RTE_ETH_LINK_UP && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN
			? link.link_speed
			: 0;
	return link.link_status == RTE_ETH_LINK_UP ? PORT_LINK_UP : PORT_LINK_DOWN;
}

/*
 * A card that was pulled or unbound stays bound to vfio-pci until the kernel, which waited for us,
 * is done with it. So it is back only when it has been away.
 */
static int
device_is_back(struct port *port, char error[256])
{
	char path[96], driver[PATH_MAX];

	(void)error;
	if (strcmp(port->bus, "pci") != 0)
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.60s/driver", port->name);
	ssize_t length = readlink(path, driver, sizeof(driver) - 1);
	driver[length > 0 ? length : 0] = 0;
	const char *slash = strrchr(driver, '/');
	if (slash == NULL || strcmp(slash + 1, "vfio-pci") != 0) {
		port->seen_away = true;
		return 0;
	}
	return port->seen_away;
}

const struct port_kind port_kind_device = {
	.name = "device",
	.gone = "unplugged; what it brought stays counted. When it is back, "
		"packet-heatmap-setup-host bind makes it ours again, and it is taken",
	.own_cpu = true,
	.spreads_by_rss = true,
	.has_mtu = true,
	.tune = device_tune,
	.link = device_link,
	.is_back = device_is_back,
};
