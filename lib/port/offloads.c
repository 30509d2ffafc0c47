/* SPDX-License-Identifier: BSD-3-Clause */
#include "offloads.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The answer to one question; a driver that does not know an offload does not have it. */
static int
ask(int fd, const char *interface, uint32_t command, uint32_t *answer)
{
	struct ethtool_value value = {.cmd = command};
	struct ifreq request = {.ifr_data = (char *)&value};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCETHTOOL, &request) != 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	*answer = value.data;
	return 0;
}

int
offloads_merge(const char *interface)
{
	static const struct {
		uint32_t command, bits;
	} asked[] = {
		{ETHTOOL_GGRO, UINT32_MAX},
		{ETHTOOL_GFLAGS, ETH_FLAG_LRO},
		{ETHTOOL_GTSO, UINT32_MAX},
		{ETHTOOL_GGSO, UINT32_MAX},
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;

	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(asked) / sizeof(asked[0]) && ret == 0; i++) {
		uint32_t answer = 0;

		ret = ask(fd, interface, asked[i].command, &answer);
		if (ret == 0 && (answer & asked[i].bits) != 0)
			ret = 1;
	}
	close(fd);
	return ret;
}
