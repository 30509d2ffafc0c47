/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the prefix map of the open databases, and says what its slots mean.
 *
 * A map opens the database files a second time (the pages are shared), so that it stays good after
 * a locate_reload for as long as a lane still counts with it.
 *
 * [manager] everything here; the `prefix_map` inside may be read by any thread.
 */
#pragma once

#include "locate.h"
#include "prefix_map.h"

struct locate_map;

/* Takes about 1.6 s and over 120 MB for DB-IP City Lite. NULL with errno: ENOMEM, EIO (a database
 * that cannot be read), E2BIG (more records than there can be slots). */
struct locate_map *locate_map_create(const struct locate *locate);
void locate_map_destroy(struct locate_map *map); /* NULL is fine */

const struct prefix_map *locate_map_prefixes(const struct locate_map *map); /* NULL of NULL */

/* What locate_host would have said of an address of this slot; `locate` keeps the place. */
uint32_t locate_map_place(struct locate_map *map, struct locate *locate, uint32_t slot);
