/* SPDX-License-Identifier: BSD-3-Clause */
/* What ethtool(8) tells of an interface. Any thread; needs no privilege. */
#pragma once

#include <stdint.h>

/* Mbit/s of the link as it is now; 0: unknown, or no link. */
uint32_t ethtool_speed(const char *interface);

/* RX queues that the card spreads its packets over; 1 where the driver does not say. `combined`,
 * where not NULL: how many of them have a TX queue of the same number. */
unsigned int ethtool_rx_queues(const char *interface, unsigned int *combined);
