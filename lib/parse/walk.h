/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk through a frame, shared by the files of this room; nobody else includes it.
 *
 * A walk is a position that only moves forward. Each step reads the header that stands at `at`,
 * moves behind it and names the step that reads what follows, until one says STEP_DONE and has
 * left a result. No step returns another step without having moved, so the walk ends.
 */
#pragma once

#include "load.h"
#include "parse.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum walk_step {
	STEP_DONE,
	STEP_ETHERNET, /* destination, source, type or length */
	STEP_TYPE,     /* what walk.type names, an EtherType; moves by itself */
	STEP_LLC,
	STEP_MPLS,
	STEP_PPP,
	STEP_NSH,
	STEP_IPV4, /* the header before says IPv4 */
	STEP_IPV6,
};

struct walk {
	const uint8_t *at;    /* next octet to read */
	const uint8_t *end;   /* first octet that must not be read */
	const uint8_t *start; /* of the frame */
	uint32_t left;        /* octets of the frame from `at` on: more than end - at when cut */
	uint16_t type;        /* for STEP_TYPE */
	uint8_t tunnels;      /* looked behind so far */
	uint32_t decap;       /* parse_options.decap */
	struct parse_fact *fact;
};

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_TRILL = 0x22f3,
	ETHERTYPE_CENTRINO = 0x2452,
	ETHERTYPE_TEB = 0x6558, /* transparent Ethernet bridging, RFC 1701 */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_UPSTREAM = 0x8848,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
	ETHERTYPE_JUMBO_LLC = 0x8870,
	ETHERTYPE_EAPOL = 0x888e,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_LLDP = 0x88cc,
	ETHERTYPE_MACSEC = 0x88e5,
	ETHERTYPE_PBB = 0x88e7,
	ETHERTYPE_CFM = 0x8902,
	ETHERTYPE_FABRICPATH = 0x8903,
	ETHERTYPE_CISCO_METADATA = 0x8909,
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_HSR = 0x892f,
	ETHERTYPE_ETAG = 0x893f,
	ETHERTYPE_NSH = 0x894f,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_ARISTA = 0xd28b,
	ETHERTYPE_RTAG = 0xf1c1,

	IEEE_802_3_MAX_LENGTH = 1500, /* a type field up to here is a length */
};

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_NONE = 59,
	PROTO_DESTINATION = 60,
	PROTO_SHIM6 = 140,
};

/* May n octets be read at `at`? If not, but the frame has them, the fact says so. */
static inline bool
walk_has(const struct walk *w, uint32_t n)
{
	if ((size_t)(w->end - w->at) >= n)
		return true;
	if (w->left >= n)
		w->fact->wants_more = 1;
	return false;
}

/* How many octets can be read at `at`. That is a fact about the capture: with more, more is read.
 */
static inline uint32_t
walk_rest(const struct walk *w)
{
	uint32_t rest = (uint32_t)(w->end - w->at);

	if (rest < w->left)
		w->fact->wants_more = 1;
	return rest;
}

/* n octets have been seen by walk_has */
static inline void
walk_skip(struct walk *w, uint32_t n)
{
	assert((size_t)(w->end - w->at) >= n && w->left >= n);
	w->at += n;
	w->left -= n;
}

/* A header said that what follows is n octets: the rest is padding. More than is left: a lie, or
 * a cut capture. */
static inline void
walk_limit(struct walk *w, uint32_t n)
{
	if (n >= w->left)
		return;
	w->left = n;
	if ((size_t)(w->end - w->at) > n)
		w->end = w->at + n;
}

static inline enum walk_step
walk_done(struct walk *w, enum decode_result result)
{
	w->fact->result = (uint8_t)result;
	return STEP_DONE;
}

/* Nothing is wrong with the frame, but its text cannot be read; the event says why. */
static inline enum walk_step
walk_unreadable(struct walk *w, enum decode_event why)
{
	w->fact->events |= (uint16_t)(1u << why);
	return walk_done(w, DECODE_NOT_IP);
}

/* link_type.c: how a frame of such a link begins. Unlike the steps it may name one without
 * having moved; it is called once, at the frame's first octet. */
enum walk_step step_link(struct walk *w, enum parse_link link);

enum walk_step step_lan(struct walk *w, enum parse_link link);      /* link_lan.c */
enum walk_step step_captured(struct walk *w, enum parse_link link); /* link_captured.c */

/* wifi.c: a frame of IEEE 802.11, `how` a set of: */
#define WIFI_PADDED    1 /* the driver has filled its header up to a multiple of four octets */
#define WIFI_DECRYPTED 2 /* and has decrypted the text, whatever the header says */
enum walk_step step_wifi(struct walk *w, unsigned int how);
enum walk_step step_radiotap(struct walk *w);

/* link.c: below IP */
enum walk_step step_ethernet(struct walk *w);
enum walk_step step_type(struct walk *w);
enum walk_step step_llc(struct walk *w);
enum walk_step step_mpls(struct walk *w);
enum walk_step step_ppp(struct walk *w);
enum walk_step step_nsh(struct walk *w);

/* ip.c */
enum walk_step step_ipv4(struct walk *w);
enum walk_step step_ipv6(struct walk *w);

/* tunnel.c: `at` stands behind an IP packet's headers, the fact tells that packet. Goes into a
 * tunnel if one of the wanted kinds stands there; else STEP_DONE and nothing has changed. */
enum walk_step step_tunnel(struct walk *w, uint8_t proto);
