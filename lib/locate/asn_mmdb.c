/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A database of MaxMind's format: its tree is walked once, in the order of addresses.
 *
 * An IPv6 tree has IPv4 below ::/96, and other networks may lead there too (2002::/16 and more).
 * IPv4 is walked on its own; where the rest leads into it, it is passed over: such an address is
 * looked up by its IPv4 address.
 */
#include "asn_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* system of a record, by its offset; open addressing */
struct known {
	struct {
		uint32_t offset, who; /* offset + 1; 0: free */
	} * slots;
	size_t mask, count;
};

struct walk {
	struct asn_table *table;
	MMDB_s *mmdb;
	struct known known;
	uint64_t steps_left;
	const atomic_bool *cancel;
	bool found; /* some record has a number */
};

static int
known_grow(struct known *k)
{
	const size_t size = k->slots != NULL ? 2 * (k->mask + 1) : 4096;
	struct known grown = {
		.slots = calloc(size, sizeof(*grown.slots)), .mask = size - 1, .count = k->count};

	if (grown.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; k->slots != NULL && i <= k->mask; i++) {
		size_t at = (k->slots[i].offset * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & grown.mask;

		while (grown.slots[at].offset != 0 && k->slots[i].offset != 0)
			at = (at + 1) & grown.mask;
		if (k->slots[i].offset != 0)
			grown.slots[at] = k->slots[i];
	}
	free(k->slots);
	*k = grown;
	return 0;
}

/* GeoLite2's and DB-IP's number, IPinfo's "AS15169". */
static bool
get_number(MMDB_entry_s *entry, uint32_t *number)
{
	MMDB_entry_data_s data;
	uint64_t value = 0;

	if (MMDB_get_value(entry, &data, "autonomous_system_number", NULL) == MMDB_SUCCESS &&
	    data.has_data && data.type == MMDB_DATA_TYPE_UINT32) {
		*number = data.uint32;
		return true;
	}
	if (MMDB_get_value(entry, &data, "asn", NULL) != MMDB_SUCCESS || !data.has_data)
		return false;
	if (data.type == MMDB_DATA_TYPE_UINT32) {
		*number = data.uint32;
		return true;
	}
	if (data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size < 3 ||
	    strncasecmp(data.utf8_string, "AS", 2) != 0)
		return false;
	for (uint32_t i = 2; i < data.data_size; i++) {
		if (!isdigit((unsigned char)data.utf8_string[i]) || value > UINT32_MAX)
			return false;
		value = 10 * value + (uint64_t)(data.utf8_string[i] - '0');
	}
	*number = (uint32_t)value;
	return value <= UINT32_MAX;
}

/* The system of a record, 0: it names none. Negative errno. */
static int64_t
read_record(struct walk *w, MMDB_entry_s *entry)
{
	static const char *const names[] = {"autonomous_system_organization", "as_name", "name",
					    "org"};
	MMDB_entry_data_s data;
	uint32_t number;

	if (locate_value_count(w->mmdb->data_section, w->mmdb->data_section_size, entry->offset) ==
		    0 ||
	    !get_number(entry, &number) || number == 0)
		return 0;
	w->found = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (MMDB_get_value(entry, &data, names[i], NULL) == MMDB_SUCCESS && data.has_data &&
		    data.type == MMDB_DATA_TYPE_UTF8_STRING) {
			const uint32_t who =
				asn_system(w->table, number, data.utf8_string, data.data_size);
			return who != 0 ? (int64_t)who : -ENOMEM;
		}
	}
	const uint32_t who = asn_system(w->table, number, "", 0);
	return who != 0 ? (int64_t)who : -ENOMEM;
}

static int64_t
system_of(struct walk *w, MMDB_entry_s *entry)
{
	struct known *k = &w->known;

	if (2 * k->count >= k->mask && known_grow(k) != 0)
		return -ENOMEM;
	const uint32_t key = entry->offset + 1;
	size_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & k->mask;

	while (k->slots[at].offset != 0 && k->slots[at].offset != key)
		at = (at + 1) & k->mask;
	if (k->slots[at].offset == 0) {
		const int64_t who = read_record(w, entry);

		if (who < 0)
			return who;
		k->slots[at].offset = key;
		k->slots[at].who = (uint32_t)who;
		k->count++;
	}
	return k->slots[at].who;
}

/* All addresses that begin with the first `bits` of `prefix` (128 of a host_addr). */
static int
add_prefix(struct walk *w, const struct host_addr *prefix, unsigned int bits, bool ipv4,
	   uint32_t offset)
{
	MMDB_entry_s entry = {.mmdb = w->mmdb, .offset = offset};
	const int64_t who = system_of(w, &entry);
	struct host_addr last = *prefix;

	if (who <= 0)
		return (int)who;
	for (unsigned int bit = bits; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return asn_add(w->table, ipv4, prefix, &last, (uint32_t)who);
}

/* A record of the tree that is not looked at yet: a node, or data. */
struct pending {
	struct host_addr prefix;
	uint32_t number; /* of the node; offset of the data */
	uint8_t bits;    /* of the prefix */
	bool is_data;
};

struct stack {
	struct pending each[130]; /* at each level one waits while the other is walked */
	size_t depth;
};

/* One of a node's two; `side` is the bit that leads there. */
static int
push(struct stack *stack, const struct pending *parent, unsigned int side, uint8_t type,
     uint64_t number, const MMDB_entry_s *entry)
{
	struct pending p = {parent->prefix, (uint32_t)number, (uint8_t)(parent->bits + 1),
			    type == MMDB_RECORD_TYPE_DATA};

	if (type != MMDB_RECORD_TYPE_DATA && type != MMDB_RECORD_TYPE_SEARCH_NODE)
		return 0;
	if (stack->depth == sizeof(stack->each) / sizeof(stack->each[0]))
		return -ELOOP;
	if (p.is_data)
		p.number = entry->offset;
	if (side == 1)
		p.prefix.bytes[parent->bits / 8] |= (uint8_t)(0x80 >> parent->bits % 8);
	stack->each[stack->depth++] = p;
	return 0;
}

/* All below a node whose prefix has `bits` bits, in the order of addresses. The node `skip` is not
 * entered. */
static int
walk_from(struct walk *w, uint32_t root, unsigned int bits, bool ipv4, uint32_t skip)
{
	struct stack stack = {.depth = 1};
	int error = 0;

	stack.each[0] = (struct pending){.number = root, .bits = (uint8_t)bits};
	while (stack.depth > 0 && error == 0) {
		const struct pending p = stack.each[--stack.depth];
		MMDB_search_node_s node;

		if (w->steps_left-- == 0)
			return -ELOOP;
		if (w->steps_left % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(w->cancel))
			return -ECANCELED;
		if (p.is_data) {
			error = add_prefix(w, &p.prefix, p.bits, ipv4, p.number);
			continue;
		}
		if (p.number == skip || p.bits >= 128 ||
		    MMDB_read_node(w->mmdb, p.number, &node) != MMDB_SUCCESS)
			continue;
		error = push(&stack, &p, 1, node.right_record_type, node.right_record,
			     &node.right_record_entry);
		if (error == 0)
			error = push(&stack, &p, 0, node.left_record_type, node.left_record,
				     &node.left_record_entry);
	}
	return error;
}

static int
walk(struct walk *w)
{
	const MMDB_metadata_s *meta = &w->mmdb->metadata;
	const uint32_t ipv4 = w->mmdb->ipv4_start_node.node_value;
	const bool has_ipv4 = ipv4 < meta->node_count && w->mmdb->ipv4_start_node.netmask == 96;
	int error = 0;

	if (meta->ip_version != 6)
		return walk_from(w, 0, 96, true, UINT32_MAX);
	if (has_ipv4)
		error = walk_from(w, ipv4, 96, true, UINT32_MAX);
	return error != 0 ? error : walk_from(w, 0, 0, false, has_ipv4 ? ipv4 : UINT32_MAX);
}

int
asn_read_mmdb(struct asn_table *t, struct asn_source *source, const char *path,
	      const atomic_bool *cancel, char *error)
{
	struct database *db = locate_database_open(path, cancel, error);

	if (db == NULL)
		return -errno;
	struct walk w = {.table = t,
			 .mmdb = &db->mmdb,
			 .steps_left = locate_tree_steps(&db->mmdb),
			 .cancel = cancel};
	int ret = walk(&w);
	free(w.known.slots);
	source->about = db->about;
	source->file = db->file;
	if (ret == 0 && !w.found)
		ret = -EDOM;
	if (ret == -EDOM)
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: the database (type '%.40s') holds no numbers of networks (AS); name "
			 "another with --asn-db, as GeoLite2-ASN.mmdb",
			 path, db->about.type);
	else if (ret == -ELOOP || ret == -EINVAL)
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: the search tree leads to the same nodes again: the file is damaged; "
			 "bring it anew",
			 path);
	else if (ret != 0)
		snprintf(error, LOCATE_ERROR_MAX, "%s: %s", path, strerror(-ret));
	locate_database_close(db);
	if (ret == 0)
		locate_describe_asn(&source->about);
	return ret == -EDOM || ret == -ELOOP ? -EINVAL : ret;
}
