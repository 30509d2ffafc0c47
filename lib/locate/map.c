/* SPDX-License-Identifier: BSD-3-Clause */
#include "map.h"

#include "map_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define DIRECT (1u << 24)
#define INDEX  (1u << PREFIX_MAP_INDEX_BITS)

static int
build(struct locate_map *map)
{
	struct prefix_map *p = &map->prefixes;

	p->slots = PREFIX_SLOT_FIRST;
	/* mmap: whole pages, and large ones where there are */
	p->direct = mmap(NULL, DIRECT * sizeof(*p->direct), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->direct == MAP_FAILED) {
		p->direct = NULL;
		return -ENOMEM;
	}
	madvise(p->direct, DIRECT * sizeof(*p->direct), MADV_HUGEPAGE); /* a wish */
	p->index = malloc((INDEX + 1) * sizeof(*p->index));
	if (p->index == NULL)
		return -ENOMEM;

	int error = locate_map_walk(map);
	if (error < 0)
		return error;
	if (locate_is_cancelled(map->cancel))
		return -ECANCELED;

	uint32_t network = 0;
	for (uint32_t part = 0; part <= INDEX; part++) {
		uint64_t first = (uint64_t)part << (64 - PREFIX_MAP_INDEX_BITS);
		while (network + 1 < p->networks6 &&
		       (part == INDEX || p->starts[network + 1] <= first))
			network++;
		p->index[part] = network;
	}
	map->places = malloc(p->slots * sizeof(*map->places));
	if (map->places == NULL)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < p->slots; slot++)
		map->places[slot] = PLACE_UNASKED;
	map->places[PREFIX_SLOT_NONE] = PLACE_NONE;
	map->places[PREFIX_SLOT_PRIVATE] = PLACE_PRIVATE;
	free(map->table);
	map->table = NULL;
	return 0;
}

struct locate_map *
locate_map_create(struct locate_databases *databases, const atomic_bool *cancel)
{
	struct locate_map *map = calloc(1, sizeof(*map));

	if (map == NULL)
		return NULL;
	atomic_init(&map->references, 1);
	map->databases = locate_databases_ref(databases);
	map->columns = databases->count + (databases->own.count > 0 || databases->sites != NULL) +
		       (databases->sites != NULL);
	map->cancel = cancel;
	int error = build(map);
	map->cancel = NULL;
	if (error < 0) {
		locate_map_unref(map);
		errno = -error;
		return NULL;
	}
	return map;
}

struct locate_map *
locate_map_ref(struct locate_map *map)
{
	if (map != NULL)
		atomic_fetch_add_explicit(&map->references, 1, memory_order_relaxed);
	return map;
}

void
locate_map_unref(struct locate_map *map)
{
	/* who frees must see all that the others did before they let go */
	if (map == NULL ||
	    atomic_fetch_sub_explicit(&map->references, 1, memory_order_acq_rel) != 1)
		return;
	if (map->prefixes.direct != NULL)
		munmap(map->prefixes.direct, DIRECT * sizeof(*map->prefixes.direct));
	free(map->prefixes.runs);
	free(map->prefixes.starts);
	free(map->prefixes.slots6);
	free(map->prefixes.index);
	free(map->combinations);
	free(map->places);
	free(map->table);
	locate_databases_unref(map->databases);
	free(map);
}

const struct prefix_map *
locate_map_prefixes(const struct locate_map *map)
{
	return map != NULL ? &map->prefixes : NULL;
}

/* The precedence is that of locate_host: the first of those that say most. */
uint32_t
locate_map_place(struct locate_map *map, struct locate *locate, uint32_t slot)
{
	if (map->places[slot] != PLACE_UNASKED)
		return map->places[slot];

	uint32_t best = PLACE_NONE;
	const size_t count = map->databases->count;
	const uint32_t *records = locate_map_records_of(map, slot);
	const bool own = map->columns > count && records[count];
	if (map->columns > count + 1 && records[count + 1] != 0) {
		best = locate_site_place(locate, map->databases->sites, records[count + 1], own);
		return map->places[slot] = best;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t offset = records[i];
		if (offset == NO_RECORD)
			continue;
		MMDB_entry_s entry = {.mmdb = &map->databases->each[i]->mmdb, .offset = offset};
		uint32_t place = locate_intern_record(locate, &entry, map->databases->each[i]);
		if (locate_says(locate, place) > locate_says(locate, best))
			best = place;
		if (locate_says(locate, best) == SAYS_POSITION)
			break;
	}
	if (own)
		best = locate_own_place(locate, best);
	return map->places[slot] = best;
}
