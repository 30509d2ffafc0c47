/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who takes what the map has drawn, each on a thread of its own behind a bounded queue.
 *
 * To add one: its ops (outputs.h says what they look like), and a row of the table in after_map.c.
 * It is started, offered each record, told of in status and ended with the others.
 */
#pragma once

#include "consumer.h"
#include "outputs.h"

#include <stdbool.h>
#include <stddef.h>

#define AFTER_MAP_MAX 8

struct after_map {
	struct consumer *all[AFTER_MAP_MAX]; /* NULL: not wanted */
	struct outputs outputs;              /* context of all */
};

/* [start] Those that the settings ask for. 0 or -errno; what was started is ended by
 * after_map_end. */
int after_map_start(struct after_map *after, const struct settings *settings);

/*
 * [map's thread] To all. The record with which packet time ends is the one that the files are
 * written of: --once is for them and waits as long as it takes, others for five seconds.
 */
void after_map_offer(struct after_map *after, struct period *period);

/* [map's thread] Their numbers, at most so many. Returns how many. */
size_t after_map_stats(const struct after_map *after, struct consumer_stats *stats, size_t most);

/*
 * [start] Lets each work off what it has, within its time, and says which did not. --once waits for
 * its files. False: a thread still runs, and what it uses has to stay.
 */
bool after_map_end(struct after_map *after);
