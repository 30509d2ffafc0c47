/* SPDX-License-Identifier: BSD-3-Clause */
/* GeoJSON of the places. */
#include "text_world.h"

#include <math.h>

/* One feature a place, longitude first, inside the box; together all that is on the map. */
static void
test_geojson(void **state)
{
	struct world w;
	double box[4];
	uint64_t packets = 0;
	size_t i;
	const json_t *feature;
	(void)state;

	world_begin(&w, "world4", "world6");
	add_by_chance(&w, 600);
	struct picture *s = make_picture(&w);
	const struct text *text = text_get(s, TEXT_GEOJSON, all_of(WINDOW_START));
	assert_non_null(text);
	json_t *json = parse_json(text->plain, text->length);
	assert_string_equal(string_at(json, "type"), "FeatureCollection");
	const json_t *bbox = json_object_get(json, "bbox");
	const json_t *features = json_object_get(json, "features");
	assert_int_equal(json_array_size(bbox), 4);
	assert_int_equal(json_array_size(features), picture_points(s, WINDOW_START));
	for (i = 0; i < 4; i++)
		box[i] = json_number_value(json_array_get(bbox, i));
	json_array_foreach(features, i, feature)
	{
		const json_t *at =
			json_object_get(json_object_get(feature, "geometry"), "coordinates");
		const json_t *properties = json_object_get(feature, "properties");
		double longitude = json_number_value(json_array_get(at, 0));
		double latitude = json_number_value(json_array_get(at, 1));
		const struct place *place = picture_place(
			s, (uint32_t)json_integer_value(json_object_get(feature, "id")));

		assert_true(fabs(longitude - place->longitude) < 0.00051);
		assert_true(fabs(latitude - place->latitude) < 0.00051);
		assert_true(longitude >= box[0] && longitude <= box[2]);
		assert_true(latitude >= box[1] && latitude <= box[3]);
		assert_string_equal(string_at(properties, "country"), place->country);
		assert_string_equal(string_at(properties, "city"), place->city);
		assert_string_equal(string_at(properties, "precision"),
				    place->city[0] != 0 ? "city" : "country");
		assert_int_equal(json_integer_value(json_object_get(properties, "radius_km")),
				 place->radius_km > 0 ? place->radius_km : 0);
		static const char *const names[] = {"tcp_src_packets", "tcp_dst_packets",
						    "udp_src_packets", "udp_dst_packets"};
		for (int n = 0; n < 4; n++)
			packets +=
				(uint64_t)json_integer_value(json_object_get(properties, names[n]));
	}
	assert_int_equal(packets, w.ledger.geo[GEO_LOCATED]);
	json_decref(json);
	picture_release(s);
	world_end(&w);

	/* without a place there is no box to name */
	world_begin(&w, "world4", NULL);
	s = make_picture(&w);
	text = text_get(s, TEXT_GEOJSON, all_of(WINDOW_NOW));
	assert_non_null(text);
	json = parse_json(text->plain, text->length);
	assert_null(json_object_get(json, "bbox"));
	assert_int_equal(json_array_size(json_object_get(json, "features")), 0);
	json_decref(json);
	picture_release(s);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geojson),
	};

	return cmocka_run_group_tests_name("geojson", tests, NULL, NULL);
}
