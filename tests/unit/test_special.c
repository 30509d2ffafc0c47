/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The special-purpose registries, row by row: the first and the last address of each block, and
 * the one before and the one behind, against a second table (below, as text) and a second way to
 * read it.
 */
#include "special.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

/* t: globally reachable, f: not, n: the registry says N/A; e: the IPv4 address inside decides */
static const struct {
	const char *block;
	char reach;
} registry[] = {
	{"0.0.0.0/8", 'f'},       {"0.0.0.0/32", 'f'},      {"10.0.0.0/8", 'f'},
	{"100.64.0.0/10", 'f'},   {"127.0.0.0/8", 'f'},     {"169.254.0.0/16", 'f'},
	{"172.16.0.0/12", 'f'},   {"192.0.0.0/24", 'f'},    {"192.0.0.0/29", 'f'},
	{"192.0.0.8/32", 'f'},    {"192.0.0.9/32", 't'},    {"192.0.0.10/32", 't'},
	{"192.0.0.170/32", 'f'},  {"192.0.0.171/32", 'f'},  {"192.0.2.0/24", 'f'},
	{"192.31.196.0/24", 't'}, {"192.52.193.0/24", 't'}, {"192.88.99.0/24", 'n'},
	{"192.88.99.2/32", 'f'},  {"192.168.0.0/16", 'f'},  {"192.175.48.0/24", 't'},
	{"198.18.0.0/15", 'f'},   {"198.51.100.0/24", 'f'}, {"203.0.113.0/24", 'f'},
	{"224.0.0.0/4", 'f'},     {"240.0.0.0/4", 'f'},     {"255.255.255.255/32", 'f'},
	{"::1/128", 'f'},         {"::/128", 'f'},          {"::ffff:0:0/96", 'f'},
	{"64:ff9b::/96", 'e'},    {"64:ff9b:1::/48", 'f'},  {"100::/64", 'f'},
	{"100:0:0:1::/64", 'f'},  {"2001::/23", 'f'},       {"2001::/32", 'e'},
	{"2001:1::1/128", 't'},   {"2001:1::2/128", 't'},   {"2001:1::3/128", 't'},
	{"2001:2::/48", 'f'},     {"2001:3::/32", 't'},     {"2001:4:112::/48", 't'},
	{"2001:10::/28", 'n'},    {"2001:20::/28", 't'},    {"2001:30::/28", 't'},
	{"2001:db8::/32", 'f'},   {"2002::/16", 'e'},       {"2620:4f:8000::/48", 't'},
	{"3fff::/20", 'f'},       {"5f00::/16", 'f'},       {"fc00::/7", 'f'},
	{"fe80::/10", 'f'},       {"ff00::/8", 'f'},
};
#define REGISTRY (sizeof(registry) / sizeof(registry[0]))

/* the octets of a block (4 or 16), and how many of their bits count */
struct block {
	uint8_t bytes[16];
	size_t size;
	unsigned int bits;
};

static struct block
read_block(const char *text)
{
	struct block b = {.size = 4};
	char address[HOST_ADDR_TEXT + 4];
	const char *slash = strchr(text, '/');

	assert_non_null(slash);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = 0;
	if (inet_pton(AF_INET, address, b.bytes) != 1) {
		b.size = 16;
		assert_int_equal(inet_pton(AF_INET6, address, b.bytes), 1);
	}
	b.bits = (unsigned int)atoi(slash + 1);
	return b;
}

static int
bit(const uint8_t *bytes, unsigned int i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

/* bit by bit, so that no clever mask is right on both sides */
static int
in_block(const struct block *b, const uint8_t *bytes, size_t size)
{
	if (b->size != size)
		return 0;
	for (unsigned int i = 0; i < b->bits; i++) {
		if (bit(b->bytes, i) != bit(bytes, i))
			return 0;
	}
	return 1;
}

/* From the shortest prefix to the longest: each one that says something overrules the one before.
 */
static int
expected(const uint8_t *bytes, size_t size)
{
	int global = 1;

	for (unsigned int bits = 0; bits <= 128; bits++) {
		for (size_t i = 0; i < REGISTRY; i++) {
			struct block b = read_block(registry[i].block);

			if (b.bits != bits || !in_block(&b, bytes, size))
				continue;
			if (registry[i].reach == 't')
				global = 1;
			if (registry[i].reach == 'f')
				global = 0;
			if (registry[i].reach == 'e' && bits == 16)
				global = expected(bytes + 2, 4);
			if (registry[i].reach == 'e' && bits == 96)
				global = expected(bytes + 12, 4);
			if (registry[i].reach == 'e' && bits == 32) {
				uint8_t client[4];
				for (int k = 0; k < 4; k++)
					client[k] = bytes[12 + k] ^ 0xff;
				global = expected(client, 4);
			}
		}
	}
	return global;
}

static void
check(const uint8_t *bytes, size_t size)
{
	struct host_addr addr = size == 4 ? host_addr_from_ipv4(bytes) : host_addr_from_ipv6(bytes);
	uint32_t family = size == 4 ? ADDR_IPV4 : ADDR_IPV6;
	char text[HOST_ADDR_TEXT];

	if (special_is_global(&addr, family) != expected(bytes, size))
		fail_msg("%s: %s", host_addr_text(&addr, family, text),
			 expected(bytes, size) ? "should be global" : "should not be global");
}

/* one more or one less; 0 when it goes over the end */
static int
step(uint8_t *bytes, size_t size, int by)
{
	for (size_t i = size; i-- > 0;) {
		bytes[i] = (uint8_t)(bytes[i] + by);
		if (bytes[i] != (by > 0 ? 0 : 0xff))
			return 1;
	}
	return 0;
}

static void
test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < REGISTRY; i++) {
		struct block first = read_block(registry[i].block), last = first;

		for (unsigned int k = first.bits; k < 8 * first.size; k++) {
			assert_int_equal(bit(first.bytes, k), 0);
			last.bytes[k / 8] |= (uint8_t)(0x80 >> k % 8);
		}
		check(first.bytes, first.size);
		check(last.bytes, last.size);
		if (step(first.bytes, first.size, -1))
			check(first.bytes, first.size);
		if (step(last.bytes, last.size, 1))
			check(last.bytes, last.size);
	}
}

/* What the program's table says is what is written beside it, no row is missing, none too many. */
static void
test_same_rows(void **state)
{
	size_t count;
	const struct special_row *rows = special_rows(&count);
	static const char reach[] = {[SPECIAL_NOT_GLOBAL] = 'f',
				     [SPECIAL_GLOBAL] = 't',
				     [SPECIAL_NOT_SAID] = 'n',
				     [SPECIAL_EMBEDS] = 'e'};

	(void)state;
	assert_int_equal(count, REGISTRY);
	for (size_t i = 0; i < count; i++) {
		struct block b = read_block(rows[i].prefix);
		struct host_addr addr =
			b.size == 4 ? host_addr_from_ipv4(b.bytes) : host_addr_from_ipv6(b.bytes);
		size_t k = 0;

		for (int n = 0; n < 8; n++) {
			assert_int_equal(addr.bytes[n], (uint8_t)(rows[i].high >> (56 - 8 * n)));
			assert_int_equal(addr.bytes[8 + n], (uint8_t)(rows[i].low >> (56 - 8 * n)));
		}
		assert_int_equal(rows[i].family, b.size == 4 ? ADDR_IPV4 : ADDR_IPV6);
		assert_int_equal(rows[i].bits, b.bits + (b.size == 4 ? 96 : 0));
		if (i > 0 && rows[i - 1].family == rows[i].family)
			assert_true(rows[i - 1].bits >= rows[i].bits);
		while (k < REGISTRY && strcmp(registry[k].block, rows[i].prefix) != 0)
			k++;
		if (k == REGISTRY)
			fail_msg("%s is in no registry", rows[i].prefix);
		assert_int_equal(reach[rows[i].reach], registry[k].reach);
	}
}

static int
is_global(const char *text)
{
	struct host_addr addr;
	enum addr_family family;

	assert_int_equal(host_addr_parse(text, &addr, &family), 0);
	return special_is_global(&addr, family);
}

static void
test_well_known(void **state)
{
	static const char *const global[] = {
		"1.1.1.1",         "8.8.8.8",          "100.63.255.255",
		"100.128.0.0",     "172.15.255.255",   "172.32.0.0",
		"192.0.1.255",     "192.88.99.1",      "198.17.255.255",
		"198.20.0.0",      "223.255.255.255",  "2001:4860:4860::8888",
		"2606:4700::",     "2a00::1",          "2001:200::",
		"2002:808:808::1", "64:ff9b::808:808", "2001:0:4136:e378:8000:63bf:f7f7:f7f7"};
	static const char *const not_global[] = {"0.0.0.0",
						 "10.1.2.3",
						 "127.0.0.1",
						 "172.31.255.255",
						 "192.168.1.1",
						 "224.0.0.1",
						 "239.255.255.255",
						 "255.255.255.255",
						 "::1",
						 "::",
						 "fe80::1",
						 "febf:ffff::1",
						 "fc00::1",
						 "fdff::1",
						 "ff02::1",
						 "2001:db8::1",
						 "2002:a00:1::",
						 "2002:c0a8:101::1",
						 "64:ff9b::a00:1",
						 "::ffff:8.8.8.8",
						 "2001:0:4136:e378:8000:63bf:f5ff:fffe"};

	(void)state;
	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
		if (!is_global(global[i]))
			fail_msg("%s should be global", global[i]);
	}
	for (size_t i = 0; i < sizeof(not_global) / sizeof(not_global[0]); i++) {
		if (is_global(not_global[i]))
			fail_msg("%s should not be global", not_global[i]);
	}
}

static void
test_embedded(void **state)
{
	static const struct {
		const char *ipv6, *ipv4;
	} cases[] = {
		{"2002:c000:204::1", "192.0.2.4"},
		{"2002::", "0.0.0.0"},
		{"2002:ffff:ffff:ffff::", "255.255.255.255"},
		{"64:ff9b::c000:221", "192.0.2.33"},
		/* the example of RFC 4380 and its mapped client, 192.0.2.45 */
		{"2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"},
		{"2001:1::c000:221", NULL},
		{"64:ff9b:1::c000:221", NULL},
		{"64:ff9b:0:0:0:1:c000:221", NULL},
		{"2003:c000:204::1", NULL},
		{"::ffff:192.0.2.33", NULL},
		{"2a00::1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct host_addr addr, ipv4, want;
		enum addr_family family;

		assert_int_equal(host_addr_parse(cases[i].ipv6, &addr, &family), 0);
		assert_int_equal(special_embedded_ipv4(&addr, &ipv4), cases[i].ipv4 != NULL);
		if (cases[i].ipv4 == NULL)
			continue;
		assert_int_equal(host_addr_parse(cases[i].ipv4, &want, &family), 0);
		assert_memory_equal(&ipv4, &want, sizeof(want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_same_rows),
		cmocka_unit_test(test_well_known),
		cmocka_unit_test(test_embedded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
