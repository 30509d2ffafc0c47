/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queues of an ethdev, by port->settings. Shared by the files of this folder; nobody else
 * includes it.
 */
#pragma once

#include "port.h"

#include <rte_ethdev.h>

/*
 * Configures the device and sets its queues up: all that a reset undoes. The pools are made at the
 * first time, and kept. May lower port->queues. 0, or -errno with `error`; notes go to `note`.
 */
int queues_configure(struct port *port, const struct rte_eth_dev_info *info,
		     void (*note)(const char *text), char error[256]);
