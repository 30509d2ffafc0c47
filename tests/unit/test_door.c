/* SPDX-License-Identifier: BSD-3-Clause */
/* Which Host and which Origin come in. */
#include "door.h"
#include "unit.h"

static void
test_host_name(void **state)
{
	static const struct {
		const char *host, *name; /* NULL: malformed */
	} cases[] = {
		{"localhost", "localhost"},
		{"LocalHost:8080", "localhost"},
		{"wall.example.net.", "wall.example.net"},
		{"wall.example.net.:80", "wall.example.net"},
		{"192.0.2.1:8080", "192.0.2.1"},
		{"[::1]", "::1"},
		{"[2001:DB8::1]:8080", "2001:db8::1"},
		{"a_b", "a_b"},
		{"", NULL},
		{":80", NULL},
		{".", NULL},
		{"[]", NULL},
		{"[::1", NULL},
		{"[::1]x", NULL},
		{"::1", NULL},
		{"a:b", NULL},
		{"a:123456", NULL},
		{"a b", NULL},
		{"a/b", NULL},
		{"user@a", NULL},
		{"a,b", NULL},
		{"a%2eb", NULL},
		{"\xc3\xa4", NULL},
	};
	char name[256], longest[300];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int ret = door_host_name(cases[i].host, name);

		if ((ret == 0) != (cases[i].name != NULL))
			fail_msg("'%s' gives %d", cases[i].host, ret);
		if (ret == 0)
			assert_string_equal(name, cases[i].name);
	}
	memset(longest, 'a', sizeof(longest));
	longest[256] = 0;
	assert_int_not_equal(door_host_name(longest, name), 0);
	longest[255] = 0;
	assert_int_equal(door_host_name(longest, name), 0);
}

static void
test_knows_host(void **state)
{
	static const char *const more[] = {"wall.example.net", "[2001:db8::5]"};
	static const char *const any[] = {"*"};
	struct http_settings s = {.hosts = more, .host_count = 2, .host_name = "sensor.example"};
	static const struct {
		const char *host;
		int at_loopback, at_any, at_one; /* 127.0.0.1, 0.0.0.0, 192.0.2.7 */
	} cases[] = {
		{"localhost", 1, 1, 1},
		{"localhost:9000", 1, 1, 1},
		{"wall.localhost", 1, 1, 1},
		{"127.0.0.1:8080", 1, 1, 1},
		{"127.1.2.3", 1, 1, 1},
		{"[::1]:8080", 1, 1, 1},
		{"192.0.2.7", 0, 1, 1},
		{"192.0.2.8", 0, 1, 0},
		{"[2001:db8::1]", 0, 1, 0},
		{"[2001:db8::5]", 1, 1, 1},
		{"sensor.example", 1, 1, 1},
		{"SENSOR.example.:80", 1, 1, 1},
		{"sensor.local", 1, 1, 1},
		{"wall.example.net", 1, 1, 1},
		/* names of others, who may let them point here */
		{"evil.example", 0, 0, 0},
		{"localhost.evil.example", 0, 0, 0},
		{"127.0.0.1.evil.example", 0, 0, 0},
		{"sensor.evil.example", 0, 0, 0},
		{"wall.example.net.evil.example", 0, 0, 0},
		{"xlocalhost", 0, 0, 0},
		/* no IPv4 as inet_pton has it: a name */
		{"127.1", 0, 0, 0},
		{"2130706433", 0, 0, 0},
		{"", 0, 0, 0},
		{"*", 0, 0, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].host);
		assert_int_equal(door_knows_host(&s, "127.0.0.1", cases[i].host),
				 cases[i].at_loopback);
		assert_int_equal(door_knows_host(&s, "0.0.0.0", cases[i].host), cases[i].at_any);
		assert_int_equal(door_knows_host(&s, "192.0.2.7", cases[i].host), cases[i].at_one);
	}
	s = (struct http_settings){.hosts = any, .host_count = 1};
	assert_int_equal(door_knows_host(&s, "127.0.0.1", "evil.example"), 1);
	assert_int_equal(door_knows_host(&s, "127.0.0.1", "evil example"), 0);
	s.host_count = 0;
	assert_int_equal(door_knows_host(&s, "127.0.0.1", "sensor"), 0);
	assert_int_equal(door_knows_host(&s, "127.0.0.1", ".local"), 0);
}

static void
test_same_origin(void **state)
{
	(void)state;
	assert_int_equal(door_same_origin("http://localhost:8080", "localhost:8080"), 1);
	assert_int_equal(door_same_origin("https://WALL.example", "wall.example"), 1);
	assert_int_equal(door_same_origin("http://localhost:8081", "localhost:8080"), 0);
	assert_int_equal(door_same_origin("http://evil.example", "localhost"), 0);
	assert_int_equal(door_same_origin("null", "localhost"), 0);
	assert_int_equal(door_same_origin("", ""), 0);
}

static void
test_check_host(void **state)
{
	static const char *const good[] = {"*", "wall", "wall.example.net", "192.0.2.1", "[::1]"};
	static const char *const bad[] = {"",    "**", "*.example.net", "wall:8080", "a b",
					  "::1", "a/", "http://a",      "[::1]:80"};
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(http_check_host(good[i]), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (http_check_host(bad[i]) == 0)
			fail_msg("'%s' is taken", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_name),
		cmocka_unit_test(test_knows_host),
		cmocka_unit_test(test_same_origin),
		cmocka_unit_test(test_check_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
