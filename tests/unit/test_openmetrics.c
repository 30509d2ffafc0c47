/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMetrics: its labels, and that the countries' packets are all that is located. */
#include "text_world.h"

/* A port's name is the user's: in a label \, " and line feed are escaped; and the countries'
 * packets are all that is located. */
static void
test_metrics(void **state)
{
	struct world w;
	uint64_t sum = 0, located = 0;
	struct period_port port = {.imissed = 7};
	(void)state;

	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 500);
	snprintf(port.name, sizeof(port.name), "a\\b\"c\nd");
	w.facts.record.ports = &port;
	w.facts.record.port_count = 1;
	struct picture *p = make_picture(&w);
	assert_non_null(p);
	const struct text *text = text_get(p, TEXT_OPENMETRICS, all_of(WINDOW_NOW));
	assert_non_null(text);
	assert_ptr_equal(text, text_get(p, TEXT_OPENMETRICS, all_of(WINDOW_START)));
	char *copy = strndup(text->plain, text->length);
	assert_non_null(copy);
	assert_non_null(strstr(copy, "{port=\"a\\\\b\\\"c\\nd\",kind=\"imissed\"} 7\n"));
	assert_string_equal(copy + strlen(copy) - 7, "\n# EOF\n");
	for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strncmp(line, "packet_heatmap_packets_total{", 29) == 0)
			sum += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	}
	struct picture_window window;
	assert_int_equal(picture_get_window(p, all_of(WINDOW_START), &window), 0);
	for (size_t i = 0; i < window.count; i++)
		located += counts_packets(&window.points[i].counts);
	assert_true(located > 0);
	assert_int_equal(sum, located);
	free(copy);
	picture_release(p);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests_name("openmetrics", tests, NULL, NULL);
}
