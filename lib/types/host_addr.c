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

/* Where an IPv4 address begins in IPv6 addresses that begin so. */
static const struct {
	uint8_t prefix[12];
	unsigned int bits, ipv4_at;
} embedding[] = {
	{{0x20, 0x02}, 16, 16},
	{{0x20, 0x01, 0, 0}, 32, 96},
	{{0, 0x64, 0xff, 0x9b}, 96, 96},
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 96},
};

void
host_addr_cut(struct host_addr *addr, enum addr_family family, struct host_cut cut)
{
	unsigned int keep = 128u - (family == ADDR_IPV4 ? cut.ipv4 : cut.ipv6);

	for (size_t i = 0; family == ADDR_IPV6 && i < sizeof(embedding) / sizeof(embedding[0]);
	     i++) {
		const unsigned int most = embedding[i].ipv4_at + 32u - cut.ipv4;

		if (cut.ipv4 > 0 &&
		    memcmp(addr->bytes, embedding[i].prefix, embedding[i].bits / 8) == 0 &&
		    keep > most)
			keep = most;
	}
	if (keep >= 128)
		return;
	addr->bytes[keep / 8] &= (uint8_t)(0xff00 >> keep % 8);
	memset(addr->bytes + keep / 8 + 1, 0, sizeof(addr->bytes) - keep / 8 - 1);
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
