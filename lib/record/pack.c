/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all parts share is made once; the rows of places are then cut by their packed sizes, so that
 * no message is packed twice.
 */
#include "record.h"

#include "ledger_names.h"
#include "record.pb-c.h"

#include <errno.h>
#include <stdlib.h>

#define MESSAGE(type) PacketHeatmap__##type

/* A packed row: its key and its length before it. */
#define ROW_FRAME 8

struct rows {
	MESSAGE(Place) * places, **pointers;
	MESSAGE(Position) * positions;
	MESSAGE(Counts) * counts;
};

struct shared {
	MESSAGE(Record) record;
	MESSAGE(Site) site;
	MESSAGE(Position) position;
	MESSAGE(Database) databases[LOCATE_MAX_DATABASES], *database_pointers[LOCATE_MAX_DATABASES];
	MESSAGE(Number) numbers[LEDGER_NAMES], *number_pointers[LEDGER_NAMES];
	struct ledger_name names[LEDGER_NAMES];
	struct ledger ledger;
	MESSAGE(Lane) * lanes, **lane_pointers;
	MESSAGE(Port) * ports, **port_pointers;
};

/* The generated messages hold texts as char *, and packing only reads them. */
static char *
text(const char *of)
{
	union {
		const char *from;
		char *to;
	} cast = {of};

	return cast.to;
}

static MESSAGE(Link) link_of(enum link_state state)
{
	return state == LINK_UP     ? PACKET_HEATMAP__LINK__LINK_UP
	       : state == LINK_DOWN ? PACKET_HEATMAP__LINK__LINK_DOWN
				    : PACKET_HEATMAP__LINK__LINK_UNKNOWN;
}

static MESSAGE(Basis) basis_of(uint8_t basis)
{
	return basis == BASIS_REGISTERED  ? PACKET_HEATMAP__BASIS__REGISTERED
	       : basis == BASIS_CONTINENT ? PACKET_HEATMAP__BASIS__CONTINENT
	       : basis == BASIS_SITE      ? PACKET_HEATMAP__BASIS__SITE
					  : PACKET_HEATMAP__BASIS__COUNTRY;
}

static void
share_ledger(struct shared *s, const struct ledger *ledger)
{
	s->ledger = *ledger;
	ledger_names(s->names);
	for (size_t i = 0; i < LEDGER_NAMES; i++) {
		const uint64_t value = *ledger_number(&s->ledger, &s->names[i]);
		const size_t n = s->record.n_ledger;

		if (value == 0)
			continue;
		packet_heatmap__number__init(&s->numbers[n]);
		s->numbers[n].name = s->names[i].text;
		s->numbers[n].value = value;
		s->number_pointers[n] = &s->numbers[n];
		s->record.n_ledger++;
	}
	s->record.ledger = s->number_pointers;
}

static int
share_lanes(struct shared *s, const struct period_head *head)
{
	s->lanes = calloc(head->lane_count + 1, sizeof(*s->lanes));
	s->lane_pointers = calloc(head->lane_count + 1, sizeof(*s->lane_pointers));
	if (s->lanes == NULL || s->lane_pointers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < head->lane_count; i++) {
		const struct period_lane *from = &head->lanes[i];
		MESSAGE(Lane) *to = s->lane_pointers[i] = &s->lanes[i];

		packet_heatmap__lane__init(to);
		to->port = text(from->port);
		to->queue = from->queue;
		to->lcore = from->lcore;
		to->cpu = from->cpu;
		to->received = from->received;
		to->hosts = from->hosts;
		to->skipped = from->skipped;
		to->cycles_per_packet = from->cycles_per_packet;
		to->busy = from->busy;
		to->headroom_pps = from->headroom_pps;
	}
	s->record.n_lanes = head->lane_count;
	s->record.lanes = s->lane_pointers;
	return 0;
}

static int
share_ports(struct shared *s, const struct period_head *head)
{
	s->ports = calloc(head->port_count + 1, sizeof(*s->ports));
	s->port_pointers = calloc(head->port_count + 1, sizeof(*s->port_pointers));
	if (s->ports == NULL || s->port_pointers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < head->port_count; i++) {
		const struct period_port *from = &head->ports[i];
		MESSAGE(Port) *to = s->port_pointers[i] = &s->ports[i];

		packet_heatmap__port__init(to);
		to->name = text(from->name);
		to->driver = text(from->driver);
		to->kind = text(from->kind ? from->kind : "");
		to->gone = from->gone;
		to->link = link_of(from->link);
		to->link_mbps = from->link_mbps;
		to->received = from->received;
		to->imissed = from->imissed;
		to->ierrors = from->ierrors;
		to->rx_nombuf = from->rx_nombuf;
		to->merged_packets = from->merged_packets;
		to->resets = from->resets;
		to->reset_failures = from->reset_failures;
		to->interfaces = from->interfaces;
	}
	s->record.n_ports = head->port_count;
	s->record.ports = s->port_pointers;
	return 0;
}

static void
share_site(struct shared *s, const struct record *r)
{
	packet_heatmap__site__init(&s->site);
	s->site.name = text(r->site);
	s->site.group = text(r->group);
	if (r->has_position) {
		packet_heatmap__position__init(&s->position);
		s->position.latitude = r->latitude;
		s->position.longitude = r->longitude;
		s->site.position = &s->position;
	}
	s->record.site = &s->site;
	s->record.software = text(r->software);
	for (size_t i = 0; i < r->database_count; i++) {
		packet_heatmap__database__init(&s->databases[i]);
		s->databases[i].type = text(r->databases[i].type);
		s->databases[i].build =
			r->databases[i].built > 0 ? (uint64_t)r->databases[i].built : 0;
		s->database_pointers[i] = &s->databases[i];
	}
	s->record.n_databases = r->database_count;
	s->record.databases = s->database_pointers;
}

/* What each part says. */
static int
share(struct shared *s, const struct record *r)
{
	const struct period_head *head = &r->head;

	packet_heatmap__record__init(&s->record);
	s->record.version = RECORD_VERSION;
	s->record.sensor = text(head->sensor);
	s->record.boot_id = head->boot_id;
	s->record.number = head->number;
	s->record.start_ms = head->start_ms;
	s->record.end_ms = head->end_ms;
	s->record.covered_us = (head->end_ns - head->start_ns) / 1000;
	s->record.packet_time = head->packet_time;
	s->record.over = head->over;
	s->record.received = head->received;
	s->record.lost = head->lost;
	s->record.link = link_of(head->link);
	s->record.skipped_lanes = head->skipped_lanes;
	s->record.late = head->late;
	s->record.records_dropped = r->records_dropped;
	s->record.packets_dropped = r->packets_dropped;
	share_site(s, r);
	share_ledger(s, &head->ledger);
	return share_lanes(s, head) == 0 ? share_ports(s, head) : -ENOMEM;
}

static MESSAGE(Counts) *
	fill_counts(MESSAGE(Counts) * to, const struct counts *from, enum layer layer)
{
	packet_heatmap__counts__init(to);
	to->source_packets = from->packets[layer][AS_SOURCE];
	to->source_octets = from->octets[layer][AS_SOURCE];
	to->destination_packets = from->packets[layer][AS_DESTINATION];
	to->destination_octets = from->octets[layer][AS_DESTINATION];
	return to->source_packets + to->destination_packets > 0 ? to : NULL;
}

static int
make_rows(struct rows *rows, const struct record *r)
{
	rows->places = calloc(r->count + 1, sizeof(*rows->places));
	rows->pointers = calloc(r->count + 1, sizeof(*rows->pointers));
	rows->positions = calloc(r->count + 1, sizeof(*rows->positions));
	rows->counts = calloc(LAYERS * r->count + 1, sizeof(*rows->counts));
	if (rows->places == NULL || rows->pointers == NULL || rows->positions == NULL ||
	    rows->counts == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < r->count; i++) {
		const struct place *place = r->points[i].place;
		MESSAGE(Place) *to = rows->pointers[i] = &rows->places[i];

		packet_heatmap__place__init(to);
		if (place->has_position) {
			packet_heatmap__position__init(&rows->positions[i]);
			rows->positions[i].latitude = place->latitude;
			rows->positions[i].longitude = place->longitude;
			to->position = &rows->positions[i];
		}
		to->radius_km = place->radius_km;
		to->own = place->own;
		to->basis = basis_of(place->basis);
		to->country = text(place->country);
		to->continent = text(place->continent);
		to->city = text(place->city);
		to->tcp = fill_counts(&rows->counts[LAYERS * i], &r->points[i].counts, LAYER_TCP);
		to->udp =
			fill_counts(&rows->counts[LAYERS * i + 1], &r->points[i].counts, LAYER_UDP);
	}
	return 0;
}

/* How many rows from `from` on fit beside what is shared; at least none. */
static size_t
rows_that_fit(const struct rows *rows, size_t from, size_t count, size_t room)
{
	size_t taken = 0, n = 0;

	while (from + n < count) {
		taken +=
			packet_heatmap__place__get_packed_size(&rows->places[from + n]) + ROW_FRAME;
		if (taken > room)
			break;
		n++;
	}
	return n;
}

static int
pack_parts(struct shared *s, const struct rows *rows, size_t count, size_t most, record_take *take,
	   void *context)
{
	uint32_t first[RECORD_PARTS_MOST + 1] = {0};
	uint32_t parts = 0;
	int error = 0;

	/* the largest numbers that can stand there, so that no part is longer than thought */
	s->record.part = s->record.parts = RECORD_PARTS_MOST;
	const size_t alone = packet_heatmap__record__get_packed_size(&s->record);
	do {
		const size_t room = most > alone ? most - alone : 0;
		const size_t fit = rows_that_fit(rows, first[parts], count, room);

		if (alone > most || (fit == 0 && count > 0) || parts == RECORD_PARTS_MOST)
			return -E2BIG;
		first[parts + 1] = first[parts] + (uint32_t)fit;
		parts++;
	} while (first[parts] < count);

	uint8_t *data = malloc(most);
	if (data == NULL)
		return -ENOMEM;
	s->record.parts = parts;
	for (uint32_t part = 0; part < parts && error == 0; part++) {
		s->record.part = part;
		s->record.n_places = first[part + 1] - first[part];
		s->record.places = rows->pointers + first[part];
		error = take(context, part, parts, data,
			     packet_heatmap__record__pack(&s->record, data));
	}
	free(data);
	return error;
}

int
record_pack(const struct record *record, size_t most, record_take *take, void *context)
{
	struct shared *s = calloc(1, sizeof(*s));
	struct rows rows = {NULL};
	int error = s == NULL ? -ENOMEM : share(s, record);

	if (error == 0)
		error = make_rows(&rows, record);
	if (error == 0)
		error = pack_parts(s, &rows, record->count, most, take, context);
	free(rows.places);
	free(rows.pointers);
	free(rows.positions);
	free(rows.counts);
	if (s != NULL) {
		free(s->lanes);
		free(s->lane_pointers);
		free(s->ports);
		free(s->port_pointers);
	}
	free(s);
	return error;
}
