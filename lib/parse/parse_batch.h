/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst of frames, parsed and sorted by how it will be counted.
 *
 * Nearly every frame of nearly every network is Ethernet (with up to two VLAN tags), IPv4 without
 * options or IPv6 without extension headers, then TCP or UDP. A glance tells these, inline, and
 * keeps 16 octets of an IPv4 packet. All others go through parse_frame, which knows everything; of
 * a frame that both understand they say the same (tests/unit compares them).
 *
 * Frames of other links than Ethernet go through parse_frame all: which loop it is, is decided once
 * for a burst.
 *
 * Pure like parse_frame: any thread, no EAL, nothing allocated.
 */
#pragma once

#include "counts.h"
#include "host_addr.h"
#include "load.h"
#include "parse.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PARSE_MAX_BATCH 256

/* a TCP or UDP packet and its two ends */
struct parse_pair4 {
	uint32_t addr[DIRECTIONS]; /* as on the wire */
	uint32_t octets;           /* of the IP packet */
	uint32_t layer;            /* enum layer */
};

struct parse_pair6 {
	struct host_addr addr[DIRECTIONS];
	uint32_t octets;
	uint32_t layer;
};

struct parse_batch {
	uint32_t n_ipv4, n_ipv6; /* pairs of each family */
	uint32_t n_other;        /* facts: of the frames that a glance did not tell */
	struct {
		uint32_t frames;
		uint32_t octets; /* of the frames: no header said more, see parse_glance */
	} seen[LAYERS];          /* what the pairs were read from */
	struct parse_pair4 ipv4[PARSE_MAX_BATCH];
	struct parse_pair6 ipv6[PARSE_MAX_BATCH];
	struct parse_fact other[PARSE_MAX_BATCH];
	uint16_t other_frame[PARSE_MAX_BATCH]; /* which of the burst it is */
};

enum parse_glance {
	PARSE_GLANCE_NOT, /* parse_frame knows */
	PARSE_GLANCE_IPV4,
	PARSE_GLANCE_IPV6,
};

/* 1 << protocol for those that count at a glance: TCP, and UDP where it can't be a tunnel. */
static inline uint32_t
parse_glance_protocols(const struct parse_options *how)
{
	return 1u << 6 | (how->decap == 0 ? 1u << 17 : 0);
}

/*
 * The protocols are tested through a mask of bits: TCP or UDP is a coin that no branch predictor
 * foretells, whereas "one of the two" nearly always holds. (Measured: 2 ns a packet.)
 */
static inline __attribute__((always_inline)) bool
parse_glance_ipv4(const uint8_t *ip, uint32_t left, uint32_t protocols, struct parse_pair4 *pair)
{
	uint32_t first = be32(ip);                  /* version, IHL, TOS, total length */
	uint32_t third = be32(ip + 6) & 0x1fff00ff; /* fragment offset, protocol */
	uint32_t octets = first & 0xffff;

	/* IHL 5: no options; 20 <= octets <= left; an offset makes `third` larger than 31 */
	if (__builtin_expect(first >> 24 != 0x45 || octets - 20 > left - 20 || third > 31, 0) ||
	    __builtin_expect(!(protocols >> third & 1), 0))
		return false;
	memcpy(pair->addr, ip + 12, sizeof(pair->addr));
	pair->octets = octets;
	pair->layer = third >> 4; /* 6 or 17 -> 0 or 1 */
	return true;
}

static inline __attribute__((always_inline)) bool
parse_glance_ipv6(const uint8_t *ip, uint32_t left, uint32_t protocols, struct parse_pair6 *pair)
{
	uint32_t octets = 40 + be16(ip + 4), proto = ip[6];

	/* a payload length of 0 has a event, one beyond the frame too */
	if (__builtin_expect(ip[0] >> 4 != 6 || octets == 40 || octets > left || proto > 31, 0) ||
	    __builtin_expect(!(protocols >> proto & 1), 0))
		return false;
	memcpy(pair->addr, ip + 8, sizeof(pair->addr));
	pair->octets = octets;
	pair->layer = proto >> 4;
	return true;
}

/*
 * A packet that its header says is longer than the frame is left to parse_frame, which knows the
 * frame's octets: so here they are `length`.
 *
 * One look at a frame; the first three arguments are those of parse_frame. Writes the pair of the
 * family that it returns. What it does not know for certain it leaves to parse_frame.
 */
static inline __attribute__((always_inline)) enum parse_glance
parse_glance(const uint8_t *bytes, uint32_t captured, uint32_t length, uint32_t protocols,
	     struct parse_pair4 *ipv4, struct parse_pair6 *ipv6)
{
	uint32_t at = 12;

	/* Ethernet, two tags, IPv4: no load goes beyond that, but for IPv6, which asks again */
	if (__builtin_expect(captured < 14 + 2 * 4 + 20, 0))
		return PARSE_GLANCE_NOT;
	uint32_t type = be16(bytes + at);
	/* the most frequent first, and with offsets that the compiler knows */
	if (__builtin_expect(type == 0x0800, 1))
		return parse_glance_ipv4(bytes + 14, length - 14, protocols, ipv4)
			       ? PARSE_GLANCE_IPV4
			       : PARSE_GLANCE_NOT;
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++)
		type = be16(bytes + (at += 4));
	at += 2;
	if (type == 0x0800)
		return parse_glance_ipv4(bytes + at, length - at, protocols, ipv4)
			       ? PARSE_GLANCE_IPV4
			       : PARSE_GLANCE_NOT;
	if (type == 0x86dd && captured >= at + 40)
		return parse_glance_ipv6(bytes + at, length - at, protocols, ipv6)
			       ? PARSE_GLANCE_IPV6
			       : PARSE_GLANCE_NOT;
	return PARSE_GLANCE_NOT;
}

/* The frames of a burst, one after the other. */
struct parse_frame_at {
	const uint8_t *bytes;
	uint32_t captured, length;
};

/* A burst of frames of another link than Ethernet: no glance knows them. */
static inline void
parse_batch_of_link(struct parse_batch *batch, uint32_t n, const struct parse_options *how,
		    struct parse_frame_at (*next)(const void *frames, uint32_t i),
		    const void *frames)
{
	for (uint32_t i = 0; i < n; i++) {
		struct parse_frame_at f = next(frames, i);

		parse_frame(f.bytes, f.captured, f.length, how, &batch->other[i]);
		batch->other_frame[i] = (uint16_t)i;
	}
	batch->n_ipv4 = batch->n_ipv6 = 0;
	batch->n_other = n;
	memset(batch->seen, 0, sizeof(batch->seen));
}

/*
 * Parses n <= PARSE_MAX_BATCH frames; `next(frames, i)` says where the i-th is. Inlined, so that
 * the counters live in registers and `next` costs no call.
 */
static inline __attribute__((always_inline)) void
parse_batch(struct parse_batch *batch, uint32_t n, const struct parse_options *how,
	    struct parse_frame_at (*next)(const void *frames, uint32_t i), const void *frames)
{
	if (__builtin_expect(how->link != PARSE_LINK_ETHERNET, 0)) {
		parse_batch_of_link(batch, n, how, next, frames);
		return;
	}
	uint32_t protocols = parse_glance_protocols(how);
	uint32_t n_ipv4 = 0, n_ipv6 = 0, n_other = 0;
	uint32_t octets = 0, udp = 0, udp_octets = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct parse_frame_at f = next(frames, i);
		uint32_t layer;

		switch (parse_glance(f.bytes, f.captured, f.length, protocols, &batch->ipv4[n_ipv4],
				     &batch->ipv6[n_ipv6])) {
		case PARSE_GLANCE_IPV4:
			layer = batch->ipv4[n_ipv4++].layer;
			break;
		case PARSE_GLANCE_IPV6:
			layer = batch->ipv6[n_ipv6++].layer;
			break;
		default:
			parse_frame(f.bytes, f.captured, f.length, how, &batch->other[n_other]);
			batch->other_frame[n_other++] = (uint16_t)i;
			continue;
		}
		octets += f.length;
		udp += layer;
		udp_octets += f.length & -layer;
	}
	batch->n_ipv4 = n_ipv4;
	batch->n_ipv6 = n_ipv6;
	batch->n_other = n_other;
	batch->seen[LAYER_TCP].frames = n_ipv4 + n_ipv6 - udp;
	batch->seen[LAYER_TCP].octets = octets - udp_octets;
	batch->seen[LAYER_UDP].frames = udp;
	batch->seen[LAYER_UDP].octets = udp_octets;
}
