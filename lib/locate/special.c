/* SPDX-License-Identifier: BSD-3-Clause */
#include "special.h"

#include "load.h"

/* a prefix as one writes it, and as a host_addr */
#define V4(a, b, c, d, length, reach, what)                                                        \
	{                                                                                          \
		ADDR_IPV4, #a "." #b "." #c "." #d "/" #length, SPECIAL_##reach, 0,                \
			0xffff00000000ull | (uint64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d),      \
			96 + (length), what                                                        \
	}
#define V6(text, high, low, length, reach, what)                                                   \
	{                                                                                          \
		ADDR_IPV6, text "/" #length, SPECIAL_##reach, high, low, length, what              \
	}

/*
 * IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), as of 2025, and the
 * two multicast blocks, which have registries of their own. Longest prefix first: the first row
 * that matches decides.
 */
static const struct special_row rows[] = {
	V4(0, 0, 0, 0, 32, NOT_GLOBAL, "this host on this network, RFC 1122"),
	V4(192, 0, 0, 8, 32, NOT_GLOBAL, "IPv4 dummy address, RFC 7600"),
	V4(192, 0, 0, 9, 32, GLOBAL, "Port Control Protocol anycast, RFC 7723"),
	V4(192, 0, 0, 10, 32, GLOBAL, "TURN anycast, RFC 8155"),
	V4(192, 0, 0, 170, 32, NOT_GLOBAL, "NAT64/DNS64 discovery, RFC 8880, RFC 7050"),
	V4(192, 0, 0, 171, 32, NOT_GLOBAL, "NAT64/DNS64 discovery, RFC 8880, RFC 7050"),
	V4(192, 88, 99, 2, 32, NOT_GLOBAL, "6a44-relay anycast, RFC 6751"),
	V4(255, 255, 255, 255, 32, NOT_GLOBAL, "limited broadcast, RFC 8190, RFC 919"),
	V4(192, 0, 0, 0, 29, NOT_GLOBAL, "service continuity, RFC 7335"),
	V4(192, 0, 0, 0, 24, NOT_GLOBAL, "IETF protocol assignments, RFC 6890"),
	V4(192, 0, 2, 0, 24, NOT_GLOBAL, "documentation, TEST-NET-1, RFC 5737"),
	V4(192, 31, 196, 0, 24, GLOBAL, "AS112-v4, RFC 7535"),
	V4(192, 52, 193, 0, 24, GLOBAL, "AMT, RFC 7450"),
	V4(192, 88, 99, 0, 24, NOT_SAID, "6to4 relay anycast, deprecated, RFC 7526"),
	V4(192, 175, 48, 0, 24, GLOBAL, "direct delegation AS112, RFC 7534"),
	V4(198, 51, 100, 0, 24, NOT_GLOBAL, "documentation, TEST-NET-2, RFC 5737"),
	V4(203, 0, 113, 0, 24, NOT_GLOBAL, "documentation, TEST-NET-3, RFC 5737"),
	V4(169, 254, 0, 0, 16, NOT_GLOBAL, "link local, RFC 3927"),
	V4(192, 168, 0, 0, 16, NOT_GLOBAL, "private use, RFC 1918"),
	V4(198, 18, 0, 0, 15, NOT_GLOBAL, "benchmarking, RFC 2544"),
	V4(172, 16, 0, 0, 12, NOT_GLOBAL, "private use, RFC 1918"),
	V4(100, 64, 0, 0, 10, NOT_GLOBAL, "shared address space, RFC 6598"),
	V4(0, 0, 0, 0, 8, NOT_GLOBAL, "this network, RFC 791"),
	V4(10, 0, 0, 0, 8, NOT_GLOBAL, "private use, RFC 1918"),
	V4(127, 0, 0, 0, 8, NOT_GLOBAL, "loopback, RFC 1122"),
	V4(224, 0, 0, 0, 4, NOT_GLOBAL, "multicast, RFC 5771"),
	V4(240, 0, 0, 0, 4, NOT_GLOBAL, "reserved, RFC 1112"),

	V6("::1", 0, 1, 128, NOT_GLOBAL, "loopback, RFC 4291"),
	V6("::", 0, 0, 128, NOT_GLOBAL, "unspecified, RFC 4291"),
	V6("2001:1::1", 0x2001000100000000, 1, 128, GLOBAL, "PCP anycast, RFC 7723"),
	V6("2001:1::2", 0x2001000100000000, 2, 128, GLOBAL, "TURN anycast, RFC 8155"),
	V6("2001:1::3", 0x2001000100000000, 3, 128, GLOBAL, "DNS-SD SRP anycast, RFC 9665"),
	V6("::ffff:0:0", 0, 0xffff00000000, 96, NOT_GLOBAL, "IPv4-mapped, RFC 4291"),
	V6("64:ff9b::", 0x0064ff9b00000000, 0, 96, EMBEDS, "NAT64, RFC 6052"),
	V6("100::", 0x0100000000000000, 0, 64, NOT_GLOBAL, "discard only, RFC 6666"),
	V6("100:0:0:1::", 0x0100000000000001, 0, 64, NOT_GLOBAL, "dummy prefix, RFC 9780"),
	V6("64:ff9b:1::", 0x0064ff9b00010000, 0, 48, NOT_GLOBAL, "local NAT64, RFC 8215"),
	V6("2001:2::", 0x2001000200000000, 0, 48, NOT_GLOBAL, "benchmarking, RFC 5180"),
	V6("2001:4:112::", 0x2001000401120000, 0, 48, GLOBAL, "AS112-v6, RFC 7535"),
	V6("2620:4f:8000::", 0x2620004f80000000, 0, 48, GLOBAL, "AS112, RFC 7534"),
	V6("2001::", 0x2001000000000000, 0, 32, EMBEDS, "Teredo, RFC 4380, RFC 8190"),
	V6("2001:3::", 0x2001000300000000, 0, 32, GLOBAL, "AMT, RFC 7450"),
	V6("2001:db8::", 0x20010db800000000, 0, 32, NOT_GLOBAL, "documentation, RFC 3849"),
	V6("2001:10::", 0x2001001000000000, 0, 28, NOT_SAID, "ORCHID, deprecated, RFC 4843"),
	V6("2001:20::", 0x2001002000000000, 0, 28, GLOBAL, "ORCHIDv2, RFC 7343"),
	V6("2001:30::", 0x2001003000000000, 0, 28, GLOBAL, "drone remote ID, RFC 9374"),
	V6("2001::", 0x2001000000000000, 0, 23, NOT_GLOBAL, "IETF assignments, RFC 2928"),
	V6("3fff::", 0x3fff000000000000, 0, 20, NOT_GLOBAL, "documentation, RFC 9637"),
	V6("2002::", 0x2002000000000000, 0, 16, EMBEDS, "6to4, RFC 3056"),
	V6("5f00::", 0x5f00000000000000, 0, 16, NOT_GLOBAL, "segment routing SIDs, RFC 9602"),
	V6("fe80::", 0xfe80000000000000, 0, 10, NOT_GLOBAL, "link local, RFC 4291"),
	V6("ff00::", 0xff00000000000000, 0, 8, NOT_GLOBAL, "multicast, RFC 4291"),
	V6("fc00::", 0xfc00000000000000, 0, 7, NOT_GLOBAL, "unique local, RFC 4193, RFC 8190"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The top `bits` of 64; a shift by 64 would be undefined. */
static uint64_t
mask(unsigned int bits)
{
	return bits == 0 ? 0 : ~0ull << (64 - bits);
}

static bool
inside(const struct special_row *row, uint64_t high, uint64_t low)
{
	if (row->bits <= 64)
		return ((row->high ^ high) & mask(row->bits)) == 0;
	return row->high == high && ((row->low ^ low) & mask(row->bits - 64u)) == 0;
}

const struct special_row *
special_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

bool
special_is_global(const struct host_addr *addr, uint32_t family)
{
	const uint64_t high = be64(addr->bytes), low = be64(addr->bytes + 8);

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].family != family || !inside(&rows[i], high, low))
			continue;
		switch (rows[i].reach) {
		case SPECIAL_NOT_GLOBAL:
			return false;
		case SPECIAL_GLOBAL:
			return true;
		case SPECIAL_NOT_SAID:
			break;
		case SPECIAL_EMBEDS: {
			struct host_addr ipv4;

			/* IPv4 rows embed nothing: one level, never more */
			return special_embedded_ipv4(addr, &ipv4) &&
			       special_is_global(&ipv4, ADDR_IPV4);
		}
		}
	}
	return true;
}

const struct special_row *
special_find(const struct host_addr *addr, uint32_t family)
{
	const uint64_t high = be64(addr->bytes), low = be64(addr->bytes + 8);

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].family == family && inside(&rows[i], high, low))
			return &rows[i];
	}
	return NULL;
}

bool
special_splits(const struct host_addr *prefix, uint32_t family, unsigned int bits)
{
	const uint64_t high = be64(prefix->bytes), low = be64(prefix->bytes + 8);

	if (family == ADDR_IPV4)
		bits += 96;
	for (size_t i = 0; i < ROWS; i++) {
		struct special_row shorter = rows[i];

		shorter.bits = (uint8_t)bits;
		if (rows[i].family == family && rows[i].bits > bits && inside(&shorter, high, low))
			return true;
	}
	return false;
}

bool
special_embedded_ipv4(const struct host_addr *addr, struct host_addr *ipv4)
{
	const uint8_t *b = addr->bytes;
	const uint64_t high = be64(b);

	if (high >> 48 == 0x2002) { /* behind the first 16 bits: RFC 3056 2 */
		*ipv4 = host_addr_from_ipv4(b + 2);
		return true;
	}
	if (high == 0x0064ff9b00000000 && be64(b + 8) >> 32 == 0) { /* at the end: RFC 6052 2.2 */
		*ipv4 = host_addr_from_ipv4(b + 12);
		return true;
	}
	if (high >> 32 == 0x20010000) { /* the client's, each bit inverted: RFC 4380 4 */
		const uint8_t client[4] = {(uint8_t)~b[12], (uint8_t)~b[13], (uint8_t)~b[14],
					   (uint8_t)~b[15]};
		*ipv4 = host_addr_from_ipv4(client);
		return true;
	}
	return false;
}
