/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_events.h"

#include "clock.h"
#include "log.h"
#include "telemetry_socket.h"

#include <rte_cycles.h>
#include <time.h>

/* a burst takes microseconds; a lane whose CPU is taken from it may need some scheduler ticks */
#define ANSWER_NS 500000000u

/* The lanes of a port leave it alone. False if one does not answer: then nothing may be done to it.
 */
static bool
pause_lanes(struct port_events *e, unsigned int p)
{
	uint64_t deadline = monotonic_ns() + ANSWER_NS;
	uint32_t word = lane_command_post(&e->commands[p], LANE_PAUSE);

	for (unsigned int i = 0; i < e->lane_count; i++) {
		if (e->lanes[i]->command != &e->commands[p])
			continue;
		while (!lane_command_acknowledged(&e->lanes[i]->answer, word)) {
			if (monotonic_ns() > deadline)
				return false;
			rte_delay_us_sleep(100);
		}
	}
	return true;
}

/* Nobody asks for a port's counters while it goes or comes; clients may connect again afterwards.
 * False if one does not end. */
static bool
pause_clients(void)
{
	if (telemetry_pause() == 0)
		return true;
	telemetry_resume();
	return false;
}

/* True where it is to be logged. */
static bool
failed(struct port_events *e, unsigned int p)
{
	e->ports[p].reset_failures++;
	return backoff_failed(&e->state[p].backoff, monotonic_ns());
}

static void
detach(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];

	log_event(LOG_WARNING, LOG_ID_PORT_GONE, "%s: %s", port->source, port_detach(port));
	e->state[p].pending = 0;
	backoff_clear(&e->state[p].backoff);
}

/* What came back under a name may be another kind of interface. */
static void
tell_type(const struct port *port, uint32_t before, const struct filter *filter)
{
	char error[FILTER_ERROR_MAX];

	if (port->type == before)
		return;
	if (!rx_lcore_can_read(port->type))
		log_warning("%s: it is another kind of interface now, whose frames cannot be "
			    "read: they count as not IP",
			    port->source);
	else if (filter != NULL && filter_fits(filter, port->type, error) != 0)
		log_warning("%s: it is another kind of interface now, for which --filter makes no "
			    "sense (%s): nothing of it counts",
			    port->source, error);
	else
		log_line("%s: it is another kind of interface now", port->source);
}

/* The port has been let go of, with its lanes paused: is its device back? */
static void
attach(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];
	const uint32_t before = port->type;
	char error[256];

	/* what a try leaves half done is removed again */
	if (!backoff_due(&e->state[p].backoff, monotonic_ns()) || !pause_clients())
		return;
	int ret = port_attach(port, log_port, error);
	telemetry_resume();
	if (ret < 0 && failed(e, p))
		log_warning("%s; trying again, at most a minute apart", error);
	if (ret <= 0)
		return;
	port->resets++;
	backoff_clear(&e->state[p].backoff);
	for (unsigned int i = 0; i < e->lane_count; i++) {
		if (e->lanes[i]->command != &e->commands[p])
			continue;
		e->lanes[i]->port = port->id;
		rx_lcore_set_type(e->lanes[i], port->type);
	}
	tell_type(port, before, e->filter);
	log_event(LOG_NOTICE, LOG_ID_PORT_RECEIVING, "%s: it is back, and receiving again",
		  port->source);
	lane_command_post(&e->commands[p], LANE_RUN);
}

static void
reset(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];
	char error[256];

	if (port_reset(port, log_port, error) != 0) {
		if (failed(e, p))
			log_warning("%s; trying again, at most a minute apart", error);
		return;
	}
	port->resets++;
	e->state[p].pending = 0;
	backoff_clear(&e->state[p].backoff);
	log_event(LOG_NOTICE, LOG_ID_PORT_RECEIVING,
		  "%s: reset at its device's wish, receiving again", port->source);
	lane_command_post(&e->commands[p], LANE_RUN);
}

static void
handle(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];

	/* an unplugged device does not wait for the next try: the kernel waits for us */
	if (!backoff_due(&e->state[p].backoff, monotonic_ns()) &&
	    (e->state[p].pending & PORT_EVENT_REMOVED) == 0)
		return;
	if (!pause_lanes(e, p)) {
		if (failed(e, p))
			log_warning("%s: its lanes do not answer; trying again", port->source);
		/* at the next look: they stay paused until then, and a lane that was only slow
		 * should not lose a minute */
		e->state[p].backoff.due_ns = 0;
	} else if (!pause_clients()) {
		e->state[p].backoff.due_ns = 0; /* they were told: at the next look */
	} else {
		if ((e->state[p].pending & PORT_EVENT_REMOVED) != 0)
			detach(e, p);
		else
			reset(e, p);
		telemetry_resume();
	}
}

static void
log_link(const struct port *port)
{
	if (port->link == PORT_LINK_UP && port->link_mbps > 0)
		log_event(LOG_NOTICE, NULL, "%s: link up, %u Mbit/s", port->source,
			  port->link_mbps);
	else
		log_event(port->link == PORT_LINK_UP ? LOG_NOTICE : LOG_WARNING, NULL,
			  "%s: link %s", port->source, port->link == PORT_LINK_UP ? "up" : "down");
}

void
port_events_poll(struct port_events *e)
{
	for (unsigned int p = 0; p < e->port_count; p++) {
		struct port *port = &e->ports[p];

		if (port->gone)
			attach(e, p);
		/* also finds that an interface is gone */
		bool changed = port_poll_link(port);
		e->state[p].pending |= port_take_events(port);
		if (changed && (e->state[p].pending & PORT_EVENT_REMOVED) == 0)
			log_link(port);
		if (e->state[p].pending != 0)
			handle(e, p);
	}
}

void
port_events_stop_lanes(struct port_events *e)
{
	for (unsigned int p = 0; p < PORTS_MAX; p++)
		lane_command_post(&e->commands[p], LANE_STOP);
}
