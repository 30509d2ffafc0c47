/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * merge with a limit against an oracle that sorts all rows by rank; and what a flood of spoofed
 * hosts does to the list.
 */
#include "host_rows.h"

#include <endian.h>

/* A row of the oracle, and whether the newer list has its address. */
struct ranked {
	struct host_row row;
	bool new;
};

static int
order_of_ranks(const void *va, const void *vb)
{
	const struct ranked *a = va, *b = vb;
	uint64_t pa = counts_packets(&a->row.counts), pb = counts_packets(&b->row.counts);

	if (pa != pb)
		return pa < pb ? 1 : -1;
	if (a->new != b->new)
		return a->new ? -1 : 1;
	return host_row_order(&a->row, &b->row);
}

/* What a merge with a limit must give, by sorting all rows by rank. Returns the number of rows. */
static size_t
ranked_merge(const struct host_list *a, const struct host_list *b, size_t limit,
	     struct host_row *rows)
{
	struct ranked *ranked = calloc(a->count + b->count + 1, sizeof(*ranked));
	size_t n = 0, kept;

	assert_non_null(ranked);
	for (size_t i = 0; i < a->count; i++) {
		const struct host_row *twin =
			host_list_find(b, &a->rows[i].addr, a->rows[i].family);

		ranked[n] = (struct ranked){a->rows[i], twin != NULL};
		if (twin != NULL) {
			counts_add(&ranked[n].row.counts, &twin->counts);
			ranked[n].row.place = twin->place;
		}
		n++;
	}
	for (size_t i = 0; i < b->count; i++) {
		if (host_list_find(a, &b->rows[i].addr, b->rows[i].family) == NULL)
			ranked[n++] = (struct ranked){b->rows[i], true};
	}
	kept = n > limit ? host_list_low_water(limit) : n;
	qsort(ranked, n, sizeof(*ranked), order_of_ranks);
	for (size_t i = 0; i < kept; i++)
		rows[i] = ranked[i].row;
	qsort(rows, kept, sizeof(*rows), order);
	free(ranked);
	return kept;
}

/* Packets of all magnitudes, and many that are equal. */
static uint64_t
any_packets(uint32_t kind)
{
	switch (kind) {
	case 0:
		return dice_below(&dice, 3);
	case 1:
		return dice_next(&dice) >> 2 >> dice_below(&dice, 62);
	case 2: /* equal in all digits but one */
		return UINT64_C(0x1234567890abcdef) ^ (uint64_t)dice_below(&dice, 4)
							      << (11 * dice_below(&dice, 6));
	default:
		return 2047 + dice_below(&dice, 3);
	}
}

static void
assert_counts_sum(const struct host_list *list, const struct counts *left_out,
		  const struct counts *all)
{
	struct counts sum = *left_out;

	for (size_t i = 0; i < list->count; i++)
		counts_add(&sum, &list->rows[i].counts);
	assert_memory_equal(&sum, all, sizeof(sum));
}

/* Some periods into one list with a limit: after each the rows are those that the oracle keeps, in
 * order; and with what was left out they are the sum of all that was ever merged, to the octet. */
static void
test_limit(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 400; round++) {
		struct host_list total = {0};
		struct counts left_out = {0}, all = {0};
		size_t limit = dice_below(&dice, 80);

		for (uint32_t period = 1 + dice_below(&dice, 6); period > 0; period--) {
			struct host_list b = {0}, sum = {0};

			for (uint32_t i = dice_below(&dice, 60); i > 0; i--) {
				struct host_row row = any_row();

				row.place = period;
				memset(row.counts.packets, 0, sizeof(row.counts.packets));
				row.counts.packets[dice_below(&dice, 2)][dice_below(&dice, 2)] =
					any_packets(round % 4);
				counts_add(&all, &row.counts);
				append(&b, &row);
			}
			assert_int_equal(host_list_sort(&b), 0);
			struct host_row *rows = calloc(total.count + b.count + 1, sizeof(*rows));

			assert_non_null(rows);
			size_t count = ranked_merge(&total, &b, limit, rows);

			assert_int_equal(host_list_merge(&sum, &total, &b, limit, &left_out), 0);
			assert_true(sum.count <= limit);
			/* as the header says: no more memory than the limit's rows */
			assert_true(sum.capacity <= limit);
			assert_same(&sum, rows, count);
			assert_counts_sum(&sum, &left_out, &all);
			free(rows);
			host_list_free(&b);
			host_list_free(&total);
			total = sum;
		}
		host_list_free(&total);
	}
}

/* A period of `n` hosts that were never seen before, each with 1 to `most` packets. */
static void
append_spoofed(struct host_list *list, uint32_t n, uint32_t most)
{
	static uint32_t next = 0x0b000000;

	for (; n > 0; n--) {
		uint32_t address = htobe32(next++);
		struct host_row row = {.family = ADDR_IPV4, .place = PLACE_NONE};

		row.addr = host_addr_from_ipv4((const uint8_t *)&address);
		row.counts.packets[LAYER_UDP][AS_SOURCE] = 1 + dice_below(&dice, most);
		append(list, &row);
	}
}

/* Merges a period into the total and frees it. Returns the packets that were left out. */
static uint64_t
merge_period(struct host_list *total, struct host_list *period, size_t limit)
{
	struct host_list sum = {0};
	struct counts left_out = {0};

	assert_int_equal(host_list_sort(period), 0);
	assert_int_equal(host_list_merge(&sum, total, period, limit, &left_out), 0);
	host_list_free(period);
	host_list_free(total);
	*total = sum;
	return counts_packets(&left_out);
}

/* Spoofed hosts fill the list for many periods; whoever talks more than they do is listed, and no
 * packet of it is lost from the first period in which it does. */
static void
test_talker_after_flood(void **state)
{
	const struct host_row talker = row_of("192.0.2.1", 2);
	struct host_list total = {0}, period = {0};
	const struct host_row *best;
	uint64_t left_out = 0;
	(void)state;

	for (int p = 0; p < 40; p++) {
		append_spoofed(&period, 3000, 1);
		if (p >= 20)
			append(&period, &talker);
		left_out += merge_period(&total, &period, 4096);
	}
	best = &total.rows[0];
	for (size_t i = 1; i < total.count; i++) {
		if (counts_packets(&total.rows[i].counts) > counts_packets(&best->counts))
			best = &total.rows[i];
	}
	assert_int_equal(host_row_order(best, &talker), 0);
	assert_int_equal(counts_packets(&best->counts), 2 * 20);
	assert_int_equal(left_out + total.count - 1, 40 * 3000);
	host_list_free(&total);
}

/* An eviction makes room for a hundred hosts, and ten come in a period: the first is due in the
 * 81st period, one more each time that 101 hosts have come, which is in the 11th period after. */
static void
test_eviction_is_rare(void **state)
{
	struct host_list total = {0}, period = {0};
	int evictions = 0;
	(void)state;

	for (int p = 0; p < 80 + 110 * 10; p++) {
		append_spoofed(&period, 10, 100);
		evictions += merge_period(&total, &period, 800) > 0;
	}
	assert_int_equal(evictions, 100);
	host_list_free(&total);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_talker_after_flood),
		cmocka_unit_test(test_eviction_is_rare),
	};
	return cmocka_run_group_tests_name("merge_limit", tests, NULL, NULL);
}
