/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the socket of DPDK's telemetry lies, and who may ask.
 *
 *     BASE/dpdk/PREFIX/dpdk_telemetry.v2        as dpdk-telemetry.py looks for it
 *
 * BASE is $RUNTIME_DIRECTORY (a service), /run of root, $XDG_RUNTIME_DIR, or /tmp; of a process
 * that starts as root and becomes another user it is TELEMETRY_BASE, since that user could remove
 * nothing from root's. Folders are 0700, but where a group may ask they can be passed by it.
 */
#pragma once

#include "options.h"

#include <stdbool.h>

#define TELEMETRY_BASE "/run/packet-heatmap-root"

/*
 * [start] Before EAL: decides whether telemetry runs (else settings->telemetry becomes "off", and a
 * line says why), makes its folder, and removes what processes that were killed have left in it.
 * `eal_arguments`: the user's own; then all is EAL's to do. 0, or -1 with `error`: a group that
 * there is not.
 */
int telemetry_prepare(struct settings *settings, bool eal_arguments, char error[OPTIONS_ERROR_MAX]);

/* [start] EAL runs, privileges are still there: gives the socket to its user and group. 0, or -1
 * with `error`. */
int telemetry_open(const struct settings *settings, bool eal_arguments,
		   char error[OPTIONS_ERROR_MAX]);
