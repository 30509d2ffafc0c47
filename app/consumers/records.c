/* SPDX-License-Identifier: BSD-3-Clause */
#include "records.h"

#include "join.h"
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_OCTETS_MAX ((size_t)64 << 20)

struct piece {
	struct piece *next;
	struct period_head head; /* without what it points at */
	uint32_t part;
	size_t size;
	uint8_t data[];
};

struct records {
	struct records_settings settings;
	struct record_folder *folder; /* [the thread] once it runs */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* guards all below, up to the atomics */
	pthread_cond_t changed;
	struct piece *first, **last;
	size_t octets;
	bool ending;
	struct record_status status; /* of the thread: what the folder has lost is in `dropped` */
	uint64_t refused, refused_packets; /* [map] for want of room in the queue */
	_Atomic bool hurry;
};

static uint64_t
packets_of(const struct period_head *head, uint32_t part)
{
	return part > 0 ? 0
			: head->ledger.decode.frames[DECODE_TCP] +
				  head->ledger.decode.frames[DECODE_UDP];
}

static struct piece *
next_piece(struct records *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->first == NULL && !r->ending)
		pthread_cond_wait(&r->changed, &r->lock);
	struct piece *piece = r->first;
	if (piece != NULL) {
		r->first = piece->next;
		if (r->first == NULL)
			r->last = &r->first;
		r->octets -= piece->size;
	}
	pthread_mutex_unlock(&r->lock);
	return piece;
}

static void
write_piece(struct records *r, const struct piece *piece)
{
	int error =
		record_folder_put(r->folder, &piece->head, piece->part, piece->data, piece->size);
	const struct record_folder_lost lost = record_folder_dropped(r->folder);

	pthread_mutex_lock(&r->lock);
	const bool first = error != 0 && !r->status.failing;
	r->status.failing = error != 0;
	r->status.written += error == 0;
	r->status.dropped = lost.records;
	r->status.packets = lost.packets;
	r->status.waiting = record_folder_waiting(r->folder, &r->status.octets);
	pthread_mutex_unlock(&r->lock);
	if (first)
		log_event(LOG_ERR, LOG_ID_OUTPUT_FAILED,
			  "--records %s: %s; what cannot be written is dropped and counted",
			  r->settings.folder.path, strerror(-error));
}

static void *
records_run(void *argument)
{
	struct records *r = argument;
	struct piece *piece;

	while ((piece = next_piece(r)) != NULL) {
		write_piece(r, piece);
		free(piece);
	}
	return NULL;
}

struct records *
records_create(const struct records_settings *settings, char error[RECORD_ERROR_MAX])
{
	struct records *r = calloc(1, sizeof(*r));
	char why[RECORD_ERROR_MAX];

	if (r == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "--records: out of memory");
		return NULL;
	}
	r->settings = *settings;
	r->last = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->folder = record_folder_open(&settings->folder, why);
	if (r->folder == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "--records %.240s", why);
	} else if (pthread_create(&r->thread, NULL, records_run, r) != 0) {
		snprintf(error, RECORD_ERROR_MAX, "--records: no thread can be started");
	} else {
		pthread_setname_np(r->thread, "records");
		r->started = true;
		r->status.waiting = record_folder_waiting(r->folder, &r->status.octets);
		return r;
	}
	records_destroy(r, 0);
	return NULL;
}

/* Puts it at the end of the queue; false: there is no room. */
static bool
enqueue(struct records *r, struct piece *piece)
{
	bool taken;

	pthread_mutex_lock(&r->lock);
	while (r->settings.patient && r->octets > 0 && r->octets + piece->size > QUEUE_OCTETS_MAX &&
	       !atomic_load(&r->hurry)) {
		pthread_mutex_unlock(&r->lock);
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
		pthread_mutex_lock(&r->lock);
	}
	taken = r->octets == 0 || r->octets + piece->size <= QUEUE_OCTETS_MAX;
	if (taken) {
		*r->last = piece;
		r->last = &piece->next;
		r->octets += piece->size;
		pthread_cond_signal(&r->changed);
	}
	pthread_mutex_unlock(&r->lock);
	return taken;
}

static void
refuse(struct records *r, const struct period_head *head, uint32_t part)
{
	pthread_mutex_lock(&r->lock);
	r->refused++;
	r->refused_packets += packets_of(head, part);
	pthread_mutex_unlock(&r->lock);
}

struct offer {
	struct records *records;
	const struct period_head *head;
};

static int
take(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	const struct offer *offer = context;
	struct piece *piece = malloc(sizeof(*piece) + size);
	(void)parts;

	if (piece != NULL) {
		piece->next = NULL;
		piece->head = *offer->head;
		piece->head.lanes = NULL;
		piece->head.ports = NULL;
		piece->part = part;
		piece->size = size;
		memcpy(piece->data, data, size);
	}
	if (piece == NULL || !enqueue(offer->records, piece)) {
		refuse(offer->records, offer->head, part);
		free(piece);
	}
	return 0;
}

/* All of the record but its rows. */
static void
describe(struct records *r, const struct picture *picture, struct record *record)
{
	const struct records_settings *s = &r->settings;
	const struct record_status status = records_status(r);
	const struct locate_database *databases;
	const size_t count = picture_databases(picture, &databases);

	record->head = picture_facts(picture)->record;
	snprintf(record->site, sizeof(record->site), "%s", s->site);
	snprintf(record->group, sizeof(record->group), "%s", s->group);
	snprintf(record->software, sizeof(record->software), "%s", s->software);
	record->has_position = s->has_position;
	record->latitude = s->latitude;
	record->longitude = s->longitude;
	for (size_t i = 0; i < count && i < LOCATE_MAX_DATABASES; i++) {
		snprintf(record->databases[i].type, sizeof(record->databases[i].type), "%s",
			 databases[i].type);
		record->databases[i].built = databases[i].built;
		record->database_count++;
	}
	record->records_dropped = status.dropped;
	record->packets_dropped = status.packets;
}

void
records_offer(struct records *r, struct picture *picture)
{
	struct record record = {0};
	struct picture_window window;
	struct offer offer = {r, &record.head};

	describe(r, picture, &record);
	int error = picture_get_window(picture, all_of(WINDOW_NOW), &window);
	if (error == 0) {
		record.points = malloc((window.count + 1) * sizeof(*record.points));
		error = record.points != NULL ? 0 : -ENOMEM;
	}
	if (error == 0) {
		for (size_t i = 0; i < window.count; i++)
			record.points[i] = (struct record_point){window.points[i].place,
								 window.points[i].counts};
		record.count = window.count;
		error = record_pack(&record, RECORD_MESSAGE_MOST, take, &offer);
	}
	if (error != 0)
		refuse(r, &record.head, 0);
	free(record.points);
}

struct record_status
records_status(struct records *r)
{
	struct record_status status = {0};

	if (r == NULL)
		return status;
	pthread_mutex_lock(&r->lock);
	status = r->status;
	status.dropped += r->refused;
	status.packets += r->refused_packets;
	pthread_mutex_unlock(&r->lock);
	return status;
}

void
records_hurry(struct records *r)
{
	if (r != NULL)
		atomic_store(&r->hurry, true);
}

int
records_destroy(struct records *r, int timeout_ms)
{
	if (r == NULL)
		return 0;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (r->started && (timeout_ms < 0 ? pthread_join(r->thread, NULL)
					  : join_within(r->thread, timeout_ms)) != 0)
		return -ETIMEDOUT;
	record_folder_close(r->folder);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r);
	return 0;
}
