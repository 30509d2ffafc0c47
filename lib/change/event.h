/* SPDX-License-Identifier: BSD-3-Clause */
/* An event: a place, a country or all of it had much more or much less than is usual. Pure. */
#pragma once

#include "locate.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_subject {
	EVENT_ALL,
	EVENT_COUNTRY,
	EVENT_PLACE,
	EVENT_SUBJECTS,
};

struct event {
	uint64_t id;            /* 1.., in the order in which they were found */
	int64_t from_ms, to_ms; /* the slots in which it was so; UTC, ms since 1970 */
	bool over;              /* it is usual again */
	enum event_subject subject;
	int direction;              /* 1: more than usual, -1: less */
	uint32_t place;             /* of a place: its id in the store */
	char country[3];            /* of a country or place; empty: it has none */
	char name[PLACE_CITY_MAX];  /* of a place; empty: it has none */
	double latitude, longitude; /* of a place */
	double now, usual;          /* packets/s, in the slot that was least usual */
	double score;               /* then */
};

/* NULL: ENOMEM. */
json_t *event_json(const struct event *event);
/* What event_json wrote. False: it is none. */
bool event_read(const void *text, size_t size, struct event *event);
/* "Paris, FR: 1200 packets/s, usually 110", for a log. */
void event_line(const struct event *event, char *line, size_t size);
