/* SPDX-License-Identifier: BSD-3-Clause */
/* The shapes as they are compiled in: found by code, and sound as RFC 7946 wants them. */
#include "unit.h"

#include "land.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static json_t *
shape_of(const char *code)
{
	const struct land_country *country = land_country(code);

	assert_non_null(country);
	assert_string_equal(country->code, code);
	json_t *shape = json_loadb(country->shape, country->length, 0, NULL);
	assert_non_null(shape);
	return shape;
}

static void
test_codes(void **state)
{
	(void)state;

	assert_int_equal(land_country_count, 250); /* ISO 3166-1 has 249; and XK */
	for (size_t i = 0; i < land_country_count; i++) {
		const struct land_country *country = &land_countries[i];

		assert_ptr_equal(land_country(country->code), country);
		assert_true(country->name[0] != 0);
		assert_true((country->length > 0) == (country->shape != NULL));
		if (country->length == 0)
			continue;
		const double *box = country->box, lat = country->point[0], lon = country->point[1];
		assert_true(lat > box[1] && lat < box[3]);
		assert_true(box[0] < box[2] ? lon > box[0] && lon < box[2]
					    : lon > box[0] || lon < box[2]);
	}
	static const char *const none[] = {"", "A", "QQ", "de", "AAA", "ZZ", "\xff\xff"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_null(land_country(none[i]));
	assert_string_equal(land_country("DE")->name, "Germany");
	assert_string_equal(land_country("XK")->name, "Kosovo");
}

/* Each ring ends where it began, runs the right way round, and lies in its country's box. */
static void
check_ring(const json_t *ring, bool outer, const struct land_country *country)
{
	const size_t n = json_array_size(ring);
	double twice = 0, before[2] = {0};

	assert_true(n >= 4);
	assert_true(json_equal(json_array_get(ring, 0), json_array_get(ring, n - 1)));
	for (size_t i = 0; i < n; i++) {
		const json_t *at = json_array_get(ring, i);
		const double x = json_number_value(json_array_get(at, 0));
		const double y = json_number_value(json_array_get(at, 1));
		const double *box = country->box;

		assert_int_equal(json_array_size(at), 2);
		assert_true(y >= box[1] && y <= box[3]);
		if (box[0] <= box[2])
			assert_true(x >= box[0] && x <= box[2]);
		else
			assert_true((x >= box[0] && x <= 180) || (x <= box[2] && x >= -180));
		if (i > 0)
			twice += before[0] * y - x * before[1];
		before[0] = x;
		before[1] = y;
	}
	assert_true(outer ? twice > 0 : twice < 0);
}

static void
check_polygon(const json_t *rings, const struct land_country *country)
{
	assert_true(json_array_size(rings) >= 1);
	for (size_t i = 0; i < json_array_size(rings); i++)
		check_ring(json_array_get(rings, i), i == 0, country);
}

static void
test_shapes(void **state)
{
	size_t without = 0;
	(void)state;

	for (size_t i = 0; i < land_country_count; i++) {
		const struct land_country *country = &land_countries[i];

		if (country->length == 0) {
			without++;
			continue;
		}
		json_t *shape = shape_of(country->code);
		const json_t *coordinates = json_object_get(shape, "coordinates");
		const char *type = json_string_value(json_object_get(shape, "type"));
		if (strcmp(type, "Polygon") == 0) {
			check_polygon(coordinates, country);
		} else {
			assert_string_equal(type, "MultiPolygon");
			assert_true(json_array_size(coordinates) >= 2);
			for (size_t k = 0; k < json_array_size(coordinates); k++)
				check_polygon(json_array_get(coordinates, k), country);
		}
		json_decref(shape);
	}
	assert_int_equal(without, 4);
}

/* What the atlas draws as one and ISO does not, and the other way round. */
static void
test_parts(void **state)
{
	(void)state;

	assert_true(land_country("FR")->box[2] < 10);  /* without Guiana and Reunion */
	assert_true(land_country("GF")->box[0] < -54); /* which have their own */
	assert_true(land_country("RE")->box[0] > 55);
	assert_true(land_country("NO")->box[3] < 72); /* without Svalbard */
	assert_true(land_country("SJ")->box[3] > 80);
	assert_true(land_country("NL")->box[0] > 3);
	assert_true(land_country("CY")->box[3] > 35.6); /* with its north */
	assert_true(land_country("SO")->box[0] < 43);   /* with Somaliland */
	json_t *cyprus = shape_of("CY");                /* without a border inside */
	assert_string_equal(json_string_value(json_object_get(cyprus, "type")), "Polygon");
	json_decref(cyprus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
