/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Everything between the first octet of a frame and its IP header: Ethernet, tags, labels, LLC,
 * PPP. Which of these headers stand there says nothing about what counts; they are only passed.
 */
#include "walk.h"

enum {
	ETHERNET_HEADER = 14,
	MAC = 6,
	LLC_LEAST = 3, /* two service access points and a control octet */

	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
	PPP_MPLS_UPSTREAM = 0x0283,
};

/* Tags of one size, with the type of what follows in their last two octets. */
static const struct tag {
	uint16_t type;
	uint8_t size;
} tags[] = {
	{ETHERTYPE_VLAN, 4},           /* IEEE 802.1Q C-tag; priority tags have VLAN 0 */
	{ETHERTYPE_QINQ, 4},           /* 802.1Q S-tag, 802.1ad */
	{ETHERTYPE_QINQ_OLD, 4},       /* S-tag before 802.1ad had its number */
	{ETHERTYPE_CISCO_METADATA, 8}, /* Cisco TrustSec: version, length, option, group tag */
	{ETHERTYPE_VNTAG, 6},          /* Cisco VN-Tag */
	{ETHERTYPE_HSR, 6},            /* IEC 62439-3: path and size, sequence */
	{ETHERTYPE_ETAG, 8},           /* 802.1BR */
	{ETHERTYPE_RTAG, 6},           /* 802.1CB */
};

static const struct tag *
tag_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i].type == type)
			return &tags[i];
	}
	return NULL;
}

/* The type field of an Ethernet header or VLAN tag: a type, or the length of an LLC packet. */
static enum walk_step
type_or_length(struct walk *w, uint16_t value)
{
	if (value <= IEEE_802_3_MAX_LENGTH) {
		walk_limit(w, value);
		/* a length of 0 to 2 is what the sender said: nothing is cut, and nothing is IP */
		return value < LLC_LEAST ? walk_done(w, DECODE_NOT_IP) : STEP_LLC;
	}
	w->type = value;
	return STEP_TYPE;
}

/*
 * Cisco ISL wraps the whole frame, and is known by its destination alone, 01-00-0C-00-00 or
 * 0C-00-0C-00-00 and then a type nibble (0: Ethernet) and a user nibble. 26 octets, and the length
 * field counts from behind itself; some senders leave it 0.
 */
static bool
is_isl(const uint8_t *frame)
{
	return (frame[0] == 0x01 || frame[0] == 0x0c) && frame[1] == 0x00 && frame[2] == 0x0c &&
	       frame[3] == 0x00 && frame[4] == 0x00 && frame[5] >> 4 == 0;
}

enum walk_step
step_ethernet(struct walk *w)
{
	const uint8_t *frame = w->at;

	if (!walk_has(w, ETHERNET_HEADER))
		return walk_done(w, DECODE_RUNT);

	uint16_t type = be16(frame + 12);
	if (type <= IEEE_802_3_MAX_LENGTH && is_isl(frame)) {
		if (!walk_has(w, 26))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, ETHERNET_HEADER);
		if (type != 0)
			walk_limit(w, type);
		if (!walk_has(w, 12))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, 12);
		return STEP_ETHERNET;
	}
	walk_skip(w, ETHERNET_HEADER);
	return type_or_length(w, type);
}

/*
 * IEEE 802.1AE. Without encryption (E) and change (C) the text is plain behind the tag: TCI, short
 * length, packet number, and with SC set the channel's identifier. 16 octets of check value follow
 * the text.
 */
static enum walk_step
pass_macsec(struct walk *w)
{
	if (!walk_has(w, 1))
		return walk_done(w, DECODE_RUNT);
	uint8_t tci = w->at[0];
	uint32_t size = tci & 0x20 ? 14 : 6;
	if (tci & 0x80 || tci & 0x0c) /* another version; encrypted or changed */
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size + 2))
		return walk_done(w, DECODE_RUNT);
	if (w->left < size + 2 + 16)
		return walk_done(w, DECODE_NOT_IP);
	uint16_t type = be16(w->at + size);
	walk_skip(w, size + 2);
	walk_limit(w, w->left - 16);
	return type_or_length(w, type);
}

/* RFC 2516: version and type 1, code 0, session, length of the PPP packet */
static enum walk_step
pass_pppoe(struct walk *w)
{
	if (!walk_has(w, 6))
		return walk_done(w, DECODE_RUNT);
	uint16_t length = be16(w->at + 4);
	walk_skip(w, 6);
	walk_limit(w, length);
	return STEP_PPP;
}

/*
 * Arista's time stamp: subtype 1, a version (the lower octet 0x10: 64 bits, 0x20: 48 bits, the
 * upper one says TAI or UTC), the stamp, a type.
 */
static enum walk_step
pass_arista(struct walk *w)
{
	if (!walk_has(w, 4))
		return walk_done(w, DECODE_RUNT);
	uint16_t version = be16(w->at + 2);
	if (be16(w->at) != 1 || version >> 8 > 1)
		return walk_done(w, DECODE_NOT_IP);
	uint32_t size = 4;
	if ((version & 0xff) == 0x10)
		size += 8;
	else if ((version & 0xff) == 0x20)
		size += 6;
	else
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size + 2))
		return walk_done(w, DECODE_RUNT);
	uint16_t type = be16(w->at + size);
	walk_skip(w, size + 2);
	return type_or_length(w, type);
}

enum walk_step
step_type(struct walk *w)
{
	const struct tag *tag = tag_of(w->type);
	if (tag != NULL) {
		if (!walk_has(w, tag->size))
			return walk_done(w, DECODE_RUNT);
		uint16_t type = be16(w->at + tag->size - 2);
		walk_skip(w, tag->size);
		return type_or_length(w, type);
	}

	switch (w->type) {
	case ETHERTYPE_IPV4:
		return STEP_IPV4;
	case ETHERTYPE_IPV6:
		return STEP_IPV6;
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
		return STEP_MPLS;
	case ETHERTYPE_PPPOE_SESSION:
		return pass_pppoe(w);
	case ETHERTYPE_NSH:
		return STEP_NSH;
	case ETHERTYPE_JUMBO_LLC:
		return STEP_LLC;
	case ETHERTYPE_TEB:
		return STEP_ETHERNET;
	case ETHERTYPE_MACSEC:
		return pass_macsec(w);
	case ETHERTYPE_ARISTA:
		return pass_arista(w);
	case ETHERTYPE_PBB: /* 802.1ah: flags and I-SID, then the customer's whole frame */
		if (!walk_has(w, 4))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, 4);
		return STEP_ETHERNET;
	case ETHERTYPE_FABRICPATH: /* Cisco: forwarding tag and TTL, then the customer's frame */
		if (!walk_has(w, 2))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, 2);
		return STEP_ETHERNET;
	case ETHERTYPE_CENTRINO: /* Intel's driver in promiscuous mode: a frame of 802.11 */
		return step_wifi(w, WIFI_DECRYPTED);
	case ETHERTYPE_TRILL: /* RFC 6325 3: flags with the options' length, two nicknames */
	{
		if (!walk_has(w, 6))
			return walk_done(w, DECODE_RUNT);
		uint32_t size = 6 + (be16(w->at) >> 6 & 31) * 4u;
		if (!walk_has(w, size))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, size);
		return STEP_ETHERNET;
	}
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}

/*
 * IEEE 802.2. IP stands behind SNAP (RFC 1042), and by its own SAP 6. Only unnumbered information
 * (control 3, one octet) and information frames (lowest bit 0, two octets) carry data.
 */
enum walk_step
step_llc(struct walk *w)
{
	const uint8_t *llc = w->at;

	if (!walk_has(w, LLC_LEAST))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = llc[2] == 3 ? 3 : !(llc[2] & 1) ? 4 : 0;
	bool snap = llc[0] == 0xaa && llc[1] == 0xaa;
	bool ip = llc[0] == 0x06;
	if (size == 0 || !(snap || ip))
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, snap ? size + 5 : size))
		return walk_done(w, DECODE_RUNT);
	walk_skip(w, size);
	if (ip)
		return STEP_IPV4;

	const uint8_t *oui = w->at;
	uint32_t org = (uint32_t)oui[0] << 16 | (uint32_t)oui[1] << 8 | oui[2];
	uint16_t id = be16(oui + 3);
	walk_skip(w, 5);
	switch (org) {
	case 0x000000: /* RFC 1042 */
	case 0x0000f8: /* 802.1H bridge tunnel */
		w->type = id;
		return STEP_TYPE;
	case 0x0080c2: /* RFC 2684 5.2: bridged Ethernet with (1) and without (7) FCS, 2 of pad */
		if (id != 1 && id != 7)
			return walk_done(w, DECODE_NOT_IP);
		if (!walk_has(w, 2))
			return walk_done(w, DECODE_RUNT);
		walk_skip(w, 2);
		return STEP_ETHERNET;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}

/* How much does `p` look like the type field of an Ethernet header? 2: a known type, 1: what could
 * be a length, 0: not at all. */
static int
type_likeness(const uint8_t *p)
{
	uint16_t type = be16(p);

	switch (type) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_ARP:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
	case ETHERTYPE_PPPOE_DISCOVERY:
	case ETHERTYPE_PPPOE_SESSION:
	case ETHERTYPE_EAPOL:
	case ETHERTYPE_LLDP:
	case ETHERTYPE_MACSEC:
	case ETHERTYPE_PBB:
	case ETHERTYPE_CFM:
		return 2;
	default:
		return tag_of(type) != NULL ? 2 : type <= IEEE_802_3_MAX_LENGTH;
	}
}

/*
 * Below the label stack stands nothing that names what follows. By BCP 128 the first nibble tells:
 * 4 and 6 are IP, 1 is an associated channel, 0 a pseudo-wire with a control word - or an Ethernet
 * pseudo-wire without one whose destination MAC begins with 0. Of these two, it is the one
 * where the type field would stand at a type, or at what can be a length; if both are, RFC 4448 4.6
 * decides, which wants the control word's first 16 bits to be 0.
 */
static enum walk_step
below_labels(struct walk *w)
{
	if (!walk_has(w, 1))
		return walk_done(w, DECODE_RUNT);
	switch (w->at[0] >> 4) {
	case 4:
		return STEP_IPV4;
	case 6:
		return STEP_IPV6;
	case 1: /* RFC 4385 5: version, reserved, channel type */
		if (!walk_has(w, 4))
			return walk_done(w, DECODE_NOT_IP);
		uint16_t channel = be16(w->at + 2);
		walk_skip(w, 4);
		return channel == PPP_IPV4   ? STEP_IPV4
		       : channel == PPP_IPV6 ? STEP_IPV6
					     : walk_done(w, DECODE_NOT_IP);
	case 0:
		break;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}

	int plain = walk_has(w, ETHERNET_HEADER) ? type_likeness(w->at + 2 * MAC) : 0;
	int word = walk_has(w, 4 + ETHERNET_HEADER) ? type_likeness(w->at + 4 + 2 * MAC) : 0;
	if (plain == 0 && word == 0)
		return walk_done(w, DECODE_NOT_IP);
	if (word > plain || (word == plain && be16(w->at) == 0))
		walk_skip(w, 4);
	return STEP_ETHERNET;
}

/* RFC 3032 2.1: label, traffic class, bottom of stack, TTL */
enum walk_step
step_mpls(struct walk *w)
{
	for (;;) {
		if (!walk_has(w, 4))
			return walk_done(w, DECODE_RUNT);
		bool bottom = w->at[2] & 1;
		walk_skip(w, 4);
		if (bottom)
			return below_labels(w);
	}
}

/*
 * RFC 1661 2, with the protocol field in one octet where it is odd (6.5), and the address and
 * control octets of RFC 1662 where a tunnel's sender left them there.
 */
enum walk_step
step_ppp(struct walk *w)
{
	if (walk_has(w, 2) && w->at[0] == 0xff && w->at[1] == 0x03)
		walk_skip(w, 2);
	if (!walk_has(w, 1))
		return walk_done(w, DECODE_RUNT);
	uint16_t proto = w->at[0];
	if (proto & 1) {
		walk_skip(w, 1);
	} else {
		if (!walk_has(w, 2))
			return walk_done(w, DECODE_RUNT);
		proto = be16(w->at);
		walk_skip(w, 2);
	}
	switch (proto) {
	case PPP_IPV4:
		return STEP_IPV4;
	case PPP_IPV6:
		return STEP_IPV6;
	case PPP_MPLS:
	case PPP_MPLS_UPSTREAM:
		return STEP_MPLS;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}

/* RFC 8300 2.2: the header's length in words, the kind of context, the protocol that follows */
enum walk_step
step_nsh(struct walk *w)
{
	if (!walk_has(w, 8))
		return walk_done(w, DECODE_RUNT);
	uint32_t size = (w->at[1] & 63) * 4u;
	uint8_t next = w->at[3];
	if (size < 8)
		return walk_done(w, DECODE_NOT_IP);
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	walk_skip(w, size);
	switch (next) {
	case 1:
		return STEP_IPV4;
	case 2:
		return STEP_IPV6;
	case 3:
		return STEP_ETHERNET;
	case 4:
		return STEP_NSH;
	case 5:
		return STEP_MPLS;
	default:
		return walk_done(w, DECODE_NOT_IP);
	}
}
