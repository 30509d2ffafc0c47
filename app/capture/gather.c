/* SPDX-License-Identifier: BSD-3-Clause */
#include "gather.h"

#include "capture_reader.h"

#include <errno.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <sys/random.h>

/* A lane answers between two bursts, or after a pause of at most 5 ms. */
#define SWAP_WAIT_NS 500000000ull

static struct locate_map *
map_ref(struct locate_map *map)
{
	return map ? locate_map_ref(map) : NULL;
}

void
gather_set_map(struct gather *g, unsigned int i)
{
	for (int b = 0; b < 2; b++)
		g->lanes[i].maps[b] = map_ref(g->map);
}

void
gather_use_map(struct gather *g, struct locate_map *map)
{
	locate_map_unref(g->map);
	g->map = map;
}

void
gather_start(struct gather *g)
{
	if (getrandom(&g->boot_id, sizeof(g->boot_id), 0) != sizeof(g->boot_id))
		g->boot_id = monotonic_ns() ^ (uint64_t)utc_ms() << 20;
	g->start_ms = utc_ms();
	g->period_ns = monotonic_ns();
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

/*
 * Hosts for which a lane had no room: by slot of the map that this buffer counted by. A slot's
 * record is decoded the first time that the slot overflows, some microseconds for each.
 */
static int
take_overflow(struct gather *g, struct period *p, const struct count_period *left,
	      struct locate_map *map)
{
	if (left->overflowed == 0 || left->map == NULL || map == NULL)
		return 0;
	for (uint32_t slot = PREFIX_SLOT_FIRST; slot < left->map->slots; slot++) {
		if (counts_packets(&left->overflow[slot]) == 0)
			continue;
		const uint32_t number = locate_map_place(map, g->places, slot);
		const struct place *place = locate_get(g->places, number);

		if (number == PLACE_UNASKED)
			return -ENOMEM;
		if (place != NULL && place->has_position &&
		    period_add_overflow(p, place, &left->overflow[slot]) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* Takes over the buffer that a lane has left: rows, decode results, overflow; leaves it empty. */
static int
take_buffer(struct gather *g, struct lane_state *state, struct period *p)
{
	struct locate_map **map = &state->maps[state->swaps & 1];
	struct count_lane *count = state->lane->count;
	struct count_period left;

	count_get_period(count, &left);
	if (host_list_reserve(&p->hosts, left.hosts) != 0)
		return -ENOMEM;
	uint32_t rows = left.hosts > 0 ? count_drain(count, p->hosts.rows + p->hosts.count) : 0;
	p->hosts.count += rows;
	decode_counts_add(&p->head.ledger.decode, &left.decode);
	p->head.ledger.geo[GEO_TABLE_FULL] += left.overflowed;
	int error = take_overflow(g, p, &left, *map);
	count_clear(count);
	/* without memory the old map stays: the next period tries again */
	if (g->map != NULL && *map != g->map &&
	    count_set_map(count, locate_map_prefixes(g->map)) == 0) {
		locate_map_unref(*map);
		*map = locate_map_ref(g->map);
	}

	uint64_t received = atomic_load_explicit(&state->lane->received[state->swaps & 1],
						 memory_order_relaxed);
	p->head.received += received - state->received;
	if (!g->ended || received != state->received)
		read_meter(state, received - state->received);
	state->received = received;
	state->swaps++;
	state->hosts = g->ended ? state->hosts + rows : rows; /* then of both buffers */
	return error;
}

/* Asks all lanes, then waits for each with a bound. Who does not answer is asked no second time:
 * its counts come with a later period. */
static void
swap_lanes(struct gather *g, struct period *p)
{
	uint64_t deadline = monotonic_ns() + SWAP_WAIT_NS;

	for (unsigned int i = 0; i < g->lane_count; i++) {
		if (!g->lanes[i].asked)
			count_request_swap(g->lanes[i].lane->count);
		g->lanes[i].asked = true;
	}
	for (unsigned int i = 0; i < g->lane_count; i++) {
		struct lane_state *state = &g->lanes[i];

		while (!count_swapped(state->lane->count) && monotonic_ns() < deadline)
			rte_delay_us_sleep(20);
		if (!count_swapped(state->lane->count)) {
			state->skipped++;
			p->head.lanes_late++;
		}
	}
}

/* Asks all, if they have not been asked, and answers for them: the lanes have returned. */
static void
swap_ended_lanes(struct gather *g)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		struct rx_lane *lane = g->lanes[i].lane;

		if (!g->lanes[i].asked)
			count_request_swap(lane->count);
		g->lanes[i].asked = true;
		lane_swap(lane, atomic_load(&lane->received[lane->swaps & 1]));
	}
}

static int
drain_lanes(struct gather *g, struct period *p)
{
	int error = 0;

	for (unsigned int i = 0; i < g->lane_count && error == 0; i++) {
		struct lane_state *state = &g->lanes[i];

		if (!count_swapped(state->lane->count))
			continue;
		state->asked = false;
		error = take_buffer(g, state, p);
	}
	return error;
}

/* What the ports lost before us since the last reading. */
static void
read_ports(struct gather *g, struct period *p)
{
	for (unsigned int i = 0; i < g->port_count; i++) {
		struct port_counters now = g->counters[i];
		const struct port_counters *then = &g->counters[i];

		if (port_read(&g->ports[i], &now) != 0)
			continue;
		p->head.lost += port_lost_since(&now, then);
		g->counters[i] = now;
	}
}

static enum link_state
link_state(enum port_link link)
{
	return link == PORT_LINK_UP ? LINK_UP : link == PORT_LINK_DOWN ? LINK_DOWN : LINK_UNKNOWN;
}

static void
describe_lanes(const struct gather *g, struct period *p)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		const struct lane_state *state = &g->lanes[i];

		p->head.lanes[i] = (struct period_lane){
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
		snprintf(p->head.lanes[i].port, sizeof(p->head.lanes[i].port), "%s",
			 g->ports[state->port].source);
		p->head.skipped_lanes += state->skipped;
	}
}

static void
describe_ports(const struct gather *g, struct period *p)
{
	for (unsigned int i = 0; i < g->port_count; i++) {
		const struct port *port = &g->ports[i];
		struct period_port *out = &p->head.ports[i];

		*out = (struct period_port){
			.link = link_state(port->link),
			.link_mbps = port->link_mbps,
			.kind = port_kind_name(port),
			.gone = port->gone,
			.merged_packets = port->merged_packets,
			.interfaces = port->interface[0] != 0 ? !port->gone : port->interfaces,
			.resets = port->resets,
			.reset_failures = port->reset_failures,
			.received = g->counters[i].received,
			.imissed = g->counters[i].imissed,
			.ierrors = g->counters[i].ierrors,
			.rx_nombuf = g->counters[i].rx_nombuf,
		};
		snprintf(out->name, sizeof(out->name), "%s", port->source);
		snprintf(out->driver, sizeof(out->driver), "%s", port->driver);
		if (out->link == LINK_DOWN)
			p->head.link = LINK_DOWN;
		else if (out->link == LINK_UP && p->head.link == LINK_UNKNOWN)
			p->head.link = LINK_UP;
	}
}

/* Has a lane's capture ended, and with this number of frames? False for one that never ends. */
static bool
lane_is_over(const struct gather *g, const struct lane_state *state, uint64_t received)
{
	const struct capture_reader *reader = port_captures(&g->ports[state->port]);

	return reader != NULL && capture_reader_waits(reader) == CAPTURE_ENDED &&
	       received >= capture_reader_handed(reader, state->lane->queue);
}

/*
 * Are all captures in the record, to their last frame? The lanes may have received more since
 * they swapped: that comes with the next period, and "over" must not be said before.
 */
static bool
captures_merged(struct gather *g)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		if (!lane_is_over(g, &g->lanes[i], g->lanes[i].received))
			return false;
	}
	return g->lane_count > 0;
}

static double
ms_since(uint64_t *ns)
{
	uint64_t now = monotonic_ns(), then = *ns;

	*ns = now;
	return (double)(now - then) / 1e6;
}

/* Everything that a record says. */
static int
fill_period(struct gather *g, struct period *p)
{
	uint64_t ns = monotonic_ns();

	p->head.start_ns = g->period_ns;
	p->head.start_ms = g->start_ms;
	if (period_reserve(p, g->lane_count, g->port_count) != 0)
		return -ENOMEM;
	if (g->ended)
		swap_ended_lanes(g);
	else
		swap_lanes(g, p);
	p->head.swap_ms = ms_since(&ns);
	p->head.end_ns = g->period_ns = ns;
	p->head.end_ms = g->start_ms = utc_ms();
	if (g->packet_end_ns != 0) {
		p->head.packet_time = true;
		p->head.start_ns = g->packet_start_ns;
		p->head.end_ns = g->packet_end_ns;
		p->head.start_ms = (int64_t)(p->head.start_ns / 1000000);
		p->head.end_ms = (int64_t)(p->head.end_ns / 1000000);
	}
	int error = drain_lanes(g, p);
	/* a lane that was late has left one buffer, and counted in the other since then */
	if (g->ended && error == 0) {
		swap_ended_lanes(g);
		error = drain_lanes(g, p);
	}
	read_ports(g, p);
	p->head.drain_ms = ms_since(&ns);
	if (error == 0)
		error = host_list_sort(&p->hosts);
	p->head.sort_ms = ms_since(&ns);
	if (error != 0)
		return error;
	snprintf(p->head.sensor, sizeof(p->head.sensor), "%s", g->sensor);
	p->head.boot_id = g->boot_id;
	p->head.number = ++g->number;
	p->head.late = g->late;
	g->received += p->head.received;
	p->head.over = g->over = captures_merged(g);
	describe_lanes(g, p);
	describe_ports(g, p);
	return 0;
}

int
gather_end_period(struct gather *g)
{
	if (g->map_thread != NULL && !consumer_has_room(g->map_thread)) {
		g->late++;
		return -EAGAIN;
	}
	struct period *p = period_create();
	int error = p ? fill_period(g, p) : -ENOMEM;

	if (error == 0 && g->map_thread != NULL)
		consumer_offer(g->map_thread, p);
	period_unref(p);
	return error;
}

int
gather_end(struct gather *g)
{
	g->ended = true;
	for (unsigned int i = 0; i < g->lane_count; i++)
		g->lanes[i].hosts = 0;
	while (g->map_thread != NULL && !consumer_has_room(g->map_thread))
		rte_delay_us_sleep(1000);
	return gather_end_period(g);
}

static uint64_t
lane_received(const struct rx_lane *lane)
{
	uint64_t a = atomic_load_explicit(&lane->received[0], memory_order_relaxed);
	uint64_t b = atomic_load_explicit(&lane->received[1], memory_order_relaxed);

	return a > b ? a : b;
}

uint64_t
gather_received_now(const struct gather *g)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < g->lane_count; i++)
		sum += lane_received(g->lanes[i].lane);
	return sum;
}

bool
gather_captures_over(struct gather *g)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		if (!lane_is_over(g, &g->lanes[i], lane_received(g->lanes[i].lane)))
			return false;
	}
	return g->lane_count > 0;
}

bool
gather_captures_counted(const struct gather *g)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		const struct rx_lane *lane = g->lanes[i].lane;
		const struct capture_reader *reader = port_captures(&g->ports[g->lanes[i].port]);

		if (reader != NULL &&
		    lane_received(lane) < capture_reader_handed(reader, lane->queue))
			return false;
	}
	return true;
}

void
gather_destroy(struct gather *g)
{
	for (unsigned int i = 0; i < g->lane_count; i++) {
		for (int b = 0; b < 2; b++) {
			locate_map_unref(g->lanes[i].maps[b]);
			g->lanes[i].maps[b] = NULL;
		}
	}
	locate_map_unref(g->map);
	g->map = NULL;
	locate_destroy(g->places);
	g->places = NULL;
}
