/* SPDX-License-Identifier: BSD-3-Clause */
/* What changed, in rows as those of the heat; and events. */
#include "internal.h"

#include <errno.h>

static json_t *
time_json(const struct history_sum *sum)
{
	char from[32], to[32];

	time_text(sum->from_ms, from);
	time_text(sum->to_ms, to);
	return json_pack("{s:s, s:s, s:f}", "from", from, "to", to, "covered_s",
			 (double)sum->covered_ms / 1000);
}

static void
encode_both(struct buffer *b, const struct counts *now, const struct counts *before)
{
	buffer_counts(b, now);
	buffer_char(b, ',');
	buffer_counts(b, before);
	buffer_char(b, ',');
	buffer_json_string(b, change_kind_names[change_kind(now, before)]);
}

static void
encode_places(struct buffer *b, const struct change *change)
{
	for (size_t i = 0; i < change->place_count; i++) {
		const struct change_place *p = &change->places[i];

		buffer_text(b, i > 0 ? ",[" : "[");
		buffer_decimal(b, p->place.latitude, 3);
		buffer_char(b, ',');
		buffer_decimal(b, p->place.longitude, 3);
		buffer_char(b, ',');
		encode_both(b, &p->now, &p->before);
		buffer_char(b, ',');
		buffer_number(b, p->place.number);
		buffer_text(b, p->place.own ? ",1," : ",0,");
		buffer_json_string(b, p->place.city);
		buffer_char(b, ',');
		buffer_json_string(b, p->place.country);
		buffer_char(b, ']');
	}
}

#define COUNTERS(prefix)                                                                           \
	prefix "tcp_packets", prefix "udp_packets", prefix "tcp_octets", prefix "udp_octets",      \
		prefix "tcp_src_packets", prefix "udp_src_packets", prefix "tcp_src_octets",       \
		prefix "udp_src_octets"

int
text_change(const struct picture *picture, const struct change *change, enum side side,
	    struct text **text)
{
	struct buffer b = {0};
	json_t *before = json_array();

	for (size_t i = 0; i < change->before_count; i++)
		json_array_append_new(before, time_json(&change->before[i]));
	buffer_char(&b, '{');
	buffer_members(&b,
		       json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:[sssssssssssssssssssssss], "
				 "s:[ssssssssssssssssss]}",
				 "v", 1, "sensor", picture_facts(picture)->record.sensor, "against",
				 change_against_names[change->against], "side", side_names[side],
				 "now", time_json(&change->now), "before", before, "fields", "lat",
				 "lon", COUNTERS(""), COUNTERS("before_"), "kind", "id", "own",
				 "name", "country", "country_fields", "country", COUNTERS(""),
				 COUNTERS("before_"), "kind"));
	buffer_text(&b, ",\"places\":[");
	encode_places(&b, change);
	buffer_text(&b, "],\"countries\":[");
	for (size_t i = 0; i < change->country_count; i++) {
		const struct change_country *c = &change->countries[i];

		buffer_text(&b, i > 0 ? ",[" : "[");
		buffer_json_string(&b, c->code);
		buffer_char(&b, ',');
		encode_both(&b, &c->now, &c->before);
		buffer_char(&b, ']');
	}
	buffer_text(&b, "]}\n");
	return text_of(&b, "c", text);
}

int
text_events(const struct event *events, size_t count, const struct watch_status *watch,
	    int64_t from_ms, int64_t to_ms, struct text **text)
{
	char from[32], to[32], until[32];
	json_t *list = json_array(), *state = NULL;
	struct buffer b = {0};

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, event_json(&events[i]));
	if (watch != NULL) {
		time_text(watch->until_ms, until);
		state = json_pack("{s:o, s:b, s:I}", "until",
				  watch->until_ms != 0 ? json_string(until) : json_null(),
				  "learning", watch->learning, "active", (json_int_t)watch->active);
	}
	time_text(from_ms, from);
	time_text(to_ms, to);
	buffer_char(&b, '{');
	buffer_members(&b, json_pack("{s:i, s:s, s:s, s:o, s:o}", "v", 1, "from", from, "to", to,
				     "watch", state != NULL ? state : json_null(), "events", list));
	buffer_text(&b, "}\n");
	return text_of(&b, "e", text);
}
