/* SPDX-License-Identifier: BSD-3-Clause */
#include "host_table.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <stdio.h>

/* Only so that a call without `_with_hash` would find the same keys: all calls here bring theirs.
 */
static uint32_t
seeded_hash_ipv4(const void *key, uint32_t length, uint32_t seed)
{
	uint32_t ipv4;
	(void)length;
	memcpy(&ipv4, key, sizeof(ipv4));
	return host_hash_ipv4(host_key_from_seed(seed), ipv4);
}

static uint32_t
seeded_hash_ipv6(const void *key, uint32_t length, uint32_t seed)
{
	(void)length;
	return host_hash_ipv6(host_key_from_seed(seed), key);
}

/*
 * A cuckoo table cannot be filled to the last slot: an eighth of spare entries (rte_hash rounds the
 * slots up to a power of two) keeps it below 80 to 90 %, where an insertion finds a way at once, so
 * that the number of rows is what says "full". Extendable buckets would do so too, but cost every
 * look-up that misses a walk.
 */
static uint32_t
entries_for(uint32_t capacity)
{
	return capacity + capacity / 8 + 8;
}

/* Four hosts to a word of 64 bits: 1 to 2 % of those not in the table seem to be. */
static uint32_t
filter_words(uint32_t capacity)
{
	return rte_align32pow2(capacity / 4 + 1);
}

/* The low bits name the word, others two bits in it. */
static uint64_t
filter_bits(hash_sig_t hash)
{
	return 1ull << (hash >> 26) | 1ull << (hash >> 20 & 63);
}

int
host_table_open(struct host_table *table, const char *name, uint32_t capacity, int socket,
		uint32_t seed)
{
	char full_name[RTE_HASH_NAMESIZE];
	struct rte_hash_parameters params = {
		.name = full_name,
		.entries = entries_for(capacity),
		.socket_id = socket,
		.hash_func_init_val = seed,
	};

	memset(table, 0, sizeof(*table));
	table->capacity = capacity;
	table->key = host_key_from_seed(seed);

	snprintf(full_name, sizeof(full_name), "%s4", name);
	params.key_len = sizeof(uint32_t);
	params.hash_func = seeded_hash_ipv4;
	table->ipv4 = rte_hash_create(&params);
	if (table->ipv4 == NULL)
		goto fail_hash;

	snprintf(full_name, sizeof(full_name), "%s6", name);
	params.key_len = sizeof(struct host_addr);
	params.hash_func = seeded_hash_ipv6;
	table->ipv6 = rte_hash_create(&params);
	if (table->ipv6 == NULL)
		goto fail_hash;

	table->rows = rte_zmalloc_socket("host rows", (size_t)capacity * sizeof(*table->rows),
					 RTE_CACHE_LINE_SIZE, socket);
	table->filter_mask = filter_words(capacity) - 1;
	table->filter = rte_zmalloc_socket("host filter",
					   (size_t)filter_words(capacity) * sizeof(*table->filter),
					   RTE_CACHE_LINE_SIZE, socket);
	if (table->rows == NULL || table->filter == NULL) {
		host_table_close(table);
		return -ENOMEM;
	}
	return 0;

fail_hash:;
	/* rte_errno is left alone, or ENOENT, where memory was short */
	int error = rte_errno == EEXIST ? EEXIST : ENOMEM;
	host_table_close(table);
	return -error;
}

void
host_table_close(struct host_table *table)
{
	rte_free(table->filter);
	rte_free(table->rows);
	rte_hash_free(table->ipv6);
	rte_hash_free(table->ipv4);
	memset(table, 0, sizeof(*table));
}

uint64_t
host_table_memory(uint32_t capacity)
{
	/* rte_hash: buckets of one line for 8 slots, a key store of 16 octets' granularity
	 * with 8 for the data word, and a ring of free slot numbers */
	uint64_t entries = entries_for(capacity);
	uint64_t slots = rte_align64pow2(entries);
	uint64_t each_hash = slots / 8 * 64 + slots * 4;

	return 2 * each_hash + entries * (16 + 32) + (uint64_t)capacity * sizeof(struct host_row) +
	       filter_words(capacity) * sizeof(uint64_t);
}

static void
row_add(struct host_row *row, const uint32_t packed[CELLS])
{
	for (unsigned int l = 0; l < LAYERS; l++) {
		for (unsigned int d = 0; d < DIRECTIONS; d++) {
			row->counts.packets[l][d] += packed_packets(packed[cell_of(l, d)]);
			row->counts.octets[l][d] += packed_octets(packed[cell_of(l, d)]);
		}
	}
}

/* The row of a host, which is made if need be. NULL: there is no room for it. */
static struct host_row *
row_find_or_make(struct host_table *table, enum addr_family family, const union host_id *id,
		 hash_sig_t hash)
{
	struct rte_hash *by_id = family == ADDR_IPV4 ? table->ipv4 : table->ipv6;
	void *data;

	/* adding a key that is there would replace its row number, so ask first */
	if (rte_hash_lookup_with_hash_data(by_id, id, hash, &data) >= 0)
		return &table->rows[(uintptr_t)data];

	if (host_table_full(table))
		return NULL;
	/* rte_hash may refuse earlier: when hosts crowd in a few buckets */
	if (rte_hash_add_key_with_hash_data(by_id, id, hash, (void *)(uintptr_t)table->used) != 0)
		return NULL;

	struct host_row *row = &table->rows[table->used++];
	table->used_ipv4 += family == ADDR_IPV4;
	table->filter[hash & table->filter_mask] |= filter_bits(hash);
	*row = (struct host_row){
		.addr = family == ADDR_IPV4 ? host_addr_from_ipv4((const uint8_t *)&id->ipv4)
					    : id->ipv6,
		.family = family,
		.place = PLACE_UNASKED,
	};
	return row;
}

uint64_t
host_table_add(struct host_table *table, enum addr_family family, const struct host_bulk *bulk)
{
	struct rte_hash *by_id = family == ADDR_IPV4 ? table->ipv4 : table->ipv6;
	const bool full = host_table_full(table);
	const void *ids[HOST_TABLE_BULK];
	hash_sig_t hashes[HOST_TABLE_BULK]; /* the call wants an array that it may write to */
	uint32_t of[HOST_TABLE_BULK];
	void *data[HOST_TABLE_BULK];
	uint64_t hits = 0, refused = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < bulk->n; i++) {
		if (full && !host_table_may_have(table, bulk->hash[i])) {
			refused |= 1ull << i;
			continue;
		}
		ids[n] = &bulk->id[i];
		hashes[n] = bulk->hash[i];
		of[n++] = i;
	}
	if (n == 0)
		return refused;
	rte_hash_lookup_with_hash_bulk_data(by_id, ids, hashes, n, &hits, data);

	for (uint64_t left = hits; left != 0; left &= left - 1) {
		const char *row =
			(const char *)&table->rows[(uintptr_t)data[__builtin_ctzll(left)]];
		rte_prefetch0(row);
		rte_prefetch0(row + RTE_CACHE_LINE_SIZE);
	}
	for (uint32_t k = 0; k < n; k++) {
		struct host_row *row = NULL;

		if (hits & 1ull << k)
			row = &table->rows[(uintptr_t)data[k]];
		else if (!full)
			row = row_find_or_make(table, family, &bulk->id[of[k]], bulk->hash[of[k]]);
		if (row != NULL)
			row_add(row, bulk->packed[of[k]]);
		else
			refused |= 1ull << of[k];
	}
	return refused;
}

bool
host_table_add_packet(struct host_table *table, enum addr_family family, const union host_id *id,
		      hash_sig_t hash, unsigned int cell, uint64_t octets)
{
	struct host_row *row = row_find_or_make(table, family, id, hash);

	if (row == NULL)
		return false;
	row->counts.packets[cell / DIRECTIONS][cell % DIRECTIONS]++;
	row->counts.octets[cell / DIRECTIONS][cell % DIRECTIONS] += octets;
	return true;
}

void
host_table_clear(struct host_table *table)
{
	struct host_key key = table->key;

	/* Removing one key costs some 100 ns, a reset 20 to 40 ns for each slot there is. */
	if (table->used > table->capacity / 4) {
		rte_hash_reset(table->ipv4);
		rte_hash_reset(table->ipv6);
	} else {
		for (uint32_t i = 0; i < table->used; i++) {
			const struct host_row *row = &table->rows[i];

			if (row->family == ADDR_IPV4) {
				uint32_t ipv4;
				memcpy(&ipv4, row->addr.bytes + 12, sizeof(ipv4));
				rte_hash_del_key_with_hash(table->ipv4, &ipv4,
							   host_hash_ipv4(key, ipv4));
			} else {
				rte_hash_del_key_with_hash(table->ipv6, &row->addr,
							   host_hash_ipv6(key, &row->addr));
			}
		}
	}
	if (table->used > 0)
		memset(table->filter, 0, ((size_t)table->filter_mask + 1) * sizeof(*table->filter));
	table->used = table->used_ipv4 = 0;
}
