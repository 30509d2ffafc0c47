/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The past: a range of the store in the shape of /api/v1/heat, so that whoever draws the one draws
 * the other, and the steps of a series. Nothing in them changes with the time of asking.
 */
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: two answers differ if their tags do; nobody gains by making a false one. */
static uint64_t
hash_of(const char *data, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

int
text_of(struct buffer *b, const char *letter, struct text **text)
{
	*text = b->failed ? NULL : calloc(1, sizeof(**text));
	if (*text == NULL) {
		buffer_free(b);
		return -ENOMEM;
	}
	(*text)->plain = b->data;
	(*text)->length = b->length;
	snprintf((*text)->etag, sizeof((*text)->etag), "%s%016llx", letter,
		 (unsigned long long)hash_of(b->data, b->length));
	text_compress(*text, 1);
	return 0;
}

static double
per_second(uint64_t value, uint64_t covered_ms)
{
	return covered_ms ? round((double)value * 10000 / (double)covered_ms) / 10 : 0;
}

static json_t *
sensor_json(const struct picture *picture, const struct history_range *range)
{
	const struct picture_facts *facts = picture_facts(picture);
	const uint64_t offered = range->received + range->lost;
	json_t *sources = json_array();
	struct heat_titles titles;
	uint64_t octets = 0;

	for (size_t i = 0; i < facts->source_count; i++)
		json_array_append_new(sources, json_text(facts->sources[i]));
	for (int v = 0; v < DECODE_RESULTS; v++)
		octets += range->ledger.decode.octets[v];
	heat_titles(picture, &titles);
	return json_pack(
		"{s:o, s:o, s:s, s:f, s:f, s:f, s:f, s:I, s:o, s:o, s:b, s:s, s:s, s:[], s:[]}",
		"name", json_text(facts->record.sensor), "sources", sources, "link", "unknown",
		"rx_pps", per_second(range->received, range->covered_ms), "rx_bps",
		per_second(8 * octets, range->covered_ms), "drop_pps",
		per_second(range->lost, range->covered_ms), "drop_pct",
		offered ? round(1e8 * (double)range->lost / (double)offered) / 1e6 : 0.0,
		"lost_total", (json_int_t)range->lost, "geo_db", json_text(titles.titles),
		"geo_built", heat_built(&titles), "geo_refused", (int)facts->databases_refused,
		"attribution", titles.attribution, "attribution_url", titles.url, "history",
		"merged_packets");
}

static void
encode_host(struct buffer *b, const struct host_row *host)
{
	char text[HOST_ADDR_TEXT];

	buffer_json_string(b, host_addr_text(&host->addr, host->family, text));
}

/* The busiest that were kept, by any of the measures. */
static void
encode_talkers(struct buffer *b, const struct picture *picture, const struct history_range *range,
	       enum side side)
{
	struct top_row rows[TOP_MAX];
	struct top top;

	top_init(&top);
	for (size_t i = 0; i < range->host_count; i++) {
		const struct host_row *host = &range->hosts[i];

		if (side == SIDE_ALL || host->place == PLACE_NONE ||
		    !range->places[host->place].place.own)
			top_add(&top, i, &host->counts);
	}
	const size_t n = top_take(&top, rows);
	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct host_row *host = &range->hosts[rows[i].row];
		const struct place *place =
			host->place != PLACE_NONE ? &range->places[host->place].place : NULL;

		buffer_text(b, i > 0 ? ",[" : "[");
		encode_host(b, host);
		buffer_char(b, ',');
		buffer_json_string(b, place ? place->country : "");
		buffer_char(b, ',');
		buffer_counts(b, &host->counts);
		buffer_char(b, ',');
		if (place != NULL)
			buffer_number(b, place->number);
		else
			buffer_text(b, "-1");
		buffer_char(b, ']');
	}
	buffer_text(b, "],\"talkers_networks\":[");
	for (size_t i = 0; i < n; i++)
		heat_host_network(b, picture, &range->hosts[rows[i].row], i);
	buffer_char(b, ']');
}

static json_t *
past_json(const struct history_range *range)
{
	char from[32], to[32];
	json_t *tiers = json_array();

	time_text(range->from_ms, from);
	time_text(range->to_ms, to);
	for (int tier = 0; tier < HISTORY_TIERS; tier++) {
		if (range->tiers & 1u << tier)
			json_array_append_new(tiers, json_string(history_tier_names[tier]));
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:f, s:I, s:I, s:I}", "from", from, "to", to,
			 "resolution", history_tier_names[range->resolution], "tiers", tiers,
			 "covered_s", (double)range->covered_ms / 1000, "periods",
			 (json_int_t)range->periods, "rows", (json_int_t)range->rows,
			 "damaged_rows", (json_int_t)range->damaged);
}

static void
encode_step(struct buffer *b, const struct history_step *step, int64_t start_ms, bool filtered)
{
	buffer_decimal(b, (double)start_ms / 1000, 3);
	buffer_char(b, ',');
	buffer_decimal(b, (double)step->covered_ms / 1000, 3);
	if (!filtered) {
		buffer_char(b, ',');
		buffer_number(b, step->received);
		buffer_char(b, ',');
		buffer_number(b, step->lost);
		for (int layer = 0; layer < LAYERS; layer++) {
			buffer_char(b, ',');
			buffer_number(b, step->packets[layer]);
		}
		for (int layer = 0; layer < LAYERS; layer++) {
			buffer_char(b, ',');
			buffer_number(b, step->octets[layer]);
		}
	} else {
		buffer_char(b, ',');
		buffer_counts(b, &step->counts);
	}
}

/* What they are a row of. */
static const char *const step_names[] = {
	"start",       "covered_s",   "received",         "lost",
	"tcp_packets", "udp_packets", "tcp_frame_octets", "udp_frame_octets"};
static const char *const filtered_names[] = {
	"start",      "covered_s",       "tcp_packets",     "udp_packets",    "tcp_octets",
	"udp_octets", "tcp_src_packets", "udp_src_packets", "tcp_src_octets", "udp_src_octets"};
#define NAMES(list) (sizeof(list) / sizeof((list)[0]))

static json_t *
fields_json(bool filtered)
{
	const char *const *names = filtered ? filtered_names : step_names;
	json_t *fields = json_array();

	for (size_t i = 0; i < (filtered ? NAMES(filtered_names) : NAMES(step_names)); i++)
		json_array_append_new(fields, json_string(names[i]));
	return fields;
}

/* The object, without the end of a line. */
static void
encode_series(const struct picture *picture, const struct history_series *series, bool filtered,
	      struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	char from[32], to[32], until[32], oldest[32];

	time_text(series->from_ms, from);
	time_text(series->to_ms, to);
	time_text(f->store.stored_until_ms, until);
	time_text(f->store.oldest_ms, oldest);
	buffer_char(b, '{');
	buffer_members(b, json_pack("{s:i, s:s, s:s, s:f, s:s, s:s, s:s, s:I, s:o}", "v", 1, "from",
				    from, "to", to, "step_s", (double)series->step_ms / 1000,
				    "resolution", history_tier_names[series->resolution], "oldest",
				    oldest, "stored_until", until, "damaged_rows",
				    (json_int_t)series->damaged, "fields", fields_json(filtered)));
	buffer_text(b, ",\"steps\":[");
	for (size_t i = 0; i < series->count; i++) {
		buffer_text(b, i > 0 ? ",[" : "[");
		encode_step(b, &series->steps[i], series->from_ms + (int64_t)i * series->step_ms,
			    filtered);
		buffer_char(b, ']');
	}
	buffer_text(b, "]}");
}

int
encode_range(const struct picture *picture, const struct history_range *range,
	     const struct history_series *timeline, const struct picture_window *w,
	     struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	struct country *countries;
	size_t country_count;
	char to[32];

	if (picture_countries(w, &countries, &country_count) != 0)
		return -ENOMEM;
	size_t coded = country_count;
	for (size_t i = 0; i < country_count; i++)
		coded -= countries[i].code[0] == 0;
	size_t located = 0;
	for (size_t i = 0; i < range->count; i++)
		located += !place_is_network(&range->places[i].place);
	const char *empty = located > 0 ? "" : range->periods > 0 ? "no_packets" : "no_data";
	time_text(range->to_ms, to);
	buffer_char(b, '{');
	buffer_members(b, json_pack("{s:i, s:s, s:s, s:s, s:I, s:s, s:f, s:o, s:s, s:f, s:s, s:s, "
				    "s:o, s:o, s:o, "
				    "s:[ssssssssssssss]}",
				    "v", 1, "ui_build", f->ui_build, "version", f->version,
				    "generated", to, "period", (json_int_t)0, "window", "past",
				    "window_s", w->seconds, "windows", heat_windows(), "side",
				    side_names[w->side], "interval_s", f->interval_s, "state",
				    "past", "empty", empty, "past", past_json(range), "sensor",
				    sensor_json(picture, range), "totals",
				    heat_totals(w, coded, 0,
						ledger_balances(&range->ledger, range->received)),
				    "fields", HEAT_FIELDS));
	heat_anonymised(b, range->privacy);
	buffer_text(b, ",\"points\":");
	heat_points(b, w);
	buffer_text(b, ",\"places\":");
	heat_names(b, w);
	buffer_text(b, ",\"top\":{\"countries\":");
	heat_countries(b, countries, country_count);
	buffer_text(b, ",\"cities\":");
	heat_cities(b, w);
	buffer_text(b, ",\"networks\":");
	heat_networks(b, w);
	buffer_text(b, ",\"talkers\":");
	encode_talkers(b, picture, range, w->side);
	buffer_text(b, range->privacy.no_hosts ? ",\"talkers_window\":\"hidden\"}"
		       : range->host_count > 0 ? ",\"talkers_window\":\"past\"}"
					       : ",\"talkers_window\":\"none\"}");
	if (timeline != NULL) {
		buffer_text(b, ",\"timeline\":");
		encode_series(picture, timeline, false, b);
	}
	buffer_text(b, "}\n");
	free(countries);
	return 0;
}

int
text_range(const struct picture *picture, const struct history_range *range,
	   const struct history_series *timeline, enum text_kind kind, enum side side,
	   struct text **text)
{
	const struct text_format *format = text_format(kind);
	struct point *points = malloc((range->count + 1) * sizeof(*points));
	struct point *networks = malloc((range->count + 1) * sizeof(*networks));
	struct picture_window w = {.points = points,
				   .networks = networks,
				   .side = side,
				   .ledger = range->ledger,
				   .seconds = (double)range->covered_ms / 1000};
	struct buffer b = {0};
	int error = points == NULL || networks == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < range->count && error == 0; i++)
		window_put(&w, points, networks,
			   (struct point){&range->places[i].place, range->places[i].counts});
	if (error == 0)
		error = format->of_range != NULL
				? format->of_range(picture, range, timeline, &w, &b)
				: format->of_points(&w, &b);
	free(points);
	free(networks);
	if (error != 0)
		b.failed = true;
	return text_of(&b, (const char[]){'r', format->letter, 0}, text);
}

/* Of its hosts those that are kept, by any of the measures. Their number. */
static size_t
encode_kept_hosts(struct buffer *b, const struct history_range *range, uint32_t place)
{
	struct top_row rows[TOP_MAX];
	struct top top;
	size_t here = 0;

	top_init(&top);
	for (size_t i = 0; i < range->host_count; i++) {
		if (range->hosts[i].place == place) {
			top_add(&top, i, &range->hosts[i].counts);
			here++;
		}
	}
	const size_t n = top_take(&top, rows);
	for (size_t i = 0; i < n; i++) {
		buffer_text(b, i > 0 ? ",[" : "[");
		encode_host(b, &range->hosts[rows[i].row]);
		buffer_char(b, ',');
		buffer_counts(b, &range->hosts[rows[i].row].counts);
		buffer_char(b, ']');
	}
	return here;
}

int
text_kept_place(const struct place *place, const struct history_range *range, struct text **text)
{
	struct counts counts = {0};
	uint32_t index = PLACE_UNASKED; /* which no host has: it had nothing in this time */
	char from[32], to[32];
	struct buffer b = {0};

	for (uint32_t i = 0; i < range->count && index == PLACE_UNASKED; i++) {
		if (range->places[i].id == place->number) {
			index = i;
			counts = range->places[i].counts;
		}
	}
	time_text(range->from_ms, from);
	time_text(range->to_ms, to);
	buffer_char(&b, '{');
	buffer_members(&b, json_pack("{s:i, s:I, s:o, s:s, s:f, s:f, s:f, s:b, s:s, s:s, s:f}", "v",
				     1, "key", (json_int_t)place->number, "name",
				     json_text(place->city), "country", place->country, "latitude",
				     place->latitude, "longitude", place->longitude, "radius_km",
				     text_radius(place), "own", place->own, "from", from, "to", to,
				     "covered_s", (double)range->covered_ms / 1000));
	heat_anonymised(&b, range->privacy);
	buffer_text(&b, ",\"counts\":[");
	buffer_counts(&b, &counts);
	buffer_text(&b, "],\"talkers\":[");
	const size_t hosts = encode_kept_hosts(&b, range, index);
	buffer_text(&b, "],\"hosts\":");
	buffer_number(&b, hosts);
	buffer_text(&b, "}\n");
	return text_of(&b, "k", text);
}

/* As the lines of RFC 4180, the times as people write them. */
static void
encode_series_csv(const struct history_series *series, bool filtered, struct buffer *b)
{
	const char *const *names = filtered ? filtered_names : step_names;
	const size_t count = filtered ? NAMES(filtered_names) : NAMES(step_names);
	char time[32];

	buffer_text(b, "time");
	for (size_t i = 0; i < count; i++) {
		buffer_char(b, ',');
		buffer_text(b, names[i]);
	}
	buffer_text(b, "\r\n");
	for (size_t i = 0; i < series->count; i++) {
		const int64_t start_ms = series->from_ms + (int64_t)i * series->step_ms;

		time_text(start_ms, time);
		buffer_text(b, time);
		buffer_char(b, ',');
		encode_step(b, &series->steps[i], start_ms, filtered);
		buffer_text(b, "\r\n");
	}
}

int
text_series(const struct picture *picture, const struct history_series *series,
	    const struct history_filter *filter, bool csv, struct text **text)
{
	const bool filtered = filter != NULL &&
			      (filter->country != NULL || filter->place != 0 || filter->by_network);
	struct buffer b = {0};

	if (csv) {
		encode_series_csv(series, filtered, &b);
	} else {
		encode_series(picture, series, filtered, &b);
		buffer_char(&b, '\n');
	}
	return text_of(&b, csv ? "v" : "s", text);
}
