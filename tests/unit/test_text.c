/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts of a picture, read back by jansson and zlib and compared with what went in: hosts by
 * chance in the tests' world, added up by this file and not by the modules.
 *
 * Long, because all texts are read back against the same world and the same sums.
 */
#include "failing.h"
#include "json.h"
#include "text.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <zlib.h>

static const struct picture_page page = {"<p>before @@IPHEAT_DATA@@ after</p>", 35};

struct world {
	struct locate *locate;
	struct heat *heat;
	struct host_list hosts;
	struct ledger ledger;
	struct picture_facts facts;
	enum window window;
	struct dice dice;
};

static void
world_begin(struct world *w, const char *one, const char *two)
{
	static const char *const sources[] = {"eth0", "eth1"};
	char paths[2][512], error[LOCATE_ERROR_MAX];
	const char *list[2] = {paths[0], paths[1]};

	memset(w, 0, sizeof(*w));
	snprintf(paths[0], sizeof(paths[0]), "%s/%s.mmdb", getenv("UNIT_DATA"), one);
	snprintf(paths[1], sizeof(paths[1]), "%s/%s.mmdb", getenv("UNIT_DATA"), two ? two : "");
	w->locate = locate_create(list, two ? 2 : 1, error);
	assert_true_of(w->locate != NULL, "%s", error);
	w->heat = heat_create();
	assert_non_null(w->heat);
	w->window = WINDOW_START;
	w->dice.state = 12345;
	w->ledger.decode.octets[DECODE_TCP] = 64000;
	w->facts = (struct picture_facts){
		.version = "1.2.3",
		.ui_build = "0123456789ab",
		.html = &page,
		.sources = sources,
		.source_count = 2,
		.now_ms = 1767225610002,
		.interval_s = 10,
		.uptime_s = 170.5,
		.windows_memory_kb = 4242,
		.balanced = true,
		.record = {.sensor = "sensor",
			   .end_ms = 1767225610001,
			   .number = 17,
			   .end_ns = 10000000000,
			   .link = LINK_UP,
			   .received = 1000,
			   .lost = 10},
		.sums = {.started_ms = 1767225600000,
			 .received = 2000,
			 .lost = 30,
			 .history = {1.25, 0, 3e6},
			 .history_count = 3},
		.settings_json = "{\"period\":\"10\"}",
		.security_json = "not JSON",
	};
}

static void
world_end(struct world *w)
{
	host_list_free(&w->hosts);
	heat_destroy(w->heat);
	locate_destroy(w->locate);
}

/* What the manager does with a host. */
static uint32_t
add(struct world *w, const char *address, const struct counts *counts)
{
	struct host_row row = {.counts = *counts};
	enum addr_family family;
	enum geo_result geo_result = GEO_NOT_IN_DATABASE;

	assert_int_equal(host_addr_parse(address, &row.addr, &family), 0);
	row.family = family;
	row.place = locate_host(w->locate, &row.addr, row.family);
	if (row.place == PLACE_PRIVATE) {
		geo_result = GEO_PRIVATE;
	} else if (row.place != PLACE_NONE && !locate_get(w->locate, row.place)->has_position) {
		geo_result = GEO_NO_POSITION;
	} else if (row.place != PLACE_NONE) {
		geo_result = GEO_LOCATED;
		assert_int_equal(heat_add(w->heat, row.place, counts), 0);
	}
	w->ledger.geo[geo_result] += counts_packets(counts);
	if (w->hosts.count == w->hosts.capacity)
		assert_int_equal(host_list_reserve(&w->hosts, w->hosts.count + 16), 0);
	w->hosts.rows[w->hosts.count++] = row;
	return row.place;
}

static struct counts
any_counts(struct dice *dice)
{
	struct counts c = {0};

	/* scales far apart, and many zeros: another host leads by each measure */
	for (int i = 0; i < 8; i++) {
		if (dice_below(dice, 3) > 0)
			(&c.packets[0][0])[i] = dice_next(dice) >> (30 + dice_below(dice, 32));
	}
	if (counts_packets(&c) == 0)
		c.packets[LAYER_UDP][AS_SOURCE] = 1;
	return c;
}

static void
add_by_chance(struct world *w, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct counts c = any_counts(&w->dice);
		unsigned int a = dice_below(&w->dice, 76) + 1;
		char address[64];

		switch (dice_below(&w->dice, 10)) {
		case 0:
			snprintf(address, sizeof(address), "10.0.%u.%u", i / 256, i % 256);
			break;
		case 1:
			snprintf(address, sizeof(address), "9.9.%u.%u", i / 256, i % 256);
			break;
		case 2: /* the country alone, or no position */
			snprintf(address, sizeof(address), "37.%u.%u.%u", a % 4 + a % 2 * 100,
				 i / 256, i % 256);
			break;
		case 3:
			snprintf(address, sizeof(address), "2a00:%x::%x", a, i + 1);
			break;
		default:
			snprintf(address, sizeof(address), "5.%u.%u.%u", a, i / 256, i % 256);
			break;
		}
		add(w, address, &c);
	}
	w->ledger.decode.frames[DECODE_TCP] = 4000;
	w->ledger.decode.frames[DECODE_UDP] = 5000;
	w->ledger.decode.octets[DECODE_TCP] = 400000;
	w->ledger.decode.octets[DECODE_UDP] = 500000;
}

/* Ends the period and makes the picture; the world keeps its hosts. */
static struct picture *
try_picture(struct world *w)
{
	struct host_list total = {0};

	assert_int_equal(host_list_reserve(&total, w->hosts.count), 0);
	if (w->hosts.count > 0)
		memcpy(total.rows, w->hosts.rows, w->hosts.count * sizeof(*total.rows));
	total.count = w->hosts.count;
	struct picture *s =
		picture_create(&w->facts, w->heat, w->locate, &total, &w->hosts, w->window);
	assert_null(total.rows);
	return s;
}

static struct picture *
make_picture(struct world *w)
{
	assert_int_equal(host_list_sort(&w->hosts), 0);
	heat_add_ledger(w->heat, &w->ledger);
	assert_int_equal(heat_end_period(w->heat, 10), 0);
	w->facts.sums.ledger = w->facts.record.ledger = w->ledger;
	struct picture *s = try_picture(w);
	assert_non_null(s);
	return s;
}

static json_t *
parse(const char *text, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

	assert_true_of(json != NULL, "%s at %d", error.text, error.position);
	return json;
}

static json_t *
heat_json(struct picture *s, enum window window)
{
	const struct text *text = text_get(s, TEXT_HEAT, window);

	assert_non_null(text);
	return parse(text->plain, text->length);
}

static const char *
string_at(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	assert_true_of(value != NULL, "no %s", key);
	return value;
}

static uint64_t
integer_at(const json_t *json, size_t i)
{
	const json_t *value = json_array_get(json, i);

	assert_true(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

/* C8 of README.md */
static void
c8_of(const struct counts *c, uint64_t c8[8])
{
	for (int l = 0; l < LAYERS; l++) {
		c8[l] = c->packets[l][AS_SOURCE] + c->packets[l][AS_DESTINATION];
		c8[2 + l] = c->octets[l][AS_SOURCE] + c->octets[l][AS_DESTINATION];
		c8[4 + l] = c->packets[l][AS_SOURCE];
		c8[6 + l] = c->octets[l][AS_SOURCE];
	}
}

static void
assert_c8(const json_t *row, size_t from, const struct counts *c)
{
	uint64_t c8[8];

	c8_of(c, c8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(integer_at(row, from + i), c8[i]);
}

/* What the page can rank by: TCP, UDP or both, as source, destination or both, packets or octets.
 */
static uint64_t
measure(const struct counts *c, int m)
{
	const uint64_t(*values)[DIRECTIONS] = m / 9 ? c->octets : c->packets;
	int layers = m % 9 / 3, directions = m % 3;
	uint64_t sum = 0;

	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			if (layers != 1 - l && directions != 1 - d)
				sum += values[l][d];
		}
	}
	return sum;
}

struct candidate {
	struct counts counts;
	bool listed;
};

/* Whoever is above the twelfth by any measure is there; whoever is there is among them by one. */
static void
assert_top(const struct candidate *all, size_t n)
{
	bool *good = calloc(n, sizeof(*good));

	assert_non_null(good);
	for (int m = 0; m < 18; m++) {
		for (size_t i = 0; i < n; i++) {
			uint64_t value = measure(&all[i].counts, m);
			size_t above = 0, equal = 0;

			for (size_t k = 0; k < n; k++) {
				above += measure(&all[k].counts, m) > value;
				equal += measure(&all[k].counts, m) == value;
			}
			if (value == 0 || above >= TOP_EACH)
				continue;
			good[i] = true;
			assert_true_of(above + equal > TOP_EACH || all[i].listed,
				       "%zu is number %zu by measure %d", i, above + 1, m);
		}
	}
	for (size_t i = 0; i < n; i++)
		assert_true(!all[i].listed || good[i]);
	free(good);
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

		if (row->place < places && locate_get(w->locate, row->place)->has_position)
			counts_add(&sums[row->place].counts, &row->counts);
	}
	for (size_t p = 0; p < places; p++)
		n += counts_packets(&sums[p].counts) > 0;
	assert_int_equal(json_array_size(points), n);
	assert_int_equal(json_array_size(names), n < TEXT_NAMES ? n : TEXT_NAMES);
	json_array_foreach(points, i, point)
	{
		uint64_t id = integer_at(point, 10), packets;

		assert_int_equal(json_array_size(point), 12);
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

			if (place != NULL && place->has_position &&
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

		located += place != NULL && place->has_position;
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
	for (size_t h = 0; h < w->hosts.count; h++)
		all[h].counts = w->hosts.rows[h].counts;
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
	(void)state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct world w;

		world_begin(&w, "world4", "world6");
		add_by_chance(&w, sizes[i]);
		struct picture *s = make_picture(&w);
		for (int window = 0; window < WINDOWS; window++) {
			json_t *heat = heat_json(s, (enum window)window);
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
			assert_int_equal(json_integer_value(json_object_get(totals, "locations")),
					 picture_points(s, (enum window)window));
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
	json_t *heat = heat_json(s, WINDOW_NOW);
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
		json_t *heat = heat_json(s, WINDOW_START);

		assert_string_equal(string_at(heat, "empty"), cases[i].why);
		assert_int_equal(json_array_size(json_object_get(heat, "points")), 0);
		json_decref(heat);
		picture_release(s);
		world_end(&w);
	}
}

static void
inflated(const struct text *text)
{
	unsigned char *plain = malloc(text->length + 1);
	z_stream z = {.next_in = text->gzip,
		      .avail_in = (uInt)text->gzip_length,
		      .next_out = plain,
		      .avail_out = (uInt)text->length + 1};

	assert_non_null(plain);
	assert_non_null(text->gzip);
	assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, text->length);
	assert_memory_equal(plain, text->plain, text->length);
	inflateEnd(&z);
	free(plain);
}

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
		add(&w, address, &c);
	}
	struct picture *s = make_picture(&w);
	const struct text *html = text_get(s, TEXT_HTML, WINDOW_START);

	assert_non_null(html);
	assert_memory_equal(html->plain, "<p>before ", 10);
	assert_memory_equal(html->plain + html->length - 10, " after</p>", 10);
	assert_null(memchr(html->plain + 10, '<', html->length - 20));
	json_t *inside = parse(html->plain + 10, html->length - 20);
	json_t *heat = heat_json(s, WINDOW_START);
	assert_true(json_equal(inside, heat));
	assert_string_equal(string_at(json_object_get(heat, "sensor"), "name"),
			    w.facts.record.sensor);
	inflated(html);
	json_decref(inside);
	json_decref(heat);
	picture_release(s);

	static const struct picture_page no_hole = {"<p>", 3};
	w.facts.html = &no_hole;
	s = try_picture(&w);
	assert_non_null(s);
	assert_null(text_get(s, TEXT_HTML, WINDOW_START));
	assert_non_null(text_get(s, TEXT_HEAT, WINDOW_START));
	picture_release(s);
	world_end(&w);
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
		add(&w, address, &c);
	}
	struct picture *s = make_picture(&w);
	const struct text *heat = text_get(s, TEXT_HEAT, WINDOW_START);
	const struct text *html = text_get(s, TEXT_HTML, WINDOW_START);
	assert_non_null(heat);
	assert_non_null(html);
	assert_true(heat->length > 256 * 1024);
	inflated(heat);

	const char *data = html->plain + 10;
	assert_memory_equal(data, "H4sI", 4);
	struct text packed = {.plain = heat->plain, .length = heat->length};
	packed.gzip = unbase64(data, html->length - 20, &packed.gzip_length);
	inflated(&packed);
	free(packed.gzip);

	json_t *json = parse(heat->plain, heat->length);
	assert_int_equal(json_array_size(json_object_get(json, "points")), 4000);
	assert_int_equal(json_array_size(json_object_get(json, "places")), TEXT_NAMES);
	json_decref(json);
	picture_release(s);
	world_end(&w);
}

static void
test_etags(void **state)
{
	const char *seen[4 * TEXT_KINDS * WINDOWS];
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
		for (int kind = 0; kind < TEXT_KINDS; kind++) {
			for (int window = 0; window < WINDOWS; window++) {
				const struct text *text = text_get(
					pictures[i], (enum text_kind)kind, (enum window)window);

				assert_non_null(text);
				/* made once */
				assert_ptr_equal(text, text_get(pictures[i], (enum text_kind)kind,
								(enum window)window));
				assert_null(strpbrk(text->etag, "\" \t,\\"));
				if (kind >= TEXT_STATUS && window > 0)
					continue;
				for (size_t k = 0; k < n; k++)
					assert_string_not_equal(text->etag, seen[k]);
				seen[n++] = text->etag;
			}
		}
	}
	for (int i = 0; i < 4; i++)
		picture_release(pictures[i]);
	world_end(&w);
}

/* One feature a place, longitude first, inside the box; together all that is on the map. */
static void
test_geojson(void **state)
{
	struct world w;
	double box[4];
	uint64_t packets = 0;
	size_t i;
	const json_t *feature;
	(void)state;

	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 600);
	struct picture *s = make_picture(&w);
	const struct text *text = text_get(s, TEXT_GEOJSON, WINDOW_START);
	assert_non_null(text);
	json_t *json = parse(text->plain, text->length);
	assert_string_equal(string_at(json, "type"), "FeatureCollection");
	const json_t *bbox = json_object_get(json, "bbox");
	const json_t *features = json_object_get(json, "features");
	assert_int_equal(json_array_size(bbox), 4);
	assert_int_equal(json_array_size(features), picture_points(s, WINDOW_START));
	for (i = 0; i < 4; i++)
		box[i] = json_number_value(json_array_get(bbox, i));
	json_array_foreach(features, i, feature)
	{
		const json_t *at =
			json_object_get(json_object_get(feature, "geometry"), "coordinates");
		const json_t *properties = json_object_get(feature, "properties");
		double longitude = json_number_value(json_array_get(at, 0));
		double latitude = json_number_value(json_array_get(at, 1));
		const struct place *place = picture_place(
			s, (uint32_t)json_integer_value(json_object_get(feature, "id")));

		assert_true(fabs(longitude - place->longitude) < 0.00051);
		assert_true(fabs(latitude - place->latitude) < 0.00051);
		assert_true(longitude >= box[0] && longitude <= box[2]);
		assert_true(latitude >= box[1] && latitude <= box[3]);
		assert_string_equal(string_at(properties, "country"), place->country);
		assert_string_equal(string_at(properties, "city"), place->city);
		assert_string_equal(string_at(properties, "precision"),
				    place->city[0] != 0 ? "city" : "country");
		assert_int_equal(json_integer_value(json_object_get(properties, "radius_km")),
				 place->radius_km > 0 ? place->radius_km : 0);
		static const char *const names[] = {"tcp_src_packets", "tcp_dst_packets",
						    "udp_src_packets", "udp_dst_packets"};
		for (int n = 0; n < 4; n++)
			packets +=
				(uint64_t)json_integer_value(json_object_get(properties, names[n]));
	}
	assert_int_equal(packets, w.ledger.geo[GEO_LOCATED]);
	json_decref(json);
	picture_release(s);
	world_end(&w);

	/* without a place there is no box to name */
	world_begin(&w, "world4", NULL);
	s = make_picture(&w);
	text = text_get(s, TEXT_GEOJSON, WINDOW_NOW);
	assert_non_null(text);
	json = parse(text->plain, text->length);
	assert_null(json_object_get(json, "bbox"));
	assert_int_equal(json_array_size(json_object_get(json, "features")), 0);
	json_decref(json);
	picture_release(s);
	world_end(&w);
}

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
		json_t *json = parse(text, strlen(text));
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

static void
test_csv(void **state)
{
	struct world w;
	FILE *file = tmpfile();
	char line[512];
	size_t i = 0;
	(void)state;

	assert_non_null(file);
	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 900);
	struct picture *s = make_picture(&w);
	assert_int_equal(text_write_hosts(s, fileno(file)), 0);
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line,
			    "address,country,latitude,longitude,"
			    "tcp_src_packets,tcp_src_octets,tcp_dst_packets,tcp_dst_octets,"
			    "udp_src_packets,udp_src_octets,udp_dst_packets,udp_dst_octets\n");
	while (fgets(line, sizeof(line), file) != NULL) {
		const struct host_row *row = &w.hosts.rows[i++];
		const struct place *place = locate_get(w.locate, row->place);
		char address[HOST_ADDR_TEXT], *rest = line;

		assert_true(i <= w.hosts.count);
		assert_string_equal(strsep(&rest, ","),
				    host_addr_text(&row->addr, row->family, address));
		assert_string_equal(strsep(&rest, ","), place ? place->country : "");
		for (int k = 0; k < 2; k++) {
			const char *number = strsep(&rest, ",");

			if (place == NULL || !place->has_position) {
				assert_string_equal(number, "");
				continue;
			}
			assert_true(fabs(atof(number) - (k ? place->longitude : place->latitude)) <
				    5.1e-7);
		}
		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS; d++) {
				assert_int_equal(strtoull(strsep(&rest, ","), NULL, 10),
						 row->counts.packets[l][d]);
				assert_int_equal(strtoull(strsep(&rest, ",\n"), NULL, 10),
						 row->counts.octets[l][d]);
			}
		}
		assert_string_equal(rest, "");
	}
	assert_int_equal(i, w.hosts.count);
	fclose(file);
	int full = open("/dev/full", O_WRONLY);
	assert_int_equal(text_write_hosts(s, full), -ENOSPC);
	close(full);
	picture_release(s);
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
	struct text *first = text_take(s, TEXT_GEOJSON, WINDOW_NOW);
	struct text *second = text_take(s, TEXT_GEOJSON, WINDOW_NOW);

	assert_ptr_equal(first, second);
	picture_release(s);
	world_end(&w);
	assert_non_null(strstr(first->plain, "FeatureCollection"));
	text_free(first);
	assert_int_equal(second->plain[second->length - 1], '\n');
	text_free(second);
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
		json_t *heat = heat_json(s, WINDOW_START);
		const json_t *sensor = json_object_get(heat, "sensor");
		const struct text *text = text_get(s, TEXT_STATUS, WINDOW_NOW);

		assert_non_null(text);
		json_t *status = parse(text->plain, text->length);
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
	const struct text *text = text_get(s, TEXT_STATUS, WINDOW_NOW);
	assert_non_null(text);
	inflated(text);
	json_t *status = parse(text->plain, text->length);
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
							   &w.hosts, WINDOW_START);
			if (s == NULL)
				assert_int_equal(errno, ENOMEM);
			const struct text *texts[TEXT_KINDS] = {0};
			for (int kind = 0; s != NULL && kind < TEXT_KINDS; kind++)
				texts[kind] = text_get(s, (enum text_kind)kind, WINDOW_START);
			int error = s ? text_place(s, 0, WINDOW_START, &place) : -ENOMEM;
			failed = failing_happened();
			failing_at(-1);
			assert_null(total.rows);
			assert_true(failed || s != NULL);
			for (int kind = 0; kind < TEXT_KINDS; kind++) {
				if (texts[kind] == NULL) {
					assert_true(failed);
					continue;
				}
				if (kind == TEXT_HEAT || kind == TEXT_GEOJSON ||
				    kind == TEXT_COUNTRIES || kind == TEXT_STATUS)
					json_decref(parse(texts[kind]->plain, texts[kind]->length));
				if (texts[kind]->gzip != NULL)
					inflated(texts[kind]);
			}
			assert_true(error == 0 || (failed && error == -ENOMEM));
			if (error == 0)
				json_decref(parse(place, strlen(place)));
			free(place);
			picture_release(s);
		}
	}
	world_end(&w);
	json_set_alloc_funcs(malloc, free);
}

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
	const struct text *text = text_get(p, TEXT_OPENMETRICS, WINDOW_NOW);
	assert_non_null(text);
	assert_ptr_equal(text, text_get(p, TEXT_OPENMETRICS, WINDOW_START));
	char *copy = strndup(text->plain, text->length);
	assert_non_null(copy);
	assert_non_null(strstr(copy, "{port=\"a\\\\b\\\"c\\nd\",kind=\"imissed\"} 7\n"));
	assert_string_equal(copy + strlen(copy) - 7, "\n# EOF\n");
	for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strncmp(line, "packet_heatmap_packets_total{", 29) == 0)
			sum += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	}
	struct picture_window window;
	picture_get_window(p, WINDOW_START, &window);
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
		cmocka_unit_test(test_heat),
		cmocka_unit_test(test_sensor),
		cmocka_unit_test(test_why_empty),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_geojson),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_a_text_outlives_its_picture),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
