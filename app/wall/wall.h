/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is right of the period record, as one thing: the map, its store, files and records, and the
 * web server. A sensor has one behind its lanes, a collector one behind its sensors.
 *
 *     wall_resolve ─▶ wall_check_outputs, wall_open_history ─▶ wall_start ─▶ wall_start_http
 *     wall_stop_http ─▶ wall_end ─▶ wall_free
 *
 * Each returns 0, or what the process ends with, and has said why. Each step down tolerates that
 * its step up never was. No EAL. [main] all of it.
 */
#pragma once

#include "after_map.h"
#include "history.h"
#include "http.h"
#include "loader.h"
#include "map_consumer.h"
#include "records.h"
#include "stream.h"
#include "watch.h"

#include <stdbool.h>
#include <stdint.h>

struct wall {
	/* set before wall_start, and constant then */
	const struct settings *settings;
	const char *version;
	const char *const *sources; /* as the page names them */
	size_t source_count;
	bool huge_pages;
	bool packet_time;        /* windows are the captures' own */
	bool patient;            /* what comes can wait */
	struct fleet_asks *asks; /* of a collector: what one sensor brought; else NULL */
	bool own_records;        /* whoever starts it writes --records itself */
	bool has_loader;         /* there are databases, which can be opened anew */

	char host_name[256], listen[80]; /* listen: empty, there is no web server */
	char *settings_json, security_json[256];
	struct history *history; /* NULL: nothing is kept */
	struct watch *watch;     /* of it; NULL: nothing is watched */
	struct loader loader;
	struct map_consumer map;
	struct consumer *map_thread; /* what records are offered to */
	struct after_map after;
	struct stream *stream;    /* NULL: no --output */
	struct records *records;  /* NULL: no --records */
	struct auth *auth;        /* NULL: everybody may see everything */
	struct networks *proxies; /* that are trusted; NULL: none */
	struct http *http;
	struct request_stats requests;
	bool stuck; /* a thread does not end: what it uses stays */
};

/* What follows from the settings: the address, the host's name, the settings as text. */
int wall_resolve(struct wall *wall, const struct settings *settings);
/* Can the files be written? By the user that we are. */
int wall_check_outputs(const struct settings *settings);
int wall_open_history(struct wall *wall);

/* The threads, and with --history what it knows of the last day. Takes over `locate`. `wants_map`:
 * see struct loader. Windows begin at this time. */
int wall_start(struct wall *wall, struct locate *locate, bool wants_map, int64_t started_ms,
	       uint64_t started_ns);
int wall_start_http(struct wall *wall);

/* Waits for no reader and no disk from now on. */
void wall_hurry(struct wall *wall);
void wall_stop_http(struct wall *wall);
/* Ends the web server, unless it has ended, and the threads, oldest first: what was offered is
 * drawn and written, within bounds. */
void wall_end(struct wall *wall);
void wall_free(struct wall *wall);
