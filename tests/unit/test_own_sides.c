/* SPDX-License-Identifier: BSD-3-Clause */
/* Sides: of each address what the registries and the networks say of it, at every border of both.
 */
#include "own_sides.h"
#include "special.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* inside of blocks, around blocks, beside them; and where IPv4 addresses are embedded */
static const char *const own_networks[] = {
	"5.0.0.0/12",    "5.32.7.0/25",  "31.1.2.3",        "100.0.0.0/8",
	"192.0.0.0/16",  "10.1.0.0/16",  "192.0.0.9/32",    "2a00:4::/32",
	"2a00:5:1::/48", "2a00:6::1",    "2001::/16",       "2002:500::/24",
	"2001:0:1::/48", "64:ff9b::/90", "2001:db8:1::/48", "2001:20:7::/48",
};

static bool
is_ours(const struct networks *own, const struct host_addr *addr, uint32_t family)
{
	struct host_addr inside;

	if (!special_is_global(addr, family))
		return true;
	if (family == ADDR_IPV6 && special_embedded_ipv4(addr, &inside))
		return networks_have(own, &inside, ADDR_IPV4);
	return networks_have(own, addr, family);
}

static size_t ours, theirs;

static void
same(const struct sides *sides, const struct networks *own, const struct host_addr *addr,
     uint32_t family)
{
	const bool want = is_ours(own, addr, family);
	char text[HOST_ADDR_TEXT];
	uint32_t ipv4;

	memcpy(&ipv4, addr->bytes + 12, sizeof(ipv4));
	const bool got =
		family == ADDR_IPV4 ? sides_ours_ipv4(sides, ipv4) : sides_ours_ipv6(sides, addr);
	if (want != got)
		fail_msg("%s: %d, not %d", host_addr_text(addr, (enum addr_family)family, text),
			 got, want);
	ours += want;
	theirs += !want;
}

/* The first and last address of a prefix, and those beside it. */
static void
borders(const struct sides *sides, const struct networks *own, const struct host_addr *first,
	uint32_t family, unsigned int bits)
{
	struct host_addr last = *first, addr;
	const unsigned int from = family == ADDR_IPV4 ? 12 : 0;

	for (unsigned int bit = bits + 8 * from; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	same(sides, own, first, family);
	same(sides, own, &last, family);
	addr = *first;
	for (unsigned int i = 16; i-- > from && addr.bytes[i]-- == 0;)
		continue;
	same(sides, own, &addr, family);
	addr = last;
	for (unsigned int i = 16; i-- > from && ++addr.bytes[i] == 0;)
		continue;
	same(sides, own, &addr, family);
}

static void
test_sides(void **state)
{
	struct networks own = {.count = 0};
	struct dice dice = {5};
	size_t rows;
	const struct special_row *special = special_rows(&rows);
	(void)state;

	for (int with = 0; with < 2; with++) {
		for (size_t i = 0; with && i < sizeof(own_networks) / sizeof(own_networks[0]);
		     i++) {
			struct network n;

			assert_int_equal(network_parse(own_networks[i], &n), 0);
			assert_int_equal(networks_add(&own, &n), 0);
		}
		struct sides *sides = own_sides_create(&own);
		assert_non_null(sides);
		for (unsigned int i = 0; i < own.count; i++)
			borders(sides, &own, &own.each[i].addr, own.each[i].family,
				own.each[i].bits);
		for (size_t r = 0; r < rows; r++) {
			struct host_addr first;

			for (int i = 0; i < 8; i++) {
				first.bytes[i] = (uint8_t)(special[r].high >> (56 - 8 * i));
				first.bytes[8 + i] = (uint8_t)(special[r].low >> (56 - 8 * i));
			}
			borders(sides, &own, &first, special[r].family,
				special[r].bits - (special[r].family == ADDR_IPV4 ? 96u : 0u));
		}
		for (int i = 0; i < 200000; i++) {
			uint8_t raw[16];

			for (int k = 0; k < 16; k += 4) {
				const uint32_t word = (uint32_t)dice_next(&dice);
				memcpy(raw + k, &word, sizeof(word));
			}
			const struct host_addr ipv4 = host_addr_from_ipv4(raw);
			same(sides, &own, &ipv4, ADDR_IPV4);
			/* near something that is known */
			if (i % 2) {
				static const uint8_t starts[][4] = {{0x20, 2, 5, 0},
								    {0x20, 1, 0, 0},
								    {0, 0x64, 0xff, 0x9b},
								    {0x2a, 0, 0, 5}};
				memcpy(raw, starts[dice_below(&dice, 4)], 4);
				memset(raw + 4, 0, dice_below(&dice, 3) * 4);
			}
			const struct host_addr ipv6 = host_addr_from_ipv6(raw);
			same(sides, &own, &ipv6, ADDR_IPV6);
		}
		free(sides);
	}
	assert_true(ours > 1000 && theirs > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sides)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
