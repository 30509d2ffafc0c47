/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_events.h"

#include "log.h"

#include <rte_cycles.h>
#include <time.h>

/* a burst takes microseconds; a lane whose CPU is taken from it may need some scheduler ticks */
#define ANSWER_NS 500000000u

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The lanes of a port leave it alone. False if one does not answer: then nothing may be done to it.
 */
static bool
pause_lanes(struct port_events *e, unsigned int p)
{
	uint64_t deadline = now_ns() + ANSWER_NS;
	uint32_t word = lane_command_post(&e->commands[p], LANE_PAUSE);

	for (unsigned int i = 0; i < e->lane_count; i++) {
		if (e->lanes[i]->command != &e->commands[p])
			continue;
		while (!lane_command_acknowledged(&e->lanes[i]->answer, word)) {
			if (now_ns() > deadline)
				return false;
			rte_delay_us_sleep(100);
		}
	}
	return true;
}

/* True where it is to be logged. */
static bool
failed(struct port_events *e, unsigned int p)
{
	e->ports[p].reset_failures++;
	return backoff_failed(&e->state[p].backoff, now_ns());
}

static void
unplug(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];

	port_detach(port);
	log_line("%s: unplugged; what it brought stays counted. When it is back: "
		 "packet-heatmap-setup-host bind %s, then systemctl restart packet-heatmap",
		 port->source, port->name);
	e->state[p].pending = 0;
}

static void
reset(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];
	char error[256];

	if (port_reset(port, log_text, error) != 0) {
		if (failed(e, p))
			log_line("%s; trying again, at most a minute apart", error);
		return;
	}
	port->resets++;
	e->state[p].pending = 0;
	backoff_clear(&e->state[p].backoff);
	log_line("%s: reset at its device's wish, receiving again", port->source);
	lane_command_post(&e->commands[p], LANE_RUN);
}

static void
handle(struct port_events *e, unsigned int p)
{
	struct port *port = &e->ports[p];

	/* an unplugged device does not wait for the next try: the kernel waits for us */
	if (port->gone || (!backoff_due(&e->state[p].backoff, now_ns()) &&
			   (e->state[p].pending & PORT_EVENT_REMOVED) == 0))
		return;
	if (!pause_lanes(e, p)) {
		if (failed(e, p))
			log_line("%s: its lanes do not answer; trying again", port->source);
	} else if ((e->state[p].pending & PORT_EVENT_REMOVED) != 0) {
		unplug(e, p);
	} else {
		reset(e, p);
	}
}

static void
look_at_link(struct port *port)
{
	if (!port_poll_link(port))
		return;
	if (port->link == PORT_LINK_UP && port->link_mbps > 0)
		log_line("%s: link up, %u Mbit/s", port->source, port->link_mbps);
	else if (port->interface_gone)
		log_line("%s: the interface is gone; what it brought stays counted. When "
			 "it is back, start anew",
			 port->source);
	else
		log_line("%s: link %s", port->source, port->link == PORT_LINK_UP ? "up" : "down");
}

void
port_events_poll(struct port_events *e)
{
	for (unsigned int p = 0; p < e->port_count; p++) {
		e->state[p].pending |= port_take_events(&e->ports[p]);
		if (e->state[p].pending != 0)
			handle(e, p);
		look_at_link(&e->ports[p]);
	}
}

void
port_events_stop_lanes(struct port_events *e)
{
	for (unsigned int p = 0; p < PORT_EVENTS_MAX_PORTS; p++)
		lane_command_post(&e->commands[p], LANE_STOP);
}
