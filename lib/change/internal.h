/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the watch's files only. */
#pragma once

#include "unusual.h"
#include "watch.h"

#include <stdint.h>

#define SLOT_MS INT64_C(300000)

/* A subject that is unusual in a slot. */
struct finding {
	enum event_subject subject;
	uint32_t place; /* of a place */
	size_t country; /* of both: place_country_index */
	int direction;
	double now, usual; /* packets/s */
	double score;
};

/* A slot, the one before and the one behind it, of each of seven days. */
#define LIKE_TIMES_MAX 7
#define LIKE_ABOUT     3
#define LIKE_MAX       (LIKE_TIMES_MAX * LIKE_ABOUT)

/* What is asked of the store once: the countries of places, by id; and slots that are like the next
 * one too. All zero at first; slot_forget gives it back. */
struct slot_memory {
	uint16_t *countries; /* [known], place_country_index */
	uint32_t known;
	struct history_sum like[LIKE_MAX];
	int64_t like_ms[LIKE_MAX]; /* where each begins */
	size_t like_count;
};

struct slot_view {
	bool counted;                           /* half of the slot at least */
	bool empty;                             /* nothing of it */
	bool learning;                          /* there is too little to hold it against */
	struct finding findings[EVENTS_A_SLOT]; /* the least usual first */
	size_t count;
};

/* Looks at one slot; `oldest_ms`: before that nothing is stored. 0, -ENOMEM or -EIO. */
int slot_look(struct history *history, struct slot_memory *memory, int64_t start_ms,
	      int64_t oldest_ms, double least_pps, struct slot_view *view);
void slot_forget(struct slot_memory *memory);
