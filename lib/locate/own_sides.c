/* SPDX-License-Identifier: BSD-3-Clause */
#include "own_sides.h"

#include "special.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static enum side_verdict
verdict_of(const struct special_row *row)
{
	if (row->reach != SPECIAL_EMBEDS)
		return row->reach == SPECIAL_NOT_GLOBAL ? SIDE_OURS : SIDE_THEIRS;
	return row->high >> 48 == 0x2002       ? SIDE_OF_6TO4
	       : row->high >> 32 == 0x20010000 ? SIDE_OF_TEREDO
					       : SIDE_OF_NAT64;
}

static struct host_addr
first_of(const struct special_row *row)
{
	struct host_addr addr;

	for (int i = 0; i < 8; i++) {
		addr.bytes[i] = (uint8_t)(row->high >> (56 - 8 * i));
		addr.bytes[8 + i] = (uint8_t)(row->low >> (56 - 8 * i));
	}
	return addr;
}

/* In a block whose addresses are on the side of the IPv4 address inside it says nothing. */
static bool
is_inside_embedding(const struct network *n)
{
	const struct special_row *row = special_find(&n->addr, n->family);

	return row != NULL && row->reach == SPECIAL_EMBEDS && row->bits <= n->bits;
}

/*
 * The longest prefix decides, and of two for the same one the special block: locate_host asks first
 * whether an address is reachable from everywhere. A block that is, inside of one of our networks,
 * is ours.
 */
struct sides *
own_sides_create(const struct networks *own)
{
	struct sides *sides = calloc(1, sizeof(*sides));
	size_t rows;
	const struct special_row *special = special_rows(&rows);
	int error = 0;

	if (sides == NULL)
		return NULL;
	for (size_t i = 0; i < rows && error == 0; i++) {
		const struct host_addr addr = first_of(&special[i]);
		const unsigned int bits =
			special[i].bits - (special[i].family == ADDR_IPV4 ? 96u : 0u);
		enum side_verdict verdict = verdict_of(&special[i]);

		if (special[i].reach == SPECIAL_NOT_SAID)
			continue;
		if (verdict == SIDE_THEIRS && networks_have(own, &addr, special[i].family))
			verdict = SIDE_OURS;
		error = sides_add(sides, &addr, special[i].family, bits, verdict);
	}
	for (unsigned int i = 0; i < own->count && error == 0; i++) {
		const struct network *n = &own->each[i];

		if (!is_inside_embedding(n))
			error = sides_add(sides, &n->addr, n->family, n->bits, SIDE_OURS);
	}
	if (error != 0) {
		free(sides);
		errno = -error;
		return NULL;
	}
	sides_finish(sides);
	return sides;
}
