/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces that carry the same packets: a bridge and its ports, two of its ports (what it passes
 * from one to the other), a bond and its slaves, a VLAN and what it stands on, a macvlan likewise,
 * both ends of one veth. Named together they count a packet twice, which is seldom meant.
 *
 * [start] Asks the kernel for its list of interfaces.
 */
#pragma once

#include "options.h"

#define OVERLAP_TEXT_MAX   256
#define OVERLAP_REMEDY_MAX 64

/*
 * Calls `tell` for each pair of --interface, of one bridge's ports for the first two, with a line
 * that names both and says why, and with what to do. Returns how many; 0 where --overlap says that
 * they are meant.
 */
unsigned int overlaps_find(const struct settings *settings,
			   void (*tell)(const char *text, const char *remedy, void *context),
			   void *context);
