/* SPDX-License-Identifier: BSD-3-Clause */
/* Each link: what stands before a packet is passed, what carries none says so, and any cut of it
 * is a runt. */
#include "by_batch.h"
#include "frame.h"
#include "parse.h"
#include "unit.h"

#include <errno.h>

#define SNAP      0xaa, 0xaa, 3, 0, 0, 0
#define ADDRESSES 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3
#define NONE      {0}, 0

/* A UDP packet behind `head` counts, as the family that is said. */
static const struct counted {
	const char *what;
	int number;     /* libpcap's */
	uint8_t family; /* 4 or 6 */
	uint8_t head[64];
	size_t length;
	size_t behind; /* octets behind the packet */
} counted[] = {
	{"raw, 4", 12, 4, NONE, 0},
	{"raw, 6", 12, 6, NONE, 0},
	{"raw of OpenBSD", 14, 4, NONE, 0},
	{"raw of a file", 101, 6, NONE, 0},
	{"IPv4", 228, 4, NONE, 0},
	{"IPv6", 229, 6, NONE, 0},
	{"null, little endian", 0, 4, {2, 0, 0, 0}, 4, 0},
	{"null, big endian", 0, 4, {0, 0, 0, 2}, 4, 0},
	{"null, NetBSD", 0, 6, {24, 0, 0, 0}, 4, 0},
	{"null, FreeBSD", 0, 6, {0, 0, 0, 28}, 4, 0},
	{"null, Darwin", 0, 6, {30, 0, 0, 0}, 4, 0},
	{"null, Linux", 0, 6, {10, 0, 0, 0}, 4, 0},
	{"loop", 108, 6, {0, 0, 0, 24}, 4, 0},
	{"cooked", 113, 4, {0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0}, 16, 0},
	{"cooked, 6", 113, 6, {0, 4, 0xff, 0xfe, 0, 0, [14] = 0x86, 0xdd}, 16, 0},
	{"cooked, VLAN", 113, 4, {[14] = 0x81, 0, 0, 7, 8, 0}, 20, 0},
	{"cooked, two tags", 113, 6, {[14] = 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x86, 0xdd}, 24, 0},
	{"cooked, MPLS", 113, 4, {[14] = 0x88, 0x47, 0, 1, 0x01, 64}, 20, 0},
	{"cooked, LLC", 113, 4, {[14] = 0, 4, SNAP, 8, 0}, 24, 0},
	{"cooked, PPPoE", 113, 4, {[14] = 0x88, 0x64, 0x11, 0, 0, 1, 0, 200, 0, 0x21}, 24, 0},
	{"cooked 2", 276, 4, {8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6}, 20, 0},
	{"cooked 2, VLAN", 276, 6, {0x81, 0, [20] = 0, 7, 0x86, 0xdd}, 24, 0},
	{"cooked, radiotap",
	 113,
	 4,
	 {[2] = 3, 0x23, [15] = 4, [18] = 8, [24] = 8, 1, [48] = SNAP, 8, 0},
	 56,
	 0},
	{"cooked 2, radiotap",
	 276,
	 4,
	 {0, 4, [8] = 3, 0x23, [22] = 8, [28] = 8, 1, [52] = SNAP, 8, 0},
	 60,
	 0},
	{"PPP", 9, 4, {0, 0x21}, 2, 0},
	{"PPP, short", 9, 4, {0x21}, 1, 0},
	{"PPP, address", 9, 6, {0xff, 3, 0, 0x57}, 4, 0},
	{"PPP, MPLS", 9, 4, {0xff, 3, 2, 0x81, 0, 1, 1, 64}, 8, 0},
	{"PPP that is Cisco's", 9, 4, {0x0f, 0, 8, 0}, 4, 0},
	{"PPP that is Cisco's, multicast", 9, 6, {0x8f, 0, 0x86, 0xdd}, 4, 0},
	{"PPP, HDLC", 50, 4, {0xff, 3, 0, 0x21}, 4, 2},
	{"PPP, Cisco", 50, 4, {0x0f, 0, 8, 0}, 4, 0},
	{"PPP, Cisco multicast", 50, 6, {0x8f, 0, 0x86, 0xdd}, 4, 0},
	{"C-HDLC", 104, 4, {0x0f, 0, 8, 0}, 4, 0},
	{"C-HDLC, 6", 104, 6, {0x0f, 0, 0x86, 0xdd}, 4, 0},
	{"C-HDLC, MPLS", 104, 4, {0x0f, 0, 0x88, 0x47, 0, 1, 1, 64}, 8, 0},
	{"PPPoE", 51, 4, {0x11, 0, 0, 1, 0, 200, 0, 0x21}, 8, 0},
	{"PPPoE, 6", 51, 6, {0x11, 0, 0, 1, 0, 200, 0, 0x57}, 8, 0},
	{"802.11", 105, 4, {8, 1, 0, 0, ADDRESSES, 0, 0, SNAP, 8, 0}, 32, 0},
	{"802.11, 6", 105, 6, {8, 2, 0, 0, ADDRESSES, 0x10, 0, SNAP, 0x86, 0xdd}, 32, 0},
	{"802.11, QoS", 105, 4, {0x88, 1, 0, 0, ADDRESSES, 0, 0, 5, 0, SNAP, 8, 0}, 34, 0},
	{"802.11, four addresses", 105, 4, {8, 3, [30] = SNAP, 8, 0}, 38, 0},
	{"802.11, four, QoS, HT", 105, 4, {0x88, 0x83, [36] = SNAP, 8, 0}, 44, 0},
	{"802.11, first fragment", 105, 4, {8, 5, 0, 0, ADDRESSES, 0x20, 1, SNAP, 8, 0}, 32, 0},
	{"802.11, VLAN", 105, 4, {8, 1, [24] = SNAP, 0x81, 0, 0, 7, 8, 0}, 36, 0},
	{"802.11, mesh", 105, 4, {0x88, 3, [31] = 1, 0, 0x1f, [38] = SNAP, 8, 0}, 46, 0},
	{"802.11, mesh, group", 105, 4, {0x88, 2, [25] = 1, 0, 9, [32] = SNAP, 8, 0}, 40, 0},
	{"802.11, mesh, an address",
	 105,
	 6,
	 {0x88, 3, [31] = 1, 1, 0x1f, [44] = SNAP, 0x86, 0xdd},
	 52,
	 0},
	{"802.11, mesh, two addresses",
	 105,
	 4,
	 {0x88, 3, [31] = 1, 2, 3, [50] = SNAP, 8, 0},
	 58,
	 0},
	{"radiotap", 127, 4, {0, 0, 8, 0, 0, 0, 0, 0, 8, 1, [32] = SNAP, 8, 0}, 40, 0},
	{"radiotap, FCS", 127, 4, {0, 0, 9, 0, 2, 0, 0, 0, 0x10, 8, 1, [33] = SNAP, 8, 0}, 41, 4},
	{"radiotap, clock, padded",
	 127,
	 4,
	 {0, 0, 17, 0, 3, 0, 0, 0, [16] = 0x20, 0x88, 1, [45] = SNAP, 8, 0},
	 53,
	 0},
	{"radiotap, two words, clock",
	 127,
	 4,
	 {0, 0, 25, 0, 3, 0, 0, 0x80, [24] = 0, 8, 1, [49] = SNAP, 8, 0},
	 57,
	 0},
	{"Token Ring", 6, 4, {0x10, 0x40, [14] = SNAP, 8, 0}, 22, 0},
	{"Token Ring, route",
	 6,
	 6,
	 {0x10, 0x40, [8] = 0x80, [14] = 0x06, [20] = SNAP, 0x86, 0xdd},
	 28,
	 0},
	{"FDDI", 10, 4, {0x54, [13] = SNAP, 8, 0}, 21, 0},
	{"ARCNET", 7, 4, {1, 2, 212, 0, 0, 1}, 6, 0},
	{"ARCNET, 6", 7, 6, {1, 2, 196, 0, 0, 1}, 6, 0},
	{"ARCNET, RFC 1051", 7, 4, {1, 2, 240}, 3, 0},
	{"ARCNET, exception", 7, 4, {1, 2, 212, 0xff, 0xff, 0xff, 0xff, 0, 0, 1}, 10, 0},
	{"ARCNET, first part", 7, 4, {1, 2, 212, 3, 0, 1}, 6, 0},
	{"ARCNET of Linux", 129, 4, {1, 2, 0, 0, 212, 0, 0, 1}, 8, 0},
	{"ARCNET of Linux, RFC 1051", 129, 4, {1, 2, 0, 0, 240}, 5, 0},
	{"IPoIB", 242, 4, {[40] = 8, 0}, 44, 0},
	{"IPoIB, 6", 242, 6, {[40] = 0x86, 0xdd}, 44, 0},
	{"PPI, Ethernet", 192, 4, {0, 0, 8, 0, 1, 0, 0, 0, [20] = 8, 0}, 22, 0},
	{"PPI, fields, 802.11",
	 192,
	 4,
	 {0, 0, 12, 0, 105, 0, 0, 0, [12] = 8, 1, [36] = SNAP, 8, 0},
	 44,
	 0},
	{"PPI, raw", 192, 6, {0, 0, 8, 0, 101}, 8, 0},
	{"PKTAP, raw", 258, 4, {16, 0, 0, 0, 1, 0, 0, 0, 12}, 16, 0},
	{"PKTAP, Ethernet", 258, 6, {12, 0, 0, 0, 1, 0, 0, 0, 1, [24] = 0x86, 0xdd}, 26, 0},
	{"NFLOG", 239, 4, {2, 0, 0, 0, 8, 0, 1, 0, 0, 8, 0, 0, 200, 0, 9, 0}, 16, 0},
	{"NFLOG, 6, a prefix",
	 239,
	 6,
	 {10, 0, 0, 5, 6, 0, 10, 0, 'a', 0, 0, 0, 200, 0, 9, 0},
	 16,
	 0},
	{"ERF, Ethernet", 197, 4, {[8] = 2, [14] = 0, 200, [30] = 8, 0}, 32, 0},
	{"ERF, extended",
	 197,
	 6,
	 {[8] = 0x82, [14] = 0, 200, [16] = 0x80, [46] = 0x86, 0xdd},
	 48,
	 0},
	{"ERF, PPP", 197, 4, {[8] = 1, [16] = 0xff, 3, 0, 0x21}, 20, 0},
	{"ERF, Cisco", 197, 4, {[8] = 1, [16] = 0x0f, 0, 8, 0}, 20, 0},
	{"ERF, IPv4", 197, 4, {[8] = 22}, 16, 0},
	{"ERF, IPv6", 197, 6, {[8] = 23}, 16, 0},
};

/* Nothing of these counts, and the result says why. */
static const struct refused {
	const char *what;
	int number;
	uint8_t result;
	uint16_t events;
	uint8_t head[48];
	size_t length;
} refused[] = {
	{"raw, no version", 101, DECODE_IPV4_VERSION, 0, {0x50}, 40},
	{"IPv6 alone", 229, DECODE_IPV6_VERSION, 0, {0x45}, 40},
	{"null, AppleTalk", 0, DECODE_NOT_IP, 0, {16, 0, 0, 0, 0x45}, 44},
	{"null, no family", 0, DECODE_NOT_IP, 0, {1, 2, 3, 4, 0x45}, 44},
	{"cooked, ARP", 113, DECODE_NOT_IP, 0, {[14] = 8, 6}, 44},
	{"cooked, CAN", 113, DECODE_NOT_IP, 0, {[14] = 0, 12}, 44},
	{"cooked 2, ARP", 276, DECODE_NOT_IP, 0, {8, 6}, 44},
	{"PPP, LCP", 9, DECODE_NOT_IP, 0, {0xff, 3, 0xc0, 0x21}, 44},
	{"C-HDLC, SLARP", 104, DECODE_NOT_IP, 0, {0x8f, 0, 0x80, 0x35}, 44},
	{"PPPoE, PADI", 51, DECODE_NOT_IP, 0, {0x11, 9, 0, 0, 0, 36, 0, 0x21, 0x45}, 44},
	{"802.11, beacon", 105, DECODE_NOT_IP, 0, {0x80}, 44},
	{"802.11, ACK", 105, DECODE_NOT_IP, 0, {0xd4}, 10},
	{"802.11, another version", 105, DECODE_NOT_IP, 0, {0x09}, 44},
	{"802.11, null data", 105, DECODE_NOT_IP, 0, {0x48, 1}, 24},
	{"802.11, encrypted", 105, DECODE_NOT_IP, 1 << EVENT_ENCRYPTED, {8, 0x41}, 44},
	{"802.11, later fragment",
	 105,
	 DECODE_NOT_IP,
	 1 << EVENT_LINK_FRAGMENT,
	 {8, 1, [22] = 1},
	 44},
	{"802.11, A-MSDU", 105, DECODE_NOT_IP, 1 << EVENT_AGGREGATED, {0x88, 1, [24] = 0x80}, 44},
	{"radiotap, another version", 127, DECODE_NOT_IP, 0, {1, 0, 8}, 44},
	{"radiotap, no length", 127, DECODE_NOT_IP, 0, {0, 0, 7}, 44},
	{"radiotap, no flags", 127, DECODE_NOT_IP, 0, {0, 0, 8, 0, 2}, 44},
	{"radiotap, no clock", 127, DECODE_NOT_IP, 0, {0, 0, 9, 0, 3}, 44},
	{"radiotap, words beyond",
	 127,
	 DECODE_NOT_IP,
	 0,
	 {0, 0, 12, 0, 2, 0, 0, 0x80, 0, 0, 0, 0x80},
	 44},
	{"radiotap, longer than the frame", 127, DECODE_RUNT, 0, {0, 0, 200}, 44},
	{"802.11, no mesh control",
	 105,
	 DECODE_NOT_IP,
	 0,
	 {0x88, 3, [31] = 1, 4, [38] = SNAP, 8, 0},
	 46},
	{"Token Ring, MAC", 6, DECODE_NOT_IP, 0, {0x10, 0x00, [14] = SNAP, 8, 0}, 44},
	{"Token Ring, empty route", 6, DECODE_NOT_IP, 0, {0x10, 0x40, [8] = 0x80, [14] = 1}, 44},
	{"FDDI, station management", 10, DECODE_NOT_IP, 0, {0x41, [13] = SNAP, 8, 0}, 44},
	{"ARCNET, ARP", 7, DECODE_NOT_IP, 0, {1, 2, 213, 0, 0, 1}, 44},
	{"ARCNET, later part",
	 7,
	 DECODE_NOT_IP,
	 1 << EVENT_LINK_FRAGMENT,
	 {1, 2, 212, 2, 0, 1},
	 44},
	{"IPoIB, ARP", 242, DECODE_NOT_IP, 0, {[40] = 8, 6}, 48},
	{"PPI in PPI", 192, DECODE_NOT_IP, 0, {0, 0, 8, 0, 192, 0, 0, 0, 0, 0, 8, 0, 192}, 44},
	{"PPI, unknown link", 192, DECODE_NOT_IP, 0, {0, 0, 8, 0, 0xff, 0xff, 0xff, 0xff}, 44},
	{"PPI, short", 192, DECODE_NOT_IP, 0, {0, 0, 7, 0, 1}, 44},
	{"PPI, longer than the frame", 192, DECODE_RUNT, 0, {0, 0, 200, 0, 1}, 44},
	{"PKTAP, no packet", 258, DECODE_NOT_IP, 0, {12, 0, 0, 0, 0, 0, 0, 0, 1}, 44},
	{"PKTAP, endless", 258, DECODE_RUNT, 0, {0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 1}, 44},
	{"NFLOG, bridge", 239, DECODE_NOT_IP, 0, {7, 0, 0, 0, 8, 0, 9, 0}, 44},
	{"NFLOG, field of no length", 239, DECODE_NOT_IP, 0, {2, 0, 0, 0, 3, 0, 1, 0}, 44},
	{"NFLOG, no payload", 239, DECODE_NOT_IP, 0, {2, 0, 0, 0, 8, 0, 1, 0}, 12},
	{"ERF, ATM", 197, DECODE_NOT_IP, 0, {[8] = 3}, 44},
	{"ERF, extensions without end",
	 197,
	 DECODE_RUNT,
	 0,
	 {[8] = 0x82, [16] = 0x80, [24] = 0x80, [32] = 0x80},
	 40},
	{"radiotap, bad FCS",
	 127,
	 DECODE_NOT_IP,
	 1 << EVENT_BAD_FCS,
	 {0, 0, 9, 0, 2, 0, 0, 0, 0x50, 8, 1},
	 48},
};

/* A copy that ends where the octets end, so that the sanitizer sees a read beyond. */
static struct parse_fact
parse_exact(int number, const uint8_t *bytes, size_t captured, size_t length)
{
	struct parse_options how = {.decap = 0};
	struct parse_fact fact, batch;
	uint8_t *copy = malloc(captured ? captured : 1);

	assert_non_null(copy);
	assert_int_equal(parse_link_of(number, &how.link), 0);
	if (captured > 0)
		memcpy(copy, bytes, captured);
	memset(&fact, 0xa5, sizeof(fact));
	parse_frame(copy, (uint32_t)captured, (uint32_t)length, &how, &fact);
	batch = by_batch(copy, captured, length, &how);
	free(copy);
	assert_int_equal(fact.result, batch.result);
	assert_int_equal(fact.events, batch.events);
	assert_int_equal(fact.octets, batch.octets);
	assert_int_equal(fact.wants_more, batch.wants_more);
	assert_memory_equal(&fact.src, &batch.src, sizeof(fact.src));
	return fact;
}

static void
test_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		const struct counted *c = &counted[i];
		const size_t ip = c->family == 4 ? 20 : 40;
		struct frame f = {.length = 0}, plain = {.length = 0};
		struct parse_fact fact, same;

		put(&f, c->head, c->length);
		put_ethernet(&plain, c->family == 4 ? 0x0800 : 0x86dd);
		for (struct frame *at = &f; at != NULL; at = at == &f ? &plain : NULL) {
			if (c->family == 4)
				put_ipv4(at, 17, 28, 0, 0, 1);
			else
				put_ipv6(at, 17, 8, 1);
			put_udp(at, 53, 53, 8);
		}
		put_zeros(&f, c->behind);

		fact = parse_exact(c->number, f.bytes, f.length, f.length);
		same = parse_exact(1, plain.bytes, plain.length, plain.length);
		assert_true_of(fact.result == DECODE_UDP, "%s: %s", c->what,
			       decode_result_name((enum decode_result)fact.result));
		assert_int_equal(fact.family, c->family);
		assert_int_equal(fact.octets, ip + 8);
		assert_int_equal(fact.events, 0);
		assert_int_equal(fact.frame_octets, f.length);
		assert_memory_equal(&fact.src, &same.src, sizeof(fact.src));
		assert_memory_equal(&fact.dst, &same.dst, sizeof(fact.dst));

		/* cut anywhere before the end of the IP header nothing counts, and it says so */
		for (size_t cut = 0; cut < c->length + ip; cut++) {
			fact = parse_exact(c->number, f.bytes, cut, cut);
			assert_true_of(fact.result > DECODE_UDP, "%s cut to %zu", c->what, cut);
			if (cut < c->length && cut > 0 && fact.result != DECODE_RUNT)
				assert_true_of(fact.result == DECODE_NOT_IP ||
						       fact.result == DECODE_IPV4_CUT,
					       "%s cut to %zu", c->what, cut);
			/* the head of a segmented packet asks for the rest */
			fact = parse_exact(c->number, f.bytes, cut, f.length);
			assert_true_of(fact.wants_more, "%s shown to %zu", c->what, cut);
		}
	}
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct refused *r = &refused[i];
		struct parse_fact fact = parse_exact(r->number, r->head, r->length, r->length);

		assert_true_of(fact.result == r->result && fact.events == r->events,
			       "%s: %s, events %x", r->what,
			       decode_result_name((enum decode_result)fact.result), fact.events);
	}
}

static void
test_runts(void **state)
{
	/* number, octets that the shortest header has */
	static const struct {
		int number;
		size_t header;
	} links[] = {{0, 4},   {9, 2},    {12, 1},  {50, 2},   {51, 6},   {101, 1},
		     {104, 4}, {105, 24}, {108, 4}, {113, 16}, {127, 32}, {276, 20}};
	const uint8_t zeros[32] = {0}, data[32] = {8, 1}, tap[32] = {0, 0, 8, [8] = 8, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		int n = links[i].number;
		const uint8_t *bytes = n == 105 ? data : n == 127 ? tap : zeros;

		for (size_t length = 0; length < links[i].header; length++)
			assert_true_of(parse_exact(n, bytes, length, length).result == DECODE_RUNT,
				       "link type %d, %zu octets", n, length);
	}
}

static void
test_table(void **state)
{
	uint8_t link = 77;

	(void)state;
	/* IEEE 802.15.4, USB, Bluetooth, and no number at all */
	for (const int *n = (const int[]){195, 189, 201, -1, 99999, -2}; *n != -2; n++) {
		assert_int_equal(parse_link_of(*n, &link), -ENOENT);
		assert_int_equal(link, 77);
	}
	for (int number = 0; number < 300; number++) {
		if (parse_link_of(number, &link) == 0)
			assert_string_not_equal(parse_link_name(link), "unknown");
	}
	for (uint8_t each = 0; each <= PARSE_LINK_WIFI_RADIOTAP; each++)
		assert_string_not_equal(parse_link_name(each), "unknown");
	assert_string_equal(parse_link_name(200), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_runts),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests_name("link_type", tests, NULL, NULL);
}
