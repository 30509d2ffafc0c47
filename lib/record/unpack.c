/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "ledger_names.h"
#include "record.pb-c.h"
#include "utf8.h"

#include <errno.h>
#include <math.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE(type) PacketHeatmap__##type

#define LANES_MOST    4096
#define ROWS_MOST     200000 /* of a message: nine octets a row with a number in it */
#define KIND_MAX      32
#define BLOCK_SIZE    (256u << 10)

/* what a record's pointers point into */
struct unpacked {
	struct place *places;
	char (*kinds)[KIND_MAX];
};

struct reader {
	struct record *record;
	struct unpacked *memory;
	const char *wrong; /* the first thing that makes no sense */
};

static void
refuse(struct reader *r, const char *what)
{
	if (r->wrong == NULL)
		r->wrong = what;
}

/* A name that is longer than there is room for is not ours. */
static void
copy(struct reader *r, char *to, size_t size, const char *from, const char *what)
{
	if (strlen(from) >= size || !utf8_is_clean(from))
		refuse(r, what);
	else
		memcpy(to, from, strlen(from) + 1);
}

static void
copy_code(struct reader *r, char to[3], const char *from, const char *what)
{
	for (const char *p = from; *p != 0; p++) {
		if (!(*p >= 'A' && *p <= 'Z'))
			refuse(r, what);
	}
	if (*from != 0 && strlen(from) != 2)
		refuse(r, what);
	if (r->wrong == NULL)
		memcpy(to, from, strlen(from) + 1);
}

static void
copy_position(struct reader *r, const MESSAGE(Position) * from, double *latitude, double *longitude)
{
	*latitude = from->latitude;
	*longitude = from->longitude;
	if (!(fabs(from->latitude) <= 90) || !(fabs(from->longitude) <= 180))
		refuse(r, "a position is not on the globe");
}

static enum link_state
link_from(MESSAGE(Link) link)
{
	return link == PACKET_HEATMAP__LINK__LINK_UP     ? LINK_UP
	       : link == PACKET_HEATMAP__LINK__LINK_DOWN ? LINK_DOWN
							 : LINK_UNKNOWN;
}

static void
read_ledger(struct reader *r, const MESSAGE(Record) * m)
{
	struct ledger_name names[LEDGER_NAMES];
	struct record *to = r->record;

	ledger_names(names);
	for (size_t i = 0; i < m->n_ledger; i++) {
		const MESSAGE(Number) *from = m->ledger[i];
		size_t n = 0;

		while (n < LEDGER_NAMES && strcmp(names[n].text, from->name) != 0)
			n++;
		if (n < LEDGER_NAMES)
			*ledger_number(&to->head.ledger, &names[n]) += from->value;
		else if (strncmp(from->name, "frames.", 7) == 0)
			to->unknown_frames += from->value;
		else if (strncmp(from->name, "addresses.", 10) == 0)
			to->unknown_addresses += from->value;
	}
}

static void
read_lanes(struct reader *r, const MESSAGE(Record) * m)
{
	for (size_t i = 0; i < m->n_lanes; i++) {
		const MESSAGE(Lane) *from = m->lanes[i];
		struct period_lane *to = &r->record->head.lanes[i];

		copy(r, to->port, sizeof(to->port), from->port, "a lane's port has no name");
		to->queue = from->queue;
		to->lcore = from->lcore;
		to->cpu = from->cpu;
		to->received = from->received;
		to->hosts = from->hosts;
		to->skipped = from->skipped;
		to->cycles_per_packet = from->cycles_per_packet;
		to->busy = from->busy;
		to->headroom_pps = from->headroom_pps;
		if (!isfinite(to->cycles_per_packet) || !isfinite(to->busy) ||
		    !isfinite(to->headroom_pps))
			refuse(r, "a lane's numbers are none");
	}
}

static void
read_ports(struct reader *r, const MESSAGE(Record) * m)
{
	for (size_t i = 0; i < m->n_ports; i++) {
		const MESSAGE(Port) *from = m->ports[i];
		struct period_port *to = &r->record->head.ports[i];
		char *kind = r->memory->kinds[i];

		copy(r, to->name, sizeof(to->name), from->name, "a port has no name");
		copy(r, to->driver, sizeof(to->driver), from->driver,
		     "a port's driver has no name");
		copy(r, kind, KIND_MAX, from->kind, "a port's kind has no name");
		to->kind = *kind ? kind : NULL;
		to->gone = from->gone;
		to->link = link_from(from->link);
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
}

static void
read_site(struct reader *r, const MESSAGE(Record) * m)
{
	struct record *to = r->record;

	if (m->site != NULL) {
		copy(r, to->site, sizeof(to->site), m->site->name, "the site has no name");
		copy(r, to->group, sizeof(to->group), m->site->group, "the group has no name");
		to->has_position = m->site->position != NULL;
		if (to->has_position)
			copy_position(r, m->site->position, &to->latitude, &to->longitude);
	}
	copy(r, to->software, sizeof(to->software), m->software, "the version has no name");
	for (size_t i = 0; i < m->n_databases && i < LOCATE_MAX_DATABASES; i++) {
		struct record_database *database = &to->databases[to->database_count++];

		copy(r, database->type, sizeof(database->type), m->databases[i]->type,
		     "a database has no name");
		database->built = m->databases[i]->build > INT64_MAX
					  ? INT64_MAX
					  : (int64_t)m->databases[i]->build;
	}
}

static void
read_counts(struct counts *to, const MESSAGE(Counts) * from, enum layer layer)
{
	if (from == NULL)
		return;
	to->packets[layer][AS_SOURCE] = from->source_packets;
	to->octets[layer][AS_SOURCE] = from->source_octets;
	to->packets[layer][AS_DESTINATION] = from->destination_packets;
	to->octets[layer][AS_DESTINATION] = from->destination_octets;
}

static void
read_rows(struct reader *r, const MESSAGE(Record) * m)
{
	for (size_t i = 0; i < m->n_places && r->wrong == NULL; i++) {
		const MESSAGE(Place) *from = m->places[i];
		struct place *to = &r->memory->places[i];

		to->has_position = from->position != NULL;
		if (to->has_position)
			copy_position(r, from->position, &to->latitude, &to->longitude);
		to->radius_km = from->radius_km;
		if (!(from->radius_km >= 0) || !isfinite(from->radius_km))
			refuse(r, "a place's radius is no length");
		to->own = from->own;
		to->basis = from->basis == PACKET_HEATMAP__BASIS__REGISTERED  ? BASIS_REGISTERED
			    : from->basis == PACKET_HEATMAP__BASIS__CONTINENT ? BASIS_CONTINENT
			    : from->basis == PACKET_HEATMAP__BASIS__SITE      ? BASIS_SITE
									      : BASIS_COUNTRY;
		copy_code(r, to->country, from->country, "a country has no code");
		copy_code(r, to->continent, from->continent, "a continent has no code");
		copy(r, to->city, sizeof(to->city), from->city, "a city has no name");
		r->record->points[i].place = to;
		read_counts(&r->record->points[i].counts, from->tcp, LAYER_TCP);
		read_counts(&r->record->points[i].counts, from->udp, LAYER_UDP);
	}
}

static void
read_head(struct reader *r, const MESSAGE(Record) * m)
{
	struct record *record = r->record;
	struct period_head *to = &record->head;

	if (*m->sensor == 0)
		refuse(r, "the sensor has no name");
	copy(r, to->sensor, sizeof(to->sensor), m->sensor, "the sensor's name is none");
	if (m->parts == 0 || m->parts > RECORD_PARTS_MOST || m->part >= m->parts)
		refuse(r, "it is a part of nothing");
	if (m->end_ms < m->start_ms || m->start_ms < 0 || m->covered_us > UINT64_MAX / 1000)
		refuse(r, "it ends before it starts");
	record->part = m->part;
	record->parts = m->parts;
	to->boot_id = m->boot_id;
	to->number = m->number;
	to->start_ms = m->start_ms;
	to->end_ms = m->end_ms;
	to->end_ns = m->covered_us * 1000;
	to->packet_time = m->packet_time;
	to->over = m->over;
	to->received = m->received;
	to->lost = m->lost;
	to->link = link_from(m->link);
	to->skipped_lanes = m->skipped_lanes;
	to->late = m->late;
	record->records_dropped = m->records_dropped;
	record->packets_dropped = m->packets_dropped;
}

/*
 * Where protobuf-c puts what it reads: a message of 5,000 places is 20,000 pieces, which are of no
 * use as soon as it is read. All of them lie in a few blocks one behind the other, and go together.
 */
struct block {
	struct block *next;
	size_t used, size;
	max_align_t octets[];
};

static void *
block_alloc(void *blocks, size_t size)
{
	struct block **first = blocks, *block = *first;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (block == NULL || block->size - block->used < size) {
		const size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = malloc(sizeof(*block) + room);
		if (block == NULL)
			return NULL;
		*block = (struct block){.next = *first, .size = room};
		*first = block;
	}
	void *piece = (char *)block->octets + block->used;
	block->used += size;
	return piece;
}

static void
block_free(void *blocks, void *piece)
{
	(void)blocks;
	(void)piece;
}

static void
blocks_free(struct block *block)
{
	while (block != NULL) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

/* Room for as much as the message has. */
static int
reserve(struct record *record, const MESSAGE(Record) * m)
{
	struct unpacked *memory = record->memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return -ENOMEM;
	memory->places = calloc(m->n_places + 1, sizeof(*memory->places));
	memory->kinds = calloc(m->n_ports + 1, sizeof(*memory->kinds));
	record->points = calloc(m->n_places + 1, sizeof(*record->points));
	record->head.lanes = calloc(m->n_lanes + 1, sizeof(*record->head.lanes));
	record->head.ports = calloc(m->n_ports + 1, sizeof(*record->head.ports));
	if (memory->places == NULL || memory->kinds == NULL || record->points == NULL ||
	    record->head.lanes == NULL || record->head.ports == NULL)
		return -ENOMEM;
	record->count = m->n_places;
	record->head.lane_count = m->n_lanes;
	record->head.port_count = m->n_ports;
	return 0;
}

static int
read_message(struct record *record, const MESSAGE(Record) * m, char error[RECORD_ERROR_MAX])
{
	struct reader reader = {.record = record};

	if (m->version > RECORD_VERSION) {
		snprintf(error, RECORD_ERROR_MAX,
			 "a record of version %u, and this program knows %u: it has to be renewed "
			 "before its sensors are",
			 (unsigned int)m->version, (unsigned int)RECORD_VERSION);
		return -EPROTONOSUPPORT;
	}
	if (m->version == 0 || m->n_lanes > LANES_MOST || m->n_ports > LANES_MOST ||
	    m->n_places > ROWS_MOST) {
		snprintf(error, RECORD_ERROR_MAX, "no record: %s",
			 m->version == 0 ? "it has no version" : "it has more rows than can be");
		return -EBADMSG;
	}
	if (reserve(record, m) != 0) {
		snprintf(error, RECORD_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	reader.memory = record->memory;
	read_head(&reader, m);
	read_site(&reader, m);
	read_ledger(&reader, m);
	read_lanes(&reader, m);
	read_ports(&reader, m);
	read_rows(&reader, m);
	if (reader.wrong == NULL)
		return 0;
	snprintf(error, RECORD_ERROR_MAX, "a record that makes no sense: %s", reader.wrong);
	return -EBADMSG;
}

int
record_unpack(const void *data, size_t size, struct record *record, char error[RECORD_ERROR_MAX])
{
	struct block *blocks = NULL;
	ProtobufCAllocator allocator = {block_alloc, block_free, &blocks};

	*record = (struct record){0};
	MESSAGE(Record) *m = size > RECORD_UNPACK_MOST
				     ? NULL
				     : packet_heatmap__record__unpack(&allocator, size, data);

	if (m == NULL) {
		blocks_free(blocks);
		snprintf(error, RECORD_ERROR_MAX, "no record: %s",
			 size > RECORD_UNPACK_MOST ? "too large for one"
						   : "no such protocol buffer");
		return -EBADMSG;
	}
	int code = read_message(record, m, error);

	blocks_free(blocks);
	if (code != 0)
		record_free(record);
	return code;
}

void
record_free(struct record *record)
{
	struct unpacked *memory = record->memory;

	if (memory != NULL) {
		free(memory->places);
		free(memory->kinds);
		free(record->points);
		free(record->head.lanes);
		free(record->head.ports);
	}
	free(memory);
	*record = (struct record){0};
}

bool
record_balances(const struct record *record)
{
	struct ledger ledger = record->head.ledger;

	/* as if they had one of the names that this version knows */
	ledger.decode.frames[DECODE_NOT_IP] += record->unknown_frames;
	ledger.geo[GEO_PRIVATE] += record->unknown_addresses;
	return ledger_balances(&ledger, record->head.received);
}
