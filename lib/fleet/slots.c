/* SPDX-License-Identifier: BSD-3-Clause */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot *
slots_get(struct slots *s, int64_t number)
{
	size_t i = s->count;

	while (i > 0 && s->all[i - 1]->number >= number)
		i--;
	if (i < s->count && s->all[i]->number == number)
		return s->all[i];
	if (s->count == s->room) {
		const size_t room = s->room + s->room / 2 + 8;
		struct slot **all = realloc(s->all, room * sizeof(struct slot *));

		if (all == NULL)
			return NULL;
		s->all = all;
		s->room = room;
	}
	struct slot *slot = calloc(1, sizeof(*slot));
	if (slot == NULL)
		return NULL;
	slot->number = number;
	memmove(&s->all[i + 1], &s->all[i], (s->count - i) * sizeof(struct slot *));
	s->all[i] = slot;
	s->count++;
	return slot;
}

static void
slot_free(struct slot *slot)
{
	rows_free(&slot->rows);
	free(slot->given);
	free(slot);
}

void
slots_remove_first(struct slots *s)
{
	slot_free(s->all[0]);
	s->count--;
	memmove(&s->all[0], &s->all[1], s->count * sizeof(struct slot *));
}

void
slots_free(struct slots *s)
{
	while (s->count > 0)
		slot_free(s->all[--s->count]);
	free(s->all);
	*s = (struct slots){0};
}

int
slot_add(struct slot *slot, const struct rows *rows, const struct record *head,
	 const struct given *given)
{
	if (slot->count == slot->room) {
		const size_t room = slot->room + slot->room / 2 + 8;
		struct given *more = realloc(slot->given, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		slot->given = more;
		slot->room = room;
	}
	if (rows_add_all(&slot->rows, rows) != 0)
		return -ENOMEM;
	ledger_add(&slot->ledger, &head->head.ledger);
	/* what newer sensors count in results that we do not know is in no sum of ours */
	slot->received += head->head.received - head->unknown_frames;
	slot->lost += head->head.lost;
	slot->packet_time |= head->head.packet_time;
	slot->ledger.geo[GEO_NOT_IN_DATABASE] += head->unknown_addresses;
	slot->given[slot->count++] = *given;
	return 0;
}
