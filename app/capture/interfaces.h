/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces of the kernel, looked at before EAL starts: net_af_packet's refusals name no cause.
 *
 * [start] Pure but for asking the kernel. Errors are lines for the user.
 */
#pragma once

#include "options.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* The name that stands for all interfaces. */
#define INTERFACE_ANY "any"
bool interface_is_any(const char *name);
bool interface_is_any_of(const struct text_list *names);

/* Is there an interface of that name with frames that we can read, and may we capture on it? 0, or
 * -1 with `error`. */
int interface_check(const char *name, char error[SOURCES_ERROR_MAX]);

/*
 * How the frames of an interface begin, as a packet socket hands them over: *link is an enum
 * parse_link. 0 or -errno: no such interface, or (-EPROTONOSUPPORT) no frames that we can read.
 * *hardware is the kernel's number for its kind (ARPHRD_...), 0 where that is unknown; may be NULL.
 */
int interface_link(const char *name, uint8_t *link, unsigned int *hardware);

/* The same for a kind of interface (ARPHRD_...). 0 or -EPROTONOSUPPORT. Pure: any thread. */
int interface_link_of(unsigned int hardware, uint8_t *link);
bool interface_readable(unsigned int hardware);

/*
 * Queues of an interface: what its driver was chosen for, or --lanes.
 *
 * The ring of a queue of net_af_packet has 16,384 frames unless --ring-frames says otherwise: at
 * 200,000 packets/s it holds 80 ms, the PMD's default of 512 frames would hold 2.5 ms. The PMD
 * locks two of them a queue into memory, one to receive and one to send: 64 MB. That of "any" is
 * not locked, nor is AF_XDP's memory ours to count: its pools are DPDK's.
 */
unsigned int interface_queues(const struct settings *settings, unsigned int i);

/* Octets that the rings of all interfaces lock into memory. */
uint64_t interface_locked(const struct settings *settings);

/* May that much be locked into memory? 0, or -1 with `error`. */
int interface_check_memory(uint64_t octets, char error[SOURCES_ERROR_MAX]);

/* The arguments of interface `i` for its driver, in `text`. Returns the driver: net_af_packet or
 * net_af_xdp. */
const char *interface_arguments(const struct settings *settings, unsigned int i, char *text,
				size_t size);

/*
 * Puts in the place of each interface's name what the kernel calls it: it may have been an
 * alternative name, or a label. `names` holds the texts that *list then borrows. What is no
 * interface stays, and is refused by interface_check.
 */
void interfaces_resolve(struct text_list *list, char names[LIST_MAX][IFNAMSIZ]);
