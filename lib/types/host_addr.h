/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IP address, and how addresses are ordered and written.
 *
 * IPv4 is kept IPv4-mapped (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so that one type holds both. The
 * family is kept apart from the bytes because an IPv6 packet may carry ::ffff:a.b.c.d itself: that
 * is another host than the IPv4 one, and other tools count it separately too.
 *
 * All functions here are pure: any thread may call them, nothing is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum addr_family {
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
};

/* network byte order, as on the wire; IPv4 in the last four bytes */
struct host_addr {
	uint8_t bytes[16];
};

/* How many bits at the end of an address are not told, but 0: up to 32 and 128. */
struct host_cut {
	uint8_t ipv4, ipv6;
};

static inline bool
host_cut_any(struct host_cut cut)
{
	return cut.ipv4 > 0 || cut.ipv6 > 0;
}

/* longest text: an IPv4-mapped IPv6 address, and the terminating 0 (INET6_ADDRSTRLEN) */
#define HOST_ADDR_TEXT 46

/* ipv4: four octets in network order, as they stand in the packet */
static inline struct host_addr
host_addr_from_ipv4(const uint8_t ipv4[4])
{
	struct host_addr a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}};
	memcpy(a.bytes + 12, ipv4, 4);
	return a;
}

static inline struct host_addr
host_addr_from_ipv6(const uint8_t ipv6[16])
{
	struct host_addr a;
	memcpy(a.bytes, ipv6, 16);
	return a;
}

/* RFC 5952 text. `text` holds HOST_ADDR_TEXT bytes; returns `text`. */
char *host_addr_text(const struct host_addr *addr, enum addr_family family,
		     char text[HOST_ADDR_TEXT]);

/*
 * Cuts an address. An IPv6 address that has an IPv4 address in it shows no more bits of that than
 * another one: 6to4 (RFC 3056), Teredo (RFC 4380), 64:ff9b::/96 (RFC 6052), ::ffff:0:0/96 (RFC
 * 4291). Of two addresses in order, cut alike, the first is never behind the second.
 */
void host_addr_cut(struct host_addr *addr, enum addr_family family, struct host_cut cut);

/* Reads an IPv4 or IPv6 address. 0, or -EINVAL and nothing written. */
int host_addr_parse(const char *text, struct host_addr *addr, enum addr_family *family);
