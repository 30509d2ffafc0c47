/* SPDX-License-Identifier: BSD-3-Clause */
/* The heat's JSON: hosts by chance in the tests' world, added up by this file and not by the
 * modules. */
#include "text_world.h"

#include <math.h>

static unsigned char *
unbase64(const char *text, size_t length, size_t *octets)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char *out = malloc(length);
	uint32_t bits = 0;

	assert_non_null(out);
	assert_int_equal(length % 4, 0);
	*octets = 0;
	for (size_t i = 0; i < length; i++) {
		const char *digit = text[i] == '=' ? digits : strchr(digits, text[i]);

		assert_non_null(digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (i % 4 == 3) {
			for (int shift = 16; shift >= 0; shift -= 8)
				out[(*octets)++] = (unsigned char)(bits >> shift);
		}
	}
	*octets -=
		(length > 0 && text[length - 1] == '=') + (length > 1 && text[length - 2] == '=');
	return out;
}

static void
check_points(const struct world *w, const json_t *heat)
{
	size_t places = locate_count(w->locate), n = 0, cities = 0;
	struct candidate *sums = calloc(places, sizeof(*sums));
	const json_t *points = json_object_get(heat, "points"), *point;
	const json_t *names = json_object_get(heat, "places");
	const json_t *city_list = json_object_get(json_object_get(heat, "top"), "cities");
	uint64_t last = UINT64_MAX, last_id = 0;
	size_t i;

	assert_non_null(sums);
	for (size_t h = 0; h < w->hosts.count; h++) {
		const struct host_row *row = &w->hosts.rows[h];

		if (world_shows(w, row) && row->place < places &&
		    locate_get(w->locate, row->place)->has_position)
			counts_add(&sums[row->place].counts, &row->counts);
	}
	for (size_t p = 0; p < places; p++)
		n += counts_packets(&sums[p].counts) > 0;
	assert_int_equal(json_array_size(points), n);
	assert_int_equal(json_array_size(names), n < TEXT_NAMES ? n : TEXT_NAMES);
	json_array_foreach(points, i, point)
	{
		uint64_t id = integer_at(point, 10), packets;

		assert_int_equal(json_array_size(point), 14);
		assert_true(id < places);
		const struct place *place = locate_get(w->locate, (uint32_t)id);
		assert_true(fabs(json_number_value(json_array_get(point, 0)) - place->latitude) <
			    0.00051);
		assert_true(fabs(json_number_value(json_array_get(point, 1)) - place->longitude) <
			    0.00051);
		assert_c8(point, 2, &sums[id].counts);
		double radius = place->city[0] == 0 && !(place->radius_km > 0)
					? -1
					: (double)place->radius_km;
		assert_true(fabs(json_number_value(json_array_get(point, 11)) - radius) < 0.051);

		assert_int_equal(integer_at(point, 12), place->own);
		packets = counts_packets(&sums[id].counts);
		assert_true(packets < last || (packets == last && id > last_id));
		last = packets;
		last_id = id;
		if (i < TEXT_NAMES) {
			char name[256];

			snprintf(name, sizeof(name), "%s, %s", place->city, place->country);
			assert_string_equal(json_string_value(json_array_get(names, i)), name);
		}
	}

	last = UINT64_MAX;
	json_array_foreach(city_list, i, point)
	{
		uint64_t id = integer_at(point, 12);
		const struct place *place = locate_get(w->locate, (uint32_t)id);

		assert_int_equal(json_array_size(point), 13);
		assert_string_equal(json_string_value(json_array_get(point, 0)), place->city);
		assert_string_equal(json_string_value(json_array_get(point, 1)), place->country);
		assert_true(fabs(json_number_value(json_array_get(point, 2)) - place->latitude) <
			    0.00051);
		assert_c8(point, 4, &sums[id].counts);
		assert_true(counts_packets(&sums[id].counts) <= last);
		last = counts_packets(&sums[id].counts);
		assert_false(sums[id].listed);
		sums[id].listed = true;
	}
	for (size_t p = 0; p < places; p++) {
		if (locate_get(w->locate, (uint32_t)p)->city[0] != 0)
			sums[cities++] = sums[p];
	}
	assert_top(sums, cities);
	free(sums);
}

static size_t
check_countries(const struct world *w, const json_t *heat)
{
	const json_t *list = json_object_get(json_object_get(heat, "top"), "countries"), *row;
	uint64_t last = UINT64_MAX;
	size_t i, coded = 0, located = 0, summed = 0;

	json_array_foreach(list, i, row)
	{
		const char *code = json_string_value(json_array_get(row, 0));
		struct counts sum = {0};

		coded += code[0] != 0;
		for (size_t h = 0; h < w->hosts.count; h++) {
			const struct host_row *host = &w->hosts.rows[h];
			const struct place *place = locate_get(w->locate, host->place);

			if (world_shows(w, host) && place != NULL && place->has_position &&
			    strcmp(place->country, code) == 0) {
				counts_add(&sum, &host->counts);
				summed++;
			}
		}
		assert_int_equal(json_array_size(row), 9);
		assert_c8(row, 1, &sum);
		assert_true(counts_packets(&sum) > 0 && counts_packets(&sum) <= last);
		last = counts_packets(&sum);
	}
	for (size_t h = 0; h < w->hosts.count; h++) {
		const struct place *place = locate_get(w->locate, w->hosts.rows[h].place);

		located +=
			world_shows(w, &w->hosts.rows[h]) && place != NULL && place->has_position;
	}
	assert_int_equal(summed, located);
	return coded;
}

static void
check_talkers(const struct world *w, const json_t *heat)
{
	const json_t *list = json_object_get(json_object_get(heat, "top"), "talkers"), *row;
	struct candidate *all = calloc(w->hosts.count + 1, sizeof(*all));
	uint64_t last = UINT64_MAX;
	size_t i;

	assert_non_null(all);
	for (size_t h = 0; h < w->hosts.count; h++) {
		if (world_shows(w, &w->hosts.rows[h]))
			all[h].counts = w->hosts.rows[h].counts;
	}
	json_array_foreach(list, i, row)
	{
		struct host_addr addr;
		enum addr_family family;

		assert_int_equal(json_array_size(row), 11);
		assert_int_equal(
			host_addr_parse(json_string_value(json_array_get(row, 0)), &addr, &family),
			0);
		const struct host_row *host = host_list_find(&w->hosts, &addr, family);
		assert_non_null(host);
		assert_true(world_shows(w, host));
		const struct place *place = locate_get(w->locate, host->place);
		assert_string_equal(json_string_value(json_array_get(row, 1)),
				    place ? place->country : "");
		assert_c8(row, 2, &host->counts);
		assert_int_equal(json_integer_value(json_array_get(row, 10)),
				 place ? (json_int_t)place->number : -1);
		assert_true(counts_packets(&host->counts) <= last);
		last = counts_packets(&host->counts);
		assert_false(all[host - w->hosts.rows].listed);
		all[host - w->hosts.rows].listed = true;
	}
	assert_top(all, w->hosts.count);
	free(all);
}

static void
test_heat(void **state)
{
	static const unsigned int sizes[] = {1, 5, 40, 700};
	static const char *const own[] = {"5.8.0.0/14", "2a00:1::/32", "37.0.0.0/16"};
	(void)state;

	/* without networks of our own, with them, and those left out */
	for (size_t i = 0; i < 3 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		const size_t side = i % 3;
		struct world w;

		world_begin(&w, "world4", "world6");
		if (side > 0)
			world_own(&w, own, sizeof(own) / sizeof(own[0]));
		w.side = side == 2 ? SIDE_REMOTE : SIDE_ALL;
		add_by_chance(&w, sizes[i / 3]);
		struct picture *s = make_picture(&w);
		for (int window = 0; window < WINDOWS; window++) {
			json_t *heat = heat_json(s, (struct view){(enum window)window, w.side});
			const json_t *totals = json_object_get(heat, "totals");
			const json_t *addresses = json_object_get(totals, "addresses");

			check_points(&w, heat);
			size_t countries = check_countries(&w, heat);
			check_talkers(&w, heat);
			assert_string_equal(string_at(heat, "window"), window_names[window]);
			assert_string_equal(string_at(heat, "generated"),
					    "2026-01-01T00:00:10.001Z");
			assert_string_equal(string_at(heat, "now"), "2026-01-01T00:00:10.002Z");
			assert_string_equal(string_at(heat, "started"), "2026-01-01T00:00:00.000Z");
			assert_string_equal(string_at(heat, "state"), "running");
			assert_string_equal(
				string_at(json_object_get(heat, "top"), "talkers_window"),
				window == WINDOW_START ? "start" : "now");
			assert_string_equal(string_at(heat, "side"), side_names[w.side]);
			assert_int_equal(json_integer_value(json_object_get(totals, "locations")),
					 json_array_size(json_object_get(heat, "points")));
			assert_int_equal(json_integer_value(json_object_get(totals, "countries")),
					 countries);
			assert_int_equal(json_integer_value(json_object_get(totals, "hosts")),
					 w.hosts.count);
			assert_int_equal(json_integer_value(json_object_get(totals, "tcp_packets")),
					 4000);
			assert_int_equal(
				json_integer_value(json_object_get(totals, "udp_frame_octets")),
				500000);
			/* the name of the points' octets is not given to another thing */
			assert_null(json_object_get(totals, "udp_octets"));
			assert_true(json_is_true(json_object_get(totals, "balanced")));
			for (int f = 0; f < GEO_RESULTS; f++)
				assert_int_equal(
					json_integer_value(json_object_get(
						addresses, geo_result_name((enum geo_result)f))),
					w.ledger.geo[f]);
			json_decref(heat);
		}
		picture_release(s);
		world_end(&w);
	}
}

static void
test_sensor(void **state)
{
	struct world w;
	(void)state;

	struct period_port ports[] = {{.name = "eth0", .merged_packets = true}, {.name = "eth1"}};

	world_begin(&w, "world4", "world6");
	w.facts.record.ports = ports;
	w.facts.record.port_count = 2;
	w.facts.record.over = true;
	w.facts.balanced = false;
	struct picture *s = make_picture(&w);
	json_t *heat = heat_json(s, all_of(WINDOW_NOW));
	const json_t *sensor = json_object_get(heat, "sensor");

	assert_string_equal(string_at(heat, "state"), "over");
	assert_true(json_is_false(json_object_get(json_object_get(heat, "totals"), "balanced")));
	assert_string_equal(string_at(sensor, "link"), "up");
	assert_true(json_real_value(json_object_get(sensor, "rx_pps")) == 100.0);
	assert_true(json_real_value(json_object_get(sensor, "rx_bps")) == 51200.0);
	assert_true(json_real_value(json_object_get(sensor, "drop_pps")) == 1.0);
	assert_true(fabs(json_real_value(json_object_get(sensor, "drop_pct")) - 0.990099) < 1e-9);
	assert_int_equal(json_integer_value(json_object_get(sensor, "lost_total")), 30);
	assert_int_equal(json_array_size(json_object_get(sensor, "sources")), 2);
	assert_int_equal(json_array_size(json_object_get(sensor, "history")), 3);
	const json_t *merged = json_object_get(sensor, "merged_packets");
	assert_int_equal(json_array_size(merged), 1);
	assert_string_equal(json_string_value(json_array_get(merged, 0)), "eth0");
	/* two files of one maker are named once */
	assert_string_equal(string_at(sensor, "geo_db"), "DB-IP City Lite 2026-01");
	assert_string_equal(string_at(sensor, "attribution_url"), "https://db-ip.com");
	json_decref(heat);
	picture_release(s);
	world_end(&w);
}

static void
test_why_empty(void **state)
{
	static const struct {
		const char *why;
		uint64_t tcp, other, private, unknown;
		enum link_state link;
	} cases[] = {
		{"no_packets", 0, 0, 0, 0, LINK_UP},       {"no_packets", 0, 0, 0, 0, LINK_UNKNOWN},
		{"link_down", 0, 0, 0, 0, LINK_DOWN},      {"no_layer", 0, 5, 0, 0, LINK_UP},
		{"no_layer", 0, 5, 0, 0, LINK_DOWN},       {"all_private", 5, 1, 10, 0, LINK_UP},
		{"not_in_database", 5, 0, 0, 10, LINK_UP}, {"not_in_database", 5, 0, 9, 1, LINK_UP},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;

		world_begin(&w, "world4", NULL);
		w.ledger.decode.frames[DECODE_TCP] = cases[i].tcp;
		w.ledger.decode.frames[DECODE_NOT_IP] = cases[i].other;
		w.ledger.geo[GEO_PRIVATE] = cases[i].private;
		w.ledger.geo[GEO_NOT_IN_DATABASE] = cases[i].unknown;
		w.facts.record.link = cases[i].link;
		struct picture *s = make_picture(&w);
		json_t *heat = heat_json(s, all_of(WINDOW_START));

		assert_string_equal(string_at(heat, "empty"), cases[i].why);
		assert_int_equal(json_array_size(json_object_get(heat, "points")), 0);
		json_decref(heat);
		picture_release(s);
		world_end(&w);
	}
}

/* Thousands of places: the data goes in packed, names for the first ones only. */
static void
test_many(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, "many", NULL);
	for (unsigned int n = 0; n < 4000; n++) {
		char address[32];
		struct counts c = any_counts(&w.dice);

		snprintf(address, sizeof(address), "11.%u.%u.1", n >> 8, n & 255);
		world_add(&w, address, &c);
	}
	struct picture *s = make_picture(&w);
	const struct text *heat = text_get(s, TEXT_HEAT, all_of(WINDOW_START));
	const struct text *html = text_get(s, TEXT_HTML, all_of(WINDOW_START));
	assert_non_null(heat);
	assert_non_null(html);
	assert_true(heat->length > 256 * 1024);
	assert_gzip(heat);

	const char *data = html->plain + 10;
	assert_memory_equal(data, "H4sI", 4);
	struct text packed = {.plain = heat->plain, .length = heat->length};
	packed.gzip = unbase64(data, html->length - 20, &packed.gzip_length);
	assert_gzip(&packed);
	free(packed.gzip);

	json_t *json = parse_json(heat->plain, heat->length);
	assert_int_equal(json_array_size(json_object_get(json, "points")), 4000);
	assert_int_equal(json_array_size(json_object_get(json, "places")), TEXT_NAMES);
	json_decref(json);
	picture_release(s);
	world_end(&w);
}

/* Names that are no UTF-8, or cut within a character: shown as far as they go, and never a reason
 * to have no picture. */
static void
test_odd_names(void **state)
{
	static const struct {
		const char *given, *shown;
	} cases[] = {
		{"plain", "plain"},
		{"Z\xc3\xbcrich", "Z\xc3\xbcrich"},
		{"cut Z\xc3", "cut Z"},
		{"cut \xe6\x9d", "cut "},
		{"cut \xf0\x9f\x8f", "cut "},
		{"caf\xe9 du port", "caf? du port"},
		{"\xff", ""},
		{"\x01\t\"\\", "\x01\t\"\\"},
		{"", ""},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const sources[] = {cases[i].given};
		struct period_lane lane = {.queue = 3};
		struct period_port port = {.link = LINK_DOWN, .imissed = 7};
		struct world w;

		world_begin(&w, "world4", NULL);
		snprintf(lane.port, sizeof(lane.port), "%s", cases[i].given);
		snprintf(port.name, sizeof(port.name), "%s", cases[i].given);
		snprintf(w.facts.record.sensor, sizeof(w.facts.record.sensor), "%s",
			 cases[i].given);
		w.facts.sources = sources;
		w.facts.source_count = 1;
		w.facts.record.lanes = &lane;
		w.facts.record.ports = &port;
		w.facts.record.lane_count = w.facts.record.port_count = 1;
		struct picture *s = make_picture(&w);
		json_t *heat = heat_json(s, all_of(WINDOW_START));
		const json_t *sensor = json_object_get(heat, "sensor");
		const struct text *text = text_get(s, TEXT_STATUS, all_of(WINDOW_NOW));

		assert_non_null(text);
		json_t *status = parse_json(text->plain, text->length);
		assert_string_equal(string_at(sensor, "name"), cases[i].shown);
		assert_string_equal(
			json_string_value(json_array_get(json_object_get(sensor, "sources"), 0)),
			cases[i].shown);
		assert_string_equal(string_at(status, "name"), cases[i].shown);
		assert_string_equal(
			string_at(json_array_get(json_object_get(status, "lanes"), 0), "port"),
			cases[i].shown);
		assert_string_equal(
			string_at(json_array_get(json_object_get(status, "ports"), 0), "name"),
			cases[i].shown);
		json_decref(heat);
		json_decref(status);
		picture_release(s);
		world_end(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heat),      cmocka_unit_test(test_sensor),
		cmocka_unit_test(test_why_empty), cmocka_unit_test(test_many),
		cmocka_unit_test(test_odd_names),
	};

	return cmocka_run_group_tests_name("heat_json", tests, NULL, NULL);
}
