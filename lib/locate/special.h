/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses are globally reachable, and which carry an IPv4 address inside.
 *
 * Pure; any thread. About 60 cycles an address.
 */
#pragma once

#include "host_addr.h"

#include <stdbool.h>
#include <stddef.h>

/* The registries' column "Globally Reachable". */
enum special_reach {
	SPECIAL_NOT_GLOBAL,
	SPECIAL_GLOBAL,
	SPECIAL_NOT_SAID, /* "N/A": as the block around it; if there is none, global */
	SPECIAL_EMBEDS,   /* as the IPv4 address inside */
};

struct special_row {
	enum addr_family family;
	const char *prefix; /* as the registry writes it */
	enum special_reach reach;
	uint64_t high, low; /* the prefix as a host_addr (IPv4: mapped), in two numbers */
	uint8_t bits;       /* of a host_addr that must agree (IPv4: 96 more than written) */
	const char *what;   /* its name and its RFC */
};

/* The table, for those that want to see it (tests): *count rows, longest prefix first. */
const struct special_row *special_rows(size_t *count);

/*
 * By the IANA IPv4 and IPv6 Special-Purpose Address Registries, and multicast: may hosts anywhere
 * reach this address? For 6to4, NAT64 and Teredo the IPv4 address inside decides.
 */
bool special_is_global(const struct host_addr *addr, uint32_t family);

/* The row that an address is in, the longest prefix first; NULL: none. */
const struct special_row *special_find(const struct host_addr *addr, uint32_t family);

/* Does a row of the table start inside the prefix of `bits` bits (as the family counts them), other
 * than the whole of it? If not, all its addresses are as global as its first: but for rows that
 * embed an IPv4 address. */
bool special_splits(const struct host_addr *prefix, uint32_t family, unsigned int bits);

/* 6to4 (RFC 3056), NAT64 (RFC 6052), Teredo (RFC 4380, the client's): true, and the IPv4 address
 * that this IPv6 address carries. */
bool special_embedded_ipv4(const struct host_addr *addr, struct host_addr *ipv4);
