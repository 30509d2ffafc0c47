/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of the collector: settings, store, fleet, wall, messages, and down again. */
#include "collect.h"

#include "clock.h"
#include "export_command.h"
#include "fail.h"
#include "log.h"
#include "notify.h"
#include "settings_start.h"
#include "users_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LOG_END_MS 1000

static struct collect collect; /* large */

/* -- settings */

static int
check_settings(const struct settings *s)
{
	if (s->collect_dir != NULL && (s->brokers != NULL || s->kafka_conf != NULL))
		return fail_usage("--collect-dir is without Kafka: leave out --brokers and "
				  "--kafka-conf, or that");
	if (s->collect_dir == NULL && s->brokers == NULL && s->kafka_conf == NULL)
		return fail_usage("no sensors: name the brokers with --brokers HOST:PORT, or a "
				  "folder with --collect-dir DIR");
	if (s->collect_dir != NULL && s->shares > 1)
		return fail_usage("--share is of Kafka's partitions; a folder has none");
	if (s->records == NULL &&
	    (s->site != NULL || s->site_group != NULL || s->site_position != NULL))
		return fail_usage("--site, --site-group and --site-position are what records say: "
				  "name their folder with --records DIR");
	return EXIT_SUCCESS;
}

/* -- up and down */

static void
restore(void *context, const char *name, const void *value, size_t size)
{
	struct collect *c = context;

	if (!relay_restore(c->relay, name, value, size) &&
	    !fleet_restore(c->fleet, name, value, size))
		log_warning("history: the note '%.60s' is none of ours", name);
}

/* Before the notes are read: some are its own. */
static int
start_relay(struct collect *c)
{
	const struct settings *s = &c->settings;
	char error[RECORD_ERROR_MAX];

	c->wall.own_records = true;
	if (s->records == NULL)
		return EXIT_SUCCESS;
	c->relay =
		relay_create(s, s->name ? s->name : c->wall.host_name, c->boot_id, VERSION, error);
	return c->relay != NULL ? EXIT_SUCCESS : fail(error);
}

static int
start_fleet(struct collect *c)
{
	const struct settings *s = &c->settings;
	const struct fleet_settings settings = {.period_ms = (uint32_t)(s->period_s * 1000),
						.silent_ms = (uint32_t)(s->silent_s * 1000),
						.too_late_ms = s->too_late_ms,
						.sensors_most = s->sensors_most};

	c->fleet = fleet_create(&settings);
	c->wall.asks = fleet_asks_create();
	if (c->fleet == NULL || c->wall.asks == NULL)
		return fail("out of memory");
	if (c->wall.history != NULL && history_notes(c->wall.history, restore, c) != 0)
		return fail("the history cannot be read");
	return EXIT_SUCCESS;
}

struct kafka_source_settings
collect_kafka(const struct settings *s)
{
	return (struct kafka_source_settings){
		.brokers = s->brokers,
		.topic = s->topic,
		.conf = s->kafka_conf,
		.group = s->name ? s->name : "packet-heatmap-collector",
		.share = s->share,
		.shares = s->shares,
		/* without a store all begins with this process */
		.from_end = s->history == NULL,
	};
}

static int
start_source(struct collect *c)
{
	const struct settings *s = &c->settings;
	char error[KAFKA_ERROR_MAX];

	if (s->collect_dir != NULL) {
		c->folder = folder_source_open(s->collect_dir, error);
		if (c->folder == NULL)
			return fail(error);
		fleet_join(c->fleet, 0);
		return EXIT_SUCCESS;
	}
	struct kafka_source_settings settings = collect_kafka(s);

	settings.offset = collect_offset;
	settings.joined = collect_joined;
	settings.context = c;
	c->kafka = kafka_source_open(&settings, error);
	if (c->kafka == NULL)
		return fail_usage(error);
	return EXIT_SUCCESS;
}

static int
start(struct collect *c)
{
	struct wall *w = &c->wall;
	int ret = wall_check_outputs(&c->settings);

	w->version = VERSION;
	w->patient = true;
	w->sources = &c->source;
	w->source_count = 1;
	c->source = c->settings.collect_dir != NULL ? c->settings.collect_dir : c->settings.topic;
	if (getrandom(&c->boot_id, sizeof(c->boot_id), 0) != sizeof(c->boot_id))
		return fail("no random numbers");
	if (ret == EXIT_SUCCESS)
		ret = wall_open_history(w);
	if (ret == EXIT_SUCCESS)
		ret = start_relay(c);
	if (ret == EXIT_SUCCESS)
		ret = start_fleet(c);
	if (ret == EXIT_SUCCESS)
		ret = start_source(c);
	if (ret != EXIT_SUCCESS)
		return ret;
	if (log_start() != 0)
		log_warning("no thread for the log: its lines may hold up others");
	ret = wall_start(w, locate_create_from(NULL), false, utc_ms(), monotonic_ns());
	if (ret == EXIT_SUCCESS)
		ret = wall_start_http(w);
	if (ret == EXIT_SUCCESS)
		notify_send("READY=1\nSTATUS=collecting");
	return ret;
}

static void
stop(struct collect *c)
{
	notify_send("STOPPING=1");
	wall_stop_http(&c->wall);
	wall_hurry(&c->wall);
	wall_end(&c->wall);
	/* the history has stored what it was given, or it comes again */
	kafka_source_close(c->kafka);
	folder_source_close(c->folder);
	if (c->wall.stuck)
		return; /* a thread still uses what follows; the end of the process frees it */
	wall_free(&c->wall);
	fleet_report_publish(NULL);
	if (c->relay != NULL && c->settings.history == NULL)
		relay_stored(c->relay, UINT64_MAX);
	relay_destroy(c->relay);
	fleet_asks_destroy(c->wall.asks);
	fleet_destroy(c->fleet);
	config_free(c->config);
}

static void
block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGQUIT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN); /* a browser that leaves must not end us */
}

int
main(int argc, char **argv)
{
	struct collect *c = &collect;
	sigset_t signals;

	log_set_program("packet-heatmap-collector");
	options_of(PROGRAM_WALL);
	int ret = settings_read(&c->settings, &c->config, argv + 1, argc - 1);
	if (ret != EXIT_SUCCESS ||
	    settings_print(&c->settings, "packet-heatmap-collector", VERSION))
		return ret;
	if (users_is_asked(&c->settings))
		return users_command(&c->settings);
	if (export_is_asked(&c->settings))
		return export_command(&c->settings, VERSION);
	ret = check_settings(&c->settings);
	if (ret == EXIT_SUCCESS && c->settings.check)
		return collect_check(&c->settings, c->settings.json);
	if (ret == EXIT_SUCCESS)
		ret = wall_resolve(&c->wall, &c->settings);
	if (ret != EXIT_SUCCESS)
		return ret;
	block_signals(&signals);
	ret = start(c);
	if (ret == EXIT_SUCCESS)
		ret = collect_run(c, &signals);
	stop(c);
	log_stop(LOG_END_MS);
	if (c->wall.stuck)
		_exit(ret); /* exit() would wait for the stdout that nobody reads */
	return ret;
}
