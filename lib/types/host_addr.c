/* SPDX-License-Identifier: BSD-3-Clause */
#include "host_addr.h"

#include <arpa/inet.h>
#include <errno.h>

char *
host_addr_text(const struct host_addr *addr, enum addr_family family, char text[HOST_ADDR_TEXT])
{
	/* neither call can fail: the family is known and the buffer is the largest there is */
	if (family == ADDR_IPV4)
		inet_ntop(AF_INET, addr->bytes + 12, text, HOST_ADDR_TEXT);
	else
		inet_ntop(AF_INET6, addr->bytes, text, HOST_ADDR_TEXT);
	return text;
}

int
host_addr_parse(const char *text, struct host_addr *addr, enum addr_family *family)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, text, raw) == 1) {
		*addr = host_addr_from_ipv4(raw);
		*family = ADDR_IPV4;
		return 0;
	}
	if (inet_pton(AF_INET6, text, raw) == 1) {
		*addr = host_addr_from_ipv6(raw);
		*family = ADDR_IPV6;
		return 0;
	}
	return -EINVAL;
}
