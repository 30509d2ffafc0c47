/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder tell each other. */
#pragma once

#include "locate.h"
#include "special.h"

#include <maxminddb.h>

/* Decodes a record of a database with the flat or the nested schema, and interns its place.
 * PLACE_NONE where it names neither position nor country, PLACE_UNASKED without memory. */
uint32_t locate_intern_record(struct locate *locate, MMDB_entry_s *entry, bool flat);
bool locate_is_flat(const struct locate *locate, size_t database);
