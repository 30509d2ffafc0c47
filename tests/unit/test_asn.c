/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose networks are whose: files of either kind, what is wrong with one, and look-ups against a
 * list that is gone through and against libmaxminddb. */
#include "asn.h"
#include "locate.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>

static char said[LOCATE_ERROR_MAX];

static const char *
data(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("UNIT_DATA"), name);
	return path;
}

/* A file of that text; it stays until the test removes it. */
static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static struct asn_table *
read_text(const char *text)
{
	char path[] = "/tmp/asn-XXXXXX.csv";
	const char *const paths[] = {path};
	const int fd = mkstemps(path, 4);

	close(fd);
	write_file(path, text);
	said[0] = 0;
	struct asn_table *table = asn_open(paths, 1, NULL, said);
	unlink(path);
	return table;
}

static struct asn
find(const struct asn_table *table, const char *text)
{
	struct host_addr addr;
	enum addr_family family;
	size_t hint = dice_below(&(struct dice){(uint64_t)(uintptr_t)text}, 9);

	assert_int_equal(host_addr_parse(text, &addr, &family), 0);
	return asn_get(table, asn_find(table, &addr, family, &hint));
}

static void
assert_is(const struct asn_table *table, const char *address, uint32_t number, const char *name)
{
	const struct asn asn = find(table, address);

	assert_int_equal(asn.number, number);
	assert_string_equal(asn.name, name);
}

static void
test_a_csv(void **state)
{
	struct asn_table *t =
		read_text("1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"\n"
			  "1.0.4.0,1.0.7.255,38803,Gtelecom Pty Ltd\r\n"
			  "1.0.8.0,1.0.8.0,4294967295,\"the \"\"last\"\"\"\n"
			  "\n"
			  "1.0.9.0,1.0.9.255,0,nobody\n"
			  "1.0.10.0,1.0.10.255,13335,another name\n"
			  "2001::,2001::ffff:ffff:ffff:ffff:ffff:ffff,6939,M\xc3\xbcll\xff\n"
			  "255.255.255.255,255.255.255.255,7,\n"
			  "2a00::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,8,end");
	(void)state;

	if (t == NULL)
		fail_msg("%s", said);
	assert_is(t, "0.255.255.255", 0, "");
	assert_is(t, "1.0.0.0", 13335, "Cloudflare, Inc.");
	assert_is(t, "1.0.0.255", 13335, "Cloudflare, Inc.");
	assert_is(t, "1.0.1.0", 0, "");
	assert_is(t, "1.0.7.255", 38803, "Gtelecom Pty Ltd");
	assert_is(t, "1.0.8.0", 4294967295, "the \"last\"");
	assert_is(t, "1.0.8.1", 0, "");
	assert_is(t, "1.0.9.1", 0, "");
	assert_is(t, "1.0.10.1", 13335, "Cloudflare, Inc.");
	assert_is(t, "255.255.255.254", 0, "");
	assert_is(t, "255.255.255.255", 7, "");
	assert_is(t, "2001:0:ffff::1", 6939, "M\xc3\xbcll?");
	assert_is(t, "2001:1::", 0, "");
	assert_is(t, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8, "end");
	assert_is(t, "29ff::", 0, "");
	assert_string_equal(asn_file(t, 0)->attribution, "Networks by RouteViews and DB-IP");
	asn_unref(t);
	assert_int_equal(asn_find(NULL, &(struct host_addr){{0}}, ADDR_IPV4, &(size_t){0}), 0);
	assert_int_equal(asn_files(NULL), 0);
	asn_unref(NULL);
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *text, *line, *what;
	} cases[] = {
		{"hello\n", ":1: ", "two addresses"},
		{"1.0.0.0\n", ":1: ", "two addresses"},
		{"1.0.0.0,2001::,1,x\n", ":1: ", "of one family"},
		{"1.0.0.0,1.0.0.999,1,x\n", ":1: ", "two addresses"},
		{"1.0.0.0,1.0.0.9,1,x\n\n1.0.1.0,1.0.1.9,AS1,x\n", ":3: ", "no number"},
		{"1.0.0.0,1.0.0.9,4294967296,x\n", ":1: ", "no number"},
		{"1.0.0.0,1.0.0.9,99999999999999999999999,x\n", ":1: ", "no number"},
		{"1.0.0.0,1.0.0.9,1\n", ":1: ", "no number"},
		{"1.0.0.0,1.0.0.9,1,\"x\n", ":1: ", "quotes"},
		{"1.0.0.0,1.0.0.9,1,\"x\"y\n", ":1: ", "quotes"},
		{"1.0.0.9,1.0.0.0,1,x\n", ":1: ", "begins"},
		{"2.0.0.0,2.0.0.9,1,x\n1.0.0.0,1.0.0.1,2,y\n", ":2: ", "begins"},
		{"::2,::3,1,x\n::1,::3,1,x\n", ":2: ", "begins"},
	};
	const char *const missing[] = {"/nowhere/asn.csv"};
	char path[512];
	const char *const other[] = {path};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(read_text(cases[i].text));
		assert_int_equal(errno, EINVAL);
		if (strstr(said, cases[i].line) == NULL || strstr(said, cases[i].what) == NULL)
			fail_msg("%s: %s", cases[i].text, said);
	}
	assert_null(asn_open(missing, 1, NULL, said));
	assert_int_equal(errno, ENOENT);
	assert_null(asn_open(missing, 0, NULL, said));
	snprintf(path, sizeof(path), "%s", data("world4.mmdb"));
	assert_null(asn_open(other, 1, NULL, said));
	assert_non_null(strstr(said, "holds no numbers of networks"));
	snprintf(path, sizeof(path), "%s", data("loop6.mmdb"));
	assert_null(asn_open(other, 1, NULL, said));
	assert_non_null(strstr(said, "loop"));
}

/* In each other and over each other: of those that are there, the one that began last has it. */
static void
test_overlaps(void **state)
{
	enum { SPACE = 300, RANGES = 60 };
	struct dice dice = {31};
	(void)state;

	for (int round = 0; round < 300; round++) {
		const bool ipv6 = round % 2 != 0;
		uint32_t oracle[SPACE] = {0}, first = 0;
		char text[RANGES * 64], *at = text;
		size_t hint = 0;

		for (int i = 0; i < RANGES; i++) {
			const uint32_t last =
				first + dice_below(&dice, dice_below(&dice, 4) == 0 ? 90 : 9);
			const uint32_t number = 1 + dice_below(&dice, 5);

			if (last >= SPACE)
				break;
			for (uint32_t a = first; a <= last; a++)
				oracle[a] = number;
			at += ipv6 ? sprintf(at, "ffff::%x,ffff::%x,%u,x\n", first, last, number)
				   : sprintf(at, "255.255.%u.%u,255.255.%u.%u,%u,x\n",
					     (first + 65536 - SPACE) >> 8,
					     (first + 65536 - SPACE) & 255,
					     (last + 65536 - SPACE) >> 8,
					     (last + 65536 - SPACE) & 255, number);
			first += dice_below(&dice, 7);
		}
		struct asn_table *t = read_text(text);
		if (t == NULL)
			fail_msg("%s", said);
		for (uint32_t a = 0; a < SPACE; a++) {
			const uint32_t number = a + 65536 - SPACE;
			const uint8_t ipv4[4] = {255, 255, (uint8_t)(number >> 8), (uint8_t)number};
			uint8_t six[16] = {0xff, 0xff, [14] = (uint8_t)(a >> 8), [15] = (uint8_t)a};
			const struct host_addr addr =
				ipv6 ? host_addr_from_ipv6(six) : host_addr_from_ipv4(ipv4);
			const uint32_t who =
				asn_find(t, &addr, ipv6 ? ADDR_IPV6 : ADDR_IPV4, &hint);

			assert_int_equal(asn_get(t, who).number, oracle[a]);
		}
		asn_unref(t);
	}
}

/* Ranges by chance, some side by side, some with gaps; addresses by chance and in order. */
static void
test_like_a_list(void **state)
{
	enum { RANGES = 3000 };
	static struct {
		uint32_t first, last, number;
	} ranges[RANGES];
	struct dice dice = {77};
	char *text = malloc(RANGES * 100), *at = text;
	uint64_t next = 0;
	(void)state;

	for (size_t i = 0; i < RANGES; i++) {
		char a[46], b[46];

		ranges[i].first =
			(uint32_t)(next +
				   (dice_below(&dice, 3) == 0 ? dice_below(&dice, 100000) : 0));
		ranges[i].last = ranges[i].first + dice_below(&dice, 1000000);
		ranges[i].number = dice_below(&dice, 50);
		next = (uint64_t)ranges[i].last + 1;
		const uint32_t first = htonl(ranges[i].first), last = htonl(ranges[i].last);
		inet_ntop(AF_INET, &first, a, sizeof(a));
		inet_ntop(AF_INET, &last, b, sizeof(b));
		at += sprintf(at, "%s,%s,%u,name %u\n", a, b, ranges[i].number, ranges[i].number);
	}
	struct asn_table *t = read_text(text);
	if (t == NULL)
		fail_msg("%s", said);
	size_t hint = 0, follower = 0, i = 0;
	for (uint64_t address = 0; address < next + 1000; address += dice_below(&dice, 9000)) {
		const uint32_t addr = (uint32_t)address, wire = htonl(addr);
		const struct host_addr host = host_addr_from_ipv4((const uint8_t *)&wire);

		while (i < RANGES && ranges[i].last < addr)
			i++;
		const uint32_t number =
			i < RANGES && ranges[i].first <= addr ? ranges[i].number : 0;
		assert_int_equal(asn_get(t, asn_find(t, &host, ADDR_IPV4, &hint)).number, number);
		follower = dice_below(&dice, 8000);
		assert_int_equal(asn_get(t, asn_find(t, &host, ADDR_IPV4, &follower)).number,
				 number);
		/* its /20 is of one system where all of its addresses are */
		const uint32_t from = addr & ~UINT32_C(0xfff), to = addr | UINT32_C(0xfff);
		size_t k = 0;
		while (k < RANGES && ranges[k].last < from)
			k++;
		const uint32_t system =
			k < RANGES && ranges[k].first <= from ? ranges[k].number : 0;
		uint64_t covered = from;
		for (; k < RANGES && ranges[k].first <= covered && ranges[k].number == system &&
		       covered <= to;
		     k++)
			covered = (uint64_t)ranges[k].last + 1;
		const uint32_t base = htonl(from);
		const struct host_addr network = host_addr_from_ipv4((const uint8_t *)&base);
		assert_int_equal(asn_get(t, asn_find_network(t, &network, ADDR_IPV4, 20)).number,
				 covered > to ? system : 0);
	}
	asn_unref(t);
	free(text);
}

static uint32_t
by_library(const MMDB_s *mmdb, const char *text)
{
	MMDB_entry_data_s value;
	int gai, status;
	MMDB_lookup_result_s found = MMDB_lookup_string(mmdb, text, &gai, &status);

	assert_int_equal(gai, 0);
	if (status != MMDB_SUCCESS || !found.found_entry)
		return 0;
	if (MMDB_get_value(&found.entry, &value, "autonomous_system_number", NULL) ==
		    MMDB_SUCCESS &&
	    value.has_data)
		return value.uint32;
	if (MMDB_get_value(&found.entry, &value, "asn", NULL) == MMDB_SUCCESS && value.has_data &&
	    value.data_size > 3 && value.data_size < 13 && value.utf8_string[2] != 'x')
		return (uint32_t)strtoul(value.utf8_string + 2, NULL, 10);
	return 0;
}

static void
test_a_database(void **state)
{
	static const char *const some[] = {
		"5.0.255.255", "5.1.0.0",   "5.1.255.255",   "5.2.127.255",   "5.2.128.0",
		"5.3.0.255",   "5.3.1.0",   "5.4.1.1",       "5.5.5.4",       "5.5.5.5",
		"5.5.5.6",     "5.6.0.1",   "5.7.0.1",       "5.9.0.1",       "255.255.255.255",
		"2a00:1::5",   "2a00:2::1", "2a00:2:4000::", "2a00:2:8000::", "2a00:3::1",
		"2a00:3::2",   "::",        "ffff::",        "0.0.0.0"};
	const char *const path = data("asn.mmdb");
	const char *const paths[] = {path};
	struct dice dice = {5};
	MMDB_s mmdb;
	(void)state;

	assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &mmdb), MMDB_SUCCESS);
	struct asn_table *t = asn_open(paths, 1, NULL, said);
	if (t == NULL)
		fail_msg("%s", said);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_int_equal(find(t, some[i]).number, by_library(&mmdb, some[i]));
	for (int i = 0; i < 20000; i++) {
		char text[64];

		if (i % 2 == 0)
			snprintf(text, sizeof(text), "5.%u.%u.%u", dice_below(&dice, 11),
				 dice_below(&dice, 256), dice_below(&dice, 256));
		else
			snprintf(text, sizeof(text), "2a00:%x:%x::%x", dice_below(&dice, 5),
				 dice_below(&dice, 65536), dice_below(&dice, 3));
		assert_int_equal(find(t, text).number, by_library(&mmdb, text));
	}
	assert_is(t, "5.4.0.1", 64500, "Example Telecom");
	assert_is(t, "5.5.5.5", 4200000000, "Long Number");
	assert_is(t, "2a00:2::", 64501, "Sample, Inc.");
	asn_unref(t);
	MMDB_close(&mmdb);
}

/* The first file that has a family has all of it. */
static void
test_several_files(void **state)
{
	char four[] = "/tmp/asn4-XXXXXX.csv", six[] = "/tmp/asn6-XXXXXX.csv", path[512];
	(void)state;

	close(mkstemps(four, 4));
	close(mkstemps(six, 4));
	write_file(four, "5.1.0.0,5.1.0.255,1,one\n");
	write_file(six, "2a00:1::,2a00:1::ff,2,two\n");
	snprintf(path, sizeof(path), "%s", data("asn.mmdb"));
	const char *const paths[] = {four, path, six};
	struct asn_table *t = asn_open(paths, 3, NULL, said);

	if (t == NULL)
		fail_msg("%s", said);
	assert_is(t, "5.1.0.1", 1, "one");
	assert_is(t, "5.1.1.1", 0, "");
	assert_is(t, "2a00:1::1", 64500, "Example Telecom");
	assert_int_equal(asn_files(t), 3);
	assert_int_equal(asn_renewed(t), 0);
	write_file(six, "2a00:1::,2a00:1::ff,3,three\n2a00:2::,2a00:2::ff,3,three\n");
	assert_int_equal(asn_renewed(t), 4);
	unlink(four);
	unlink(six);
	assert_int_equal(asn_renewed(t), 0);
	asn_unref(t);
}

static void
network_is(struct locate *locate, const char *text, const char *expected, bool own)
{
	static size_t hints[2];
	struct host_addr addr;
	enum addr_family family;
	char what[160];

	assert_int_equal(host_addr_parse(text, &addr, &family), 0);
	const uint32_t place = locate_host(locate, &addr, family);
	const uint32_t number = locate_network(locate, &addr, family, place, hints);
	const struct place *network = locate_get(locate, number);
	if (number == PLACE_PRIVATE)
		snprintf(what, sizeof(what), "private");
	else if (number == PLACE_NONE)
		snprintf(what, sizeof(what), "none");
	else
		snprintf(what, sizeof(what), "%u %s", network->asn, network->city);
	assert_string_equal(what, expected);
	if (network != NULL) {
		assert_true(place_is_network(network));
		assert_false(network->has_position);
		assert_int_equal(network->own, own);
		assert_int_equal(locate_network(locate, &addr, family, place, hints), number);
	}
}

static void
test_networks_of_hosts(void **state)
{
	char four[512], path[512];
	struct networks own = {0};
	struct network ours;
	(void)state;

	snprintf(four, sizeof(four), "%s", data("world4.mmdb"));
	snprintf(path, sizeof(path), "%s", data("asn.mmdb"));
	const char *const paths[] = {four}, *const asn_paths[] = {path};
	struct locate_databases *databases = locate_databases_open(paths, 1, NULL, said);
	assert_non_null(databases);
	struct locate *locate = locate_create_from(locate_databases_ref(databases));
	assert_non_null(locate);
	network_is(locate, "5.1.0.1", "none", false); /* there is no such database */
	locate_destroy(locate);

	assert_int_equal(network_parse("5.2.0.0/16", &ours), 0);
	assert_int_equal(networks_add(&own, &ours), 0);
	locate_databases_set_own(databases, &own);
	locate_databases_set_asn(databases, asn_open(asn_paths, 1, NULL, said));
	locate = locate_create_from(databases);
	assert_non_null(locate);
	network_is(locate, "5.1.0.1", "64500 Example Telecom", false);
	network_is(locate, "5.2.0.1", "64500 Example Telecom", true);
	network_is(locate, "5.200.0.1", "0 ", false);
	network_is(locate, "10.0.0.1", "private", false);
	network_is(locate, "2002:0501:0001::1", "64500 Example Telecom", false);
	network_is(locate, "2002:0a00:0001::1", "private", false);
	network_is(locate, "64:ff9b::5.2.1.1", "64500 Example Telecom", true);
	network_is(locate, "2a00:1::1", "64500 Example Telecom", false);
	locate_destroy(locate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_csv),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_like_a_list),
		cmocka_unit_test(test_a_database),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_networks_of_hosts),
	};
	return cmocka_run_group_tests_name("asn", tests, NULL, NULL);
}
