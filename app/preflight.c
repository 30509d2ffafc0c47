/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 1: everything that can be wrong is looked at before anything is touched: databases,
 * captures, interfaces, output files, the listen address.
 */
#include "app.h"
#include "as_user.h"
#include "file.h"
#include "log.h"
#include "own_sides.h"

#include <assert.h>
#include <errno.h>
#include <rte_common.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		const struct capture *c = &a->captures[i];

		if ((s->pcap_loop ? c->packets : c->most) > s->hosts_per_lane / 4)
			return true;
	}
	return false;
}

/* Can net_pcap play it, as it is? */
static int
check_loop(const struct capture *capture)
{
	if (capture->packets == 0)
		log_error("%s: the capture holds no packets", capture->path);
	else if (capture->compressed)
		log_error("%s: --pcap-loop plays no compressed captures: unpack it first",
			  capture->path);
	else if (capture->mixed)
		log_error("%s: --pcap-loop plays no captures of several link types", capture->path);
	else if (capture->longest > 65280)
		log_error("%s: a frame of %u octets is too long to be looped (65,280 at most)",
			  capture->path, capture->longest);
	else if (capture->damage[0] != 0)
		log_warning("%s: %s; the packets before it count", capture->path, capture->damage);
	return capture->packets == 0 || capture->compressed || capture->mixed ||
			       capture->longest > 65280
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

/* Step 1: all that can be known before EAL. */
int
preflight_run(struct app *a, const atomic_bool *cancel)
{
	const struct settings *s = &a->settings;
	char error[LOCATE_ERROR_MAX > CAPTURES_ERROR_MAX ? LOCATE_ERROR_MAX : CAPTURES_ERROR_MAX];

	static_assert(CAPTURES_ERROR_MAX >= SOURCES_ERROR_MAX, "one buffer for both");

	if (geo_find(s, &a->geo, error) != 0)
		return fail(error);
	struct locate_databases *databases =
		locate_databases_open(a->geo.list, a->geo.count, cancel, error);
	if (databases == NULL)
		return atomic_load(cancel) ? EXIT_FAILURE : fail(error);
	if (geo_say(s, databases, NULL, NULL, error) != 0) {
		locate_databases_unref(databases);
		return fail(error);
	}
	a->sides = own_sides_create(locate_databases_own(databases));
	a->locate = locate_create_from(databases);
	a->gather.places = locate_create_from(NULL);
	if (a->locate == NULL || a->gather.places == NULL || a->sides == NULL)
		return fail("out of memory");
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (interface_check(s->interfaces.items[i], error) != 0)
			return fail(error);
		for (unsigned int k = 0; k < i; k++) {
			if (strcmp(s->interfaces.items[i], s->interfaces.items[k]) == 0) {
				log_error("--interface %s is named twice: its packets would count "
					  "twice",
					  s->interfaces.items[i]);
				return EXIT_USAGE;
			}
		}
		if (interface_is_any(s->interfaces.items[i]) && s->interfaces.count > 1) {
			log_text(
				"--interface any takes from all interfaces: the packets of another "
				"--interface would count twice");
			return EXIT_USAGE;
		}
	}
	if (interface_check_memory(interface_locked(s), error) != 0)
		return fail(error);
	for (unsigned int i = 0; i < s->devices.count; i++) {
		if (device_check(s->devices.items[i], error) != 0)
			return fail(error);
	}
	for (unsigned int i = 0; i < s->pcaps.count; i++) {
		const char *path = s->pcaps.items[i];
		struct capture *capture = &a->captures[i];
		int ret = s->pcap_loop
				  ? capture_open(path, s->strict, cancel, capture, error)
				  : capture_prepare(path, s, cancel, log_capture, capture, error);

		if (ret != 0)
			return atomic_load(cancel) ? EXIT_FAILURE : fail(error);
		if (s->pcap_loop && check_loop(capture) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	if (preflight_tables_can_fill(a)) {
		a->map = locate_map_create(databases, cancel);
		if (a->map == NULL && errno == ECANCELED)
			return EXIT_FAILURE;
		if (a->map == NULL) {
			log_error("cannot lay out the geolocation database in memory: %s",
				  strerror(errno));
			return EXIT_FAILURE;
		}
	}
	int ret = wall_check_outputs(s);
	if (ret != EXIT_SUCCESS)
		return ret;
	/* another user's files must be that user's: opened once we are */
	if (s->user == NULL && wall_open_history(&a->wall) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (a->wall.listen[0] != 0 && as_user_listen(s->user, a->wall.listen, error) != 0)
		return fail(error);
	return EXIT_SUCCESS;
}
