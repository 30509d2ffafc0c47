/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 1: everything that can be wrong is looked at before anything is touched: databases,
 * captures, interfaces, output files, the listen address.
 */
#include "app.h"
#include "as_user.h"
#include "file.h"
#include "log.h"

#include <errno.h>
#include <rte_common.h>
#include <stdlib.h>
#include <string.h>

static int
check_output(const char *path, const char *option)
{
	int error = path ? file_check(path) : 0;

	if (error == 0)
		return 0;
	log_line("--%s %s: cannot write there: %s", option, path, strerror(-error));
	return -1;
}

int
preflight_outputs(const struct settings *s)
{
	return check_output(s->html, "html") != 0 || check_output(s->hosts, "hosts") != 0 ||
			       check_output(s->status, "status") != 0
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

/*
 * Can a lane meet more hosts than its table holds? Not where all there is are captures with at most
 * a quarter as many packets (two hosts each, and a table that is half full takes every key): then
 * the map of the database for hosts beyond the table, 1.6 s of work, is not needed.
 */
bool
preflight_tables_can_fill(const struct app *a)
{
	const struct settings *s = &a->settings;

	if (s->pcaps.count == 0 || s->interfaces.count > 0 || s->devices.count > 0)
		return true;
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		if (a->captures[i].packets > s->hosts_per_lane / 4)
			return true;
	}
	return false;
}

/* Step 1: all that can be known before EAL. */
int
preflight_run(struct app *a, const atomic_bool *cancel)
{
	const struct settings *s = &a->settings;
	char error[LOCATE_ERROR_MAX > SOURCES_ERROR_MAX ? LOCATE_ERROR_MAX : SOURCES_ERROR_MAX];

	if (geo_find(s, &a->geo, error) != 0)
		return fail(error);
	struct locate_databases *databases =
		locate_databases_open(a->geo.list, a->geo.count, cancel, error);
	if (databases == NULL)
		return atomic_load(cancel) ? EXIT_FAILURE : fail(error);
	a->locate = locate_create_from(databases);
	if (a->locate == NULL)
		return fail("out of memory");
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (interface_check(s->interfaces.items[i], error) != 0)
			return fail(error);
		for (unsigned int k = 0; k < i; k++) {
			if (strcmp(s->interfaces.items[i], s->interfaces.items[k]) == 0) {
				log_line("--interface %s is named twice: its packets would count "
					 "twice",
					 s->interfaces.items[i]);
				return EXIT_USAGE;
			}
		}
	}
	if (interface_check_memory(s->interfaces.count * RTE_MAX(s->lanes, 1u), error) != 0)
		return fail(error);
	for (unsigned int i = 0; i < s->devices.count; i++) {
		if (device_check(s->devices.items[i], error) != 0)
			return fail(error);
	}
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		if (capture_open(s->pcaps.items[i], s->strict, cancel, &a->captures[i], error) != 0)
			return atomic_load(cancel) ? EXIT_FAILURE : fail(error);
		if (a->captures[i].packets == 0) {
			log_line("%s: the capture holds no packets", s->pcaps.items[i]);
			if (s->pcap_loop)
				return EXIT_FAILURE;
		}
		if (s->pcap_loop && a->captures[i].longest > 65280) {
			log_line("%s: a frame of %u octets is too long to be looped (65,280 at "
				 "most)",
				 s->pcaps.items[i], a->captures[i].longest);
			return EXIT_FAILURE;
		}
	}
	if (!s->once) /* which says it at its end, and that is now */
		captures_log_damage(a->captures, s->pcaps.count, log_text);
	if (preflight_tables_can_fill(a)) {
		a->map = locate_map_create(databases, cancel);
		if (a->map == NULL && errno == ECANCELED)
			return EXIT_FAILURE;
		if (a->map == NULL) {
			log_line("cannot lay out the geolocation database in memory: %s",
				 strerror(errno));
			return EXIT_FAILURE;
		}
	}
	if (preflight_outputs(s) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (a->listen[0] != 0 && as_user_listen(s->user, a->listen, error) != 0)
		return fail(error);
	return EXIT_SUCCESS;
}
