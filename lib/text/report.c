/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a run that has ended: for people, and for programs. */
#include "report.h"

#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 10

static void
line(struct buffer *b, const char *name, size_t width, const struct counts *counts)
{
	char text[160];
	size_t length = strlen(name), shown = 0;

	buffer_text(b, "  ");
	/* columns of characters, not of octets */
	for (size_t i = 0; i < length; i++)
		shown += ((unsigned char)name[i] & 0xc0) != 0x80;
	buffer_text(b, name);
	for (; shown < width; shown++)
		buffer_char(b, ' ');
	const uint64_t tcp =
		counts->packets[LAYER_TCP][AS_SOURCE] + counts->packets[LAYER_TCP][AS_DESTINATION];
	snprintf(text, sizeof(text), " %14" PRIu64 " %14" PRIu64 " %14" PRIu64 " %18" PRIu64 "\n",
		 counts_packets(counts), tcp, counts_packets(counts) - tcp, counts_octets(counts));
	buffer_text(b, text);
}

static void
heading(struct buffer *b, const char *title, size_t width)
{
	char text[200];

	snprintf(text, sizeof(text), "\n%-*s %14s %14s %14s %18s\n", (int)width + 2, title,
		 "packets", "TCP", "UDP", "octets");
	buffer_text(b, text);
}

static void
totals(struct buffer *b, const struct picture_facts *f)
{
	const uint64_t *frames = f->sums.ledger.decode.frames;
	const uint64_t *geo = f->sums.ledger.geo;
	char text[512], filtered[48] = "", unplaced[64] = "";

	if (frames[DECODE_FILTERED] > 0)
		snprintf(filtered, sizeof(filtered), ", %" PRIu64 " filtered",
			 frames[DECODE_FILTERED]);
	snprintf(text, sizeof(text),
		 "%" PRIu64 " frames: %" PRIu64 " TCP, %" PRIu64 " UDP, %" PRIu64
		 " other IP, %" PRIu64 " not IP, %" PRIu64 " malformed%s; %" PRIu64
		 " lost before them\n",
		 f->sums.received, frames[DECODE_TCP], frames[DECODE_UDP], frames[DECODE_OTHER_IP],
		 frames[DECODE_NOT_IP], ledger_malformed(&f->sums.ledger), filtered, f->sums.lost);
	buffer_text(b, text);
	if (geo[GEO_NO_POSITION] > 0)
		snprintf(unplaced, sizeof(unplaced), ", %" PRIu64 " without a position",
			 geo[GEO_NO_POSITION]);
	snprintf(text, sizeof(text),
		 "%" PRIu64 " addresses located, %" PRIu64 " private, %" PRIu64
		 " not in the database, %" PRIu64 " beyond the tables%s; the ledger %s\n",
		 geo[GEO_LOCATED] + geo[GEO_SITE], geo[GEO_PRIVATE], geo[GEO_NOT_IN_DATABASE],
		 geo[GEO_TABLE_FULL], unplaced, f->balanced ? "balances" : "DOES NOT BALANCE");
	buffer_text(b, text);
}

/* Everything since the start, and what its lists show. */
struct lists {
	struct picture_window window;
	struct country *countries;
	size_t country_count;
	const struct host_row *talkers;
	size_t talker_count;
};

static bool
read_lists(struct picture *picture, struct lists *lists)
{
	const struct view view = {WINDOW_START, picture_default_view(picture).side};

	lists->countries = NULL;
	if (picture_get_window(picture, view, &lists->window) != 0 ||
	    picture_countries(&lists->window, &lists->countries, &lists->country_count) != 0)
		return false;
	lists->talker_count = picture_talkers(picture, view, &lists->talkers);
	return true;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void
report_text(struct picture *picture, struct buffer *b)
{
	const size_t width = 40;
	char name[PLACE_CITY_MAX + 16], address[HOST_ADDR_TEXT];
	struct lists lists;

	if (!read_lists(picture, &lists)) {
		b->failed = true;
		return;
	}
	totals(b, picture_facts(picture));
	heading(b, "Countries", width);
	for (size_t i = 0; i < least(lists.country_count, ROWS); i++)
		line(b, lists.countries[i].code[0] ? lists.countries[i].code : "unknown", width,
		     &lists.countries[i].counts);
	heading(b, "Places", width);
	for (size_t i = 0; i < least(lists.window.count, ROWS); i++) {
		const struct place *place = lists.window.points[i].place;

		snprintf(name, sizeof(name), "%s%s%s", place->city, place->city[0] ? ", " : "",
			 place->country[0] ? place->country : "unknown");
		line(b, name, width, &lists.window.points[i].counts);
	}
	if (!picture_facts(picture)->privacy.no_hosts)
		heading(b, "Talkers", width);
	for (size_t i = 0; i < least(lists.talker_count, ROWS); i++)
		line(b, host_addr_text(&lists.talkers[i].addr, lists.talkers[i].family, address),
		     width, &lists.talkers[i].counts);
	free(lists.countries);
}

static json_t *
counts_json(const struct counts *c)
{
	const uint64_t tcp =
		c->packets[LAYER_TCP][AS_SOURCE] + c->packets[LAYER_TCP][AS_DESTINATION];

	return json_pack("{s:I, s:I, s:I, s:I}", "packets", (json_int_t)counts_packets(c),
			 "tcp_packets", (json_int_t)tcp, "udp_packets",
			 (json_int_t)(counts_packets(c) - tcp), "octets",
			 (json_int_t)counts_octets(c));
}

static void
add_row(json_t *list, const char *key, const char *value, const char *country,
	const struct counts *counts)
{
	json_t *row = counts_json(counts);

	json_object_set_new(row, key, json_text(value));
	if (country != NULL)
		json_object_set_new(row, "country", json_text(country));
	json_array_append_new(list, row);
}

void
report_json(struct picture *picture, struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	json_t *countries = json_array(), *places = json_array(), *talkers = json_array();
	json_t *results = json_object(), *geo = json_object();
	char address[HOST_ADDR_TEXT];
	struct lists lists;

	if (!read_lists(picture, &lists))
		b->failed = true;
	for (size_t i = 0; !b->failed && i < least(lists.country_count, ROWS); i++)
		add_row(countries, "country", lists.countries[i].code, NULL,
			&lists.countries[i].counts);
	for (size_t i = 0; !b->failed && i < least(lists.window.count, ROWS); i++)
		add_row(places, "city", lists.window.points[i].place->city,
			lists.window.points[i].place->country, &lists.window.points[i].counts);
	for (size_t i = 0; !b->failed && i < least(lists.talker_count, ROWS); i++)
		add_row(talkers, "address",
			host_addr_text(&lists.talkers[i].addr, lists.talkers[i].family, address),
			NULL, &lists.talkers[i].counts);
	for (int r = 0; r < DECODE_RESULTS; r++)
		json_object_set_new(results, decode_result_name((enum decode_result)r),
				    json_integer((json_int_t)f->sums.ledger.decode.frames[r]));
	for (int r = 0; r < GEO_RESULTS; r++)
		json_object_set_new(geo, geo_result_name((enum geo_result)r),
				    json_integer((json_int_t)f->sums.ledger.geo[r]));
	json_t *o = json_pack("{s:i, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "v", 1, "received",
			      (json_int_t)f->sums.received, "lost", (json_int_t)f->sums.lost,
			      "balanced", (int)f->balanced, "frames", results, "addresses", geo,
			      "countries", countries, "places", places, "talkers", talkers);
	char *text = json_dumps(o, JSON_INDENT(1));
	json_decref(o);
	if (text == NULL) {
		b->failed = true;
	} else {
		buffer_text(b, text);
		buffer_char(b, '\n');
	}
	free(text);
	free(b->failed ? NULL : lists.countries);
}
