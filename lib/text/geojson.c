/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of /api/v1/heat.geojson: RFC 7946, longitude first. */
#include "internal.h"

#include <errno.h>

static void
encode_bbox(struct buffer *b, const struct picture_window *w)
{
	double west = 180, south = 90, east = -180, north = -90;

	if (w->count == 0)
		return;
	for (size_t i = 0; i < w->count; i++) {
		const struct place *place = w->points[i].place;

		west = place->longitude < west ? place->longitude : west;
		east = place->longitude > east ? place->longitude : east;
		south = place->latitude < south ? place->latitude : south;
		north = place->latitude > north ? place->latitude : north;
	}
	const double box[4] = {west, south, east, north};
	buffer_text(b, ",\"bbox\":");
	for (int i = 0; i < 4; i++) {
		buffer_char(b, i > 0 ? ',' : '[');
		buffer_decimal(b, box[i], 3);
	}
	buffer_char(b, ']');
}

void
geojson_counts(struct buffer *b, const struct counts *counts)
{
	static const char *const names[LAYERS][DIRECTIONS] = {{"tcp_src", "tcp_dst"},
							      {"udp_src", "udp_dst"}};

	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			buffer_text(b, ",\"");
			buffer_text(b, names[l][d]);
			buffer_text(b, "_packets\":");
			buffer_number(b, counts->packets[l][d]);
			buffer_text(b, ",\"");
			buffer_text(b, names[l][d]);
			buffer_text(b, "_octets\":");
			buffer_number(b, counts->octets[l][d]);
		}
	}
}

static void
encode_feature(struct buffer *b, const struct point *point)
{
	const struct place *place = point->place;

	buffer_text(b, "{\"type\":\"Feature\",\"id\":");
	buffer_number(b, place->number);
	buffer_text(b, ",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
	buffer_decimal(b, place->longitude, 3);
	buffer_char(b, ',');
	buffer_decimal(b, place->latitude, 3);
	buffer_text(b, "]},\"properties\":{\"country\":");
	buffer_json_string(b, place->country);
	buffer_text(b, ",\"city\":");
	buffer_json_string(b, place->city);
	buffer_text(b, ",\"precision\":\"");
	buffer_text(b, place_precision(place));
	buffer_char(b, '"');
	if (place->radius_km > 0) {
		buffer_text(b, ",\"radius_km\":");
		buffer_decimal(b, (double)place->radius_km, 0);
	}
	buffer_text(b, place->own ? ",\"own\":true" : ",\"own\":false");
	geojson_counts(b, &point->counts);
	buffer_text(b, "}}");
}

int
encode_geojson(const struct picture_window *w, struct buffer *b)
{
	buffer_text(b, "{\"type\":\"FeatureCollection\"");
	encode_bbox(b, w);
	buffer_text(b, ",\"features\":[");
	for (size_t i = 0; i < w->count; i++) {
		buffer_text(b, i > 0 ? ",\n" : "\n");
		encode_feature(b, &w->points[i]);
	}
	buffer_text(b, "]}\n");
	return b->failed ? -ENOMEM : 0;
}
