/* SPDX-License-Identifier: BSD-3-Clause */
#include "ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0 or -errno. */
static int
ask(const char *interface, void *command)
{
	struct ifreq request = {.ifr_data = command};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	ret = ioctl(fd, SIOCETHTOOL, &request) == 0 ? 0 : -errno;
	close(fd);
	return ret;
}

uint32_t
ethtool_speed(const char *interface)
{
	/* behind the settings are three bit maps, whose length the kernel tells at the first
	 * question as a negative number, and wants to be told at the second */
	struct ethtool_link_settings *q = calloc(1, sizeof(*q) + 3 * INT8_MAX * sizeof(uint32_t));
	uint32_t speed = 0;

	if (q == NULL)
		return 0;
	q->cmd = ETHTOOL_GLINKSETTINGS;
	if (ask(interface, q) == 0 && q->link_mode_masks_nwords < 0) {
		q->cmd = ETHTOOL_GLINKSETTINGS;
		q->link_mode_masks_nwords = (int8_t)-q->link_mode_masks_nwords;
		if (ask(interface, q) == 0 && q->speed <= INT32_MAX)
			speed = q->speed; /* SPEED_UNKNOWN is -1 */
	}
	free(q);
	return speed;
}

unsigned int
ethtool_rx_queues(const char *interface, unsigned int *combined)
{
	struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};

	if (combined != NULL)
		*combined = 0;
	if (ask(interface, &c) != 0)
		return 1;
	if (combined != NULL)
		*combined = c.combined_count;
	return c.rx_count + c.combined_count > 0 ? c.rx_count + c.combined_count : 1;
}
