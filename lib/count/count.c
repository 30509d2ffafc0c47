/* SPDX-License-Identifier: BSD-3-Clause */
#include "count.h"

#include "host_table.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_random.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>

/* what one period leaves on one side of a lane */
struct side {
	struct host_table hosts;
	struct verdicts verdicts;
	struct counts overflow; /* of all addresses that found no room */
	uint64_t overflowed;
};

/*
 * The flip: `asked` and `answered` count flips. They are equal while the manager owns a side; the
 * lane counts into side `answered & 1`. Each has one writer and a cache line of its own.
 */
struct count_lane {
	alignas(RTE_CACHE_LINE_SIZE) _Atomic uint32_t asked;    /* manager writes */
	alignas(RTE_CACHE_LINE_SIZE) _Atomic uint32_t answered; /* lane writes */
	alignas(RTE_CACHE_LINE_SIZE) struct host_key key;       /* nobody writes after start */
	struct side side[2];                                    /* its owner writes */
};

static struct side *
lane_side(struct count_lane *lane)
{
	return &lane->side[atomic_load_explicit(&lane->answered, memory_order_relaxed) & 1];
}

static const struct side *
manager_side(const struct count_lane *lane)
{
	return &lane->side[~atomic_load_explicit(&lane->asked, memory_order_relaxed) & 1];
}

struct count_lane *
count_create(unsigned int number, const struct count_settings *settings)
{
	if (settings->hosts < 8 || settings->hosts > 1u << 26) {
		errno = EINVAL;
		return NULL;
	}
	struct count_lane *lane = rte_zmalloc_socket("count lane", sizeof(*lane),
						     alignof(struct count_lane), settings->socket);
	if (lane == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	uint32_t seed = (uint32_t)rte_rand();

	lane->key = host_key_from_seed(seed);
	for (int i = 0; i < 2; i++) {
		char name[16];
		snprintf(name, sizeof(name), "lane%u.%c.", number, 'a' + i);

		int error = host_table_open(&lane->side[i].hosts, name, settings->hosts,
					    settings->socket, seed);
		if (error < 0) {
			count_destroy(lane);
			errno = -error;
			return NULL;
		}
	}
	return lane;
}

void
count_destroy(struct count_lane *lane)
{
	if (lane == NULL)
		return;
	for (int i = 0; i < 2; i++)
		host_table_close(&lane->side[i].hosts);
	rte_free(lane);
}

uint64_t
count_memory(const struct count_settings *settings)
{
	return sizeof(struct count_lane) + 2 * host_table_memory(settings->hosts);
}

static void
side_count_verdict(struct side *side, const struct parse_fact *fact, uint32_t length)
{
	struct verdicts *v = &side->verdicts;

	v->frames[fact->verdict]++;
	v->octets[fact->verdict] += length;
	v->tunnel_too_deep += fact->too_deep;
	for (uint32_t bits = fact->remarks; bits != 0; bits &= bits - 1)
		v->remarks[__builtin_ctz(bits)]++;
	for (uint32_t bits = fact->unwrapped; bits != 0; bits &= bits - 1)
		v->unwrapped[__builtin_ctz(bits)]++;
}

struct bulk {
	struct host_delta deltas[HOST_TABLE_BULK];
	unsigned int n;
};

static void
side_flush(struct side *side, enum addr_family family, struct bulk *bulk)
{
	uint64_t refused = host_table_add(&side->hosts, family, bulk->deltas, bulk->n);

	for (; refused != 0; refused &= refused - 1) {
		const struct host_delta *delta = &bulk->deltas[__builtin_ctzll(refused)];

		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS; d++) {
				side->overflow.packets[l][d] += delta->packets[l][d];
				side->overflow.octets[l][d] += delta->octets[l][d];
				side->overflowed += delta->packets[l][d];
			}
		}
	}
	bulk->n = 0;
}

static struct host_delta *
bulk_next(struct bulk *bulk, enum layer layer, enum direction direction, uint32_t octets)
{
	struct host_delta *delta = &bulk->deltas[bulk->n++];

	memset(delta, 0, sizeof(*delta));
	delta->packets[layer][direction] = 1;
	delta->octets[layer][direction] = octets;
	return delta;
}

void
count_burst(struct count_lane *lane, const struct parse_fact *facts, const uint32_t *lengths,
	    unsigned int n)
{
	struct side *side = lane_side(lane);
	struct bulk ipv4, ipv6;

	ipv4.n = ipv6.n = 0;
	for (unsigned int i = 0; i < n; i++) {
		const struct parse_fact *fact = &facts[i];

		side_count_verdict(side, fact, lengths[i]);
		if (fact->verdict > VERDICT_UDP)
			continue;

		enum layer layer = fact->verdict == VERDICT_TCP ? LAYER_TCP : LAYER_UDP;
		const struct host_addr *ends[DIRECTIONS] = {&fact->src, &fact->dst};

		for (int d = 0; d < DIRECTIONS; d++) {
			if (fact->family == ADDR_IPV4) {
				struct host_delta *delta = bulk_next(&ipv4, layer, d, fact->octets);
				memcpy(&delta->key.ipv4, ends[d]->bytes + 12, 4);
				delta->hash = host_hash_ipv4(lane->key, delta->key.ipv4);
				if (ipv4.n == HOST_TABLE_BULK)
					side_flush(side, ADDR_IPV4, &ipv4);
			} else {
				struct host_delta *delta = bulk_next(&ipv6, layer, d, fact->octets);
				delta->key.ipv6 = *ends[d];
				delta->hash = host_hash_ipv6(lane->key, ends[d]);
				if (ipv6.n == HOST_TABLE_BULK)
					side_flush(side, ADDR_IPV6, &ipv6);
			}
		}
	}
	side_flush(side, ADDR_IPV4, &ipv4);
	side_flush(side, ADDR_IPV6, &ipv6);
}

bool
count_poll_flip(struct count_lane *lane)
{
	/* acquire: the clearing of the side that the lane is about to count into is seen too */
	uint32_t asked = atomic_load_explicit(&lane->asked, memory_order_acquire);

	/* release: so are, by the manager, the counts of the side that the lane leaves */
	if (likely(asked == atomic_load_explicit(&lane->answered, memory_order_relaxed)))
		return false;
	atomic_store_explicit(&lane->answered, asked, memory_order_release);
	return true;
}

void
count_ask_flip(struct count_lane *lane)
{
	uint32_t asked = atomic_load_explicit(&lane->asked, memory_order_relaxed);
	atomic_store_explicit(&lane->asked, asked + 1, memory_order_release);
}

bool
count_flipped(const struct count_lane *lane)
{
	return atomic_load_explicit(&lane->answered, memory_order_acquire) ==
	       atomic_load_explicit(&lane->asked, memory_order_relaxed);
}

void
count_side(const struct count_lane *lane, struct count_side *out)
{
	const struct side *side = manager_side(lane);

	out->hosts = side->hosts.used;
	out->verdicts = side->verdicts;
	out->overflowed = side->overflowed;
}

uint32_t
count_drain(const struct count_lane *lane, struct host_row *rows)
{
	const struct host_table *hosts = &manager_side(lane)->hosts;

	if (hosts->used > 0) /* nobody allocates rows for none: then `rows` may be NULL */
		memcpy(rows, hosts->rows, hosts->used * sizeof(*rows));
	return hosts->used;
}

void
count_clear(struct count_lane *lane)
{
	struct side *side =
		&lane->side[~atomic_load_explicit(&lane->asked, memory_order_relaxed) & 1];

	host_table_clear(&side->hosts);
	memset(&side->verdicts, 0, sizeof(side->verdicts));
	memset(&side->overflow, 0, sizeof(side->overflow));
	side->overflowed = 0;
}
