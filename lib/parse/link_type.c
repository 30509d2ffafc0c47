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
	{6, PARSE_LINK_TOKEN_RING, "Token Ring"},
	{7, PARSE_LINK_ARCNET_BSD, "ARCNET"},
	{9, PARSE_LINK_PPP, "PPP"},
	{10, PARSE_LINK_FDDI, "FDDI"},
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
	{129, PARSE_LINK_ARCNET_LINUX, "ARCNET of Linux"},
	{192, PARSE_LINK_PPI, "packets with PPI"},
	{197, PARSE_LINK_ERF, "Endace's ERF records"},
	{228, PARSE_LINK_IPV4, "raw IPv4"},
	{229, PARSE_LINK_IPV6, "raw IPv6"},
	{239, PARSE_LINK_NFLOG, "netfilter's log"},
	{242, PARSE_LINK_IPOIB, "IP over InfiniBand"},
	{258, PARSE_LINK_PKTAP, "Apple's PKTAP"},
	{276, PARSE_LINK_COOKED2, "Linux cooked v2"},
};
#define LINK_TYPES (sizeof(link_types) / sizeof(link_types[0]))

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

#define ARPHRD_RADIOTAP 803

/*
 * What Linux says of a packet instead of its link header: in `size` octets, the type at `at`, the
 * kind of interface at `hardware_at`. Of one that listens to the air the type says nothing, and
 * radiotap follows (LINKTYPE_LINUX_SLL in the registry).
 */
static enum walk_step
cooked(struct walk *w, uint32_t size, uint32_t at, uint32_t hardware_at)
{
	if (!walk_has(w, size))
		return walk_done(w, DECODE_RUNT);
	const uint16_t type = be16(w->at + at), hardware = be16(w->at + hardware_at);
	walk_skip(w, size);
	if (hardware == ARPHRD_RADIOTAP)
		return step_radiotap(w);
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

/*
 * The registry, of PPP with HDLC framing: the first octet is 0xff for PPP, 0x0f or 0x8f for Cisco's
 * framing. Captures that call themselves PPP have that too: control is 0 there, and 0x0f00 and
 * 0x8f00 are no numbers of PPP, whose lower octet is odd (RFC 1661 2).
 */
static enum walk_step
ppp_or_cisco(struct walk *w, bool serial)
{
	if (walk_has(w, 1) && (w->at[0] == 0x0f || w->at[0] == 0x8f) &&
	    (serial || (walk_has(w, 2) && w->at[1] == 0)))
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
		return cooked(w, 16, 14, 2);
	case PARSE_LINK_COOKED2:
		return cooked(w, 20, 0, 8);
	case PARSE_LINK_PPP:
	case PARSE_LINK_PPP_SERIAL:
		return ppp_or_cisco(w, link == PARSE_LINK_PPP_SERIAL);
	case PARSE_LINK_C_HDLC:
		return cisco_hdlc(w);
	case PARSE_LINK_PPPOE:
		return pppoe(w);
	case PARSE_LINK_WIFI:
		return step_wifi(w, 0);
	case PARSE_LINK_WIFI_RADIOTAP:
		return step_radiotap(w);
	case PARSE_LINK_TOKEN_RING:
	case PARSE_LINK_FDDI:
	case PARSE_LINK_ARCNET_BSD:
	case PARSE_LINK_ARCNET_LINUX:
	case PARSE_LINK_IPOIB:
		return step_lan(w, link);
	case PARSE_LINK_PPI:
	case PARSE_LINK_ERF:
	case PARSE_LINK_NFLOG:
	case PARSE_LINK_PKTAP:
		return step_captured(w, link);
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
