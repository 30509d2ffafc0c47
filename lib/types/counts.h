/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted for a host, a place, a country: packets and octets, for each layer and direction.
 * Eight numbers, 64 bytes, one cache line: the row that an RX lcore touches for an address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum layer {
	LAYER_TCP,
	LAYER_UDP,
	LAYERS,
};

enum direction {
	AS_SOURCE,
	AS_DESTINATION,
	DIRECTIONS,
};

struct counts {
	uint64_t packets[LAYERS][DIRECTIONS];
	uint64_t octets[LAYERS][DIRECTIONS]; /* of the IP packet, from its header */
};

_Static_assert(sizeof(struct counts) == 64, "a row of counts is one cache line");

static inline void
counts_add(struct counts *into, const struct counts *from)
{
	for (int l = 0; l < LAYERS; l++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			into->packets[l][d] += from->packets[l][d];
			into->octets[l][d] += from->octets[l][d];
		}
	}
}

static inline uint64_t
counts_packets(const struct counts *c)
{
	return c->packets[LAYER_TCP][AS_SOURCE] + c->packets[LAYER_TCP][AS_DESTINATION] +
	       c->packets[LAYER_UDP][AS_SOURCE] + c->packets[LAYER_UDP][AS_DESTINATION];
}

static inline uint64_t
counts_octets(const struct counts *c)
{
	return c->octets[LAYER_TCP][AS_SOURCE] + c->octets[LAYER_TCP][AS_DESTINATION] +
	       c->octets[LAYER_UDP][AS_SOURCE] + c->octets[LAYER_UDP][AS_DESTINATION];
}
