/* SPDX-License-Identifier: BSD-3-Clause */
#include "special.h"

struct block {
	uint8_t bytes[16];
	uint8_t bits;
	bool global; /* an exception inside a larger block; the longest match wins */
};

static const struct block ipv4_blocks[] = {
	{{0}, 8, false},             /* RFC 791 */
	{{10}, 8, false},            /* RFC 1918 */
	{{100, 64}, 10, false},      /* RFC 6598 */
	{{127}, 8, false},           /* RFC 1122 */
	{{169, 254}, 16, false},     /* RFC 3927 */
	{{172, 16}, 12, false},      /* RFC 1918 */
	{{192, 0, 0}, 24, false},    /* RFC 6890 */
	{{192, 0, 0, 9}, 32, true},  /* RFC 7723 */
	{{192, 0, 0, 10}, 32, true}, /* RFC 8155 */
	{{192, 0, 2}, 24, false},    /* RFC 5737 */
	{{192, 168}, 16, false},     /* RFC 1918 */
	{{198, 18}, 15, false},      /* RFC 2544 */
	{{198, 51, 100}, 24, false}, /* RFC 5737 */
	{{203, 0, 113}, 24, false},  /* RFC 5737 */
	{{224}, 4, false},           /* RFC 5771, multicast */
	{{240}, 4, false},           /* RFC 1112, broadcast in it */
};

static const struct block ipv6_blocks[] = {
	{{0}, 127, false},                                       /* RFC 4291: :: and ::1 */
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, false}, /* RFC 4291 */
	{{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, false},             /* RFC 8215 */
	{{0x01, 0}, 64, false},                                  /* RFC 6666 */
	{{0x20, 0x01}, 23, false},                               /* RFC 2928 */
	{{0x20, 0x01, 0, 0}, 32, true},                          /* RFC 4380, Teredo */
	{{0x20, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, true}, /* RFC 7723 */
	{{0x20, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, 128, true}, /* RFC 8155 */
	{{0x20, 0x01, 0, 3}, 32, true},                                      /* RFC 7450 */
	{{0x20, 0x01, 0, 4, 0x01, 0x12}, 48, true},                          /* RFC 7535 */
	{{0x20, 0x01, 0, 0x20}, 28, true},                                   /* RFC 7343 */
	{{0x20, 0x01, 0, 0x30}, 28, true},                                   /* RFC 9374 */
	{{0x20, 0x01, 0x0d, 0xb8}, 32, false},                               /* RFC 3849 */
	{{0x3f, 0xff}, 20, false},                                           /* RFC 9637 */
	{{0x5f, 0}, 16, false},                                              /* RFC 9602 */
	{{0xfc}, 7, false},                                                  /* RFC 4193 */
	{{0xfe, 0x80}, 10, false},                                           /* RFC 4291 */
	{{0xff}, 8, false}, /* RFC 4291, multicast */
};

static bool
inside(const uint8_t *bytes, const struct block *block)
{
	unsigned int whole = block->bits / 8, rest = block->bits % 8;

	if (memcmp(bytes, block->bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ block->bytes[whole]) >> (8 - rest) == 0;
}

bool
special_is_global(const struct host_addr *addr, uint32_t family)
{
	bool ipv4 = family == ADDR_IPV4;
	const struct block *blocks = ipv4 ? ipv4_blocks : ipv6_blocks;
	size_t count = ipv4 ? sizeof(ipv4_blocks) / sizeof(ipv4_blocks[0])
			    : sizeof(ipv6_blocks) / sizeof(ipv6_blocks[0]);
	const struct block *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (inside(addr->bytes + (ipv4 ? 12 : 0), &blocks[i]) &&
		    (best == NULL || blocks[i].bits > best->bits))
			best = &blocks[i];
	}
	return best == NULL || best->global;
}

bool
special_embedded_ipv4(const struct host_addr *addr, struct host_addr *ipv4)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	const uint8_t *b = addr->bytes;

	if (b[0] == 0x20 && b[1] == 0x02) {
		*ipv4 = host_addr_from_ipv4(b + 2);
		return true;
	}
	if (memcmp(b, nat64, sizeof(nat64)) == 0) {
		*ipv4 = host_addr_from_ipv4(b + 12);
		return true;
	}
	if (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0) {
		/* the client's address, each bit inverted */
		const uint8_t client[4] = {(uint8_t)~b[12], (uint8_t)~b[13], (uint8_t)~b[14],
					   (uint8_t)~b[15]};
		*ipv4 = host_addr_from_ipv4(client);
		return true;
	}
	return false;
}
