/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * merge against a plain oracle: qsort over all rows, equal addresses added up. Whatever lanes the
 * rows came by and in which order, the list is the same.
 */
#include "failing.h"
#include "host_rows.h"

#include <errno.h>

/* The oracle, in place. */
static void
plainly(struct host_row *rows, size_t *count)
{
	size_t kept = 0;

	if (*count > 0)
		qsort(rows, *count, sizeof(*rows), order);
	for (size_t i = 0; i < *count; i++) {
		if (kept > 0 && host_row_order(&rows[kept - 1], &rows[i]) == 0)
			counts_add(&rows[kept - 1].counts, &rows[i].counts);
		else
			rows[kept++] = rows[i];
	}
	*count = kept;
}

static void
test_sort_equals_qsort(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3, 7, 64, 300, 3000};
	(void)state;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (int round = 0; round < (sizes[s] < 100 ? 50 : 4); round++) {
			size_t n = sizes[s];
			struct host_list list = {0};
			struct host_row *rows = malloc((n + 1) * sizeof(*rows));

			assert_non_null(rows);
			for (size_t i = 0; i < n; i++) {
				rows[i] = any_row();
				append(&list, &rows[i]);
			}
			assert_int_equal(host_list_sort(&list), 0);
			plainly(rows, &n);
			assert_same(&list, rows, n);
			host_list_free(&list);
			assert_null(list.rows);
			free(rows);
		}
	}
}

/* However rows are split among lanes, in whatever order lanes are drained, and whatever is merged
 * period by period. */
static void
test_any_split_is_the_same(void **state)
{
	enum { N = 3000 };
	struct host_row *rows = malloc(N * sizeof(*rows)), *oracle = malloc(N * sizeof(*rows));
	size_t count = N;
	(void)state;

	assert_non_null(rows);
	assert_non_null(oracle);
	for (size_t i = 0; i < N; i++)
		rows[i] = any_row();
	memcpy(oracle, rows, N * sizeof(*rows));
	plainly(oracle, &count);

	for (int round = 0; round < 12; round++) {
		uint32_t lanes = 1 + dice_below(&dice, 8), periods = 1 + dice_below(&dice, 6);
		struct host_list total = {0};

		for (size_t i = N - 1; i > 0; i--) {
			size_t k = dice_below(&dice, (uint32_t)i + 1);
			struct host_row t = rows[i];

			rows[i] = rows[k];
			rows[k] = t;
		}
		for (uint32_t p = 0; p < periods; p++) {
			struct host_list period = {0}, sum = {0};
			struct counts left_out = {0};

			for (uint32_t lane = 0; lane < lanes; lane++) {
				for (size_t i = 0; i < N; i++) {
					if (i % periods == p && i / periods % lanes == lane)
						append(&period, &rows[i]);
				}
			}
			assert_int_equal(host_list_sort(&period), 0);
			assert_int_equal(host_list_merge(&sum, &total, &period, N, &left_out), 0);
			assert_int_equal(counts_packets(&left_out), 0);
			host_list_free(&period);
			host_list_free(&total);
			total = sum;
		}
		assert_same(&total, oracle, count);
		host_list_free(&total);
	}
	free(rows);
	free(oracle);
}

static void
test_merge_of_nothing(void **state)
{
	struct host_list none = {0}, sum = {0}, one = {0};
	const struct host_row row = row_of("192.0.2.1", 3);
	struct counts left_out = {0};
	(void)state;

	assert_int_equal(host_list_merge(&sum, &none, &none, 10, &left_out), 0);
	assert_int_equal(sum.count, 0);
	assert_null(host_list_find(&sum, &row.addr, row.family));
	append(&one, &row);
	assert_int_equal(host_list_merge(&sum, &one, &none, 10, &left_out), 0);
	assert_same(&sum, &row, 1);
	host_list_free(&sum);
	assert_int_equal(host_list_merge(&sum, &none, &one, 10, &left_out), 0);
	assert_same(&sum, &row, 1);
	host_list_free(&sum);
	host_list_free(&one);
}

/* The newer place wins; counts add; the order of the families. */
static void
test_merge_meets(void **state)
{
	struct host_list a = {0}, b = {0}, sum = {0};
	struct counts left_out = {0};
	struct host_row old = row_of("192.0.2.1", 3), new = row_of("192.0.2.1", 4);
	const struct host_row mapped = row_of("::ffff:192.0.2.1", 5), high = row_of("ff00::", 6);
	(void)state;

	old.place = 7;
	new.place = 8;
	append(&a, &old);
	append(&a, &high);
	append(&b, &new);
	append(&b, &mapped);
	assert_int_equal(host_list_merge(&sum, &a, &b, 10, &left_out), 0);
	assert_int_equal(sum.count, 3);
	assert_int_equal(sum.rows[0].place, 8);
	assert_int_equal(counts_packets(&sum.rows[0].counts), 7);
	assert_int_equal(sum.rows[1].family, ADDR_IPV6);
	assert_int_equal(counts_packets(&sum.rows[1].counts), 5);
	assert_int_equal(counts_packets(&sum.rows[2].counts), 6);
	host_list_free(&a);
	host_list_free(&b);
	host_list_free(&sum);
}

static void
test_find(void **state)
{
	struct host_list list = {0};
	(void)state;

	for (int i = 0; i < 500; i++) {
		struct host_row row = any_row();
		append(&list, &row);
	}
	assert_int_equal(host_list_sort(&list), 0);
	for (size_t i = 0; i < list.count; i++)
		assert_ptr_equal(host_list_find(&list, &list.rows[i].addr, list.rows[i].family),
				 &list.rows[i]);
	for (int i = 0; i < 500; i++) {
		struct host_row row = any_row();
		const struct host_row *found = host_list_find(&list, &row.addr, row.family);
		size_t k = 0;

		while (k < list.count && host_row_order(&list.rows[k], &row) != 0)
			k++;
		assert_ptr_equal(found, k < list.count ? &list.rows[k] : NULL);
	}
	host_list_free(&list);
}

static void
test_no_memory(void **state)
{
	struct host_list list = {0}, other = {0}, sum = {0};
	struct counts left_out = {0};
	(void)state;

	for (int i = 0; i < 100; i++) {
		struct host_row row = any_row();
		append(&list, &row);
	}
	struct host_row *before = malloc(100 * sizeof(*before));
	assert_non_null(before);
	memcpy(before, list.rows, 100 * sizeof(*before));
	for (long n = 0; n < 2; n++) {
		failing_at(n);
		int error = host_list_sort(&list);
		failing_at(-1);
		assert_int_equal(error, -ENOMEM);
		assert_same(&list, before, 100);
	}
	failing_at(0);
	assert_int_equal(host_list_reserve(&list, 1000), -ENOMEM);
	failing_at(-1);
	assert_same(&list, before, 100);
	assert_int_equal(host_list_sort(&list), 0);
	failing_at(0);
	assert_int_equal(host_list_merge(&sum, &list, &other, 1000, &left_out), -ENOMEM);
	failing_at(-1);
	assert_int_equal(sum.count, 0);
	assert_int_equal(counts_packets(&left_out), 0);
	free(before);
	host_list_free(&list);
	host_list_free(&sum);
}

/* By address and place: what the cut list is to be. */
static int
order_of_both(const void *a, const void *b)
{
	return host_row_order_by_place(a, b);
}

static void
plainly_by_place(struct host_row *rows, size_t *count)
{
	size_t kept = 0;

	qsort(rows, *count, sizeof(*rows), order_of_both);
	for (size_t i = 0; i < *count; i++) {
		if (kept > 0 && order_of_both(&rows[kept - 1], &rows[i]) == 0)
			counts_add(&rows[kept - 1].counts, &rows[i].counts);
		else
			rows[kept++] = rows[i];
	}
	*count = kept;
}

/* Cut period by period and merged, or all at once, in any order: the same, and of each place what
 * it had. */
static void
test_cut_keeps_places(void **state)
{
	enum { N = 2000, PERIODS = 5 };
	(void)state;

	for (int round = 0; round < 12; round++) {
		const struct host_cut cut = {(uint8_t)dice_below(&dice, 33),
					     (uint8_t)dice_below(&dice, 129)};
		struct host_row *all = malloc(N * PERIODS * sizeof(*all));
		struct counts left_out = {0};
		struct host_list total = {0};
		size_t count = 0;

		assert_non_null(all);
		for (int p = 0; p < PERIODS; p++) {
			struct host_list period = {0}, sum = {0};

			for (size_t i = 0; i < N; i++) {
				struct host_row row = any_row();

				append(&period, &row);
			}
			assert_int_equal(host_list_sort(&period), 0);
			for (size_t i = 0; i < period.count; i++) {
				period.rows[i].place = dice_below(&dice, 4) == 0
							       ? PLACE_PRIVATE
							       : (uint32_t)dice_below(&dice, 3);
				all[count] = period.rows[i];
				host_addr_cut(&all[count].addr, all[count].family, cut);
				count++;
			}
			host_list_cut(&period, cut);
			assert_int_equal(
				host_list_merge(&sum, &total, &period, 3 * N * PERIODS, &left_out),
				0);
			host_list_free(&total);
			host_list_free(&period);
			total = sum;
		}
		plainly_by_place(all, &count);
		assert_same(&total, all, count);
		/* and rows of it in any order can be sorted again */
		for (size_t i = total.count; i > 1; i--) {
			const size_t k = dice_below(&dice, (unsigned int)i);
			const struct host_row row = total.rows[k];

			total.rows[k] = total.rows[i - 1];
			total.rows[i - 1] = row;
		}
		assert_int_equal(host_list_sort(&total), 0);
		assert_same(&total, all, count);
		host_list_free(&total);
		free(all);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort_equals_qsort),
		cmocka_unit_test(test_any_split_is_the_same),
		cmocka_unit_test(test_merge_of_nothing),
		cmocka_unit_test(test_merge_meets),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_cut_keeps_places),
	};
	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
