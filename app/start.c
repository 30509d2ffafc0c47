/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps 2, 3 and 5: EAL, ports, lanes, consumers, privileges, web server; and down in reverse. */
#include "app.h"
#include "browser.h"
#include "log.h"
#include "notify.h"
#include "privileges.h"
#include "telemetry.h"
#include "telemetry_access.h"
#include "telemetry_socket.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned int
privileges_needed(const struct app *a)
{
	const struct settings *s = &a->settings;
	unsigned int sources = 0;

	for (unsigned int i = 0; i < s->interfaces.count; i++)
		sources |= s->interface_xdp[i] ? SOURCE_XDP : SOURCE_PACKET_SOCKET;
	if (s->devices.count > 0 || a->eal_source)
		sources |= SOURCE_CARD;
	return sources;
}

/* All is open that only root could open; no packet has been parsed yet. */
static int
give_up_privileges(struct app *a)
{
	const struct settings *s = &a->settings;
	const unsigned int sources = privileges_needed(a);
	struct privileges now;
	char error[256];
	int ret;

	if (s->user != NULL && privileges_drop(s->user, sources, error, sizeof(error)) != 0) {
		log_error("--user %s: %s", s->user, error);
		return EXIT_FAILURE;
	}
	/* a file that root could write may be closed to the user that we are now */
	if (s->user != NULL && wall_check_outputs(s) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	ret = s->no_seccomp ? 0 : privileges_confine(sources);
	if (ret < 0) {
		log_error("system calls cannot be confined: %s; --no-seccomp starts without that",
			  strerror(-ret));
		return EXIT_FAILURE;
	}
	if (ret == PRIVILEGES_LEAK_CHECK)
		log_warning("system calls are not confined: this build looks for leaks of memory");
	if (privileges_read(&now) != 0)
		return fail("/proc/self/status cannot be read");
	snprintf(a->wall.security_json, sizeof(a->wall.security_json),
		 "{\"user\":\"%s\",\"uid\":%u,\"capabilities\":\"%016llx\","
		 "\"no_new_privileges\":%s,\"seccomp\":\"%s\"}",
		 now.user, (unsigned int)now.uid, now.effective,
		 now.no_new_privileges ? "true" : "false",
		 now.seccomp == 2   ? "filter"
		 : now.seccomp == 1 ? "strict"
				    : "none");
	log_line("running as %s, capabilities %llx, system calls %s%s", now.user, now.effective,
		 !s->no_seccomp && now.seccomp == 2  ? "confined"
		 : s->no_seccomp && now.seccomp == 2 ? "confined by who started it alone, as "
						       "--no-seccomp asks"
		 : s->no_seccomp                     ? "not confined, as --no-seccomp asks"
						     : "not confined",
		 now.uid == 0 ? " (--user NAME leaves root)" : "");
	return EXIT_SUCCESS;
}

/* Ports and lanes. */
static int
start_capture(struct app *a)
{
	const struct settings *s = &a->settings;
	struct count_settings c = {.hosts = s->hosts_per_lane,
				   .socket = SOCKET_ID_ANY,
				   .map = locate_map_prefixes(a->gather.map)};
	int ret = setup_ports(a, rte_lcore_count() - 1);

	if (ret == EXIT_SUCCESS)
		ret = setup_lanes(a);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (a->plan.note[0] != 0)
		log_text(a->plan.note);
	if (a->plan.shared_cpus)
		log_line("%u CPU%s for %u lane%s and the management: they share, and idle lanes "
			 "pause",
			 a->plan.cpus, a->plan.cpus > 1 ? "s" : "", a->lane_count,
			 a->lane_count > 1 ? "s" : "");
	log_event(LOG_NOTICE, LOG_ID_RECEIVING,
		  "%u lane%s of %u hosts, %llu MiB of tables each, %s; database %s", a->lane_count,
		  a->lane_count > 1 ? "s" : "", s->hosts_per_lane,
		  (unsigned long long)(count_memory(&c) >> 20),
		  rte_eal_has_hugepages() ? "huge pages" : "ordinary memory",
		  locate_database(a->locate, 0)->title);
	a->gather.ports = a->ports;
	a->gather.port_count = a->port_count;
	a->gather.sensor = s->name ? s->name : a->wall.host_name;
	for (unsigned int p = 0; p < a->port_count; p++)
		a->sources[p] = a->ports[p].source;
	ret = setup_start_ports(a);
	if (ret == EXIT_SUCCESS)
		gather_start(&a->gather);
	return ret;
}

/* The threads to the right of the period record. */
static int
start_consumers(void *context)
{
	struct app *a = context;
	struct wall *w = &a->wall;
	struct locate *locate = a->locate;

	w->version = VERSION;
	w->sources = a->sources;
	w->source_count = a->port_count;
	w->huge_pages = rte_eal_has_hugepages() != 0;
	w->packet_time = replay_wanted(&a->settings);
	w->has_loader = true;
	a->locate = NULL;
	int ret = wall_start(w, locate, preflight_tables_can_fill(a), a->gather.start_ms,
			     a->gather.period_ns);

	a->gather.map_thread = w->map_thread;
	return ret;
}

static int
start_http(void *context)
{
	struct app *a = context;

	return wall_start_http(&a->wall);
}

static int
start_eal(struct app *a, char **argv, int eal_argc)
{
	const struct settings *s = &a->settings;
	char error[OPTIONS_ERROR_MAX];
	struct count_settings c = {.hosts = s->hosts_per_lane,
				   .socket = SOCKET_ID_ANY,
				   .map = locate_map_prefixes(a->gather.map)};
	unsigned int lanes = eal_lanes(s);
	const struct eal_memory memory = setup_memory(a, lanes, &c);

	if (telemetry_register() != 0)
		log_text("telemetry takes no more commands: /packet_heatmap is not there");
	if (telemetry_prepare(&a->settings, eal_argc > 0, error) != 0)
		return fail(error);
	if (eal_plan(&a->plan, s, a->captures, lanes, &memory, argv, eal_argc, error) != 0)
		return fail(error);
	log_take_dpdk();
	if (eal_start(&a->plan, error) != 0)
		return fail(error);
	a->eal_started = true;
	if (telemetry_open(s, eal_argc > 0, error) != 0)
		return fail(error);
	/* once, and only when nothing was wrong before; status has them too */
	if (a->config != NULL)
		log_line("settings in force: %s",
			 a->wall.settings_json ? a->wall.settings_json : "");
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return fail("packet-heatmap runs as a primary process only");
	if (rte_lcore_count() < 2)
		return fail("EAL was given one lcore; two are needed at least: one manages, one "
			    "receives (on a single CPU: --lcores 0@0,1@0)");
	return EXIT_SUCCESS;
}

/* Threads that parse requests, write files and read databases have no use for capabilities. */
static int
run_without_privileges(int (*start)(void *context), struct app *a)
{
	int ret = privileges_without(start, a);

	if (ret >= 0)
		return ret;
	log_error("threads cannot be started without capabilities: %s", strerror(-ret));
	return EXIT_FAILURE;
}

int
app_start(struct app *a, int argc, char **argv)
{
	int eal_argc, our_argc, ret;
	char **ours;

	options_split(argc, argv, &eal_argc, &ours, &our_argc);
	a->eal_source = eal_argc > 0;
	setup_size_ports(a);
	a->gather.map = a->map; /* the reference goes along */
	a->map = NULL;
	if (a->settings.open && browser_prepare() != 0)
		log_line("cannot start a browser: %s", strerror(errno));
	ret = start_eal(a, argv, eal_argc);
	if (ret == EXIT_SUCCESS && log_start() != 0)
		log_warning("no thread for the log: its lines may hold up others");
	if (ret == EXIT_SUCCESS)
		ret = start_capture(a);
	if (ret == EXIT_SUCCESS)
		ret = give_up_privileges(a);
	if (ret == EXIT_SUCCESS)
		ret = run_without_privileges(start_consumers, a);
	if (ret == EXIT_SUCCESS)
		ret = setup_launch_lanes(a);
	if (ret == EXIT_SUCCESS)
		ret = run_without_privileges(start_http, a);
	if (ret == EXIT_SUCCESS)
		notify_send("READY=1\nSTATUS=receiving");
	return ret;
}

void
app_end_consumers(struct app *a)
{
	wall_end(&a->wall);
	a->gather.map_thread = NULL;
}

void
app_stop(struct app *a)
{
	wall_stop_http(&a->wall);
	/* its clients ask ports, EAL and the picture */
	if (telemetry_end() != 0) {
		log_error("a telemetry client does not end in time; ending without it");
		a->wall.stuck = true;
	}
	setup_stop_lanes(a);
	app_end_consumers(a);
	for (unsigned int i = 0; i < a->port_count; i++)
		port_stop(&a->ports[i]);
	for (unsigned int i = 0; i < a->port_count; i++)
		port_close(&a->ports[i]);
	if (a->wall.stuck)
		return; /* a thread still uses what follows; the end of the process frees it */
	for (unsigned int i = 0; i < a->lane_count; i++) {
		count_destroy(a->lanes[i]->count);
		rte_free(a->lanes[i]);
	}
	free(a->sides);
	gather_destroy(&a->gather);
	wall_free(&a->wall);
	locate_map_unref(a->map);
	locate_destroy(a->locate);
	if (a->eal_started)
		eal_stop();
	for (unsigned int i = 0; i < a->settings.pcaps.count; i++)
		capture_close(&a->captures[i]);
	filter_free(a->filter);
	config_free(a->config);
}
