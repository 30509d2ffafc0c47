/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links other than Ethernet: how their frames begin, up to the network layer or to a step that
 * knows the way from there. The numbers and layouts are those of the registry that the libpcap
 * project keeps, https://www.tcpdump.org/linktypes.html.
 */
#include "walk.h"

#include <errno.h>

static const struct link_type {
	int number; /* libpcap's, as pcap_datalink tells it: DLT_RAW has three */
	enum parse_link link;
	const char *name;
} link_types[] = {
	{0, PARSE_LINK_NULL, "BSD loopback"},
	{1, PARSE_LINK_ETHERNET, "Ethernet"},
	{9, PARSE_LINK_PPP, "PPP"},
	{12, PARSE_LINK_RAW, "raw IP"},
	{14, PARSE_LINK_RAW, "raw IP"},
	{50, PARSE_LINK_PPP_SERIAL, "PPP with HDLC framing"},
	{51, PARSE_LINK_PPPOE, "PPP over Ethernet"},
	{101, PARSE_LINK_RAW, "raw IP"},
	{104, PARSE_LINK_C_HDLC, "Cisco HDLC"},
	{105, PARSE_LINK_WIFI, "IEEE 802.11"},
	{108, PARSE_LINK_NULL, "OpenBSD loopback"},
	{113, PARSE_LINK_COOKED, "Linux cooked v1"},
	{127, PARSE_LINK_WIFI_RADIOTAP, "IEEE 802.11 with radiotap"},
	{228, PARSE_LINK_IPV4, "raw IPv4"},
	{229, PARSE_LINK_IPV6, "raw IPv6"},
	{276, PARSE_LINK_COOKED2, "Linux cooked v2"},
};
#define LINK_TYPES (sizeof(link_types) / sizeof(link_types[0]))

static inline uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)le16(p + 2) << 16 | le16(p);
}

/* Nothing is wrong with the frame, but its text cannot be read; the event says why. */
static enum walk_step
unreadable(struct walk *w, enum decode_event why)
{
	w->fact->events |= (uint16_t)(1u << why);
	return walk_done(w, DECODE_NOT_IP);
}

/* The version nibble tells the two apart. Neither of them: what IPv4 says of other versions. */
static enum walk_step
raw_ip(struct walk *w)
{
	if (!walk_has(w, 1))
		return walk_done(w, DECODE_RUNT);
	return w->at[0] >> 4 == 6 ? STEP_IPV6 : STEP_IPV4;
}

/*
 * An address family in the byte order of who wrote it (NULL) or of the network (LOOP): families
 * are below 256, so the octet that is not 0 tells. AF_INET6 has another number on each system.
 */
static enum walk_step
bsd_loopback(struct walk *w)
{
	if (!walk_has(w, 4))
		return walk_done(w, DECODE_RUNT);
	uint32_t family = le32(w->at);
	if (family > 0xffff)
		family = be32(w->at);
	walk_skip(w, 4);
	switch (family) {
	case 2:
		return STEP_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return STEP_IPV6;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}

/* What Linux says of a packet instead of its link header: in `size` octets, the type at `at`. */
static enum walk_step
cooked(struct walk *w, uint32_t size, uint32_t at)
{
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	uint16_t type = be16(w->at + at);
	walk_skip(w, size);
	if (type ==
	    4) /* ETH_P_802_2; others as small are no EtherTypes: 802.3 of Novell, CAN, ... */
		return STEP_LLC;
	w->type = type;
	return STEP_TYPE;
}

/* RFC 1547 4.3.1: address (unicast or multicast), control 0, EtherType */
static enum walk_step
cisco_hdlc(struct walk *w)
{
	if (!walk_has(w, 4))
		return walk_done(w, DECODE_RUNT);
	w->type = be16(w->at + 2);
	walk_skip(w, 4);
	return STEP_TYPE;
}

/* The registry: the first octet is 0xff for PPP, 0x0f or 0x8f for Cisco's framing. */
static enum walk_step
ppp_serial(struct walk *w)
{
	if (walk_has(w, 1) && (w->at[0] == 0x0f || w->at[0] == 0x8f))
		return cisco_hdlc(w);
	return STEP_PPP;
}

/* RFC 2516 4: version and type, code (0: a session's data, others: discovery), session, length */
static enum walk_step
pppoe(struct walk *w)
{
	if (!walk_has(w, 6))
		return walk_done(w, DECODE_RUNT);
	if (w->at[1] != 0)
		return walk_done(w, DECODE_NOT_IP);
	w->type = ETHERTYPE_PPPOE_SESSION;
	return STEP_TYPE;
}

/*
 * IEEE 802.11 9.2.3: frame control, duration, three addresses, sequence control; a fourth address
 * between access points, QoS and HT control where frame control says so. Only data frames carry
 * LLC. `padded`: the driver has filled the header up to a multiple of four octets.
 */
static enum walk_step
wifi(struct walk *w, bool padded)
{
	enum {
		VERSION = 0x03,
		TYPE = 0x0c,
		DATA = 0x08,
		NO_DATA = 0x40,
		QOS = 0x80,
		BETWEEN_ACCESS_POINTS = 0x03,
		ENCRYPTED = 0x40,
		ORDER = 0x80,
		AGGREGATED = 0x80
	};

	if (!walk_has(w, 2))
		return walk_done(w, DECODE_RUNT);
	uint8_t kind = w->at[0], flags = w->at[1];
	if ((kind & VERSION) != 0 || (kind & TYPE) != DATA || kind & NO_DATA)
		return walk_done(w, DECODE_NOT_IP);
	uint32_t size = 24, qos = 0;
	if ((flags & BETWEEN_ACCESS_POINTS) == BETWEEN_ACCESS_POINTS)
		size += 6;
	if (kind & QOS) {
		qos = size;
		size += flags & ORDER ? 6 : 2;
	}
	if (padded)
		size = (size + 3) & ~3u;
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	if (flags & ENCRYPTED)
		return unreadable(w, EVENT_ENCRYPTED);
	if (w->at[22] & 15) /* a later fragment: the LLC header stands in the first one */
		return unreadable(w, EVENT_LINK_FRAGMENT);
	if (qos != 0 && w->at[qos] & AGGREGATED) /* several packets, and a frame has one result */
		return unreadable(w, EVENT_AGGREGATED);
	walk_skip(w, size);
	return STEP_LLC;
}

/*
 * https://www.radiotap.org: version 0, the header's length, a word of bits for the fields that
 * are present (with bit 31 another word follows), the fields. Only the flags matter here; before
 * them stands at most the clock, 8 octets on a multiple of 8.
 */
static enum walk_step
radiotap(struct walk *w)
{
	enum { CLOCK = 1, FLAGS = 2, FCS = 0x10, PADDED = 0x20, BAD_FCS = 0x40, FCS_SIZE = 4 };

	if (!walk_has(w, 8))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = le16(w->at + 2), present = le32(w->at + 4), at = 8;
	uint8_t flags = 0;
	if (w->at[0] != 0 || size < 8)
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	if (present & FLAGS) {
		for (uint32_t word = present; word >> 31; at += 4) {
			if (at + 4 > size)
				return walk_done(w, DECODE_NOT_IP);
			word = le32(w->at + at);
		}
		if (present & CLOCK)
			at = ((at + 7) & ~7u) + 8;
		if (at >= size)
			return walk_done(w, DECODE_NOT_IP);
		flags = w->at[at];
	}
	walk_skip(w, size);
	if (flags & BAD_FCS) /* received in pieces: any bit of it may be wrong, addresses too */
		return unreadable(w, EVENT_BAD_FCS);
	if (flags & FCS && w->left >= FCS_SIZE)
		walk_limit(w, w->left - FCS_SIZE);
	return wifi(w, flags & PADDED);
}

enum walk_step
step_link(struct walk *w, enum parse_link link)
{
	switch (link) {
	case PARSE_LINK_ETHERNET:
		break;
	case PARSE_LINK_RAW:
		return raw_ip(w);
	case PARSE_LINK_IPV4:
		return STEP_IPV4;
	case PARSE_LINK_IPV6:
		return STEP_IPV6;
	case PARSE_LINK_NULL:
		return bsd_loopback(w);
	case PARSE_LINK_COOKED:
		return cooked(w, 16, 14);
	case PARSE_LINK_COOKED2:
		return cooked(w, 20, 0);
	case PARSE_LINK_PPP:
		return STEP_PPP;
	case PARSE_LINK_PPP_SERIAL:
		return ppp_serial(w);
	case PARSE_LINK_C_HDLC:
		return cisco_hdlc(w);
	case PARSE_LINK_PPPOE:
		return pppoe(w);
	case PARSE_LINK_WIFI:
		return wifi(w, false);
	case PARSE_LINK_WIFI_RADIOTAP:
		return radiotap(w);
	case PARSE_LINK_OPAQUE:
		return walk_done(w, DECODE_NOT_IP);
	}
	return STEP_ETHERNET;
}

int
parse_link_of(int number, uint8_t *link)
{
	for (size_t i = 0; i < LINK_TYPES; i++) {
		if (link_types[i].number == number) {
			*link = (uint8_t)link_types[i].link;
			return 0;
		}
	}
	return -ENOENT;
}

const char *
parse_link_name(uint8_t link)
{
	for (size_t i = 0; i < LINK_TYPES; i++) {
		if (link_types[i].link == (enum parse_link)link)
			return link_types[i].name;
	}
	return "unknown";
}
