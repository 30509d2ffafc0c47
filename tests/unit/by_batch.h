/* SPDX-License-Identifier: BSD-3-Clause */
/* One frame through parse_batch, with its short way for plain frames: what it found, as a fact. */
#pragma once

#include "parse_batch.h"

static inline struct parse_frame_at
by_batch_next(const void *frames, uint32_t i)
{
	return ((const struct parse_frame_at *)frames)[i];
}

static inline struct parse_fact
by_batch(const uint8_t *bytes, size_t captured, size_t length, const struct parse_options *options)
{
	static struct parse_batch batch;
	const struct parse_frame_at frame = {bytes, (uint32_t)captured, (uint32_t)length};
	struct parse_fact fact = {0};

	parse_batch(&batch, 1, options, by_batch_next, &frame);
	if (batch.n_other == 1)
		return batch.other[0];
	fact.frame_octets = batch.seen[LAYER_TCP].octets + batch.seen[LAYER_UDP].octets;
	if (batch.n_ipv4 == 1) {
		uint8_t ends[2][4];

		memcpy(ends, batch.ipv4[0].addr, sizeof(ends));
		fact.src = host_addr_from_ipv4(ends[AS_SOURCE]);
		fact.dst = host_addr_from_ipv4(ends[AS_DESTINATION]);
		fact.octets = batch.ipv4[0].octets;
		fact.result = batch.ipv4[0].layer == LAYER_TCP ? DECODE_TCP : DECODE_UDP;
		fact.family = ADDR_IPV4;
	} else {
		fact.src = batch.ipv6[0].addr[AS_SOURCE];
		fact.dst = batch.ipv6[0].addr[AS_DESTINATION];
		fact.octets = batch.ipv6[0].octets;
		fact.result = batch.ipv6[0].layer == LAYER_TCP ? DECODE_TCP : DECODE_UDP;
		fact.family = ADDR_IPV6;
	}
	return fact;
}
