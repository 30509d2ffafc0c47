/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slow half: count -> merge -> locate -> heat -> picture, on the main lcore, once a period.
 *
 * [manager] everything here.
 */
#pragma once

#include "heat.h"
#include "locate.h"
#include "map.h"
#include "merge.h"
#include "meter.h"
#include "options.h"
#include "picture.h"
#include "port.h"
#include "rx_lcore.h"
#include "text.h"

#include <stdbool.h>

#define MANAGER_MAX_PORTS 64
#define MANAGER_OLD_MAPS  4

/* what the manager keeps of a lane and of a port, beside what they keep of themselves */
struct lane_state {
	struct rx_lane *lane;
	unsigned int port; /* index into ports */
	unsigned int cpu;
	bool asked;                       /* a swap is under way */
	const struct prefix_map *maps[2]; /* what its two buffers count an overflow by */
	uint32_t swaps;
	uint64_t received; /* frames since the start, up to the last swap */
	uint64_t expected; /* of a capture that ends; else UINT64_MAX */
	uint64_t skipped;
	uint32_t hosts;                    /* in the last period */
	uint64_t busy_cycles, idle_cycles; /* up to the last swap */
	struct meter meter;
};

struct manager {
	const struct settings *settings;
	const char *version, *ui_build, *name;
	const char *sources[MANAGER_MAX_PORTS];
	size_t source_count;
	const struct picture_page *html;
	bool huge_pages, serves; /* serves: there is a web server */
	const char *settings_json, *security_json;

	struct port *ports;
	unsigned int port_count;
	struct lane_state lanes[PORT_MAX_QUEUES];
	unsigned int lane_count;

	struct locate *locate;
	/* By what lanes count hosts beyond their tables. After a reload the old map stays until no
	 * buffer of a lane has it any more. */
	struct locate_map *map, *old_maps[MANAGER_OLD_MAPS];
	struct heat *heat;
	struct picture *last; /* a reference of the manager's own: it holds the hosts so far */

	/* since the start */
	struct ledger ledger;
	uint64_t received, lost, unlisted;
	uint64_t late, output_errors;
	struct port_counters counters[MANAGER_MAX_PORTS]; /* at the last reading */
	int64_t started_ms;
	uint64_t started_ns, period_ns; /* monotonic: the start, the end of the last period */
	uint64_t period;
	double history[PICTURE_HISTORY];
	size_t history_count;
	double step_ms[STEPS];
	uint64_t step_ns; /* when the step under way began */
	bool over, told_over, told_imbalance;
};

/* Takes what is set above `started_ms`; the rest is zero. 0 or -errno. */
int manager_start(struct manager *manager);

/* Makes the map of the databases that are open now, before the lanes' tables or after a reload.
 * 0; -errno, and everything as before. */
int manager_make_map(struct manager *manager);

/* Ends the period: swaps all lanes, merges, locates, publishes, writes the files, says the line.
 * 0, or -ENOMEM when counts could not be kept: then the process should end. */
int manager_end_period(struct manager *manager);

/* The last period: the lanes have returned. */
int manager_end(struct manager *manager);

/* Have all captures been received to their end? (False for sources that never end.) */
bool manager_captures_over(struct manager *manager);

void manager_destroy(struct manager *manager);

uint64_t monotonic_ns(void);
