/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * By which driver each --interface is captured on: net_af_packet, which gets a copy of what the
 * kernel sees and sends, or net_af_xdp, which is faster, and takes away what comes in.
 *
 * [start] Asks the kernel, opens nothing that lasts.
 */
#pragma once

#include "options.h"
#include "xdp.h"

#include <stdbool.h>

struct driver_choice {
	bool refused; /* --driver af_xdp cannot be followed */
	/* a line for the user, with the interface's name: why not, or who goes without; or empty */
	char note[XDP_TEXT_MAX + 160];
};

/* Follows --driver: sets settings->interface_xdp and ->interface_queues, and says why. */
void drivers_choose(struct settings *settings, struct driver_choice choices[LIST_MAX]);
