/* SPDX-License-Identifier: BSD-3-Clause */
#include "mgmt_lcore.h"

#include "file.h"
#include "log.h"

#include <errno.h>
#include <math.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A lane answers between two bursts, or after a pause of at most 5 ms. */
#define SWAP_WAIT_NS 500000000ull

uint64_t
monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int64_t
utc_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A step of the merge is over: it took from the end of the one before to now. */
static void
merge_step_done(struct manager *m, enum merge_step step)
{
	uint64_t now = monotonic_ns();

	m->step_ms[step] = (double)(now - m->step_ns) / 1e6;
	m->step_ns = now;
}

/* What one period brought, while it is worked on. */
struct gathered {
	struct host_list hosts;
	struct ledger ledger;
	uint64_t received, lost, skipped;
};

int
manager_start(struct manager *m)
{
	m->heat = heat_create();
	if (m->heat == NULL)
		return -ENOMEM;
	m->started_ms = utc_ms();
	m->started_ns = m->period_ns = monotonic_ns();
	for (unsigned int i = 0; i < m->port_count; i++) {
		/* what was counted before the first period is not ours */
		port_read(&m->ports[i], &m->counters[i]);
		m->counters[i].received = m->counters[i].octets = 0;
	}
	return 0;
}

/* Busy cycles by packets: what a packet costs, and how many more the rest of the time would take.
 */
static void
read_meter(struct lane_state *state, uint64_t packets)
{
	uint64_t busy = atomic_load_explicit(&state->lane->busy_cycles, memory_order_relaxed);
	uint64_t idle = atomic_load_explicit(&state->lane->idle_cycles, memory_order_relaxed);
	uint64_t busy_now = busy - state->busy_cycles, idle_now = idle - state->idle_cycles;

	state->busy_cycles = busy;
	state->idle_cycles = idle;
	meter_read(&state->meter, busy_now, idle_now, packets, rte_get_tsc_hz());
}

int
manager_make_map(struct manager *m)
{
	struct locate_map **old = NULL;

	for (int i = 0; i < MANAGER_OLD_MAPS && m->map != NULL && old == NULL; i++) {
		if (m->old_maps[i] == NULL)
			old = &m->old_maps[i];
	}
	if (m->map != NULL && old == NULL)
		return -EBUSY; /* four reloads within two periods */
	struct locate_map *map = locate_map_create(locate_opened(m->locate), NULL);
	if (map == NULL)
		return -errno;
	if (old != NULL)
		*old = m->map;
	m->map = map;
	return 0;
}

/* Lets go of old maps that no lane counts by. */
static void
drop_old_maps(struct manager *m)
{
	for (int i = 0; i < MANAGER_OLD_MAPS; i++) {
		bool used = false;

		for (unsigned int l = 0; m->old_maps[i] != NULL && l < m->lane_count; l++) {
			const struct prefix_map *prefixes = locate_map_prefixes(m->old_maps[i]);
			used |= m->lanes[l].maps[0] == prefixes || m->lanes[l].maps[1] == prefixes;
		}
		if (!used) {
			locate_map_unref(m->old_maps[i]);
			m->old_maps[i] = NULL;
		}
	}
}

static struct locate_map *
map_of(const struct manager *m, const struct prefix_map *prefixes)
{
	for (int i = 0; i < MANAGER_OLD_MAPS; i++) {
		if (m->old_maps[i] != NULL && locate_map_prefixes(m->old_maps[i]) == prefixes)
			return m->old_maps[i];
	}
	return m->map;
}

/* Hosts for which a lane had no room: their packets are on the map all the same. */
static int
take_overflow(struct manager *m, const struct count_period *left)
{
	int error = 0;

	if (left->overflowed == 0 || left->map == NULL)
		return 0;
	struct locate_map *map = map_of(m, left->map);
	for (uint32_t slot = PREFIX_SLOT_FIRST; slot < left->map->slots; slot++) {
		if (counts_packets(&left->overflow[slot]) == 0)
			continue;
		uint32_t place = locate_map_place(map, m->locate, slot);
		if (place != PLACE_NONE && locate_get(m->locate, place)->has_position &&
		    heat_add(m->heat, place, &left->overflow[slot]) != 0)
			error = -ENOMEM;
	}
	return error;
}

/* Takes over the buffer that a lane has left: rows, results, number of frames; leaves it empty. */
static int
take_buffer(struct manager *m, struct lane_state *state, struct gathered *g)
{
	struct count_period left;

	count_get_period(state->lane->count, &left);
	if (host_list_reserve(&g->hosts, left.hosts) != 0)
		return -ENOMEM;
	uint32_t rows = 0;
	if (left.hosts > 0)
		rows = count_drain(state->lane->count, g->hosts.rows + g->hosts.count);
	g->hosts.count += rows;
	decode_counts_add(&g->ledger.decode, &left.decode);
	g->ledger.geo[GEO_TABLE_FULL] += left.overflowed;
	int error = take_overflow(m, &left);
	count_clear(state->lane->count);
	if (m->map != NULL && left.map != locate_map_prefixes(m->map) &&
	    count_set_map(state->lane->count, locate_map_prefixes(m->map)) == 0)
		left.map = locate_map_prefixes(m->map); /* without memory: the old one stays */
	state->maps[state->swaps & 1] = left.map;

	uint64_t received = atomic_load_explicit(&state->lane->received[state->swaps & 1],
						 memory_order_relaxed);
	g->received += received - state->received;
	read_meter(state, received - state->received);
	state->received = received;
	state->swaps++;
	state->hosts = rows;
	return error;
}

/* Asks all lanes, then waits for each with a bound. Who does not answer is asked no second time:
 * its counts come with a later period. */
static void
swap_lanes(struct manager *m, struct gathered *g)
{
	uint64_t deadline = monotonic_ns() + SWAP_WAIT_NS;

	for (unsigned int i = 0; i < m->lane_count; i++) {
		if (!m->lanes[i].asked)
			count_request_swap(m->lanes[i].lane->count);
		m->lanes[i].asked = true;
	}
	for (unsigned int i = 0; i < m->lane_count; i++) {
		struct lane_state *state = &m->lanes[i];

		while (!count_swapped(state->lane->count) && monotonic_ns() < deadline)
			rte_delay_us_sleep(20);
		if (!count_swapped(state->lane->count)) {
			state->skipped++;
			g->skipped++;
		}
	}
}

/* Takes over what the lanes have left. */
static int
drain_lanes(struct manager *m, struct gathered *g)
{
	int error = 0;

	for (unsigned int i = 0; i < m->lane_count && error == 0; i++) {
		struct lane_state *state = &m->lanes[i];

		if (!count_swapped(state->lane->count))
			continue;
		state->asked = false;
		error = take_buffer(m, state, g);
	}
	drop_old_maps(m);
	return error;
}

/* What the ports lost before us since the last reading. */
static void
read_ports(struct manager *m, struct gathered *g)
{
	for (unsigned int i = 0; i < m->port_count; i++) {
		struct port_counters now = m->counters[i];
		const struct port_counters *then = &m->counters[i];

		if (port_read(&m->ports[i], &now) != 0)
			continue;
		g->lost += port_lost_since(&now, then);
		m->counters[i] = now;
	}
}

/* Gives each host its place and each of its packets its geo_result. */
static int
locate_all(struct manager *m, struct gathered *g)
{
	int error = 0;

	for (size_t i = 0; i < g->hosts.count; i++) {
		struct host_row *row = &g->hosts.rows[i];
		uint64_t addresses = counts_packets(&row->counts);
		enum geo_result geo_result = GEO_NOT_IN_DATABASE;

		row->place = locate_host(m->locate, &row->addr, row->family);
		if (row->place == PLACE_PRIVATE) {
			geo_result = GEO_PRIVATE;
		} else if (row->place != PLACE_NONE &&
			   locate_get(m->locate, row->place)->has_position) {
			geo_result = GEO_LOCATED;
			if (heat_add(m->heat, row->place, &row->counts) != 0)
				error = -ENOMEM;
		}
		g->ledger.geo[geo_result] += addresses;
	}
	heat_add_ledger(m->heat, &g->ledger);
	return error;
}

/* Everything since the start = what the last picture holds + this period. */
static int
add_to_total(struct manager *m, const struct host_list *period, struct host_list *total)
{
	static const struct host_list nothing;
	struct counts left_out = {0};

	int error = host_list_merge(total, m->last ? picture_hosts(m->last) : &nothing, period,
				    m->settings->hosts_total, &left_out);
	m->unlisted += counts_packets(&left_out);
	return error;
}

static uint64_t
resident_kb(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static enum link_state
link_state(enum port_link link)
{
	return link == PORT_LINK_UP ? LINK_UP : link == PORT_LINK_DOWN ? LINK_DOWN : LINK_UNKNOWN;
}

static void
describe_lanes(const struct manager *m, struct period_lane *lanes)
{
	for (unsigned int i = 0; i < m->lane_count; i++) {
		const struct lane_state *state = &m->lanes[i];

		lanes[i] = (struct period_lane){
			.queue = state->lane->queue,
			.lcore = state->lane->lcore,
			.cpu = state->cpu,
			.received = state->received,
			.hosts = state->hosts,
			.skipped = state->skipped,
			.cycles_per_packet = state->meter.cycles_per_packet,
			.busy = state->meter.busy,
			.headroom_pps = state->meter.headroom_pps,
		};
		snprintf(lanes[i].port, sizeof(lanes[i].port), "%s", m->ports[state->port].source);
	}
}

static enum link_state
describe_ports(const struct manager *m, struct period_port *ports)
{
	enum link_state all = LINK_UNKNOWN;

	for (unsigned int i = 0; i < m->port_count; i++) {
		const struct port *port = &m->ports[i];

		ports[i] = (struct period_port){
			.link = link_state(port->link),
			.link_mbps = port->link_mbps,
			.kernel_interface = port->interface[0] != 0,
			.merged_packets = port->merged_packets,
			.resets = port->resets,
			.reset_failures = port->reset_failures,
			.received = m->counters[i].received,
			.imissed = m->counters[i].imissed,
			.ierrors = m->counters[i].ierrors,
			.rx_nombuf = m->counters[i].rx_nombuf,
		};
		snprintf(ports[i].name, sizeof(ports[i].name), "%s", port->source);
		snprintf(ports[i].driver, sizeof(ports[i].driver), "%s", port->driver);
		if (ports[i].link == LINK_DOWN)
			all = LINK_DOWN;
		else if (ports[i].link == LINK_UP && all == LINK_UNKNOWN)
			all = LINK_UP;
	}
	return all;
}

static struct picture *
picture(struct manager *m, const struct gathered *g, struct host_list *total, double seconds,
	bool balanced)
{
	struct period_lane lanes[PORT_MAX_QUEUES];
	struct period_port ports[MANAGER_MAX_PORTS];
	uint64_t octets = 0, skipped = 0;

	for (int v = 0; v < DECODE_RESULTS; v++)
		octets += g->ledger.decode.octets[v];
	for (unsigned int i = 0; i < m->lane_count; i++)
		skipped += m->lanes[i].skipped;
	describe_lanes(m, lanes);
	struct picture_facts facts = {
		.version = m->version,
		.ui_build = m->ui_build,
		.html = m->html,
		.name = m->name,
		.sources = m->sources,
		.source_count = m->source_count,
		.started_ms = m->started_ms,
		.now_ms = utc_ms(),
		.period = m->period,
		.period_s = seconds,
		.interval_s = m->settings->period_s,
		.uptime_s = (double)(m->period_ns - m->started_ns) / 1e9,
		.over = m->over,
		.huge_pages = m->huge_pages,
		.link = describe_ports(m, ports),
		.period_frames = g->received,
		.period_octets = octets,
		.period_lost = g->lost,
		.received = m->received,
		.lost = m->lost,
		.ledger = m->ledger,
		.period_ledger = g->ledger,
		.balanced = balanced,
		.late = m->late,
		.skipped_lanes = skipped,
		.unlisted = m->unlisted,
		.hosts_limit = m->settings->hosts_total,
		.hosts_per_lane = m->settings->hosts_per_lane,
		.memory_kb = resident_kb(),
		.windows_memory_kb = heat_memory(m->heat) / 1024,
		.output_errors = m->output_errors,
		.history = m->history,
		.history_count = m->history_count,
		.lanes = lanes,
		.lane_count = m->lane_count,
		.ports = ports,
		.port_count = m->port_count,
		.settings_json = m->settings_json,
		.security_json = m->security_json,
	};
	memcpy(facts.step_ms, m->step_ms, sizeof(facts.step_ms));
	/* the end of the period by the wall clock: it was taken a merge ago */
	facts.generated_ms = facts.now_ms - (int64_t)((monotonic_ns() - m->period_ns) / 1000000);
	return picture_create(&facts, m->heat, m->locate, total, &g->hosts, m->settings->window);
}

static int
write_csv(int fd, void *picture)
{
	return text_write_hosts(picture, fd);
}

/* A full disk must not end the appliance: each failure is said, counted, and tried again. */
static void
output_result(struct manager *m, const char *path, int error)
{
	if (error == 0)
		return;
	m->output_errors++;
	log_line("cannot write %s: %s", path, strerror(-error));
}

static void
write_text(struct manager *m, struct picture *s, const char *path, enum text_kind kind)
{
	if (path == NULL)
		return;
	const struct text *text = text_get(s, kind, m->settings->window);
	output_result(m, path, text ? file_replace_text(path, text->plain, text->length) : -ENOMEM);
}

static void
write_outputs(struct manager *m, struct picture *s)
{
	write_text(m, s, m->settings->html, TEXT_HTML);
	if (m->settings->hosts != NULL)
		output_result(m, m->settings->hosts,
			      file_replace(m->settings->hosts, write_csv, s));
	/* last: it tells how the others went */
	write_text(m, s, m->settings->status, TEXT_STATUS);
}

/* 1234567 -> "1.23 M" */
static const char *
short_number(double value, char text[16])
{
	static const char *const units[] = {" ", " k", " M", " G", " T"};
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(text, 16,
		 unit == 0       ? "%.0f%s"
		 : value < 9.995 ? "%.2f%s"
		 : value < 99.95 ? "%.1f%s"
				 : "%.0f%s",
		 value, units[unit]);
	return text;
}

static void
print_period(const struct manager *m, const struct gathered *g, const struct picture *s,
	     double seconds)
{
	const uint64_t *frames = g->ledger.decode.frames;
	double all = g->received ? (double)g->received : 1;
	char rate[16], bits[16], hosts[16], lost[16], date[32];
	uint64_t octets = 0;
	time_t now = time(NULL);
	struct tm tm;

	if (m->settings->quiet)
		return;
	for (int v = 0; v < DECODE_RESULTS; v++)
		octets += g->ledger.decode.octets[v];
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%H:%M:%SZ", &tm);
	printf("%s  %spackets/s  %sbit/s  TCP %.0f%%  UDP %.0f%%  hosts %s  places %zu  lost "
	       "%s%s%s\n",
	       date, short_number((double)g->received / seconds, rate),
	       short_number((double)octets * 8 / seconds, bits),
	       100 * (double)frames[DECODE_TCP] / all, 100 * (double)frames[DECODE_UDP] / all,
	       short_number((double)g->hosts.count, hosts), picture_points(s, WINDOW_NOW),
	       short_number((double)g->lost, lost),
	       g->ledger.geo[GEO_TABLE_FULL] ? "  TABLE FULL" : "",
	       g->skipped ? "  LANE LATE" : "");
	fflush(stdout);
}

static void
remember_rate(struct manager *m, double pps)
{
	if (m->history_count == PICTURE_HISTORY) {
		memmove(m->history, m->history + 1, (PICTURE_HISTORY - 1) * sizeof(double));
		m->history_count--;
	}
	m->history[m->history_count++] = pps;
}

static bool
check_ledger(struct manager *m, const struct gathered *g)
{
	bool balanced = ledger_balances(&g->ledger, g->received) &&
			ledger_balances(&m->ledger, m->received);

	if (!balanced && !m->told_imbalance) {
		log_line("the ledger does not balance: %llu frames received, %llu accounted for; "
			 "this is a bug, please report it with /api/v1/status",
			 (unsigned long long)m->received,
			 (unsigned long long)ledger_frames(&m->ledger));
		m->told_imbalance = true;
	}
	return balanced;
}

/* The texts that are asked for most: made here, so that no request waits for them. */
static void
encode(struct manager *m, struct picture *s)
{
	if (!m->serves)
		return;
	if (text_get(s, TEXT_HEAT, m->settings->window) == NULL ||
	    text_get(s, TEXT_STATUS, m->settings->window) == NULL)
		log_line("out of memory: a text of this period could not be made");
}

/* Everything between the lanes' buffers and the totals. */
static int
process_period(struct manager *m, struct gathered *g, struct host_list *total, double seconds)
{
	int error = drain_lanes(m, g);

	merge_step_done(m, STEP_DRAIN);
	read_ports(m, g);
	if (error == 0)
		error = host_list_sort(&g->hosts);
	merge_step_done(m, STEP_SORT);
	if (error == 0)
		error = locate_all(m, g);
	merge_step_done(m, STEP_LOCATE);
	if (error == 0)
		error = heat_end_period(m->heat, seconds);
	merge_step_done(m, STEP_HEAT);
	if (error == 0)
		error = add_to_total(m, &g->hosts, total);
	merge_step_done(m, STEP_TOTAL);
	return error;
}

/* Does a lane's capture end with this number of frames? False for a source that never ends. */
static bool
lane_is_over(struct manager *m, const struct lane_state *state, uint64_t received)
{
	struct port_counters now;

	if (state->expected == UINT64_MAX)
		return false;
	if (received >= state->expected)
		return true;
	/* what the PMD could not hand over for want of memory will not come any more */
	return port_read(&m->ports[state->port], &now) == 0 &&
	       received + now.ierrors + now.rx_nombuf >= state->expected;
}

/*
 * Are all captures in the picture, to their last frame? The lanes may have received more since
 * they swapped: that comes with the next period, and "over" must not be said before.
 */
static bool
captures_merged(struct manager *m)
{
	for (unsigned int i = 0; i < m->lane_count; i++) {
		if (!lane_is_over(m, &m->lanes[i], m->lanes[i].received))
			return false;
	}
	return m->lane_count > 0;
}

static int
end_period(struct manager *m)
{
	struct gathered g = {0};
	struct host_list total = {0};
	uint64_t before = m->period_ns;

	m->step_ns = monotonic_ns();
	swap_lanes(m, &g);
	merge_step_done(m, STEP_SWAP);
	m->period_ns = m->step_ns;
	double seconds = m->period_ns > before ? (double)(m->period_ns - before) / 1e9 : 1e-9;
	int error = process_period(m, &g, &total, seconds);

	if (error == 0) {
		ledger_add(&m->ledger, &g.ledger);
		m->received += g.received;
		m->lost += g.lost;
		m->period++;
		m->over = captures_merged(m);
		remember_rate(m, (double)g.received / seconds);
		bool balanced = check_ledger(m, &g);
		struct picture *s = picture(m, &g, &total, seconds, balanced);

		merge_step_done(m, STEP_PICTURE);
		error = s ? 0 : -ENOMEM;
		if (s != NULL) {
			encode(m, s);
			merge_step_done(m, STEP_ENCODE);
			picture_publish(s);
			picture_release(m->last);
			m->last = picture_current();
			write_outputs(m, s);
			merge_step_done(m, STEP_FILES);
			print_period(m, &g, s, seconds);
			if (m->over && !m->told_over && !m->settings->once) {
				log_line(
					"the captures have been read to their end; the page stays");
				m->told_over = true;
			}
		}
	}
	host_list_free(&total);
	host_list_free(&g.hosts);
	return error;
}

int
manager_end_period(struct manager *m)
{
	return end_period(m);
}

int
manager_end(struct manager *m)
{
	/* the lanes have returned: the manager answers its own question in their place */
	for (unsigned int i = 0; i < m->lane_count; i++) {
		struct rx_lane *lane = m->lanes[i].lane;
		uint64_t received = atomic_load(&lane->received[lane->swaps & 1]);

		if (!m->lanes[i].asked)
			count_request_swap(lane->count);
		m->lanes[i].asked = true;
		if (count_poll_swap(lane->count)) {
			lane->swaps++;
			atomic_store(&lane->received[lane->swaps & 1], received);
		}
	}
	return end_period(m);
}

bool
manager_captures_over(struct manager *m)
{
	bool any = false;

	for (unsigned int i = 0; i < m->lane_count; i++) {
		struct lane_state *state = &m->lanes[i];
		uint64_t a = atomic_load_explicit(&state->lane->received[0], memory_order_relaxed);
		uint64_t b = atomic_load_explicit(&state->lane->received[1], memory_order_relaxed);

		if (!lane_is_over(m, state, a > b ? a : b))
			return false;
		any = true;
	}
	return any;
}

void
manager_destroy(struct manager *m)
{
	picture_release(m->last);
	m->last = NULL;
	picture_publish(NULL);
	heat_destroy(m->heat);
	m->heat = NULL;
	for (int i = 0; i < MANAGER_OLD_MAPS; i++) {
		locate_map_unref(m->old_maps[i]);
		m->old_maps[i] = NULL;
	}
	locate_map_unref(m->map);
	m->map = NULL;
	locate_destroy(m->locate);
	m->locate = NULL;
}
