/* SPDX-License-Identifier: BSD-3-Clause */
/* What the collector does: messages in, periods out. */
#include "collect.h"

#include "clock.h"
#include "fail.h"
#include "log.h"
#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS   100
#define REPORT_NS 1000000000ull
#define TELL_NS   5000000000ull
#define BURST     256 /* messages that are read before anything else is looked at */

/* -- messages */

int64_t
collect_offset(void *context, uint32_t partition)
{
	const struct collect *c = context;

	return fleet_offset(c->fleet, partition);
}

void
collect_joined(void *context, uint32_t partition)
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

/* What the history has, or without one, what is drawn: its files may go, its records may come. */
static void
tell_stored(struct collect *c)
{
	uint64_t stored = UINT64_MAX;

	if (c->wall.history != NULL) {
		struct history_status status;

		history_status(c->wall.history, &status);
		stored = status.stored + status.dropped;
	}
	if (c->relay != NULL)
		relay_stored(c->relay, stored);
	while (c->waiting_count > 0 && c->waiting[0].samples <= stored) {
		folder_source_stored(c->folder, c->waiting[0].offset);
		c->waiting_count--;
		memmove(&c->waiting[0], &c->waiting[1], c->waiting_count * sizeof(c->waiting[0]));
	}
}

static void
remember_stored(struct collect *c)
{
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
	struct relay_status relayed;

	relay_status(c->relay, &relayed);
	c->transport.relayed = (struct fleet_relayed){
		.there = c->relay != NULL,
		.written = relayed.written,
		.waiting = relayed.waiting,
		.octets = relayed.octets,
		.unstored = relayed.unstored,
		.dropped = relayed.dropped,
		.packets = relayed.packets,
		.failing = relayed.failing,
	};
	report = fleet_report_make(c->fleet, &c->transport, utc_ms());
	if (report != NULL)
		fleet_report_publish(report);
}

/* 0 or -ENOMEM. */
static int
add_records(struct collect *c, struct period *p)
{
	struct fleet_status status;

	if (c->relay == NULL)
		return 0;
	fleet_status(c->fleet, &status);
	return relay_add(c->relay, p, &status, c->samples);
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
		if (add_records(c, p) != 0) {
			period_unref(p);
			return -ENOMEM;
		}
		c->samples++;
		for (const struct period *late = p->late; late != NULL; late = late->next)
			c->samples++;
		if (c->folder != NULL)
			remember_stored(c);
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

int
collect_run(struct collect *c, const sigset_t *signals)
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
		tell_stored(c);
		if (error == 0)
			error = give_periods(c);
		if (error != 0 || atomic_load(&c->wall.map.failed))
			return fail("out of memory: what is counted could not be kept");
		fleet_answer(c->wall.asks, c->fleet);
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
