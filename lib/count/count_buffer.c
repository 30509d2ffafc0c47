/* SPDX-License-Identifier: BSD-3-Clause */
#include "count_buffer.h"

#include <errno.h>
#include <rte_branch_prediction.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <string.h>

int
count_buffer_open(struct count_buffer *buffer, const char *name, uint32_t hosts, int socket,
		  uint32_t seed)
{
	int error = flow_cache_open(&buffer->cache, hosts, socket);

	if (error == 0)
		error = host_table_open(&buffer->hosts, name, hosts, socket, seed);
	if (error < 0)
		count_buffer_close(buffer);
	return error;
}

void
count_buffer_close(struct count_buffer *buffer)
{
	rte_free(buffer->overflow_cells);
	rte_free(buffer->overflow);
	host_table_close(&buffer->hosts);
	flow_cache_close(&buffer->cache);
}

int
count_buffer_set_map(struct count_buffer *buffer, const struct prefix_map *map, int socket)
{
	if (map != NULL && map->slots > buffer->overflow_room) {
		struct counts *overflow =
			rte_zmalloc_socket("count overflow", (size_t)map->slots * sizeof(*overflow),
					   RTE_CACHE_LINE_SIZE, socket);
		uint32_t(*cells)[CELLS] = rte_zmalloc_socket("count overflow cells",
							     (size_t)map->slots * sizeof(*cells),
							     RTE_CACHE_LINE_SIZE, socket);
		if (overflow == NULL || cells == NULL) {
			rte_free(overflow);
			rte_free(cells);
			return -ENOMEM;
		}
		rte_free(buffer->overflow);
		rte_free(buffer->overflow_cells);
		buffer->overflow = overflow;
		buffer->overflow_cells = cells;
		buffer->overflow_room = map->slots;
	}
	buffer->map = map;
	return 0;
}

/* -- from the flow cache into the table */

static void
overflow_add_wide(struct count_buffer *buffer, uint32_t slot, unsigned int cell, uint64_t packets,
		  uint64_t octets)
{
	buffer->overflow[slot].packets[cell / DIRECTIONS][cell % DIRECTIONS] += packets;
	buffer->overflow[slot].octets[cell / DIRECTIONS][cell % DIRECTIONS] += octets;
}

/* `packed` is what a cell of the flow cache held, guard and all if it was spilled. */
static void
overflow_add(struct count_buffer *buffer, uint32_t slot, unsigned int cell, uint32_t packed)
{
	buffer->overflowed += packed_packets(packed);
	if (buffer->map == NULL || packed == 0)
		return;
	if (unlikely(packed & PACKED_GUARDS)) {
		overflow_add_wide(buffer, slot, cell, packed_packets(packed),
				  packed_octets(packed));
		return;
	}
	/* neither has a guard set, so their sum carries nowhere */
	uint32_t sum = buffer->overflow_cells[slot][cell] + packed;
	if (unlikely(sum & PACKED_GUARDS)) {
		overflow_add_wide(buffer, slot, cell, packed_packets(sum), packed_octets(sum));
		sum = 0;
	}
	buffer->overflow_cells[slot][cell] = sum;
}

static uint32_t
overflow_slot(const struct count_buffer *buffer, enum addr_family family, const union host_id *id)
{
	if (buffer->map == NULL)
		return PREFIX_SLOT_NONE;
	return family == ADDR_IPV4 ? prefix_map_slot_ipv4(buffer->map, id->ipv4)
				   : prefix_map_slot_ipv6(buffer->map, &id->ipv6);
}

/* What the table refused. One pass fetches what the next one needs. */
static __rte_noinline void
overflow_bulk(struct count_buffer *buffer, enum addr_family family, const struct host_bulk *bulk,
	      uint64_t refused)
{
	uint32_t slots[HOST_TABLE_BULK];

	for (uint64_t left = refused; left != 0; left &= left - 1) {
		int i = __builtin_ctzll(left);

		slots[i] = overflow_slot(buffer, family, &bulk->id[i]);
		if (buffer->map != NULL)
			rte_prefetch0(&buffer->overflow_cells[slots[i]]);
	}
	for (uint64_t left = refused; left != 0; left &= left - 1) {
		int i = __builtin_ctzll(left);

		for (unsigned int cell = 0; cell < CELLS; cell++)
			overflow_add(buffer, slots[i], cell, bulk->packed[i][cell]);
	}
}

static void
strays_flush(struct count_buffer *buffer, enum addr_family family, struct strays *strays)
{
	uint32_t slots[HOST_TABLE_BULK];

	for (uint32_t i = 0; i < strays->n; i++) {
		slots[i] = overflow_slot(buffer, family, &strays->id[i]);
		if (buffer->map != NULL)
			rte_prefetch0(&buffer->overflow_cells[slots[i]]);
	}
	for (uint32_t i = 0; i < strays->n; i++)
		overflow_add(buffer, slots[i], strays->cell[i], strays->packed[i]);
	strays->n = 0;
}

static void
count_buffer_flush(struct count_buffer *buffer, enum addr_family family, struct host_bulk *bulk)
{
	uint64_t refused = host_table_add(&buffer->hosts, family, bulk);

	if (refused != 0)
		overflow_bulk(buffer, family, bulk, refused);
	bulk->n = 0;
}

static void
side_out4(struct count_buffer *buffer, uint32_t key, const uint32_t packed[CELLS])
{
	struct host_bulk *bulk = &buffer->out4;
	uint32_t i = bulk->n++;

	bulk->id[i].ipv4 = key;
	bulk->hash[i] = host_hash_ipv4(buffer->hosts.key, key);
	memcpy(bulk->packed[i], packed, sizeof(bulk->packed[i]));
	if (bulk->n == HOST_TABLE_BULK)
		count_buffer_flush(buffer, ADDR_IPV4, bulk);
}

static void
side_out6(struct count_buffer *buffer, const struct host_addr *key, const uint32_t packed[CELLS])
{
	struct host_bulk *bulk = &buffer->out6;
	uint32_t i = bulk->n++;

	bulk->id[i].ipv6 = *key;
	bulk->hash[i] = host_hash_ipv6(buffer->hosts.key, key);
	memcpy(bulk->packed[i], packed, sizeof(bulk->packed[i]));
	if (bulk->n == HOST_TABLE_BULK)
		count_buffer_flush(buffer, ADDR_IPV6, bulk);
}

/* -- the rare ways out of the hit path; not inlined, so that it stays short */

/* A cell's guard is set: hand over what it holds. */
static __rte_noinline void
spill4(struct count_buffer *buffer, struct flow_cache_set4 *set, unsigned int way,
       unsigned int cell)
{
	uint32_t packed[CELLS] = {0};

	packed[cell] = set->cells[way][cell];
	set->cells[way][cell] = 0;
	side_out4(buffer, set->key[way], packed);
}

static __rte_noinline void
spill6(struct count_buffer *buffer, struct flow_cache_set6 *set, unsigned int way,
       unsigned int cell)
{
	uint32_t packed[CELLS] = {0};

	packed[cell] = set->cells[way][cell];
	set->cells[way][cell] = 0;
	side_out6(buffer, &set->key[way], packed);
}

/*
 * A packet of a host that the set does not hold. The host gets a way, and who had it goes to the
 * table. But once the table is full, a host that is neither here nor there counts at its network
 * and leaves the flow cache alone: a flood of sources that never come twice would only push out
 * those that do. (Flood at 0.59 to 0.70 of the normal rate with this, at 0.36 to 0.54 without.)
 */
static __rte_noinline void
miss4(struct count_buffer *buffer, struct flow_cache_set4 *set, uint32_t key, unsigned int cell,
      uint32_t packed)
{
	struct flow_cache *cache = &buffer->cache;

	if (host_table_full(&buffer->hosts) &&
	    !host_table_may_have(&buffer->hosts, host_hash_ipv4(buffer->hosts.key, key))) {
		struct strays *strays = &buffer->strays4;
		uint32_t i = strays->n++;

		if (buffer->map != NULL) /* a bulk before it is needed */
			rte_prefetch0(prefix_map_line_ipv4(buffer->map, key));
		strays->id[i].ipv4 = key;
		strays->cell[i] = (uint8_t)cell;
		strays->packed[i] = packed;
		if (strays->n == HOST_TABLE_BULK)
			strays_flush(buffer, ADDR_IPV4, strays);
		return;
	}
	unsigned int way = flow_cache_least(set->cells, FLOW_CACHE_WAYS4);
	if (flow_cache_cells_used(set->cells[way])) {
		side_out4(buffer, set->key[way], set->cells[way]);
		memset(set->cells[way], 0, sizeof(set->cells[way]));
		if (++cache->evicted4 > cache->mask4 && cache->mask4 < cache->most4) {
			cache->mask4 = 2 * cache->mask4 + 1;
			cache->evicted4 = 0;
		}
	}
	set->key[way] = key;
	set->cells[way][cell] = packed;
	if (packed & PACKED_GUARDS)
		spill4(buffer, set, way, cell);
}

static __rte_noinline void
miss6(struct count_buffer *buffer, struct flow_cache_set6 *set, const struct host_addr *key,
      unsigned int cell, uint32_t packed)
{
	struct flow_cache *cache = &buffer->cache;

	if (host_table_full(&buffer->hosts) &&
	    !host_table_may_have(&buffer->hosts, host_hash_ipv6(buffer->hosts.key, key))) {
		struct strays *strays = &buffer->strays6;
		uint32_t i = strays->n++;

		strays->id[i].ipv6 = *key;
		strays->cell[i] = (uint8_t)cell;
		strays->packed[i] = packed;
		if (strays->n == HOST_TABLE_BULK)
			strays_flush(buffer, ADDR_IPV6, strays);
		return;
	}
	unsigned int way = flow_cache_least(set->cells, FLOW_CACHE_WAYS6);
	if (flow_cache_cells_used(set->cells[way])) {
		side_out6(buffer, &set->key[way], set->cells[way]);
		memset(set->cells[way], 0, sizeof(set->cells[way]));
		if (++cache->evicted6 > cache->mask6 && cache->mask6 < cache->most6) {
			cache->mask6 = 2 * cache->mask6 + 1;
			cache->evicted6 = 0;
		}
	}
	set->key[way] = *key;
	set->cells[way][cell] = packed;
	if (packed & PACKED_GUARDS)
		spill6(buffer, set, way, cell);
}

/* -- the hit path: one pass to hash and fetch, one to count */

static void
count_ipv4(struct count_buffer *buffer, const struct parse_pair4 *restrict pairs, uint32_t n)
{
	struct flow_cache_set4 *set_of[PARSE_MAX_BATCH][DIRECTIONS];
	struct flow_cache_set4 *sets = buffer->cache.sets4;
	const uint32_t mask = buffer->cache.mask4;
	const struct host_key key = buffer->hosts.key;

	for (uint32_t i = 0; i < n; i++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			set_of[i][d] = &sets[host_hash_ipv4(key, pairs[i].addr[d]) & mask];
			rte_prefetch0(set_of[i][d]);
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = PACKED_PACKET + pairs[i].octets;

		for (int d = 0; d < DIRECTIONS; d++) {
			struct flow_cache_set4 *set = set_of[i][d];
			unsigned int match = flow_cache_match4(set, pairs[i].addr[d]);
			unsigned int cell = cell_of(pairs[i].layer, d);

			if (unlikely(!(match & 7))) {
				miss4(buffer, set, pairs[i].addr[d], cell, more);
				continue;
			}
			unsigned int way = (unsigned int)__builtin_ctz(match);
			uint32_t packed = set->cells[way][cell] += more;
			if (unlikely(packed & PACKED_GUARDS))
				spill4(buffer, set, way, cell);
		}
	}
}

static void
count_ipv6(struct count_buffer *buffer, const struct parse_pair6 *restrict pairs, uint32_t n)
{
	struct flow_cache_set6 *set_of[PARSE_MAX_BATCH][DIRECTIONS];
	struct flow_cache_set6 *sets = buffer->cache.sets6;
	const uint32_t mask = buffer->cache.mask6;
	const struct host_key key = buffer->hosts.key;

	for (uint32_t i = 0; i < n; i++) {
		for (int d = 0; d < DIRECTIONS; d++) {
			set_of[i][d] = &sets[host_hash_ipv6(key, &pairs[i].addr[d]) & mask];
			rte_prefetch0(set_of[i][d]);
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = PACKED_PACKET + pairs[i].octets;

		for (int d = 0; d < DIRECTIONS; d++) {
			struct flow_cache_set6 *set = set_of[i][d];
			unsigned int match = flow_cache_match6(set, &pairs[i].addr[d]);
			unsigned int cell = cell_of(pairs[i].layer, d);

			if (unlikely(match == 0)) {
				miss6(buffer, set, &pairs[i].addr[d], cell, more);
				continue;
			}
			unsigned int way = (unsigned int)__builtin_ctz(match);
			uint32_t packed = set->cells[way][cell] += more;
			if (unlikely(packed & PACKED_GUARDS))
				spill6(buffer, set, way, cell);
		}
	}
}

/* -- which way, as our side sees it */

static void
add_way(struct count_buffer *buffer, bool from_us, bool to_us, uint32_t octets)
{
	const enum way way = (enum way)(from_us << 1 | to_us);

	_Static_assert(WAY_IN == 1 && WAY_OUT == 2 && WAY_INSIDE == 3, "two bits: from us, to us");
	buffer->decode.ways[way]++;
	buffer->decode.way_octets[way] += octets;
}

/* Two octets of tables of 64 KiB a packet: what that costs is in `scripts/bench line-rate`. */
static __rte_noinline void
count_ways(struct count_buffer *buffer, const struct parse_batch *batch)
{
	const struct sides *sides = buffer->sides;

	for (uint32_t i = 0; i < batch->n_ipv4; i++) {
		const struct parse_pair4 *pair = &batch->ipv4[i];

		add_way(buffer, sides_ours_ipv4(sides, pair->addr[AS_SOURCE]),
			sides_ours_ipv4(sides, pair->addr[AS_DESTINATION]), pair->octets);
	}
	for (uint32_t i = 0; i < batch->n_ipv6; i++) {
		const struct parse_pair6 *pair = &batch->ipv6[i];

		add_way(buffer, sides_ours_ipv6(sides, &pair->addr[AS_SOURCE]),
			sides_ours_ipv6(sides, &pair->addr[AS_DESTINATION]), pair->octets);
	}
}

static void
count_way_of_giant(struct count_buffer *buffer, const struct parse_fact *fact)
{
	const struct host_addr *addr[DIRECTIONS] = {&fact->src, &fact->dst};
	bool ours[DIRECTIONS];

	for (int d = 0; d < DIRECTIONS; d++) {
		uint32_t ipv4;

		memcpy(&ipv4, addr[d]->bytes + 12, sizeof(ipv4));
		ours[d] = fact->family == ADDR_IPV4 ? sides_ours_ipv4(buffer->sides, ipv4)
						    : sides_ours_ipv6(buffer->sides, addr[d]);
	}
	add_way(buffer, ours[0], ours[1], fact->octets);
}

/* -- what no glance told: one fact at a time */

static void
count_decode_result(struct decode_counts *v, const struct parse_fact *fact)
{
	v->frames[fact->result]++;
	v->octets[fact->result] += fact->frame_octets;
	v->tunnel_too_deep += fact->too_deep;
	for (uint32_t bits = fact->events; bits != 0; bits &= bits - 1)
		v->events[__builtin_ctz(bits)]++;
	for (uint32_t bits = fact->unwrapped; bits != 0; bits &= bits - 1)
		v->unwrapped[__builtin_ctz(bits)]++;
}

/* More octets than a cell can take in one addition (a jumbogram, or a frame that lies). */
static void
count_giant(struct count_buffer *buffer, const struct parse_fact *fact, enum layer layer)
{
	for (int d = 0; d < DIRECTIONS; d++) {
		const struct host_addr *addr = d == AS_SOURCE ? &fact->src : &fact->dst;
		unsigned int cell = cell_of(layer, d);
		union host_id id;
		hash_sig_t hash;

		if (fact->family == ADDR_IPV4) {
			memcpy(&id.ipv4, addr->bytes + 12, sizeof(id.ipv4));
			hash = host_hash_ipv4(buffer->hosts.key, id.ipv4);
		} else {
			id.ipv6 = *addr;
			hash = host_hash_ipv6(buffer->hosts.key, &id.ipv6);
		}
		if (!host_table_add_packet(&buffer->hosts, fact->family, &id, hash, cell,
					   fact->octets)) {
			buffer->overflowed++;
			if (buffer->map != NULL)
				overflow_add_wide(buffer, overflow_slot(buffer, fact->family, &id),
						  cell, 1, fact->octets);
		}
	}
}

/* A TCP or UDP packet joins the pairs of its family. */
static void
join_pairs(struct count_buffer *buffer, struct parse_batch *batch, const struct parse_fact *fact)
{
	enum layer layer = fact->result == DECODE_TCP ? LAYER_TCP : LAYER_UDP;

	if (unlikely(fact->octets > PACKED_MOST_OCTETS)) {
		if (buffer->sides != NULL)
			count_way_of_giant(buffer, fact);
		count_giant(buffer, fact, layer);
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
count_buffer_count(struct count_buffer *buffer, struct parse_batch *batch)
{
	struct decode_counts *v = &buffer->decode;

	v->frames[DECODE_TCP] += batch->seen[LAYER_TCP].frames;
	v->octets[DECODE_TCP] += batch->seen[LAYER_TCP].octets;
	v->frames[DECODE_UDP] += batch->seen[LAYER_UDP].frames;
	v->octets[DECODE_UDP] += batch->seen[LAYER_UDP].octets;
	for (uint32_t i = 0; i < batch->n_other; i++) {
		const struct parse_fact *fact = &batch->other[i];

		count_decode_result(v, fact);
		if (fact->result == DECODE_TCP || fact->result == DECODE_UDP)
			join_pairs(buffer, batch, fact);
	}
	if (buffer->sides != NULL)
		count_ways(buffer, batch);
	count_ipv4(buffer, batch->ipv4, batch->n_ipv4);
	count_ipv6(buffer, batch->ipv6, batch->n_ipv6);
}

/* -- the manager's part */

static void
overflow_settle(struct count_buffer *buffer)
{
	for (uint32_t slot = 0; slot < buffer->map->slots; slot++) {
		uint32_t *held = buffer->overflow_cells[slot];

		if (!flow_cache_cells_used(held))
			continue;
		for (unsigned int cell = 0; cell < CELLS; cell++) {
			overflow_add_wide(buffer, slot, cell, packed_packets(held[cell]),
					  packed_octets(held[cell]));
			held[cell] = 0;
		}
	}
}

/*
 * A set is only written to if it was used: so the pages of a flow cache that a quiet network never
 * touches stay out of memory.
 */
void
count_buffer_settle(struct count_buffer *buffer)
{
	struct flow_cache *cache = &buffer->cache;

	if (buffer->settled)
		return;
	for (uint32_t s = 0; s <= cache->mask4; s++) {
		struct flow_cache_set4 *set = &cache->sets4[s];
		bool used = false;

		for (int way = 0; way < FLOW_CACHE_WAYS4; way++) {
			if (flow_cache_cells_used(set->cells[way])) {
				side_out4(buffer, set->key[way], set->cells[way]);
				used = true;
			}
		}
		if (used)
			memset(set, 0, sizeof(*set));
	}
	for (uint32_t s = 0; s <= cache->mask6; s++) {
		struct flow_cache_set6 *set = &cache->sets6[s];
		bool used = false;

		for (int way = 0; way < FLOW_CACHE_WAYS6; way++) {
			if (flow_cache_cells_used(set->cells[way])) {
				side_out6(buffer, &set->key[way], set->cells[way]);
				used = true;
			}
		}
		if (used)
			memset(set, 0, sizeof(*set));
	}
	count_buffer_flush(buffer, ADDR_IPV4, &buffer->out4);
	count_buffer_flush(buffer, ADDR_IPV6, &buffer->out6);
	strays_flush(buffer, ADDR_IPV4, &buffer->strays4);
	strays_flush(buffer, ADDR_IPV6, &buffer->strays6);
	if (buffer->overflowed != 0 && buffer->map != NULL)
		overflow_settle(buffer);
	buffer->settled = true;
}

void
count_buffer_clear(struct count_buffer *buffer)
{
	count_buffer_settle(
		buffer); /* a buffer that nobody asked for is dropped, flow cache and all */
	flow_cache_resize(&buffer->cache, buffer->hosts.used_ipv4,
			  buffer->hosts.used - buffer->hosts.used_ipv4);
	host_table_clear(&buffer->hosts);
	memset(&buffer->decode, 0, sizeof(buffer->decode));
	if (buffer->overflowed != 0 && buffer->map != NULL)
		memset(buffer->overflow, 0, buffer->map->slots * sizeof(*buffer->overflow));
	buffer->overflowed = 0;
	buffer->settled = false;
}
