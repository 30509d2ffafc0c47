/* SPDX-License-Identifier: BSD-3-Clause */
#include "side.h"

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>
#include <string.h>

int
side_open(struct side *side, const char *name, uint32_t hosts, int socket, uint32_t seed)
{
	int error = front_open(&side->front, hosts, socket);

	if (error == 0)
		error = host_table_open(&side->hosts, name, hosts, socket, seed);
	if (error < 0)
		side_close(side);
	return error;
}

void
side_close(struct side *side)
{
	host_table_close(&side->hosts);
	front_close(&side->front);
}

/* -- from the front into the table */

static void
side_overflow(struct side *side, unsigned int cell, uint64_t packets, uint64_t octets)
{
	side->overflow.packets[cell / DIRECTIONS][cell % DIRECTIONS] += packets;
	side->overflow.octets[cell / DIRECTIONS][cell % DIRECTIONS] += octets;
	side->overflowed += packets;
}

static void
side_flush(struct side *side, enum addr_family family, struct host_bulk *bulk)
{
	uint64_t refused = host_table_add(&side->hosts, family, bulk);

	for (; refused != 0; refused &= refused - 1) {
		const uint32_t *packed = bulk->packed[__builtin_ctzll(refused)];

		for (unsigned int cell = 0; cell < CELLS; cell++)
			side_overflow(side, cell, packed_packets(packed[cell]),
				      packed_octets(packed[cell]));
	}
	bulk->n = 0;
}

static void
side_out4(struct side *side, uint32_t key, const uint32_t packed[CELLS])
{
	struct host_bulk *bulk = &side->out4;
	uint32_t i = bulk->n++;

	bulk->id[i].ipv4 = key;
	bulk->hash[i] = host_hash_ipv4(side->hosts.key, key);
	memcpy(bulk->packed[i], packed, sizeof(bulk->packed[i]));
	if (bulk->n == HOST_TABLE_BULK)
		side_flush(side, ADDR_IPV4, bulk);
}

static void
side_out6(struct side *side, const struct host_addr *key, const uint32_t packed[CELLS])
{
	struct host_bulk *bulk = &side->out6;
	uint32_t i = bulk->n++;

	bulk->id[i].ipv6 = *key;
	bulk->hash[i] = host_hash_ipv6(side->hosts.key, key);
	memcpy(bulk->packed[i], packed, sizeof(bulk->packed[i]));
	if (bulk->n == HOST_TABLE_BULK)
		side_flush(side, ADDR_IPV6, bulk);
}

/* -- the rare ways out of the hit path; not inlined, so that it stays short */

/* A cell's guard is set: hand over what it holds. */
static __rte_noinline void
spill4(struct side *side, struct front_set4 *set, unsigned int way, unsigned int cell)
{
	uint32_t packed[CELLS] = {0};

	packed[cell] = set->cells[way][cell];
	set->cells[way][cell] = 0;
	side_out4(side, set->key[way], packed);
}

static __rte_noinline void
spill6(struct side *side, struct front_set6 *set, unsigned int way, unsigned int cell)
{
	uint32_t packed[CELLS] = {0};

	packed[cell] = set->cells[way][cell];
	set->cells[way][cell] = 0;
	side_out6(side, &set->key[way], packed);
}

/* A host that the set does not hold: gives it a way, whose host so far goes to the table. */
static __rte_noinline unsigned int
admit4(struct side *side, struct front_set4 *set, uint32_t key)
{
	struct front *front = &side->front;
	unsigned int way = front_least(set->cells, FRONT_WAYS4);

	if (front_cells_used(set->cells[way])) {
		side_out4(side, set->key[way], set->cells[way]);
		memset(set->cells[way], 0, sizeof(set->cells[way]));
		if (++front->evicted4 > front->mask4 && front->mask4 < front->most4) {
			front->mask4 = 2 * front->mask4 + 1;
			front->evicted4 = 0;
		}
	}
	set->key[way] = key;
	return way;
}

static __rte_noinline unsigned int
admit6(struct side *side, struct front_set6 *set, const struct host_addr *key)
{
	struct front *front = &side->front;
	unsigned int way = front_least(set->cells, FRONT_WAYS6);

	if (front_cells_used(set->cells[way])) {
		side_out6(side, &set->key[way], set->cells[way]);
		memset(set->cells[way], 0, sizeof(set->cells[way]));
		if (++front->evicted6 > front->mask6 && front->mask6 < front->most6) {
			front->mask6 = 2 * front->mask6 + 1;
			front->evicted6 = 0;
		}
	}
	set->key[way] = *key;
	return way;
}

/* -- the hit path: one pass to hash and fetch, one to count */

static void
count_ipv4(struct side *side, const struct parse_pair4 *pairs, uint32_t n)
{
	struct front_set4 *set_of[PARSE_MAX_BATCH][DIRECTIONS];
	struct front_set4 *sets = side->front.sets4;
	const uint32_t mask = side->front.mask4;
	const struct host_key key = side->hosts.key;

	for (uint32_t i = 0; i < n; i++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			set_of[i][d] = &sets[host_hash_ipv4(key, pairs[i].addr[d]) & mask];
			rte_prefetch0(set_of[i][d]);
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = PACKED_PACKET + pairs[i].octets;

		for (int d = 0; d < DIRECTIONS; d++) {
			struct front_set4 *set = set_of[i][d];
			unsigned int match = front_match4(set, pairs[i].addr[d]);
			unsigned int way = likely(match & 7) ? (unsigned int)__builtin_ctz(match)
							     : admit4(side, set, pairs[i].addr[d]);
			unsigned int cell = cell_of(pairs[i].layer, d);
			uint32_t packed = set->cells[way][cell] += more;

			if (unlikely(packed & PACKED_GUARDS))
				spill4(side, set, way, cell);
		}
	}
}

static void
count_ipv6(struct side *side, const struct parse_pair6 *pairs, uint32_t n)
{
	struct front_set6 *set_of[PARSE_MAX_BATCH][DIRECTIONS];
	struct front_set6 *sets = side->front.sets6;
	const uint32_t mask = side->front.mask6;
	const struct host_key key = side->hosts.key;

	for (uint32_t i = 0; i < n; i++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			set_of[i][d] = &sets[host_hash_ipv6(key, &pairs[i].addr[d]) & mask];
			rte_prefetch0(set_of[i][d]);
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = PACKED_PACKET + pairs[i].octets;

		for (int d = 0; d < DIRECTIONS; d++) {
			struct front_set6 *set = set_of[i][d];
			unsigned int match = front_match6(set, &pairs[i].addr[d]);
			unsigned int way = likely(match) ? (unsigned int)__builtin_ctz(match)
							 : admit6(side, set, &pairs[i].addr[d]);
			unsigned int cell = cell_of(pairs[i].layer, d);
			uint32_t packed = set->cells[way][cell] += more;

			if (unlikely(packed & PACKED_GUARDS))
				spill6(side, set, way, cell);
		}
	}
}

/* -- what no glance told: one fact at a time */

static void
count_verdict(struct verdicts *v, const struct parse_fact *fact, uint32_t length)
{
	v->frames[fact->verdict]++;
	v->octets[fact->verdict] += length;
	v->tunnel_too_deep += fact->too_deep;
	for (uint32_t bits = fact->remarks; bits != 0; bits &= bits - 1)
		v->remarks[__builtin_ctz(bits)]++;
	for (uint32_t bits = fact->unwrapped; bits != 0; bits &= bits - 1)
		v->unwrapped[__builtin_ctz(bits)]++;
}

/* More octets than a cell can take in one addition (a jumbogram, or a frame that lies). */
static void
count_giant(struct side *side, const struct parse_fact *fact, enum layer layer)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		const struct host_addr *addr = d == AS_SOURCE ? &fact->src : &fact->dst;
		unsigned int cell = cell_of(layer, d);
		union host_id id;
		hash_sig_t hash;

		if (fact->family == ADDR_IPV4) {
			memcpy(&id.ipv4, addr->bytes + 12, sizeof(id.ipv4));
			hash = host_hash_ipv4(side->hosts.key, id.ipv4);
		} else {
			id.ipv6 = *addr;
			hash = host_hash_ipv6(side->hosts.key, &id.ipv6);
		}
		if (!host_table_add_packet(&side->hosts, fact->family, &id, hash, cell,
					   fact->octets))
			side_overflow(side, cell, 1, fact->octets);
	}
}

/* A TCP or UDP packet joins the pairs of its family. */
static void
join_pairs(struct side *side, struct parse_batch *batch, const struct parse_fact *fact)
{
	enum layer layer = fact->verdict == VERDICT_TCP ? LAYER_TCP : LAYER_UDP;

	if (unlikely(fact->octets > PACKED_MOST_OCTETS)) {
		count_giant(side, fact, layer);
	} else if (fact->family == ADDR_IPV4) {
		struct parse_pair4 *pair = &batch->ipv4[batch->n_ipv4++];
		memcpy(&pair->addr[AS_SOURCE], fact->src.bytes + 12, sizeof(uint32_t));
		memcpy(&pair->addr[AS_DESTINATION], fact->dst.bytes + 12, sizeof(uint32_t));
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

void
side_count(struct side *side, struct parse_batch *batch)
{
	struct verdicts *v = &side->verdicts;

	v->frames[VERDICT_TCP] += batch->seen[LAYER_TCP].frames;
	v->octets[VERDICT_TCP] += batch->seen[LAYER_TCP].octets;
	v->frames[VERDICT_UDP] += batch->seen[LAYER_UDP].frames;
	v->octets[VERDICT_UDP] += batch->seen[LAYER_UDP].octets;
	for (uint32_t i = 0; i < batch->n_other; i++) {
		const struct parse_fact *fact = &batch->other[i];

		count_verdict(v, fact, batch->other_length[i]);
		if (fact->verdict == VERDICT_TCP || fact->verdict == VERDICT_UDP)
			join_pairs(side, batch, fact);
	}
	count_ipv4(side, batch->ipv4, batch->n_ipv4);
	count_ipv6(side, batch->ipv6, batch->n_ipv6);
}

/* -- the manager's part */

/*
 * A set is only written to if it was used: so the pages of a front that a quiet network never
 * touches stay out of memory.
 */
void
side_settle(struct side *side)
{
	struct front *front = &side->front;

	if (side->settled)
		return;
	for (uint32_t s = 0; s <= front->mask4; s++) {
		struct front_set4 *set = &front->sets4[s];
		bool used = false;

		for (int way = 0; way < FRONT_WAYS4; way++) {
			if (front_cells_used(set->cells[way])) {
				side_out4(side, set->key[way], set->cells[way]);
				used = true;
			}
		}
		if (used)
			memset(set, 0, sizeof(*set));
	}
	for (uint32_t s = 0; s <= front->mask6; s++) {
		struct front_set6 *set = &front->sets6[s];
		bool used = false;

		for (int way = 0; way < FRONT_WAYS6; way++) {
			if (front_cells_used(set->cells[way])) {
				side_out6(side, &set->key[way], set->cells[way]);
				used = true;
			}
		}
		if (used)
			memset(set, 0, sizeof(*set));
	}
	side_flush(side, ADDR_IPV4, &side->out4);
	side_flush(side, ADDR_IPV6, &side->out6);
	side->settled = true;
}

void
side_clear(struct side *side)
{
	side_settle(side); /* a side that nobody asked for is dropped, front and all */
	front_resize(&side->front, side->hosts.used_ipv4, side->hosts.used - side->hosts.used_ipv4);
	host_table_clear(&side->hosts);
	memset(&side->verdicts, 0, sizeof(side->verdicts));
	memset(&side->overflow, 0, sizeof(side->overflow));
	side->overflowed = 0;
	side->settled = false;
}
