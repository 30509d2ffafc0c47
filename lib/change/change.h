/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What changed: a time beside the same time a day or a week before, or beside what is usual for it,
 * which is the median of the four weeks before.
 *
 *     now      what the store has of [from, to)
 *     before   the same of the other time, as if as much of it had been counted as of now: a time
 *              of which half was counted brings twice its counts
 *
 * Weeks of which nothing was counted are left out of the median; so it is that of four, three, two
 * numbers or one, and the answer says of which.
 *
 * No EAL. [any thread] A question reads by a connection of its own and makes nobody wait.
 */
#pragma once

#include "history.h"

#define CHANGE_TIMES_MAX 4

enum change_against {
	AGAINST_DAY,
	AGAINST_WEEK,
	AGAINST_USUAL,
	AGAINSTS,
};

extern const char *const change_against_names[AGAINSTS]; /* "day", "week", "usual" */
/* AGAINSTS: no such word. */
enum change_against change_against_parse(const char *name);

enum change_kind {
	CHANGE_SAME,
	CHANGE_NEW,  /* before there was nothing */
	CHANGE_GONE, /* now there is nothing */
	CHANGE_GROWN,
	CHANGE_SHRUNK,
	CHANGE_KINDS,
};

extern const char *const change_kind_names[CHANGE_KINDS];

struct change_place {
	struct place place; /* .number: its id in the store */
	struct counts now, before;
};

struct change_country {
	char code[3]; /* empty: places without one */
	struct counts now, before;
};

struct change {
	enum change_against against;
	struct history_sum now;                      /* without counts */
	struct history_sum before[CHANGE_TIMES_MAX]; /* those that were counted; without counts */
	size_t before_count;                         /* 0: there is nothing to compare with */
	struct change_place *places; /* with packets in either, by how many packets more or less */
	size_t place_count;
	struct change_country *countries; /* in the same order */
	size_t country_count;
};

/*
 * Compares [from_ms, to_ms). `remote`: without the places of our own networks. 0 and *change, given
 * back by change_free; or as history_range.
 */
int change_find(struct history *history, int64_t from_ms, int64_t to_ms,
		enum change_against against, bool remote, struct change *change,
		char error[HISTORY_ERROR_MAX]);
void change_free(struct change *change);

/* By the packets of both. */
enum change_kind change_kind(const struct counts *now, const struct counts *before);
