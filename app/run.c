/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 4: the loop. sigtimedwait is both the clock of the periods and the way to be stopped; no
 * signal handler exists.
 */
#include "app.h"
#include "browser.h"
#include "log.h"
#include "notify.h"
#include "telemetry_socket.h"

#include <errno.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sooner than anybody looks at the wall. More often where the service manager's watchdog wants it.
 */
#define POLL_EVENTS_NS       1000000000ull
#define POLL_EVENTS_LEAST_NS 10000000ull

#define PREFLIGHT_WAIT_NS    20000000ull

/* Waits for a signal until `until` (monotonic). The signal, or 0 at the time. */
int
run_wait(const sigset_t *signals, uint64_t until)
{
	uint64_t now = monotonic_ns();
	uint64_t left = until > now ? until - now : 0;
	struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u),
				   .tv_nsec = (long)(left % 1000000000u)};
	int sig;

	do
		sig = sigtimedwait(signals, NULL, &timeout);
	while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}

/* What is looked at between periods too: the cables, and the manager's watchdog. */
void
run_poll_events(struct app *a)
{
	port_events_poll(&a->events);
	telemetry_tidy();
	if (notify_watchdog_ms() > 0)
		notify_send("WATCHDOG=1");
}

/* True: stop. Signals that ask for nothing are logged, once each. */
bool
run_handle_signal(struct app *a, int sig)
{
	static bool told[NSIG];

	if (sig == SIGHUP) {
		loader_request(&a->wall.loader);
		stream_reopen(a->wall.stream);
		return false;
	}
	if (sig != SIGUSR1 && sig != SIGUSR2)
		return true;
	if (!told[sig])
		log_line("%s does nothing here; SIGHUP opens the databases anew, SIGTERM stops",
			 sig == SIGUSR1 ? "SIGUSR1" : "SIGUSR2");
	told[sig] = true;
	return false;
}

/* One tick. 0, or EXIT_FAILURE. */
static int
end_period(struct app *a)
{
	static bool told_over;
	struct locate_map *map = loader_take_map(&a->wall.loader);

	if (map != NULL)
		gather_use_map(&a->gather, map);
	run_poll_events(a); /* the period tells how the links are at its end */
	if (gather_end_period(&a->gather) == -ENOMEM || atomic_load(&a->wall.map.failed)) {
		log_error("out of memory: lower --hosts-total or --hosts-per-lane");
		return EXIT_FAILURE;
	}
	if (a->gather.over && !told_over) {
		log_line("the captures have been read to their end; the page stays");
		told_over = true;
	}
	return 0;
}

void
run_open_browser(struct app *a)
{
	char url[128];

	snprintf(url, sizeof(url), "http://%s/", a->wall.listen);
	browser_open(url);
}

/* When the period that begins now ends; the last one was to end at `planned`. What leaves the
 * machine is to fit what others say of the same time. */
static uint64_t
end_of_next(struct app *a, uint64_t planned, uint64_t period)
{
	const uint64_t now = monotonic_ns();
	/* a tick that took longer than a period: the next one is a whole period away */
	const bool late = planned + period < now;

	a->gather.late += late;
	if (a->settings.records != NULL)
		return next_multiple(now, (uint64_t)utc_ms() * 1000000, period);
	return (late ? now : planned) + period;
}

int
run_periods(struct app *a, const sigset_t *signals)
{
	const uint64_t period = (uint64_t)(a->settings.period_s * 1e9);
	const uint64_t watchdog = notify_watchdog_ms() * 1000000;
	uint64_t next = end_of_next(a, monotonic_ns(), period), look = 0, pause = POLL_EVENTS_NS;
	bool opened = false;

	if (replay_wanted(&a->settings))
		return replay_run(a, signals);
	if (watchdog > 0)
		pause = RTE_MIN(pause, RTE_MAX(watchdog, POLL_EVENTS_LEAST_NS));
	for (;;) {
		if (monotonic_ns() >= look) {
			run_poll_events(a);
			look = monotonic_ns() + pause;
		}
		int sig = run_wait(signals, RTE_MIN(next, look));
		if (sig != 0 && run_handle_signal(a, sig))
			return 0;
		if (monotonic_ns() < next)
			continue;
		if (end_period(a) != 0)
			return EXIT_FAILURE;
		if (a->settings.open && !opened)
			run_open_browser(a);
		opened = true;
		next = end_of_next(a, next, period);
	}
}

void
run_block_signals(sigset_t *signals)
{
	static const int stop[] = {SIGINT,  SIGTERM, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF,
				   SIGUSR1, SIGUSR2, SIGIO,   SIGPWR,  SIGXCPU};
	struct sigaction before;

	sigemptyset(signals);
	for (size_t i = 0; i < sizeof(stop) / sizeof(stop[0]); i++)
		sigaddset(signals, stop[i]);
	/* started with nohup: a closed terminal shall not be read as "reload" */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN); /* a browser that leaves must not end us */
	signal(SIGCHLD, SIG_IGN); /* nor the browser of --open become a zombie */
}

void
run_unblock_signals(void)
{
	sigset_t again;

	sigemptyset(&again);
	sigaddset(&again, SIGINT);
	sigaddset(&again, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &again, NULL);
}

struct preflight {
	struct app *app;
	atomic_bool cancel, done;
	int result;
};

static void *
preflight_thread(void *argument)
{
	struct preflight *p = argument;

	p->result = preflight_run(p->app, &p->cancel);
	atomic_store(&p->done, true);
	return NULL;
}

int
run_preflight(struct app *a, const sigset_t *signals)
{
	struct preflight p = {.app = a};
	pthread_t thread;
	int interrupted = 0;

	if (pthread_create(&thread, NULL, preflight_thread, &p) != 0)
		return fail("no thread can be started");
	while (!atomic_load(&p.done)) {
		int sig = run_wait(signals, monotonic_ns() + PREFLIGHT_WAIT_NS);

		if (sig == 0 || sig == SIGHUP || sig == SIGUSR1 || sig == SIGUSR2)
			continue;
		interrupted = sig;
		atomic_store(&p.cancel, true);
	}
	pthread_join(thread, NULL);
	if (interrupted == 0)
		return p.result;
	log_text("interrupted before anything was counted; no file was written");
	return interrupted == SIGTERM && !a->settings.once ? START_STOPPED : EXIT_INTERRUPTED;
}
