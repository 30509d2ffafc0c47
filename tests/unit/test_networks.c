/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks: as they are written, and each look-up against one bit at a time. */
#include "networks.h"
#include "unit.h"

#include <errno.h>

static void
test_text(void **state)
{
	static const struct {
		const char *given;
		int ret;
		const char *text;
	} cases[] = {
		{"192.0.2.0/24", 0, "192.0.2.0/24"},
		{"192.0.2.7", 0, "192.0.2.7/32"},
		{"0.0.0.0/0", 0, "0.0.0.0/0"},
		{"2001:db8::/32", 0, "2001:db8::/32"},
		{"2001:DB8:0:0::1", 0, "2001:db8::1/128"},
		{"::/0", 0, "::/0"},
		{"::ffff:1.2.3.4/128", 0, "::ffff:1.2.3.4/128"},
		{"192.0.2.7/24", -EDOM, "192.0.2.0/24"},
		{"2001:db8::1/64", -EDOM, "2001:db8::/64"},
		{"255.255.255.255/0", -EDOM, "0.0.0.0/0"},
		{"192.0.2.0/33", -EINVAL, NULL},
		{"2001:db8::/129", -EINVAL, NULL},
		{"192.0.2.0/", -EINVAL, NULL},
		{"192.0.2.0/-1", -EINVAL, NULL},
		{"192.0.2.0/+1", -EINVAL, NULL},
		{"192.0.2.0/8x", -EINVAL, NULL},
		{"192.0.2.0/24/", -EINVAL, NULL},
		{"192.0.2.0/0008", -EINVAL, NULL},
		{"192.0.2", -EINVAL, NULL},
		{"192.0.2.0 /24", -EINVAL, NULL},
		{"/24", -EINVAL, NULL},
		{"", -EINVAL, NULL},
		{"example.net/24", -EINVAL, NULL},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/64", -EINVAL, NULL},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;
		char text[NETWORK_TEXT];

		int ret = network_parse(cases[i].given, &network);
		assert_true_of(ret == cases[i].ret, "%s: %d", cases[i].given, ret);
		if (cases[i].text != NULL)
			assert_string_equal(network_text(&network, text), cases[i].text);
	}
}

static bool
bit_of(const struct host_addr *addr, uint32_t family, unsigned int bit)
{
	bit += family == ADDR_IPV4 ? 96 : 0;
	return addr->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool
is_in(const struct network *n, const struct host_addr *addr, uint32_t family)
{
	if (n->family != family)
		return false;
	for (unsigned int bit = 0; bit < n->bits; bit++) {
		if (bit_of(&n->addr, family, bit) != bit_of(addr, family, bit))
			return false;
	}
	return true;
}

/* Addresses near the edges of made-up networks: a network, with some bit turned over. */
static void
test_look_up(void **state)
{
	struct dice dice = {7};
	struct networks list = {.count = 0};
	(void)state;

	for (int i = 0; i < 60; i++) {
		struct network n = {.family = i % 2 ? ADDR_IPV6 : ADDR_IPV4};
		uint8_t raw[16];
		char text[NETWORK_TEXT];

		for (int k = 0; k < 16; k++)
			raw[k] = (uint8_t)dice_below(&dice, 4); /* close to one another */
		n.addr = i % 2 ? host_addr_from_ipv6(raw) : host_addr_from_ipv4(raw);
		n.bits = i % 2 ? 100 + dice_below(&dice, 29) : 20 + dice_below(&dice, 13);
		int ret = network_parse(network_text(&n, text), &n);
		assert_true(ret == 0 || ret == -EDOM);
		assert_int_equal(networks_add(&list, &n), 0);
	}
	assert_true(list.count > 10);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct network *near = &list.each[dice_below(&dice, list.count)];
		const unsigned int most = near->family == ADDR_IPV4 ? 32 : 128;
		struct host_addr addr = near->addr;
		unsigned int bit = dice_below(&dice, most);
		bool have = false, split = false;

		addr.bytes[(bit + 128 - most) / 8] ^= (uint8_t)(0x80 >> bit % 8);
		for (unsigned int k = 0; k < list.count; k++)
			have |= is_in(&list.each[k], &addr, near->family);
		assert_int_equal(networks_have(&list, &addr, near->family), have);
		bit = dice_below(&dice, most + 1);
		for (unsigned int k = 0; k < list.count; k++) {
			const struct network *n = &list.each[k];
			struct network prefix = {addr, near->family, bit};

			split |= n->bits > bit && is_in(&prefix, &n->addr, n->family);
		}
		assert_int_equal(networks_split(&list, &addr, near->family, bit), split);
	}
}

static void
test_room(void **state)
{
	struct networks list = {.count = 0};
	struct network n;
	char text[32];
	(void)state;

	for (unsigned int i = 0; i < NETWORKS_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.%u.0/24", i);
		assert_int_equal(network_parse(text, &n), 0);
		assert_int_equal(networks_add(&list, &n), 0);
	}
	assert_int_equal(network_parse("10.0.3.128/25", &n), 0); /* has it */
	assert_int_equal(networks_add(&list, &n), 0);
	assert_int_equal(network_parse("10.1.0.0/24", &n), 0);
	assert_int_equal(networks_add(&list, &n), -ENOSPC);
	assert_int_equal(list.count, NETWORKS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_look_up),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
