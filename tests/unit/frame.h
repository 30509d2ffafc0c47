/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame under construction, for tests: each put_ function appends a header. Lengths are what the
 * caller says, true or not.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct frame {
	uint8_t bytes[16384];
	size_t length;
};

static inline void
put(struct frame *f, const void *bytes, size_t n)
{
	memcpy(f->bytes + f->length, bytes, n);
	f->length += n;
}

static inline void
put8(struct frame *f, uint8_t v)
{
	f->bytes[f->length++] = v;
}

static inline void
put16(struct frame *f, uint16_t v)
{
	put8(f, (uint8_t)(v >> 8));
	put8(f, (uint8_t)v);
}

static inline void
put32(struct frame *f, uint32_t v)
{
	put16(f, (uint16_t)(v >> 16));
	put16(f, (uint16_t)v);
}

static inline void
put_zeros(struct frame *f, size_t n)
{
	memset(f->bytes + f->length, 0, n);
	f->length += n;
}

static inline void
put_ethernet(struct frame *f, uint16_t type)
{
	static const uint8_t macs[12] = {0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 2};

	put(f, macs, sizeof(macs));
	put16(f, type);
}

static inline void
put_vlan(struct frame *f, uint16_t tci, uint16_t type)
{
	put16(f, tci);
	put16(f, type);
}

static inline void
put_label(struct frame *f, uint32_t label, int bottom)
{
	put32(f, label << 12 | (bottom ? 0x100 : 0) | 64);
}

/* options: in words of 4 octets; the last octet of both addresses is `host` and `host` + 1 */
static inline void
put_ipv4(struct frame *f, uint8_t proto, uint16_t total, uint8_t options, uint16_t fragment,
	 uint8_t host)
{
	put8(f, (uint8_t)(0x45 + options));
	put8(f, 0);
	put16(f, total);
	put16(f, 0x1234);
	put16(f, fragment);
	put8(f, 64);
	put8(f, proto);
	put16(f, 0);
	put(f, (const uint8_t[]){192, 0, 2, host, 192, 0, 2, (uint8_t)(host + 1)}, 8);
	memset(f->bytes + f->length, 1, options * 4u); /* no-operation */
	f->length += options * 4u;
}

static inline void
put_ipv6(struct frame *f, uint8_t next, uint16_t payload, uint8_t host)
{
	uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8};

	put32(f, 0x60000000);
	put16(f, payload);
	put8(f, next);
	put8(f, 64);
	address[15] = host;
	put(f, address, 16);
	address[15] = (uint8_t)(host + 1);
	put(f, address, 16);
}

static inline void
put_udp(struct frame *f, uint16_t from, uint16_t to, uint16_t length)
{
	put16(f, from);
	put16(f, to);
	put16(f, length);
	put16(f, 0);
}

/* 20 octets */
static inline void
put_tcp(struct frame *f)
{
	put16(f, 40000);
	put16(f, 443);
	put_zeros(f, 8);
	put8(f, 0x50);
	put8(f, 0x10);
	put_zeros(f, 6);
}

/* an extension header of 8 x (1 + more) octets, filled with Pad1 */
static inline void
put_extension(struct frame *f, uint8_t next, uint8_t more)
{
	put8(f, next);
	put8(f, more);
	put_zeros(f, 6 + 8u * more);
}

static inline void
put_fragment(struct frame *f, uint8_t next, uint16_t offset_and_more)
{
	put8(f, next);
	put8(f, 0);
	put16(f, offset_and_more);
	put32(f, 0xabcdef01);
}
