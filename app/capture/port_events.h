/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What befalls ports while lanes poll them: a device that wants a reset, one that is unplugged, an
 * interface that is deleted and comes back, a cable. A port is touched only when all its lanes have
 * acknowledged that they leave it alone (lane_command.h); what fails is tried again, at growing
 * intervals (backoff.h).
 *
 * [manager] everything here.
 */
#pragma once

#include "backoff.h"
#include "filter.h"
#include "lane_command.h"
#include "port.h"
#include "rx_lcore.h"

#include <stdint.h>

struct port_events {
	struct port *ports;
	unsigned int port_count;
	struct rx_lane *const *lanes;
	unsigned int lane_count;
	const struct filter *filter; /* of all lanes; NULL: none */
	/* the lanes of port i are those whose `command` points to commands[i] */
	struct lane_command commands[PORTS_MAX];
	struct {
		unsigned int pending; /* enum port_event bits that are still to be handled */
		struct backoff backoff;
	} state[PORTS_MAX];
};

/*
 * Takes what the ports' drivers told since the last call, does what is to be done, and looks at the
 * links. About once a second; waits at most half a second for each port whose lanes do not answer.
 */
void port_events_poll(struct port_events *events);

/* All lanes are to return. */
void port_events_stop_lanes(struct port_events *events);
