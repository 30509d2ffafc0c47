/* SPDX-License-Identifier: BSD-3-Clause */
/* Which database files to open, and which networks are ours. Pure but for asking whether files are
 * there, and the kernel for addresses. */
#pragma once

#include "locate.h"
#include "networks.h"
#include "options.h"

#define GEO_MAX      8
#define GEO_PATH_MAX 4096

struct geo_paths {
	char path[GEO_MAX][GEO_PATH_MAX];
	const char *list[GEO_MAX];
	size_t count;
};

/* Fills *paths: --geo-db as given, or the defaults that exist. 0, or -1 with a line in `error`. */
int geo_find(const struct settings *settings, struct geo_paths *paths,
	     char error[OPTIONS_ERROR_MAX]);

/* Fills *paths with the databases of networks: --asn-db as given, or the defaults that exist; none
 * is fine. 0, or -1 with a line in `error`. */
int geo_find_asn(const struct settings *settings, struct geo_paths *paths,
		 char error[OPTIONS_ERROR_MAX]);

/* What is said of networks, for databases that are just open: --sites and --local, and whose they
 * are, which reads the files of geo_find_asn. 0, or -1 with a line in `error`. `own`: the networks,
 * where they are known already; NULL: geo_own. `cancel`: as of locate_databases_open. */
int geo_say(const struct settings *settings, struct locate_databases *databases,
	    const struct networks *own, const atomic_bool *cancel, char error[LOCATE_ERROR_MAX]);

/* Fills *own: the networks of --local; or, without one, the addresses of the --interface that are
 * reachable from everywhere, of IPv6 their /64. 0, or -1 with a line in `error`. [start] */
int geo_own(const struct settings *settings, struct networks *own, char error[OPTIONS_ERROR_MAX]);
