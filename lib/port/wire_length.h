/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the frames of net_af_packet were on the wire.
 *
 * A ring has room for a frame's first 2 KiB, or what --ring-frame-size says. Of a longer one, such
 * as the kernel makes of many (GRO, TSO, up to 180 kB as "BIG TCP"), the PMD says that it has only
 * these; of IPv4 "BIG TCP" the IP header says 0. But the kernel has told the true length in the
 * ring, and where the PMD has just read a frame it still stands: so a callback behind the PMD's
 * receive function puts it into the mbuf, whose pkt_len is then more than its one segment has.
 *
 * Costs a comparison for each frame. Of lib/port.
 */
#pragma once

#include "port.h"

struct wire_length;

/* [manager] Of a port on `interface` whose queues are set up, and whose lanes do not poll it. NULL
 * where that cannot be: then lengths are those of the ring. */
struct wire_length *wire_length_add(const struct port *port, unsigned int interface);
/* [manager] Frames that stand in the rings and that nobody will read. NULL: 0. */
uint64_t wire_length_left(const struct wire_length *lengths);
/* [manager] Before the port is closed, likewise. NULL is fine. */
void wire_length_remove(struct wire_length *lengths);
