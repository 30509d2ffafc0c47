/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heat of one sensor of a fleet, or of a group of sites, in the shape of that of all: whoever
 * draws the one draws the other. What there is not of a part: a past, a curve, hosts.
 */
#include "fleet_json.h"
#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *
sensor_json(const struct picture *picture, const struct fleet_choice *choice,
	    const struct fleet_rows *rows)
{
	const double seconds = picture_facts(picture)->interval_s;
	const uint64_t offered = rows->last_received + rows->last_lost;
	json_t *sources = json_array();
	struct heat_titles titles;

	if (choice->sensor != NULL && rows->site[0] != 0)
		json_array_append_new(sources, json_text(rows->site));
	heat_titles(picture, &titles);
	return json_pack(
		"{s:o, s:o, s:s, s:f, s:f, s:f, s:f, s:I, s:o, s:o, s:b, s:s, s:s, s:[], s:[]}",
		"name", json_text(choice->sensor ? choice->sensor : choice->group), "sources",
		sources, "link", link_name(choice->sensor != NULL ? rows->link : LINK_UNKNOWN),
		"rx_pps", round((double)rows->last_received / seconds * 10) / 10, "rx_bps",
		round((double)rows->last_octets * 8 / seconds), "drop_pps",
		round((double)rows->last_lost / seconds * 10) / 10, "drop_pct",
		offered ? round(1e8 * (double)rows->last_lost / (double)offered) / 1e6 : 0.0,
		"lost_total", (json_int_t)rows->lost_total, "geo_db", json_text(titles.titles),
		"geo_built", heat_built(&titles), "geo_refused", 0, "attribution",
		titles.attribution, "attribution_url", titles.url, "history", "merged_packets");
}

static int
encode(const struct picture *picture, const struct fleet_choice *choice,
       const struct fleet_rows *rows, const struct picture_window *w, struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	char generated[32], now[32], started[32];
	struct country *countries;
	size_t country_count;

	if (picture_countries(w, &countries, &country_count) != 0)
		return -ENOMEM;
	size_t coded = country_count;
	for (size_t i = 0; i < country_count; i++)
		coded -= countries[i].code[0] == 0;
	time_text(f->record.end_ms, generated);
	time_text(f->now_ms, now);
	time_text(f->sums.started_ms, started);
	buffer_char(b, '{');
	buffer_members(
		b,
		json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:f, s:[ss], s:s, s:f, s:b, "
			  "s:s, s:s, s:{s:o, s:o, s:I}, s:o, s:o, s:n, s:o, s:[ssssssssssssss]}",
			  "v", 1, "ui_build", f->ui_build, "version", f->version, "generated",
			  generated, "now", now, "started", started, "period",
			  (json_int_t)f->record.number, "window", choice->start ? "start" : "now",
			  "window_s", w->seconds, "windows", "now", "start", "side",
			  side_names[w->side], "interval_s", f->interval_s, "packet_time", false,
			  "state", "running", "empty", heat_empty(rows->link, w), "only", "sensor",
			  choice->sensor ? json_text(choice->sensor) : json_null(), "group",
			  choice->group ? json_text(choice->group) : json_null(), "sensors",
			  (json_int_t)rows->sensors, "sensor", sensor_json(picture, choice, rows),
			  "totals",
			  heat_totals(w, coded, 0, ledger_balances(&rows->ledger, rows->received)),
			  "kept", "fleet", fleet_summary_json(f->fleet), "fields", HEAT_FIELDS));
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
	buffer_text(b, ",\"talkers\":[],\"talkers_networks\":[],\"talkers_window\":\"none\"}}\n");
	free(countries);
	return 0;
}

int
text_fleet(const struct picture *picture, const struct fleet_choice *choice,
	   const struct fleet_rows *rows, enum text_kind kind, enum side side, struct text **text)
{
	const struct text_format *format = text_format(kind);
	struct point *points = malloc((rows->count + 1) * sizeof(*points));
	struct point *networks = malloc((rows->count + 1) * sizeof(*networks));
	struct picture_window w = {.points = points,
				   .networks = networks,
				   .side = side,
				   .ledger = rows->ledger,
				   .seconds = (double)rows->covered_ms / 1000};
	struct buffer b = {0};
	int error = points == NULL || networks == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < rows->count && error == 0; i++)
		window_put(&w, points, networks,
			   (struct point){&rows->rows[i].place, rows->rows[i].counts});
	if (error == 0)
		error = format->of_points != NULL ? format->of_points(&w, &b)
						  : encode(picture, choice, rows, &w, &b);
	free(points);
	free(networks);
	if (error != 0)
		b.failed = true;
	return text_of(&b, (const char[]){'f', format->letter, 0}, text);
}
