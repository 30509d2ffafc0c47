/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of addresses may leave the process: through the web server, files, the history, telemetry.
 * All of it is told where nothing is set (zeroes). Counting and locating always use whole
 * addresses, so that places are exact.
 */
#pragma once

#include "host_addr.h"

struct privacy {
	struct host_cut cut; /* off each address */
	bool no_hosts;       /* no address at all */
};
