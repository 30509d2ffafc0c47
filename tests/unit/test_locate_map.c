/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map says of every network what locate_host says of its addresses: at both ends of each
 * network, on both sides of each border, in the special-purpose blocks, in 6to4, NAT64 and Teredo,
 * and anywhere at random. Arguments: the databases.
 */
#include "map.h"
#include "special.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const *paths;
static size_t path_count;

static uint64_t random_state = 88172645463325252u;

static uint64_t
random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

struct both {
	struct locate *locate;
	struct locate_map *map;
	unsigned int located, private; /* seen */
};

static void
same(struct both *b, const struct host_addr *addr, enum addr_family family, uint32_t slot)
{
	uint32_t want = locate_host(b->locate, addr, family);
	uint32_t got = locate_map_place(b->map, b->locate, slot);
	char text[HOST_ADDR_TEXT];

	if (want != got)
		fail_msg("%s: locate_host says %u, the map %u", host_addr_text(addr, family, text),
			 want, got);
	b->private += want == PLACE_PRIVATE;
	b->located += locate_get(b->locate, want) != NULL;
}

static void
same_ipv4(struct both *b, uint32_t address)
{
	uint32_t wire = htonl(address);
	struct host_addr addr = host_addr_from_ipv4((const uint8_t *)&wire);

	same(b, &addr, ADDR_IPV4, prefix_map_slot_ipv4(locate_map_prefixes(b->map), wire));
}

/* `low`: the map is exact to the /64, so what stands there must not matter to the databases */
static void
same_ipv6(struct both *b, uint64_t high, uint64_t low)
{
	struct host_addr addr;

	for (int i = 0; i < 8; i++) {
		addr.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
		addr.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
	same(b, &addr, ADDR_IPV6, prefix_map_slot_ipv6(locate_map_prefixes(b->map), &addr));
}

static int
setup(void **state)
{
	static struct both b;
	char error[LOCATE_ERROR_MAX];

	b.locate = locate_create(paths, path_count, error);
	if (b.locate == NULL)
		fail_msg("%s", error);
	b.map = locate_map_create(locate_opened(b.locate), NULL);
	assert_non_null(b.map);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct both *b = *state;

	locate_map_unref(b->map);
	locate_map_unref(NULL);
	locate_destroy(b->locate);
	return 0;
}

static void
test_ipv4(void **state)
{
	struct both *b = *state;
	size_t rows;
	const struct special_row *special = special_rows(&rows);

	/* every /24 and both its neighbours' ends, in the parts where the test databases are */
	for (uint32_t net = 0; net < 256u << 16; net += net >> 16 < 64 ? 7 : 251) {
		same_ipv4(b, net << 8);
		same_ipv4(b, (net << 8) - 1);
	}
	/* 31/8 is cut into ever narrower networks, down to single addresses */
	for (uint32_t i = 0; i < 300000; i++)
		same_ipv4(b, 31u << 24 | (i < 100000 ? i : (uint32_t)random_next() & 0xffffff));
	for (size_t r = 0; r < rows; r++) {
		uint32_t first = (uint32_t)special[r].low;

		if (special[r].family != ADDR_IPV4)
			continue;
		uint32_t last = first | (uint32_t)(0xffffffffull >> (special[r].bits - 96));
		same_ipv4(b, first);
		same_ipv4(b, first - 1);
		same_ipv4(b, last);
		same_ipv4(b, last + 1);
	}
	for (int i = 0; i < 300000; i++)
		same_ipv4(b, (uint32_t)(random_next() >> 32));
	assert_true(b->located > 1000);
	assert_true(b->private > 1000);
}

static void
test_ipv6(void **state)
{
	struct both *b = *state;
	const struct prefix_map *map = locate_map_prefixes(b->map);
	size_t rows;
	const struct special_row *special = special_rows(&rows);

	for (uint32_t i = 0; i < map->networks6; i++) {
		/* a /64 in which single addresses are special counts as its first one does */
		if (map->starts[i] == 0 || map->starts[i] == 1)
			continue;
		uint64_t low = map->slots6[i] & PREFIX_MAP_EMBEDDED ? 5u << 24 | 1u << 16 : 0;
		same_ipv6(b, map->starts[i], low);
		same_ipv6(b, map->starts[i] - 1, low);
	}
	for (size_t r = 0; r < rows; r++) {
		if (special[r].family != ADDR_IPV6 || special[r].bits > 64)
			continue;
		same_ipv6(b, special[r].high, 0);
		same_ipv6(b, special[r].high - 1, 0);
	}
	for (int i = 0; i < 100000; i++) {
		uint32_t ipv4 = i % 2 ? (uint32_t)random_next()
				      : 5u << 24 | (uint32_t)(random_next() & 0x3ffffff);
		uint64_t any = random_next();

		same_ipv6(b, any, random_next());
		same_ipv6(b, 0x2a00000000000000u | any >> 16, any);
		same_ipv6(b, 0x2002000000000000u | (uint64_t)ipv4 << 16 | (any & 0xffff), any);
		same_ipv6(b, 0x0064ff9b00000000u, ipv4);
		same_ipv6(b, 0x2001000000000000u | (any & 0xffffffff),
			  (any & ~0xffffffffull) | (uint32_t)~ipv4);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ipv4, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv6, setup, teardown),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s DATABASE...\n", argv[0]);
		return 2;
	}
	paths = (const char *const *)argv + 1;
	path_count = (size_t)argc - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
