/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of /api/v1/heat. */
#include "fleet_json.h"
#include "internal.h"
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
heat_empty(enum link_state link, const struct picture_window *w)
{
	uint64_t frames = ledger_frames(&w->ledger);
	const uint64_t *geo_results = w->ledger.geo;

	if (w->count > 0)
		return "";
	if (frames == 0)
		return link == LINK_DOWN ? "link_down" : "no_packets";
	if (w->ledger.decode.frames[DECODE_TCP] + w->ledger.decode.frames[DECODE_UDP] == 0)
		return "no_layer";
	return geo_results[GEO_NOT_IN_DATABASE] + geo_results[GEO_NO_POSITION] == 0
		       ? "all_private"
		       : "not_in_database";
}

void
heat_countries(struct buffer *b, const struct country *countries, size_t n)
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

static void
encode_cities(struct buffer *b, const struct picture_window *w, bool sites)
{
	struct top_row rows[TOP_MAX];
	size_t n = picture_cities(w, sites, rows);

	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct point *point = &w->points[rows[i].row];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_json_string(b, text_place_name(point->place));
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

void
heat_cities(struct buffer *b, const struct picture_window *w)
{
	encode_cities(b, w, false);
	buffer_text(b, ",\"sites\":");
	encode_cities(b, w, true);
}

void
heat_networks(struct buffer *b, const struct picture_window *w)
{
	struct top_row rows[TOP_MAX];
	size_t n = picture_networks(w, rows);

	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct point *point = &w->networks[rows[i].row];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_number(b, point->place->asn);
		buffer_char(b, ',');
		buffer_json_string(b, point->place->city);
		buffer_char(b, ',');
		buffer_counts(b, &point->counts);
		buffer_char(b, ']');
	}
	buffer_char(b, ']');
}

void
heat_host_network(struct buffer *b, const struct picture *picture, const struct host_row *host,
		  size_t before)
{
	const struct asn asn = picture_asn(picture, &host->addr, host->family);

	buffer_text(b, before > 0 ? ",[" : "[");
	buffer_number(b, asn.number);
	buffer_char(b, ',');
	buffer_json_string(b, asn.name);
	buffer_char(b, ']');
}

static void
encode_talkers(struct buffer *b, const struct picture *picture, struct view view)
{
	const struct host_row *hosts;
	size_t n = picture_talkers(picture, view, &hosts);
	char text[HOST_ADDR_TEXT];

	buffer_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct host_row *row = &hosts[i];
		const struct place *place = picture_place(picture, row->place);

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
	buffer_text(b, "],\"talkers_networks\":[");
	for (size_t i = 0; i < n; i++)
		heat_host_network(b, picture, &hosts[i], i);
	buffer_char(b, ']');
}

void
heat_anonymised(struct buffer *b, struct privacy privacy)
{
	if (!host_cut_any(privacy.cut))
		return;
	buffer_text(b, ",\"anonymised\":{\"ipv4\":");
	buffer_number(b, 32u - privacy.cut.ipv4);
	buffer_text(b, ",\"ipv6\":");
	buffer_number(b, 128u - privacy.cut.ipv6);
	buffer_char(b, '}');
}

void
heat_points(struct buffer *b, const struct picture_window *w)
{
	buffer_char(b, '[');
	for (size_t i = 0; i < w->count; i++) {
		const struct place *place = w->points[i].place;

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_decimal(b, place->latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, place->longitude, 3);
		buffer_char(b, ',');
		buffer_counts(b, &w->points[i].counts);
		buffer_char(b, ',');
		buffer_number(b, place->number);
		buffer_char(b, ',');
		buffer_decimal(b, text_radius(place), 1);
		buffer_text(b, place->own ? ",1" : ",0");
		buffer_text(b, place->basis == BASIS_SITE ? ",1]" : ",0]");
	}
	buffer_char(b, ']');
}

void
heat_names(struct buffer *b, const struct picture_window *w)
{
	char name[PLACE_CITY_MAX + 24];

	buffer_char(b, '[');
	for (size_t i = 0; i < w->count && i < TEXT_NAMES; i++) {
		const struct place *place = w->points[i].place;

		snprintf(name, sizeof(name), "%s, %s", text_place_name(place), place->country);
		if (i > 0)
			buffer_char(b, ',');
		buffer_json_string(b, name);
	}
	buffer_char(b, ']');
}

void
heat_titles(const struct picture *picture, struct heat_titles *t)
{
	const struct fleet_report *fleet = picture_facts(picture)->fleet;
	const struct locate_database *databases;
	size_t database_count = picture_databases(picture, &databases);

	/* what a wall shows was located by its sensors */
	if (fleet != NULL) {
		databases = fleet->databases;
		database_count = fleet->database_count;
	}

	*t = (struct heat_titles){.url = ""};
	/* IPv4 and IPv6 files of one maker have one title: said once */
	for (size_t i = 0; i < database_count; i++) {
		const struct locate_database *db = &databases[i];

		if (db->built > 0 && (t->built == 0 || db->built < t->built))
			t->built = db->built;
		/* each maker whose data is on the map is named, the first one's site is linked */
		if (t->attribution[0] == 0)
			t->url = db->attribution_url;
		if (strstr(t->attribution, db->attribution) == NULL) {
			size_t used = strlen(t->attribution);
			snprintf(t->attribution + used, sizeof(t->attribution) - used, "%s%s",
				 used ? "; " : "", db->attribution);
		}
		if (strstr(t->titles, db->title) != NULL)
			continue;
		size_t used = strlen(t->titles);
		snprintf(t->titles + used, sizeof(t->titles) - used, "%s%s", used ? ", " : "",
			 db->title);
	}
}

json_t *
heat_built(const struct heat_titles *t)
{
	char built[32];

	time_text(t->built * 1000, built);
	return t->built > 0 ? json_string(built) : json_null();
}

static json_t *
sensor_json(const struct picture *picture)
{
	const struct picture_facts *facts = picture_facts(picture);
	json_t *sources = json_array(), *history = json_array(), *merged = json_array();
	struct heat_titles titles;
	const double seconds = period_seconds(&facts->record);
	uint64_t offered = facts->record.received + facts->record.lost;

	for (size_t i = 0; i < facts->source_count; i++)
		json_array_append_new(sources, json_text(facts->sources[i]));
	for (size_t i = 0; i < facts->record.port_count; i++) {
		if (facts->record.ports[i].merged_packets)
			json_array_append_new(merged, json_text(facts->record.ports[i].name));
	}
	for (size_t i = 0; i < facts->sums.history_count; i++)
		json_array_append_new(history, json_real(round(facts->sums.history[i] * 10) / 10));
	heat_titles(picture, &titles);
	return json_pack(
		"{s:o, s:o, s:s, s:f, s:f, s:f, s:f, s:I, s:o, s:o, s:b, s:s, s:s, s:o, s:o}",
		"name", json_text(facts->record.sensor), "sources", sources, "link",
		link_name(facts->record.link), "rx_pps",
		round((double)facts->record.received / seconds * 10) / 10, "rx_bps",
		round((double)period_octets(&facts->record) * 8 / seconds), "drop_pps",
		round((double)facts->record.lost / seconds * 10) / 10, "drop_pct",
		offered ? round(1e8 * (double)facts->record.lost / (double)offered) / 1e6 : 0.0,
		"lost_total", (json_int_t)facts->sums.lost, "geo_db", json_text(titles.titles),
		"geo_built", heat_built(&titles), "geo_refused", (int)facts->databases_refused,
		"attribution", titles.attribution, "attribution_url", titles.url, "history",
		history, "merged_packets", merged);
}

json_t *
heat_totals(const struct picture_window *w, size_t countries, size_t hosts, bool balanced)
{
	const struct decode_counts *v = &w->ledger.decode;
	json_t *addresses = json_object();

	for (int f = 0; f < GEO_RESULTS; f++)
		json_object_set_new(addresses, geo_result_name((enum geo_result)f),
				    json_integer((json_int_t)w->ledger.geo[f]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:b}", "locations",
			 (json_int_t)w->count, "countries", (json_int_t)countries, "hosts",
			 (json_int_t)hosts, "tcp_packets", (json_int_t)v->frames[DECODE_TCP],
			 "udp_packets", (json_int_t)v->frames[DECODE_UDP], "tcp_frame_octets",
			 (json_int_t)v->octets[DECODE_TCP], "udp_frame_octets",
			 (json_int_t)v->octets[DECODE_UDP], "addresses", addresses, "ways",
			 ways_json(v->ways), "balanced", (int)balanced);
}

json_t *
heat_windows(void)
{
	json_t *list = json_array();

	for (int w = 0; w < WINDOWS; w++)
		json_array_append_new(list, json_string(window_names[w]));
	return list;
}

/* From when to when the store can be asked; null without one. */
static json_t *
kept_json(const struct picture_facts *f)
{
	char oldest[32], until[32];

	if (f->history_folder == NULL || f->store.stored_until_ms == 0)
		return json_null();
	time_text(f->store.oldest_ms, oldest);
	time_text(f->store.stored_until_ms, until);
	return json_pack("{s:s, s:s}", "oldest", oldest, "stored_until", until);
}

int
encode_heat(struct picture *picture, struct view view, struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	char generated[32], now[32], started[32];
	struct picture_window w;
	struct country *countries;
	size_t country_count;

	if (picture_get_window(picture, view, &w) != 0 ||
	    picture_countries(&w, &countries, &country_count) != 0)
		return -ENOMEM;
	size_t coded = country_count;
	for (size_t i = 0; i < country_count; i++)
		coded -= countries[i].code[0] == 0;
	time_text(f->record.end_ms, generated);
	time_text(f->now_ms, now);
	time_text(f->sums.started_ms, started);

	buffer_char(b, '{');
	buffer_members(b,
		       json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:f, s:o, s:s, s:f, "
				 "s:b, s:s, s:s, "
				 "s:o, s:o, s:o, s:o, s:[ssssssssssssss]}",
				 "v", 1, "ui_build", f->ui_build, "version", f->version,
				 "generated", generated, "now", now, "started", started, "period",
				 (json_int_t)f->record.number, "window", window_names[view.window],
				 "window_s", round(w.seconds * 1000) / 1000, "windows",
				 heat_windows(), "side", side_names[view.side], "interval_s",
				 f->interval_s, "packet_time", f->record.packet_time, "state",
				 f->record.over ? "over" : "running", "empty",
				 heat_empty(f->record.link, &w), "sensor", sensor_json(picture),
				 "totals",
				 heat_totals(&w, coded, picture_hosts(picture)->count, f->balanced),
				 "kept", kept_json(f), "fleet", fleet_summary_json(f->fleet),
				 "fields", HEAT_FIELDS));
	heat_anonymised(b, f->privacy);
	buffer_text(b, ",\"points\":");
	heat_points(b, &w);
	buffer_text(b, ",\"places\":");
	heat_names(b, &w);
	buffer_text(b, ",\"top\":{\"countries\":");
	heat_countries(b, countries, country_count);
	buffer_text(b, ",\"cities\":");
	heat_cities(b, &w);
	buffer_text(b, ",\"networks\":");
	heat_networks(b, &w);
	buffer_text(b, ",\"talkers\":");
	encode_talkers(b, picture, view);
	buffer_text(b, f->privacy.no_hosts           ? ",\"talkers_window\":\"hidden\"}}\n"
		       : view.window == WINDOW_START ? ",\"talkers_window\":\"start\"}}\n"
						     : ",\"talkers_window\":\"now\"}}\n");
	free(countries);
	return b->failed ? -ENOMEM : 0;
}
