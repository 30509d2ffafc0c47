/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 4 in packet time: the clock of the periods is that of the captures (capture_reader.h).
 *
 *     readers hand over packets up to the end of the period and wait -> the lanes have taken all
 *     -> the period ends -> the next one's end is set -> readers go on
 *
 * Periods begin at whole multiples of --period since 1970, so those of several runs, and of several
 * captures, are the same. Time without packets makes periods without packets, up to GAP_PERIODS of
 * them; a longer gap is one: the next period begins where packets do. With --speed a period lasts
 * as long by the wall clock as the speed says.
 */
#include "app.h"
#include "log.h"
#include "progress.h"

#include <errno.h>
#include <stdlib.h>

#define LOOK_NS     100000ull /* between two looks whether a period is over */
#define EVENTS_NS   1000000000ull
#define GAP_PERIODS 30

bool
replay_wanted(const struct settings *s)
{
	return s->pcaps.count > 0 && !s->pcap_loop && (s->once || s->speed_text != NULL);
}

/* The earliest packet that waits: CAPTURE_WORKING while a reader does, CAPTURE_ENDED after all. */
static int64_t
earliest(const struct app *a)
{
	int64_t first = CAPTURE_ENDED;
	const int64_t limit = atomic_load(&a->clock.limit_ns);

	for (unsigned int i = 0; i < a->port_count; i++) {
		const struct capture_reader *reader = port_captures(&a->ports[i]);
		int64_t waits = reader != NULL ? capture_reader_waits(reader) : CAPTURE_ENDED;

		if (waits < limit || waits == CAPTURE_WORKING)
			return CAPTURE_WORKING;
		first = waits < first ? waits : first;
	}
	return first;
}

static void
begin_period(struct app *a, int64_t start, int64_t period)
{
	a->gather.packet_start_ns = (uint64_t)start;
	a->gather.packet_end_ns = (uint64_t)(start + period);
	atomic_store(&a->clock.start_ns, start);
	atomic_store(&a->clock.limit_ns, start + period);
}

/* The wall clock's time for a moment of the captures. */
static uint64_t
due(const struct app *a, int64_t ns)
{
	if (a->clock.speed <= 0)
		return 0;
	return (uint64_t)atomic_load(&a->clock.zero_wall_ns) +
	       (uint64_t)((double)(ns - atomic_load(&a->clock.zero_packet_ns)) / a->clock.speed);
}

/* The first period, or the next one; a long gap is left out. */
static void
go_on(struct app *a, int64_t next, int64_t period)
{
	const int64_t end = (int64_t)a->gather.packet_end_ns;
	int64_t start = end;

	if (end == 0 || next >= end + GAP_PERIODS * period) {
		start = next / period * period;
		atomic_store(&a->clock.zero_packet_ns, start);
		atomic_store(&a->clock.zero_wall_ns, (int64_t)monotonic_ns());
	}
	begin_period(a, start, period);
}

static void
show_progress(const struct app *a)
{
	uint64_t octets = 0, of = 0;

	for (unsigned int i = 0; i < a->port_count; i++) {
		const struct capture_reader *reader = port_captures(&a->ports[i]);
		uint64_t one = 0, all = 0;

		if (reader != NULL)
			capture_reader_progress(reader, &one, &all);
		octets += one;
		of += all;
	}
	progress_show(gather_received_now(&a->gather), octets, of);
}

/* What was odd about the time stamps. */
static void
say_earlier(const struct app *a)
{
	for (unsigned int i = 0; i < a->port_count; i++) {
		const struct capture_reader *reader = port_captures(&a->ports[i]);
		uint64_t earlier = reader != NULL ? capture_reader_earlier(reader) : 0;

		if (earlier > 0)
			log_warning("%s: %llu packets are older than the period in which they "
				    "were read, and count there",
				    a->ports[i].source, (unsigned long long)earlier);
	}
}

/* A period is over. 0, -EAGAIN: a consumer that loses nothing has no room yet; or -ENOMEM. */
static int
end_period(struct app *a)
{
	struct locate_map *map = loader_take_map(&a->wall.loader);

	if (map != NULL)
		gather_use_map(&a->gather, map);
	if (!consumer_has_room(a->gather.map_thread))
		return -EAGAIN;
	return gather_end_period(&a->gather);
}

/* A step of the clock, if it can be made. 1: all captures are over, 0, or EXIT_FAILURE < 0. */
static int
step(struct app *a, int64_t period)
{
	const int64_t next = earliest(a);

	if (next == CAPTURE_WORKING || !gather_captures_counted(&a->gather))
		return 0;
	if (next == CAPTURE_ENDED)
		return 1; /* the last period is ended by who ends the lanes, or stays */
	if (a->gather.packet_end_ns != 0) {
		if (monotonic_ns() < due(a, (int64_t)a->gather.packet_end_ns))
			return 0;
		int ret = end_period(a);
		if (ret == -EAGAIN)
			return 0;
		if (ret != 0 || atomic_load(&a->wall.map.failed)) {
			log_error("out of memory: lower --hosts-total or --hosts-per-lane");
			return -1;
		}
	}
	go_on(a, next, period);
	return 0;
}

/* --speed without --once: the page stays, at the moment where the captures ended. */
static int
stay(struct app *a, const sigset_t *signals)
{
	while (end_period(a) == -EAGAIN)
		(void)run_wait(signals, monotonic_ns() + LOOK_NS);
	log_line("the captures have been read to their end; the page stays");
	for (;;) {
		int sig = run_wait(signals, monotonic_ns() + EVENTS_NS);

		if (sig != 0 && run_handle_signal(a, sig))
			return 0;
		run_poll_events(a);
	}
}

int
replay_run(struct app *a, const sigset_t *signals)
{
	const int64_t period = (int64_t)(a->settings.period_s * 1e9);
	uint64_t look = 0;
	bool opened = false;
	int ret;

	for (;;) {
		if (monotonic_ns() >= look) {
			run_poll_events(a);
			look = monotonic_ns() + EVENTS_NS;
		}
		ret = step(a, period);
		if (ret != 0)
			break;
		if (a->settings.open && !opened && a->gather.number > 0) {
			run_open_browser(a);
			opened = true;
		}
		int sig = run_wait(signals, monotonic_ns() + LOOK_NS);
		if (sig != 0 && run_handle_signal(a, sig)) {
			progress_end();
			if (!a->settings.once)
				return 0;
			log_line("interrupted after %llu frames; no file was written",
				 (unsigned long long)gather_received_now(&a->gather));
			return EXIT_INTERRUPTED;
		}
		if (a->settings.once)
			show_progress(a);
	}
	progress_end();
	say_earlier(a);
	if (ret < 0)
		return EXIT_FAILURE;
	return a->settings.once ? 0 : stay(a, signals);
}
