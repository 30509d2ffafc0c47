/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of a picture as such: who has them, for how long, their ETags, and a want of memory. */
#include "failing.h"
#include "text_world.h"

#include <errno.h>

#define VIEWS (WINDOWS * SIDES)

static void
test_etags(void **state)
{
	const char *seen[4 * TEXT_KINDS_MAX * VIEWS];
	struct picture *pictures[4];
	struct world w;
	size_t n = 0;
	(void)state;

	world_begin(&w, "world4", NULL);
	add_by_chance(&w, 20);
	pictures[0] = make_picture(&w);
	w.facts.record.number++;
	pictures[1] = try_picture(&w);
	w.facts.sums.started_ms++; /* another process that has come as far */
	pictures[2] = try_picture(&w);
	w.facts.ui_build = "ba9876543210";
	pictures[3] = try_picture(&w);
	for (int i = 0; i < 4; i++) {
		for (int at = 0; text_format((enum text_kind)(at / VIEWS)) != NULL; at++) {
			const enum text_kind kind = (enum text_kind)(at / VIEWS);
			const struct view view = {(enum window)(at % WINDOWS),
						  (enum side)(at / WINDOWS % SIDES)};
			const struct text *text = text_get(pictures[i], kind, view);

			assert_non_null(text);
			/* made once */
			assert_ptr_equal(text, text_get(pictures[i], kind, view));
			assert_null(strpbrk(text->etag, "\" \t,\\"));
			if (!text_format(kind)->by_view && at % VIEWS > 0)
				continue;
			for (size_t k = 0; k < n; k++)
				assert_string_not_equal(text->etag, seen[k]);
			seen[n++] = text->etag;
		}
	}
	for (int i = 0; i < 4; i++)
		picture_release(pictures[i]);
	world_end(&w);
}

/* Who sends it slowly holds the text, and not the picture: AddressSanitizer sees what is left. */
static void
test_a_text_outlives_its_picture(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 100);
	struct picture *s = make_picture(&w);
	struct text *first = text_take(s, TEXT_GEOJSON, all_of(WINDOW_NOW));
	struct text *second = text_take(s, TEXT_GEOJSON, all_of(WINDOW_NOW));

	assert_ptr_equal(first, second);
	picture_release(s);
	world_end(&w);
	assert_non_null(strstr(first->plain, "FeatureCollection"));
	text_free(first);
	assert_int_equal(second->plain[second->length - 1], '\n');
	text_free(second);
}

static void
test_time(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1767225610001, "2026-01-01T00:00:10.001Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{253402300800000, "1970-01-01T00:00:00.000Z"},
		{INT64_MAX, "1970-01-01T00:00:00.807Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000, "1969-12-31T23:59:59.000Z"},
		{INT64_MIN + 1000, "1970-01-01T00:00:00.192Z"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		time_text(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void *
wrapped_malloc(size_t size)
{
	return malloc(size);
}

/*
 * Each allocation fails once, then all from it on, jansson's too (one alone jansson 2.14 may pass
 * over: it forgets to ask whether a key could be written). What comes is NULL or sound JSON, and
 * nothing leaks.
 */
static void
test_no_memory(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, "world4", NULL);
	add_by_chance(&w, 4);
	picture_release(make_picture(&w));
	for (int for_good = 0; for_good < 2; for_good++) {
		bool failed = true;

		if (for_good)
			json_set_alloc_funcs(wrapped_malloc, free);

		for (long n = 0; failed; n += 1 + n / 40) {
			struct host_list total = {0};
			char *place = NULL;

			assert_int_equal(host_list_reserve(&total, w.hosts.count), 0);
			memcpy(total.rows, w.hosts.rows, w.hosts.count * sizeof(*total.rows));
			total.count = w.hosts.count;
			(for_good ? failing_from : failing_at)(n);
			struct picture *s = picture_create(&w.facts, w.heat, w.locate, &total,
							   &w.hosts, all_of(WINDOW_START));
			if (s == NULL)
				assert_int_equal(errno, ENOMEM);
			const struct text *texts[TEXT_KINDS_MAX] = {0};
			for (int kind = 0; s != NULL && text_format(kind) != NULL; kind++)
				texts[kind] =
					text_get(s, (enum text_kind)kind, all_of(WINDOW_START));
			int error = s ? text_place(s, 0, WINDOW_START, &place) : -ENOMEM;
			failed = failing_happened();
			failing_at(-1);
			assert_null(total.rows);
			assert_true(failed || s != NULL);
			for (int kind = 0; text_format(kind) != NULL; kind++) {
				if (texts[kind] == NULL) {
					assert_true(failed);
					continue;
				}
				if (kind == TEXT_HEAT || kind == TEXT_GEOJSON ||
				    kind == TEXT_COUNTRIES || kind == TEXT_STATUS)
					json_decref(parse_json(texts[kind]->plain,
							       texts[kind]->length));
				if (texts[kind]->gzip != NULL)
					assert_gzip(texts[kind]);
			}
			assert_true(error == 0 || (failed && error == -ENOMEM));
			if (error == 0)
				json_decref(parse_json(place, strlen(place)));
			free(place);
			picture_release(s);
		}
	}
	world_end(&w);
	json_set_alloc_funcs(malloc, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_a_text_outlives_its_picture),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
