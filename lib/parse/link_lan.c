/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local networks beside Ethernet and 802.11. The layouts are those of
 * https://www.tcpdump.org/linktypes.html and of the standards that it names.
 */
#include "walk.h"

enum {
	MAC = 6,
};

/* IEEE 802.5: access and frame control, destination, source; a route where the source's first bit
 * says so, whose first five bits of length count the route's own octets. */
static enum walk_step
token_ring(struct walk *w)
{
	enum { HEADER = 2 + 2 * MAC, FRAME_TYPE = 0xc0, LLC = 0x40, ROUTED = 0x80, LENGTH = 0x1f };

	if (!walk_has(w, HEADER))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = HEADER;
	if ((w->at[1] & FRAME_TYPE) != LLC)
		return walk_done(w, DECODE_NOT_IP);
	if (w->at[2 + MAC] & ROUTED) {
		if (!walk_has(w, HEADER + 2))
			return walk_done(w, DECODE_RUNT);
		size += w->at[HEADER] & LENGTH;
		if (size < HEADER + 2)
			return walk_done(w, DECODE_NOT_IP);
		if (!walk_has(w, size))
			return walk_done(w, DECODE_RUNT);
	}
	walk_skip(w, size);
	return STEP_LLC;
}

/* ANSI X3.139: frame control, destination, source. 0101xxxx is an asynchronous LLC frame. */
static enum walk_step
fddi(struct walk *w)
{
	enum { HEADER = 1 + 2 * MAC };

	if (!walk_has(w, HEADER))
		return walk_done(w, DECODE_RUNT);
	if ((w->at[0] & 0xf0) != 0x50)
		return walk_done(w, DECODE_NOT_IP);
	walk_skip(w, HEADER);
	return STEP_LLC;
}

/*
 * RFC 1201: source, destination (Linux puts two octets of offset behind them), protocol, split
 * flag, sequence number. A split flag of 0xff makes four octets of padding and then the true flag.
 * RFC 1051, with a number of its own, has neither flag nor sequence. Of a split packet the first
 * part, whose flag is odd, has the IP header.
 */
static enum walk_step
arcnet(struct walk *w, uint32_t protocol_at)
{
	enum { IPV4_RFC1051 = 240, IPV4 = 212, IPV6 = 196, EXCEPTION = 0xff };
	uint32_t flag_at = protocol_at + 1;

	if (!walk_has(w, protocol_at + 1))
		return walk_done(w, DECODE_RUNT);
	uint8_t protocol = w->at[protocol_at];
	if (protocol == IPV4_RFC1051) {
		walk_skip(w, protocol_at + 1);
		return STEP_IPV4;
	}
	if (protocol != IPV4 && protocol != IPV6)
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, flag_at + 3))
		return walk_done(w, DECODE_RUNT);
	if (w->at[flag_at] == EXCEPTION) {
		flag_at += 4;
		if (!walk_has(w, flag_at + 3))
			return walk_done(w, DECODE_RUNT);
	}
	uint8_t flag = w->at[flag_at];
	if (flag != 0 && !(flag & 1))
		return walk_unreadable(w, EVENT_LINK_FRAGMENT);
	walk_skip(w, flag_at + 3);
	return protocol == IPV4 ? STEP_IPV4 : STEP_IPV6;
}

/* 40 octets of InfiniBand's global routing header; RFC 4391 6: type, two octets that are reserved
 */
static enum walk_step
ipoib(struct walk *w)
{
	if (!walk_has(w, 44))
		return walk_done(w, DECODE_RUNT);
	w->type = be16(w->at + 40);
	walk_skip(w, 44);
	return STEP_TYPE;
}

enum walk_step
step_lan(struct walk *w, enum parse_link link)
{
	switch (link) {
	case PARSE_LINK_TOKEN_RING:
		return token_ring(w);
	case PARSE_LINK_FDDI:
		return fddi(w);
	case PARSE_LINK_ARCNET_BSD:
		return arcnet(w, 2);
	case PARSE_LINK_ARCNET_LINUX:
		return arcnet(w, 4);
	default:
		return ipoib(w);
	}
}
