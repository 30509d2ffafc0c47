/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame for the parser, and what its facts are: tables of them in parse_link.c, parse_ip.c and
 * parse_tunnel.c, each of which test_parse.c walks through in four ways.
 *
 * A new one: CASE(name, decap, facts) { what builds it in `f` }, and its line at the file's end.
 */
#pragma once

#include "frame.h"
#include "parse.h"

#include <stddef.h>
#include <string.h>

#define R(name) (1u << EVENT_##name)
#define T(name) (1u << TUNNEL_##name)
#define ALL     PARSE_DECAP_ALL

struct want {
	enum decode_result result;
	int host;   /* last octet of the source; the destination's is one more */
	int family; /* 4, 6 */
	uint32_t octets;
	unsigned int events;
	unsigned int unwrapped;
	int too_deep;
};

struct test_case {
	const char *name;
	void (*build)(struct frame *f);
	uint32_t decap;
	struct want want;
};

/* What stands behind an EtherType: a TCP packet of 40 octets, a UDP one of 48. */
static inline void
tcp4(struct frame *f)
{
	put_ipv4(f, 6, 40, 0, 0, 1);
	put_tcp(f);
}

static inline void
udp6(struct frame *f)
{
	put_ipv6(f, 17, 8, 1);
	put_udp(f, 1000, 53, 8);
}

/* a case named `id`: the frame is what the block builds in `f` */
#define CASE(id, bits, ...)                                                                        \
	static void build_##id(struct frame *f);                                                   \
	static const struct test_case case_##id = {#id, build_##id, bits, __VA_ARGS__};            \
	static void build_##id(struct frame *f)
#define IS_TCP4                                                                                    \
	{                                                                                          \
		DECODE_TCP, 1, 4, 40, 0, 0, 0                                                      \
	}
#define IS_UDP6                                                                                    \
	{                                                                                          \
		DECODE_UDP, 1, 6, 48, 0, 0, 0                                                      \
	}
#define NOT(v)                                                                                     \
	{                                                                                          \
		DECODE_##v, 0, 0, 0, 0, 0, 0                                                       \
	}

/* ends with NULL */
extern const struct test_case *const link_cases[], *const ip_cases[], *const tunnel_cases[];
