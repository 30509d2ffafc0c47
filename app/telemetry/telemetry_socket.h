/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clients of DPDK's telemetry (v2), bounded, and ended in order.
 *
 * The library starts a thread that accepts, and one for each client, detached, which nothing in its
 * interface ends: a client that asks while a port is closed or EAL cleaned up reads memory that is
 * gone. It also lets whoever connects first keep its ten places for ever, gives up listening at the
 * first error, and cuts the requests of all clients with one strtok. Its calls of accept, strtok
 * and perror come to telemetry_socket.c instead (app/meson.build exports them):
 *
 *   - a client that says nothing for TELEMETRY_IDLE_S, or that has not read its answers at
 *     TELEMETRY_UNREAD_LOOKS looks, is let go of;
 *   - the ninth client that waits makes room for the next: the oldest goes;
 *   - connections are taken TELEMETRY_PACE_MS apart, so that a flood costs a core nothing;
 *   - clients can be ended, and waited for: none is inside DPDK afterwards.
 */
#pragma once

#include <stddef.h>

#define TELEMETRY_IDLE_S       300
#define TELEMETRY_UNREAD_LOOKS 5
#define TELEMETRY_PACE_MS      5
#define TELEMETRY_CLIENTS      9 /* the library refuses the eleventh; one is always on its way out */

/* [main] The path of the socket that listens. 0, or -ENOENT: telemetry is not running. */
int telemetry_socket_path(char *path, size_t size);

/* [main] A look at the clients: lets go of those that do not read, and of what those that left have
 * held. Each second. */
void telemetry_tidy(void);

/* [main] Ends all clients and takes none until telemetry_resume: a port is about to go. 0, or
 * -ETIMEDOUT after a second: one does not end, and nothing may be taken away from it. Resume either
 * way. */
int telemetry_pause(void);
void telemetry_resume(void);

/* [main] The same for good, with the thread that listens, and removes the socket. Nothing to do
 * where telemetry does not run. 0 or -ETIMEDOUT: EAL has to stay until the process ends. */
int telemetry_end(void);
