/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 and IPv6: the two headers that count. A length is checked in the line before it is trusted,
 * in this order: octets present, version, header length, total length (RFC 1812 5.2.2).
 */
#include "walk.h"

#include <string.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,

	MERGED_MOST = 8 * 65535 + IPV6_HEADER, /* Linux: GSO_MAX_SIZE, of "BIG TCP" */

	OPTION_END = 0, /* RFC 791 3.1 */
	OPTION_NOP = 1,
	OPTION_LOOSE_ROUTE = 131,
	OPTION_STRICT_ROUTE = 137,

	OPTION_PAD1 = 0, /* RFC 8200 4.2 */
	OPTION_JUMBO = 0xc2,
};

static void
event(struct walk *w, enum decode_event r)
{
	w->fact->events |= (uint16_t)(1u << r);
}

/*
 * The IP packet at `at` has `octets`: the frame has at least as many behind its link headers. That
 * is more than its length where a snap length cut it, or where a packet socket hands over a
 * buffer's worth of what the kernel merged. A packet inside a tunnel has nothing to say of that.
 */
static void
frame_holds(struct walk *w, const uint8_t *at, uint32_t octets)
{
	uint32_t frame = (uint32_t)(at - w->start) + octets;

	if (w->tunnels == 0 && frame > w->fact->frame_octets)
		w->fact->frame_octets = frame;
}

/* The packet's layer is known: the result, and behind it perhaps a tunnel. `at` stands behind the
 * headers; `whole` says that what stands there is the beginning of the payload. */
static enum walk_step
payload(struct walk *w, uint8_t proto, bool whole)
{
	w->fact->result = proto == PROTO_TCP   ? DECODE_TCP
			  : proto == PROTO_UDP ? DECODE_UDP
					       : DECODE_OTHER_IP;
	if (w->decap == 0 || !whole)
		return STEP_DONE;
	return step_tunnel(w, proto);
}

/*
 * The header before said IPv4 and the version nibble says 6. Some senders of tunnels and cooked
 * captures do that, and then a whole IPv6 packet stands here: it counts as what it is, with a
 * event, if the walk ends at TCP or UDP. Anything else was an IPv4 header with a lie in it.
 */
static enum walk_step
ipv6_said_ipv4(struct walk *w)
{
	uint32_t decap = w->decap, frame_octets = w->fact->frame_octets;

	w->decap = 0;
	step_ipv6(w);
	w->decap = decap;
	if (w->fact->result == DECODE_TCP || w->fact->result == DECODE_UDP) {
		event(w, EVENT_OTHER_VERSION);
		return STEP_DONE;
	}
	w->fact->events = 0;
	w->fact->frame_octets = frame_octets;
	return walk_done(w, DECODE_IPV4_VERSION);
}

/*
 * The frame ends inside the options, and `captured` octets of them are there. Is more than padding
 * missing? Not when the list ends before the cut: at its end mark, at an option whose length or
 * pointer makes no sense, or at a source route, which is the last that a reader looks for.
 */
static bool
options_end(const uint8_t *options, uint32_t captured, uint32_t size)
{
	for (uint32_t i = 0; i < captured;) {
		uint8_t kind = options[i];

		if (kind == OPTION_END)
			return true;
		if (kind == OPTION_NOP) {
			i++;
			continue;
		}
		if (i + 1 == size)
			return true;
		if (i + 1 == captured)
			return false;
		uint32_t length = options[i + 1];
		if (length < 2 || length > size - i)
			return true;
		if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE) {
			if (i + 2 >= captured)
				return i + 2 >= size;
			uint8_t pointer = options[i + 2];
			return pointer < 4 || pointer & 3 || pointer > length ||
			       i + length <= captured;
		}
		i += length;
	}
	return false;
}

enum walk_step
step_ipv4(struct walk *w)
{
	const uint8_t *ip = w->at;
	struct parse_fact *fact = w->fact;

	if (!walk_has(w, 1))
		return walk_done(w, DECODE_IPV4_CUT);
	if (ip[0] >> 4 == 6)
		return ipv6_said_ipv4(w);
	if (!walk_has(w, IPV4_HEADER))
		return walk_done(w, DECODE_IPV4_CUT);
	if (ip[0] >> 4 != 4)
		return walk_done(w, DECODE_IPV4_VERSION);
	uint32_t header = (ip[0] & 15) * 4u;
	if (header < IPV4_HEADER)
		return walk_done(w, DECODE_IPV4_HEADER_LENGTH);
	uint32_t total = be16(ip + 2);
	if (total == 0) {
		/* segmentation offload on the capturing host, of more than 64 KiB too ("BIG TCP")
		 */
		total = w->left;
		event(w, EVENT_TOTAL_LENGTH_ZERO);
	} else if (total < header) {
		return walk_done(w, DECODE_IPV4_TOTAL_LENGTH);
	} else if (total > w->left) {
		event(w, EVENT_SNAPPED);
		frame_holds(w, ip, total);
	}
	bool later = be16(ip + 6) & 0x1fff;
	if (later)
		event(w, EVENT_LATER_FRAGMENT);

	fact->octets = total;
	fact->family = ADDR_IPV4;
	fact->src = host_addr_from_ipv4(ip + 12);
	fact->dst = host_addr_from_ipv4(ip + 16);

	walk_limit(w, total);
	bool options = walk_has(w, header);
	if (options) {
		walk_skip(w, header);
	} else {
		uint32_t captured = walk_rest(w) - IPV4_HEADER;
		if (!options_end(ip + IPV4_HEADER, captured, header - IPV4_HEADER))
			return walk_done(w, DECODE_IPV4_CUT);
		event(w, EVENT_OPTIONS_CUT);
	}
	return payload(w, ip[9], options && !later);
}

/*
 * A jumbogram that says more than any host merges, and more than its frame holds, is not believed:
 * one of 4 GiB would drown the rate of a day.
 *
 * RFC 2675: with a payload length of 0, the hop-by-hop header right behind the fixed one may hold
 * the real one, which is above 65,535 then. 0: it does not.
 */
static uint32_t
jumbo_payload(struct walk *w)
{
	if (!walk_has(w, 8))
		return 0;
	uint32_t size = 8 + w->at[1] * 8u;
	if (!walk_has(w, size))
		size = walk_rest(w);
	for (uint32_t i = 2; i + 6 <= size;) {
		const uint8_t *option = w->at + i;
		if (option[0] == OPTION_PAD1) {
			i++;
			continue;
		}
		if (option[0] == OPTION_JUMBO && option[1] == 4) {
			uint32_t payload_length = be32(option + 2);
			return payload_length > UINT16_MAX ? payload_length : 0;
		}
		i += 2u + option[1];
	}
	return 0;
}

enum walk_step
step_ipv6(struct walk *w)
{
	const uint8_t *ip = w->at;
	struct parse_fact *fact = w->fact;

	if (!walk_has(w, IPV6_HEADER))
		return walk_done(w, DECODE_IPV6_CUT);
	if (ip[0] >> 4 != 6)
		return walk_done(w, DECODE_IPV6_VERSION);

	uint8_t next = ip[6];
	uint32_t behind = w->left - IPV6_HEADER; /* octets of the frame behind the fixed header */
	uint32_t payload_length = be16(ip + 4);
	walk_skip(w, IPV6_HEADER);
	if (payload_length == 0 && next == PROTO_HOP_BY_HOP) {
		payload_length = jumbo_payload(w);
		if (payload_length == 0)
			return walk_done(w, DECODE_IPV6_JUMBO);
		event(w, EVENT_JUMBOGRAM);
	} else if (payload_length == 0 && next != PROTO_NONE) {
		payload_length = behind;
		event(w, EVENT_TOTAL_LENGTH_ZERO);
	}
	if (payload_length > behind)
		event(w, EVENT_SNAPPED);
	if (payload_length > behind && payload_length > MERGED_MOST - IPV6_HEADER)
		payload_length = behind; /* no host has sent that */

	fact->octets = IPV6_HEADER + payload_length;
	frame_holds(w, ip, fact->octets);
	fact->family = ADDR_IPV6;
	fact->src = host_addr_from_ipv6(ip + 8);
	fact->dst = host_addr_from_ipv6(ip + 24);
	walk_limit(w, payload_length);

	uint32_t inside = payload_length; /* what the payload length leaves for headers to come */
	for (int n = 0; n < PARSE_MAX_EXTENSIONS; n++) {
		uint32_t size;

		/* RFC 8200 4; ESP ends the walk, and so does a mobility or HIP header: by RFC 6275
		 * 6.1.1 and RFC 7401 5.1 nothing follows them */
		switch (next) {
		case PROTO_HOP_BY_HOP:
		case PROTO_ROUTING:
		case PROTO_FRAGMENT:
		case PROTO_AH:
		case PROTO_DESTINATION:
		case PROTO_SHIM6:
			break;
		default:
			return payload(w, next, true);
		}
		if (inside < 8)
			return walk_done(w, DECODE_IPV6_EXTENSION_LENGTH);
		if (!walk_has(w, 8))
			return walk_done(w, DECODE_IPV6_EXTENSION_CUT);
		switch (next) {
		case PROTO_FRAGMENT:
			size = 8;
			break;
		case PROTO_AH: /* RFC 4302 2.2: in words of 32 bits, minus 2 */
			size = 8 + w->at[1] * 4u;
			break;
		default:
			size = 8 + w->at[1] * 8u;
			break;
		}
		if (next == PROTO_FRAGMENT && be16(w->at + 2) & 0xfff8) {
			/* No header follows, whatever this one names: an extension header would
			 * stand in the first fragment, so the layer stays unknown. */
			event(w, EVENT_LATER_FRAGMENT);
			return payload(w, w->at[0], false);
		}
		if (size > inside)
			return walk_done(w, DECODE_IPV6_EXTENSION_LENGTH);
		if (!walk_has(w, size))
			return walk_done(w, DECODE_IPV6_EXTENSION_CUT);
		next = w->at[0];
		inside -= size;
		walk_skip(w, size);
	}
	return walk_done(w, DECODE_IPV6_EXTENSION_CHAIN);
}
