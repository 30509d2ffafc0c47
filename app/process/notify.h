/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Words to the service manager: the protocol of sd_notify(3), which is one datagram to the socket
 * that NOTIFY_SOCKET names. Written here, since libsystemd would bring four more libraries into the
 * process for these lines.
 *
 * Management thread only. Without NOTIFY_SOCKET all of it does nothing and succeeds.
 */
#pragma once

#include <stdint.h>

/** Send assignments, as "READY=1\nSTATUS=...". @return 0, or -errno: to log, not to stop for. */
int notify_send(const char *assignments);

/**
 * How often the manager wants "WATCHDOG=1", in milliseconds: half of WATCHDOG_USEC, as
 * sd_watchdog_enabled(3) advises. 0: no watchdog, or it is another process's.
 */
uint64_t notify_watchdog_ms(void);
