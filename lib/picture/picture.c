/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet_report.h"
#include "internal.h"
#include "large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct picture *current; /* holds one reference; guarded by current_lock */

const char *const side_names[SIDES] = {"all", "remote"};

enum side
side_parse(const char *name)
{
	int side = 0;

	while (side < SIDES && strcmp(side_names[side], name) != 0)
		side++;
	return (enum side)side;
}

static int
order_of_points(const void *a, const void *b)
{
	const struct point *pa = a, *pb = b;
	uint64_t na = counts_packets(&pa->counts), nb = counts_packets(&pb->counts);

	if (na != nb)
		return na > nb ? -1 : 1;
	return pa->place->number < pb->place->number ? -1 : 1;
}

static int
window_take(struct window_points *points, const struct heat *heat, const struct locate *locate,
	    enum window window)
{
	struct heat_window hw;
	size_t n[2] = {0, 0}; /* places, networks */

	heat_window(heat, window, &hw);
	points->ledger = hw.ledger;
	points->seconds = hw.seconds;
	for (uint32_t p = 0; p < hw.places; p++) {
		if (counts_packets(&hw.counts[p]) > 0)
			n[place_is_network(locate_get(locate, p))]++;
	}
	if (n[0] > 0)
		points->points = large_alloc(n[0] * sizeof(*points->points));
	if (n[1] > 0)
		points->networks = large_alloc(n[1] * sizeof(*points->networks));
	if ((n[0] > 0 && points->points == NULL) || (n[1] > 0 && points->networks == NULL))
		return -ENOMEM;
	for (uint32_t p = 0; p < hw.places; p++) {
		const struct point point = {locate_get(locate, p), hw.counts[p]};

		if (counts_packets(&point.counts) == 0)
			continue;
		if (place_is_network(point.place))
			points->networks[points->network_count++] = point;
		else
			points->points[points->count++] = point;
	}
	return 0;
}

static int
places_take(struct picture *p, const struct locate *locate)
{
	size_t n = locate_count(locate);

	p->place = malloc((n + 1) * sizeof(*p->place));
	if (p->place == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		p->place[i] = locate_get(locate, (uint32_t)i);
		p->has_own |= p->place[i]->own;
	}
	p->places = (uint32_t)n;
	return 0;
}

/* A reload may let go of the databases while the picture tells of them. */
static int
databases_take(struct picture *p, const struct locate *locate)
{
	const size_t n = locate_databases(locate);

	p->database_errors = locate_errors(locate);
	p->opened = locate_databases_ref(locate_opened(locate));
	const struct asn_table *asn = locate_databases_asn(p->opened);
	p->databases = malloc((n + asn_files(asn) + 1) * sizeof(*p->databases));
	if (p->databases == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		p->databases[i] = *locate_database(locate, i);
	for (size_t i = 0; i < asn_files(asn); i++)
		p->databases[n + i] = *asn_file(asn, i);
	p->database_count = n + asn_files(asn);
	return 0;
}

static void
picture_destroy(struct picture *p)
{
	void *attachment = atomic_load(&p->attachment);

	if (attachment != NULL)
		p->attachment_destroy(attachment);
	for (int w = 0; w < WINDOWS; w++) {
		free(p->windows[w].points);
		free(p->windows[w].networks);
		free(p->windows[w].remote);
		pthread_mutex_destroy(&p->windows[w].lock);
	}
	host_list_free(&p->hosts);
	for (int side = 0; side < SIDES; side++) {
		free(p->talkers_now[side].rows);
		free(p->talkers_start[side].rows);
	}
	free(p->by_place);
	free(p->place_from);
	free(p->place);
	free(p->databases);
	locate_databases_unref(p->opened);
	free(p->facts_owned);
	fleet_report_unref(p->facts.fleet);
	pthread_mutex_destroy(&p->group_lock);
	pthread_mutex_destroy(&p->attachment_lock);
	free(p);
}

struct picture *
picture_create(const struct picture_facts *facts, const struct heat *heat,
	       const struct locate *locate, struct host_list *hosts,
	       const struct host_list *period_hosts, struct view view)
{
	struct picture *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		host_list_free(hosts);
		errno = ENOMEM;
		return NULL;
	}
	atomic_init(&p->references, 1);
	atomic_init(&p->attachment, NULL);
	pthread_mutex_init(&p->group_lock, NULL);
	pthread_mutex_init(&p->attachment_lock, NULL);
	for (int w = 0; w < WINDOWS; w++)
		pthread_mutex_init(&p->windows[w].lock, NULL);
	p->hosts = *hosts;
	*hosts = (struct host_list){0};
	p->view = view;
	int error = facts_copy(&p->facts, facts, &p->facts_owned);
	p->facts.fleet = error == 0 ? fleet_report_ref(facts->fleet) : NULL;
	if (error == 0)
		error = places_take(p, locate);
	if (error == 0)
		error = databases_take(p, locate);
	for (int w = 0; w < WINDOWS && error == 0; w++)
		error = window_take(&p->windows[w], heat, locate, (enum window)w);
	for (int side = 0; side <= (p->has_own ? SIDE_REMOTE : SIDE_ALL) && error == 0 &&
			   !facts->privacy.no_hosts;
	     side++) {
		error = talkers_take(&p->talkers_now[side], period_hosts, p, (enum side)side);
		if (error == 0)
			error = talkers_take(&p->talkers_start[side], &p->hosts, p,
					     (enum side)side);
	}
	if (error != 0) {
		picture_destroy(p);
		errno = -error;
		return NULL;
	}
	return p;
}

void
picture_publish(struct picture *picture)
{
	pthread_mutex_lock(&current_lock);
	struct picture *last = current;
	current = picture;
	pthread_mutex_unlock(&current_lock);
	picture_release(last);
}

struct picture *
picture_current(void)
{
	/* the lock spans look-up and reference: between them the publisher could free it */
	pthread_mutex_lock(&current_lock);
	struct picture *p = current;
	if (p != NULL)
		atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
	pthread_mutex_unlock(&current_lock);
	return p;
}

void
picture_release(struct picture *picture)
{
	if (picture != NULL &&
	    atomic_fetch_sub_explicit(&picture->references, 1, memory_order_acq_rel) == 1)
		picture_destroy(picture);
}

const struct picture_facts *
picture_facts(const struct picture *picture)
{
	return &picture->facts;
}

size_t
picture_databases(const struct picture *picture, const struct locate_database **databases)
{
	*databases = picture->databases;
	return picture->database_count;
}

uint64_t
picture_database_errors(const struct picture *picture)
{
	return picture->database_errors;
}

struct locate_databases *
picture_opened(const struct picture *picture)
{
	return picture->opened;
}

const struct host_list *
picture_hosts(const struct picture *picture)
{
	return &picture->hosts;
}

const struct place *
picture_place(const struct picture *picture, uint32_t number)
{
	return number < picture->places ? picture->place[number] : NULL;
}

struct view
picture_default_view(const struct picture *picture)
{
	return picture->view;
}

size_t
picture_points(const struct picture *picture, enum window window)
{
	return picture->windows[window].count;
}

/* [w->lock held] */
static int
pick_remote(struct window_points *w)
{
	if (w->remote != NULL)
		return 0;
	w->remote = malloc((w->count + 1) * sizeof(*w->remote));
	if (w->remote == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < w->count; i++) {
		if (!w->points[i].place->own)
			w->remote[w->remote_count++] = w->points[i];
	}
	return 0;
}

int
picture_get_window(struct picture *picture, struct view view, struct picture_window *out)
{
	struct window_points *w = &picture->windows[view.window];
	const bool remote = view.side == SIDE_REMOTE && picture->has_own;

	pthread_mutex_lock(&w->lock);
	if (!w->sorted && w->count > 1)
		qsort(w->points, w->count, sizeof(*w->points), order_of_points);
	w->sorted = true;
	const int error = remote ? pick_remote(w) : 0;
	pthread_mutex_unlock(&w->lock);
	*out = (struct picture_window){
		.ledger = w->ledger,
		.seconds = w->seconds,
		.side = view.side,
		.networks = w->networks,
		.network_count = w->network_count,
	};
	if (error == 0) {
		out->points = remote ? w->remote : w->points;
		out->count = remote ? w->remote_count : w->count;
	}
	return error;
}

void *
picture_attachment(struct picture *picture, void *(*create)(void), void (*destroy)(void *))
{
	void *there = atomic_load_explicit(&picture->attachment, memory_order_acquire);

	if (there != NULL)
		return there;
	/* held for an allocation; who comes second finds it there */
	pthread_mutex_lock(&picture->attachment_lock);
	there = atomic_load_explicit(&picture->attachment, memory_order_relaxed);
	if (there == NULL) {
		there = create();
		picture->attachment_destroy = destroy;
		atomic_store_explicit(&picture->attachment, there, memory_order_release);
	}
	pthread_mutex_unlock(&picture->attachment_lock);
	return there;
}
