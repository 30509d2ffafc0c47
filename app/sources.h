/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What packets come from, looked at before EAL starts: net_pcap tells neither the link type of a
 * capture nor whether it is whole, and net_af_packet's refusals name no cause.
 *
 * [start] Pure but for reading the file or asking the kernel. Errors are lines for the user.
 */
#pragma once

#include "options.h"
#include "pci_address.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SOURCES_ERROR_MAX 4400

struct capture {
	const char *path;
	int fd;           /* open: the PMD is given /proc/self/fd/N, so that any name will do */
	uint64_t packets; /* in the file */
	uint32_t longest; /* captured octets of the longest one */
	uint8_t link;     /* enum parse_link: how its frames begin */
	char damage[400]; /* where it cannot be read on, and why; empty: sound to its end */
};

/*
 * Reads the capture once, to its end or to where it is damaged: the packets before that count, but
 * with `strict`, which refuses the capture. `cancel`, looked at every few hundred packets, ends the
 * reading once it is true; NULL: nobody asks. 0, -ECANCELED then, or another -errno, both
 * with `error`. The caller closes capture->fd.
 */
int capture_open(const char *path, bool strict, const atomic_bool *cancel, struct capture *capture,
		 char error[SOURCES_ERROR_MAX]);

/* One line for each capture that is damaged: how many packets stand before it, and where it is. */
void captures_log_damage(const struct capture *captures, unsigned int count,
			 void (*log)(const char *line));

/* Is there an interface of that name with frames that we can read, and may we capture on it? 0, or
 * -1 with `error`. */
int interface_check(const char *name, char error[SOURCES_ERROR_MAX]);

/*
 * How the frames of an interface begin, as a packet socket hands them over: *link is an enum
 * parse_link. 0 or -errno: no such interface, or (-EPROTONOSUPPORT) no frames that we can read.
 * *hardware is the kernel's number for its kind (ARPHRD_...), 0 where that is unknown; may be NULL.
 */
int interface_link(const char *name, uint8_t *link, unsigned int *hardware);

/* IFF_UP and the like of interfaces(7). 0 if it is not there. Asked of the network name space of
 * the process: /sys may show another one, or be missing in a container.
 */
int interface_flags(const char *name);

/*
 * A ring of 16,384 frames: at 200,000 packets/s it holds 80 ms, the PMD's default of 512 frames
 * would hold 2.5 ms. The PMD locks two of them a queue into memory, one to receive and one to send:
 * 64 MB.
 */
#define INTERFACE_RING_FRAMES 16384
#define INTERFACE_RING_FRAME  2048
#define INTERFACE_LOCKED      (2ull * INTERFACE_RING_FRAMES * INTERFACE_RING_FRAME)

/* May the rings of so many queues be locked into memory? 0, or -1 with `error`. */
int interface_check_memory(unsigned int queues, char error[SOURCES_ERROR_MAX]);

/*
 * Writes each address in full ("0000:03:00.0"), and for "auto" all cards that are bound to
 * vfio-pci, each once. `names` holds the texts that *list then borrows. Returns how many.
 */
unsigned int devices_resolve(struct text_list *list, char names[LIST_MAX][PCI_ADDRESS_MAX]);

/* Is the card there, and at a driver that DPDK works with? 0, or -1 with `error`. */
int device_check(const char *address, char error[SOURCES_ERROR_MAX]);
