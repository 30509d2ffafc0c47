/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of the collector: settings, store, fleet, wall, messages, and down again. */
#include "collect.h"

#include "clock.h"
#include "fail.h"
#include "log.h"
#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LOG_END_MS 1000
#define WAIT_MS    100
#define REPORT_NS  1000000000ull
#define TELL_NS    5000000000ull
#define BURST      256 /* messages that are read before anything else is looked at */

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
	if (s->records == NULL &&
	    (s->site != NULL || s->site_group != NULL || s->site_position != NULL))
		return fail_usage("--site, --site-group and --site-position are what records say: "
				  "name their folder with --records DIR");
	return EXIT_SUCCESS;
}

static int
read_settings(struct collect *c, char **args, int count)
{
	static char error[CONFIG_ERROR_MAX];
	struct settings first;

	options_of(PROGRAM_WALL);
	options_defaults(&first);
	int refused = options_parse(&first, args, count, error);

	log_set_format((enum log_format)log_format_parse(first.log_format));
	if (refused != 0)
		return fail_usage(error);
	c->settings = first;
	if (first.config == NULL)
		return EXIT_SUCCESS;
	options_defaults(&c->settings);
	c->config = config_load(&c->settings, first.config, log_text, error);
	if (c->config == NULL || options_parse(&c->settings, args, count, error) != 0)
		return fail_usage(error);
	log_set_format((enum log_format)log_format_parse(c->settings.log_format));
	return EXIT_SUCCESS;
}

static bool
print_and_done(const struct settings *s)
{
	if (s->print != NULL && strcmp(s->print, "man") == 0)
		options_print_mdoc();
	else if (s->print != NULL)
		config_print_template();
	else if (s->help)
		options_help(VERSION);
	else if (s->version)
		printf("packet-heatmap-collector %s\n", VERSION);
	else
		return false;
	return true;
}

/* -- messages */

static int64_t
offset_of(void *context, uint32_t partition)
{
	const struct collect *c = context;

	return fleet_offset(c->fleet, partition);
}

static void
joined(void *context, uint32_t partition)
{
	struct collect *c = context;

	fleet_join(c->fleet, partition);
}

/* 0, or -ENOMEM: counts are lost. */
static int
add_message(struct collect *c, const void *data, size_t size, const struct fleet_origin *origin)
{
	char error[RECORD_ERROR_MAX];
	struct record record;
	const int code = record_unpack(data, size, &record, error);

	if (code == -ENOMEM)
		return code;
	if (code != 0) {
		if (c->transport.unreadable++ == 0)
			log_warning("message %lld of partition %u: %s; further ones are counted",
				    (long long)origin->offset, origin->partition, error);
		return 0;
	}
	const enum fleet_answer answer = fleet_add(c->fleet, &record, origin);

	record_free(&record);
	return answer == FLEET_NO_MEMORY ? -ENOMEM : 0;
}

/* What is there now, at most a burst; waits for the first. 0 or -ENOMEM. */
static int
read_kafka(struct collect *c)
{
	struct kafka_message m;
	int error = 0;

	for (int i = 0; i < BURST && error == 0; i++) {
		const enum kafka_event event =
			kafka_source_next(c->kafka, i == 0 ? WAIT_MS : 0, &m);

		if (event == KAFKA_NOTHING)
			break;
		if (event == KAFKA_AT_END) {
			fleet_at_end(c->fleet, m.partition, kafka_source_clock_ms(c->kafka));
			continue;
		}
		const struct fleet_origin origin = {m.partition, m.offset, m.appended_ms,
						    m.sent_ms};

		error = add_message(c, m.data, m.size, &origin);
		kafka_source_rest(c->kafka, m.partition, fleet_may_rest(c->fleet, m.partition));
	}
	return error;
}

static int
read_folder(struct collect *c)
{
	struct pollfd fd = {.fd = folder_source_fd(c->folder), .events = POLLIN};
	int error = 0;

	for (int i = 0; i < BURST && error == 0; i++) {
		int64_t number;
		void *data;
		size_t size;
		const int code = folder_source_next(c->folder, &number, &data, &size);

		if (code < 0)
			log_error("%s: %s", c->settings.collect_dir, strerror(-code));
		if (code <= 0) {
			fleet_at_end(c->fleet, 0, utc_ms());
			poll(&fd, 1, WAIT_MS);
			break;
		}
		const struct fleet_origin origin = {0, number, utc_ms(), 0};

		error = add_message(c, data, size, &origin);
		free(data);
		c->transport.messages++;
		c->transport.octets += size;
	}
	return error;
}

/* -- periods */

/* Tells the folder which files are stored: those of periods that the history has, or without one,
 * of those that are drawn. */
static void
tell_stored(struct collect *c)
{
	uint64_t stored = UINT64_MAX;

	if (c->wall.history != NULL) {
		struct history_status status;

		history_status(c->wall.history, &status);
		stored = status.stored + status.dropped;
	}
	while (c->waiting_count > 0 && c->waiting[0].samples <= stored) {
		folder_source_stored(c->folder, c->waiting[0].offset);
		c->waiting_count--;
		memmove(&c->waiting[0], &c->waiting[1], c->waiting_count * sizeof(c->waiting[0]));
	}
}

static void
remember_stored(struct collect *c, const struct period *p)
{
	c->samples++;
	for (const struct period *late = p->late; late != NULL; late = late->next)
		c->samples++;
	if (c->waiting_count == WAITING_MOST)
		c->waiting_count--; /* the newest says what it said, and more */
	c->waiting[c->waiting_count++] =
		(struct collect_waiting){c->samples, fleet_offset(c->fleet, 0)};
}

static void
report(struct collect *c)
{
	struct fleet_report *report;

	if (c->kafka != NULL) {
		struct kafka_source_status status;

		kafka_source_status(c->kafka, &status);
		c->transport.partitions = status.partitions;
		c->transport.at_end = status.at_end;
		c->transport.messages = status.messages;
		c->transport.octets = status.octets;
		c->transport.expired = status.expired;
		c->transport.lag = status.lag;
		c->transport.away = status.away;
	}
	report = fleet_report_make(c->fleet, &c->transport, utc_ms());
	if (report != NULL)
		fleet_report_publish(report);
}

/* All that is due, as long as the map takes it. 0 or -ENOMEM. */
static int
give_periods(struct collect *c)
{
	const struct settings *s = &c->settings;
	struct period *p;

	while (consumer_has_room(c->wall.map_thread)) {
		p = fleet_take(c->fleet, monotonic_ns());
		if (p == NULL)
			return -errno;
		snprintf(p->head.sensor, sizeof(p->head.sensor), "%s",
			 s->name ? s->name : c->wall.host_name);
		p->head.boot_id = c->boot_id;
		report(c);
		if (c->folder != NULL)
			remember_stored(c, p);
		consumer_offer(c->wall.map_thread, p);
		period_unref(p);
	}
	return 0;
}

/* Partitions at their end have a clock that runs on, those without a leader are waited for no more
 * than a sensor, and those far ahead of the others rest. */
static void
tend_partitions(struct collect *c)
{
	const int64_t clock_ms = kafka_source_clock_ms(c->kafka);
	const uint64_t patience_ms = (uint64_t)(c->settings.silent_s * 1000);

	for (uint32_t i = 0; i < kafka_source_partitions(c->kafka); i++) {
		if (kafka_source_is_at_end(c->kafka, i))
			fleet_at_end(c->fleet, i, clock_ms);
		else if (kafka_source_unanswered_ms(c->kafka, i) > patience_ms &&
			 fleet_leave(c->fleet, i))
			log_warning("partition %u: its leader does not answer; it is waited for no "
				    "more",
				    i);
		kafka_source_rest(c->kafka, i, fleet_may_rest(c->fleet, i));
	}
}

static int
run(struct collect *c, const sigset_t *signals)
{
	uint64_t look_ns = 0, tell_ns = 0;

	for (;;) {
		const int sig = sigtimedwait(signals, NULL, &(const struct timespec){0});

		if (sig == SIGHUP)
			stream_reopen(c->wall.stream);
		else if (sig > 0)
			return EXIT_SUCCESS;
		int error = 0;
		if (consumer_has_room(c->wall.map_thread))
			error = c->kafka != NULL ? read_kafka(c) : read_folder(c);
		else
			poll(NULL, 0, WAIT_MS);
		if (c->kafka != NULL)
			tend_partitions(c);
		else
			tell_stored(c);
		if (error == 0)
			error = give_periods(c);
		if (error != 0 || atomic_load(&c->wall.map.failed))
			return fail("out of memory: what is counted could not be kept");
		if (monotonic_ns() >= look_ns) {
			report(c); /* also while no period is due */
			if (notify_watchdog_ms() > 0)
				notify_send("WATCHDOG=1");
			look_ns = monotonic_ns() + REPORT_NS;
		}
		if (c->kafka != NULL && monotonic_ns() >= tell_ns) {
			kafka_source_tell_offsets(c->kafka);
			tell_ns = monotonic_ns() + TELL_NS;
		}
	}
}

/* -- up and down */

static void
restore(void *context, const char *name, const void *value, size_t size)
{
	struct collect *c = context;

	if (!fleet_restore(c->fleet, name, value, size))
		log_warning("history: the note '%.60s' is none of ours", name);
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
	if (c->fleet == NULL)
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

	settings.offset = offset_of;
	settings.joined = joined;
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
	kafka_source_close(c->kafka);
	folder_source_close(c->folder);
	if (c->wall.stuck)
		return; /* a thread still uses what follows; the end of the process frees it */
	wall_free(&c->wall);
	fleet_report_publish(NULL);
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
	int ret = read_settings(c, argv + 1, argc - 1);
	if (ret != EXIT_SUCCESS || print_and_done(&c->settings))
		return ret;
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
		ret = run(c, &signals);
	stop(c);
	log_stop(LOG_END_MS);
	if (c->wall.stuck)
		_exit(ret); /* exit() would wait for the stdout that nobody reads */
	return ret;
}
