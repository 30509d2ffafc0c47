/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts of README.md. What has structure is made with jansson (Debian's most used C library for
 * JSON: it checks UTF-8 and escapes; measured share here: a few ms); the rows of numbers go
 * straight into the buffer. jansson's '<' is escaped when the JSON goes into HTML.
 */
#include "picture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void
buffer_counts(struct buffer *b, const struct counts *c)
{
	const uint64_t tcp_src = c->packets[LAYER_TCP][AS_SOURCE];
	const uint64_t udp_src = c->packets[LAYER_UDP][AS_SOURCE];
	const uint64_t tcp_src_octets = c->octets[LAYER_TCP][AS_SOURCE];
	const uint64_t udp_src_octets = c->octets[LAYER_UDP][AS_SOURCE];
	const uint64_t values[8] = {
		tcp_src + c->packets[LAYER_TCP][AS_DESTINATION],
		udp_src + c->packets[LAYER_UDP][AS_DESTINATION],
		tcp_src_octets + c->octets[LAYER_TCP][AS_DESTINATION],
		udp_src_octets + c->octets[LAYER_UDP][AS_DESTINATION],
		tcp_src,
		udp_src,
		tcp_src_octets,
		udp_src_octets,
	};

	for (int i = 0; i < 8; i++) {
		if (i > 0)
			buffer_char(b, ',');
		buffer_number(b, values[i]);
	}
}

/* Appends `"name":value` pairs of an object to one that is open in the buffer. */
static void
buffer_members(struct buffer *b, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(object);
	if (text == NULL) {
		b->failed = true;
		return;
	}
	buffer_put(b, text + 1, strlen(text) - 2); /* without the braces */
	free(text);
}

static const char *
why_empty(const struct snapshot *s, const struct picture *p)
{
	uint64_t frames = ledger_frames(&p->ledger);
	const uint64_t *geo_results = p->ledger.geo;

	if (p->count > 0)
		return "";
	if (frames == 0)
		return s->link == LINK_DOWN ? "link_down" : "no_packets";
	if (p->ledger.decode.frames[DECODE_TCP] + p->ledger.decode.frames[DECODE_UDP] == 0)
		return "no_layer";
	return geo_results[GEO_NOT_IN_DATABASE] == 0 ? "all_private" : "not_in_database";
}

struct country {
	char code[3];
	struct counts counts;
};

static int
order_of_countries(const void *a, const void *b)
{
	const struct country *ca = a, *cb = b;
	uint64_t na = counts_packets(&ca->counts), nb = counts_packets(&cb->counts);

	return na != nb ? (na > nb ? -1 : 1) : strcmp(ca->code, cb->code);
}

/* Two letters index a table: at most 26 x 26 countries, and one row for places without a code. */
#define COUNTRIES (26 * 26 + 1)

static size_t
add_up_countries(const struct picture *p, struct country *countries)
{
	size_t n = 0;

	memset(countries, 0, COUNTRIES * sizeof(*countries));
	for (size_t i = 0; i < p->count; i++) {
		const char *code = p->points[i].place->country;
		size_t at = code[0] ? (size_t)(code[0] - 'A') * 26 + (size_t)(code[1] - 'A')
				    : COUNTRIES - 1;

		memcpy(countries[at].code, code, 3);
		counts_add(&countries[at].counts, &p->points[i].counts);
	}
	for (size_t at = 0; at < COUNTRIES; at++) {
		if (counts_packets(&countries[at].counts) > 0)
			countries[n++] = countries[at];
	}
	qsort(countries, n, sizeof(*countries), order_of_countries);
	return n;
}

static void
encode_countries(struct buffer *b, const struct country *countries, size_t n)
{
	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, countries[i].code);
		buffer_char(b, ',');
		buffer_counts(b, &countries[i].counts);
		buffer_char(b, ']');
	}
	buffer_char(b, ']');
}

/* Whoever is among the first SNAPSHOT_TALKERS cities by any measure, in the order of the points. */
static void
encode_cities(struct buffer *b, const struct picture *p)
{
	struct {
		size_t count;
		size_t best[SNAPSHOT_TALKERS];
		uint64_t value[SNAPSHOT_TALKERS];
	} lists[MEASURES] = {0};
	size_t chosen[MEASURES * SNAPSHOT_TALKERS], n = 0;

	for (size_t i = 0; i < p->count; i++) {
		uint64_t measures[MEASURES];

		if (p->points[i].place->city[0] == 0)
			continue;
		counts_measures(&p->points[i].counts, measures);
		for (int m = 0; m < MEASURES; m++) {
			size_t at = lists[m].count;

			if (measures[m] == 0 ||
			    (at == SNAPSHOT_TALKERS && measures[m] <= lists[m].value[at - 1]))
				continue;
			if (at < SNAPSHOT_TALKERS)
				lists[m].count++;
			else
				at--;
			for (; at > 0 && lists[m].value[at - 1] < measures[m]; at--) {
				lists[m].value[at] = lists[m].value[at - 1];
				lists[m].best[at] = lists[m].best[at - 1];
			}
			lists[m].value[at] = measures[m];
			lists[m].best[at] = i;
		}
	}
	/* ascending index is descending packets: insert each once, in order */
	for (int m = 0; m < MEASURES; m++) {
		for (size_t k = 0; k < lists[m].count; k++) {
			size_t at = n, row = lists[m].best[k];

			while (at > 0 && chosen[at - 1] > row)
				at--;
			if (at > 0 && chosen[at - 1] == row)
				continue;
			memmove(chosen + at + 1, chosen + at, (n - at) * sizeof(chosen[0]));
			chosen[at] = row;
			n++;
		}
	}
	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct point *point = &p->points[chosen[i]];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, point->place->city);
		buffer_char(b, ',');
		buffer_json_string(b, point->place->country);
		buffer_char(b, ',');
		buffer_decimal(b, point->place->latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, point->place->longitude, 3);
		buffer_char(b, ',');
		buffer_counts(b, &point->counts);
		buffer_char(b, ',');
		buffer_number(b, point->place->number);
		buffer_char(b, ']');
	}
	buffer_char(b, ']');
}

static void
encode_talkers(struct buffer *b, const struct snapshot *s, const struct talkers *talkers)
{
	char text[HOST_ADDR_TEXT];

	buffer_char(b, '[');
	for (size_t i = 0; i < talkers->count; i++) {
		const struct host_row *row = &talkers->rows[i];
		const struct place *place = snapshot_place_of(s, row->place);

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, host_addr_text(&row->addr, row->family, text));
		buffer_char(b, ',');
		buffer_json_string(b, place ? place->country : "");
		buffer_char(b, ',');
		buffer_counts(b, &row->counts);
		if (place != NULL) {
			buffer_char(b, ',');
			buffer_number(b, place->number);
		} else {
			buffer_text(b, ",-1");
		}
		buffer_char(b, ']');
	}
	buffer_char(b, ']');
}

static void
encode_points(struct buffer *b, const struct picture *p)
{
	buffer_char(b, '[');
	for (size_t i = 0; i < p->count; i++) {
		const struct place *place = p->points[i].place;

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_decimal(b, place->latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, place->longitude, 3);
		buffer_char(b, ',');
		buffer_counts(b, &p->points[i].counts);
		buffer_char(b, ',');
		buffer_number(b, place->number);
		if (place->city[0] == 0)
			buffer_text(b, ",-1]");
		else {
			buffer_char(b, ',');
			buffer_decimal(b, (double)place->radius_km, 1);
			buffer_char(b, ']');
		}
	}
	buffer_char(b, ']');
}

static void
encode_names(struct buffer *b, const struct picture *p)
{
	char name[PLACE_CITY_MAX + 8];

	buffer_char(b, '[');
	for (size_t i = 0; i < p->count && i < SNAPSHOT_NAMES; i++) {
		const struct place *place = p->points[i].place;

		snprintf(name, sizeof(name), "%s, %s", place->city, place->country);
		if (i > 0)
			buffer_char(b, ',');
		buffer_json_string(b, name);
	}
	buffer_char(b, ']');
}

static json_t *
totals_json(const struct snapshot *s, const struct picture *p, size_t countries)
{
	const struct decode_counts *v = &p->ledger.decode;
	json_t *addresses = json_object();

	for (int f = 0; f < GEO_RESULTS; f++)
		json_object_set_new(addresses, geo_result_name((enum geo_result)f),
				    json_integer((json_int_t)p->ledger.geo[f]));
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b}", "locations", (json_int_t)p->count,
		"countries", (json_int_t)countries, "hosts", (json_int_t)s->hosts.count,
		"tcp_packets", (json_int_t)v->frames[DECODE_TCP], "udp_packets",
		(json_int_t)v->frames[DECODE_UDP], "tcp_octets", (json_int_t)v->octets[DECODE_TCP],
		"udp_octets", (json_int_t)v->octets[DECODE_UDP], "addresses", addresses, "balanced",
		(int)s->balanced);
}

static json_t *
window_list(void)
{
	json_t *list = json_array();

	for (int w = 0; w < WINDOWS; w++)
		json_array_append_new(list, json_string(window_names[w]));
	return list;
}

int
encode_heat(const struct snapshot *s, enum window window, struct buffer *b)
{
	const struct picture *p = &s->pictures[window];
	bool now = window != WINDOW_START;
	struct country *countries = malloc(COUNTRIES * sizeof(*countries));

	if (countries == NULL)
		return -ENOMEM;
	size_t country_count = add_up_countries(p, countries);
	size_t coded = country_count;
	for (size_t i = 0; i < country_count; i++)
		coded -= countries[i].code[0] == 0;

	buffer_char(b, '{');
	buffer_members(
		b,
		json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:f, s:o, s:f, s:s, s:s, "
			  "s:O, s:o, s:[ssssssssssss]}",
			  "v", 1, "ui_build", s->ui_build, "version", s->version, "generated",
			  s->generated, "now", s->now, "started", s->started, "period",
			  (json_int_t)s->period, "window", window_names[window], "window_s",
			  round(p->seconds * 1000) / 1000, "windows", window_list(), "interval_s",
			  s->interval_s, "state", s->over ? "over" : "running", "empty",
			  why_empty(s, p), "sensor", s->sensor, "totals", totals_json(s, p, coded),
			  "fields", "lat", "lon", "tcp_packets", "udp_packets", "tcp_octets",
			  "udp_octets", "tcp_src_packets", "udp_src_packets", "tcp_src_octets",
			  "udp_src_octets", "id", "radius_km"));
	buffer_text(b, ",\"points\":");
	encode_points(b, p);
	buffer_text(b, ",\"places\":");
	encode_names(b, p);
	buffer_text(b, ",\"top\":{\"countries\":");
	encode_countries(b, countries, country_count);
	buffer_text(b, ",\"cities\":");
	encode_cities(b, p);
	buffer_text(b, ",\"talkers\":");
	encode_talkers(b, s, now ? &s->talkers_now : &s->talkers_start);
	buffer_text(b,
		    now ? ",\"talkers_window\":\"now\"}}\n" : ",\"talkers_window\":\"start\"}}\n");
	free(countries);
	return b->failed ? -ENOMEM : 0;
}

#define HOLE "@@IPHEAT_DATA@@"

/* from here on the data goes in packed: half the octets, but no longer readable with an editor */
#define PACK_FROM (256 * 1024)

/* RFC 4648 4, with padding */
static void
buffer_base64(struct buffer *b, const unsigned char *data, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (!buffer_room(b, (length + 2) / 3 * 4))
		return;
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
			     (left > 2 ? data[i + 2] : 0);

		buffer_char(b, digits[v >> 18]);
		buffer_char(b, digits[v >> 12 & 63]);
		buffer_char(b, left > 1 ? digits[v >> 6 & 63] : '=');
		buffer_char(b, left > 2 ? digits[v & 63] : '=');
	}
}

/* Inside a script element only '<' could end it. Names have it escaped already; what jansson wrote
 * (the sensor's name, a database's title) may not. */
static void
buffer_script_json(struct buffer *b, const char *json, size_t length)
{
	for (size_t i = 0, from = 0; i <= length; i++) {
		if (i < length && json[i] != '<')
			continue;
		buffer_put(b, json + from, i - from);
		if (i < length)
			buffer_text(b, "\\u003c");
		from = i + 1;
	}
}

int
encode_html(const struct snapshot *s, enum window window, struct buffer *b)
{
	struct buffer json = {0};
	const char *html = s->html->html;
	const char *hole = memmem(html, s->html->length, HOLE, strlen(HOLE));

	if (hole == NULL)
		return -EINVAL;
	int error = encode_heat(s, window, &json);
	if (error == 0) {
		struct text packed = {.plain = json.data, .length = json.length};
		const char *after = hole + strlen(HOLE);

		buffer_put(b, html, (size_t)(hole - html));
		if (json.length >= PACK_FROM)
			text_compress(&packed, 6);
		if (packed.gzip != NULL)
			buffer_base64(b, packed.gzip, packed.gzip_length);
		else
			buffer_script_json(b, json.data, json.length);
		buffer_put(b, after, s->html->length - (size_t)(after - html));
		free(packed.gzip);
	}
	buffer_free(&json);
	return error != 0 ? error : b->failed ? -ENOMEM : 0;
}

int
encode_place(const struct snapshot *s, uint32_t number, enum window window, struct buffer *b)
{
	const struct picture *p = &s->pictures[window];
	const struct point *point = NULL;
	struct talkers talkers = {0};
	char text[HOST_ADDR_TEXT];
	static const struct counts nothing;
	const struct place *place = snapshot_place_of(s, number);

	if (place == NULL)
		return -ENOENT;
	for (size_t i = 0; i < p->count && point == NULL; i++) {
		if (p->points[i].place->number == number)
			point = &p->points[i];
	}
	uint32_t from = s->place_from[number], to = s->place_from[number + 1];
	if (talkers_take(&talkers, s->hosts.rows, s->by_place + from, to - from) != 0)
		return -ENOMEM;
	buffer_char(b, '{');
	buffer_members(b,
		       json_pack("{s:i, s:I, s:s, s:s, s:f, s:f, s:f, s:s, s:s, s:I}", "v", 1, "id",
				 (json_int_t)number, "name", place->city, "country", place->country,
				 "latitude", place->latitude, "longitude", place->longitude,
				 "radius_km", place->city[0] ? (double)place->radius_km : -1.0,
				 "generated", s->generated, "window", window_names[window], "hosts",
				 (json_int_t)(to - from)));
	buffer_text(b, ",\"counts\":[");
	buffer_counts(b, point ? &point->counts : &nothing);
	buffer_text(b, "],\"talkers\":[");
	for (size_t i = 0; i < talkers.count; i++) {
		const struct host_row *row = &talkers.rows[i];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, host_addr_text(&row->addr, row->family, text));
		buffer_char(b, ',');
		buffer_counts(b, &row->counts);
		buffer_char(b, ']');
	}
	free(talkers.rows);
	buffer_text(b, "]}\n");
	return b->failed ? -ENOMEM : 0;
}
