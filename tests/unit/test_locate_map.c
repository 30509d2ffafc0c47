/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map says of every network what locate_host says of its addresses: at both ends of each
 * network, on both sides of each border, in the special-purpose blocks, in 6to4, NAT64 and Teredo,
 * and anywhere at random. Arguments: the databases.
 */
#include "load.h"
#include "map.h"
#include "sites.h"
#include "special.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	unsigned int located, private, own; /* seen */
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
	b->own += locate_get(b->locate, want) != NULL && locate_get(b->locate, want)->own;
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

/* wide, narrow, one inside another's record, one that holds special blocks, one that holds it all
 */
static const char *const own_networks[] = {
	"5.0.0.0/12",    "5.32.7.0/25", "31.1.2.3",  "100.0.0.0/8", "37.0.0.0/16",    "2a00:4::/32",
	"2a00:5:1::/48", "2a00:6::/64", "2400::/12", "2001::/16",   "192.88.99.0/24",
};

/* what sites are named for: in blocks of all kinds, in each other, across borders of records */
static const char *const site_lines =
	"10.0.0.0/8 = \"all\", 1, 1\n10.1.0.0/16 = \"one\", 2, 2, DE\n10.1.2.3 = \"host\", 3, 3\n"
	"5.16.0.0/13 = \"public\", 4, 4\n5.0.0.0/14 = \"ours\", 5, 5\n192.168.0.0/17 = \"half\", "
	"6, 6\n"
	"100.0.0.0/9 = \"wide\", 7, 7\n31.1.2.0/25 = \"few\", 8, 8\n"
	"fd00:1::/32 = \"ula\", 9, 9\n2a00:4::/33 = \"six\", 10, 10\n2a00:7:8:9::/64 = \"net\", "
	"11, 11\n";

static struct sites *
make_sites(void)
{
	char path[] = "/tmp/sites-XXXXXX", error[LOCATE_ERROR_MAX];
	const int fd = mkstemp(path);

	assert_int_equal(write(fd, site_lines, strlen(site_lines)), strlen(site_lines));
	close(fd);
	struct sites *sites = sites_read(path, error);
	unlink(path);
	if (sites == NULL)
		fail_msg("%s", error);
	return sites;
}

static int
setup_with(void **state, bool own, bool sites)
{
	static struct both b;
	struct networks networks = {.count = 0};
	char error[LOCATE_ERROR_MAX];

	b = (struct both){0};
	struct locate_databases *databases = locate_databases_open(paths, path_count, NULL, error);
	if (databases == NULL)
		fail_msg("%s", error);
	for (size_t i = 0; own && i < sizeof(own_networks) / sizeof(own_networks[0]); i++) {
		struct network network;

		assert_int_equal(network_parse(own_networks[i], &network), 0);
		assert_int_equal(networks_add(&networks, &network), 0);
	}
	locate_databases_set_own(databases, &networks);
	if (sites)
		locate_databases_set_sites(databases, make_sites());
	b.locate = locate_create_from(databases);
	assert_non_null(b.locate);
	b.map = locate_map_create(locate_opened(b.locate), NULL);
	assert_non_null(b.map);
	*state = &b;
	return 0;
}

static int
setup(void **state)
{
	return setup_with(state, false, false);
}

static int
setup_own(void **state)
{
	return setup_with(state, true, false);
}

static int
setup_sites(void **state)
{
	return setup_with(state, true, true);
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

/* A network's ends and the addresses beside them; and that twins are apart, but for being ours. */
static void
test_own(void **state)
{
	struct both *b = *state;

	for (size_t i = 0; i < sizeof(own_networks) / sizeof(own_networks[0]); i++) {
		struct network n;

		assert_int_equal(network_parse(own_networks[i], &n), 0);
		if (n.family == ADDR_IPV4) {
			const uint32_t first = (uint32_t)be64(n.addr.bytes + 8);
			const uint32_t last = first + (uint32_t)(0xffffffffull >> n.bits);

			same_ipv4(b, first);
			same_ipv4(b, first - 1);
			same_ipv4(b, last);
			same_ipv4(b, last + 1);
		} else {
			const uint64_t first = be64(n.addr.bytes);
			const uint64_t last = n.bits == 64 ? first : first | ~0ull >> n.bits;

			same_ipv6(b, first, 0);
			same_ipv6(b, first - 1, 0);
			same_ipv6(b, last, ~0ull);
			same_ipv6(b, last + 1, 0);
		}
	}
	test_ipv4(state);
	assert_true(b->own > 100);
	assert_true(b->located - b->own > 100);
	test_ipv6(state);
	size_t twins = 0;
	for (uint32_t i = 0; i < locate_count(b->locate); i++) {
		const struct place *place = locate_get(b->locate, i);
		struct place other = *place;

		if (!place->own)
			continue;
		other.own = false;
		const uint32_t number = locate_place(b->locate, &other);
		assert_int_not_equal(number, i);
		assert_false(locate_get(b->locate, number)->own);
		twins++;
	}
	assert_true(twins > 0);
}

/* At both ends of each site, beside it, and anywhere in it; and everywhere else as before. */
static void
test_sites(void **state)
{
	struct both *b = *state;
	char lines[1024], *rest = lines, *line;
	unsigned int sites = 0;

	snprintf(lines, sizeof(lines), "%s", site_lines);
	while ((line = strsep(&rest, "\n")) != NULL && *line != 0) {
		struct network n;

		*strchr(line, ' ') = 0;
		assert_int_equal(network_parse(line, &n), 0);
		if (n.family == ADDR_IPV4) {
			const uint32_t first =
				be32toh(*(const uint32_t *)(const void *)(n.addr.bytes + 12));
			const uint32_t last =
				first + (uint32_t)((UINT64_C(1) << (32 - n.bits)) - 1);
			const uint32_t at[] = {first - 1, first, last, last + 1};

			for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
				same_ipv4(b, at[i]);
			for (int i = 0; i < 200; i++)
				same_ipv4(b, first + (uint32_t)(random_next() %
								(last - first + UINT64_C(1))));
		} else {
			uint64_t first;

			memcpy(&first, n.addr.bytes, sizeof(first));
			first = be64toh(first);
			const uint64_t last =
				first + (n.bits < 64 ? (UINT64_C(1) << (64 - n.bits)) - 1 : 0);
			const uint64_t at[] = {first - 1, first, last, last + 1};

			for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
				same_ipv6(b, at[i], 1);
			for (int i = 0; i < 200; i++)
				same_ipv6(b, first + random_next() % (last - first + 1), 2);
		}
		sites++;
	}
	assert_int_equal(sites, 11);
	test_ipv4(state);
	test_ipv6(state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ipv4, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv6, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own, setup_own, teardown),
		cmocka_unit_test_setup_teardown(test_sites, setup_sites, teardown),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s DATABASE...\n", argv[0]);
		return 2;
	}
	paths = (const char *const *)argv + 1;
	path_count = (size_t)argc - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
