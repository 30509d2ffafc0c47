/* SPDX-License-Identifier: BSD-3-Clause */
/* What request headers and the --listen text say. */
#include "http.h"
#include "unit.h"

#include <errno.h>

static void
test_accepts_gzip(void **state)
{
	static const struct {
		const char *header;
		int gzip;
	} cases[] = {
		{NULL, 0},
		{"", 0},
		{"gzip", 1},
		{"GZip", 1},
		{"x-gzip", 1},
		{"gzip, deflate, br", 1},
		{"deflate,gzip", 1},
		{"deflate , \tgzip", 1},
		{"deflate", 0},
		{"identity", 0},
		{"*", 1},
		{"*;q=0", 0},
		{"*;q=0, gzip", 1},
		{"gzip;q=0, *", 0},
		{"*, gzip;q=0", 0},
		{"gzip;q=0", 0},
		{"gzip; q=0", 0},
		{"gzip ;Q=0.000", 0},
		{"gzip;q=0.001", 1},
		{"gzip;q=1.000", 1},
		{"gzip;level=9;q=0", 0},
		{"gzip;;q=0", 0},
		{"gzip; ;q=0", 0},
		{"gzip;level=9", 1},
		/* the next coding's weight is its own */
		{"gzip, br;q=0", 1},
		{"gzip;q=1, br;q=0", 1},
		{"br;q=1, gzip;q=0", 0},
		/* a name that only begins or ends so */
		{"gzipped", 0},
		{"agzip", 0},
		{"x-gzip2", 0},
		/* malformed */
		{",,,", 0},
		{", ,gzip", 1},
		{";q=0", 0},
		{";", 0},
		{"gzip;", 1},
		{"gzip;q", 1},
		{"gzip,", 1},
		{"gzip;x=\"q=0\"", 1},
		{"gzip;seq=0", 1},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true_of(http_accepts_gzip(cases[i].header) == cases[i].gzip,
			       "Accept-Encoding: %s", cases[i].header ? cases[i].header : "(none)");
}

static void
test_etag_matches(void **state)
{
	static const struct {
		const char *header;
		int matches;
	} cases[] = {
		{NULL, 0},
		{"", 0},
		{"\"a1-7-h\"", 1},
		{"W/\"a1-7-h\"", 1},
		{"*", 1},
		{" \t\"a1-7-h\" ", 1},
		{"\"x\", \"a1-7-h\"", 1},
		{"\"x\",\"y\" , W/\"a1-7-h\",\"z\"", 1},
		/* another encoding is another representation, with a tag of its own */
		{"\"a1-7-h-gz\"", 0},
		{"W/\"a1-7-h-gz\"", 0},
		{",,\"a1-7-h\"", 1},
		/* a comma may stand inside a tag */
		{"\"x,y\", \"a1-7-h\"", 1},
		{"\"x, \"a1-7-h\"\"", 0},
		/* others, longer and shorter ones */
		{"\"a1-7-\"", 0},
		{"\"a1-7-h2\"", 0},
		{"\"a1-7-h-g\"", 0},
		{"\"a1-7-h-gzz\"", 0},
		{"\"a1-7-h-br\"", 0},
		{"\"-gz\"", 0},
		{"\"\"", 0},
		{"\"A1-7-H\"", 0},
		{"w/\"x\"", 0},
		/* not quoted, or not closed */
		{"a1-7-h", 0},
		{"\"a1-7-h", 0},
		{"\"", 0},
		{"W/", 0},
		{"W/a1-7-h", 0},
		{"x\"a1-7-h\"", 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true_of(http_etag_matches(cases[i].header, "a1-7-h") == cases[i].matches,
			       "If-None-Match: %s", cases[i].header ? cases[i].header : "(none)");
}

static void
test_choose(void **state)
{
	static const char *const types[] = {
		"text/plain; version=0.0.4; charset=utf-8",
		"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	static const struct {
		const char *accept;
		int chosen;
	} cases[] = {
		{NULL, 0},
		{"", 0},
		{" \t", 0},
		{"*/*", 0},
		{"text/plain", 0},
		{"TEXT/Plain", 0},
		{"text/*", 0},
		{"application/*", 1},
		{"application/openmetrics-text", 1},
		{"application/openmetrics-text;version=1.0.0", 1},
		{"*/*, application/openmetrics-text", 1},
		/* weights, and what says more counts before what says less */
		{"application/openmetrics-text;q=0.5, text/plain", 0},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.4", 1},
		{"application/openmetrics-text;version=1.0.0;q=0.5,text/"
		 "plain;version=0.0.4;q=0.2,*/*;q=0.1",
		 1},
		{"application/openmetrics-text;q=0, */*", 0},
		{"*/*, text/plain;q=0", 1},
		{"text/plain;q=0.2, text/*;q=0.9, application/openmetrics-text;q=0.5", 1},
		{"text/html, */*;q=0.8", 0},
		{"text/plain, application/openmetrics-text", 0},
		/* neither will do */
		{"image/png", -1},
		{"text/html", -1},
		{"*/*;q=0", -1},
		{"text/plain;q=0, application/openmetrics-text;q=0.0", -1},
		/* a type whose name only begins so, and what is no weight */
		{"text/plainly", -1},
		{"application/openmetrics-text2, text/plain", 0},
		{"text/plain;q=2", -1},
		{"text/plain;q=x", -1},
		{",,text/plain", 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true_of(http_choose(cases[i].accept, types, 2) == cases[i].chosen,
			       "Accept: %s", cases[i].accept ? cases[i].accept : "(none)");
}

static void
test_parse_listen(void **state)
{
	static const struct {
		const char *text, *address; /* address: NULL where it is refused */
		unsigned int port;
	} cases[] = {
		{"127.0.0.1:8080", "127.0.0.1", 8080},
		{"8080", "127.0.0.1", 8080},
		{"localhost:80", "127.0.0.1", 80},
		{"*:1", "0.0.0.0", 1},
		{"0.0.0.0:65535", "0.0.0.0", 65535},
		{"192.0.2.1:00080", "192.0.2.1", 80},
		{"127.0.0.1:0", "127.0.0.1", 0},
		{"", NULL, 0},
		{":", NULL, 0},
		{":8080", NULL, 0},
		{"127.0.0.1", NULL, 0},
		{"127.0.0.1:", NULL, 0},
		{"127.0.0.1:65536", NULL, 0},
		{"127.0.0.1:99999999999999999999999", NULL, 0},
		{"127.0.0.1:80x", NULL, 0},
		{"127.0.0.1:+80", NULL, 0},
		{"127.0.0.1:-80", NULL, 0},
		{"127.0.0.1: 80", NULL, 0},
		{"127.0.0.1:80 ", NULL, 0},
		{"127.1:80", NULL, 0},
		{"1.2.3.256:80", NULL, 0},
		{"example.net:80", NULL, 0},
		{"[::1]:80", NULL, 0},
		{"::1:80", NULL, 0},
		{"127.0.0.1:80:80", NULL, 0},
		{"1111111111111111111111111111111111111111111111111111111111111111:80", NULL, 0},
		{"8080,127.0.0.1:81", NULL, 0},
		{"127.0.0.1:80s", NULL, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char address[64] = "";
		uint16_t port = 0;
		int ret = http_parse_listen(cases[i].text, address, &port);

		assert_true_of(ret == (cases[i].address ? 0 : -EINVAL), "--listen %s",
			       cases[i].text);
		if (ret == 0) {
			assert_string_equal(address, cases[i].address);
			assert_int_equal(port, cases[i].port);
		}
	}
}

/* Headers that end anywhere: read no octet behind them (the sanitizer looks), and end. */
static void
test_cut_and_random(void **state)
{
	static const char letters[] = "gzip*;q=0.1, \t\"W/a1-7-h";
	struct dice dice = {99};
	(void)state;

	for (int round = 0; round < 20000; round++) {
		size_t n = dice_below(&dice, 24);
		char *text = malloc(n + 1);

		assert_non_null(text);
		for (size_t i = 0; i < n; i++)
			text[i] = letters[dice_below(&dice, sizeof(letters) - 1)];
		text[n] = 0;
		int gzip = http_accepts_gzip(text), etag = http_etag_matches(text, "a1-7-h");
		assert_true(gzip == 0 || gzip == 1);
		assert_true(etag == 0 || etag == 1);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_gzip),   cmocka_unit_test(test_etag_matches),
		cmocka_unit_test(test_choose),         cmocka_unit_test(test_parse_listen),
		cmocka_unit_test(test_cut_and_random),
	};
	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
