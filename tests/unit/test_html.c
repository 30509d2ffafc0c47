/* SPDX-License-Identifier: BSD-3-Clause */
/* The page with its data in it. */
#include "text_world.h"

/* Between the template's halves stands the heat's own text, and never a '<'. */
static void
test_html(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, "hostile", NULL);
	snprintf(w.facts.record.sensor, sizeof(w.facts.record.sensor), "%s",
		 "</script><script>alert(1)</script><!--");
	for (unsigned int n = 1; n < 40; n++) {
		char address[32];
		struct counts c = any_counts(&w.dice);

		snprintf(address, sizeof(address), "5.%u.0.1", n);
		world_add(&w, address, &c);
	}
	struct picture *s = make_picture(&w);
	const struct text *html = text_get(s, TEXT_HTML, all_of(WINDOW_START));

	assert_non_null(html);
	assert_memory_equal(html->plain, "<p>before ", 10);
	assert_memory_equal(html->plain + html->length - 10, " after</p>", 10);
	assert_null(memchr(html->plain + 10, '<', html->length - 20));
	json_t *inside = parse_json(html->plain + 10, html->length - 20);
	json_t *heat = heat_json(s, all_of(WINDOW_START));
	assert_true(json_equal(inside, heat));
	assert_string_equal(string_at(json_object_get(heat, "sensor"), "name"),
			    w.facts.record.sensor);
	assert_gzip(html);
	json_decref(inside);
	json_decref(heat);
	picture_release(s);

	static const struct picture_page no_hole = {"<p>", 3};
	w.facts.html = &no_hole;
	s = try_picture(&w);
	assert_non_null(s);
	assert_null(text_get(s, TEXT_HTML, all_of(WINDOW_START)));
	assert_non_null(text_get(s, TEXT_HEAT, all_of(WINDOW_START)));
	picture_release(s);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
