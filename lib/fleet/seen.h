/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which periods of one process of a sensor are counted already: what tells a message from its
 * repetition, also after a restart, and for ever.
 *
 * Numbers come nearly in order and nearly without gaps, so a few ranges say it all. Where there are
 * more gaps than ranges, the oldest gap is closed: what still comes of it is told as too old rather
 * than counted, since nobody knows any more whether it was.
 *
 * Pure. [any thread] with a struct seen of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_RANGES     16
#define SEEN_PACKED_MAX (1 + 10 * (1 + 2 * SEEN_RANGES))

struct seen {
	uint64_t closed; /* numbers up to this one that are in no range may have been counted */
	struct {
		uint64_t first, last;
	} ranges[SEEN_RANGES]; /* ascending, with a gap between any two */
	size_t count;
};

enum seen_answer {
	SEEN_NEW,
	SEEN_COUNTED,
	SEEN_UNKNOWN, /* in a gap that was closed */
};

enum seen_answer seen_ask(const struct seen *seen, uint64_t number);
void seen_add(struct seen *seen, uint64_t number);

/* As octets, for a store. The size. */
size_t seen_pack(const struct seen *seen, uint8_t out[SEEN_PACKED_MAX]);
/* False: not what seen_pack made; `seen` is empty then. */
bool seen_unpack(struct seen *seen, const void *data, size_t size);
