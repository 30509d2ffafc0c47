/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser against tables of frames (parse_case.h): what each one's facts are, and for each of
 * them, cut at every length, that it reads nothing beyond, that the short way agrees, and that it
 * asks for more whenever more would have changed the facts.
 */
#include "by_batch.h"
#include "frame.h"
#include "parse_case.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those three before it */
#include <cmocka.h>

#define CASES_MAX 256

static const struct test_case *cases[CASES_MAX]; /* all of them */
static size_t case_count;

static void
collect(const struct test_case *const *list)
{
	for (; *list != NULL; list++) {
		if (case_count == CASES_MAX)
			abort();
		cases[case_count++] = *list;
	}
}

static const struct test_case *
case_named(const char *name)
{
	for (size_t i = 0; i < case_count; i++) {
		if (strcmp(cases[i]->name, name) == 0)
			return cases[i];
	}
	abort();
}

/* A copy that ends where the octets end, so that the sanitizer sees a read beyond. */
static struct parse_fact
parse_exact(const uint8_t *bytes, size_t captured, size_t length, uint32_t decap)
{
	const struct parse_options options = {.decap = decap};
	struct parse_fact fact, fast;
	uint8_t *copy = malloc(captured ? captured : 1);

	assert_non_null(copy);
	if (captured > 0)
		memcpy(copy, bytes, captured);
	/* what is left over from the frame before must not shine through */
	memset(&fact, 0xa5, sizeof(fact));
	parse_frame(copy, (uint32_t)captured, (uint32_t)length, &options, &fact);
	fast = by_batch(copy, captured, length, &options);
	free(copy);
	assert_int_equal(fact.result, fast.result);
	assert_int_equal(fact.events, fast.events);
	assert_int_equal(fact.unwrapped, fast.unwrapped);
	assert_int_equal(fact.too_deep, fast.too_deep);
	assert_int_equal(fact.wants_more, fast.wants_more);
	if (fact.result <= DECODE_UDP) {
		assert_int_equal(fact.octets, fast.octets);
		assert_int_equal(fact.family, fast.family);
		assert_memory_equal(&fact.src, &fast.src, 16);
		assert_memory_equal(&fact.dst, &fast.dst, 16);
	}
	return fact;
}

static void
assert_same_facts(const struct parse_fact *a, const struct parse_fact *b)
{
	assert_int_equal(a->result, b->result);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->unwrapped, b->unwrapped);
	assert_int_equal(a->too_deep, b->too_deep);
	assert_int_equal(a->frame_octets, b->frame_octets);
	if (a->result > DECODE_UDP)
		return;
	assert_int_equal(a->octets, b->octets);
	assert_int_equal(a->family, b->family);
	assert_memory_equal(&a->src, &b->src, 16);
	assert_memory_equal(&a->dst, &b->dst, 16);
}

static struct host_addr
host(int family, int number)
{
	uint8_t ipv4[4] = {192, 0, 2, (uint8_t)number};
	uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8};

	ipv6[15] = (uint8_t)number;
	return family == 4 ? host_addr_from_ipv4(ipv4) : host_addr_from_ipv6(ipv6);
}

static void
test_case_facts(void **state)
{
	const struct test_case *c = *state;
	const struct want *want = &c->want;
	struct frame f = {.length = 0};

	c->build(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, c->decap);

	assert_string_equal(decode_result_name(fact.result), decode_result_name(want->result));
	assert_int_equal(fact.events, want->events);
	assert_int_equal(fact.unwrapped, want->unwrapped);
	assert_int_equal(fact.too_deep, want->too_deep);
	assert_int_equal(fact.wants_more, 0);
	if (want->result > DECODE_UDP)
		return;
	assert_int_equal(fact.octets, want->octets);
	assert_int_equal(fact.family, want->family);
	if (want->host < 0)
		return;
	struct host_addr src = host(want->family, want->host);
	struct host_addr dst = host(want->family, want->host + 1);
	assert_memory_equal(&fact.src, &src, 16);
	assert_memory_equal(&fact.dst, &dst, 16);
}

/* Cut at every length: by the capture (the frame was as long as that), and by the caller, who has
 * more and is asked for it if that would change anything. */
static void
test_case_cut(void **state)
{
	const struct test_case *c = *state;
	struct frame f = {.length = 0};

	c->build(&f);
	struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, c->decap);
	for (size_t n = 0; n <= f.length; n++) {
		struct parse_fact cut = parse_exact(f.bytes, n, n, c->decap);
		assert_true(cut.result < DECODE_RESULTS);
		assert_int_equal(cut.wants_more, 0);
		struct parse_fact head = parse_exact(f.bytes, n, f.length, c->decap);
		if (!head.wants_more)
			assert_same_facts(&head, &whole);
	}
}

/* An IPv6 host that is written like a mapped IPv4 one is another host than that one. */
static void
test_ipv4_mapped_stays_ipv6(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	case_named("ipv6_holding_ipv4_mapped")->build(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, 0);
	struct host_addr ipv4 = host(4, 1);
	assert_memory_equal(&fact.src, &ipv4, 16);
	assert_int_equal(fact.family, ADDR_IPV6);
}

/* The walk looks PARSE_HEAD_MAX far, and asks for nothing beyond. */
static void
test_depth_is_bounded(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	put_ethernet(&f, 0x86dd);
	put_ipv6(&f, 60, 10260, 1);
	for (int i = 0; i < 4; i++)
		put_extension(&f, 60, 255);
	put_extension(&f, 6, 255);
	put_tcp(&f);
	struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, 0);
	struct parse_fact head = parse_exact(f.bytes, PARSE_HEAD_MAX, f.length, 0);
	assert_int_equal(whole.result, DECODE_IPV6_EXTENSION_CUT);
	assert_int_equal(whole.wants_more, 0);
	assert_same_facts(&whole, &head);
	assert_int_equal(head.wants_more, 0);
	/* one header less fits, and one octet less than that is asked for */
	f.bytes[14 + 40 + 3 * 2048] = 6;
	head = parse_exact(f.bytes, 14 + 40 + 3 * 2048, f.length, 0);
	assert_int_equal(head.wants_more, 1);
}

/*
 * The frame's octets are those on the wire: of a frame that was cut, or merged by an offload and
 * handed over in part, what its outermost IP header says.
 */
static void
test_frame_octets(void **state)
{
	static const struct {
		uint16_t type; /* behind a VLAN tag where `tag` */
		bool tag;
		uint16_t length; /* of the IP packet, or of the payload */
		uint32_t decap;
		uint32_t frame_octets;
	} rows[] = {
		{0x0800, false, 65160, 0, 14 + 65160},
		{0x0800, true, 65160, 0, 18 + 65160},
		{0x86dd, false, 65120, 0, 14 + 40 + 65120},
		{0x86dd, true, 65120, PARSE_DECAP_ALL, 18 + 40 + 65120},
		{0x0800, false, 40, 0, 200}, /* padding is on the wire too */
		{0x86dd, false, 20, 0, 200},
		{0x0800, false, 0, 0, 200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f = {.length = 0};

		put_ethernet(&f, rows[i].tag ? 0x8100 : rows[i].type);
		if (rows[i].tag)
			put_vlan(&f, 7, rows[i].type);
		if (rows[i].type == 0x0800)
			put_ipv4(&f, 6, rows[i].length, 0, 0, 1);
		else
			put_ipv6(&f, 6, rows[i].length, 1);
		put_tcp(&f);
		put_zeros(&f, 200 - f.length);
		struct parse_fact fact = parse_exact(f.bytes, 200, 200, rows[i].decap);
		assert_int_equal(fact.result, DECODE_TCP);
		assert_int_equal(fact.frame_octets, rows[i].frame_octets);
	}
}

/* What a tunnel holds says nothing of the frame around it, and what is no IP nothing at all. */
static void
test_frame_octets_of_the_outermost_header(void **state)
{
	struct frame f = {.length = 0};

	(void)state;
	case_named("vxlan_in_a_first_fragment")->build(&f);
	struct parse_fact fact = parse_exact(f.bytes, f.length, f.length, PARSE_DECAP_ALL);
	assert_int_equal(fact.octets, 1400);
	assert_int_equal(fact.frame_octets, f.length);
	f.bytes[16] = 0x10; /* the outer header's total length */
	fact = parse_exact(f.bytes, f.length, f.length, PARSE_DECAP_ALL);
	assert_int_equal(fact.frame_octets, 14 + (0x1000 | f.bytes[17]));

	/* a jumbogram, as BIG TCP makes them; and one that no host can have sent */
	static const uint32_t payloads[] = {500000, UINT32_MAX};
	for (int i = 0; i < 2; i++) {
		struct frame jumbo = {.length = 0};
		put_ethernet(&jumbo, 0x86dd);
		put_ipv6(&jumbo, 0, 0, 1);
		put16(&jumbo, 0x0600);
		put16(&jumbo, 0xc204);
		put32(&jumbo, payloads[i]);
		put_tcp(&jumbo);
		fact = parse_exact(jumbo.bytes, jumbo.length, jumbo.length, 0);
		assert_int_equal(fact.result, DECODE_TCP);
		assert_int_equal(fact.frame_octets, i == 0 ? 14 + 40 + 500000 : jumbo.length);
	}

	struct frame arp = {.length = 0};
	put_ethernet(&arp, 0x0806);
	put_zeros(&arp, 46);
	fact = parse_exact(arp.bytes, arp.length, arp.length, 0);
	assert_int_equal(fact.frame_octets, 60);
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Frames of the table with some octets changed, cut anywhere: both ways agree (parse_exact checks
 * that), and no cut goes unnoticed. The seed is fixed: a failure comes again. */
static void
test_mutations(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		struct frame f = {.length = 0};
		const struct test_case *c = cases[next_random(&seed) % case_count];

		c->build(&f);
		for (uint64_t n = next_random(&seed) % 4; n > 0 && f.length > 0; n--)
			f.bytes[12 + next_random(&seed) % f.length] = (uint8_t)next_random(&seed);
		uint32_t decap = next_random(&seed) & 1 ? PARSE_DECAP_ALL : 0;
		struct parse_fact whole = parse_exact(f.bytes, f.length, f.length, decap);
		assert_true(whole.result < DECODE_RESULTS);
		size_t n = next_random(&seed) % (f.length + 1);
		struct parse_fact head = parse_exact(f.bytes, n, f.length, decap);
		if (!head.wants_more)
			assert_same_facts(&head, &whole);
	}
}

static void
test_decap_option(void **state)
{
	static const char *const bad[] = {"",          ",",       "gre,", ",gre",
					  "gre,,ipip", "GRE",     "gre ", "vxlan-",
					  "none,gre",  "all,gre", "gtp",  "vxlangpe"};
	uint32_t mask = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_decap_option(bad[i], &mask), -EINVAL);
		assert_int_equal(mask, 99);
	}
	assert_int_equal(parse_decap_option("none", &mask), 0);
	assert_int_equal(mask, 0);
	assert_int_equal(parse_decap_option("all", &mask), 0);
	assert_int_equal(mask, PARSE_DECAP_ALL);
	assert_int_equal(parse_decap_option("gre", &mask), 0);
	assert_int_equal(mask, T(GRE));
	assert_int_equal(parse_decap_option("vxlan-gpe,gre,gre,gtpu", &mask), 0);
	assert_int_equal(mask, T(VXLAN_GPE) | T(GRE) | T(GTPU));
	assert_int_equal(parse_decap_option(
				 "gre,erspan,ipip,vxlan,vxlan-gpe,geneve,gtpu,teredo,l2tp", &mask),
			 0);
	assert_int_equal(mask, PARSE_DECAP_ALL);
}

int
main(void)
{
	enum { FIXED = 6 }; /* tests that are no case of the table */
	static char names[2 * CASES_MAX][80];
	struct CMUnitTest tests[2 * CASES_MAX + FIXED] = {
		cmocka_unit_test(test_ipv4_mapped_stays_ipv6),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_frame_octets),
		cmocka_unit_test(test_frame_octets_of_the_outermost_header),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_decap_option),
	};

	collect(link_cases);
	collect(ip_cases);
	collect(tunnel_cases);
	for (size_t i = 0; i < case_count; i++) {
		struct CMUnitTest *t = tests + FIXED + 2 * i;

		snprintf(names[2 * i], sizeof(names[0]), "%s", cases[i]->name);
		snprintf(names[2 * i + 1], sizeof(names[0]), "%s, cut", cases[i]->name);
		/* cmocka's state is not const; the tests only read it */
		t[0] = (struct CMUnitTest){names[2 * i], test_case_facts, NULL, NULL,
					   (void *)(uintptr_t)cases[i]};
		t[1] = (struct CMUnitTest){names[2 * i + 1], test_case_cut, NULL, NULL,
					   (void *)(uintptr_t)cases[i]};
	}
	return _cmocka_run_group_tests("parse", tests, FIXED + 2 * case_count, NULL, NULL);
}
