/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether AF_XDP (net_af_xdp) can have an interface, and what that costs who else uses it. Looked
 * at before EAL starts, since the driver's refusals name no cause.
 *
 * Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define XDP_TEXT_MAX 240

/*
 * The longest frame: a frame's buffer is a page, of which the driver's headers and the kernel's
 * head room for XDP take their share (see XDP_DATA_ROOM in kind_xdp.c).
 */
#define XDP_MTU_MAX 3434u

/*
 * What prevents it: the kernel, the rights of this process, the interface. False with the reason,
 * which ends a sentence that begins with the interface's name. Else *queues: so many lanes it
 * needs, since a queue of the card that nobody reads would not be counted.
 */
bool xdp_possible(const char *interface, unsigned int *queues, char reason[XDP_TEXT_MAX]);

/*
 * AF_XDP takes the packets that come in: nobody else gets them. Who would miss them, in the same
 * way; false: nobody that we know of.
 */
bool xdp_deprives(const char *interface, char reason[XDP_TEXT_MAX]);
