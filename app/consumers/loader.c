/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"

#include "asn.h"
#include "log.h"
#include "sites.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_S 2

/* One number for how a file looks, on from `hash`; 0 octets and no file are not the same. */
static uint64_t
look_at(uint64_t hash, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		st = (struct stat){.st_nlink = 0};
	const uint64_t said[] = {
		st.st_nlink > 0,      (uint64_t)st.st_dev,         (uint64_t)st.st_ino,
		(uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec};
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		hash = (hash ^ said[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
	return hash;
}

static uint64_t
look_at_all(const struct loader *l)
{
	const struct asn_table *asn = locate_databases_asn(l->current);
	uint64_t hash = look_at(1, l->settings->sites);

	for (size_t i = 0; i < locate_databases_count(l->current); i++)
		hash = look_at(hash, locate_databases_get(l->current, i)->path);
	for (size_t i = 0; i < asn_files(asn); i++)
		hash = look_at(hash, asn_file(asn, i)->path);
	return hash;
}

static void
refuse(struct loader *l)
{
	atomic_fetch_add(&l->failures, 1);
	atomic_store(&l->refused, true);
}

static void
reload(struct loader *l)
{
	char error[LOCATE_ERROR_MAX];
	struct geo_paths paths;
	struct locate_databases *databases = NULL;
	struct locate_map *map = NULL;

	/* before they are opened: what changes meanwhile is seen by the next look */
	l->tried = look_at_all(l);
	if (geo_find(l->settings, &paths, error) == 0)
		databases = locate_databases_open(paths.list, paths.count, &l->cancel, error);
	if (atomic_load(&l->cancel))
		goto out;
	if (databases != NULL && geo_say(l->settings, databases, locate_databases_own(l->current),
					 &l->cancel, error) != 0) {
		locate_databases_unref(databases);
		databases = NULL;
		if (atomic_load(&l->cancel))
			return;
	}
	if (databases == NULL) {
		refuse(l);
		log_event(LOG_ERR, LOG_ID_NOT_RELOADED,
			  "%s; the databases and sites stay as they were", error);
		return;
	}
	if (l->wants_map) {
		map = locate_map_create(databases, &l->cancel);
		if (map == NULL && errno != ECANCELED) {
			refuse(l);
			log_event(LOG_ERR, LOG_ID_NOT_RELOADED,
				  "the databases stay as they were: no prefix map can be made of "
				  "the new ones: %s",
				  strerror(errno));
		}
		if (map == NULL)
			goto out;
	}
	log_event(LOG_NOTICE, LOG_ID_RELOADED, "databases opened anew: %s",
		  locate_databases_get(databases, 0)->title);
	atomic_fetch_add(&l->reloads, 1);
	locate_databases_unref(l->current);
	l->current = locate_databases_ref(databases);
	atomic_store(&l->renewed, 0);
	atomic_store(&l->refused, false);
	locate_databases_unref(atomic_exchange(&l->databases, databases));
	locate_map_unref(atomic_exchange(&l->map, map));
	return;
out:
	locate_databases_unref(databases);
}

/* Says it once of each that has come; true: they have come to rest, and are to be opened. */
static bool
look(struct loader *l)
{
	const struct asn_table *asn = locate_databases_asn(l->current);
	const size_t count = locate_databases_count(l->current);
	const unsigned int now = locate_databases_renewed(l->current) | asn_renewed(asn) << count;
	const unsigned int then = atomic_exchange(&l->renewed, now);

	const bool sites = sites_renewed(locate_databases_sites(l->current));

	if (sites && !l->sites_renewed)
		log_line("--sites %s: there is another file now; it is read when it is whole",
			 l->settings->sites);
	l->sites_renewed = sites;
	for (size_t i = 0; i < count + asn_files(asn); i++) {
		if (now & ~then & 1u << i)
			log_line("%s: there is another file now; it is opened when it is whole",
				 i < count ? locate_databases_get(l->current, i)->path
					   : asn_file(asn, i - count)->path);
	}
	const uint64_t before = l->seen;
	l->seen = look_at_all(l);
	return (now != 0 || sites) && l->seen == before && l->seen != l->tried;
}

/* Waits for a request or the end; false: it is time to look. [lock] */
static bool
wait_for_request(struct loader *l)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_S;
	while (!l->requested && !l->ending) {
		if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
			return l->requested || l->ending;
	}
	return true;
}

static void *
loader_run(void *argument)
{
	struct loader *l = argument;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		bool asked = wait_for_request(l);
		if (l->ending)
			break;
		if (!asked) {
			pthread_mutex_unlock(&l->lock);
			if (look(l))
				reload(l);
			pthread_mutex_lock(&l->lock);
			continue;
		}
		unsigned int coalesced = l->coalesced;
		l->requested = false;
		l->coalesced = 0;
		pthread_mutex_unlock(&l->lock);
		if (coalesced > 0)
			log_line("%u more requests to reload came meanwhile: answered by one",
				 coalesced);
		reload(l);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int
loader_start(struct loader *l, const struct settings *settings, bool wants_map,
	     struct locate_databases *databases)
{
	pthread_condattr_t monotonic;

	l->settings = settings;
	l->wants_map = wants_map;
	l->current = locate_databases_ref(databases);
	l->seen = l->tried = look_at_all(l);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int error = pthread_create(&l->thread, NULL, loader_run, l);
	l->started = error == 0;
	if (l->started)
		pthread_setname_np(l->thread, "loader");
	return -error;
}

void
loader_request(struct loader *l)
{
	pthread_mutex_lock(&l->lock);
	if (l->requested)
		l->coalesced++;
	l->requested = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

struct locate_databases *
loader_take_databases(struct loader *l)
{
	return atomic_load_explicit(&l->databases, memory_order_relaxed)
		       ? atomic_exchange(&l->databases, NULL)
		       : NULL;
}

struct locate_map *
loader_take_map(struct loader *l)
{
	return atomic_load_explicit(&l->map, memory_order_relaxed) ? atomic_exchange(&l->map, NULL)
								   : NULL;
}

void
loader_stop(struct loader *l)
{
	if (!l->started)
		return;
	atomic_store(&l->cancel, true);
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->started = false;
	locate_databases_unref(l->current);
	l->current = NULL;
	locate_databases_unref(atomic_exchange(&l->databases, NULL));
	locate_map_unref(atomic_exchange(&l->map, NULL));
}
