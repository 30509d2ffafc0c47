/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Offloads of a kernel interface that make one packet of several before a packet socket sees them:
 * GRO and LRO of those received, TSO and GSO of those that this host sends. Packets are then fewer
 * than on the wire; octets are whole.
 *
 * Any thread; knows no EAL.
 */
#pragma once

#define OFFLOADS_OFF "gro off lro off tso off gso off" /* for ethtool -K IFACE */

/* 1: at least one of them is on. 0: none. -errno: no such interface, or no answer. */
int offloads_merge(const char *interface);
