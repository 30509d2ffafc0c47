/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the process, and the only file that ends it.
 *
 *   1. our arguments are read and everything that can be wrong is looked at (preflight.c). A bad
 *      word fails before anything is touched.
 *   2. EAL starts; signals were blocked before: every thread inherits the mask, no handler exists.
 *   3. ports -> tables -> ports started -> privileges dropped -> consumers -> lanes -> web server,
 *      from the main lcore, so that its threads stay off the RX CPUs (start.c, setup.c).
 *   4. sigtimedwait is both the clock of the periods and the way to be stopped (run.c).
 *   5. down in reverse; each step tolerates "never started": the error path is the shutdown path.
 */
#include "app.h"
#include "check.h"
#include "export_command.h"
#include "locate_command.h"
#include "log.h"
#include "notify.h"
#include "privileges.h"
#include "settings_start.h"
#include "top_command.h"
#include "users_command.h"

#include <rte_common.h>
#include <rte_memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_END_MS 1000

/* large, and EAL keeps pointers into it until the end */
static struct app app;

static bool
names_source(const struct settings *s)
{
	return s->interfaces.count + s->pcaps.count + s->devices.count > 0;
}

/* --check */
static int
examine(struct app *a, bool eal_source)
{
	const struct settings *s = &a->settings;
	struct count_settings c = {.hosts = s->hosts_per_lane, .socket = SOCKET_ID_ANY};
	struct check_plan plan = {.eal_source = eal_source, .root = "", .choices = a->choices};

	/* where no card is bound yet: what one will need */
	plan.lanes = RTE_MAX(eal_lanes(s), eal_source ? 0u : 1u);

	setup_size_ports(a);
	plan.memory = setup_memory(a, plan.lanes, &c);
	int worst = check_run(s, &plan, s->json);
	config_free(a->config);
	return worst;
}

/* --filter and --exclude-self. */
static int
compile_filter(struct app *a)
{
	const struct settings *s = &a->settings;
	char error[FILTER_ERROR_MAX], *text = NULL;

	if (s->filter == NULL && !s->exclude_self)
		return EXIT_SUCCESS;
	const char *port = strrchr(a->wall.listen, ':');
	if (s->exclude_self && port != NULL && strcmp(port, ":0") == 0)
		return fail_usage("--exclude-self needs to know the port: --listen may not have "
				  "port 0");
	/* first alone: what is wrong is told of what was typed */
	a->filter = filter_create(s->filter, error);
	if (a->filter != NULL && s->exclude_self) {
		filter_free(a->filter);
		text = filter_without_self(s->filter, a->wall.listen);
		a->filter = filter_create(text, error);
		free(text);
	}
	if (a->filter == NULL)
		log_error("--filter: %s", error);
	return a->filter != NULL ? EXIT_SUCCESS : EXIT_USAGE;
}

/* What follows from the settings: the sources of a service, the address, the name. */
static int
resolve_settings(struct app *a, int eal_argc)
{
	struct settings *s = &a->settings;
	char error[OPTIONS_ERROR_MAX];

	if ((s->config != NULL || s->check) && eal_argc == 0 && !names_source(s))
		s->devices.items[s->devices.count++] = "auto";
	if (options_check(s, eal_argc > 0, error) != 0)
		return fail_usage(error);
	const struct text_list given = s->interfaces;
	interfaces_resolve(&s->interfaces, a->interfaces);
	for (unsigned int i = 0; i < given.count; i++) {
		if (strcmp(given.items[i], s->interfaces.items[i]) != 0)
			log_line("%s is the interface %s", given.items[i], s->interfaces.items[i]);
	}
	if (s->devices.count > 0 && devices_resolve(&s->devices, a->devices) == 0 && !s->check)
		return fail("no network card is bound to vfio-pci: packet-heatmap-setup-host bind "
			    "NIC does it");
	if (wall_resolve(&a->wall, s) != EXIT_SUCCESS)
		return EXIT_USAGE;
	if (compile_filter(a) != EXIT_SUCCESS)
		return EXIT_USAGE;
	if (s->interfaces.count > 0)
		privileges_raise(s->driver == DRIVER_AF_PACKET ? SOURCE_PACKET_SOCKET
							       : SOURCE_PACKET_SOCKET | SOURCE_XDP);
	drivers_choose(s, a->choices);
	for (unsigned int i = 0; i < s->interfaces.count && !s->check; i++) {
		if (a->choices[i].refused)
			return fail(a->choices[i].note);
	}
	return EXIT_SUCCESS;
}

static bool
is_on_stdout(const char *path)
{
	return path != NULL &&
	       (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 ||
		strcmp(path, "/dev/fd/1") == 0 || strcmp(path, "/proc/self/fd/1") == 0);
}

/* What --once ends with. 0, or EXIT_FAILURE where it cannot be written. */
static int
write_report(const struct settings *s)
{
	const bool taken = s->quiet || is_on_stdout(s->html) || is_on_stdout(s->hosts) ||
			   is_on_stdout(s->status) || is_on_stdout(s->output_path);
	const bool automatic = strcmp(s->report, "auto") == 0;
	struct picture *picture = picture_current();
	struct buffer b = {0};
	int ret = EXIT_SUCCESS;

	if (picture == NULL || strcmp(s->report, "none") == 0 || (automatic && taken)) {
		picture_release(picture);
		return ret;
	}
	if (strcmp(s->report, "json") == 0)
		report_json(picture, &b);
	else
		report_text(picture, &b);
	if (b.failed || fwrite(b.data, 1, b.length, stdout) != b.length || fflush(stdout) != 0)
		ret = fail("the report could not be written to standard output");
	buffer_free(&b);
	picture_release(picture);
	return ret;
}

/* The last period counts too, and its files are what --once is for. */
static int
finish(struct app *a, int ret)
{
	run_unblock_signals();
	notify_send("STOPPING=1");
	setup_stop_lanes(a);
	if (ret != EXIT_SUCCESS || !a->settings.once) {
		wall_hurry(&a->wall);
	}
	/* what has stayed at the end of packet time has no later period */
	const bool ended = a->gather.over && a->gather.packet_end_ns != 0;
	if (ret == EXIT_SUCCESS && !ended && gather_end(&a->gather) != 0)
		ret = fail("out of memory: the last period could not be merged");
	app_end_consumers(a);
	if (ret == EXIT_SUCCESS && atomic_load(&a->wall.map.failed))
		ret = fail("out of memory: the last period could not be drawn");
	if (ret == EXIT_SUCCESS && a->settings.once &&
	    atomic_load(&a->wall.after.outputs.errors) > 0)
		ret = EXIT_FAILURE;
	if (ret == EXIT_SUCCESS && a->settings.once)
		ret = write_report(&a->settings);
	if (ret != EXIT_INTERRUPTED)
		map_consumer_log_summary(&a->wall.map);
	return ret;
}

int
main(int argc, char **argv)
{
	struct app *a = &app;
	int eal_argc, our_argc;
	char **ours;
	sigset_t signals;

	if (argc > 1 && strcmp(argv[1], "top") == 0)
		return top_run(argc - 2, argv + 2);
	options_split(argc, argv, &eal_argc, &ours, &our_argc);
	int ret = settings_read(&a->settings, &a->config, ours, our_argc);
	if (ret != EXIT_SUCCESS || settings_print(&a->settings, "packet-heatmap", VERSION))
		return ret;
	if (a->settings.locate.count > 0)
		return locate_command(&a->settings);
	if (users_is_asked(&a->settings))
		return users_command(&a->settings);
	if (export_is_asked(&a->settings))
		return export_command(&a->settings, VERSION);
	ret = resolve_settings(a, eal_argc);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (a->settings.check)
		return examine(a, eal_argc > 0); /* what --check finds missing, it says itself */

	run_block_signals(&signals);
	ret = run_preflight(a, &signals);
	if (ret == EXIT_SUCCESS)
		ret = app_start(a, argc, argv);
	if (ret == EXIT_SUCCESS)
		ret = finish(a, run_periods(a, &signals));
	app_stop(a);
	log_stop(LOG_END_MS);
	if (ret == START_STOPPED)
		ret = EXIT_SUCCESS;
	if (a->wall.stuck)
		_exit(ret); /* exit() would wait for the stdout that nobody reads */
	return ret;
}
