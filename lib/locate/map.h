/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds the prefix map of a set of databases, and says what its slots mean.
 *
 * A map keeps a reference to its databases: it stays good after a locate_adopt, and after
 * everybody else has let go of them, for as long as a lane still counts with it.
 */
#pragma once

#include "locate.h"
#include "prefix_map.h"

struct locate_map;

/*
 * [any thread] Takes about 1.6 s and over 120 MB for DB-IP City Lite; shares nothing with a struct
 * locate. NULL with errno: ENOMEM, E2BIG (more records than there can be slots), ELOOP (a file was
 * changed where it stands, and its tree no longer ends), ECANCELED within 100 ms once `cancel`,
 * which may be NULL, is true.
 */
struct locate_map *locate_map_create(struct locate_databases *databases, const atomic_bool *cancel);

/* [any thread] The maker has the first reference; the last one frees. NULL is fine. */
struct locate_map *locate_map_ref(struct locate_map *map);
void locate_map_unref(struct locate_map *map);

/* [any thread] What is inside is read-only. NULL of NULL. */
const struct prefix_map *locate_map_prefixes(const struct locate_map *map);

/*
 * [owner of `locate`] What locate_host would have said, with the map's databases, of an address of
 * this slot. `locate` keeps the place, and the map remembers its number: it has to be the same
 * struct locate each time. Which databases `locate` has open does not matter.
 */
uint32_t locate_map_place(struct locate_map *map, struct locate *locate, uint32_t slot);
