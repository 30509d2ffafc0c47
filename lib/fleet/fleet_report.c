/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet_report.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fleet_report *current;

/* Silent ones first, then those that catch up, then those that lose packets, then those with an old
 * database. */
static int
badness(const struct fleet_report_sensor *s)
{
	return 4 * (int)s->of.state + 2 * s->losing + s->old;
}

static int
worst_first(const void *a, const void *b)
{
	const struct fleet_report_sensor *x = a, *y = b;
	const int bx = badness(x), by = badness(y);

	return bx != by ? by - bx : strcmp(x->name, y->name);
}

static void
describe_databases(struct fleet_report *r)
{
	r->database_count = r->status.database_count;
	for (size_t i = 0; i < r->database_count; i++) {
		const struct record_database *from = &r->status.databases[i];
		struct locate_database *to = &r->databases[i];

		*to = (struct locate_database){.built = (time_t)from->built};
		snprintf(to->type, sizeof(to->type), "%.63s", from->type);
		locate_describe(to, "");
	}
}

struct fleet_report *
fleet_report_make(const struct fleet *f, const struct fleet_transport *transport, int64_t now_ms)
{
	const size_t count = fleet_sensors(f);
	struct fleet_report *r = malloc(sizeof(*r) + count * sizeof(r->sensors[0]));

	if (r == NULL)
		return NULL;
	r->made_ms = now_ms;
	fleet_status(f, &r->status);
	r->transport = *transport;
	r->count = count;
	r->losing = r->old = 0;
	describe_databases(r);
	atomic_init(&r->references, 1);
	for (size_t i = 0; i < count; i++) {
		struct fleet_report_sensor *s = &r->sensors[i];

		fleet_sensor(f, i, &s->of);
		s->losing = s->of.last_lost > 0;
		s->old = s->of.database_built != 0 &&
			 now_ms / 1000 - s->of.database_built > FLEET_OLD_DAYS * 86400ll;
		r->losing += s->losing;
		r->old += s->old;
		snprintf(s->name, sizeof(s->name), "%s", s->of.name);
		snprintf(s->site, sizeof(s->site), "%s", s->of.site);
		snprintf(s->group, sizeof(s->group), "%s", s->of.group);
		snprintf(s->software, sizeof(s->software), "%s", s->of.software);
	}
	qsort(r->sensors, count, sizeof(r->sensors[0]), worst_first);
	for (size_t i = 0; i < count; i++) {
		struct fleet_report_sensor *s = &r->sensors[i];

		s->of.name = s->name;
		s->of.site = s->site;
		s->of.group = s->group;
		s->of.software = s->software;
	}
	return r;
}

struct fleet_report *
fleet_report_ref(struct fleet_report *r)
{
	if (r != NULL)
		atomic_fetch_add_explicit(&r->references, 1, memory_order_relaxed);
	return r;
}

void
fleet_report_unref(struct fleet_report *r)
{
	if (r != NULL && atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) == 1)
		free(r);
}

void
fleet_report_publish(struct fleet_report *r)
{
	pthread_mutex_lock(&current_lock);
	struct fleet_report *last = current;
	current = r;
	pthread_mutex_unlock(&current_lock);
	fleet_report_unref(last);
}

struct fleet_report *
fleet_report_current(void)
{
	/* the lock spans look-up and reference: between them the publisher could free it */
	pthread_mutex_lock(&current_lock);
	struct fleet_report *r = fleet_report_ref(current);
	pthread_mutex_unlock(&current_lock);
	return r;
}
