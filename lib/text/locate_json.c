/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of /api/v1/locate and of --locate --json. */
#include "locate_json.h"
#include "internal.h"

#include <string.h>

json_t *
locate_json(const struct explanation *e)
{
	const struct place *place = &e->place;
	char address[HOST_ADDR_TEXT], inside[HOST_ADDR_TEXT], reason[512], built[32];
	json_t *o = json_object();
	const char *result = e->site         ? geo_result_name(GEO_SITE)
			     : e->on_the_map ? geo_result_name(GEO_LOCATED)
			     : e->is_private ? geo_result_name(GEO_PRIVATE)
			     : e->database   ? geo_result_name(GEO_NO_POSITION)
					     : geo_result_name(GEO_NOT_IN_DATABASE);

	json_object_set_new(o, "ip", json_text(host_addr_text(&e->addr, e->family, address)));
	json_object_set_new(o, "result", json_string(result));
	json_object_set_new(o, "reason", json_text(explanation_reason(e, reason)));
	json_object_set_new(o, "embedded_ipv4",
			    e->embeds ? json_text(host_addr_text(&e->inside, ADDR_IPV4, inside))
				      : json_null());
	json_object_set_new(o, "special_range",
			    e->special ? json_pack("{s:s, s:s}", "prefix", e->special->prefix,
						   "name", e->special->what)
				       : json_null());
	json_object_set_new(o, "country", json_text(place->country));
	json_object_set_new(o, "city", json_text(place->city));
	json_object_set_new(o, "precision", json_string(place_precision(place)));
	json_object_set_new(o, "country_only",
			    json_boolean(e->on_the_map && text_radius(place) < 0));
	json_object_set_new(o, "latitude",
			    e->on_the_map ? json_real(place->latitude) : json_null());
	json_object_set_new(o, "longitude",
			    e->on_the_map ? json_real(place->longitude) : json_null());
	json_object_set_new(o, "radius_km", json_real((double)place->radius_km));
	json_object_set_new(o, "own", json_boolean(e->own));
	json_object_set_new(o, "network",
			    e->database || e->site ? json_text(e->network) : json_null());
	json_object_set_new(o, "asn",
			    e->asn.number != 0 ? json_integer(e->asn.number) : json_null());
	json_object_set_new(o, "as_name",
			    e->asn.number != 0 ? json_text(e->asn.name) : json_null());
	if (e->database != NULL) {
		time_text((int64_t)e->database->built * 1000, built);
		json_object_set_new(o, "database",
				    json_pack("{s:o, s:o, s:o, s:s}", "path",
					      json_text(e->database->path), "title",
					      json_text(e->database->title), "type",
					      json_text(e->database->type), "built", built));
	} else {
		json_object_set_new(o, "database", json_null());
	}
	return o;
}
