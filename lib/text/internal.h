/* SPDX-License-Identifier: BSD-3-Clause */
/* One encoder a format: shared by the files of this folder only. */
#pragma once

#include "buffer.h"
#include "json.h"
#include "text.h"

/* Each appends to `out`. 0, -ENOMEM, or -EINVAL for a page without a hole. Any thread. */
int encode_heat(struct picture *picture, struct view view, struct buffer *out);
int encode_range(const struct picture *picture, const struct history_range *range,
		 const struct history_series *timeline, const struct picture_window *window,
		 struct buffer *out);
int encode_html_range(const struct picture *picture, const struct history_range *range,
		      const struct history_series *timeline, const struct picture_window *window,
		      struct buffer *out);
int encode_csv(const struct picture_window *window, struct buffer *out);
int encode_geojson(const struct picture_window *window, struct buffer *out);
int encode_countries(const struct picture_window *window, struct buffer *out);
int encode_html(struct picture *picture, struct view view, struct buffer *out);
int encode_metrics(struct picture *picture, bool openmetrics, struct buffer *out);
int encode_status(struct picture *picture, struct view view, struct buffer *out);

/* A city's name, or of a record that names a continent only, that; or nothing. */
static inline const char *
text_place_name(const struct place *place)
{
	return place->city[0] == 0 && place->basis == BASIS_CONTINENT
		       ? place_continent(place->continent)
		       : place->city;
}

/* In km: the database's accuracy radius; 0: it has none; -1: nor a city, nothing finer is known. */
static inline double
text_radius(const struct place *place)
{
	return place->city[0] == 0 && !(place->radius_km > 0) ? -1 : (double)place->radius_km;
}

/* Members of a feature's properties: the eight counters, each with a comma before it. */
void geojson_counts(struct buffer *b, const struct counts *counts);

/* The buffer as a text, which is its own tag; takes the buffer over. 0 or -ENOMEM. */
int text_of(struct buffer *b, const char *letter, struct text **text);

/* Fills text->gzip from text->plain; leaves it NULL where that fails. */
void text_compress(struct text *text, int level);

/* heat_json.c: the parts that a heat of any time consists of */
struct heat_titles {
	char titles[512], attribution[512];
	const char *url;
	int64_t built; /* the oldest of them, seconds since 1970; 0: unknown */
};
/* That as a value: its time, or null. */
json_t *heat_built(const struct heat_titles *titles);
void heat_titles(const struct picture *picture, struct heat_titles *titles);
json_t *heat_totals(const struct picture_window *window, size_t countries, size_t hosts,
		    bool balanced);
/* Why there is no point: "" where there is one. */
const char *heat_empty(enum link_state link, const struct picture_window *window);
json_t *heat_windows(void);
/* A member behind others: how many bits of addresses are told; none where all are. */
void heat_anonymised(struct buffer *b, struct privacy privacy);
void heat_points(struct buffer *b, const struct picture_window *window);
void heat_names(struct buffer *b, const struct picture_window *window);
void heat_countries(struct buffer *b, const struct country *countries, size_t count);
/* One more row of a window that is put together in these two, which have room: a place, of its side
 * alone, or a network. */
static inline void
window_put(struct picture_window *w, struct point *points, struct point *networks,
	   struct point point)
{
	if (place_is_network(point.place))
		networks[w->network_count++] = point;
	else if (w->side == SIDE_ALL || !point.place->own)
		points[w->count++] = point;
}

void heat_networks(struct buffer *b, const struct picture_window *window);
/* [number, name] of the host's network, behind `before` others; 0 and "": unknown. */
void heat_host_network(struct buffer *b, const struct picture *picture, const struct host_row *host,
		       size_t before);
void heat_cities(struct buffer *b, const struct picture_window *window);
#define HEAT_FIELDS                                                                                \
	"lat", "lon", "tcp_packets", "udp_packets", "tcp_octets", "udp_octets", "tcp_src_packets", \
		"udp_src_packets", "tcp_src_octets", "udp_src_octets", "id", "radius_km", "own",   \
		"site"
