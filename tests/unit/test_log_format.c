/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of the log as they are written: valid whatever the message holds. */
#include "log_format.h"
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>

static char out[LOG_RENDERED_MAX + 1];

static size_t
render(enum log_format format, const char *message, const char *id)
{
	const struct log_entry e = {.time_ms = 1700000000123,
				    .priority = 4,
				    .area = "run",
				    .id = id,
				    .message = message};
	size_t length = log_render(&e, format, out);

	assert_true(length <= LOG_RENDERED_MAX);
	out[length] = 0;
	return length;
}

static void
test_text(void **state)
{
	(void)state;
	render(LOG_FORMAT_TEXT, "a line", NULL);
	assert_string_equal(out, "packet-heatmap: a line\n");
	render(LOG_FORMAT_PREFIX, "two\n<0>lines", NULL);
	assert_string_equal(out, "<4>packet-heatmap: two <0>lines\n");
	out[log_render(&(struct log_entry){.program = "ours", .area = "run", .message = "a line"},
		       LOG_FORMAT_TEXT, out)] = 0;
	assert_string_equal(out, "ours: a line\n");
}

static void
is_message(const char *message, const char *expected)
{
	size_t length = render(LOG_FORMAT_JSON, message, NULL);

	assert_ptr_equal(strchr(out, '\n'), out + length - 1); /* one line, and whole */
	json_t *o = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "message")), expected);
	json_decref(o);
}

static void
test_json(void **state)
{
	(void)state;
	render(LOG_FORMAT_JSON, "a \"b\"\\", "00112233445566778899aabbccddeeff");
	assert_string_equal(
		out,
		"{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warning\",\"area\":\"run\","
		"\"message_id\":\"00112233445566778899aabbccddeeff\",\"message\":\"a "
		"\\\"b\\\"\\\\\"}\n");
	is_message("", "");
	is_message("\x01\t\n\r\x7f", "\x01\t\n\r\x7f");
	is_message("S\xc3\xa3o \xe6\x97\xa5 \xf0\x9f\x8c\x8d",
		   "S\xc3\xa3o \xe6\x97\xa5 \xf0\x9f\x8c\x8d");
#define BAD "\xef\xbf\xbd"
	is_message("\xff", BAD);
	is_message("\xc3", BAD);                 /* cut */
	is_message("\xc0\xaf", BAD BAD);         /* overlong */
	is_message("\xe0\x80\x80", BAD BAD BAD); /* overlong */
	is_message("\xed\xa0\x80", BAD BAD BAD); /* a surrogate */
	is_message("\xf4\x90\x80\x80", BAD BAD BAD BAD);
	is_message("\xf0\x9f\x8c", BAD BAD BAD);
	is_message("\xe2\x82x", BAD BAD "x");
}

/* Every pair of octets, and octets without end. */
static void
test_json_of_anything(void **state)
{
	static char message[6145];
	(void)state;

	for (int a = 1; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			const char pair[] = {(char)a, (char)b, 0};

			render(LOG_FORMAT_JSON, pair, NULL);
			json_t *o = json_loads(out, 0, NULL);
			if (o == NULL)
				fail_msg("%02x %02x: %s", a, b, out);
			json_decref(o);
		}
	}
	for (int c = 1; c < 256; c++) {
		memset(message, c, sizeof(message) - 1);
		size_t length = render(LOG_FORMAT_JSON, message, NULL);
		json_t *o = json_loads(out, 0, NULL);

		assert_non_null(o);
		assert_int_equal(out[length - 1], '\n');
		json_decref(o);
	}
}

static void
test_journal(void **state)
{
	static const char expected[] = "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n"
				       "PRIORITY\n\x01\0\0\0\0\0\0\0"
				       "4\nSYSLOG_IDENTIFIER\n\x0e\0\0\0\0\0\0\0packet-heatmap\n"
				       "PACKET_HEATMAP_AREA\n\x03\0\0\0\0\0\0\0run\n";
	(void)state;

	assert_int_equal(render(LOG_FORMAT_JOURNAL, "a\nb", NULL), sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(log_format_parse("auto"), LOG_FORMAT_AUTO);
	assert_int_equal(log_format_parse("json"), LOG_FORMAT_JSON);
	assert_int_equal(log_format_parse("journal"), LOG_FORMAT_JOURNAL);
	assert_int_equal(log_format_parse("prefix"), -1);
	assert_int_equal(log_format_parse(""), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),    cmocka_unit_test(test_json),
		cmocka_unit_test(test_journal), cmocka_unit_test(test_json_of_anything),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
