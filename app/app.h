/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the process consists of, and the steps of its life. main.c calls them in order; each file
 * holds one of them. [main] everything, but for preflight_run (see there).
 */
#pragma once

#include "capture_reader.h"
#include "captures.h"
#include "config.h"
#include "devices.h"
#include "drivers.h"
#include "eal.h"
#include "fail.h"
#include "filter.h"
#include "gather.h"
#include "geo.h"
#include "interfaces.h"
#include "options.h"
#include "port.h"
#include "port_events.h"
#include "rx_lcore.h"
#include "wall.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define EXIT_INTERRUPTED 130  /* as a shell says it of Ctrl-C */
#define START_STOPPED    (-1) /* asked to stop before anything was started: no fault */

struct app {
	struct settings settings;
	struct config *config; /* holds texts of settings */
	char devices[LIST_MAX][PCI_ADDRESS_MAX], interfaces[LIST_MAX][IFNAMSIZ];
	struct driver_choice choices[LIST_MAX];
	struct geo_paths geo;
	struct capture captures[LIST_MAX];
	struct filter *filter;      /* NULL: all frames count */
	struct capture_clock clock; /* of all of them, where packet time is told */
	struct locate *locate;      /* until the map has it */
	struct sides *sides;        /* which the lanes ask; until they are gone */
	struct locate_map *map;     /* until the capture half has it */

	struct eal_plan plan;
	struct port_settings port_settings;
	struct port ports[PORTS_MAX];
	unsigned int port_count;
	struct rx_lane *lanes[PORT_MAX_QUEUES];
	unsigned int lane_count;
	struct port_events events;

	struct gather gather;
	struct wall wall; /* all that is right of the period record */

	const char *sources[PORTS_MAX];
	bool eal_source; /* EAL's own arguments are given */
	bool eal_started, lanes_running;
};

/* preflight.c. Step 1: all that can be known before EAL. Runs on a thread of its own, so that the
 * main thread hears signals meanwhile; `cancel` ends it within a tenth of a second. */
int preflight_run(struct app *app, const atomic_bool *cancel);
bool preflight_tables_can_fill(const struct app *app);

/* setup.c. Ports, queues and lanes, once EAL runs. */
void setup_size_ports(struct app *app);
/* what tables, pools and drivers take */
struct eal_memory setup_memory(const struct app *app, unsigned int lanes,
			       const struct count_settings *count);
int setup_ports(struct app *app, unsigned int workers);
int setup_lanes(struct app *app);
int setup_start_ports(struct app *app);
int setup_launch_lanes(struct app *app);
void setup_stop_lanes(struct app *app);

/* start.c. Steps 2 and 3: EAL to web server; and step 5, down again. */
int app_start(struct app *app, int argc, char **argv);
void app_end_consumers(struct app *app);
void app_stop(struct app *app);

/* run.c. Step 4: signals and periods. 0 when asked to stop or when the captures of --once are over,
 * EXIT_INTERRUPTED when --once was asked to stop before, or EXIT_FAILURE. */
int run_periods(struct app *app, const sigset_t *signals);
int run_wait(const sigset_t *signals, uint64_t until_ns); /* a signal, or 0 at the time */
void run_poll_events(struct app *app);
bool run_handle_signal(struct app *app, int sig); /* true: stop */
void run_open_browser(struct app *app);

/* replay.c. The same for captures in packet time, of --once and --speed. */
bool replay_wanted(const struct settings *settings);
int replay_run(struct app *app, const sigset_t *signals);
void run_block_signals(sigset_t *signals);
void run_unblock_signals(void);
/* Runs step 1 until it is done or a signal comes. Then EXIT_INTERRUPTED; or START_STOPPED for
 * SIGTERM without --once, with which a service manager ends what runs for ever. */
int run_preflight(struct app *app, const sigset_t *signals);
