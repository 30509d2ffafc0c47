/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of /api/v1/status: the ledger, rates, losses, lanes, ports, databases. Small and deep,
 * so all of it is jansson's. What cannot be allocated is left out of it, or all of it is NULL:
 * json_*_set_new frees what it is given and takes no NULL, and json_dumps refuses one.
 */
#include "fleet_json.h"
#include "internal.h"
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
decimal(double value)
{
	return json_real(isfinite(value) ? round(value * 1000) / 1000 : 0);
}

static json_t *
ledger_json(const struct ledger *ledger)
{
	json_t *o = json_object(), *malformed = json_object(), *addresses = json_object();
	json_t *events = json_object(), *unwrapped = json_object();

	json_object_set_new(o, "frames", number(ledger_frames(ledger)));
	for (int v = 0; v < DECODE_RESULTS; v++)
		json_object_set_new(v < DECODE_FIRST_MALFORMED ? o : malformed,
				    decode_result_name((enum decode_result)v),
				    number(ledger->decode.frames[v]));
	uint64_t octets = 0;
	for (int v = 0; v < DECODE_RESULTS; v++)
		octets += ledger->decode.octets[v];
	json_object_set_new(o, "frame_octets", number(octets));
	json_object_set_new(o, "malformed_total", number(ledger_malformed(ledger)));
	json_object_set_new(o, "malformed", malformed);
	for (int f = 0; f < GEO_RESULTS; f++)
		json_object_set_new(addresses, geo_result_name((enum geo_result)f),
				    number(ledger->geo[f]));
	json_object_set_new(o, "addresses", addresses);
	for (int r = 0; r < DECODE_EVENTS; r++)
		json_object_set_new(events, decode_event_name((enum decode_event)r),
				    number(ledger->decode.events[r]));
	json_object_set_new(o, "events", events);
	for (int t = 0; t < TUNNELS; t++)
		json_object_set_new(unwrapped, tunnel_name((enum tunnel)t),
				    number(ledger->decode.unwrapped[t]));
	json_object_set_new(unwrapped, "too_deep", number(ledger->decode.tunnel_too_deep));
	json_object_set_new(o, "unwrapped", unwrapped);
	json_object_set_new(o, "ways", ways_json(ledger->decode.ways));
	json_object_set_new(o, "way_octets", ways_json(ledger->decode.way_octets));
	return o;
}

static json_t *
lanes_json(const struct picture_facts *f)
{
	json_t *lanes = json_array();

	for (size_t i = 0; i < f->record.lane_count; i++) {
		const struct period_lane *l = &f->record.lanes[i];
		json_t *o = json_object();

		json_object_set_new(o, "port", json_text(l->port));
		json_object_set_new(o, "queue", number(l->queue));
		json_object_set_new(o, "lcore", number(l->lcore));
		json_object_set_new(o, "cpu", number(l->cpu));
		json_object_set_new(o, "received", number(l->received));
		json_object_set_new(o, "hosts", number(l->hosts));
		json_object_set_new(o, "swaps_missed", number(l->skipped));
		json_object_set_new(o, "cycles_per_packet", decimal(l->cycles_per_packet));
		json_object_set_new(o, "busy", decimal(l->busy));
		json_object_set_new(o, "headroom_pps", decimal(l->headroom_pps));
		json_array_append_new(lanes, o);
	}
	return lanes;
}

static json_t *
ports_json(const struct picture_facts *f)
{
	json_t *ports = json_array();

	for (size_t i = 0; i < f->record.port_count; i++) {
		const struct period_port *p = &f->record.ports[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_text(p->name));
		json_object_set_new(o, "kind", json_string(p->kind ? p->kind : "unknown"));
		json_object_set_new(o, "driver", json_text(p->driver));
		json_object_set_new(o, "state", json_string(p->gone ? "gone" : "running"));
		json_object_set_new(o, "link", json_string(link_name(p->link)));
		json_object_set_new(o, "link_mbps", number(p->link_mbps));
		json_object_set_new(o, "merged_packets", json_boolean(p->merged_packets));
		json_object_set_new(o, "interfaces", number(p->interfaces));
		json_object_set_new(o, "received", number(p->received));
		json_object_set_new(o, "imissed", number(p->imissed));
		json_object_set_new(o, "ierrors", number(p->ierrors));
		json_object_set_new(o, "rx_nombuf", number(p->rx_nombuf));
		json_object_set_new(o, "resets", number(p->resets));
		json_object_set_new(o, "reset_failures", number(p->reset_failures));
		json_array_append_new(ports, o);
	}
	return ports;
}

static json_t *
consumers_json(const struct picture_facts *f)
{
	json_t *consumers = json_array();

	for (size_t i = 0; i < f->consumer_count; i++) {
		const struct consumer_stats *c = &f->consumers[i];
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(c->name));
		json_object_set_new(o, "waiting", number(c->waiting));
		json_object_set_new(o, "capacity", number(c->capacity));
		json_object_set_new(o, "taken", number(c->taken));
		json_object_set_new(o, "dropped", number(c->dropped));
		json_object_set_new(o, "dropped_packets", number(c->dropped_packets));
		json_array_append_new(consumers, o);
	}
	return consumers;
}

static json_t *
databases_json(const struct picture *picture)
{
	const struct locate_database *databases;
	size_t count = picture_databases(picture, &databases);
	json_t *list = json_array();
	char built[32];

	for (size_t i = 0; i < count; i++) {
		const struct locate_database *db = &databases[i];
		const bool renewed = picture_facts(picture)->databases_renewed >> i & 1;
		json_t *o = json_object();

		time_text((int64_t)db->built * 1000, built);
		json_object_set_new(o, "path", json_text(db->path));
		json_object_set_new(o, "title", json_text(db->title));
		json_object_set_new(o, "type", json_text(db->type));
		json_object_set_new(o, "ip_version", number(db->ip_version));
		json_object_set_new(o, "built", json_string(built));
		json_object_set_new(o, "attribution", json_string(db->attribution));
		json_object_set_new(o, "attribution_url", json_string(db->attribution_url));
		json_object_set_new(o, "renewed", json_boolean(renewed));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
lost_json(const struct picture_facts *f)
{
	json_t *o = json_object();
	uint64_t imissed = 0, ierrors = 0, rx_nombuf = 0;

	for (size_t i = 0; i < f->record.port_count; i++) {
		imissed += f->record.ports[i].imissed;
		ierrors += f->record.ports[i].ierrors;
		rx_nombuf += f->record.ports[i].rx_nombuf;
	}
	json_object_set_new(o, "total", number(imissed + ierrors + rx_nombuf));
	json_object_set_new(o, "imissed", number(imissed));
	json_object_set_new(o, "ierrors", number(ierrors));
	json_object_set_new(o, "rx_nombuf", number(rx_nombuf));
	json_object_set_new(o, "last_period", number(f->record.lost));
	return o;
}

static json_t *
steps_json(const struct picture_facts *f)
{
	static const char *const names[STEPS] = {"swap",  "drain",   "sort",   "locate", "heat",
						 "total", "picture", "encode", "files"};
	json_t *o = json_object();

	for (int i = 0; i < STEPS; i++)
		json_object_set_new(o, names[i], decimal(f->sums.step_ms[i]));
	return o;
}

/* What is kept on disk; null where nothing is. */
static json_t *
history_json(const struct picture_facts *f)
{
	const struct history_status *h = &f->store;
	json_t *o;
	char text[32];

	if (f->history_folder == NULL)
		return json_null();
	o = json_object();
	json_object_set_new(o, "folder", json_text(f->history_folder));
	json_object_set_new(o, "state", json_string(h->failing ? "failing" : "storing"));
	json_object_set_new(o, "error", json_text(h->error));
	json_object_set_new(o, "stored", number(h->stored));
	time_text(h->stored_until_ms, text);
	json_object_set_new(o, "stored_until",
			    h->stored_until_ms ? json_string(text) : json_null());
	time_text(h->oldest_ms, text);
	json_object_set_new(o, "oldest", h->oldest_ms ? json_string(text) : json_null());
	json_object_set_new(o, "octets", number(h->octets));
	json_object_set_new(o, "limit", number(h->limit));
	json_object_set_new(o, "waiting", number(h->waiting));
	json_object_set_new(o, "dropped", number(h->dropped));
	json_object_set_new(o, "dropped_packets", number(h->dropped_packets));
	json_object_set_new(o, "failures", number(h->failures));
	json_object_set_new(o, "damaged", number(h->damaged));
	return o;
}

/* What waits in the folder of --records; null where none are written. */
static json_t *
records_json(const struct picture_facts *f)
{
	const struct record_status *r = &f->records;
	json_t *o;

	if (f->records_folder == NULL)
		return json_null();
	o = json_object();
	json_object_set_new(o, "folder", json_text(f->records_folder));
	json_object_set_new(o, "state", json_string(r->failing ? "failing" : "writing"));
	json_object_set_new(o, "written", number(r->written));
	json_object_set_new(o, "waiting", number(r->waiting));
	json_object_set_new(o, "octets", number(r->octets));
	json_object_set_new(o, "dropped", number(r->dropped));
	json_object_set_new(o, "dropped_packets", number(r->packets));
	return o;
}

/* A member that the caller has as text already; {} where it has none or it does not parse. */
static json_t *
embedded(const char *text)
{
	json_t *o = text ? json_loads(text, 0, NULL) : NULL;

	return o ? o : json_object();
}

int
encode_status(struct picture *picture, struct view view, struct buffer *b)
{
	const struct picture_facts *f = picture_facts(picture);
	char generated[32], started[32];
	json_t *o = json_object(), *rates = json_object(), *hosts = json_object();
	json_t *sources = json_array(), *errors = json_object();
	const double seconds = period_seconds(&f->record);

	view = picture_default_view(picture); /* one text for all */
	time_text(f->sums.started_ms, started);
	time_text(f->record.end_ms, generated);
	json_object_set_new(o, "v", number(1));
	json_object_set_new(o, "program", json_string("packet-heatmap"));
	json_object_set_new(o, "version", json_string(f->version));
	json_object_set_new(o, "ui_build", json_string(f->ui_build));
	json_object_set_new(o, "name", json_text(f->record.sensor));
	json_object_set_new(o, "started", json_string(started));
	json_object_set_new(o, "generated", json_string(generated));
	json_object_set_new(o, "uptime_s", decimal(f->uptime_s));
	json_object_set_new(o, "state", json_string(f->record.over ? "over" : "running"));
	for (size_t i = 0; i < f->source_count; i++)
		json_array_append_new(sources, json_text(f->sources[i]));
	json_object_set_new(o, "sources", sources);
	json_object_set_new(o, "link", json_string(link_name(f->record.link)));
	json_object_set_new(o, "huge_pages", json_boolean(f->huge_pages));
	json_object_set_new(o, "memory_kb", number(f->process.resident_kb));
	json_object_set_new(o, "windows_memory_kb", number(f->windows_memory_kb));

	json_object_set_new(o, "period", number(f->record.number));
	json_object_set_new(o, "period_s", decimal(period_seconds(&f->record)));
	json_object_set_new(o, "interval_s", decimal(f->interval_s));
	json_object_set_new(o, "packet_time", json_boolean(f->record.packet_time));
	json_object_set_new(o, "window", json_string(window_names[view.window]));
	json_object_set_new(o, "side", json_string(side_names[view.side]));

	/* the ledger's two sides: what the lanes took from the ports, and where it went */
	json_object_set_new(o, "received", number(f->sums.received));
	json_object_set_new(o, "balanced", json_boolean(f->balanced));
	json_object_set_new(o, "ledger", ledger_json(&f->sums.ledger));
	json_object_set_new(o, "last_period", ledger_json(&f->record.ledger));
	json_object_set_new(o, "lost", lost_json(f));

	json_object_set_new(rates, "packets_per_s", decimal((double)f->record.received / seconds));
	json_object_set_new(rates, "bits_per_s",
			    decimal((double)period_octets(&f->record) * 8 / seconds));
	json_object_set_new(rates, "lost_per_s", decimal((double)f->record.lost / seconds));
	json_object_set_new(o, "rates", rates);

	json_object_set_new(hosts, "listed", number(picture_hosts(picture)->count));
	json_object_set_new(hosts, "limit", number(f->hosts_limit));
	json_object_set_new(hosts, "per_lane", number(f->hosts_per_lane));
	json_object_set_new(hosts, "unlisted_addresses", number(f->sums.unlisted));
	json_object_set_new(o, "hosts", hosts);
	json_object_set_new(o, "places", number(picture_points(picture, view.window)));
	json_object_set_new(o, "lanes", lanes_json(f));
	json_object_set_new(o, "ports", ports_json(f));
	json_object_set_new(o, "databases", databases_json(picture));

	json_object_set_new(o, "consumers", consumers_json(f));
	json_object_set_new(o, "history", history_json(f));
	json_object_set_new(o, "records", records_json(f));
	json_object_set_new(o, "fleet", fleet_json(f->fleet));

	json_object_set_new(errors, "late_periods", number(f->record.late));
	json_object_set_new(errors, "swaps_missed", number(f->record.skipped_lanes));
	json_object_set_new(errors, "outputs", number(f->output_errors));
	json_object_set_new(errors, "database", number(picture_database_errors(picture)));
	json_object_set_new(errors, "reloads", number(f->reload_failures));
	json_object_set_new(o, "errors", errors);
	json_object_set_new(o, "reloads", number(f->reloads));
	json_object_set_new(o, "databases_refused", json_boolean(f->databases_refused));
	json_object_set_new(o, "management_ms", steps_json(f));
	json_object_set_new(o, "settings", embedded(f->settings_json));
	json_object_set_new(o, "security", embedded(f->security_json));

	char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	json_decref(o);
	if (text == NULL)
		return -ENOMEM;
	buffer_text(b, text);
	free(text);
	return b->failed ? -ENOMEM : 0;
}
