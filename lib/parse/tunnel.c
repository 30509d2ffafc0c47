/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking behind tunnels, for those kinds that were asked for.
 *
 * Each function reads its tunnel's header on a copy of the walk. Where the header is what the
 * kind's RFC says, the copy is taken over and the walk goes on inside; the facts of the outer
 * packet are overwritten by what is found there, be it an address pair, an ARP request or a lie.
 * Where it is not (a port number proves nothing), or where the kind was not asked for, nothing
 * has changed and the outer packet counts.
 */
#include "walk.h"

#include <errno.h>
#include <string.h>

enum {
	UDP_HEADER = 8,

	PORT_L2TP = 1701,
	PORT_GTPU = 2152,
	PORT_TEREDO = 3544,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472, /* the Linux kernel's default, older than the registration */

	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGE = 0x0080, /* RFC 2637 */
	GRE_VERSION = 0x0007,
	GRE_WCCP = 0x883e,
	GRE_ERSPAN = 0x88be,
	GRE_ERSPAN_III = 0x22eb,
};

/* A tunnel of this kind has been recognised, and `in` stands at what it carries. */
static enum walk_step
enter(struct walk *w, const struct walk *in, enum tunnel kind, enum walk_step next)
{
	if (w->tunnels == PARSE_MAX_TUNNELS) {
		w->fact->too_deep = 1;
		return STEP_DONE;
	}
	*w = *in;
	w->tunnels++;
	w->fact->unwrapped |= (uint16_t)(1u << kind);
	w->fact->events = 0; /* they were about the outer packet */
	return next;
}

static bool
wants(const struct walk *w, enum tunnel kind)
{
	return w->decap >> kind & 1;
}

/* The step that reads what an EtherType names; STEP_DONE for what no tunnel carries. */
static enum walk_step
carried(struct walk *in, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
	case ETHERTYPE_TEB:
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_UPSTREAM:
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_NSH:
	case ETHERTYPE_ARP:
		in->type = type;
		return STEP_TYPE;
	case ETHERTYPE_PPP:
		return STEP_PPP;
	default:
		return STEP_DONE;
	}
}

/* What a version nibble names; STEP_DONE for neither. */
static enum walk_step
by_nibble(const struct walk *in)
{
	if (!walk_has(in, 1))
		return STEP_DONE;
	return in->at[0] >> 4 == 4 ? STEP_IPV4 : in->at[0] >> 4 == 6 ? STEP_IPV6 : STEP_DONE;
}

/*
 * ERSPAN over GRE. Type I is GRE alone (no sequence number), type II has 8 octets with version 1,
 * type III 12 with version 2, and 8 more if its last bit says so.
 */
static enum walk_step
erspan(struct walk *w, struct walk *in, uint16_t type, bool sequence)
{
	if (!wants(w, TUNNEL_ERSPAN))
		return STEP_DONE;
	if (type == GRE_ERSPAN && !sequence)
		return enter(w, in, TUNNEL_ERSPAN, STEP_ETHERNET);
	if (!walk_has(in, 8))
		return STEP_DONE;
	uint32_t size;
	switch (in->at[0] >> 4) {
	case 1:
		size = 8;
		break;
	case 2:
		if (!walk_has(in, 12))
			return STEP_DONE;
		if (in->at[10] >> 2 & 31) /* frame type: 0 is Ethernet */
			return STEP_DONE;
		size = in->at[11] & 1 ? 20 : 12;
		break;
	default:
		return STEP_DONE;
	}
	if (!walk_has(in, size))
		return STEP_DONE;
	walk_skip(in, size);
	return enter(w, in, TUNNEL_ERSPAN, STEP_ETHERNET);
}

/* RFC 2784, RFC 2890 (key, sequence), RFC 1701 (routing), RFC 2637 (version 1: PPTP) */
static enum walk_step
gre(struct walk *w)
{
	struct walk in = *w;

	if (!walk_has(&in, 4))
		return STEP_DONE;
	uint16_t flags = be16(in.at);
	uint16_t type = be16(in.at + 2);
	uint16_t version = flags & GRE_VERSION;
	if (version > 1 || (version == 1 && type != ETHERTYPE_PPP))
		return STEP_DONE;

	uint32_t size = 4;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		size += 4;
	if (flags & GRE_KEY)
		size += 4;
	if (flags & GRE_SEQUENCE)
		size += 4;
	if (version == 1 && flags & GRE_ACKNOWLEDGE)
		size += 4;
	if (!walk_has(&in, size))
		return STEP_DONE;
	walk_skip(&in, size);
	while (flags & GRE_ROUTING) { /* source routes, until one of family 0 and length 0 */
		if (!walk_has(&in, 4))
			return STEP_DONE;
		uint16_t family = be16(in.at);
		uint32_t length = 4u + in.at[3];
		if (!walk_has(&in, length))
			return STEP_DONE;
		walk_skip(&in, length);
		if (family == 0 && length == 4)
			break;
	}

	if (type == GRE_ERSPAN || type == GRE_ERSPAN_III)
		return erspan(w, &in, type, flags & GRE_SEQUENCE);
	if (!wants(w, TUNNEL_GRE) || in.left == 0)
		return STEP_DONE;
	if (type == GRE_WCCP) { /* version 2 puts 4 octets before the IPv4 packet */
		if (!walk_has(&in, 4))
			return STEP_DONE;
		if (in.at[0] >> 4 != 4)
			walk_skip(&in, 4);
		return enter(w, &in, TUNNEL_GRE, STEP_IPV4);
	}
	enum walk_step next = carried(&in, type);
	return next == STEP_DONE ? STEP_DONE : enter(w, &in, TUNNEL_GRE, next);
}

/* RFC 7348: flags with I set, 24 bits reserved, VNI, 8 bits reserved */
static enum walk_step
vxlan(struct walk *w, struct walk *in)
{
	if (!walk_has(in, 8) || !(in->at[0] & 0x08))
		return STEP_DONE;
	walk_skip(in, 8);
	return enter(w, in, TUNNEL_VXLAN, STEP_ETHERNET);
}

/* draft-ietf-nvo3-vxlan-gpe 3.1: version, I, P (next protocol given), O (management) */
static enum walk_step
vxlan_gpe(struct walk *w, struct walk *in)
{
	if (!walk_has(in, 8))
		return STEP_DONE;
	uint8_t flags = in->at[0];
	uint8_t proto = in->at[3];
	if (!(flags & 0x08) || flags & 0x30 || flags & 0x01) /* no VNI; version; OAM */
		return STEP_DONE;
	enum walk_step next = STEP_ETHERNET;
	if (flags & 0x04) {
		switch (proto) {
		case 1:
			next = STEP_IPV4;
			break;
		case 2:
			next = STEP_IPV6;
			break;
		case 3:
			next = STEP_ETHERNET;
			break;
		case 4:
			next = STEP_NSH;
			break;
		case 5:
			next = STEP_MPLS;
			break;
		default:
			return STEP_DONE;
		}
	}
	walk_skip(in, 8);
	return enter(w, in, TUNNEL_VXLAN_GPE, next);
}

/* RFC 8926 3.4: version 0, options' length in words, O (control), protocol type, VNI */
static enum walk_step
geneve(struct walk *w, struct walk *in)
{
	if (!walk_has(in, 8) || in->at[0] >> 6 != 0 || in->at[1] & 0x80)
		return STEP_DONE;
	uint32_t size = 8 + (in->at[0] & 63) * 4u;
	uint16_t type = be16(in->at + 2);
	if (!walk_has(in, size))
		return STEP_DONE;
	walk_skip(in, size);
	enum walk_step next = carried(in, type);
	return next == STEP_DONE ? STEP_DONE : enter(w, in, TUNNEL_GENEVE, next);
}

/*
 * 3GPP TS 29.281 5: version 1, protocol type 1, message 255 (G-PDU), its length, TEID. If any of
 * E, S, PN is set four more octets stand there, the last one naming the first extension header;
 * each of those has its length in words first and the next one's name last.
 */
static enum walk_step
gtpu(struct walk *w, struct walk *in)
{
	if (!walk_has(in, 8) || in->at[0] >> 4 != 3 || in->at[1] != 255)
		return STEP_DONE;
	bool optional = in->at[0] & 7;
	bool extended = in->at[0] & 4;
	uint16_t length = be16(in->at + 2);
	walk_skip(in, 8);
	walk_limit(in, length);
	if (optional) {
		if (!walk_has(in, 4))
			return STEP_DONE;
		uint8_t next = in->at[3];
		walk_skip(in, 4);
		while (extended && next != 0) {
			if (!walk_has(in, 4))
				return STEP_DONE;
			uint32_t size = in->at[0] * 4u;
			if (size == 0 || !walk_has(in, size))
				return STEP_DONE;
			next = in->at[size - 1];
			walk_skip(in, size);
		}
	}
	enum walk_step next = by_nibble(in);
	return next == STEP_DONE ? STEP_DONE : enter(w, in, TUNNEL_GTPU, next);
}

/* RFC 4380 5.1.1: an IPv6 packet, before it perhaps an authentication (1) and an origin (0) */
static enum walk_step
teredo(struct walk *w, struct walk *in)
{
	if (walk_has(in, 4) && be16(in->at) == 1) {
		uint32_t size = 4u + in->at[2] + in->at[3] + 8 + 1;
		if (!walk_has(in, size))
			return STEP_DONE;
		walk_skip(in, size);
	}
	if (walk_has(in, 8) && be16(in->at) == 0)
		walk_skip(in, 8);
	if (by_nibble(in) != STEP_IPV6)
		return STEP_DONE;
	return enter(w, in, TUNNEL_TEREDO, STEP_IPV6);
}

/* RFC 2661 3.1: T (control), L (length), S (Ns, Nr), O (offset), version 2; then PPP */
static enum walk_step
l2tp(struct walk *w, struct walk *in)
{
	if (!walk_has(in, 6))
		return STEP_DONE;
	uint16_t flags = be16(in->at);
	if (flags & 0x8000 || (flags & 15) != 2)
		return STEP_DONE;
	uint32_t size = 2;
	if (flags & 0x4000) {
		uint16_t length = be16(in->at + 2);
		if (length < 8)
			return STEP_DONE;
		walk_limit(in, length);
		size += 2;
	}
	size += 4;
	if (flags & 0x0800)
		size += 4;
	if (flags & 0x0200) {
		if (!walk_has(in, size + 2))
			return STEP_DONE;
		size += 2u + be16(in->at + size);
	}
	if (!walk_has(in, size))
		return STEP_DONE;
	walk_skip(in, size);
	return enter(w, in, TUNNEL_L2TP, STEP_PPP);
}

/*
 * Tunnels over UDP are known by their destination port: the source port is where VXLAN, GENEVE and
 * GTP-U put their entropy. Teredo and L2TP answer from the port that they were asked at.
 */
static enum walk_step
udp(struct walk *w)
{
	struct walk in = *w;

	if (!walk_has(&in, UDP_HEADER))
		return STEP_DONE;
	uint16_t from = be16(in.at);
	uint16_t to = be16(in.at + 2);
	uint16_t length = be16(in.at + 4);
	if (length >= UDP_HEADER) /* 0: a jumbogram (RFC 2675 4) or segmentation offload */
		walk_limit(&in, length);
	else if (length != 0)
		return STEP_DONE;
	walk_skip(&in, UDP_HEADER);

	if (to == PORT_VXLAN || to == PORT_VXLAN_LINUX)
		return wants(w, TUNNEL_VXLAN) ? vxlan(w, &in) : STEP_DONE;
	if (to == PORT_VXLAN_GPE)
		return wants(w, TUNNEL_VXLAN_GPE) ? vxlan_gpe(w, &in) : STEP_DONE;
	if (to == PORT_GENEVE)
		return wants(w, TUNNEL_GENEVE) ? geneve(w, &in) : STEP_DONE;
	if (to == PORT_GTPU)
		return wants(w, TUNNEL_GTPU) ? gtpu(w, &in) : STEP_DONE;
	if (to == PORT_TEREDO || from == PORT_TEREDO)
		return wants(w, TUNNEL_TEREDO) ? teredo(w, &in) : STEP_DONE;
	if (to == PORT_L2TP || from == PORT_L2TP)
		return wants(w, TUNNEL_L2TP) ? l2tp(w, &in) : STEP_DONE;
	return STEP_DONE;
}

enum walk_step
step_tunnel(struct walk *w, uint8_t proto)
{
	switch (proto) {
	case PROTO_UDP:
		return udp(w);
	case PROTO_GRE:
		return gre(w);
	case PROTO_IPIP:
	case PROTO_IPV6: {
		enum walk_step next = by_nibble(w);
		if (!wants(w, TUNNEL_IPIP) || next != (proto == PROTO_IPIP ? STEP_IPV4 : STEP_IPV6))
			return STEP_DONE;
		struct walk in = *w;
		return enter(w, &in, TUNNEL_IPIP, next);
	}
	default:
		return STEP_DONE;
	}
}

static const struct {
	const char *name;
	enum tunnel kind;
} names[] = {
	{"gre", TUNNEL_GRE},     {"erspan", TUNNEL_ERSPAN},       {"ipip", TUNNEL_IPIP},
	{"vxlan", TUNNEL_VXLAN}, {"vxlan-gpe", TUNNEL_VXLAN_GPE}, {"geneve", TUNNEL_GENEVE},
	{"gtpu", TUNNEL_GTPU},   {"teredo", TUNNEL_TEREDO},       {"l2tp", TUNNEL_L2TP},
};

static int
kind_of(const char *name, size_t length, uint32_t *bit)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0) {
			*bit = 1u << names[i].kind;
			return 0;
		}
	}
	return -EINVAL;
}

int
parse_decap_option(const char *text, uint32_t *mask)
{
	if (strcmp(text, "none") == 0) {
		*mask = 0;
		return 0;
	}
	if (strcmp(text, "all") == 0) {
		*mask = PARSE_DECAP_ALL;
		return 0;
	}
	uint32_t sum = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		uint32_t bit;
		if (kind_of(text, length, &bit) < 0)
			return -EINVAL;
		sum |= bit;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	*mask = sum;
	return 0;
}
