/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of one place. */
#include "text_world.h"

#include <errno.h>

static void
test_place(void **state)
{
	struct world w;
	char *text;
	(void)state;

	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 600);
	struct picture *s = make_picture(&w);
	for (uint32_t id = 0; id < locate_count(w.locate); id++) {
		const struct place *place = locate_get(w.locate, id);
		struct counts sum = {0};
		struct candidate *here = calloc(w.hosts.count + 1, sizeof(*here));
		size_t hosts = 0, i;

		assert_non_null(here);
		assert_int_equal(text_place(s, id, WINDOW_NOW, &text), 0);
		json_t *json = parse_json(text, strlen(text));
		const json_t *talkers = json_object_get(json, "talkers"), *row;
		uint64_t least = UINT64_MAX;

		free(text);
		assert_string_equal(string_at(json, "name"), place->city);
		assert_string_equal(string_at(json, "country"), place->country);
		assert_int_equal(json_integer_value(json_object_get(json, "id")), id);
		for (size_t h = 0; h < w.hosts.count; h++) {
			if (w.hosts.rows[h].place == id) {
				counts_add(&sum, &w.hosts.rows[h].counts);
				here[h].counts = w.hosts.rows[h].counts;
				hosts++;
			}
		}
		assert_int_equal(json_integer_value(json_object_get(json, "hosts")), hosts);
		if (place->has_position)
			assert_c8(json_object_get(json, "counts"), 0, &sum);
		assert_true(json_array_size(talkers) <= hosts);
		json_array_foreach(talkers, i, row)
		{
			struct host_addr addr;
			enum addr_family family;

			assert_int_equal(host_addr_parse(json_string_value(json_array_get(row, 0)),
							 &addr, &family),
					 0);
			const struct host_row *host = host_list_find(&w.hosts, &addr, family);
			assert_non_null(host);
			assert_int_equal(host->place, id);
			assert_c8(row, 1, &host->counts);
			assert_true(counts_packets(&host->counts) <= least);
			least = counts_packets(&host->counts);
			assert_false(here[host - w.hosts.rows].listed);
			here[host - w.hosts.rows].listed = true;
		}
		assert_top(here, w.hosts.count); /* who is elsewhere has zeros */
		free(here);
		json_decref(json);
	}
	assert_int_equal(text_place(s, (uint32_t)locate_count(w.locate), WINDOW_NOW, &text),
			 -ENOENT);
	assert_int_equal(text_place(s, PLACE_NONE, WINDOW_NOW, &text), -ENOENT);
	picture_release(s);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests_name("place_json", tests, NULL, NULL);
}
