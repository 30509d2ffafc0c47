/* SPDX-License-Identifier: BSD-3-Clause */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sensor *
sensor_find(struct fleet *f, const char *name)
{
	struct sensor *s;

	HASH_FIND_STR(f->sensors, name, s);
	if (s != NULL)
		return s;
	if (f->sensor_count >= f->settings.sensors_most) {
		errno = EUSERS;
		return NULL;
	}
	errno = ENOMEM;
	struct sensor **by_index =
		realloc(f->by_index, (f->sensor_count + 1) * sizeof(struct sensor *));
	if (by_index == NULL)
		return NULL;
	f->by_index = by_index;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->forgotten_ms = INT64_MIN;
	s->newest_ms = INT64_MIN;
	s->newest_slot = NO_SLOT;
	HASH_ADD_STR(f->sensors, name, s);
	if (s->hh.tbl == NULL) {
		free(s);
		return NULL;
	}
	s->index = (uint32_t)f->sensor_count;
	f->by_index[f->sensor_count++] = s;
	return s;
}

void
partial_free(struct partial *p)
{
	if (p == NULL)
		return;
	rows_free(&p->rows);
	free(p->got);
	free(p);
}

void
sensors_free(struct fleet *f)
{
	struct sensor *s, *next;

	HASH_ITER(hh, f->sensors, s, next)
	{
		HASH_DEL(f->sensors, s);
		while (s->partials != NULL) {
			struct partial *p = s->partials;

			s->partials = p->next;
			partial_free(p);
		}
		while (s->boot_count > 0)
			free(s->boots[--s->boot_count]);
		rows_free(&s->now);
		rows_free(&s->start);
		free(s);
	}
	free(f->by_index);
	f->by_index = NULL;
	f->sensor_count = 0;
}

struct boot *
sensor_boot_known(struct sensor *s, uint64_t id)
{
	for (size_t i = 0; i < s->boot_count; i++) {
		if (s->boots[i]->id == id)
			return s->boots[i];
	}
	return NULL;
}

/* The oldest makes room. */
static void
forget_boot(struct sensor *s)
{
	size_t oldest = 0;

	for (size_t i = 1; i < s->boot_count; i++) {
		if (s->boots[i]->end_ms < s->boots[oldest]->end_ms)
			oldest = i;
	}
	if (s->boots[oldest]->end_ms > s->forgotten_ms)
		s->forgotten_ms = s->boots[oldest]->end_ms;
	free(s->boots[oldest]);
	s->boots[oldest] = s->boots[--s->boot_count];
}

struct boot *
sensor_boot(struct sensor *s, uint64_t id, int64_t end_ms)
{
	struct boot *boot = sensor_boot_known(s, id);

	errno = 0;
	if (boot == NULL) {
		if (end_ms <= s->forgotten_ms)
			return NULL;
		boot = calloc(1, sizeof(*boot));
		if (boot == NULL)
			return NULL;
		boot->id = id;
		boot->end_ms = INT64_MIN;
		if (s->boot_count == BOOTS_MOST)
			forget_boot(s);
		s->boots[s->boot_count++] = boot;
	}
	if (end_ms > boot->end_ms)
		boot->end_ms = end_ms;
	return boot;
}

static void
remember_skew(struct sensor *s, int64_t ms)
{
	s->skews[s->skew_next] = ms;
	s->skew_next = (s->skew_next + 1) % SKEW_RECORDS;
	if (s->skew_count < SKEW_RECORDS)
		s->skew_count++;
}

/* A message takes some time to the broker, never less than none: the least is nearest. */
int64_t
sensor_skew(const struct sensor *s)
{
	int64_t least = s->skew_count > 0 ? s->skews[0] : 0;

	for (size_t i = 1; i < s->skew_count; i++) {
		if (s->skews[i] < least)
			least = s->skews[i];
	}
	return least > -SKEW_LEAST_MS && least < SKEW_LEAST_MS ? 0 : least;
}

void
sensor_hear(struct sensor *s, const struct record *r, const struct fleet_origin *origin)
{
	struct fleet_sensor *told = &s->told;

	if (origin->sent_ms != 0)
		remember_skew(s, origin->appended_ms - origin->sent_ms);
	s->partition = origin->partition;
	told->heard_ms = origin->appended_ms;
	snprintf(s->site, sizeof(s->site), "%s", r->site);
	snprintf(s->group, sizeof(s->group), "%s", r->group);
	snprintf(s->software, sizeof(s->software), "%s", r->software);
	told->has_position = r->has_position;
	told->latitude = r->latitude;
	told->longitude = r->longitude;
	told->records_dropped = r->records_dropped;
	told->packets_dropped = r->packets_dropped;
	told->link = r->head.link;
	told->database_built = 0;
	for (size_t i = 0; i < r->database_count; i++) {
		if (told->database_built == 0 || r->databases[i].built < told->database_built)
			told->database_built = r->databases[i].built;
	}
}

enum fleet_state
sensor_state(const struct fleet *f, const struct sensor *s)
{
	const int64_t clock = f->partitions[s->partition].clock_ms;
	const int64_t patience = (int64_t)f->settings.silent_ms + f->settings.period_ms;

	if (!f->partitions[s->partition].known || clock - s->told.heard_ms > patience)
		return FLEET_SILENT;
	/* captures are of whatever time they are */
	if (s->packet_time)
		return FLEET_LIVE;
	return s->newest_ms == INT64_MIN || clock - s->newest_ms > patience ? FLEET_LATE
									    : FLEET_LIVE;
}
