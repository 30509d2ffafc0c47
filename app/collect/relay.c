/* SPDX-License-Identifier: BSD-3-Clause */
#include "relay.h"

#include "folder.h"
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_NAME     "relay "
#define NOTE_NAME_MAX 64

/* A message on its way: in the history, not in the folder. */
struct piece {
	struct piece *next;
	uint64_t sample; /* it is stored once so many are */
	struct period_head head;
	uint32_t part;
	char name[NOTE_NAME_MAX];
	size_t size;
	uint8_t data[];
};

struct relay {
	const struct settings *settings;
	const char *name, *software;
	uint64_t boot_id, number;
	struct record_folder *folder;
	struct piece *first, **last;
	uint64_t unstored;
	char (*done)[NOTE_NAME_MAX]; /* notes of what is in the folder: to be forgotten */
	size_t done_count, done_room;
	struct relay_status status;
};

struct relay *
relay_create(const struct settings *s, const char *name, uint64_t boot_id, const char *software,
	     char error[RECORD_ERROR_MAX])
{
	const struct record_folder_settings folder = {
		.path = s->records, .size = s->records_size, .keep_ms = s->records_keep_ms};
	struct relay *r = calloc(1, sizeof(*r));
	char why[RECORD_ERROR_MAX] = "out of memory";

	if (r != NULL)
		r->folder = record_folder_open(&folder, why);
	if (r == NULL || r->folder == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "--records %.240s", why);
		free(r);
		return NULL;
	}
	r->settings = s;
	r->name = name;
	r->software = software;
	r->boot_id = boot_id;
	r->last = &r->first;
	r->status.waiting = record_folder_waiting(r->folder, &r->status.octets);
	return r;
}

static void
drop_first(struct relay *r)
{
	struct piece *piece = r->first;

	r->first = piece->next;
	if (r->first == NULL)
		r->last = &r->first;
	r->unstored--;
	free(piece);
}

void
relay_destroy(struct relay *r)
{
	if (r == NULL)
		return;
	while (r->first != NULL)
		drop_first(r);
	record_folder_close(r->folder);
	free(r->done);
	free(r);
}

static struct piece *
add_piece(struct relay *r, const struct period_head *head, uint32_t part, const void *data,
	  size_t size)
{
	struct piece *piece = malloc(sizeof(*piece) + size);

	if (piece == NULL)
		return NULL;
	piece->next = NULL;
	piece->sample = 0;
	piece->head = *head;
	piece->head.lanes = NULL;
	piece->head.ports = NULL;
	piece->part = part;
	piece->size = size;
	memcpy(piece->data, data, size);
	snprintf(piece->name, sizeof(piece->name), NOTE_NAME "%016" PRIx64 " %" PRIu64 " %u",
		 head->boot_id, head->number, part);
	*r->last = piece;
	r->last = &piece->next;
	r->unstored++;
	return piece;
}

bool
relay_restore(struct relay *r, const char *name, const void *value, size_t size)
{
	char error[RECORD_ERROR_MAX];
	struct record record;

	if (strncmp(name, NOTE_NAME, strlen(NOTE_NAME)) != 0)
		return false;
	if (r == NULL)
		return true; /* it waits until there is a folder again */
	if (record_unpack(value, size, &record, error) != 0) {
		log_warning("history: the note '%.60s' is no record: %s", name, error);
		return true;
	}
	if (add_piece(r, &record.head, record.part, value, size) == NULL)
		log_error("out of memory: a record stays in the history");
	record_free(&record);
	return true;
}

/* 0 or -ENOMEM. `value` NULL: the note is to be forgotten. */
static int
add_note(struct period *p, const char *name, const void *value, size_t size)
{
	struct note *notes = realloc(p->notes, (p->note_count + 1) * sizeof(*notes));

	if (notes == NULL)
		return -ENOMEM;
	p->notes = notes;
	struct note note = {strdup(name), value ? malloc(size) : NULL, size};

	if (note.name == NULL || (value != NULL && note.value == NULL)) {
		free(note.name);
		free(note.value);
		return -ENOMEM;
	}
	if (value != NULL)
		memcpy(note.value, value, size);
	notes[p->note_count++] = note;
	return 0;
}

struct offer {
	struct relay *relay;
	struct period *period;
	const struct period_head *head;
	uint64_t sample;
};

static int
take(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	const struct offer *o = context;
	struct piece *piece = add_piece(o->relay, o->head, part, data, size);
	(void)parts;

	if (piece == NULL)
		return -ENOMEM;
	piece->sample = o->sample;
	return add_note(o->period, piece->name, data, size);
}

/* What stands in each record of ours. */
static void
describe(const struct relay *r, const struct fleet_status *fleet, struct record *record)
{
	const struct settings *s = r->settings;
	const struct record_folder_lost lost = record_folder_dropped(r->folder);

	snprintf(record->head.sensor, sizeof(record->head.sensor), "%s", r->name);
	record->head.boot_id = r->boot_id;
	snprintf(record->site, sizeof(record->site), "%s", s->site ? s->site : "");
	snprintf(record->group, sizeof(record->group), "%s", s->site_group ? s->site_group : "");
	snprintf(record->software, sizeof(record->software), "%s", r->software);
	record->has_position = s->has_site_position;
	record->latitude = s->site_latitude;
	record->longitude = s->site_longitude;
	memcpy(record->databases, fleet->databases, sizeof(record->databases));
	record->database_count = fleet->database_count;
	record->records_dropped = lost.records;
	record->packets_dropped = lost.packets;
}

/* One period, without what was late in it. 0 or -ENOMEM. */
static int
add_one(struct relay *r, struct period *p, const struct fleet_status *fleet, uint64_t sample)
{
	struct record record = {.head = p->head};
	struct offer offer = {r, p, &record.head, sample};
	int error;

	record.head.lanes = NULL;
	record.head.ports = NULL;
	record.head.lane_count = record.head.port_count = 0;
	describe(r, fleet, &record);
	record.head.number = ++r->number;
	record.head.start_ns = 0;
	record.head.end_ns = (uint64_t)(p->head.end_ms - p->head.start_ms) * 1000000;
	for (const struct period *late = p->late; late != NULL; late = late->next) {
		ledger_subtract(&record.head.ledger, &late->head.ledger);
		record.head.received -= late->head.received;
		record.head.lost -= late->head.lost;
	}
	record.points = malloc((p->overflow_count + 1) * sizeof(*record.points));
	if (record.points == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < p->overflow_count; i++)
		record.points[i] =
			(struct record_point){p->overflow[i].place, p->overflow[i].counts};
	record.count = p->overflow_count;
	error = record_pack(&record, RECORD_MESSAGE_MOST, take, &offer);
	free(record.points);
	return error;
}

int
relay_add(struct relay *r, struct period *p, const struct fleet_status *fleet, uint64_t samples)
{
	int error = 0;

	for (struct period *late = p->late; late != NULL && error == 0; late = late->next)
		error = add_one(r, late, fleet, ++samples);
	if (error == 0)
		error = add_one(r, p, fleet, samples + 1);
	for (size_t i = 0; i < r->done_count && error == 0; i++)
		error = add_note(p, r->done[i], NULL, 0);
	if (error == 0)
		r->done_count = 0;
	return error;
}

static int
remember_done(struct relay *r, const char *name)
{
	if (r->done_count == r->done_room) {
		const size_t room = 2 * r->done_room + 64;
		char(*done)[NOTE_NAME_MAX] = realloc(r->done, room * sizeof(*done));

		if (done == NULL)
			return -ENOMEM;
		r->done = done;
		r->done_room = room;
	}
	snprintf(r->done[r->done_count++], NOTE_NAME_MAX, "%s", name);
	return 0;
}

void
relay_stored(struct relay *r, uint64_t samples)
{
	while (r->first != NULL && r->first->sample <= samples) {
		const struct piece *piece = r->first;
		const int error = record_folder_put(r->folder, &piece->head, piece->part,
						    piece->data, piece->size);
		const struct record_folder_lost lost = record_folder_dropped(r->folder);

		if (error != 0 && !r->status.failing)
			log_event(LOG_ERR, LOG_ID_OUTPUT_FAILED,
				  "--records %s: %s; what cannot be written is dropped and counted",
				  r->settings->records, strerror(-error));
		r->status.failing = error != 0;
		r->status.written += error == 0;
		r->status.dropped = lost.records;
		r->status.packets = lost.packets;
		r->status.waiting = record_folder_waiting(r->folder, &r->status.octets);
		/* without memory for its name the note stays, and the record comes again */
		if (remember_done(r, piece->name) != 0)
			log_warning("out of memory: a record will be written again");
		drop_first(r);
	}
}

void
relay_status(const struct relay *r, struct relay_status *status)
{
	*status = (struct relay_status){0};
	if (r == NULL)
		return;
	*status = r->status;
	status->unstored = r->unstored;
}
