/* SPDX-License-Identifier: BSD-3-Clause */
#include "drivers.h"

#include "interfaces.h"
#include "names.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* Can it be AF_XDP? Else `reason`. */
static bool
possible(const struct settings *s, const char *name, unsigned int *queues,
	 char reason[XDP_TEXT_MAX])
{
	if (interface_is_any(name)) {
		snprintf(reason, XDP_TEXT_MAX, "AF_XDP takes one interface, not all of them");
		return false;
	}
	/* libxdp asks the kernel by the name that it is given */
	if (strcmp(port_name_argument(name), name) != 0) {
		snprintf(reason, XDP_TEXT_MAX,
			 "its name has a character that the driver cannot take");
		return false;
	}
	if (!xdp_possible(name, queues, reason))
		return false;
	if (s->lanes != 0 && s->lanes != *queues) {
		snprintf(reason, XDP_TEXT_MAX,
			 "its RX queues are %u, each wants a lane, and --lanes says %u; ethtool -L "
			 "%s combined %u makes them as many",
			 *queues, s->lanes, name, s->lanes);
		return false;
	}
	return true;
}

static void
choose(struct settings *s, unsigned int i, struct driver_choice *choice)
{
	const char *name = s->interfaces.items[i];
	char reason[XDP_TEXT_MAX];
	unsigned int queues;

	if (s->driver == DRIVER_AF_PACKET)
		return;
	/* a name that is none is refused later, by its own words */
	if (!interface_is_any(name) && (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0))
		return;
	if (!possible(s, name, &queues, reason)) {
		choice->refused = s->driver == DRIVER_AF_XDP;
		snprintf(choice->note, sizeof(choice->note),
			 choice->refused ? "--driver af_xdp: %.16s: %s"
					 : "%.16s: captured on by af_packet, not AF_XDP: %s",
			 name, reason);
		return;
	}
	if (xdp_deprives(name, reason)) {
		if (s->driver == DRIVER_AUTO) {
			snprintf(choice->note, sizeof(choice->note),
				 "%.16s: captured on by af_packet, not AF_XDP: %s", name, reason);
			return;
		}
		snprintf(choice->note, sizeof(choice->note),
			 "warning: %.16s: AF_XDP takes what comes in from it: %s", name, reason);
	}
	s->interface_xdp[i] = true;
	s->interface_queues[i] = (uint16_t)queues;
}

void
drivers_choose(struct settings *s, struct driver_choice choices[LIST_MAX])
{
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		choices[i] = (struct driver_choice){0};
		s->interface_xdp[i] = false;
		s->interface_queues[i] = (uint16_t)(s->lanes > 0 ? s->lanes : 1);
		choose(s, i, &choices[i]);
	}
}
