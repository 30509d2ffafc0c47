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
#include "metrics.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* By country, layer and direction, since the start. */
static void
country_metrics(const struct metrics *m, const char *name, const char *help, bool octets,
		const struct country *countries, size_t count)
{
	static const char *const layers[LAYERS] = {"tcp", "udp"};
	static const char *const directions[DIRECTIONS] = {"source", "destination"};

	metric_family(m, name, COUNTER, octets ? "bytes" : NULL, help);
	for (size_t i = 0; i < count; i++) {
		const struct counts *c = &countries[i].counts;

		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS; d++) {
				buffer_text(m->b, name);
				buffer_text(m->b, "_total");
				metric_label(m, true, "layer", layers[l]);
				metric_label(m, false, "direction", directions[d]);
				metric_label(m, false, "country",
					     countries[i].code[0] ? countries[i].code : "unknown");
				buffer_char(m->b, '}');
				metric_number(m, octets ? c->octets[l][d] : c->packets[l][d]);
			}
		}
	}
}

static void
ledger_metrics(const struct metrics *m, const struct picture_facts *f)
{
	metric_single(m, "packet_heatmap_frames_received", COUNTER,
		      "Frames that the ports handed over, counted apart from the ledger.",
		      f->sums.received);
	metric_family(m, "packet_heatmap_frames", COUNTER, NULL,
		      "Frames by decode result; together the frames received.");
	for (int r = 0; r < DECODE_RESULTS; r++)
		metric_labelled(m, "packet_heatmap_frames_total", "result",
				decode_result_name((enum decode_result)r),
				f->sums.ledger.decode.frames[r]);
	metric_family(m, "packet_heatmap_addresses", COUNTER, NULL,
		      "Addresses of TCP and UDP packets by geo result, two for each packet.");
	for (int r = 0; r < GEO_RESULTS; r++)
		metric_labelled(m, "packet_heatmap_addresses_total", "result",
				geo_result_name((enum geo_result)r), f->sums.ledger.geo[r]);
	metric_family(m, "packet_heatmap_way_packets", COUNTER, NULL,
		      "TCP and UDP packets by which way they go, as our own side sees it.");
	for (int w = 0; w < WAYS; w++)
		metric_labelled(m, "packet_heatmap_way_packets_total", "way", way_name((enum way)w),
				f->sums.ledger.decode.ways[w]);
	metric_family(m, "packet_heatmap_way_bytes", COUNTER, "bytes",
		      "Octets of those packets' IP packets.");
	for (int w = 0; w < WAYS; w++)
		metric_labelled(m, "packet_heatmap_way_bytes_total", "way", way_name((enum way)w),
				f->sums.ledger.decode.way_octets[w]);
	metric_single(m, "packet_heatmap_ledger_balanced", GAUGE,
		      "1 where all frames and addresses are accounted for.", f->balanced);
}

static void
port_metrics(const struct metrics *m, const struct picture_facts *f)
{
	metric_family(m, "packet_heatmap_lost_frames", COUNTER, NULL,
		      "Frames lost before they were counted, by port and kind.");
	for (size_t i = 0; i < f->record.port_count; i++) {
		const struct period_port *p = &f->record.ports[i];
		const struct {
			const char *kind;
			uint64_t count;
		} lost[] = {{"imissed", p->imissed},
			    {"ierrors", p->ierrors},
			    {"rx_nombuf", p->rx_nombuf}};

		for (size_t k = 0; k < sizeof(lost) / sizeof(lost[0]); k++) {
			buffer_text(m->b, "packet_heatmap_lost_frames_total");
			metric_label(m, true, "port", p->name);
			metric_label(m, false, "kind", lost[k].kind);
			buffer_char(m->b, '}');
			metric_number(m, lost[k].count);
		}
	}
	metric_family(m, "packet_heatmap_link_up", GAUGE, NULL, "1 where the port's link is up.");
	for (size_t i = 0; i < f->record.port_count; i++) {
		if (f->record.ports[i].link != LINK_UNKNOWN)
			metric_labelled(m, "packet_heatmap_link_up", "port",
					f->record.ports[i].name,
					f->record.ports[i].link == LINK_UP);
	}
}

static void
lane_metric(const struct metrics *m, const struct picture_facts *f, const char *name,
	    enum metric_type type, const char *help,
	    double (*value)(const struct period_lane *lane))
{
	char lane[24];

	metric_family(m, name, type, NULL, help);
	for (size_t i = 0; i < f->record.lane_count; i++) {
		snprintf(lane, sizeof(lane), "%zu", i);
		buffer_text(m->b, name);
		buffer_text(m->b, type == COUNTER ? "_total" : "");
		metric_label(m, true, "lane", lane);
		metric_label(m, false, "port", f->record.lanes[i].port);
		buffer_char(m->b, '}');
		metric_decimal(m, value(&f->record.lanes[i]));
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
	metric_single(m, "packet_heatmap_hosts_per_lane_limit", GAUGE,
		      "Hosts that a lane's table can hold.", f->hosts_per_lane);
}

static void
database_metrics(const struct metrics *m, const struct picture *picture)
{
	const struct locate_database *databases;
	size_t count = picture_databases(picture, &databases);
	const char *const name = "packet_heatmap_database_build_timestamp_seconds";

	metric_family(m, name, GAUGE, "seconds",
		      "When a geolocation database was built, Unix time.");
	for (size_t i = 0; i < count; i++) {
		buffer_text(m->b, name);
		metric_label(m, true, "path", databases[i].path);
		metric_label(m, false, "type", databases[i].type);
		buffer_char(m->b, '}');
		metric_number(m, databases[i].built > 0 ? (uint64_t)databases[i].built : 0);
	}
}

static void
process_metrics(const struct metrics *m, const struct picture_facts *f)
{
	const char *const start = "process_start_time_seconds";
	const char *const length = "packet_heatmap_period_seconds";
	const char *const memory = "process_resident_memory_bytes";

	metric_family(m, "packet_heatmap_build", INFO, NULL, "The program's version.");
	buffer_text(m->b, "packet_heatmap_build_info");
	metric_label(m, true, "version", f->version);
	metric_label(m, false, "ui", f->ui_build);
	buffer_char(m->b, '}');
	metric_number(m, 1);
	metric_family(m, start, GAUGE, "seconds", "When counting began, Unix time.");
	buffer_text(m->b, start);
	metric_decimal(m, (double)f->sums.started_ms / 1000);
	metric_family(m, memory, GAUGE, "bytes", "Resident memory.");
	buffer_text(m->b, memory);
	metric_number(m, f->process.resident_kb * 1000);
	metric_family(m, "process_virtual_memory_bytes", GAUGE, "bytes", "Virtual memory.");
	buffer_text(m->b, "process_virtual_memory_bytes");
	metric_number(m, f->process.virtual_kb * 1000);
	metric_family(m, "process_cpu_seconds", COUNTER, "seconds",
		      "User and system time of all threads.");
	buffer_text(m->b, "process_cpu_seconds_total");
	metric_decimal(m, f->process.cpu_s);
	metric_single(m, "process_open_fds", GAUGE, "Open file descriptors.", f->process.open_fds);
	metric_single(m, "process_max_fds", GAUGE, "File descriptors that may be open.",
		      f->process.max_fds);
	metric_single(m, "process_threads", GAUGE, "Threads.", f->process.threads);
	metric_family(m, length, GAUGE, "seconds", "Length of the last period.");
	buffer_text(m->b, length);
	metric_decimal(m, period_seconds(&f->record));
	metric_single(m, "packet_heatmap_periods", COUNTER, "Periods since the start.",
		      f->record.number);
	metric_single(m, "packet_heatmap_periods_late", COUNTER, "Periods that ran late.",
		      f->record.late);
	metric_single(m, "packet_heatmap_output_errors", COUNTER,
		      "Files that could not be written.", f->output_errors);
	metric_single(m, "packet_heatmap_reloads", COUNTER, "Reloads of the databases.",
		      f->reloads);
	metric_single(m, "packet_heatmap_reload_failures", COUNTER, "Reloads that were refused.",
		      f->reload_failures);
	metric_family(m, "packet_heatmap_consumer_dropped_periods", COUNTER, NULL,
		      "Period records that a consumer was too slow for.");
	for (size_t i = 0; i < f->consumer_count; i++)
		metric_labelled(m, "packet_heatmap_consumer_dropped_periods_total", "consumer",
				f->consumers[i].name, f->consumers[i].dropped);
}

static void
period_metrics(const struct metrics *m, const struct picture_facts *f)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} histograms[] = {
		{"packet_heatmap_management_seconds", "Work that a period took: swap to texts.",
		 offsetof(struct picture_facts, sums.management)},
		{"packet_heatmap_period_lateness_seconds",
		 "By how much a period was longer than it should be.",
		 offsetof(struct picture_facts, sums.lateness)},
	};

	for (size_t i = 0; i < sizeof(histograms) / sizeof(histograms[0]); i++) {
		const struct facts_histogram *h =
			(const void *)((const char *)f + histograms[i].offset);

		metric_family(m, histograms[i].name, HISTOGRAM, "seconds", histograms[i].help);
		metric_histogram(m, histograms[i].name, "", facts_bounds, h->buckets, FACTS_BUCKETS,
				 h->count, h->sum);
	}
}

static void
history_metrics(const struct metrics *m, const struct picture_facts *f)
{
	const struct history_status *h = &f->store;
	const char *const size = "packet_heatmap_history_size_bytes";
	const char *const limit = "packet_heatmap_history_limit_bytes";
	const char *const until = "packet_heatmap_history_stored_timestamp_seconds";

	if (f->history_folder == NULL)
		return;
	metric_family(m, size, GAUGE, "bytes", "Size of the history's file.");
	buffer_text(m->b, size);
	metric_number(m, h->octets);
	metric_family(m, limit, GAUGE, "bytes", "What the history may take.");
	buffer_text(m->b, limit);
	metric_number(m, h->limit);
	metric_family(m, until, GAUGE, "seconds", "End of the last period on disk, Unix time.");
	buffer_text(m->b, until);
	metric_decimal(m, (double)h->stored_until_ms / 1000);
	metric_single(m, "packet_heatmap_history_failing", GAUGE,
		      "1 where the last attempt to store failed.", h->failing);
	metric_single(m, "packet_heatmap_history_dropped_periods", COUNTER,
		      "Periods that the disk was too slow for.", h->dropped);
	metric_single(m, "packet_heatmap_history_damaged", COUNTER,
		      "Files of the history that were found damaged.", h->damaged);
}

static void
record_metrics(const struct metrics *m, const struct picture_facts *f)
{
	const struct record_status *r = &f->records;
	const char *const size = "packet_heatmap_records_size_bytes";

	if (f->records_folder == NULL)
		return;
	metric_family(m, size, GAUGE, "bytes", "Size of the records that nobody has taken yet.");
	buffer_text(m->b, size);
	metric_number(m, r->octets);
	metric_single(m, "packet_heatmap_records_waiting", GAUGE,
		      "Records that nobody has taken yet.", r->waiting);
	metric_single(m, "packet_heatmap_records_failing", GAUGE,
		      "1 where the last record could not be written.", r->failing);
	metric_single(m, "packet_heatmap_records_written", COUNTER, "Records written.", r->written);
	metric_single(m, "packet_heatmap_records_dropped", COUNTER,
		      "Records that were given up: no room, or too old.", r->dropped);
	metric_single(m, "packet_heatmap_records_dropped_packets", COUNTER,
		      "TCP and UDP packets in those.", r->packets);
}

static void
request_metrics(const struct metrics *m, const struct picture_facts *f)
{
	const char *const name = "packet_heatmap_http_request_duration_seconds";
	char labels[96];

	if (f->requests == NULL)
		return;
	metric_family(m, name, HISTOGRAM, "seconds", "Requests by route and status.");
	for (int r = 0; r < REQUEST_ROUTES; r++) {
		for (int c = 0; c < REQUEST_CODES && f->requests->routes[r] != NULL; c++) {
			const struct request_series *series = &f->requests->series[r][c];
			uint64_t count = atomic_load(&series->count), buckets[REQUEST_BUCKETS];

			if (count == 0)
				continue;
			for (int i = 0; i < REQUEST_BUCKETS; i++)
				buckets[i] = atomic_load(&series->buckets[i]);
			snprintf(labels, sizeof(labels), "route=\"%s\",code=\"%d\"",
				 f->requests->routes[r], request_codes[c]);
			metric_histogram(m, name, labels, request_bounds, buckets, REQUEST_BUCKETS,
					 count, (double)atomic_load(&series->sum_us) / 1e6);
		}
	}
}

/* Only where it is asked for: which places they are changes. */
static void
place_metrics(const struct metrics *m, const struct picture_facts *f,
	      const struct picture_window *window)
{
	static const char *const layers[LAYERS] = {"tcp", "udp"};
	const char *const name = "packet_heatmap_place_packets";
	char number[16];

	if (f->metrics_places == 0)
		return;
	metric_family(m, name, COUNTER, NULL, "Packets of the busiest places since the start.");
	for (size_t i = 0; i < window->count && i < f->metrics_places; i++) {
		const struct point *point = &window->points[i];

		for (int l = 0; l < LAYERS; l++) {
			buffer_text(m->b, name);
			buffer_text(m->b, "_total");
			snprintf(number, sizeof(number), "%u", point->place->number);
			metric_label(m, true, "place", number);
			metric_label(m, false, "city", point->place->city);
			metric_label(m, false, "country", point->place->country);
			metric_label(m, false, "layer", layers[l]);
			buffer_char(m->b, '}');
			metric_number(m, point->counts.packets[l][AS_SOURCE] +
						 point->counts.packets[l][AS_DESTINATION]);
		}
	}
}

int
encode_metrics(struct picture *picture, bool openmetrics, struct buffer *b)
{
	const struct metrics m = {.b = b, .open = openmetrics};
	const struct picture_facts *f = picture_facts(picture);
	struct picture_window window;
	struct country *countries = NULL;
	size_t count = 0;

	if (picture_get_window(picture, all_of(WINDOW_START), &window) != 0 ||
	    picture_countries(&window, &countries, &count) != 0)
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
	place_metrics(&m, f, &window);
	period_metrics(&m, f);
	history_metrics(&m, f);
	record_metrics(&m, f);
	request_metrics(&m, f);
	process_metrics(&m, f);
	if (openmetrics)
		buffer_text(b, "# EOF\n");
	return b->failed ? -ENOMEM : 0;
}
