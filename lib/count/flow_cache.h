/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow cache: where an RX lcore counts, before the table of record (host_table.h) hears of it.
 *
 * The idea
 *
 * Two look-ups a packet in rte_hash touch three cold lines each: the bucket, the key, the row. The
 * flow cache is a set-associative cache in which key and counters share one line, the hash is taken
 * once, and a line that is to be used is fetched long before. It is written back: what a way has
 * counted goes to the table when another host takes the way, when a counter is about to run over,
 * and when the manager has taken over the buffer ("settling"). Nothing is ever only dropped.
 *
 *     one set = one cache line
 *
 *     IPv4, 3 ways                                    IPv6, 2 ways
 *      0  key0 key1 key2  --                           0  key0
 *     16  tcp>  tcp<  udp>  udp<   of key0            16  key1
 *     32  tcp>  tcp<  udp>  udp<   of key1            32  tcp>  tcp<  udp>  udp<   of key0
 *     48  tcp>  tcp<  udp>  udp<   of key2            48  tcp>  tcp<  udp>  udp<   of key1
 *
 *     one cell = 32 bits: packets in the upper 10, octets in the lower 22, added to in one
 *     addition; each number's top bit is a guard that says "hand over" (see PACKED_GUARDS).
 *
 * Which way a newcomer takes: the one that has counted least. So the long tail of a Zipf mix, or a
 * scan, fights for one way of a set while the busy hosts keep theirs.
 *
 * An empty way is one whose cells are 0, and its key is 0, which is also the address 0.0.0.0 or ::.
 * That needs no special case: such a packet matches the empty way and counts there, and from then
 * on the way is as full as any other.
 *
 * How large
 *
 * As many sets as the traffic asks for: the buffer starts with what its last period needed, and
 * doubles when it has evicted as many ways as it has sets. Growing is one assignment, since an
 * entry that stays behind under the old mask is still a count that settling finds; the host is
 * then merely in two sets. Measured over memory (parse and count, no NIC,
 * ordinary 4 KiB pages), ns a packet, on a shared 2.1 GHz (TSC) EPYC core:
 *
 *     sets              2^10   2^12   2^14   2^16   2^17   2^18   2^19   2^20
 *     1,000 hosts, Zipf   13     12     11     12     13     12     11     11
 *     100,000, Zipf       54     46     26     15     13     15     16     17
 *     1,000,000, uniform 169    170    175    160    130     89     46     34
 *
 * Too small costs look-ups in rte_hash, too large costs cache and TLB: 2 sets for 3 hosts is near
 * the best of each row. The price is memory (64 octets for each 1.5 hosts, on top of the table of
 * record) and a settling that the manager pays for, not the lane.
 */
#pragma once

#include "counts.h"
#include "host_addr.h"
#include "host_table.h"

#include <emmintrin.h>
#include <stdint.h>

#define FLOW_CACHE_WAYS4 3
#define FLOW_CACHE_WAYS6 2

struct flow_cache_set4 {
	uint32_t key[FLOW_CACHE_WAYS4];
	uint32_t unused;
	uint32_t cells[FLOW_CACHE_WAYS4][CELLS];
};
_Static_assert(sizeof(struct flow_cache_set4) == 64, "a set is one cache line");

struct flow_cache_set6 {
	struct host_addr key[FLOW_CACHE_WAYS6];
	uint32_t cells[FLOW_CACHE_WAYS6][CELLS];
};
_Static_assert(sizeof(struct flow_cache_set6) == 64, "a set is one cache line");

struct flow_cache {
	struct flow_cache_set4 *sets4;
	struct flow_cache_set6 *sets6;
	uint32_t mask4, mask6;       /* sets in use, less 1 */
	uint32_t most4, most6;       /* the masks of all that there are */
	uint32_t evicted4, evicted6; /* since the last doubling */
};

/* 0 or -ENOMEM. `hosts`: the capacity of the table behind it. */
int flow_cache_open(struct flow_cache *cache, uint32_t hosts, int socket);
void flow_cache_close(struct flow_cache *cache); /* a zeroed flow cache is fine */
uint64_t flow_cache_memory(uint32_t hosts);

/* Once it is empty: as many sets as that many hosts of each family ask for. */
void flow_cache_resize(struct flow_cache *cache, uint32_t hosts4, uint32_t hosts6);

/* One bit for each way that holds the key. Bit 3 means nothing: it compares what is unused. */
static inline unsigned int
flow_cache_match4(const struct flow_cache_set4 *set, uint32_t key)
{
	__m128i equal = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)set->key),
					_mm_set1_epi32((int)key));

	return (unsigned int)_mm_movemask_ps(_mm_castsi128_ps(equal));
}

static inline unsigned int
flow_cache_match6(const struct flow_cache_set6 *set, const struct host_addr *key)
{
	__m128i wanted = _mm_loadu_si128((const __m128i *)key);
	__m128i first = _mm_cmpeq_epi8(_mm_load_si128((const __m128i *)&set->key[0]), wanted);
	__m128i second = _mm_cmpeq_epi8(_mm_load_si128((const __m128i *)&set->key[1]), wanted);

	return (unsigned int)((_mm_movemask_epi8(first) == 0xffff) |
			      (_mm_movemask_epi8(second) == 0xffff) << 1);
}

static inline bool
flow_cache_cells_used(const uint32_t cells[CELLS])
{
	return (cells[0] | cells[1] | cells[2] | cells[3]) != 0;
}

/* The way that has counted the fewest packets, be it none. */
static inline unsigned int
flow_cache_least(uint32_t (*cells)[CELLS], unsigned int ways)
{
	unsigned int least = 0, fewest = UINT32_MAX;

	for (unsigned int way = 0; way < ways; way++) {
		uint32_t packets = 0;
		for (unsigned int cell = 0; cell < CELLS; cell++)
			packets += packed_packets(cells[way][cell]);
		if (packets < fewest) {
			fewest = packets;
			least = way;
		}
	}
	return least;
}
