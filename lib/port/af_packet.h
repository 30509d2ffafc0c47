/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What net_af_packet leaves out.
 *
 * The PMD opens an AF_PACKET socket for each queue and keeps it to itself; DPDK 22.11 neither reads
 * what the kernel dropped because the ring was full, nor can it be told to leave out the copy of
 * each frame that loopback interfaces deliver twice (once as sent, once as received), nor to leave
 * IPv4 fragments as they are. These are socket options: we find the sockets among our own
 * descriptors and ask them; for the last one see setsockopt in the .c, and beside it ioctl, which
 * lets the PMD start without CAP_NET_ADMIN.
 *
 * [manager] reads /proc/self/fd; costs some tens of microseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Interfaces by their index (if_nametoindex), as the sockets are bound: another interface that
 * takes over the name is not ours, and one that is renamed still is.
 */

/* Frames dropped by the kernel on this interface's rings since the last call (packet(7)). */
uint64_t af_packet_drops(unsigned int interface);

/*
 * Loopback: counts each packet once (a socket filter). Others, if wanted: promiscuous by membership
 * of the socket, which needs CAP_NET_RAW only and ends with the socket however the process ends;
 * the PMD's own way sets a flag of the interface, needs CAP_NET_ADMIN and outlives a crash. 0 or
 * -errno.
 */
int af_packet_tune(unsigned int interface, bool promiscuous);

/* 1 carrier, 0 none, -errno: no such interface any more. */
int af_packet_carrier(unsigned int interface);
