/* SPDX-License-Identifier: BSD-3-Clause */
/* After a restart the sliding windows (1m to 24h) and the sparkline go on from the store: the wall
 * is not empty after an upgrade. */
#pragma once

#include "history.h"
#include "map_consumer.h"

/* [start] Before the map's thread runs. Says in the log what it took. 0 or -ENOMEM; a store that
 * cannot be read is said too, and leaves the windows with what came until then. */
int recall_windows(struct map_consumer *map, struct history *history);
