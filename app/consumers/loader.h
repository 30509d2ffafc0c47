/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The geolocation databases, opened anew on a thread of their own.
 *
 *     main: loader_request (SIGHUP) ──▶ loader's thread: open, check, lay out the prefix map
 *                                          │                       │
 *     map's thread: loader_take_databases ◀┘    main: loader_take_map ◀┘ (for the lanes)
 *
 * Every two seconds it looks whether another file has come to the place of one in use, by renaming
 * or by being written over. It says so, and once the files look as they did two seconds before,
 * which who writes one in place does not, opens them as if it had been asked. A look is a stat() of
 * each: inotify would tell a second or two earlier, but nothing of what lies on a server of files.
 * What was refused is not tried again before it changes, and the facts say that it was.
 *
 * Neither the tick of the periods nor the map waits for a disk. At most one reload runs; requests
 * that come meanwhile are one more reload afterwards. What cannot be opened leaves everything as it
 * was.
 */
#pragma once

#include "geo.h"
#include "locate.h"
#include "map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct loader {
	const struct settings *settings;
	bool wants_map; /* lanes can fill: they count what overflows by the prefix map */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards the three below */
	pthread_cond_t changed;
	bool requested, ending;
	unsigned int coalesced; /* requests that came while one waited */
	atomic_bool cancel;
	_Atomic(struct locate_databases *) databases; /* opened, not taken yet */
	_Atomic(struct locate_map *) map;
	struct locate_databases *current; /* [loader's thread] a reference: what was opened last */
	bool sites_renewed;               /* [loader's thread] as last seen */
	uint64_t seen, tried; /* [loader's thread] how the files looked: last, and when opened */
	atomic_bool refused;  /* the files as they are now: what is in use is older */
	_Atomic unsigned int renewed;       /* see picture_facts.databases_renewed, as last seen */
	_Atomic uint64_t reloads, failures; /* since the start */
};

/* [main] `settings` outlives the loader; `databases`: those in use. 0 or -errno. */
int loader_start(struct loader *loader, const struct settings *settings, bool wants_map,
		 struct locate_databases *databases);

/* [main] Never waits. */
void loader_request(struct loader *loader);

/* What the last reload brought, once; NULL: nothing new. The caller owns it. */
struct locate_databases *loader_take_databases(struct loader *loader);
struct locate_map *loader_take_map(struct loader *loader);

/* [main] Cancels a reload that runs, and ends the thread. Fine if never started. */
void loader_stop(struct loader *loader);
