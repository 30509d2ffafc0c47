/* SPDX-License-Identifier: BSD-3-Clause */
/* Sites: what a file says, what is wrong with one, and look-ups against a list that is gone
 * through. */
#include "sites.h"
#include "unit.h"

#include <errno.h>

static char said[LOCATE_ERROR_MAX];

static struct sites *
read_text(const char *text)
{
	char path[] = "/tmp/sites-XXXXXX";
	const int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	said[0] = 0;
	struct sites *sites = sites_read(path, said);
	unlink(path);
	return sites;
}

static uint32_t
find(const struct sites *sites, const char *text)
{
	struct host_addr addr;
	enum addr_family family;

	assert_int_equal(host_addr_parse(text, &addr, &family), 0);
	return sites_find(sites, &addr, family);
}

static const char *
name(const struct sites *sites, const char *text)
{
	const uint32_t site = find(sites, text);

	return site == 0 ? "" : sites_place(sites, site)->city;
}

static void
test_a_file(void **state)
{
	struct sites *sites = read_text("# ours\n"
					"\n"
					"10.1.0.0/16 = \"Frankfurt DC\", 50.11, 8.68, DE\r\n"
					"  10.1.7.0/24=\"M\xc3\xbcnchen, lab\" , -0.5 ,1e1\n"
					"10.1.7.9 = \"one host\", 90, -180, FR \n"
					"2001:db8::/48\t= \"Berlin\", 52.5, 13.4");
	(void)state;

	if (sites == NULL)
		fail_msg("%s", said);
	assert_int_equal(sites_count(sites), 4);
	assert_string_equal(name(sites, "10.1.0.0"), "Frankfurt DC");
	assert_string_equal(name(sites, "10.1.255.255"), "Frankfurt DC");
	assert_string_equal(name(sites, "10.1.7.8"), "M\xc3\xbcnchen, lab");
	assert_string_equal(name(sites, "10.1.7.9"), "one host");
	assert_string_equal(name(sites, "10.1.7.10"), "M\xc3\xbcnchen, lab");
	assert_string_equal(name(sites, "10.1.8.0"), "Frankfurt DC");
	assert_string_equal(name(sites, "10.2.0.0"), "");
	assert_string_equal(name(sites, "10.0.255.255"), "");
	assert_string_equal(name(sites, "2001:db8:0:ffff::1"), "Berlin");
	assert_string_equal(name(sites, "2001:db8:1::"), "");
	assert_string_equal(name(sites, "::ffff:10.1.0.1"),
			    ""); /* another host than the IPv4 one */
	const struct place *place = sites_place(sites, find(sites, "10.1.7.9"));
	assert_true(place->latitude == 90 && place->longitude == -180);
	assert_string_equal(place->country, "FR");
	assert_string_equal(place_precision(place), "site");
	assert_true(place->has_position && !place->own && place->number == 0);
	place = sites_place(sites, find(sites, "10.1.7.8"));
	assert_true(place->latitude == -0.5 && place->longitude == 10);
	assert_string_equal(place->country, "");
	sites_free(sites);
	sites = read_text("# none\n");
	assert_non_null(sites);
	assert_int_equal(sites_count(sites), 0);
	assert_int_equal(find(sites, "10.1.0.0"), 0);
	sites_free(sites);
	assert_int_equal(find(NULL, "10.1.0.0"), 0);
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *text, *says;
	} all[] = {
		{"10.1.0.0/16 \"x\", 1, 2\n", ":1: there is no ="},
		{"# a\n\n10.1.0.1/16 = \"x\", 1, 2\n", ":3: 10.1.0.1/16 has bits set behind its "
						       "prefix: the network is 10.1.0.0/16"},
		{"10.1.0/16 = \"x\", 1, 2\n", ":1: '10.1.0/16' is no network"},
		{" = \"x\", 1, 2\n", ":1: '' is no network"},
		{"10.1.0.0/16 = x, 1, 2\n", "quotation marks"},
		{"10.1.0.0/16 = \"x, 1, 2\n", "no end"},
		{"10.1.0.0/16 = \"\", 1, 2\n", "from 1 to 127 octets"},
		{"10.1.0.0/16 = \"\xff\", 1, 2\n", "UTF-8"},
		{"10.1.0.0/16 = \"a\tb\", 1, 2\n", "control character"},
		{"10.1.0.0/16 = \"x\"\n", "the latitude is missing"},
		{"10.1.0.0/16 = \"x\", , 2\n", "the latitude is missing"},
		{"10.1.0.0/16 = \"x\", 91, 2\n", "the latitude is to be from -90 to 90"},
		{"10.1.0.0/16 = \"x\", nan, 2\n", "the latitude is missing"},
		{"10.1.0.0/16 = \"x\", -inf, 2\n", "the latitude is to be from -90 to 90"},
		{"10.1.0.0/16 = \"x\", 1\n", "the longitude is missing"},
		{"10.1.0.0/16 = \"x\", 1, 2 3\n", "'3' behind the longitude"},
		{"10.1.0.0/16 = \"x\", 1, 181\n", "the longitude is to be from -180 to 180"},
		{"10.1.0.0/16 = \"x\", 1, 2, Germany\n", "'Germany' is no country"},
		{"10.1.0.0/16 = \"x\", 1, 2, de\n", "'de' is no country"},
		{"10.1.0.0/16 = \"x\", 1, 2\n10.0.0.0/8 = \"y\", 1, 2\n10.1.0.0/16 = \"z\", 1, 2\n",
		 ":3: 10.1.0.0/16 has a site in line 1 already"},
	};
	char line[2048];
	(void)state;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_null(read_text(all[i].text));
		assert_int_equal(errno, EINVAL);
		if (strstr(said, all[i].says) == NULL)
			fail_msg("%s: %s", all[i].text, said);
	}
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	assert_null(read_text(line));
	assert_non_null(strstr(said, "longer than"));
	assert_null(sites_read("/tmp", said));
	assert_int_equal(errno, EISDIR);
	assert_null(sites_read("/nonexistent/sites", said));
	assert_int_equal(errno, ENOENT);
}

/* -- against a list */

#define NETWORKS 300

static struct network networks[NETWORKS];
static size_t count;

static struct host_addr
any_address(struct dice *dice, uint32_t family)
{
	struct host_addr addr;

	/* few octets are not 0, so that networks lie in each other and addresses in networks */
	for (int i = 0; i < 16; i++)
		addr.bytes[i] = dice_below(dice, 3) == 0 ? (uint8_t)(dice_below(dice, 3) * 127) : 0;
	if (family == ADDR_IPV4)
		addr = host_addr_from_ipv4(addr.bytes + 12);
	return addr;
}

static bool
is_in(const struct network *n, const struct host_addr *addr, uint32_t family)
{
	const unsigned int bits = n->bits + (family == ADDR_IPV4 ? 96 : 0);

	if (n->family != family)
		return false;
	for (unsigned int i = 0; i < bits; i++) {
		if ((n->addr.bytes[i / 8] ^ addr->bytes[i / 8]) & 0x80 >> i % 8)
			return false;
	}
	return true;
}

/* The place among the networks, as text; "" */
static const char *
longest(const struct host_addr *addr, uint32_t family, char text[NETWORK_TEXT])
{
	const struct network *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (is_in(&networks[i], addr, family) &&
		    (best == NULL || networks[i].bits > best->bits))
			best = &networks[i];
	}
	return best == NULL ? "" : network_text(best, text);
}

static void
check(const struct sites *sites, const struct host_addr *addr, uint32_t family)
{
	char want[NETWORK_TEXT];
	const uint32_t site = sites_find(sites, addr, family);

	assert_string_equal(site == 0 ? "" : sites_place(sites, site)->city,
			    longest(addr, family, want));
}

static void
test_longest_prefix_wins(void **state)
{
	struct dice dice = {7};
	static char text[NETWORKS * 160];
	(void)state;

	for (int round = 0; round < 20; round++) {
		size_t used = 0;

		count = 0;
		text[0] = 0;
		for (int i = 0; i < NETWORKS; i++) {
			const uint32_t family = dice_below(&dice, 2) ? ADDR_IPV4 : ADDR_IPV6;
			char one[NETWORK_TEXT];
			struct network *n = &networks[count];

			*n = (struct network){any_address(&dice, family), family,
					      dice_below(&dice, family == ADDR_IPV4 ? 33 : 129)};
			for (unsigned int bit = n->bits + (family == ADDR_IPV4 ? 96 : 0); bit < 128;
			     bit++)
				n->addr.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
			network_text(n, one);
			bool there = false;
			for (size_t k = 0; k < count; k++)
				there |= networks[k].family == family &&
					 networks[k].bits == n->bits &&
					 memcmp(&networks[k].addr, &n->addr, 16) == 0;
			if (there)
				continue;
			count++;
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "%s = \"%s\", 1, 2\n", one, one);
		}
		struct sites *sites = read_text(text);
		if (sites == NULL)
			fail_msg("%s", said);
		for (int i = 0; i < 3000; i++) {
			const uint32_t family = dice_below(&dice, 2) ? ADDR_IPV4 : ADDR_IPV6;
			const struct host_addr addr = any_address(&dice, family);

			check(sites, &addr, family);
		}
		/* where nothing splits, all is as its first address; at the ends of each network */
		for (size_t i = 0; i < count; i++) {
			const struct network *n = &networks[i];
			struct host_addr last = n->addr;

			for (unsigned int bit = n->bits + (n->family == ADDR_IPV4 ? 96 : 0);
			     bit < 128; bit++)
				last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			check(sites, &n->addr, n->family);
			check(sites, &last, n->family);
			bool inner = false;
			for (size_t k = 0; k < count; k++)
				inner |= networks[k].bits > n->bits &&
					 is_in(n, &networks[k].addr, networks[k].family);
			if (!inner)
				assert_false(sites_split(sites, &n->addr, n->family, n->bits));
			if (sites_find(sites, &n->addr, n->family) !=
			    sites_find(sites, &last, n->family))
				assert_true(sites_split(sites, &n->addr, n->family, n->bits));
		}
		sites_free(sites);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_longest_prefix_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
