/* SPDX-License-Identifier: BSD-3-Clause */
#include "networks.h"

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a host_addr, where an IPv4 address is the last 32 of 128 bits. */
static unsigned int
bits_of(uint32_t family, unsigned int bits)
{
	return family == ADDR_IPV4 ? bits + 96 : bits;
}

/* The top `bits` of 64; a shift by 64 would be undefined. */
static uint64_t
mask(unsigned int bits)
{
	return bits == 0 ? 0 : ~0ull << (64 - bits);
}

/* Have both the same first `bits`? */
static bool
agree(const struct host_addr *a, const struct host_addr *b, unsigned int bits)
{
	const uint64_t high = be64(a->bytes) ^ be64(b->bytes);
	const uint64_t low = be64(a->bytes + 8) ^ be64(b->bytes + 8);

	return bits <= 64 ? (high & mask(bits)) == 0 : high == 0 && (low & mask(bits - 64)) == 0;
}

int
network_parse(const char *text, struct network *network)
{
	const char *slash = strchr(text, '/');
	char address[HOST_ADDR_TEXT];
	enum addr_family family;
	size_t length = slash ? (size_t)(slash - text) : strlen(text);

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = 0;
	if (host_addr_parse(address, &network->addr, &family) != 0)
		return -EINVAL;
	network->family = family;
	const unsigned int most = family == ADDR_IPV4 ? 32 : 128;
	network->bits = most;
	if (slash != NULL) {
		const size_t digits = strspn(slash + 1, "0123456789");

		if (digits == 0 || digits > 3 || slash[1 + digits] != 0)
			return -EINVAL;
		network->bits = (unsigned int)strtoul(slash + 1, NULL, 10);
		if (network->bits > most)
			return -EINVAL;
	}
	const struct host_addr given = network->addr;
	for (unsigned int bit = bits_of(family, network->bits); bit < 128; bit++)
		network->addr.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return memcmp(&given, &network->addr, sizeof(given)) == 0 ? 0 : -EDOM;
}

char *
network_text(const struct network *network, char text[NETWORK_TEXT])
{
	host_addr_text(&network->addr, (enum addr_family)network->family, text);
	snprintf(text + strlen(text), NETWORK_TEXT - strlen(text), "/%u", network->bits % 1000);
	return text;
}

int
networks_add(struct networks *networks, const struct network *network)
{
	const unsigned int bits = bits_of(network->family, network->bits);

	for (unsigned int i = 0; i < networks->count; i++) {
		const struct network *n = &networks->each[i];

		if (n->family == network->family && bits_of(n->family, n->bits) <= bits &&
		    agree(&n->addr, &network->addr, bits_of(n->family, n->bits)))
			return 0;
	}
	if (networks->count == NETWORKS_MAX)
		return -ENOSPC;
	networks->each[networks->count++] = *network;
	return 0;
}

bool
networks_have(const struct networks *networks, const struct host_addr *addr, uint32_t family)
{
	for (unsigned int i = 0; i < networks->count; i++) {
		const struct network *n = &networks->each[i];

		if (n->family == family && agree(&n->addr, addr, bits_of(family, n->bits)))
			return true;
	}
	return false;
}

bool
networks_split(const struct networks *networks, const struct host_addr *prefix, uint32_t family,
	       unsigned int bits)
{
	for (unsigned int i = 0; i < networks->count; i++) {
		const struct network *n = &networks->each[i];

		if (n->family == family && n->bits > bits &&
		    agree(&n->addr, prefix, bits_of(family, bits)))
			return true;
	}
	return false;
}
