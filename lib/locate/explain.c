/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"

#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The network that a record was found for, as the database has it. */
static void
write_network(const struct host_addr *addr, enum addr_family family, unsigned int bits,
	      char text[EXPLAIN_PREFIX_MAX])
{
	struct host_addr prefix = *addr;
	const unsigned int offset = family == ADDR_IPV4 ? 96 : 0;
	char start[HOST_ADDR_TEXT];

	for (unsigned int bit = offset + bits; bit < 128; bit++)
		prefix.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	snprintf(text, EXPLAIN_PREFIX_MAX, "%s/%u", host_addr_text(&prefix, family, start), bits);
}

/* Which database says what was found: the first whose record is that place. */
static void
find_source(struct locate *locate, const struct host_addr *addr, enum addr_family family,
	    uint32_t number, struct explanation *out)
{
	struct locate_databases *databases = locate_opened(locate);
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memcpy(&v4.sin_addr, addr->bytes + 12, 4);
	memcpy(&v6.sin6_addr, addr->bytes, 16);
	for (size_t i = 0; i < databases->count && out->database == NULL; i++) {
		const struct database *database = databases->each[i];
		int status = MMDB_SUCCESS;

		if (family == ADDR_IPV6 && database->mmdb.metadata.ip_version == 4)
			continue;
		MMDB_lookup_result_s found =
			MMDB_lookup_sockaddr(&database->mmdb,
					     family == ADDR_IPV4 ? (const struct sockaddr *)&v4
								 : (const struct sockaddr *)&v6,
					     &status);
		if (status != MMDB_SUCCESS || !found.found_entry ||
		    locate_intern_record(locate, &found.entry, database) != number)
			continue;
		out->database = &database->about;
		/* an IPv4 address in an IPv6 tree stands 96 bits deep */
		unsigned int bits = found.netmask;
		if (family == ADDR_IPV4 && database->mmdb.metadata.ip_version == 6)
			bits = bits > 96 ? bits - 96 : 0;
		write_network(addr, family, bits, out->network);
	}
}

int
locate_explain(struct locate_databases *databases, const struct host_addr *addr,
	       enum addr_family family, struct explanation *out)
{
	struct locate *locate = locate_create_from(locate_databases_ref(databases));

	*out = (struct explanation){.addr = *addr, .family = family};
	if (locate == NULL)
		return -ENOMEM;
	out->special = special_find(addr, family);
	out->embeds = family == ADDR_IPV6 && special_embedded_ipv4(addr, &out->inside);
	const uint32_t number = locate_host(locate, addr, family);
	const uint32_t who = locate_asn(databases, addr, family, family == ADDR_IPV4 ? 32 : 128);
	out->asn = who != 0 ? asn_get(databases->asn, who) : (struct asn){0, ""};
	out->is_private = number == PLACE_PRIVATE;
	out->own = out->is_private || locate_is_own(databases, addr, family);
	const struct place *place = locate_get(locate, number);
	const uint32_t site = locate_site(databases, addr, family);
	out->site = site != 0 && place != NULL;
	if (out->site) {
		out->place = *place;
		out->on_the_map = true;
		out->own = place->own;
		network_text(sites_network(databases->sites, site), out->network);
	} else if (place != NULL) {
		struct place said = *place;

		said.own = false; /* a record knows no sides */
		const uint32_t record = locate_place(locate, &said);
		out->place = *place;
		out->on_the_map = place->has_position;
		if (out->embeds)
			find_source(locate, &out->inside, ADDR_IPV4, record, out);
		if (out->database == NULL)
			find_source(locate, addr, family, record, out);
	}
	locate_destroy(locate);
	return 0;
}

const char *
explanation_reason(const struct explanation *e, char text[512])
{
	char inside[HOST_ADDR_TEXT] = "";

	if (e->embeds)
		host_addr_text(&e->inside, ADDR_IPV4, inside);
	if (e->site)
		snprintf(text, 512, "the site '%s' of %s", e->place.city, e->network);
	else if (e->is_private && e->embeds && e->special != NULL &&
		 e->special->reach == SPECIAL_EMBEDS)
		snprintf(text, 512,
			 "not on the map: it carries %s (%s), which is not reachable from "
			 "everywhere",
			 inside, e->special->what);
	else if (e->is_private)
		snprintf(text, 512, "not on the map: %s is %s",
			 e->special ? e->special->prefix : "it",
			 e->special ? e->special->what : "not reachable from everywhere");
	else if (e->database == NULL)
		snprintf(text, 512, "not on the map: not in the database");
	else if (!e->on_the_map)
		snprintf(text, 512, "not on the map: the record of %s has no position", e->network);
	else if (e->place.city[0] == 0 && e->place.radius_km > 0)
		snprintf(text, 512, "the record of %s names no city, within %.0f km", e->network,
			 (double)e->place.radius_km);
	else if (e->place.city[0] == 0)
		snprintf(text, 512, "the record of %s names the %s only", e->network,
			 e->place.basis == BASIS_CONTINENT    ? "continent"
			 : e->place.basis == BASIS_REGISTERED ? "country of registration"
							      : "country");
	else if (e->place.radius_km > 0)
		snprintf(text, 512, "the record of %s, within %.0f km", e->network,
			 (double)e->place.radius_km);
	else
		snprintf(text, 512, "the record of %s", e->network);
	if (e->embeds && e->database != NULL) {
		const size_t used = strlen(text);

		snprintf(text + used, 512 - used, "; the address carries %s", inside);
	}
	if (e->own && !e->is_private) {
		const size_t used = strlen(text);

		snprintf(text + used, 512 - used, "; it is on our own side");
	}
	return text;
}
