/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate.h"

#include "internal.h"
#include "special.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Record of a database -> place: offsets in an open-addressed table, at most half full, probed
 * linearly. Every host is looked up here once a period: with a general hash table, an allocation
 * for each entry, this took 22 % of the time of a merge of a million hosts on 90,000 records.
 */
struct record {
	uint32_t offset; /* of the record in the file, + 1; 0: free */
	uint32_t place;
};

struct records {
	struct record *table; /* [mask + 1] */
	size_t mask, count;
};

struct locate {
	struct locate_databases *databases;
	struct records records[LOCATE_MAX_DATABASES];
	struct places places;
	uint32_t
		*networks[2]; /* [asn_count] number of a system's place, theirs and our own; or 0 */
	uint64_t errors;
};

uint32_t
locate_intern_record(struct locate *locate, MMDB_entry_s *entry, const struct database *db)
{
	struct place what;

	if (!locate_record_decode(entry, db, &what)) {
		locate->errors++;
		return PLACE_NONE;
	}
	return places_intern(&locate->places, &what);
}

unsigned int
locate_says(const struct locate *locate, uint32_t number)
{
	const struct place *place = locate_get(locate, number);

	if (place == NULL)
		return SAYS_NOTHING;
	if (place->has_position)
		return SAYS_POSITION;
	return place->country[0] != 0 || place->continent[0] != 0 ? SAYS_COUNTRY : SAYS_NO_PLACE;
}

/* Where `offset` stands or would stand. */
static struct record *
record_slot(const struct records *records, uint32_t offset)
{
	/* Fibonacci hashing: records lie a few dozen octets apart, in no order that hosts follow */
	size_t at = (offset * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & records->mask;

	while (records->table[at].offset != 0 && records->table[at].offset != offset + 1)
		at = (at + 1) & records->mask;
	return &records->table[at];
}

static int
records_grow(struct records *records)
{
	size_t size = records->table ? 2 * (records->mask + 1) : 4096;
	struct records grown = {.table = calloc(size, sizeof(struct record)), .mask = size - 1};

	if (grown.table == NULL)
		return -ENOMEM;
	for (size_t i = 0; records->table != NULL && i <= records->mask; i++) {
		if (records->table[i].offset != 0)
			*record_slot(&grown, records->table[i].offset - 1) = records->table[i];
	}
	grown.count = records->count;
	free(records->table);
	*records = grown;
	return 0;
}

/* Place of a record that was found; PLACE_NONE where it is corrupt. */
static uint32_t
place_of_record(struct locate *locate, size_t database, MMDB_entry_s *entry)
{
	struct records *records = &locate->records[database];
	const struct database *db = locate->databases->each[database];

	if (2 * records->count >= records->mask && records_grow(records) != 0)
		return PLACE_NONE;
	struct record *record = record_slot(records, entry->offset);
	if (record->offset == 0) {
		uint32_t place = locate_intern_record(locate, entry, db);

		if (place == PLACE_UNASKED) /* no memory: the next host may have some */
			return PLACE_NONE;
		record->offset = entry->offset + 1;
		record->place = place;
		records->count++;
	}
	return record->place;
}

/* Records of networks of `wide` or less bits are passed over. */
static uint32_t
look_up(struct locate *locate, const struct host_addr *addr, uint32_t family, unsigned int wide)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const struct sockaddr *sa;
	uint32_t best = PLACE_NONE;

	if (family == ADDR_IPV4) {
		memcpy(&v4.sin_addr, addr->bytes + 12, 4);
		sa = (const struct sockaddr *)&v4;
	} else {
		memcpy(&v6.sin6_addr, addr->bytes, 16);
		sa = (const struct sockaddr *)&v6;
	}
	for (size_t i = 0; i < locate->databases->count; i++) {
		const MMDB_s *mmdb = &locate->databases->each[i]->mmdb;
		int status = MMDB_SUCCESS;

		if (family == ADDR_IPV6 && mmdb->metadata.ip_version == 4)
			continue;
		MMDB_lookup_result_s found = MMDB_lookup_sockaddr(mmdb, sa, &status);
		if (status != MMDB_SUCCESS) {
			locate->errors++;
			continue;
		}
		if (!found.found_entry || (wide > 0 && found.netmask <= wide))
			continue;
		uint32_t place = place_of_record(locate, i, &found.entry);
		if (locate_says(locate, place) > locate_says(locate, best))
			best = place;
		if (locate_says(locate, best) == SAYS_POSITION)
			break;
	}
	return best;
}

uint32_t
locate_own_place(struct locate *locate, uint32_t number)
{
	const struct place *place = locate_get(locate, number);

	if (place == NULL || place->own)
		return number;
	struct place own = *place;
	own.own = true;
	own.number = 0;
	return places_intern(&locate->places, &own);
}

static uint32_t
locate_anybody(struct locate *locate, const struct host_addr *addr, uint32_t family, bool embeds,
	       const struct host_addr *embedded)
{
	if (!embeds)
		return look_up(locate, addr, family, 0);

	/* 6to4, NAT64, Teredo: the IPv4 address inside tells where the host is. Where that is not
	 * known, what the database makes of the IPv6 address, by aliases into its IPv4 tree, but
	 * not its record for the block as a whole: DB-IP puts all of 2002::/16 at the registry's
	 * office. (The blocks have 16, 32 and 96 bits.) */
	uint32_t place = look_up(locate, embedded, ADDR_IPV4, 0);
	if (locate_says(locate, place) < SAYS_COUNTRY) {
		const uint32_t other = look_up(locate, addr, family,
					       addr->bytes[0] == 0   ? 96
					       : addr->bytes[1] == 1 ? 32
								     : 16);

		if (locate_says(locate, other) > locate_says(locate, place))
			place = other;
	}
	return place;
}

bool
locate_is_own(const struct locate_databases *databases, const struct host_addr *addr,
	      uint32_t family)
{
	struct host_addr embedded;

	if (family == ADDR_IPV6 && special_embedded_ipv4(addr, &embedded))
		return networks_have(&databases->own, &embedded, ADDR_IPV4);
	return networks_have(&databases->own, addr, family);
}

uint32_t
locate_site(const struct locate_databases *databases, const struct host_addr *addr, uint32_t family)
{
	struct host_addr embedded;

	if (databases->sites == NULL)
		return 0;
	const uint32_t site = sites_find(databases->sites, addr, family);
	return site == 0 && family == ADDR_IPV6 && special_embedded_ipv4(addr, &embedded)
		       ? sites_find(databases->sites, &embedded, ADDR_IPV4)
		       : site;
}

uint32_t
locate_site_place(struct locate *locate, const struct sites *sites, uint32_t site, bool own)
{
	struct place place = *sites_place(sites, site);

	place.own = own;
	return places_intern(&locate->places, &place);
}

uint32_t
locate_host(struct locate *locate, const struct host_addr *addr, uint32_t family)
{
	struct host_addr embedded;
	const struct locate_databases *databases = locate->databases;
	const uint32_t site = locate_site(databases, addr, family);

	if (site != 0) {
		const bool own =
			!special_is_global(addr, family) || locate_is_own(databases, addr, family);
		const uint32_t place = locate_site_place(locate, databases->sites, site, own);

		return place != PLACE_UNASKED ? place : PLACE_NONE;
	}
	if (!special_is_global(addr, family))
		return PLACE_PRIVATE;
	const bool embeds = family == ADDR_IPV6 && special_embedded_ipv4(addr, &embedded);
	const uint32_t place = locate_anybody(locate, addr, family, embeds, &embedded);

	return locate_is_own(databases, addr, family) ? locate_own_place(locate, place) : place;
}

/* The place that stands for system `who` of the table. */
static uint32_t
network_place(struct locate *locate, uint32_t who, bool own)
{
	const struct asn_table *table = locate->databases->asn;
	uint32_t **known = &locate->networks[own];

	if (*known == NULL)
		*known = calloc(asn_count(table), sizeof(**known));
	if (*known == NULL)
		return PLACE_NONE;
	if ((*known)[who] == 0) {
		const struct asn asn = asn_get(table, who);
		struct place place;

		memset(&place, 0, sizeof(place)); /* padding too: it is hashed */
		place.basis = BASIS_NETWORK;
		place.asn = asn.number;
		place.own = own;
		snprintf(place.city, sizeof(place.city), "%s", asn.name);
		const uint32_t number = places_intern(&locate->places, &place);

		if (number == PLACE_UNASKED)
			return PLACE_NONE;
		(*known)[who] = number + 1;
	}
	return (*known)[who] - 1;
}

uint32_t
locate_network(struct locate *locate, const struct host_addr *addr, uint32_t family, uint32_t place,
	       size_t hints[2])
{
	const struct locate_databases *databases = locate->databases;
	const struct place *at = locate_get(locate, place);
	struct host_addr embedded;
	uint32_t who = 0;

	if (databases->asn == NULL)
		return PLACE_NONE;
	/* a site may be of addresses that nobody announces */
	if (place == PLACE_PRIVATE ||
	    (at != NULL && at->basis == BASIS_SITE && !special_is_global(addr, family)))
		return PLACE_PRIVATE;
	if (family == ADDR_IPV6 && special_embedded_ipv4(addr, &embedded))
		who = asn_find(databases->asn, &embedded, ADDR_IPV4, &hints[0]);
	if (who == 0)
		who = asn_find(databases->asn, addr, family, &hints[family == ADDR_IPV6]);
	return network_place(locate, who,
			     databases->own.count > 0 && locate_is_own(databases, addr, family));
}

uint32_t
locate_place(struct locate *locate, const struct place *place)
{
	return places_intern(&locate->places, place);
}

const struct place *
locate_get(const struct locate *locate, uint32_t number)
{
	return places_get(&locate->places, number);
}

size_t
locate_count(const struct locate *locate)
{
	return locate->places.count;
}

struct locate_databases *
locate_opened(const struct locate *locate)
{
	return locate->databases;
}

size_t
locate_databases(const struct locate *locate)
{
	return locate_databases_count(locate->databases);
}

const struct locate_database *
locate_database(const struct locate *locate, size_t i)
{
	return locate_databases_get(locate->databases, i);
}

uint64_t
locate_errors(const struct locate *locate)
{
	return locate->errors;
}

void
locate_adopt(struct locate *locate, struct locate_databases *databases)
{
	for (size_t i = 0; i < LOCATE_MAX_DATABASES; i++) {
		free(locate->records[i].table);
		locate->records[i] = (struct records){0};
	}
	for (int own = 0; own < 2; own++) {
		free(locate->networks[own]);
		locate->networks[own] = NULL;
	}
	locate_databases_unref(locate->databases);
	locate->databases = databases;
}

int
locate_reload(struct locate *locate, const char *const *paths, size_t count, char *error)
{
	struct locate_databases *databases = locate_databases_open(paths, count, NULL, error);

	if (databases == NULL)
		return -1;
	locate_adopt(locate, databases);
	return 0;
}

struct locate *
locate_create_from(struct locate_databases *databases)
{
	struct locate *locate = calloc(1, sizeof(*locate));

	if (locate != NULL)
		locate_adopt(locate, databases);
	else
		locate_databases_unref(databases);
	return locate;
}

struct locate *
locate_create(const char *const *paths, size_t count, char *error)
{
	struct locate *locate = calloc(1, sizeof(*locate));

	if (locate == NULL) {
		snprintf(error, LOCATE_ERROR_MAX, "out of memory");
		return NULL;
	}
	if (locate_reload(locate, paths, count, error) != 0) {
		int saved = errno;

		locate_destroy(locate);
		errno = saved;
		return NULL;
	}
	return locate;
}

void
locate_destroy(struct locate *locate)
{
	if (locate == NULL)
		return;
	locate_adopt(locate, NULL);
	places_free(&locate->places);
	free(locate);
}
