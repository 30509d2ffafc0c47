/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Networks as an operator names them: 192.0.2.0/24, 2001:db8::/32, an address alone.
 *
 * A list is meant to be short: a look-up goes through all of it, a nanosecond or so for each.
 * Pure; any thread may read a list that nobody changes.
 */
#pragma once

#include "host_addr.h"

#include <stdbool.h>

#define NETWORKS_MAX 128
#define NETWORK_TEXT (HOST_ADDR_TEXT + 4)

struct network {
	struct host_addr addr; /* its first address */
	uint32_t family;       /* enum addr_family */
	unsigned int bits;     /* as the family counts them: 0 to 32, or to 128 */
};

struct networks {
	unsigned int count;
	struct network each[NETWORKS_MAX];
};

/* Reads ADDRESS or ADDRESS/BITS. 0; -EINVAL: it is neither; -EDOM: the address has bits set beyond
 * BITS, and *network is the network that it is in. */
int network_parse(const char *text, struct network *network);
/* RFC 4632 3.1 and RFC 4291 2.3. `text` holds NETWORK_TEXT bytes; returns `text`. */
char *network_text(const struct network *network, char text[NETWORK_TEXT]);

/* 0, also where the list has all of it already; or -ENOSPC. */
int networks_add(struct networks *networks, const struct network *network);

/* Is the address in one of them? */
bool networks_have(const struct networks *networks, const struct host_addr *addr, uint32_t family);

/* Does one of them start inside the prefix of `bits` bits (as the family counts them), other than
 * the whole of it? If not, all its addresses are in the list, or none is. */
bool networks_split(const struct networks *networks, const struct host_addr *prefix,
		    uint32_t family, unsigned int bits);
