/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of /api/v1/countries.geojson: RFC 7946, a feature a country with packets, busiest first.
 *
 * A country that the atlas has no shape of is a point, where its busiest place is; places without a
 * country are a feature without geometry. So the features add up to what the places do.
 */
#include "internal.h"
#include "land.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the collection's box must hold. */
struct boxes {
	struct span {
		double west, east; /* west <= east */
	} spans[2 * PLACE_COUNTRIES];
	size_t count;
	double south, north;
};

static void
boxes_add(struct boxes *boxes, const double box[4])
{
	if (boxes->count == 0 || box[1] < boxes->south)
		boxes->south = box[1];
	if (boxes->count == 0 || box[3] > boxes->north)
		boxes->north = box[3];
	if (box[0] <= box[2]) {
		boxes->spans[boxes->count++] = (struct span){box[0], box[2]};
	} else { /* over 180 degrees */
		boxes->spans[boxes->count++] = (struct span){box[0], 180};
		boxes->spans[boxes->count++] = (struct span){-180, box[2]};
	}
}

static int
order_of_spans(const void *a, const void *b)
{
	const struct span *sa = a, *sb = b;

	return sa->west < sb->west ? -1 : sa->west > sb->west;
}

/* West and east: the circle without the widest gap that nothing lies in. */
static struct span
boxes_around(struct boxes *boxes)
{
	qsort(boxes->spans, boxes->count, sizeof(boxes->spans[0]), order_of_spans);
	const double first = boxes->spans[0].west;
	double reach = boxes->spans[0].east, widest = 0;
	struct span around = {0, 0};

	for (size_t i = 1; i < boxes->count; i++) {
		const struct span *span = &boxes->spans[i];

		if (span->west - reach > widest) {
			widest = span->west - reach;
			around = (struct span){span->west, reach};
		}
		reach = span->east > reach ? span->east : reach;
	}
	return first + 360 - reach >= widest ? (struct span){first, reach} : around;
}

static void
encode_box(struct buffer *b, const double box[4])
{
	buffer_text(b, ",\"bbox\":");
	for (int i = 0; i < 4; i++) {
		buffer_char(b, i > 0 ? ',' : '[');
		buffer_decimal(b, box[i], 3);
	}
	buffer_char(b, ']');
}

/* The points are in order: the first of a country is its busiest. */
static const struct place *
busiest_place(const struct picture_window *w, const char code[3])
{
	size_t i = 0;

	while (strcmp(w->points[i].place->country, code) != 0)
		i++;
	return w->points[i].place;
}

static void
encode_feature(struct buffer *b, const struct picture_window *w, const struct country *country,
	       struct boxes *boxes)
{
	const struct land_country *land = land_country(country->code);

	buffer_text(b, "{\"type\":\"Feature\"");
	if (country->code[0] != 0) {
		buffer_text(b, ",\"id\":");
		buffer_json_string(b, country->code);
	}
	if (land != NULL && land->length > 0) {
		encode_box(b, land->box);
		boxes_add(boxes, land->box);
		buffer_text(b, ",\"geometry\":");
		buffer_put(b, land->shape, land->length);
	} else if (country->code[0] != 0) {
		const struct place *at = busiest_place(w, country->code);

		boxes_add(boxes, (const double[4]){at->longitude, at->latitude, at->longitude,
						   at->latitude});
		buffer_text(b, ",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
		buffer_decimal(b, at->longitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, at->latitude, 3);
		buffer_text(b, "]}");
	} else {
		buffer_text(b, ",\"geometry\":null");
	}
	buffer_text(b, ",\"properties\":{\"country\":");
	buffer_json_string(b, country->code);
	buffer_text(b, ",\"name\":");
	buffer_json_string(b, land != NULL ? land->name : country->code);
	geojson_counts(b, &country->counts);
	buffer_text(b, "}}");
}

int
encode_countries(const struct picture_window *w, struct buffer *b)
{
	struct boxes *boxes = calloc(1, sizeof(*boxes));
	struct country *countries = NULL;
	struct buffer features = {0};
	size_t count = 0;

	if (boxes == NULL || picture_countries(w, &countries, &count) != 0) {
		free(boxes);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		buffer_text(&features, i > 0 ? ",\n" : "\n");
		encode_feature(&features, w, &countries[i], boxes);
	}
	buffer_text(b, "{\"type\":\"FeatureCollection\"");
	if (boxes->count > 0) {
		const struct span around = boxes_around(boxes);

		encode_box(b,
			   (const double[4]){around.west, boxes->south, around.east, boxes->north});
	}
	buffer_text(b, ",\"features\":[");
	buffer_put(b, features.data, features.length);
	buffer_text(b, "]}\n");
	const bool failed = b->failed || features.failed;
	buffer_free(&features);
	free(countries);
	free(boxes);
	return failed ? -ENOMEM : 0;
}
