/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensors of a fleet: their sums for the status, and /api/v1/sensors, one by one. */
#include "fleet_json.h"
#include "json.h"

#define WORST_MOST 12

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
time_or_null(int64_t ms)
{
	char text[32];

	if (ms == 0)
		return json_null();
	time_text(ms, text);
	return json_string(text);
}

static void
add_states(json_t *o, const struct fleet_report *r)
{
	json_object_set_new(o, "sensors", number(r->status.sensors));
	for (int state = 0; state < FLEET_STATES; state++)
		json_object_set_new(o, fleet_state_names[state], number(r->status.states[state]));
	json_object_set_new(o, "losing", number(r->losing));
	json_object_set_new(o, "old_database", number(r->old));
}

json_t *
fleet_summary_json(const struct fleet_report *r)
{
	json_t *o, *worst;

	if (r == NULL)
		return json_null();
	o = json_object();
	worst = json_array();
	add_states(o, r);
	for (size_t i = 0; i < r->count && i < WORST_MOST; i++) {
		const struct fleet_report_sensor *s = &r->sensors[i];

		json_array_append_new(worst,
				      json_pack("{s:o, s:o, s:s, s:b, s:b, s:o}", "name",
						json_text(s->name), "site", json_text(s->site),
						"state", fleet_state_names[s->of.state], "losing",
						(int)s->losing, "old_database", (int)s->old,
						"heard", time_or_null(s->of.heard_ms)));
	}
	json_object_set_new(o, "worst", worst);
	json_object_set_new(o, "away", json_boolean(r->transport.away));
	return o;
}

static json_t *
relayed_json(const struct fleet_relayed *r)
{
	if (!r->there)
		return json_null();
	json_t *o = json_object();

	json_object_set_new(o, "written", number(r->written));
	json_object_set_new(o, "waiting", number(r->waiting));
	json_object_set_new(o, "octets", number(r->octets));
	json_object_set_new(o, "unstored", number(r->unstored));
	json_object_set_new(o, "dropped", number(r->dropped));
	json_object_set_new(o, "dropped_packets", number(r->packets));
	json_object_set_new(o, "failing", json_boolean(r->failing));
	return o;
}

json_t *
fleet_json(const struct fleet_report *r)
{
	if (r == NULL)
		return json_null();
	const struct fleet_status *s = &r->status;
	json_t *o = json_object(), *transport = json_object();

	add_states(o, r);
	for (int answer = 0; answer < FLEET_NO_MEMORY; answer++)
		json_object_set_new(o, fleet_answer_names[answer], number(s->answers[answer]));
	json_object_set_new(o, "late_periods", number(s->late));
	json_object_set_new(o, "incomplete_periods", number(s->incomplete));
	json_object_set_new(o, "too_late_packets", number(s->too_late_packets));
	json_object_set_new(o, "refused_packets", number(s->refused_packets));
	json_object_set_new(o, "refused_why", json_text(s->refused_why));
	json_object_set_new(o, "newer_frames", number(s->newer_frames));
	json_object_set_new(o, "open_slots", number(s->open));
	json_object_set_new(o, "until", time_or_null(s->until_ms));
	json_object_set_new(transport, "partitions", number(r->transport.partitions));
	json_object_set_new(transport, "at_end", number(r->transport.at_end));
	json_object_set_new(transport, "messages", number(r->transport.messages));
	json_object_set_new(transport, "octets", number(r->transport.octets));
	json_object_set_new(transport, "unreadable", number(r->transport.unreadable));
	json_object_set_new(transport, "expired", number(r->transport.expired));
	json_object_set_new(transport, "lag", number(r->transport.lag));
	json_object_set_new(transport, "away", json_boolean(r->transport.away));
	json_object_set_new(o, "transport", transport);
	json_object_set_new(o, "records", relayed_json(&r->transport.relayed));
	return o;
}

static json_t *
sensor_json(const struct fleet_report_sensor *r)
{
	const struct fleet_sensor *s = &r->of;
	json_t *o = json_object();
	const uint64_t *frames = s->ledger.decode.frames;

	json_object_set_new(o, "name", json_text(s->name));
	json_object_set_new(o, "state", json_string(fleet_state_names[s->state]));
	json_object_set_new(o, "losing", json_boolean(r->losing));
	json_object_set_new(o, "old_database", json_boolean(r->old));
	json_object_set_new(o, "site", json_text(s->site));
	json_object_set_new(o, "group", json_text(s->group));
	json_object_set_new(o, "latitude", s->has_position ? json_real(s->latitude) : json_null());
	json_object_set_new(o, "longitude",
			    s->has_position ? json_real(s->longitude) : json_null());
	json_object_set_new(o, "software", json_text(s->software));
	json_object_set_new(o, "database_built", time_or_null(s->database_built * 1000));
	json_object_set_new(o, "link", json_string(link_name(s->link)));
	json_object_set_new(o, "heard", time_or_null(s->heard_ms));
	json_object_set_new(o, "until", time_or_null(s->end_ms));
	json_object_set_new(o, "skew_ms", json_integer(s->skew_ms));
	json_object_set_new(o, "delay_ms", json_integer(s->delay_ms));
	json_object_set_new(o, "periods", number(s->periods));
	json_object_set_new(o, "received", number(s->received));
	json_object_set_new(o, "tcp", number(frames[DECODE_TCP]));
	json_object_set_new(o, "udp", number(frames[DECODE_UDP]));
	json_object_set_new(o, "lost", number(s->lost));
	json_object_set_new(o, "last_received", number(s->last_received));
	json_object_set_new(o, "last_lost", number(s->last_lost));
	json_object_set_new(o, "repeated", number(s->repeated));
	json_object_set_new(o, "late", number(s->late));
	json_object_set_new(o, "too_late", number(s->too_late));
	json_object_set_new(o, "too_late_packets", number(s->too_late_packets));
	json_object_set_new(o, "incomplete", number(s->incomplete));
	json_object_set_new(o, "refused", number(s->refused));
	json_object_set_new(o, "records_dropped", number(s->records_dropped));
	json_object_set_new(o, "packets_dropped", number(s->packets_dropped));
	return o;
}

json_t *
sensors_json(const struct fleet_report *r)
{
	json_t *o = json_object(), *sensors = json_array();

	for (size_t i = 0; r != NULL && i < r->count; i++)
		json_array_append_new(sensors, sensor_json(&r->sensors[i]));
	json_object_set_new(o, "v", number(1));
	json_object_set_new(o, "generated", time_or_null(r != NULL ? r->made_ms : 0));
	json_object_set_new(o, "fleet", fleet_json(r));
	json_object_set_new(o, "sensors", sensors);
	return o;
}
