/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * count against a plain oracle: a pool of known hosts, and beside each the eight numbers that were
 * sent for it. Whatever the burst sizes, the moment of a swap or the size of the table: what is
 * drained is what was sent, host by host; and what found no room is in the overflow. One file,
 * because EAL starts once a process and the oracle serves all of it.
 */
#include "count.h"
#include "eal.h"
#include "prefix_map.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const char eal_file_prefix[] = "heatmap-test-count";

/* -- a generator that gives the same numbers everywhere */

static uint64_t random_state = 1;

static uint64_t
random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint32_t
random_below(uint32_t bound)
{
	return (uint32_t)((random_next() >> 32) * bound >> 32);
}

/* -- the oracle: a pool sorted by host_row_order; counts = what was sent and not yet drained */

struct pool {
	struct host_row *rows;
	uint32_t n;
};

static int
compare_rows(const void *a, const void *b)
{
	return host_row_order(a, b);
}

/* A third is IPv6, and some of it are IPv4-mapped twins of an IPv4 host of the pool. */
static struct pool
pool_make(uint32_t n)
{
	struct pool pool = {.rows = calloc(n, sizeof(*pool.rows)), .n = n};

	assert_non_null(pool.rows);
	for (uint32_t i = 0; i < n; i++) {
		struct host_row *row = &pool.rows[i];
		uint32_t ipv4 = (uint32_t)random_next();
		uint64_t ipv6[2] = {random_next(), random_next()};

		row->family = ADDR_IPV4;
		row->addr = host_addr_from_ipv4((const uint8_t *)&ipv4);
		if (i % 3 == 2) {
			row->family = ADDR_IPV6;
			row->addr = i % 2 ? pool.rows[i - 1].addr
					  : host_addr_from_ipv6((const uint8_t *)ipv6);
		}
	}
	qsort(pool.rows, n, sizeof(*pool.rows), compare_rows);

	uint32_t kept = 1;
	for (uint32_t i = 1; i < n; i++)
		if (host_row_order(&pool.rows[kept - 1], &pool.rows[i]) != 0)
			pool.rows[kept++] = pool.rows[i];
	pool.n = kept;
	return pool;
}

static struct host_row *
pool_find(const struct pool *pool, const struct host_row *row)
{
	return bsearch(row, pool->rows, pool->n, sizeof(*row), compare_rows);
}

/* Skewed, so that some hosts come again and again and others once. */
static struct host_row *
pool_pick(const struct pool *pool)
{
	uint32_t bound = pool->n;
	while (bound > 8 && random_next() & 1 << 20)
		bound /= 4;
	/* spread over the sorted pool: both families are busy */
	return &pool->rows[(uint64_t)random_below(bound) * 2654435761u % pool->n];
}

/* A fact about two hosts of one family; the oracle learns of it. */
static void
fact_make(const struct pool *pool, struct parse_fact *fact, uint32_t *length)
{
	*fact = (struct parse_fact){.result = random_below(DECODE_RESULTS)};
	*length = 60 + random_below(1500);
	if (random_below(20) == 0) {
		fact->events = random_below(1 << DECODE_EVENTS);
		fact->unwrapped = random_below(1 << TUNNELS);
		fact->too_deep = random_below(2);
	}
	if (random_below(8) != 0)
		fact->result = random_below(2);
	if (fact->result > DECODE_UDP)
		return;

	struct host_row *src = pool_pick(pool), *dst;
	do
		dst = pool_pick(pool);
	while (dst->family != src->family);

	int layer = fact->result == DECODE_TCP ? LAYER_TCP : LAYER_UDP;
	uint32_t octets = *length - 14;
	if (random_below(200) == 0) /* a jumbogram's payload length has 32 bits: RFC 2675 */
		octets = (uint32_t)random_next();
	fact->src = src->addr;
	fact->dst = dst->addr;
	fact->family = src->family;
	fact->octets = octets;
	src->counts.packets[layer][AS_SOURCE]++;
	src->counts.octets[layer][AS_SOURCE] += octets;
	dst->counts.packets[layer][AS_DESTINATION]++;
	dst->counts.octets[layer][AS_DESTINATION] += octets;
}

static void
decode_counts_note(struct decode_counts *v, const struct parse_fact *fact, uint32_t length)
{
	v->frames[fact->result]++;
	v->octets[fact->result] += length;
	for (int r = 0; r < DECODE_EVENTS; r++)
		v->events[r] += fact->events >> r & 1;
	for (int t = 0; t < TUNNELS; t++)
		v->unwrapped[t] += fact->unwrapped >> t & 1;
	v->tunnel_too_deep += fact->too_deep;
}

/* As a glance would have told it, or as a fact of its own. */
static void
batch_add(struct parse_batch *batch, const struct parse_fact *fact, uint32_t length)
{
	int layer = fact->result == DECODE_TCP ? LAYER_TCP : LAYER_UDP;

	if (fact->result > DECODE_UDP || fact->events || fact->unwrapped || fact->too_deep ||
	    fact->octets > UINT16_MAX || random_below(4) == 0) {
		batch->other[batch->n_other] = *fact;
		batch->other[batch->n_other++].frame_octets = length;
		return;
	}
	batch->seen[layer].frames++;
	batch->seen[layer].octets += length;
	if (fact->family == ADDR_IPV4) {
		struct parse_pair4 *pair = &batch->ipv4[batch->n_ipv4++];
		memcpy(&pair->addr[AS_SOURCE], fact->src.bytes + 12, 4);
		memcpy(&pair->addr[AS_DESTINATION], fact->dst.bytes + 12, 4);
		pair->octets = fact->octets;
		pair->layer = layer;
	} else {
		struct parse_pair6 *pair = &batch->ipv6[batch->n_ipv6++];
		pair->addr[AS_SOURCE] = fact->src;
		pair->addr[AS_DESTINATION] = fact->dst;
		pair->octets = fact->octets;
		pair->layer = layer;
	}
}

static struct count_lane *
lane_make(uint32_t hosts)
{
	static unsigned int number;
	struct count_settings settings = {.hosts = hosts, .socket = SOCKET_ID_ANY};
	struct count_lane *lane = count_create(number++, &settings);

	assert_non_null(lane);
	return lane;
}

static void
lane_feed(struct count_lane *lane, const struct pool *pool, struct decode_counts *sent,
	  uint32_t packets)
{
	static struct parse_batch batch; /* of the one thread that feeds */

	while (packets > 0) {
		uint32_t n = 1 + random_below(COUNT_MAX_BURST);
		n = n < packets ? n : packets;
		memset(&batch, 0, sizeof(batch));
		for (uint32_t i = 0; i < n; i++) {
			struct parse_fact fact;
			uint32_t length;
			fact_make(pool, &fact, &length);
			decode_counts_note(sent, &fact, length);
			batch_add(&batch, &fact, length);
		}
		count_batch(lane, &batch);
		packets -= n;
	}
}

static void
lane_swap(struct count_lane *lane)
{
	assert_true(count_swapped(lane));
	count_request_swap(lane);
	assert_false(count_swapped(lane));
	count_poll_swap(lane);
	assert_true(count_swapped(lane));
}

/* Every drained host is what the oracle says, every host that the oracle knows was drained. */
static void
drained_equal(struct count_lane *lane, struct pool *pool, const struct decode_counts *sent)
{
	struct count_period buffer;
	count_get_period(lane, &buffer);
	assert_memory_equal(&buffer.decode, sent, sizeof(*sent));
	assert_int_equal(buffer.overflowed, 0);

	struct host_row *rows = calloc(buffer.hosts + 1, sizeof(*rows));
	assert_non_null(rows);
	assert_int_equal(count_drain(lane, rows), buffer.hosts);
	for (uint32_t i = 0; i < buffer.hosts; i++) {
		struct host_row *host = pool_find(pool, &rows[i]);
		assert_non_null(host);
		assert_int_equal(rows[i].place, PLACE_UNASKED);
		assert_memory_equal(&rows[i].counts, &host->counts, sizeof(host->counts));
		memset(&host->counts, 0, sizeof(host->counts)); /* a twin would now differ */
	}
	for (uint32_t i = 0; i < pool->n; i++)
		assert_int_equal(counts_packets(&pool->rows[i].counts), 0);
	free(rows);
}

static void
test_equals_oracle(void **state)
{
	(void)state;
	for (uint32_t size = 2; size <= 20000; size *= 10) {
		struct pool pool = pool_make(size + 2);
		struct count_lane *lane = lane_make(pool.n + 64);

		for (int period = 0; period < 6; period++) {
			struct decode_counts sent = {0};
			/* 0: an empty period is a period */
			lane_feed(lane, &pool, &sent, period == 3 ? 0 : random_below(60000));
			lane_swap(lane);
			drained_equal(lane, &pool, &sent);
			count_clear(lane);
		}
		count_destroy(lane);
		free(pool.rows);
	}
}

/* A period that the manager has not taken (a late acknowledgement) is added to, not replaced. */
static void
test_late_swap_keeps_counts(void **state)
{
	(void)state;
	struct pool pool = pool_make(1000);
	struct count_lane *lane = lane_make(2000);
	struct decode_counts sent = {0};

	lane_feed(lane, &pool, &sent, 5000);
	count_request_swap(lane);
	lane_feed(lane, &pool, &sent, 5000); /* asked, not yet seen by the lane */
	assert_false(count_swapped(lane));
	count_poll_swap(lane);
	count_poll_swap(lane); /* seen once: the second is no swap */
	drained_equal(lane, &pool, &sent);
	count_clear(lane);
	count_destroy(lane);
	free(pool.rows);
}

static void
test_full_table_loses_nothing(void **state)
{
	(void)state;
	struct pool pool = pool_make(30000);
	struct count_lane *lane = lane_make(1000);
	struct host_row *rows = calloc(1000, sizeof(*rows));

	assert_non_null(rows);
	for (int period = 0; period < 3; period++) {
		struct decode_counts sent = {0};
		lane_feed(lane, &pool, &sent, 50000);
		lane_swap(lane);

		struct count_period buffer;
		count_get_period(lane, &buffer);
		assert_int_equal(buffer.hosts, 1000);
		assert_int_equal(count_drain(lane, rows), 1000);
		assert_memory_equal(&buffer.decode, &sent, sizeof(sent));

		uint64_t in_rows = 0;
		for (uint32_t i = 0; i < buffer.hosts; i++) {
			const struct host_row *host = pool_find(&pool, &rows[i]);
			assert_non_null(host);
			assert_memory_equal(&rows[i].counts, &host->counts, sizeof(host->counts));
			in_rows += counts_packets(&rows[i].counts);
		}
		uint64_t addresses = 2 * (sent.frames[DECODE_TCP] + sent.frames[DECODE_UDP]);
		assert_true(buffer.overflowed > 0);
		assert_int_equal(in_rows + buffer.overflowed, addresses);

		for (uint32_t i = 0; i < pool.n; i++)
			memset(&pool.rows[i].counts, 0, sizeof(pool.rows[i].counts));
		count_clear(lane);
	}
	free(rows);
	count_destroy(lane);
	free(pool.rows);
}

/* -- a map made by hand: slot 2 + (network % 5) for IPv4, 7 and 8 for two halves of IPv6 */

#define MAP_SLOTS 9u

static struct prefix_map
map_make(unsigned int shift)
{
	struct prefix_map map = {.slots = MAP_SLOTS, .networks6 = 2};

	map.direct = calloc(1u << 24, sizeof(*map.direct));
	map.starts = calloc(2, sizeof(*map.starts));
	map.slots6 = calloc(2, sizeof(*map.slots6));
	map.index = calloc((1u << PREFIX_MAP_INDEX_BITS) + 1, sizeof(*map.index));
	assert_true(map.direct && map.starts && map.slots6 && map.index);
	for (uint32_t i = 0; i < 1u << 24; i++)
		map.direct[i] = PREFIX_SLOT_FIRST + (i + shift) % 5;
	map.starts[1] = 1ull << 63;
	map.slots6[0] = 7 + shift % 2;
	map.slots6[1] = 8 - shift % 2;
	for (uint32_t i = 1u << (PREFIX_MAP_INDEX_BITS - 1); i <= 1u << PREFIX_MAP_INDEX_BITS; i++)
		map.index[i] = 1;
	map.index[1u << (PREFIX_MAP_INDEX_BITS - 1)] = 1;
	return map;
}

static void
map_free(struct prefix_map *map)
{
	free(map->direct);
	free(map->starts);
	free(map->slots6);
	free(map->index);
}

/* By hand, from the addresses themselves. */
static uint32_t
slot_by_hand(const struct host_row *row, unsigned int shift)
{
	const uint8_t *b = row->addr.bytes;

	if (row->family == ADDR_IPV4)
		return PREFIX_SLOT_FIRST + ((b[12] << 16 | b[13] << 8 | b[14]) + shift) % 5;
	return b[0] < 128 ? 7 + shift % 2 : 8 - shift % 2;
}

static void
test_overflow_counts_by_network(void **state)
{
	(void)state;
	struct prefix_map maps[2] = {map_make(0), map_make(3)};
	struct pool pool = pool_make(30000);
	struct count_settings settings = {.hosts = 500, .socket = SOCKET_ID_ANY, .map = &maps[0]};
	struct count_lane *lane = count_create(900, &settings);
	struct host_row *rows = calloc(500, sizeof(*rows));
	unsigned int shift_of[2] = {0, 0};

	assert_non_null(lane);
	assert_non_null(rows);
	for (int period = 0; period < 5; period++) {
		struct decode_counts sent = {0};
		struct counts want[MAP_SLOTS] = {0}, none = {0};
		unsigned int shift = shift_of[period & 1];

		lane_feed(lane, &pool, &sent, 40000);
		lane_swap(lane);
		struct count_period buffer;
		count_get_period(lane, &buffer);
		assert_ptr_equal(buffer.map, shift == 0 ? &maps[0] : &maps[1]);
		assert_int_equal(count_drain(lane, rows), 500);
		/* rows and overflow together are all that was sent */
		for (uint32_t i = 0; i < 500; i++) {
			struct host_row *host = pool_find(&pool, &rows[i]);
			assert_memory_equal(&rows[i].counts, &host->counts, sizeof(host->counts));
			host->counts = none;
		}
		uint64_t overflowed = 0;
		for (uint32_t i = 0; i < pool.n; i++) {
			overflowed += counts_packets(&pool.rows[i].counts);
			counts_add(&want[slot_by_hand(&pool.rows[i], shift)], &pool.rows[i].counts);
			pool.rows[i].counts = none;
		}
		assert_int_equal(buffer.overflowed, overflowed);
		assert_memory_equal(buffer.overflow, want, sizeof(want));
		count_clear(lane);
		/* from here on by the other map; the lane's own buffer keeps its map for now */
		assert_int_equal(count_set_map(lane, &maps[1]), 0);
		shift_of[period & 1] = 3;
	}
	count_destroy(lane);
	free(rows);
	free(pool.rows);
	map_free(&maps[0]);
	map_free(&maps[1]);
}

/* -- two threads: the lane counts without a pause while the manager swaps */

struct running {
	struct count_lane *lane;
	struct pool pool;
	struct decode_counts sent;
	uint32_t packets;
	_Atomic bool over;
};

static int
lane_main(void *arg)
{
	struct running *r = arg;

	for (uint32_t done = 0; done < r->packets; done += 1000) {
		lane_feed(r->lane, &r->pool, &r->sent, 1000);
		count_poll_swap(r->lane);
		if (done % 50000 == 0)
			sched_yield(); /* one CPU for both is enough */
	}
	atomic_store(&r->over, true);
	/* the manager asks once more for the rest */
	while (atomic_load(&r->over)) {
		count_poll_swap(r->lane);
		sched_yield();
	}
	return 0;
}

static void
test_swaps_under_load(void **state)
{
	(void)state;
	struct running r = {.pool = pool_make(5000), .packets = 1000000};
	struct host_row *sum = calloc(r.pool.n, sizeof(*sum));
	struct host_row *rows = calloc(r.pool.n + 64, sizeof(*rows));
	struct decode_counts seen = {0};
	unsigned int swaps = 0;
	bool last = false;

	assert_non_null(sum);
	assert_non_null(rows);
	memcpy(sum, r.pool.rows, r.pool.n * sizeof(*sum));
	r.lane = lane_make(r.pool.n + 64);
	assert_int_equal(rte_eal_remote_launch(lane_main, &r, 1), 0);

	do {
		last = atomic_load(&r.over);
		count_request_swap(r.lane);
		while (!count_swapped(r.lane))
			sched_yield();
		swaps++;

		struct count_period buffer;
		count_get_period(r.lane, &buffer);
		decode_counts_add(&seen, &buffer.decode);
		uint32_t n = count_drain(r.lane, rows);
		for (uint32_t i = 0; i < n; i++) {
			struct host_row *host =
				bsearch(&rows[i], sum, r.pool.n, sizeof(*sum), compare_rows);
			assert_non_null(host);
			counts_add(&host->counts, &rows[i].counts);
		}
		count_clear(r.lane);
	} while (!last);
	atomic_store(&r.over, false);
	assert_int_equal(rte_eal_wait_lcore(1), 0);

	assert_true(swaps > 2);
	assert_memory_equal(&seen, &r.sent, sizeof(seen));
	for (uint32_t i = 0; i < r.pool.n; i++)
		assert_memory_equal(&sum[i].counts, &r.pool.rows[i].counts, sizeof(struct counts));
	count_destroy(r.lane);
	free(rows);
	free(sum);
	free(r.pool.rows);
}

static void
test_refuses_sizes(void **state)
{
	(void)state;
	struct count_settings settings = {.hosts = 7, .socket = SOCKET_ID_ANY};

	assert_null(count_create(0, &settings));
	assert_int_equal(errno, EINVAL);
	settings.hosts = (1u << 26) + 1;
	assert_null(count_create(0, &settings));
	assert_int_equal(errno, EINVAL);
	settings.hosts = 1u << 26; /* allowed, but this process has no such memory */
	assert_null(count_create(0, &settings));
	assert_int_equal(errno, ENOMEM);
	count_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals_oracle),
		cmocka_unit_test(test_late_swap_keeps_counts),
		cmocka_unit_test(test_full_table_loses_nothing),
		cmocka_unit_test(test_overflow_counts_by_network),
		cmocka_unit_test(test_swaps_under_load),
		cmocka_unit_test(test_refuses_sizes),
	};
	return cmocka_run_group_tests(tests, eal_group_setup, eal_group_teardown);
}
