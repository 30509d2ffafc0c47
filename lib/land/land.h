/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shapes of the countries: Natural Earth's, as lib/page/tools/countries.mjs made countries.tsv
 * of them, compiled in.
 *
 * Every code of ISO 3166-1 is known, and XK, which databases use; four have no shape, as the atlas
 * has none of them (BV, GI, TV, UM).
 *
 * Pure, static data. Any thread.
 */
#pragma once

#include <stddef.h>

struct land_country {
	char code[3];      /* ISO 3166-1 alpha-2 */
	const char *name;  /* English, UTF-8 */
	double box[4];     /* west, south, east, north; west > east: over 180 degrees */
	double point[2];   /* latitude and longitude of a point well inside its largest part */
	size_t length;     /* of the geometry; 0: there is none */
	const char *shape; /* GeoJSON geometry (RFC 7946): Polygon or MultiPolygon */
};

/* NULL for a code that is none. */
const struct land_country *land_country(const char code[3]);

/* All of them, by code. */
extern const struct land_country land_countries[];
extern const size_t land_country_count;
