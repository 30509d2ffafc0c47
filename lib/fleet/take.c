/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes out: slots as periods, with what is to be remembered of them. */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY_WAITS_MS                                                                            \
	2000 /* where no sensor is waited for: what a message takes to come here                   \
	      */
#define LATE_SLOTS_MOST 360
#define NOTE_NAME_MAX   (PERIOD_NAME_MAX + 32)
#define SEEN_NAME       "fleet.seen "
#define OFFSET_NAME     "fleet.offset "

/* -- when */

/* The slowest partition's clock. False: there is none. */
static bool
least_clock(const struct fleet *f, int64_t *clock_ms)
{
	bool any = false;

	for (uint32_t i = 0; i < f->partition_count; i++) {
		const struct partition *p = &f->partitions[i];

		if (p->known && (!any || p->clock_ms < *clock_ms)) {
			*clock_ms = p->clock_ms;
			any = true;
		}
	}
	return any;
}

static int64_t
next_slot(const struct fleet *f, int64_t clock_ms)
{
	const int64_t open = f->open.count > 0 ? f->open.all[0]->number : NO_SLOT;

	const int64_t now = (clock_ms - NOBODY_WAITS_MS) / f->settings.period_ms;

	if (f->given_slot == NO_SLOT)
		return open != NO_SLOT || clock_ms == 0 ? open : now;
	const int64_t next = open != NO_SLOT && open < now ? open : now;

	return next - f->given_slot > GAP_SLOTS ? next : f->given_slot + 1;
}

static bool
is_due(const struct fleet *f, int64_t slot, int64_t clock_ms)
{
	const int64_t end_ms = slot * f->settings.period_ms;
	bool any = false;

	if (clock_ms < end_ms)
		return false;
	for (size_t i = 0; i < f->sensor_count; i++) {
		const struct sensor *s = f->by_index[i];

		if (s->packet_time || !f->partitions[s->partition].known ||
		    sensor_state(f, s) != FLEET_LIVE)
			continue;
		if (s->newest_slot < slot)
			return false;
		any = true;
	}
	return any || clock_ms >= end_ms + NOBODY_WAITS_MS;
}

/* -- notes */

struct notes {
	struct note *all;
	size_t count, room;
};

/* 0 or -ENOMEM. */
static int
add_note(struct notes *n, const char *name, const void *value, size_t size)
{
	if (n->count == n->room) {
		const size_t room = n->room + n->room / 2 + 16;
		struct note *all = realloc(n->all, room * sizeof(*all));

		if (all == NULL)
			return -ENOMEM;
		n->all = all;
		n->room = room;
	}
	struct note note = {strdup(name), malloc(size), size};

	if (note.name == NULL || note.value == NULL) {
		free(note.name);
		free(note.value);
		return -ENOMEM;
	}
	memcpy(note.value, value, size);
	n->all[n->count++] = note;
	return 0;
}

/* What of the sensors is counted once this slot is. */
static int
note_seen(struct fleet *f, const struct slot *slot, struct notes *notes)
{
	uint8_t value[8 + SEEN_PACKED_MAX];
	char name[NOTE_NAME_MAX];
	int error = 0;

	f->groups++;
	for (size_t i = 0; i < slot->count; i++) {
		const struct given *g = &slot->given[i];
		struct boot *boot = sensor_boot_known(g->sensor, g->boot_id);

		if (boot != NULL)
			seen_add(&boot->given, g->number);
	}
	for (size_t i = 0; i < slot->count && error == 0; i++) {
		const struct given *g = &slot->given[i];
		struct boot *boot = sensor_boot_known(g->sensor, g->boot_id);

		if (boot == NULL || boot->noted == f->groups)
			continue;
		boot->noted = f->groups;
		snprintf(name, sizeof(name), SEEN_NAME "%016" PRIx64 " %s", boot->id,
			 g->sensor->name);
		for (int octet = 0; octet < 8; octet++)
			value[octet] = (uint8_t)((uint64_t)boot->end_ms >> (8 * octet));
		error = add_note(notes, name, value, 8 + seen_pack(&boot->given, value + 8));
	}
	return error;
}

static void
hold_offset(const struct given *g, uint32_t partition, int64_t *offset)
{
	if (g->partition == partition && g->offset < *offset)
		*offset = g->offset;
}

int64_t
fleet_offset(const struct fleet *f, uint32_t partition)
{
	const struct slots *const slots[] = {&f->open, &f->late};
	int64_t offset = f->partitions[partition].next_offset;

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < slots[i]->count; j++) {
			for (size_t k = 0; k < slots[i]->all[j]->count; k++)
				hold_offset(&slots[i]->all[j]->given[k], partition, &offset);
		}
	}
	for (size_t i = 0; i < f->sensor_count; i++) {
		for (const struct partial *p = f->by_index[i]->partials; p != NULL; p = p->next) {
			if (p->origin.partition == partition && p->origin.offset < offset)
				offset = p->origin.offset;
		}
	}
	return offset;
}

static int
note_offsets(struct fleet *f, struct notes *notes)
{
	char name[NOTE_NAME_MAX], value[24];

	for (uint32_t i = 0; i < f->partition_count; i++) {
		const int64_t offset = fleet_offset(f, i);

		if (!f->partitions[i].known || offset < 0)
			continue;
		snprintf(name, sizeof(name), OFFSET_NAME "%u", i);
		const int length = snprintf(value, sizeof(value), "%" PRId64, offset);
		if (add_note(notes, name, value, (size_t)length) != 0)
			return -ENOMEM;
	}
	return 0;
}

bool
fleet_restore(struct fleet *f, const char *name, const void *value, size_t size)
{
	const uint8_t *octets = value;
	const size_t before =
		strlen(SEEN_NAME) + 17; /* what stands in front of the sensor's name */
	char text[24];
	uint64_t boot_id, end_ms = 0;
	struct seen seen;
	unsigned int partition;
	int used = 0;

	if (sscanf(name, OFFSET_NAME "%u%n", &partition, &used) == 1 && name[used] == 0) {
		if (partition >= FLEET_PARTITIONS || size == 0 || size >= sizeof(text))
			return false;
		memcpy(text, value, size);
		text[size] = 0;
		f->partitions[partition].next_offset = strtoll(text, NULL, 10);
		return true;
	}
	if (sscanf(name, SEEN_NAME "%16" SCNx64, &boot_id) != 1 || strlen(name) <= before ||
	    strlen(name + before) >= PERIOD_NAME_MAX || size < 8 ||
	    !seen_unpack(&seen, octets + 8, size - 8))
		return false;
	for (int octet = 0; octet < 8; octet++)
		end_ms |= (uint64_t)octets[octet] << (8 * octet);
	struct sensor *s = sensor_find(f, name + before);
	struct boot *boot = s ? sensor_boot(s, boot_id, (int64_t)end_ms) : NULL;

	if (boot != NULL)
		boot->taken = boot->given = seen;
	return true;
}

/* -- periods */

static int
add_rows(const struct fleet *f, struct period *p, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (period_add_overflow(p, locate_get(f->places, rows->rows[i].place),
					&rows->rows[i].counts) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* The slot as a period. `slot` NULL: an empty one. */
static struct period *
make_period(struct fleet *f, int64_t number, const struct slot *slot)
{
	struct period *p = period_create();
	struct notes notes = {0};
	int error = p == NULL ? -ENOMEM : 0;

	if (p == NULL)
		return NULL;
	p->head.end_ms = number * f->settings.period_ms;
	p->head.start_ms = p->head.end_ms - f->settings.period_ms;
	p->head.end_ns = (uint64_t)f->settings.period_ms * 1000000;
	if (slot != NULL) {
		p->head.ledger = slot->ledger;
		p->head.received = slot->received;
		p->head.lost = slot->lost;
		error = add_rows(f, p, &slot->rows);
		if (error == 0)
			error = note_seen(f, slot, &notes);
	}
	p->notes = notes.all;
	p->note_count = notes.count;
	if (error == 0)
		return p;
	period_unref(p);
	return NULL;
}

static void
free_list(struct period *p)
{
	while (p != NULL) {
		struct period *next = p->next;

		period_unref(p);
		p = next;
	}
}

/* What came too late for its slot, if it has waited long enough for others: as a list. 0 or
 * -ENOMEM. */
static int
take_late(struct fleet *f, int64_t clock_ms, struct period **list)
{
	*list = NULL;
	if (f->late.count == 0 ||
	    (clock_ms - f->late_since_ms < LATE_SLOTS * (int64_t)f->settings.period_ms &&
	     f->late.count < LATE_SLOTS_MOST))
		return 0;
	for (; f->late.count > 0; list = &(*list)->next) {
		*list = make_period(f, f->late.all[0]->number, f->late.all[0]);
		if (*list == NULL)
			return -ENOMEM;
		/* a wall above does not ask how old captures are, either */
		(*list)->head.packet_time = f->late.all[0]->packet_time;
		slots_remove_first(&f->late);
	}
	return 0;
}

/* The notes of where to go on belong to the last that is stored. */
static int
add_offsets(struct fleet *f, struct period *p)
{
	struct notes notes = {p->notes, p->note_count, p->note_count};
	const int error = note_offsets(f, &notes);

	p->notes = notes.all;
	p->note_count = notes.count;
	return error;
}

struct period *
fleet_take(struct fleet *f, uint64_t now_ns)
{
	struct period *late, *p = NULL;
	int64_t clock_ms = 0;

	errno = 0;
	if (!least_clock(f, &clock_ms))
		return NULL;
	const int64_t number = next_slot(f, clock_ms);
	if (number == NO_SLOT || !is_due(f, number, clock_ms))
		return NULL;
	const bool open = f->open.count > 0 && f->open.all[0]->number == number;

	/* in the order in which they are stored: the notes of each say what is counted by then */
	if (take_late(f, clock_ms, &late) == 0)
		p = make_period(f, number, open ? f->open.all[0] : NULL);
	if (p == NULL) {
		free_list(late);
		errno = ENOMEM;
		return NULL;
	}
	if (open)
		slots_remove_first(&f->open);
	f->given_slot = number;
	p->head.number = ++f->periods;
	p->head.end_ns = now_ns;
	p->head.start_ns = now_ns - (uint64_t)f->settings.period_ms * 1000000;
	p->late = late;
	for (; late != NULL; late = late->next) {
		ledger_add(&p->head.ledger, &late->head.ledger);
		p->head.received += late->head.received;
		p->head.lost += late->head.lost;
	}
	if (add_offsets(f, p) != 0) {
		period_unref(p);
		errno = ENOMEM;
		return NULL;
	}
	return p;
}
