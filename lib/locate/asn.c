/* SPDX-License-Identifier: BSD-3-Clause */
#include "asn_internal.h"

#include "large.h"
#include "load.h"
#include "special.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_INDEX 4096

static uint32_t
ipv4_of(const struct host_addr *addr)
{
	return be32(addr->bytes + 12);
}

static int
order(const struct host_addr *a, const struct host_addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The address behind; false: there is none. */
static bool
next_of(struct host_addr *addr)
{
	for (size_t i = sizeof(addr->bytes); i-- > 0;) {
		if (++addr->bytes[i] != 0)
			return true;
	}
	return false;
}

/* An array with room for `more` behind `count` entries: it grows by half. NULL: no memory, and it
 * is as it was. */
static void *
with_room(void *array, size_t *capacity, size_t count, size_t more, size_t size)
{
	if (count + more <= *capacity)
		return array;
	const size_t wanted = count + more + *capacity / 2 + 1024;
	void *grown = large_grow(array, count * size, wanted * size);

	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

/* -- systems */

static size_t
index_slot(const struct asn_table *t, uint32_t number)
{
	size_t at = (number * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & t->index_mask;

	while (t->index[at] != 0 && t->rows[t->index[at]].number != number)
		at = (at + 1) & t->index_mask;
	return at;
}

static int
grow_index(struct asn_table *t)
{
	const size_t size = t->index != NULL ? 2 * (t->index_mask + 1) : LEAST_INDEX;
	uint32_t *index = calloc(size, sizeof(*index));

	if (index == NULL)
		return -ENOMEM;
	free(t->index);
	t->index = index;
	t->index_mask = size - 1;
	for (uint32_t i = 1; i < t->systems; i++)
		t->index[index_slot(t, t->rows[i].number)] = i;
	return 0;
}

/* A row for a system, without a place in the index. 0: no memory. */
static uint32_t
append(struct asn_table *t, uint32_t number, const char *name, size_t length)
{
	char clean[ASN_NAME_MAX];

	locate_copy_name(clean, sizeof(clean), name, length);
	const size_t size = strlen(clean) + 1;
	struct asn_row *rows = with_room(t->rows, &t->row_room, t->systems, 1, sizeof(*t->rows));
	if (rows == NULL)
		return 0;
	t->rows = rows;
	char *text = with_room(t->text, &t->text_room, t->text_length, size, 1);
	if (text == NULL)
		return 0;
	t->text = text;
	memcpy(text + t->text_length, clean, size);
	rows[t->systems] = (struct asn_row){number, (uint32_t)t->text_length};
	t->text_length += size;
	return (uint32_t)t->systems++;
}

uint32_t
asn_system(struct asn_table *t, uint32_t number, const char *name, size_t length)
{
	if (2 * t->systems >= t->index_mask && grow_index(t) != 0)
		return 0;
	const size_t at = index_slot(t, number);

	if (t->index[at] == 0)
		t->index[at] = append(t, number, name, length);
	return t->index[at];
}

size_t
asn_count(const struct asn_table *t)
{
	return t->systems;
}

struct asn
asn_get(const struct asn_table *t, uint32_t i)
{
	return (struct asn){t->rows[i].number, t->text + t->rows[i].name};
}

/* -- ranges */

/* From `start` on, up to the next edge. 0 or -ENOMEM. */
static int
edge(struct asn_table *t, bool ipv4, const struct host_addr *start, uint32_t who)
{
	if (ipv4) {
		/* neighbours are mostly of several systems; of one they are one range */
		if (t->count4 > 0 && t->ipv4[t->count4 - 1].who == who)
			return 0;
		struct asn_edge4 *grown =
			with_room(t->ipv4, &t->room4, t->count4, 1, sizeof(*t->ipv4));
		if (grown == NULL)
			return -ENOMEM;
		t->ipv4 = grown;
		/* a range that begins where the last one ended */
		t->count4 -= t->count4 > 0 && grown[t->count4 - 1].start == ipv4_of(start);
		if (t->count4 > 0 && grown[t->count4 - 1].who == who)
			return 0;
		grown[t->count4++] = (struct asn_edge4){ipv4_of(start), who};
		return 0;
	}
	if (t->count6 > 0 && t->ipv6[t->count6 - 1].who == who)
		return 0;
	struct asn_edge6 *grown = with_room(t->ipv6, &t->room6, t->count6, 1, sizeof(*t->ipv6));
	if (grown == NULL)
		return -ENOMEM;
	t->ipv6 = grown;
	t->count6 -= t->count6 > 0 && order(&grown[t->count6 - 1].start, start) == 0;
	if (t->count6 > 0 && grown[t->count6 - 1].who == who)
		return 0;
	grown[t->count6++] = (struct asn_edge6){*start, who};
	return 0;
}

/* Ends the ranges that end before `until`; NULL: all. What goes on behind one is there again. */
static int
end_ranges(struct asn_table *t, bool ipv4, const struct host_addr *until)
{
	struct asn_sweep *sweep = &t->sweep[ipv4];
	int error = 0;

	while (error == 0 && sweep->depth > 0 &&
	       (until == NULL || order(&sweep->open[sweep->depth - 1].last, until) < 0)) {
		struct host_addr behind = sweep->open[--sweep->depth].last;

		while (sweep->depth > 0 && order(&sweep->open[sweep->depth - 1].last, &behind) <= 0)
			sweep->depth--;
		/* IPv4 ends at its own last address */
		if (next_of(&behind) && !(ipv4 && ipv4_of(&behind) == 0))
			error = edge(t, ipv4, &behind,
				     sweep->depth > 0 ? sweep->open[sweep->depth - 1].who : 0);
	}
	return error;
}

int
asn_add(struct asn_table *t, bool ipv4, const struct host_addr *first, const struct host_addr *last,
	uint32_t who)
{
	struct asn_sweep *sweep = &t->sweep[ipv4];

	if (ipv4 ? t->full4 : t->full6)
		return 0;
	if (order(last, first) < 0 || order(first, &sweep->first) < 0)
		return -EINVAL;
	sweep->first = *first;
	int error = end_ranges(t, ipv4, first);
	if (error == 0 && sweep->depth == ASN_OPEN_MAX)
		error = -EINVAL;
	if (error != 0)
		return error;
	sweep->open[sweep->depth].last = *last;
	sweep->open[sweep->depth++].who = who;
	return edge(t, ipv4, first, who);
}

static size_t
search4(const struct asn_table *t, uint32_t addr)
{
	size_t low = 0, high = t->count4 - 1;

	while (low < high) {
		const size_t middle = low + (high - low + 1) / 2;

		if (t->ipv4[middle].start <= addr)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static size_t
search6(const struct asn_table *t, const struct host_addr *addr)
{
	size_t low = 0, high = t->count6 - 1;

	while (low < high) {
		const size_t middle = low + (high - low + 1) / 2;

		if (order(&t->ipv6[middle].start, addr) <= 0)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Is it from edge `i` on, and before the next? */
static bool
is_at4(const struct asn_table *t, size_t i, uint32_t addr)
{
	return i < t->count4 && t->ipv4[i].start <= addr &&
	       (i + 1 == t->count4 || addr < t->ipv4[i + 1].start);
}

static bool
is_at6(const struct asn_table *t, size_t i, const struct host_addr *addr)
{
	return i < t->count6 && order(&t->ipv6[i].start, addr) <= 0 &&
	       (i + 1 == t->count6 || order(addr, &t->ipv6[i + 1].start) < 0);
}

uint32_t
asn_find(const struct asn_table *t, const struct host_addr *addr, uint32_t family, size_t *hint)
{
	if (t == NULL)
		return 0;
	if (family == ADDR_IPV4) {
		const uint32_t ipv4 = ipv4_of(addr);

		for (size_t i = *hint; i < *hint + 3; i++) {
			if (is_at4(t, i, ipv4)) {
				*hint = i;
				return t->ipv4[i].who;
			}
		}
		*hint = search4(t, ipv4);
		return t->ipv4[*hint].who;
	}
	for (size_t i = *hint; i < *hint + 3; i++) {
		if (is_at6(t, i, addr)) {
			*hint = i;
			return t->ipv6[i].who;
		}
	}
	*hint = search6(t, addr);
	return t->ipv6[*hint].who;
}

uint32_t
asn_find_network(const struct asn_table *t, const struct host_addr *addr, uint32_t family,
		 unsigned int bits)
{
	struct host_addr last = *addr;
	size_t hint = 0;

	for (unsigned int bit = family == ADDR_IPV4 ? 96 + bits : bits; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	const uint32_t who = asn_find(t, addr, family, &hint);

	if (who == 0)
		return 0;
	/* ranges of one system that lie side by side are one */
	return family == ADDR_IPV4 ? (is_at4(t, hint, ipv4_of(&last)) ? who : 0)
				   : (is_at6(t, hint, &last) ? who : 0);
}

uint32_t
locate_asn(const struct locate_databases *databases, const struct host_addr *addr, uint32_t family,
	   unsigned int bits)
{
	const struct asn_table *asn = locate_databases_asn(databases);
	struct host_addr embedded;

	if (asn == NULL || !special_is_global(addr, family))
		return 0;
	if (family == ADDR_IPV6 && bits == 128 && special_embedded_ipv4(addr, &embedded)) {
		const uint32_t who = asn_find_network(asn, &embedded, ADDR_IPV4, 32);

		if (who != 0)
			return who;
	}
	return asn_find_network(asn, addr, family, bits);
}

/* -- open and close */

static int
open_file(struct asn_table *t, const char *path, const atomic_bool *cancel, char *error)
{
	const size_t length = strlen(path);
	const bool csv = length > 4 && strcasecmp(path + length - 4, ".csv") == 0;
	struct asn_source *source = &t->files[t->file_count];
	int ret = (csv ? asn_read_csv : asn_read_mmdb)(t, source, path, cancel, error);

	if (ret == 0 && (end_ranges(t, true, NULL) != 0 || end_ranges(t, false, NULL) != 0)) {
		snprintf(error, LOCATE_ERROR_MAX, "%s: out of memory", path);
		ret = -ENOMEM;
	}
	t->file_count += ret == 0;
	t->full4 = t->count4 > 1;
	t->full6 = t->count6 > 1;
	return ret;
}

struct asn_table *
asn_open(const char *const *paths, size_t count, const atomic_bool *cancel, char *error)
{
	static const struct host_addr zero;
	struct asn_table *t = NULL;
	int ret = count == 0 || count > LOCATE_MAX_DATABASES ? -EINVAL : 0;

	if (ret != 0)
		snprintf(error, LOCATE_ERROR_MAX,
			 "%zu databases of networks named; 1 to %d are possible", count,
			 LOCATE_MAX_DATABASES);
	if (ret == 0) {
		t = calloc(1, sizeof(*t));
		if (t != NULL)
			atomic_init(&t->references, 1);
		if (t == NULL || grow_index(t) != 0 || edge(t, true, &zero, 0) != 0 ||
		    edge(t, false, &zero, 0) != 0) {
			ret = -ENOMEM;
		} else {
			append(t, 0, "", 0);
			ret = t->systems == 1 ? 0 : -ENOMEM;
		}
		if (ret != 0)
			snprintf(error, LOCATE_ERROR_MAX, "out of memory");
	}
	for (size_t i = 0; i < count && ret == 0; i++)
		ret = open_file(t, paths[i], cancel, error);
	if (ret != 0) {
		asn_unref(t);
		errno = -ret;
		return NULL;
	}
	free(t->index);
	t->index = NULL;
	return t;
}

struct asn_table *
asn_ref(struct asn_table *t)
{
	if (t != NULL)
		atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
	return t;
}

void
asn_unref(struct asn_table *t)
{
	/* who frees must see all that the others did before they let go */
	if (t == NULL || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1)
		return;
	free(t->ipv4);
	free(t->ipv6);
	free(t->rows);
	free(t->text);
	free(t->index);
	free(t);
}

size_t
asn_files(const struct asn_table *t)
{
	return t != NULL ? t->file_count : 0;
}

const struct locate_database *
asn_file(const struct asn_table *t, size_t i)
{
	return &t->files[i].about;
}

unsigned int
asn_renewed(const struct asn_table *t)
{
	unsigned int renewed = 0;
	struct stat now;

	for (size_t i = 0; i < asn_files(t); i++) {
		if (stat(t->files[i].about.path, &now) == 0 &&
		    !locate_same_file(&now, &t->files[i].file))
			renewed |= 1u << i;
	}
	return renewed;
}
