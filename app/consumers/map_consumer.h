/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map: the first consumer of the period records. Locates their hosts, keeps the heat of all
 * windows and the hosts since the start, and publishes a picture of each period.
 *
 * Runs on its consumer's thread, which alone owns `locate` and `heat`; needs no EAL.
 */
#pragma once

#include "after_map.h"
#include "consumer.h"
#include "heat.h"
#include "history.h"
#include "loader.h"
#include "locate.h"
#include "options.h"
#include "records.h"
#include "stream.h"
#include "text.h"

#include <stdatomic.h>
#include <stdbool.h>

#define MAP_CONSUMERS_MAX (1 + AFTER_MAP_MAX)

struct map_consumer {
	/* set before the consumer is created; constant then */
	const struct settings *settings;
	const char *version, *ui_build;
	const char *const *sources;
	size_t source_count;
	const struct picture_page *html;
	bool huge_pages, serves; /* serves: there is a web server */
	const char *settings_json, *security_json;
	uint64_t started_ns;
	struct loader *loader;        /* NULL: no databases, all records name places */
	bool patient;                 /* what comes can wait for the store */
	struct after_map *after;      /* given each record once it is drawn */
	struct consumer *const *self; /* the map's own consumer, for its numbers */
	struct locate *locate;
	const struct request_stats *requests;
	struct stream *stream;   /* NULL: no --output */
	struct records *records; /* NULL: no --records */
	struct history *store;   /* NULL: nothing is kept */

	/* the map's thread alone */
	struct heat *heat;
	struct picture *last;     /* a reference: it holds the hosts so far */
	struct picture_sums sums; /* `started_ms` is set before */
	uint64_t step_ns;         /* when the step under way began */
	bool told_imbalance;

	_Atomic bool failed; /* out of memory: counts could not be kept, the process should end */
};

extern const struct consumer_ops map_consumer_ops; /* context: struct map_consumer */

/* [start] 0 or -ENOMEM. */
int map_consumer_init(struct map_consumer *map);

/* [after its thread has ended] */
void map_consumer_log_summary(const struct map_consumer *map);
void map_consumer_free(struct map_consumer *map);
