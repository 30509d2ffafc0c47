/* SPDX-License-Identifier: BSD-3-Clause */
/* The encoders against printf and jansson. */
#include "buffer.h"
#include "failing.h"
#include "unit.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

static struct dice dice = {2026};

/* What stands in the buffer, as a text; empties it. */
static const char *
taken(struct buffer *b)
{
	static char text[4096];

	assert_false(b->failed);
	assert_true(b->length < sizeof(text));
	if (b->length > 0)
		memcpy(text, b->data, b->length);
	text[b->length] = 0;
	b->length = 0;
	return text;
}

static void
test_number(void **state)
{
	struct buffer b = {0};
	(void)state;

	for (int i = 0; i < 3000; i++) {
		uint64_t value = i < 64    ? UINT64_C(1) << i
				 : i < 84  ? (uint64_t)pow(10, i - 64)
				 : i < 104 ? (uint64_t)pow(10, i - 84) - 1
					   : dice_next(&dice) >> dice_below(&dice, 64);
		char text[24];

		snprintf(text, sizeof(text), "%" PRIu64, value);
		buffer_number(&b, value);
		assert_string_equal(taken(&b), text);
	}
	buffer_number(&b, 0);
	assert_string_equal(taken(&b), "0");
	buffer_number(&b, UINT64_MAX);
	assert_string_equal(taken(&b), "18446744073709551615");
	buffer_free(&b);
}

/* The shortest text that is within half a unit of the last place. */
static void
test_decimal(void **state)
{
	static const struct {
		double value;
		unsigned int decimals;
		const char *text;
	} cases[] = {
		{0, 3, "0"},
		{-0.0, 3, "0"},
		{-0.0004, 3, "0"},
		{0.0006, 3, "0.001"},
		{-0.0006, 3, "-0.001"},
		{1, 0, "1"},
		{1.5, 0, "2"},
		{0.4, 0, "0"},
		{180, 6, "180"},
		{-180, 6, "-180"},
		{50.1, 3, "50.1"},
		{50.11, 3, "50.11"},
		{50.109, 3, "50.109"},
		{50.1004, 3, "50.1"},
		{9.9996, 3, "10"},
		{-9.9996, 3, "-10"},
		{0.05, 2, "0.05"},
		{0.000001, 6, "0.000001"},
		{NAN, 3, "0"},
		{INFINITY, 3, "0"},
		{-INFINITY, 3, "0"},
		{1e12, 6, "1000000000000"},
	};
	struct buffer b = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_decimal(&b, cases[i].value, cases[i].decimals);
		assert_string_equal(taken(&b), cases[i].text);
	}
	for (int i = 0; i < 20000; i++) {
		unsigned int decimals = dice_below(&dice, 7);
		double value = ((double)(dice_next(&dice) >> 11) / 9007199254740992.0 - 0.5) *
			       pow(10, dice_below(&dice, 6));
		char printed[64], *end;

		buffer_decimal(&b, value, decimals);
		const char *text = taken(&b);
		double read = strtod(text, &end);
		assert_int_equal(*end, 0);
		/* as printf, but for ties that a binary fraction only seems to be */
		snprintf(printed, sizeof(printed), "%.*f", (int)decimals, value);
		double unit = pow(10, -(double)decimals);
		assert_true_of(fabs(read - value) <= unit * 0.5000001 &&
				       fabs(read - strtod(printed, NULL)) <= unit * 1.0000001,
			       "%.17g with %u decimals: %s", value, decimals, text);
		if (strchr(text, '.') != NULL)
			assert_true(text[strlen(text) - 1] != '0');
		assert_string_not_equal(text, "-0");
	}
	buffer_free(&b);
}

static void
test_json_string(void **state)
{
	struct buffer b = {0};
	(void)state;

	for (int i = 0; i < 5000; i++) {
		char text[256] = "";
		size_t used = 0;

		for (uint32_t n = dice_below(&dice, 40); n > 0; n--) {
			static const char *const pieces[] = {"\"",
							     "\\",
							     "<",
							     ">",
							     "/",
							     "\x7f",
							     "\xc3\xbc",
							     "\xe2\x80\xa8",
							     "\xf0\x9f\x8f\x94",
							     "</script>"};
			if (dice_below(&dice, 2))
				used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
							 pieces[dice_below(&dice, 10)]);
			else
				text[used++] = (char)(1 + dice_below(&dice, 126));
		}
		text[used] = 0;
		buffer_json_string(&b, text);
		assert_null(memchr(b.data, '<', b.length));
		for (size_t k = 0; k < b.length; k++)
			assert_true((unsigned char)b.data[k] >= 0x20);
		json_t *json = json_loadb(b.data, b.length, JSON_DECODE_ANY, NULL);
		assert_true_of(json != NULL, "%.*s", (int)b.length, b.data);
		assert_string_equal(json_string_value(json), text);
		json_decref(json);
		b.length = 0;
	}
	buffer_free(&b);
}

/* Grows by any steps, keeps what was there; after a failure nothing is put any more. */
static void
test_growth(void **state)
{
	struct buffer b = {0};
	static char expected[300000];
	size_t length = 0;
	(void)state;

	buffer_put(&b, "", 0);
	buffer_free(&b);
	buffer_free(&b);
	while (length < 250000) {
		char piece[9000];
		size_t n = dice_below(&dice, 3) ? dice_below(&dice, 20)
						: dice_below(&dice, sizeof(piece));

		memset(piece, (int)('a' + dice_below(&dice, 26)), n);
		memcpy(expected + length, piece, n);
		buffer_put(&b, piece, n);
		length += n;
		assert_int_equal(b.length, length);
	}
	assert_memory_equal(b.data, expected, length);
	failing_at(0);
	assert_false(buffer_room(&b, b.capacity));
	failing_at(-1);
	assert_true(b.failed);
	buffer_char(&b, 'x');
	buffer_text(&b, "more");
	buffer_number(&b, 1);
	buffer_decimal(&b, -1.5, 3);
	buffer_json_string(&b, "text");
	assert_int_equal(b.length, length);
	assert_memory_equal(b.data, expected, length);
	buffer_free(&b);
	assert_false(b.failed);
}

/* RFC 4180's quotes; and what a spreadsheet would run begins with an apostrophe. */
static void
test_csv_text(void **state)
{
	static const struct {
		const char *text, *sometimes, *always;
	} cells[] = {
		{"", "", "\"\""},
		{"Bonn", "Bonn", "\"Bonn\""},
		{"Washington, D.C.", "\"Washington, D.C.\"", "\"Washington, D.C.\""},
		{"a\"b", "\"a\"\"b\"", "\"a\"\"b\""},
		{"a\r\nb", "\"a\r\nb\"", "\"a\r\nb\""},
		{"=1+1", "\"'=1+1\"", "\"'=1+1\""},
		{"+49", "\"'+49\"", "\"'+49\""},
		{"-", "\"'-\"", "\"'-\""},
		{"@SUM(A1)", "\"'@SUM(A1)\"", "\"'@SUM(A1)\""},
		{"\t=1", "\"'\t=1\"", "\"'\t=1\""},
		{"a=1", "a=1", "\"a=1\""},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct buffer sometimes = {0}, always = {0};

		buffer_csv_text(&sometimes, cells[i].text, false);
		buffer_char(&sometimes, 0);
		assert_string_equal(sometimes.data, cells[i].sometimes);
		buffer_csv_text(&always, cells[i].text, true);
		buffer_char(&always, 0);
		assert_string_equal(always.data, cells[i].always);
		buffer_free(&sometimes);
		buffer_free(&always);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),      cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_json_string), cmocka_unit_test(test_growth),
		cmocka_unit_test(test_csv_text),
	};
	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
