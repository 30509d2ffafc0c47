/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of hosts for the tests of merge. */
#pragma once

#include "merge.h"
#include "unit.h"

static struct dice dice = {4711};

static inline struct host_row
row_of(const char *address, uint64_t packets)
{
	struct host_row row = {.place = PLACE_UNASKED};
	enum addr_family family;

	assert_int_equal(host_addr_parse(address, &row.addr, &family), 0);
	row.family = family;
	row.counts.packets[LAYER_TCP][AS_SOURCE] = packets;
	return row;
}

static inline void
append(struct host_list *list, const struct host_row *row)
{
	/* exact growth would copy everything for each row */
	if (list->count == list->capacity)
		assert_int_equal(host_list_reserve(list, list->count + 16), 0);
	list->rows[list->count++] = *row;
}

/*
 * Rows that are hard to sort: few distinct bytes, so that addresses meet in all positions; IPv6
 * within one /64; IPv4 and its mapped twin.
 */
static inline struct host_row
any_row(void)
{
	struct host_row row = {.place = PLACE_UNASKED};
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(dice_below(&dice, 3) * 127);
	switch (dice_below(&dice, 5)) {
	case 0:
		row.family = ADDR_IPV4;
		row.addr = host_addr_from_ipv4(bytes);
		break;
	case 1: /* the mapped twin of an IPv4 host */
		row.family = ADDR_IPV6;
		row.addr = host_addr_from_ipv4(bytes);
		break;
	case 2: /* one /64 */
		memset(bytes, 0x20, 8);
		row.family = ADDR_IPV6;
		row.addr = host_addr_from_ipv6(bytes);
		break;
	case 3: /* only the upper half differs */
		memset(bytes + 8, 1, 8);
		row.family = ADDR_IPV6;
		row.addr = host_addr_from_ipv6(bytes);
		break;
	default:
		for (int i = 0; i < 16; i++)
			bytes[i] = (uint8_t)dice_next(&dice);
		row.family = dice_below(&dice, 2) ? ADDR_IPV4 : ADDR_IPV6;
		row.addr = row.family == ADDR_IPV4 ? host_addr_from_ipv4(bytes)
						   : host_addr_from_ipv6(bytes);
	}
	for (int i = 0; i < 8; i++)
		(&row.counts.packets[0][0])[i] = dice_below(&dice, 1000);
	return row;
}

static inline int
order(const void *a, const void *b)
{
	return host_row_order(a, b);
}

static inline void
assert_same(const struct host_list *list, const struct host_row *rows, size_t count)
{
	assert_int_equal(list->count, count);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(&list->rows[i], &rows[i], sizeof(rows[i]));
}
