/* SPDX-License-Identifier: BSD-3-Clause */
#include "event.h"

#include "history.h"
#include "time_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const subjects[EVENT_SUBJECTS] = {"all", "country", "place"};

static double
rounded(double value)
{
	return round(value * 1000) / 1000;
}

json_t *
event_json(const struct event *e)
{
	char from[TIME_TEXT], to[TIME_TEXT];

	time_text(e->from_ms, from);
	time_text(e->to_ms, to);
	json_t *o = json_pack("{s:I, s:s, s:s, s:b, s:s, s:s, s:f, s:f, s:f}", "id",
			      (json_int_t)e->id, "from", from, "to", to, "over", e->over, "subject",
			      subjects[e->subject], "direction", e->direction > 0 ? "more" : "less",
			      "packets_s", rounded(e->now), "usual_packets_s", rounded(e->usual),
			      "score", rounded(e->score));
	if (o != NULL && e->subject != EVENT_ALL)
		json_object_set_new(o, "country", json_string(e->country));
	if (o != NULL && e->subject == EVENT_PLACE) {
		json_object_set_new(o, "place", json_integer(e->place));
		json_object_set_new(o, "name", json_string(e->name));
		json_object_set_new(o, "latitude", json_real(e->latitude));
		json_object_set_new(o, "longitude", json_real(e->longitude));
	}
	return o;
}

bool
event_read(const void *text, size_t size, struct event *e)
{
	const char *from, *to, *subject, *direction, *country = "", *name = "";
	json_int_t id, place = 0;
	int over;
	json_t *o = json_loadb(text, size, 0, NULL);

	*e = (struct event){0};
	bool fine = json_unpack(o,
				"{s:I, s:s, s:s, s:b, s:s, s:s, s:F, s:F, s:F, s?s, s?I, s?s, s?F, "
				"s?F}",
				"id", &id, "from", &from, "to", &to, "over", &over, "subject",
				&subject, "direction", &direction, "packets_s", &e->now,
				"usual_packets_s", &e->usual, "score", &e->score, "country",
				&country, "place", &place, "name", &name, "latitude", &e->latitude,
				"longitude", &e->longitude) == 0;
	if (fine) {
		int i = 0;

		while (i < EVENT_SUBJECTS && strcmp(subject, subjects[i]) != 0)
			i++;
		fine = i < EVENT_SUBJECTS && id > 0 && place >= 0 && place <= UINT32_MAX &&
		       strlen(country) < sizeof(e->country) && strlen(name) < sizeof(e->name) &&
		       history_parse_time(from, 0, &e->from_ms) == 0 &&
		       history_parse_time(to, 0, &e->to_ms) == 0;
		e->subject = i;
	}
	if (fine) {
		e->id = (uint64_t)id;
		e->place = (uint32_t)place;
		e->over = over != 0;
		e->direction = strcmp(direction, "more") == 0 ? 1 : -1;
		snprintf(e->country, sizeof(e->country), "%s", country);
		snprintf(e->name, sizeof(e->name), "%s", name);
	}
	json_decref(o);
	return fine;
}

void
event_line(const struct event *e, char *line, size_t size)
{
	const char *country = e->country[0] != 0 ? e->country : "no country";
	char place[64], what[PLACE_CITY_MAX + 72];

	snprintf(place, sizeof(place), "%.3f, %.3f", e->latitude, e->longitude);
	if (e->subject == EVENT_ALL)
		snprintf(what, sizeof(what), "all traffic");
	else if (e->subject == EVENT_COUNTRY)
		snprintf(what, sizeof(what), "%s", country);
	else
		snprintf(what, sizeof(what), "%s, %s", e->name[0] != 0 ? e->name : place, country);
	snprintf(line, size, "%s: %.*f packets/s, usually %.*f", what, e->now < 10, e->now,
		 e->usual < 10, e->usual);
}
