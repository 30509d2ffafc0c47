/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers that whoever captured a frame puts before it, and that say what follows. The layouts are
 * those of https://www.tcpdump.org/linktypes.html and of the documents that it names.
 */
#include "walk.h"

/* The frame behind such a header. Another such header there would be nonsense, and no end. */
static enum walk_step
inner(struct walk *w, uint32_t number)
{
	uint8_t link;

	if (number > INT32_MAX || parse_link_of((int)number, &link) != 0)
		return walk_done(w, DECODE_NOT_IP);
	switch ((enum parse_link)link) {
	case PARSE_LINK_PPI:
	case PARSE_LINK_ERF:
	case PARSE_LINK_NFLOG:
	case PARSE_LINK_PKTAP:
		return walk_done(w, DECODE_NOT_IP);
	case PARSE_LINK_ETHERNET:
		return STEP_ETHERNET;
	default:
		return step_link(w, (enum parse_link)link);
	}
}

/* CACE's Per-Packet Information: version 0, flags, length of all of it, link type; little endian */
static enum walk_step
ppi(struct walk *w)
{
	if (!walk_has(w, 8))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = le16(w->at + 2), number = le32(w->at + 4);
	if (w->at[0] != 0 || size < 8)
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	walk_skip(w, size);
	return inner(w, number);
}

/* Darwin's pktap_header: its length, the kind of record (1: a packet), link type, ...; little
 * endian */
static enum walk_step
pktap(struct walk *w)
{
	if (!walk_has(w, 12))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = le32(w->at), kind = le32(w->at + 4), number = le32(w->at + 8);
	if (kind != 1 || size < 12)
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	walk_skip(w, size);
	return inner(w, number);
}

/*
 * Address family, version 0, resource; then fields of length (with its own four octets), type and
 * value, each on a multiple of four octets; in the byte order of who wrote them, which today is
 * little. The payload is IP, as it passed the rule.
 */
static enum walk_step
nflog(struct walk *w)
{
	enum { PAYLOAD = 9, FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 };

	if (!walk_has(w, 4))
		return walk_done(w, DECODE_RUNT);
	uint8_t family = w->at[0];
	if (w->at[1] != 0 || (family != FAMILY_IPV4 && family != FAMILY_IPV6))
		return walk_done(w, DECODE_NOT_IP);
	walk_skip(w, 4);
	for (;;) { /* each turn moves on by four octets at the least */
		if (!walk_has(w, 4))
			return walk_done(w, w->left == 0 ? DECODE_NOT_IP : DECODE_RUNT);
		uint32_t size = le16(w->at), type = le16(w->at + 2) & 0x3fff;
		if (size < 4)
			return walk_done(w, DECODE_NOT_IP);
		if (type == PAYLOAD) {
			walk_limit(w, size);
			walk_skip(w, 4);
			return family == FAMILY_IPV4 ? STEP_IPV4 : STEP_IPV6;
		}
		size = (size + 3) & ~3u;
		if (!walk_has(w, size))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, size);
	}
}

/*
 * Endace's Extensible Record Format: time stamp (8), type, flags, length of the record, lost or
 * colour, length on the wire. The type's first bit says that extension headers of 8 octets follow,
 * and so does the first bit of each of them.
 */
static enum walk_step
erf_record(struct walk *w)
{
	enum { HEADER = 16, EXTENSION = 8, MORE = 0x80 };

	if (!walk_has(w, HEADER))
		return walk_done(w, DECODE_RUNT);
	uint8_t type = w->at[8];
	uint16_t wire = be16(w->at + 14);
	walk_skip(w, HEADER);
	for (bool more = type & MORE; more;) {
		if (!walk_has(w, EXTENSION))
			return walk_done(w, DECODE_RUNT);
		more = w->at[0] & MORE;
		walk_skip(w, EXTENSION);
	}
	switch (type & ~MORE) {
	case 2:  /* Ethernet: offset, padding */
	case 11: /* with a colour, with a stream's number, with a hash */
	case 16:
	case 20:
		if (!walk_has(w, 2))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, 2);
		walk_limit(w, wire);
		return STEP_ETHERNET;
	case 1: /* packets over SONET: HDLC's first octet tells Cisco's framing from PPP */
	case 10:
	case 15:
	case 19:
		return step_link(w, PARSE_LINK_PPP_SERIAL);
	case 22:
		return STEP_IPV4;
	case 23:
		return STEP_IPV6;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}

enum walk_step
step_captured(struct walk *w, enum parse_link link)
{
	switch (link) {
	case PARSE_LINK_PPI:
		return ppi(w);
	case PARSE_LINK_PKTAP:
		return pktap(w);
	case PARSE_LINK_NFLOG:
		return nflog(w);
	default:
		return erf_record(w);
	}
}
