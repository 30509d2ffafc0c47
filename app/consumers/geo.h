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

/* What the operator says of networks, --sites and --local, for databases that are just open. 0, or
 * -1 with a line in `error`. `own`: the networks, where they are known already; NULL: geo_own. */
int geo_say(const struct settings *settings, struct locate_databases *databases,
	    const struct networks *own, char error[LOCATE_ERROR_MAX]);

/* Fills *own: the networks of --local; or, without one, the addresses of the --interface that are
 * reachable from everywhere, of IPv6 their /64. 0, or -1 with a line in `error`. [start] */
int geo_own(const struct settings *settings, struct networks *own, char error[OPTIONS_ERROR_MAX]);
