/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IEEE 802.11, alone and behind radiotap. Only data frames carry LLC, and only what is in plain
 * text can be read; the rest is named by an event.
 */
#include "walk.h"

#include <string.h>

enum {
	/* frame control, its first octet */
	VERSION = 0x03,
	TYPE = 0x0c,
	DATA = 0x08,
	NO_DATA = 0x40,
	QOS = 0x80,
	/* and its second */
	TO_DS = 0x01,
	FROM_DS = 0x02,
	ENCRYPTED = 0x40,
	ORDER = 0x80,
	/* QoS control */
	AGGREGATED = 0x80, /* in its first octet */
	MESH = 0x01,       /* in its second */

	MAC = 6,
	ADDRESS1 = 4,
	ADDRESS2 = 10,
	ADDRESS3 = 16,
	ADDRESS4 = 24,
	HEADER = 24,

	MESH_CONTROL = 6,
	MESH_ADDRESSES = 3, /* mesh flags: how many addresses are added; the other bits are 0 */
};

static bool
is_snap(const uint8_t *p)
{
	return p[0] == 0xaa && p[1] == 0xaa && p[2] == 0x03;
}

/*
 * 9.2.4.8.3 of IEEE 802.11: flags, TTL, a sequence number, and up to two addresses more. Between
 * mesh stations it stands before LLC, and QoS control says so; drafts of 802.11s had no bit for it,
 * so a control with LLC behind it is taken for one as well. False: the frame ends inside it.
 */
static bool
pass_mesh_control(struct walk *w, bool announced)
{
	if (!walk_has(w, 1))
		return !announced;
	uint8_t flags = w->at[0];
	uint32_t size = MESH_CONTROL + (flags & MESH_ADDRESSES) * (uint32_t)MAC;
	if ((flags & ~MESH_ADDRESSES) != 0 || (flags & MESH_ADDRESSES) == MESH_ADDRESSES)
		return true;
	if (!walk_has(w, size))
		return !announced;
	if (announced || (walk_has(w, size + 3) && is_snap(w->at + size)))
		walk_skip(w, size);
	return true;
}

/* Some bridges put a whole Ethernet frame where LLC belongs: an address of it is the header's. */
static bool
is_ethernet(const struct walk *w, const uint8_t *header, uint8_t ds)
{
	const uint8_t *to = header + (ds & TO_DS ? ADDRESS3 : ADDRESS1);
	const uint8_t *from = header + (ds == (TO_DS | FROM_DS) ? ADDRESS4
					: ds & FROM_DS          ? ADDRESS3
								: ADDRESS2);

	if (!walk_has(w, 2 * MAC + 2) || is_snap(w->at))
		return false;
	return memcmp(w->at, to, MAC) == 0 || memcmp(w->at + MAC, from, MAC) == 0;
}

/*
 * 9.2.3: frame control, duration, three addresses, sequence control; a fourth address between
 * access points, QoS and HT control where frame control says so.
 */
enum walk_step
step_wifi(struct walk *w, unsigned int how)
{
	const uint8_t *header = w->at;

	if (!walk_has(w, 2))
		return walk_done(w, DECODE_RUNT);
	uint8_t kind = header[0], flags = header[1], ds = flags & (TO_DS | FROM_DS);
	if ((kind & VERSION) != 0 || (kind & TYPE) != DATA || kind & NO_DATA)
		return walk_done(w, DECODE_NOT_IP);
	uint32_t size = HEADER, qos = 0;
	if (ds == (TO_DS | FROM_DS))
		size += MAC;
	if (kind & QOS) {
		qos = size;
		size += flags & ORDER ? 6 : 2;
	}
	if (how & WIFI_PADDED)
		size = (size + 3) & ~3u;
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	if (flags & ENCRYPTED && !(how & WIFI_DECRYPTED))
		return walk_unreadable(w, EVENT_ENCRYPTED);
	if (header[22] & 15) /* a later fragment: the LLC header stands in the first one */
		return walk_unreadable(w, EVENT_LINK_FRAGMENT);
	if (qos != 0 && header[qos] & AGGREGATED) /* several packets, and a frame has one result */
		return walk_unreadable(w, EVENT_AGGREGATED);
	walk_skip(w, size);
	if (flags & ENCRYPTED) { /* the initialization vector stays: 4 octets, extended 8 */
		if (!walk_has(w, 4))
			return walk_done(w, DECODE_RUNT);
		size = w->at[3] & 0x20 ? 8 : 4;
		if (!walk_has(w, size))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, size);
	}
	const bool mesh = ds & FROM_DS && qos != 0 && (header[qos + 1] & MESH) != 0;
	if (!mesh && is_ethernet(w, header, ds))
		return STEP_ETHERNET;
	if (ds & FROM_DS && !pass_mesh_control(w, mesh))
		return walk_done(w, DECODE_RUNT);
	return STEP_LLC;
}

/*
 * https://www.radiotap.org: version 0, the header's length, a word of bits for the fields that
 * are present (with bit 31 another word follows), the fields. Only the flags matter here; before
 * them stands at most the clock, 8 octets on a multiple of 8.
 */
enum walk_step
step_radiotap(struct walk *w)
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
		return walk_unreadable(w, EVENT_BAD_FCS);
	if (flags & FCS && w->left >= FCS_SIZE)
		walk_limit(w, w->left - FCS_SIZE);
	return step_wifi(w, flags & PADDED ? WIFI_PADDED : 0);
}
