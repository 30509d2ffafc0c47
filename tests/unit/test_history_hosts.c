/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hosts of the past against a list of all that was offered: exact where all of them are kept,
 * and never too much, the busiest exact, where they are not.
 */
#include "history.h"
#include "unit.h"

#include <errno.h>

#define MONDAY  INT64_C(1700438400000) /* 2023-11-20T00:00:00Z */
#define PLACES  6
#define MINUTES 300
#define MOST    3000

static struct place places[PLACES];
static struct dice dice = {1};

/* what each host had in each minute: [minute][host] packets */
static struct counts offered[MINUTES][MOST];

/* The host `i` of `hosts`: its address says which; every seventh is IPv6, every sixth has no place.
 */
static struct host_row
host(size_t i, const struct counts *counts)
{
	const uint8_t ipv4[4] = {198, 51, (uint8_t)(i >> 8), (uint8_t)i};
	uint8_t ipv6[16] = {0x20, 0x01, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i};

	return (struct host_row){
		.addr = i % 7 == 0 ? host_addr_from_ipv6(ipv6) : host_addr_from_ipv4(ipv4),
		.family = i % 7 == 0 ? ADDR_IPV6 : ADDR_IPV4,
		.place = i % PLACES == 0 ? PLACE_PRIVATE : (uint32_t)(i % PLACES),
		.counts = *counts,
	};
}

static size_t
number_of(const struct host_row *row)
{
	return (size_t)row->addr.bytes[14] << 8 | row->addr.bytes[15];
}

static int
by_address(const void *a, const void *b)
{
	return host_row_order(a, b);
}

static struct history *
open_private(const char *folder, unsigned int of_place, struct privacy privacy)
{
	struct history_settings s = {.folder = folder,
				     .size = 2000000000,
				     .hosts_of_place = of_place,
				     .privacy = privacy,
				     .unsynced = true};
	char error[HISTORY_ERROR_MAX] = "";

	assert_int_equal(history_parse_keep("24h,7d,31d,5y", s.keep_ms), 0);
	struct history *h = history_open(&s, error);
	if (h == NULL)
		fail_msg("%s", error);
	assert_int_equal(history_start(h), 0);
	return h;
}

static struct history *
open_store(const char *folder, unsigned int of_place)
{
	return open_private(folder, of_place, (struct privacy){0});
}

/* A period of a minute with these hosts, as the map's thread gives them. */
static void
offer(struct history *h, size_t minute, size_t hosts, unsigned int of_place)
{
	static struct host_row rows[MOST];
	struct history_sample sample = {
		.start_ms = MONDAY + (int64_t)minute * 60000,
		.end_ms = MONDAY + (int64_t)minute * 60000 + 60000,
		.covered_ms = 60000,
		.points = malloc(PLACES * sizeof(*sample.points)),
	};
	struct counts by_place[PLACES] = {0};
	uint32_t *chosen;
	size_t count = 0, chosen_count;

	for (size_t i = 0; i < hosts; i++) {
		if (counts_packets(&offered[minute][i]) == 0)
			continue;
		rows[count++] = host(i, &offered[minute][i]);
		counts_add(&by_place[i % PLACES], &offered[minute][i]);
	}
	qsort(rows, count, sizeof(*rows), by_address);
	for (size_t p = 1; p < PLACES; p++)
		sample.points[sample.count++] = (struct history_point){&places[p], by_place[p]};
	assert_int_equal(history_choose(rows, count, of_place, &chosen, &chosen_count), 0);
	sample.hosts = malloc((chosen_count + 1) * sizeof(*sample.hosts));
	for (size_t i = 0; i < chosen_count; i++) {
		const struct host_row *row = &rows[chosen[i]];

		assert_true(i == 0 || chosen[i] > chosen[i - 1]);
		sample.hosts[sample.host_count++] = (struct history_host){
			row->addr, row->family,
			row->place == PLACE_PRIVATE ? NULL : &places[row->place], row->counts};
	}
	free(chosen);
	assert_int_equal(history_offer(h, &sample), 0);
	history_settle(h, -1);
}

static struct history_range
ask(struct history *h, size_t from, size_t to)
{
	char error[HISTORY_ERROR_MAX] = "";
	struct history_range range;

	assert_int_equal(history_range(h, MONDAY + (int64_t)from * 60000,
				       MONDAY + (int64_t)to * 60000, &range, error),
			 0);
	assert_int_equal(range.damaged, 0);
	for (size_t i = 0; i < range.host_count; i++) {
		const struct host_row *row = &range.hosts[i];
		const size_t place = number_of(row) % PLACES;

		assert_true(i == 0 || host_row_order(&range.hosts[i - 1], row) < 0);
		if (place == 0)
			assert_int_equal(row->place, PLACE_NONE);
		else
			assert_string_equal(range.places[row->place].place.city,
					    places[place].city);
	}
	return range;
}

static void
sum(struct counts *into, size_t host_number, size_t from, size_t to)
{
	*into = (struct counts){0};
	for (size_t minute = from; minute < to; minute++)
		counts_add(into, &offered[minute][host_number]);
}

/* So few that each is among the busiest of its place or of all: then nothing is missing. */
static void
test_all_kept_is_exact(void **state)
{
	enum { HOSTS = 30 };
	struct history *h = open_store(*state, 5);

	for (size_t minute = 0; minute < MINUTES; minute++) {
		for (size_t i = 0; i < HOSTS; i++) {
			struct counts *c = &offered[minute][i];

			*c = (struct counts){0};
			c->packets[LAYER_TCP][AS_SOURCE] =
				dice_below(&dice, 3) * dice_below(&dice, 1000);
			c->octets[LAYER_TCP][AS_SOURCE] = 100 * c->packets[LAYER_TCP][AS_SOURCE];
			c->packets[LAYER_UDP][AS_DESTINATION] = dice_below(&dice, 2);
		}
		offer(h, minute, HOSTS, 5);
		if (minute == MINUTES / 2) { /* a restart takes up what is being filled */
			assert_int_equal(history_close(h, -1), 0);
			h = open_store(*state, 5);
		}
	}
	for (int round = 0; round < 40; round++) {
		const size_t from = round == 0 ? 0 : dice_below(&dice, MINUTES - 1);
		const size_t to =
			round == 0 ? MINUTES : from + 1 + dice_below(&dice, MINUTES - from);
		struct history_range range = ask(h, from, to);
		size_t expected = 0;

		for (size_t i = 0; i < HOSTS; i++) {
			struct counts c;

			sum(&c, i, from, to);
			expected += counts_packets(&c) > 0;
		}
		assert_int_equal(range.host_count, expected);
		for (size_t i = 0; i < range.host_count; i++) {
			struct counts c;

			sum(&c, number_of(&range.hosts[i]), from, to);
			assert_memory_equal(&range.hosts[i].counts, &c, sizeof(c));
		}
		history_range_free(&range);
	}
	assert_int_equal(history_close(h, -1), 0);
}

/* Many hosts: the steady busy ones of each place are exact, the rest has at most what it had. */
static void
test_the_busiest_of_many(void **state)
{
	struct history *h = open_store(*state, 3);
	bool found[PLACES] = {false};

	for (size_t minute = 0; minute < 130; minute++) {
		for (size_t i = 0; i < MOST; i++) {
			struct counts *c = &offered[minute][i];

			*c = (struct counts){0};
			c->packets[LAYER_TCP][AS_SOURCE] = dice_below(&dice, 50);
			if (i < PLACES) /* one of each place */
				c->packets[LAYER_TCP][AS_SOURCE] = 1000 + dice_below(&dice, 100);
		}
		offer(h, minute, MOST, 3);
	}
	struct history_range range = ask(h, 0, 130);
	assert_true(range.host_count >= PLACES);
	for (size_t i = 0; i < range.host_count; i++) {
		const size_t number = number_of(&range.hosts[i]);
		struct counts c;

		sum(&c, number, 0, 130);
		if (number < PLACES) {
			found[number] = true;
			assert_memory_equal(&range.hosts[i].counts, &c, sizeof(c));
		}
		assert_true(counts_packets(&range.hosts[i].counts) <= counts_packets(&c));
	}
	for (size_t p = 0; p < PLACES; p++)
		assert_true(found[p]);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);
}

/* However many places there are, a row has no more than so many, and the busiest are in it. */
static void
test_a_row_is_bounded(void **state)
{
	static struct host_row rows[MOST];
	uint32_t *chosen;
	size_t count;

	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		rows[i] = (struct host_row){.place = (uint32_t)i};
		rows[i].counts.packets[LAYER_UDP][AS_SOURCE] = 1 + i;
	}
	assert_int_equal(history_choose(rows, MOST, 5, &chosen, &count), 0);
	assert_int_equal(count, HISTORY_HOSTS_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(chosen[i], MOST - HISTORY_HOSTS_MAX + i);
	free(chosen);
	/* by octets too */
	rows[0].counts.octets[LAYER_TCP][AS_SOURCE] = 1000000;
	assert_int_equal(history_choose(rows, 100, 1, &chosen, &count), 0);
	assert_int_equal(count, 100);
	free(chosen);
	for (size_t i = 0; i < 100; i++)
		rows[i].place = PLACE_NONE;
	assert_int_equal(history_choose(rows, 100, 1, &chosen, &count), 0);
	assert_int_equal(count, HISTORY_HOSTS_OF_ALL + 1);
	assert_int_equal(chosen[0], 0);
	free(chosen);
	assert_int_equal(history_choose(rows, 100, 0, &chosen, &count), 0);
	assert_int_equal(count, 0);
	free(chosen);
}

static void
test_none_are_kept(void **state)
{
	struct history *h = open_store(*state, 0);

	offered[0][1].packets[LAYER_TCP][AS_SOURCE] = 7;
	offer(h, 0, 10, 5); /* what is offered all the same is not written */
	struct history_range range = ask(h, 0, 1);
	assert_int_equal(range.host_count, 0);
	assert_true(range.count > 0);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);
}

/* Of a minute with whole addresses and one with cut ones, asked by one that is to cut them all. */
static void
test_an_older_store_is_cut(void **state)
{
	enum { HOSTS = 30 };
	const struct privacy cut = {.cut = {8, 80}};
	struct history *h = open_store(*state, 5);
	struct history_range range;
	char error[HISTORY_ERROR_MAX];

	for (size_t minute = 0; minute < 2; minute++) {
		for (size_t i = 0; i < HOSTS; i++) {
			offered[minute][i] = (struct counts){0};
			offered[minute][i].packets[LAYER_UDP][AS_SOURCE] = 1 + i;
		}
	}
	offer(h, 0, HOSTS, 5);
	assert_int_equal(history_close(h, -1), 0);
	h = open_private(*state, 5, cut);
	offer(h, 1, HOSTS, 5);
	assert_int_equal(history_range(h, MONDAY, MONDAY + 120000, &range, error), 0);
	/* 198.51.0.0 at five places and at none, 2001:: (0, 7, 14, 21, 28) at four and at none */
	assert_int_equal(range.host_count, 6 + 5);
	uint64_t packets = 0;
	for (size_t i = 0; i < range.host_count; i++) {
		const struct host_row *row = &range.hosts[i];
		uint64_t expected = 0;

		assert_int_equal(number_of(row), 0);
		for (size_t n = 0; n < HOSTS; n++) {
			const bool here =
				row->place == PLACE_NONE
					? n % PLACES == 0
					: n % PLACES != 0 &&
						  strcmp(range.places[row->place].place.city,
							 places[n % PLACES].city) == 0;

			if (here && (n % 7 == 0) == (row->family == ADDR_IPV6))
				expected += 2 * (1 + n);
		}
		assert_int_equal(counts_packets(&row->counts), expected);
		packets += expected;
	}
	assert_int_equal(packets, 2 * HOSTS * (HOSTS + 1) / 2);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);

	/* a reader that is to tell none */
	h = history_read(*state, (struct privacy){.no_hosts = true}, error);
	assert_non_null(h);
	assert_int_equal(history_range(h, MONDAY, MONDAY + 120000, &range, error), 0);
	assert_int_equal(range.host_count, 0);
	assert_true(range.count > 0);
	history_range_free(&range);
	assert_int_equal(history_close(h, -1), 0);
}

static int
begin(void **state)
{
	static char folder[64];

	snprintf(folder, sizeof(folder), "/tmp/history-hosts-XXXXXX");
	*state = mkdtemp(folder);
	memset(offered, 0, sizeof(offered));
	return *state == NULL;
}

static int
end(void **state)
{
	static const char *const files[] = {"history.sqlite", "history.sqlite-wal",
					    "history.sqlite-shm", "lock"};
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", (char *)*state, files[i]);
		unlink(path);
	}
	return rmdir(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_kept_is_exact, begin, end),
		cmocka_unit_test_setup_teardown(test_the_busiest_of_many, begin, end),
		cmocka_unit_test(test_a_row_is_bounded),
		cmocka_unit_test_setup_teardown(test_none_are_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_an_older_store_is_cut, begin, end),
	};

	for (size_t p = 0; p < PLACES; p++) {
		places[p] = (struct place){.latitude = (double)p,
					   .longitude = (double)p,
					   .has_position = true,
					   .number = (uint32_t)p};
		snprintf(places[p].country, 3, "DE");
		snprintf(places[p].city, sizeof(places[p].city), "city %zu", p);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
