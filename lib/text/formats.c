/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The formats of a picture's texts. A new one is a file with its encoder, and a row here: lib/http
 * answers it under its path, with its type, for each window and side and for times of the past.
 * Only who is asked for by name in the source needs a name in text.h.
 */
#include "internal.h"

static int
encode_openmetrics(struct picture *picture, struct view view, struct buffer *out)
{
	(void)view;
	return encode_metrics(picture, true, out);
}

static int
encode_prometheus(struct picture *picture, struct view view, struct buffer *out)
{
	(void)view;
	return encode_metrics(picture, false, out);
}

static const struct text_format formats[] = {
	[TEXT_HEAT] = {.path = "/api/v1/heat",
		       .type = "application/json",
		       .letter = 'h',
		       .by_view = true,
		       .of_picture = encode_heat,
		       .of_range = encode_range},
	[TEXT_HTML] = {.path = "/ip_heatmap.html",
		       .type = "text/html; charset=utf-8",
		       .letter = 'm',
		       .by_view = true,
		       .is_page = true,
		       .of_picture = encode_html,
		       .of_range = encode_html_range},
	[TEXT_STATUS] = {.path = "/api/v1/status",
			 .type = "application/json",
			 .letter = 's',
			 .of_picture = encode_status},
	/* one path for both, by what is asked for */
	[TEXT_OPENMETRICS] = {.type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
			      .letter = 'o',
			      .of_picture = encode_openmetrics},
	[TEXT_PROMETHEUS] = {.type = "text/plain; version=0.0.4; charset=utf-8",
			     .letter = 'p',
			     .of_picture = encode_prometheus},
	[TEXT_CSV] = {.path = "/api/v1/heat.csv",
		      .type = "text/csv; charset=utf-8; header=present",
		      .letter = 'c',
		      .by_view = true,
		      .of_points = encode_csv},
	[TEXT_GEOJSON] = {.path = "/api/v1/heat.geojson",
			  .type = "application/geo+json",
			  .letter = 'g',
			  .by_view = true,
			  .of_points = encode_geojson},
	[TEXT_COUNTRIES] = {.path = "/api/v1/countries.geojson",
			    .type = "application/geo+json",
			    .letter = 'l',
			    .by_view = true,
			    .of_points = encode_countries},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

_Static_assert(FORMATS <= TEXT_KINDS_MAX, "each picture has room for its texts");

const struct text_format *
text_format(enum text_kind kind)
{
	return (size_t)kind < FORMATS ? &formats[kind] : NULL;
}
