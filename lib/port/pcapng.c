/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapng.h"

#include "load.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INTERFACES_MAX 65536
#define BLOCK_MAX      (16u << 20) /* as libpcap's: a length beyond it is damage */

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,

	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

struct interface {
	uint16_t dlt;
	uint32_t snap;    /* 0: no bound */
	uint8_t resol;    /* 10^-n, or with the highest bit 2^-n seconds */
	int64_t offset_s; /* added to each time */
};

struct pcapng {
	FILE *file;
	bool big; /* the section's byte order */
	bool any; /* a section has begun */
	struct interface *interfaces;
	uint32_t count, room;
	uint8_t *body;
	size_t body_room;
	uint64_t octets; /* up to the end of the last block */
	char why[160];
};

struct pcapng *
pcapng_open(FILE *file)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->file = file;
	return p;
}

void
pcapng_close(struct pcapng *p)
{
	if (p == NULL)
		return;
	free(p->interfaces);
	free(p->body);
	free(p);
}

const char *
pcapng_why(const struct pcapng *p)
{
	return p->why;
}

uint64_t
pcapng_octets(const struct pcapng *p)
{
	return p->octets;
}

static int __attribute__((format(printf, 2, 3))) damaged(struct pcapng *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return -1;
}

static uint16_t
get16(const struct pcapng *p, const uint8_t *at)
{
	return p->big ? be16(at) : le16(at);
}

static uint32_t
get32(const struct pcapng *p, const uint8_t *at)
{
	return p->big ? be32(at) : le32(at);
}

/* 1, or 0 at the end of the file, or -1. `where` is what it was to be. */
static int
get_octets(struct pcapng *p, void *to, size_t size, const char *where, bool may_end)
{
	size_t n = fread(to, 1, size, p->file);

	p->octets += n;
	if (n == size)
		return 1;
	if (n == 0 && may_end && !ferror(p->file))
		return 0;
	return damaged(p, "the file ends within %s", where);
}

/* Reads the body of a block and the length behind it. */
static int
get_body(struct pcapng *p, uint32_t length)
{
	if (length < 12 || length > BLOCK_MAX)
		return damaged(p, "a block of %u octets", length);
	const size_t size = ((size_t)length + 3) / 4 * 4 - 8; /* with the length behind it */
	if (size > p->body_room) {
		uint8_t *more = realloc(p->body, size);

		if (more == NULL)
			return damaged(p, "no memory for a block of %u octets", length);
		p->body = more;
		p->body_room = size;
	}
	if (get_octets(p, p->body, size, "a block", false) < 0)
		return -1;
	if (get32(p, p->body + size - 4) != length)
		return damaged(p, "a block that says %u octets at its beginning, %u at its end",
			       length, get32(p, p->body + size - 4));
	return 1;
}

/* A section's header, whose length stands in an order that its next four octets tell. */
static int
begin_section(struct pcapng *p, const uint8_t length[4])
{
	uint8_t order[4];

	if (get_octets(p, order, sizeof(order), "a section's header", false) < 0)
		return -1;
	if (memcmp(order, "\x1a\x2b\x3c\x4d", 4) != 0 && memcmp(order, "\x4d\x3c\x2b\x1a", 4) != 0)
		return damaged(p, "a section without a byte order");
	p->big = order[0] == 0x1a;
	const uint32_t size = get32(p, length);
	if (size < 28 || size > BLOCK_MAX)
		return damaged(p, "a section's header of %u octets", size);
	/* what stands behind the byte order is a block that is 4 octets shorter, but for its end */
	const size_t rest = ((size_t)size + 3) / 4 * 4 - 12;
	if (rest > p->body_room) {
		uint8_t *more = realloc(p->body, rest);

		if (more == NULL)
			return damaged(p, "no memory for a section's header");
		p->body = more;
		p->body_room = rest;
	}
	if (get_octets(p, p->body, rest, "a section's header", false) < 0)
		return -1;
	if (get16(p, p->body) != 1)
		return damaged(p, "pcapng version %u, of which 1 is known", get16(p, p->body));
	p->count = 0;
	p->any = true;
	return 1;
}

static void
read_options(const struct pcapng *p, struct interface *i, const uint8_t *at, size_t left)
{
	while (left >= 4) {
		const uint16_t code = get16(p, at), length = get16(p, at + 2);
		const size_t padded = ((size_t)length + 3) / 4 * 4;

		if (code == OPTION_END || length > left - 4)
			return;
		if (code == OPTION_TSRESOL && length == 1)
			i->resol = at[4];
		if (code == OPTION_TSOFFSET && length == 8) {
			uint64_t high = get32(p, at + (p->big ? 4 : 8));

			i->offset_s = (int64_t)(high << 32 | get32(p, at + (p->big ? 8 : 4)));
		}
		if (padded > left - 4)
			return;
		at += 4 + padded;
		left -= 4 + padded;
	}
}

static int
add_interface(struct pcapng *p, size_t size)
{
	if (size < 8)
		return damaged(p, "an interface block of %zu octets", size);
	if (p->count == INTERFACES_MAX)
		return damaged(p, "more than %u interfaces", INTERFACES_MAX);
	if (p->count == p->room) {
		const uint32_t room = p->room ? 2 * p->room : 8;
		struct interface *more = realloc(p->interfaces, room * sizeof(*more));

		if (more == NULL)
			return damaged(p, "no memory for %u interfaces", room);
		p->interfaces = more;
		p->room = room;
	}
	struct interface *i = &p->interfaces[p->count++];
	*i = (struct interface){
		.dlt = get16(p, p->body), .snap = get32(p, p->body + 4), .resol = 6};
	read_options(p, i, p->body + 8, size - 8);
	return 1;
}

/* Ticks of 2^-n seconds: seconds, and ns beside them. */
static uint64_t
binary_seconds(uint64_t ticks, uint8_t n, uint64_t *ns)
{
	uint64_t rest = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : 0;
	const uint64_t seconds = n < 64 ? ticks >> n : 0;

	if (n > 34) { /* 2^34 ticks by 1e9 are what 64 bits hold, and finer than a nanosecond */
		rest >>= n < 64 ? n - 34 : 0;
		n = 34;
	}
	*ns = (rest * 1000000000) >> n;
	return seconds;
}

/* Ticks of 10^-n seconds. */
static uint64_t
decimal_seconds(uint64_t ticks, uint8_t n, uint64_t *ns)
{
	uint64_t second = 1;

	for (; n > 19; n--) /* finer than 64 bits can count a second in */
		ticks /= 10;
	for (uint8_t k = 0; k < n; k++)
		second *= 10;
	const uint64_t seconds = ticks / second;
	uint64_t rest = ticks % second;
	for (; n < 9; n++)
		rest *= 10;
	for (; n > 9; n--)
		rest /= 10;
	*ns = rest;
	return seconds;
}

/* Of an interface's clock, in ns since 1970. CAPTURE_NO_TIME where that is no time of ours. */
static int64_t
time_of(const struct interface *i, uint32_t high, uint32_t low)
{
	const uint64_t ticks = (uint64_t)high << 32 | low;
	uint64_t ns, seconds = i->resol & 0x80 ? binary_seconds(ticks, i->resol & 0x7f, &ns)
					       : decimal_seconds(ticks, i->resol, &ns);
	int64_t sum;

	if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, i->offset_s, &sum) ||
	    sum <= 0 || sum >= INT64_MAX / 1000000000)
		return CAPTURE_NO_TIME;
	return sum * 1000000000 + (int64_t)ns;
}

/* A packet of an interface, whose data begin at `data` octets into the body. */
static int
packet(struct pcapng *p, struct capture_record *r, uint32_t number, size_t size, size_t data)
{
	if (number >= p->count)
		return damaged(p, "a packet of interface %u, of which there are %u", number,
			       p->count);
	if (size < data || r->captured > size - data)
		return damaged(p, "a packet of %u octets in a block of %zu", r->captured, size);
	r->bytes = p->body + data;
	r->dlt = p->interfaces[number].dlt;
	return 1;
}

/* 1: a packet, 2: another block, -1 */
static int
read_block(struct pcapng *p, uint32_t type, uint32_t length, struct capture_record *r)
{
	if (get_body(p, length) < 0)
		return -1;
	const uint8_t *b = p->body;
	const size_t size = (size_t)length - 12;
	uint32_t number;

	switch (type) {
	case BLOCK_INTERFACE:
		return add_interface(p, size) < 0 ? -1 : 2;
	case BLOCK_PACKET:
	case BLOCK_PACKET_OLD:
		if (size < 20)
			return damaged(p, "a packet block of %zu octets", size);
		number = type == BLOCK_PACKET ? get32(p, b) : get16(p, b);
		*r = (struct capture_record){.captured = get32(p, b + 12),
					     .length = get32(p, b + 16)};
		if (packet(p, r, number, size, 20) < 0)
			return -1;
		r->ns = time_of(&p->interfaces[number], get32(p, b + 4), get32(p, b + 8));
		return 1;
	case BLOCK_PACKET_SIMPLE:
		if (size < 4)
			return damaged(p, "a simple packet block of %zu octets", size);
		*r = (struct capture_record){.length = get32(p, b), .ns = CAPTURE_NO_TIME};
		r->captured = r->length;
		if (p->count > 0 && p->interfaces[0].snap != 0 &&
		    p->interfaces[0].snap < r->captured)
			r->captured = p->interfaces[0].snap;
		return packet(p, r, 0, size, 4);
	default:
		return 2;
	}
}

int
pcapng_next(struct pcapng *p, struct capture_record *r)
{
	for (;;) {
		uint8_t head[8];
		int ret = get_octets(p, head, sizeof(head), "a block's header", true);

		if (ret <= 0)
			return ret;
		if (memcmp(head, "\x0a\x0d\x0d\x0a", 4) == 0)
			ret = begin_section(p, head + 4) < 0 ? -1 : 2;
		else if (!p->any)
			return damaged(p, "no section header at its beginning");
		else
			ret = read_block(p, get32(p, head), get32(p, head + 4), r);
		if (ret != 2)
			return ret;
	}
}
