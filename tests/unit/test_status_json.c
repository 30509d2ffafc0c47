/* SPDX-License-Identifier: BSD-3-Clause */
/* The status, number by number. */
#include "text_world.h"

static void
test_status(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, "epoch", "world6");
	add_by_chance(&w, 50);
	for (size_t i = 0; i < sizeof(w.ledger.decode) / sizeof(uint64_t); i++)
		((uint64_t *)&w.ledger.decode)[i] = 100 + i;
	struct picture *s = make_picture(&w);
	const struct text *text = text_get(s, TEXT_STATUS, all_of(WINDOW_NOW));
	assert_non_null(text);
	assert_gzip(text);
	json_t *status = parse_json(text->plain, text->length);
	const json_t *ledger = json_object_get(status, "ledger");
	const json_t *malformed = json_object_get(ledger, "malformed");

	for (int v = 0; v < DECODE_RESULTS; v++)
		assert_int_equal(json_integer_value(json_object_get(
					 v < DECODE_RUNT ? ledger : malformed,
					 decode_result_name((enum decode_result)v))),
				 w.ledger.decode.frames[v]);
	for (int r = 0; r < DECODE_EVENTS; r++)
		assert_int_equal(json_integer_value(
					 json_object_get(json_object_get(ledger, "events"),
							 decode_event_name((enum decode_event)r))),
				 w.ledger.decode.events[r]);
	for (int t = 0; t < TUNNELS; t++)
		assert_int_equal(
			json_integer_value(json_object_get(json_object_get(ledger, "unwrapped"),
							   tunnel_name((enum tunnel)t))),
			w.ledger.decode.unwrapped[t]);
	assert_int_equal(json_integer_value(json_object_get(ledger, "frames")),
			 ledger_frames(&w.ledger));
	assert_int_equal(json_integer_value(json_object_get(ledger, "malformed_total")),
			 ledger_malformed(&w.ledger));
	assert_int_equal(json_integer_value(json_object_get(status, "windows_memory_kb")), 4242);
	assert_string_equal(string_at(json_object_get(status, "settings"), "period"), "10");
	assert_int_equal(json_object_size(json_object_get(status, "security")), 0);
	/* a database that says it is of the year 584 billion */
	const json_t *db = json_array_get(json_object_get(status, "databases"), 0);
	assert_string_equal(string_at(db, "built"), "1970-01-01T00:00:00.000Z");
	assert_string_equal(string_at(db, "title"), "DB-IP City Lite");
	json_decref(status);
	picture_release(s);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests_name("status_json", tests, NULL, NULL);
}
