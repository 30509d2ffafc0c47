/* SPDX-License-Identifier: BSD-3-Clause */
/* What a picture is made of: shared by the files of this folder only. */
#pragma once

#include "picture.h"

#include <pthread.h>
#include <stdatomic.h>

struct window_points {
	struct point *points;
	size_t count;
	struct ledger ledger;
	double seconds;
	pthread_mutex_t lock; /* guards the order of points, until it is sorted, and: */
	bool sorted;
	struct point *networks; /* in no order */
	size_t network_count;
	struct point *remote; /* those of SIDE_REMOTE, in the same order; NULL until asked for */
	size_t remote_count;
};

/* the busiest hosts, copied: those of the last period have no list of their own */
struct talkers {
	struct host_row *rows;
	size_t count;
};

struct picture {
	atomic_uint references;
	struct picture_facts facts;
	void *facts_owned; /* what facts point at */
	struct locate_database *databases;
	size_t database_count;
	struct locate_databases *opened; /* a reference: an address may be asked for */
	uint64_t database_errors;

	struct view view;
	struct window_points windows[WINDOWS];
	struct host_list hosts;     /* since the start */
	const struct place **place; /* [places] by number; locate's own array may move */
	uint32_t places;
	bool has_own; /* some place is on our own side */
	struct talkers talkers_now[SIDES], talkers_start[SIDES];

	pthread_mutex_t group_lock; /* guards the two, until they are made */
	uint32_t *by_place;         /* indices of hosts.rows, grouped by place */
	uint32_t *place_from;       /* [places + 1] into by_place */

	_Atomic(void *) attachment;
	pthread_mutex_t attachment_lock; /* guards its making */
	void (*attachment_destroy)(void *attachment);
};

/* A copy of all that `from` points at, in one piece: *owned. 0 or -ENOMEM. */
int facts_copy(struct picture_facts *to, const struct picture_facts *from, void **owned);

/* Of the side; rows whose place is not known by number are remote. */
int talkers_take(struct talkers *talkers, const struct host_list *hosts, const struct picture *p,
		 enum side side);
