/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes -> facts. One frame in, one result and (for TCP and UDP) two addresses out.
 *
 * Pure: no mbuf, no EAL, no clock, no state, nothing allocated. Any thread, any alignment. It never
 * reads at or beyond `bytes + captured`, whatever the headers claim. README.md tells which odd
 * frames count and which result the others get.
 */
#pragma once

#include "host_addr.h"
#include "ledger.h"

#include <stdint.h>

/* How many tunnels inside each other are followed before the frame counts where it stands. */
#define PARSE_MAX_TUNNELS 4

/* How many IPv6 extension headers are walked before the frame is malformed (no sender needs more:
 * RFC 8200 4.1 lists seven, each at most once or twice). */
#define PARSE_MAX_EXTENSIONS 16

/*
 * How far into a frame the walk looks: headers beyond it are as good as cut off, for contiguous
 * and segmented frames alike, so that both get the same facts. A chain of extension headers that
 * is longer (each may have 2 KiB) is hostile.
 *
 * For a segmented mbuf the first segment alone is nearly always enough: parse it in place, with
 * the whole packet's `length`; only if the fact says `wants_more`, copy the first
 * min(PARSE_HEAD_MAX, length) octets to one buffer and parse again.
 */
#define PARSE_HEAD_MAX 8192

/* How a frame begins. 0 is Ethernet. */
enum parse_link {
	PARSE_LINK_ETHERNET,
	PARSE_LINK_RAW,           /* IPv4 or IPv6, by the version nibble; TUN, WireGuard, ... */
	PARSE_LINK_IPV4,          /* IPv4 alone */
	PARSE_LINK_IPV6,          /* IPv6 alone */
	PARSE_LINK_NULL,          /* BSD loopback: an address family, in any byte order */
	PARSE_LINK_COOKED,        /* Linux, "any" interface, v1 */
	PARSE_LINK_COOKED2,       /* v2 */
	PARSE_LINK_PPP,           /* RFC 1661, with or without address and control */
	PARSE_LINK_PPP_SERIAL,    /* RFC 1662, or Cisco's framing by the first octet */
	PARSE_LINK_C_HDLC,        /* Cisco's framing */
	PARSE_LINK_PPPOE,         /* from the PPPoE header on */
	PARSE_LINK_WIFI,          /* IEEE 802.11 */
	PARSE_LINK_WIFI_RADIOTAP, /* with what the radio says before it */
	PARSE_LINK_TOKEN_RING,    /* IEEE 802.5 */
	PARSE_LINK_FDDI,          /* ANSI X3.139 */
	PARSE_LINK_ARCNET_BSD,    /* RFC 1201, as the BSDs hand it over */
	PARSE_LINK_ARCNET_LINUX,  /* as Linux does */
	PARSE_LINK_IPOIB,         /* RFC 4391 behind an InfiniBand global routing header */
	/* a header of who captured, which says what link follows */
	PARSE_LINK_PPI,
	PARSE_LINK_ERF,
	PARSE_LINK_NFLOG,
	PARSE_LINK_PKTAP,
	PARSE_LINK_OPAQUE, /* no IP that can be read: every frame is not IP */
};

struct parse_options {
	uint32_t decap; /* 1 << enum tunnel for each kind to look behind; 0: the outermost counts */
	uint8_t link;   /* enum parse_link */
};

#define PARSE_DECAP_ALL ((1u << TUNNELS) - 1)

/* src and dst only mean something when the result is TCP or UDP */
struct parse_fact {
	struct host_addr src, dst;
	uint32_t octets; /* of the counted IP packet, header included; at most UINT32_MAX */
	/* Of the frame on the wire, without FCS: `length`, or what the outermost IP header says
	 * where that is more (the capture was cut, or the sender's offload made one large packet of
	 * many). A jumbogram beyond what any host merges is not believed. */
	uint32_t frame_octets;
	uint8_t result;     /* enum decode_result */
	uint8_t family;     /* enum addr_family */
	uint8_t too_deep;   /* 1: more tunnels than PARSE_MAX_TUNNELS */
	uint8_t wants_more; /* 1: octets beyond `captured` would have been looked at */
	uint16_t events;    /* 1 << enum decode_event */
	uint16_t unwrapped; /* 1 << enum tunnel for each kind that was looked behind */
};

/*
 * Parses one frame of the link that the options say.
 *
 * bytes     the first `captured` octets of the frame, contiguous
 * captured  how many octets may be read; <= length
 * length    the frame's whole length without FCS (more than `captured` when a caller only shows
 *           the head of a segmented mbuf)
 *
 * Writes all of *fact. Cannot fail: what it cannot make sense of has a result with a name.
 */
void parse_frame(const uint8_t *bytes, uint32_t captured, uint32_t length,
		 const struct parse_options *options, struct parse_fact *fact);

/*
 * The link of a libpcap link type (pcap_datalink: a DLT_ number; those of LINKTYPE_ do too). 0 and
 * *link (enum parse_link), or -ENOENT and *link untouched: no frame of such a link can be read.
 */
int parse_link_of(int number, uint8_t *link);

#define PARSE_LINK_NUMBERS 300 /* all that parse_link_of knows are below */

/* What a link is called, for people. Never NULL. */
const char *parse_link_name(uint8_t link);

/*
 * Reads the value of --decap: "none", "all", or names joined by ',' out of gre, erspan, ipip,
 * vxlan, vxlan-gpe, geneve, gtpu, teredo, l2tp. 0 and the bits in *mask; -EINVAL and *mask
 * untouched for an unknown, empty or misplaced name.
 */
int parse_decap_option(const char *text, uint32_t *mask);
