/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as text and back, their order, the sums of the ledger, and the grid of periods. */
#include "clock.h"
#include "host_row.h"
#include "ledger.h"
#include "unit.h"

#include <ctype.h>
#include <errno.h>

static void
test_address_text(void **state)
{
	static const struct {
		const char *given, *text; /* text: NULL where it is the same */
		enum addr_family family;
	} cases[] = {
		{"0.0.0.0", NULL, ADDR_IPV4},
		{"192.0.2.1", NULL, ADDR_IPV4},
		{"255.255.255.255", NULL, ADDR_IPV4},
		{"::", NULL, ADDR_IPV6},
		{"::1", NULL, ADDR_IPV6},
		{"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1", ADDR_IPV6},
		{"2001:DB8::A", "2001:db8::a", ADDR_IPV6},
		{"::ffff:192.0.2.1", NULL, ADDR_IPV6},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, ADDR_IPV6},
		{"0:0:0:0:0:ffff:255.255.255.255", "::ffff:255.255.255.255", ADDR_IPV6},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[HOST_ADDR_TEXT];
		struct host_addr addr;
		enum addr_family family;

		assert_int_equal(host_addr_parse(cases[i].given, &addr, &family), 0);
		assert_int_equal(family, cases[i].family);
		assert_ptr_equal(host_addr_text(&addr, family, text), text);
		assert_string_equal(text, cases[i].text ? cases[i].text : cases[i].given);
	}
}

static void
test_address_refused(void **state)
{
	static const char *const bad[] = {
		"",          " ",   "1.2.3",   "1.2.3.4.5", "1.2.3.256",    "1.2.3.4 ",
		"01.2.3.4x", ":::", "1::2::3", "::g",       "fe80::1%eth0", "1.2.3.4/8"};
	struct host_addr addr, before;
	enum addr_family family = ADDR_IPV4;
	(void)state;

	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		addr = before;
		assert_int_equal(host_addr_parse(bad[i], &addr, &family), -EINVAL);
		assert_memory_equal(&addr, &before, sizeof(addr));
	}
}

/* An IPv4 host and an IPv6 packet's ::ffff: of the same digits are two hosts. */
static void
test_mapped_is_another_host(void **state)
{
	struct host_row v4 = {.family = ADDR_IPV4}, v6 = {.family = ADDR_IPV6};
	enum addr_family family;
	(void)state;

	assert_int_equal(host_addr_parse("192.0.2.1", &v4.addr, &family), 0);
	assert_int_equal(host_addr_parse("::ffff:192.0.2.1", &v6.addr, &family), 0);
	assert_memory_equal(&v4.addr, &v6.addr, sizeof(v4.addr));
	assert_true(host_row_order(&v4, &v6) < 0);
	assert_true(host_row_order(&v6, &v4) > 0);
	assert_int_equal(host_row_order(&v4, &v4), 0);
}

static void
test_counts(void **state)
{
	struct counts sum = {{{1, 2}, {3, 4}}, {{10, 20}, {30, 40}}};
	const struct counts more = {{{100, 200}, {300, 400}}, {{1000, 2000}, {3000, 4000}}};
	(void)state;

	counts_add(&sum, &more);
	assert_int_equal(counts_packets(&sum), 1010);
	assert_int_equal(counts_octets(&sum), 10100);
	assert_int_equal(sum.packets[LAYER_UDP][AS_SOURCE], 303);
	assert_int_equal(sum.octets[LAYER_TCP][AS_DESTINATION], 2020);
}

static void
check_name(const char *name, const char **seen, size_t *n)
{
	assert_non_null(name);
	assert_true(name[0] != 0);
	for (const char *c = name; *c != 0; c++)
		assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
	for (size_t i = 0; i < *n; i++)
		assert_string_not_equal(name, seen[i]);
	seen[(*n)++] = name;
}

static void
test_names(void **state)
{
	const char *seen[64];
	size_t n = 0;
	(void)state;

	for (int v = 0; v < DECODE_RESULTS; v++)
		check_name(decode_result_name((enum decode_result)v), seen, &n);
	n = 0;
	for (int r = 0; r < DECODE_EVENTS; r++)
		check_name(decode_event_name((enum decode_event)r), seen, &n);
	n = 0;
	for (int t = 0; t < TUNNELS; t++)
		check_name(tunnel_name((enum tunnel)t), seen, &n);
	n = 0;
	for (int f = 0; f < GEO_RESULTS; f++)
		check_name(geo_result_name((enum geo_result)f), seen, &n);
}

/* Every single counter is carried into the sums, and each one alone tips the balance. */
static void
test_ledger(void **state)
{
	struct ledger sum = {0}, one;
	uint64_t *const cells = (uint64_t *)&one;
	const size_t n = sizeof(one) / sizeof(uint64_t);
	(void)state;

	for (size_t i = 0; i < n; i++)
		cells[i] = i + 1;
	ledger_add(&sum, &one);
	ledger_add(&sum, &one);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(((const uint64_t *)&sum)[i], 2 * (i + 1));

	uint64_t frames = 0, malformed = 0;
	for (int v = 0; v < DECODE_RESULTS; v++) {
		frames += sum.decode.frames[v];
		if (v >= DECODE_RUNT)
			malformed += sum.decode.frames[v];
	}
	assert_int_equal(ledger_frames(&sum), frames);
	assert_int_equal(ledger_malformed(&sum), malformed);

	struct ledger even = {0};
	assert_true(ledger_balances(&even, 0));
	even.decode.frames[DECODE_TCP] = 5;
	even.decode.frames[DECODE_UDP] = 6;
	even.decode.frames[DECODE_IPV6_JUMBO] = 7;
	even.geo[GEO_LOCATED] = 10;
	even.geo[GEO_PRIVATE] = 3;
	even.geo[GEO_NOT_IN_DATABASE] = 4;
	even.geo[GEO_TABLE_FULL] = 5;
	assert_true(ledger_balances(&even, 18));
	assert_false(ledger_balances(&even, 17));
	assert_false(ledger_balances(&even, 19));
	for (int f = 0; f < GEO_RESULTS; f++) {
		even.geo[f]++;
		assert_false(ledger_balances(&even, 18));
		even.geo[f]--;
	}
	for (int v = 0; v < DECODE_RESULTS; v++) {
		even.decode.frames[v]++;
		assert_false(ledger_balances(&even, 18));
		even.decode.frames[v]--;
	}
}

/* Whatever two machines' clocks say at their starts, their periods end together. */
static void
cut_is(const char *given, unsigned int ipv4, unsigned int ipv6, const char *text)
{
	const struct host_cut cut = {(uint8_t)(32 - ipv4), (uint8_t)(128 - ipv6)};
	char is[HOST_ADDR_TEXT];
	struct host_addr addr;
	enum addr_family family;

	assert_int_equal(host_addr_parse(given, &addr, &family), 0);
	host_addr_cut(&addr, family, cut);
	assert_string_equal(host_addr_text(&addr, family, is), text);
}

static void
test_cut(void **state)
{
	(void)state;
	cut_is("192.0.2.255", 24, 48, "192.0.2.0");
	cut_is("192.0.2.255", 32, 128, "192.0.2.255");
	cut_is("192.0.2.255", 31, 128, "192.0.2.254");
	cut_is("192.0.2.255", 23, 128, "192.0.2.0");
	cut_is("192.0.3.255", 22, 128, "192.0.0.0");
	cut_is("192.0.2.255", 1, 128, "128.0.0.0");
	cut_is("192.0.2.255", 0, 128, "0.0.0.0");
	cut_is("2001:db8:1:2:3:4:5:6", 24, 48, "2001:db8:1::");
	cut_is("2001:db8:1:2:3:4:5:6", 24, 128, "2001:db8:1:2:3:4:5:6");
	cut_is("2001:db8:1:ffff::1", 24, 51, "2001:db8:1:e000::");
	cut_is("ffff::1", 24, 0, "::");
	/* an IPv4 address in it shows no more than it would on its own */
	cut_is("2002:c000:2ff:1::1", 24, 48, "2002:c000:200::");
	cut_is("2002:c000:2ff:1::1", 24, 128, "2002:c000:200::");
	cut_is("2002:c000:2ff:1::1", 32, 64, "2002:c000:2ff:1::");
	cut_is("2002:c000:2ff:1::1", 24, 12, "2000::");
	cut_is("64:ff9b::c000:2ff", 24, 128, "64:ff9b::c000:200");
	cut_is("64:ff9b::c000:2ff", 24, 48, "64:ff9b::");
	cut_is("::ffff:192.0.2.255", 24, 128, "::ffff:192.0.2.0");
	cut_is("2001:0:1:2:3:4:5:6", 16, 128, "2001:0:1:2:3:4:5:0");
	/* others that only begin alike are whole */
	cut_is("2001:1:1:2:3:4:5:6", 16, 128, "2001:1:1:2:3:4:5:6");
	cut_is("64:ff9b:1::c000:2ff", 24, 128, "64:ff9b:1::c000:2ff");
}

static void
test_next_multiple(void **state)
{
	static const uint64_t periods[] = {1000000, 300000000, 10000000000, 86400000000000};
	uint64_t x = 1;
	(void)state;

	for (int i = 0; i < 100000; i++) {
		const uint64_t period = periods[i % 4];

		x = x * 6364136223846793005u + 1442695040888963407u;
		const uint64_t now = x >> 20, utc = 1790000000000000000 + (x >> 10);
		const uint64_t next = next_multiple(now, utc, period);

		assert_int_equal((utc + (next - now)) % period, 0);
		assert_in_range(next - now, period / 2, period + period / 2);
	}
	/* a tick that came a little early, or late, is followed by the multiple after its own */
	assert_int_equal(next_multiple(7, 9999999999, 10000000000), 7 + 10000000001);
	assert_int_equal(next_multiple(7, 10000000001, 10000000000), 7 + 9999999999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_address_refused),
		cmocka_unit_test(test_mapped_is_another_host),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ledger),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_next_multiple),
	};
	return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
