/* SPDX-License-Identifier: BSD-3-Clause */
#include "asks.h"

#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* On the stack of who asks. */
struct ask {
	struct ask *next;
	const struct fleet_choice *choice;
	struct fleet_rows *rows;
	int code;
	bool done;
};

struct fleet_asks {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct ask *first;
};

struct fleet_asks *
fleet_asks_create(void)
{
	struct fleet_asks *a = calloc(1, sizeof(*a));
	pthread_condattr_t monotonic;

	if (a == NULL)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return a;
}

void
fleet_asks_destroy(struct fleet_asks *a)
{
	if (a == NULL)
		return;
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->answered);
	free(a);
}

/* Nobody waits for it any more. */
static void
take_back(struct fleet_asks *a, const struct ask *ask)
{
	struct ask **at = &a->first;

	while (*at != NULL && *at != ask)
		at = &(*at)->next;
	if (*at != NULL)
		*at = ask->next;
}

/* Until take_back(): the asker waits, so that what lies on its stack lives. */
static void
put_down(struct fleet_asks *a, struct ask *ask)
{
	ask->next = a->first;
	a->first = ask;
}

int
fleet_ask(struct fleet_asks *a, const struct fleet_choice *choice, unsigned int timeout_ms,
	  struct fleet_rows *rows)
{
	struct ask ask = {.choice = choice, .rows = rows, .code = -ETIMEDOUT};
	struct timespec until;

	*rows = (struct fleet_rows){0};
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&a->lock);
	put_down(a, &ask);
	while (!ask.done && pthread_cond_timedwait(&a->answered, &a->lock, &until) != ETIMEDOUT)
		continue;
	take_back(a, &ask);
	pthread_mutex_unlock(&a->lock);
	return ask.code;
}

void
fleet_rows_free(struct fleet_rows *rows)
{
	free(rows->rows);
	*rows = (struct fleet_rows){0};
}

static bool
is_chosen(const struct fleet_choice *choice, const struct sensor *s)
{
	return choice->sensor != NULL ? strcmp(choice->sensor, s->name) == 0
				      : strcmp(choice->group, s->group) == 0;
}

static void
add_sensor(const struct fleet *f, const struct sensor *s, bool start, struct fleet_rows *sum)
{
	const struct fleet_sensor *told = &s->told;
	const int64_t covered = (start ? (int64_t)told->periods : told->periods > 0) *
				(int64_t)f->settings.period_ms;

	ledger_add(&sum->ledger, start ? &told->ledger : &told->last_ledger);
	sum->received += start ? told->received : told->last_received;
	sum->lost += start ? told->lost : told->last_lost;
	sum->last_received += told->last_received;
	sum->last_lost += told->last_lost;
	for (int v = 0; v < DECODE_RESULTS; v++)
		sum->last_octets += told->last_ledger.decode.octets[v];
	sum->lost_total += told->lost;
	if (covered > sum->covered_ms)
		sum->covered_ms = covered;
	sum->link = told->link;
	snprintf(sum->site, sizeof(sum->site), "%s", s->site);
	sum->sensors++;
}

static int
by_packets(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;
	const uint64_t px = counts_packets(&x->counts), py = counts_packets(&y->counts);

	if (px != py)
		return px < py ? 1 : -1;
	return (x->place.number > y->place.number) - (x->place.number < y->place.number);
}

/* 0, -ENOENT or -ENOMEM. */
static int
collect(const struct fleet *f, const struct fleet_choice *choice, struct fleet_rows *sum)
{
	struct rows rows = {0};
	int error = 0;

	for (size_t i = 0; i < f->sensor_count && error == 0; i++) {
		const struct sensor *s = f->by_index[i];

		if (!is_chosen(choice, s))
			continue;
		add_sensor(f, s, choice->start, sum);
		error = rows_add_all(&rows, choice->start ? &s->start : &s->now);
	}
	if (error == 0 && sum->sensors == 0)
		error = -ENOENT;
	if (error == 0) {
		sum->rows = malloc((rows.count + 1) * sizeof(*sum->rows));
		error = sum->rows == NULL ? -ENOMEM : 0;
	}
	for (size_t i = 0; i < rows.count && error == 0; i++) {
		const struct place *place = locate_get(f->places, rows.rows[i].place);

		if (place->has_position)
			sum->rows[sum->count++] = (struct fleet_row){*place, rows.rows[i].counts};
	}
	rows_free(&rows);
	if (error == 0)
		qsort(sum->rows, sum->count, sizeof(*sum->rows), by_packets);
	return error;
}

void
fleet_answer(struct fleet_asks *a, const struct fleet *f)
{
	pthread_mutex_lock(&a->lock);
	for (struct ask *ask = a->first; ask != NULL; ask = ask->next) {
		if (ask->done)
			continue;
		ask->code = collect(f, ask->choice, ask->rows);
		ask->done = true;
	}
	pthread_cond_broadcast(&a->answered);
	pthread_mutex_unlock(&a->lock);
}
