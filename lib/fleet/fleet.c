/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes in. */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_LEAST_MS 300000

struct fleet *
fleet_create(const struct fleet_settings *settings)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->settings = *settings;
	f->given_slot = NO_SLOT;
	f->places = locate_create_from(NULL);
	f->partitions = calloc(FLEET_PARTITIONS, sizeof(*f->partitions));
	if (f->places == NULL || f->partitions == NULL) {
		fleet_destroy(f);
		return NULL;
	}
	for (size_t i = 0; i < FLEET_PARTITIONS; i++) {
		f->partitions[i].next_offset = -1;
		f->partitions[i].newest_ms = INT64_MIN;
	}
	return f;
}

void
fleet_destroy(struct fleet *f)
{
	if (f == NULL)
		return;
	slots_free(&f->open);
	slots_free(&f->late);
	sensors_free(f);
	rows_free(&f->scratch);
	locate_destroy(f->places);
	free(f->partitions);
	free(f);
}

static struct partition *
known(struct fleet *f, uint32_t partition)
{
	f->partitions[partition].known = true;
	if (partition >= f->partition_count)
		f->partition_count = partition + 1;
	return &f->partitions[partition];
}

void
fleet_join(struct fleet *f, uint32_t partition)
{
	if (partition < FLEET_PARTITIONS)
		known(f, partition);
}

void
fleet_at_end(struct fleet *f, uint32_t partition, int64_t now_ms)
{
	if (partition >= FLEET_PARTITIONS)
		return;
	struct partition *p = known(f, partition);

	p->at_end = true;
	if (now_ms > p->clock_ms)
		p->clock_ms = now_ms;
}

bool
fleet_leave(struct fleet *f, uint32_t partition)
{
	const bool was = partition < FLEET_PARTITIONS && f->partitions[partition].known;

	if (was)
		f->partitions[partition].known = false;
	return was;
}

bool
fleet_may_rest(const struct fleet *f, uint32_t partition)
{
	const struct fleet_settings *s = &f->settings;
	/* Its clock is beyond its newest period's end. By more than twice their patience from what
	 * is due, each of its sensors that is needed for that has become late, or silent. */
	const int64_t patience_ms = 2 * ((int64_t)s->silent_ms + s->period_ms);
	const int64_t most_ms = patience_ms > AHEAD_LEAST_MS ? patience_ms : AHEAD_LEAST_MS;
	const int64_t newest = f->partitions[partition].newest_ms;
	const int64_t slot = f->given_slot != NO_SLOT ? f->given_slot
			     : f->open.count > 0      ? f->open.all[0]->number
						      : NO_SLOT;

	return slot != NO_SLOT && newest != INT64_MIN && newest - slot * s->period_ms > most_ms;
}

static uint64_t
packets_of(const struct record *r)
{
	const uint64_t *frames = r->head.ledger.decode.frames;

	return r->part > 0 ? 0 : frames[DECODE_TCP] + frames[DECODE_UDP];
}

static enum fleet_answer __attribute__((format(printf, 4, 5)))
refuse(struct fleet *f, struct sensor *s, const struct record *r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(f->status.refused_why, sizeof(f->status.refused_why), format, arguments);
	va_end(arguments);
	f->status.refused_packets += packets_of(r);
	if (s != NULL)
		s->told.refused++;
	return FLEET_REFUSED;
}

static enum fleet_answer
too_late(struct fleet *f, struct sensor *s, const struct record *r)
{
	f->status.too_late_packets += packets_of(r);
	s->told.too_late++;
	s->told.too_late_packets += packets_of(r);
	return FLEET_TOO_LATE;
}

static int
rows_of_record(struct fleet *f, const struct record *r, struct rows *rows)
{
	for (size_t i = 0; i < r->count; i++) {
		const uint32_t place = locate_place(f->places, r->points[i].place);

		if (place == PLACE_UNASKED || rows_add(rows, place, &r->points[i].counts) != 0)
			return -ENOMEM;
	}
	return 0;
}

static int64_t
floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* When the period ended by the common clock. */
static int64_t
common_end(const struct sensor *s, const struct record *r, const struct fleet_origin *origin)
{
	if (r->head.packet_time)
		return r->head.end_ms;
	const int64_t end = r->head.end_ms + sensor_skew(s);

	/* nobody can tell of what has not been yet */
	return end < origin->appended_ms ? end : origin->appended_ms;
}

/* What is shown of one sensor alone. */
static int
add_to_sensor(struct sensor *s, const struct rows *rows, const struct record *r, int64_t end_ms,
	      int64_t slot)
{
	struct fleet_sensor *told = &s->told;
	struct ledger ledger = r->head.ledger;
	/* as in the sums: slot_add */
	const uint64_t received = r->head.received - r->unknown_frames;

	ledger.geo[GEO_NOT_IN_DATABASE] += r->unknown_addresses;
	told->periods++;
	told->received += received;
	told->lost += r->head.lost;
	ledger_add(&told->ledger, &ledger);
	if (rows_add_all(&s->start, rows) != 0)
		return -ENOMEM;
	if (end_ms < s->newest_ms)
		return 0;
	s->newest_ms = end_ms;
	s->newest_slot = slot;
	s->packet_time = r->head.packet_time;
	told->end_ms = end_ms;
	told->last_received = received;
	told->last_lost = r->head.lost;
	told->last_ledger = ledger;
	rows_clear(&s->now);
	return rows_add_all(&s->now, rows);
}

/* A whole period. */
static enum fleet_answer
take(struct fleet *f, struct sensor *s, struct boot *boot, const struct rows *rows,
     const struct record *r, const struct fleet_origin *origin)
{
	const int64_t length = f->settings.period_ms;
	const int64_t end = common_end(s, r, origin);
	const int64_t number = floor_divide(end + length / 2, length);
	const bool late = f->given_slot != NO_SLOT && number <= f->given_slot;
	const struct given given = {s, boot->id, r->head.number, origin->partition, origin->offset};

	if (late && !r->head.packet_time &&
	    (f->given_slot - number) * length > f->settings.too_late_ms) {
		seen_add(&boot->taken, r->head.number);
		return too_late(f, s, r);
	}
	if (late && f->late.count == 0)
		f->late_since_ms = origin->appended_ms;
	struct slot *slot = slots_get(late ? &f->late : &f->open, number);

	if (slot == NULL || slot_add(slot, rows, r, &given) != 0 ||
	    add_to_sensor(s, rows, r, end, number) != 0)
		return FLEET_NO_MEMORY;
	seen_add(&boot->taken, r->head.number);
	s->told.skew_ms = sensor_skew(s);
	s->told.delay_ms = origin->appended_ms - end;
	s->told.late += late;
	f->status.late += late;
	f->status.newer_frames += r->unknown_frames;
	if (end > f->partitions[origin->partition].newest_ms)
		f->partitions[origin->partition].newest_ms = end;
	return FLEET_TAKEN;
}

/* -- periods of several parts */

static struct partial **
find_partial(struct sensor *s, const struct record *r)
{
	struct partial **at = &s->partials;

	while (*at != NULL &&
	       ((*at)->boot_id != r->head.boot_id || (*at)->number != r->head.number))
		at = &(*at)->next;
	return at;
}

/* The oldest is given up where there are too many. */
static void
limit_partials(struct fleet *f, struct sensor *s)
{
	struct partial **at = &s->partials;

	for (size_t i = 0; i < PARTIALS_MOST && *at != NULL; i++)
		at = &(*at)->next;
	while (*at != NULL) {
		struct partial *old = *at;

		*at = old->next;
		f->status.incomplete++;
		s->told.incomplete++;
		partial_free(old);
	}
}

static struct partial *
make_partial(struct fleet *f, struct sensor *s, const struct record *r,
	     const struct fleet_origin *origin)
{
	struct partial *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->got = calloc(r->parts, sizeof(*p->got));
	if (p->got == NULL) {
		free(p);
		return NULL;
	}
	p->boot_id = r->head.boot_id;
	p->number = r->head.number;
	p->parts = r->parts;
	p->head = *r;
	p->head.part = 0; /* what stands in each counts once */
	p->head.points = NULL;
	p->head.memory = NULL;
	p->head.head.lanes = NULL;
	p->head.head.ports = NULL;
	p->origin = *origin;
	p->next = s->partials;
	s->partials = p;
	limit_partials(f, s);
	return p;
}

static enum fleet_answer
add_part(struct fleet *f, struct sensor *s, struct boot *boot, const struct record *r,
	 const struct fleet_origin *origin)
{
	struct partial **at = find_partial(s, r), *p = *at;

	if (p != NULL && p->parts != r->parts)
		return refuse(f, s, r, "parts of a period of %.60s disagree", s->name);
	if (p == NULL)
		p = make_partial(f, s, r, origin);
	if (p == NULL)
		return FLEET_NO_MEMORY;
	if (p->got[r->part])
		return FLEET_REPEATED;
	if (rows_of_record(f, r, &p->rows) != 0)
		return FLEET_NO_MEMORY;
	p->got[r->part] = true;
	if (++p->here < p->parts)
		return FLEET_PART;
	at = find_partial(s, r);
	*at = p->next;
	struct fleet_origin first = *origin;

	first.offset = p->origin.offset;
	const enum fleet_answer answer = take(f, s, boot, &p->rows, &p->head, &first);

	partial_free(p);
	return answer;
}

/* Their licences want to be named where their data is shown. */
static void
remember_databases(struct fleet_status *all, const struct record *r)
{
	for (size_t i = 0; i < r->database_count; i++) {
		const struct record_database *one = &r->databases[i];
		size_t k = 0;

		while (k < all->database_count && strcmp(all->databases[k].type, one->type) != 0)
			k++;
		if (k == LOCATE_MAX_DATABASES)
			return;
		if (k == all->database_count)
			all->databases[all->database_count++] = *one;
		else if (one->built > all->databases[k].built)
			all->databases[k].built = one->built;
	}
}

static enum fleet_answer
add(struct fleet *f, const struct record *r, const struct fleet_origin *origin)
{
	struct sensor *s = sensor_find(f, r->head.sensor);

	if (s == NULL && errno == EUSERS)
		return refuse(f, NULL, r, "%.60s: there are %u sensors already", r->head.sensor,
			      f->settings.sensors_most);
	if (s == NULL)
		return FLEET_NO_MEMORY;
	if (!record_balances(r))
		return refuse(f, s, r, "the ledger of %.60s does not balance in its period %llu",
			      s->name, (unsigned long long)r->head.number);
	sensor_hear(s, r, origin);
	remember_databases(&f->status, r);
	struct boot *boot = sensor_boot(s, r->head.boot_id, r->head.end_ms);

	if (boot == NULL)
		return errno == ENOMEM ? FLEET_NO_MEMORY : too_late(f, s, r);
	switch (seen_ask(&boot->taken, r->head.number)) {
	case SEEN_COUNTED:
		s->told.repeated++;
		return FLEET_REPEATED;
	case SEEN_UNKNOWN:
		return too_late(f, s, r);
	case SEEN_NEW:
		break;
	}
	if (r->parts > 1)
		return add_part(f, s, boot, r, origin);
	rows_clear(&f->scratch);
	if (rows_of_record(f, r, &f->scratch) != 0)
		return FLEET_NO_MEMORY;
	return take(f, s, boot, &f->scratch, r, origin);
}

enum fleet_answer
fleet_add(struct fleet *f, const struct record *r, const struct fleet_origin *origin)
{
	if (origin->partition >= FLEET_PARTITIONS)
		return refuse(f, NULL, r, "partition %u is above %u", origin->partition,
			      FLEET_PARTITIONS - 1);
	struct partition *p = known(f, origin->partition);
	const enum fleet_answer answer = add(f, r, origin);

	p->at_end = false;
	if (origin->appended_ms > p->clock_ms)
		p->clock_ms = origin->appended_ms;
	if (answer != FLEET_NO_MEMORY)
		p->next_offset = origin->offset + 1;
	f->status.answers[answer]++;
	return answer;
}
