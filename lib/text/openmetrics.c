/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /metrics: OpenMetrics 1.0 (the specification of prometheus/OpenMetrics), and the older Prometheus
 * text format 0.0.4, which differs in how a counter's family is called, has no unit and no end.
 *
 * Bounded and stable: by country, layer and direction, about 2,000 series at most, and a country
 * that was seen once stays, since it is counted since the start. Never an address or a place. Base
 * units; what restarts at 0 tells so by process_start_time_seconds.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct metrics {
	struct buffer *b;
	bool open; /* OpenMetrics */
};

enum metric_type {
	COUNTER,
	GAUGE,
	INFO,
};

/* The head of a family. `name` is without _total or _info; unit: NULL, or what the name ends in. */
static void
family(const struct metrics *m, const char *name, enum metric_type type, const char *unit,
       const char *help)
{
	static const char *const types[] = {"counter", "gauge", "info"};
	const char *suffix = m->open           ? ""
			     : type == COUNTER ? "_total"
			     : type == INFO    ? "_info"
					       : "";
	const char *type_name = !m->open && type == INFO ? "gauge" : types[type];
	const char *const head[] = {"# HELP ", name, suffix, " ", help,      "\n",
				    "# TYPE ", name, suffix, " ", type_name, "\n"};

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		buffer_text(m->b, head[i]);
	if (m->open && unit != NULL) {
		const char *const line[] = {"# UNIT ", name, " ", unit, "\n"};

		for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++)
			buffer_text(m->b, line[i]);
	}
}

/* A label's value: \, " and line feed escaped. */
static void
label(const struct metrics *m, bool first, const char *name, const char *value)
{
	buffer_char(m->b, first ? '{' : ',');
	buffer_text(m->b, name);
	buffer_text(m->b, "=\"");
	for (; *value != 0; value++) {
		if (*value == '\\' || *value == '"')
			buffer_char(m->b, '\\');
		if (*value == '\n')
			buffer_text(m->b, "\\n");
		else
			buffer_char(m->b, *value);
	}
	buffer_char(m->b, '"');
}

/* Behind the name and its labels. */
static void
number(const struct metrics *m, uint64_t value)
{
	buffer_char(m->b, ' ');
	buffer_number(m->b, value);
	buffer_char(m->b, '\n');
}

static void
decimal(const struct metrics *m, double value)
{
	buffer_char(m->b, ' ');
	buffer_decimal(m->b, value, 6);
	buffer_char(m->b, '\n');
}

/* A family of one sample without labels. */
static void
single(const struct metrics *m, const char *name, enum metric_type type, const char *help,
       uint64_t value)
{
	family(m, name, type, NULL, help);
	buffer_text(m->b, name);
	buffer_text(m->b, type == COUNTER ? "_total" : "");
	number(m, value);
}

static void
labelled(const struct metrics *m, const char *sample, const char *name, const char *value,
	 uint64_t count)
{
	buffer_text(m->b, sample);
	label(m, true, name, value);
	buffer_char(m->b, '}');
	number(m, count);
}

/* By country, layer and direction, since the start. */
static void
country_metrics(const struct metrics *m, const char *name, const char *help, bool octets,
		const struct country *countries, size_t count)
{
	static const char *const layers[LAYERS] = {"tcp", "udp"};
	static const char *const directions[DIRECTIONS] = {"source", "destination"};

	family(m, name, COUNTER, octets ? "bytes" : NULL, help);
	for (size_t i = 0; i < count; i++) {
		const struct counts *c = &countries[i].counts;

		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS; d++) {
				buffer_text(m->b, name);
				buffer_text(m->b, "_total");
				label(m, true, "layer", layers[l]);
				label(m, false, "direction", directions[d]);
				label(m, false, "country",
				      countries[i].code[0] ? countries[i].code : "unknown");
				buffer_char(m->b, '}');
				number(m, octets ? c->octets[l][d] : c->packets[l][d]);
			}
		}
	}
}

static void
ledger_metrics(const struct metrics *m, const struct picture_facts *f)
{
	single(m, "packet_heatmap_frames_received", COUNTER,
	       "Frames that the ports handed over, counted apart from the ledger.", f->received);
	family(m, "packet_heatmap_frames", COUNTER, NULL,
	       "Frames by decode result; together the frames received.");
	for (int r = 0; r < DECODE_RESULTS; r++)
		labelled(m, "packet_heatmap_frames_total", "result",
			 decode_result_name((enum decode_result)r), f->ledger.decode.frames[r]);
	family(m, "packet_heatmap_addresses", COUNTER, NULL,
	       "Addresses of TCP and UDP packets by geo result, two for each packet.");
	for (int r = 0; r < GEO_RESULTS; r++)
		labelled(m, "packet_heatmap_addresses_total", "result",
			 geo_result_name((enum geo_result)r), f->ledger.geo[r]);
	single(m, "packet_heatmap_ledger_balanced", GAUGE,
	       "1 where all frames and addresses are accounted for.", f->balanced);
}

static void
port_metrics(const struct metrics *m, const struct picture_facts *f)
{
	family(m, "packet_heatmap_lost_frames", COUNTER, NULL,
	       "Frames lost before they were counted, by port and kind.");
	for (size_t i = 0; i < f->port_count; i++) {
		const struct period_port *p = &f->ports[i];
		const struct {
			const char *kind;
			uint64_t count;
		} lost[] = {{"imissed", p->imissed},
			    {"ierrors", p->ierrors},
			    {"rx_nombuf", p->rx_nombuf}};

		for (size_t k = 0; k < sizeof(lost) / sizeof(lost[0]); k++) {
			buffer_text(m->b, "packet_heatmap_lost_frames_total");
			label(m, true, "port", p->name);
			label(m, false, "kind", lost[k].kind);
			buffer_char(m->b, '}');
			number(m, lost[k].count);
		}
	}
	family(m, "packet_heatmap_link_up", GAUGE, NULL, "1 where the port's link is up.");
	for (size_t i = 0; i < f->port_count; i++) {
		if (f->ports[i].link != LINK_UNKNOWN)
			labelled(m, "packet_heatmap_link_up", "port", f->ports[i].name,
				 f->ports[i].link == LINK_UP);
	}
}

static void
lane_metric(const struct metrics *m, const struct picture_facts *f, const char *name,
	    enum metric_type type, const char *help,
	    double (*value)(const struct period_lane *lane))
{
	char lane[24];

	family(m, name, type, NULL, help);
	for (size_t i = 0; i < f->lane_count; i++) {
		snprintf(lane, sizeof(lane), "%zu", i);
		buffer_text(m->b, name);
		buffer_text(m->b, type == COUNTER ? "_total" : "");
		label(m, true, "lane", lane);
		label(m, false, "port", f->lanes[i].port);
		buffer_char(m->b, '}');
		decimal(m, value(&f->lanes[i]));
	}
}

static double
lane_cycles(const struct period_lane *lane)
{
	return lane->cycles_per_packet;
}

static double
lane_busy(const struct period_lane *lane)
{
	return lane->busy;
}

static double
lane_headroom(const struct period_lane *lane)
{
	return lane->headroom_pps;
}

static double
lane_hosts(const struct period_lane *lane)
{
	return lane->hosts;
}

static double
lane_missed(const struct period_lane *lane)
{
	return (double)lane->skipped;
}

static void
lane_metrics(const struct metrics *m, const struct picture_facts *f)
{
	lane_metric(m, f, "packet_heatmap_lane_cycles_per_packet", GAUGE,
		    "TSC cycles that a packet cost its lane in the last period.", lane_cycles);
	lane_metric(m, f, "packet_heatmap_lane_busy_ratio", GAUGE,
		    "Share of a lane's cycles in polls that brought packets.", lane_busy);
	lane_metric(m, f, "packet_heatmap_lane_headroom_packets_per_second", GAUGE,
		    "Packets that a lane could still take each second.", lane_headroom);
	lane_metric(m, f, "packet_heatmap_lane_hosts", GAUGE,
		    "Hosts in a lane's table in the last period.", lane_hosts);
	lane_metric(m, f, "packet_heatmap_lane_swaps_missed", COUNTER,
		    "Periods in which a lane did not swap its buffers in time.", lane_missed);
	single(m, "packet_heatmap_hosts_per_lane_limit", GAUGE,
	       "Hosts that a lane's table can hold.", f->hosts_per_lane);
}

static void
database_metrics(const struct metrics *m, const struct picture *picture)
{
	const struct locate_database *databases;
	size_t count = picture_databases(picture, &databases);
	const char *const name = "packet_heatmap_database_build_timestamp_seconds";

	family(m, name, GAUGE, "seconds", "When a geolocation database was built, Unix time.");
	for (size_t i = 0; i < count; i++) {
		buffer_text(m->b, name);
		label(m, true, "path", databases[i].path);
		label(m, false, "type", databases[i].type);
		buffer_char(m->b, '}');
		number(m, databases[i].built > 0 ? (uint64_t)databases[i].built : 0);
	}
}

static void
process_metrics(const struct metrics *m, const struct picture_facts *f)
{
	const char *const start = "process_start_time_seconds";
	const char *const length = "packet_heatmap_period_seconds";
	const char *const memory = "process_resident_memory_bytes";

	family(m, "packet_heatmap_build", INFO, NULL, "The program's version.");
	buffer_text(m->b, "packet_heatmap_build_info");
	label(m, true, "version", f->version);
	label(m, false, "ui", f->ui_build);
	buffer_char(m->b, '}');
	number(m, 1);
	family(m, start, GAUGE, "seconds", "When counting began, Unix time.");
	buffer_text(m->b, start);
	decimal(m, (double)f->started_ms / 1000);
	family(m, memory, GAUGE, "bytes", "Resident memory.");
	buffer_text(m->b, memory);
	number(m, f->memory_kb * 1000);
	family(m, length, GAUGE, "seconds", "Length of the last period.");
	buffer_text(m->b, length);
	decimal(m, f->period_s);
	single(m, "packet_heatmap_periods", COUNTER, "Periods since the start.", f->period);
	single(m, "packet_heatmap_periods_late", COUNTER, "Periods that ran late.", f->late);
	single(m, "packet_heatmap_output_errors", COUNTER, "Files that could not be written.",
	       f->output_errors);
	single(m, "packet_heatmap_reloads", COUNTER, "Reloads of the databases.", f->reloads);
	single(m, "packet_heatmap_reload_failures", COUNTER, "Reloads that were refused.",
	       f->reload_failures);
	family(m, "packet_heatmap_consumer_dropped_periods", COUNTER, NULL,
	       "Period records that a consumer was too slow for.");
	for (size_t i = 0; i < f->consumer_count; i++)
		labelled(m, "packet_heatmap_consumer_dropped_periods_total", "consumer",
			 f->consumers[i].name, f->consumers[i].dropped);
}

int
encode_metrics(struct picture *picture, bool openmetrics, struct buffer *b)
{
	const struct metrics m = {.b = b, .open = openmetrics};
	const struct picture_facts *f = picture_facts(picture);
	struct picture_window window;
	struct country *countries = NULL;
	size_t count = 0;

	picture_get_window(picture, WINDOW_START, &window);
	if (picture_countries(&window, &countries, &count) != 0)
		return -ENOMEM;
	country_metrics(&m, "packet_heatmap_packets",
			"Packets located in a country, as source or as destination.", false,
			countries, count);
	country_metrics(&m, "packet_heatmap_bytes", "Octets of those packets' IP packets.", true,
			countries, count);
	free(countries);
	ledger_metrics(&m, f);
	port_metrics(&m, f);
	lane_metrics(&m, f);
	database_metrics(&m, picture);
	process_metrics(&m, f);
	if (openmetrics)
		buffer_text(b, "# EOF\n");
	return b->failed ? -ENOMEM : 0;
}
