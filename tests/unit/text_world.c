/* SPDX-License-Identifier: BSD-3-Clause */
#include "text_world.h"

#include <zlib.h>

static const struct picture_page page = {"<p>before @@IPHEAT_DATA@@ after</p>", 35};

void
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

void
world_own(struct world *w, const char *const *networks, size_t count)
{
	struct networks own = {.count = 0};

	for (size_t i = 0; i < count; i++) {
		struct network network;

		assert_int_equal(network_parse(networks[i], &network), 0);
		assert_int_equal(networks_add(&own, &network), 0);
	}
	locate_databases_set_own(locate_opened(w->locate), &own);
}

bool
world_shows(const struct world *w, const struct host_row *row)
{
	const struct place *place = locate_get(w->locate, row->place);

	return w->side == SIDE_ALL || place == NULL || !place->own;
}

void
world_end(struct world *w)
{
	host_list_free(&w->hosts);
	heat_destroy(w->heat);
	locate_destroy(w->locate);
}

/* What the manager does with a host. */
uint32_t
world_add(struct world *w, const char *address, const struct counts *counts)
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

struct counts
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

void
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
		world_add(w, address, &c);
	}
	w->ledger.decode.frames[DECODE_TCP] = 4000;
	w->ledger.decode.frames[DECODE_UDP] = 5000;
	w->ledger.decode.octets[DECODE_TCP] = 400000;
	w->ledger.decode.octets[DECODE_UDP] = 500000;
}

/* Ends the period and makes the picture; the world keeps its hosts. */
struct picture *
try_picture(struct world *w)
{
	struct host_list total = {0};

	assert_int_equal(host_list_reserve(&total, w->hosts.count), 0);
	if (w->hosts.count > 0)
		memcpy(total.rows, w->hosts.rows, w->hosts.count * sizeof(*total.rows));
	total.count = w->hosts.count;
	struct picture *s =
		picture_create(&w->facts, w->heat, w->locate, &total, &w->hosts, all_of(w->window));
	assert_null(total.rows);
	return s;
}

struct picture *
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

json_t *
parse_json(const char *text, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

	assert_true_of(json != NULL, "%s at %d", error.text, error.position);
	return json;
}

json_t *
heat_json(struct picture *s, struct view view)
{
	const struct text *text = text_get(s, TEXT_HEAT, view);

	assert_non_null(text);
	return parse_json(text->plain, text->length);
}

const char *
string_at(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	assert_true_of(value != NULL, "no %s", key);
	return value;
}

uint64_t
integer_at(const json_t *json, size_t i)
{
	const json_t *value = json_array_get(json, i);

	assert_true(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

/* C8 of README.md */
void
c8_of(const struct counts *c, uint64_t c8[8])
{
	for (int l = 0; l < LAYERS; l++) {
		c8[l] = c->packets[l][AS_SOURCE] + c->packets[l][AS_DESTINATION];
		c8[2 + l] = c->octets[l][AS_SOURCE] + c->octets[l][AS_DESTINATION];
		c8[4 + l] = c->packets[l][AS_SOURCE];
		c8[6 + l] = c->octets[l][AS_SOURCE];
	}
}

void
assert_c8(const json_t *row, size_t from, const struct counts *c)
{
	uint64_t c8[8];

	c8_of(c, c8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(integer_at(row, from + i), c8[i]);
}

void
assert_gzip(const struct text *text)
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

/* Whoever is above the twelfth by any measure is there; whoever is there is among them by one. */
void
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
