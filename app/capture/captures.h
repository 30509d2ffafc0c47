/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures, looked at before EAL starts: what is no capture, or of a link type without IP, is
 * refused then. lib/port reads them (capture_reader.h), but for --pcap-loop: net_pcap holds those
 * in its queue's memory and plays them as fast as a card would.
 *
 * [start] Errors are lines for the user.
 */
#pragma once

#include "capture_list.h"
#include "options.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CAPTURES_ERROR_MAX 4400

struct capture {
	const char *path;
	/* captures_prepare: one of the two, until a port takes it over */
	struct capture_file *file;
	struct capture_list *list;
	uint64_t most; /* packets that it can hold; UINT64_MAX: unknown */

	/* capture_open */
	int fd;           /* for net_pcap: it is given /proc/self/fd/N, so that any name will do */
	uint64_t packets; /* in the file */
	uint32_t longest; /* captured octets of the longest one */
	uint8_t link;     /* enum parse_link: how the frames of the first begin */
	uint16_t dlt;     /* its link type as libpcap numbers it */
	bool mixed;       /* and those of others otherwise */
	bool compressed;
	char damage[CAPTURE_ERROR_MAX]; /* where it cannot be read on, and why; empty: sound */
};

/*
 * Opens what --pcap names: a file, compressed or not, a pipe, `-`, a folder or a pattern. With
 * settings->strict every file is read through first. 0, -ECANCELED, or another -errno, both with
 * `error`. Warnings go to `note`, later too. `cancel`, looked at every tenth of a second, ends it
 * once it is true; NULL: nobody asks.
 */
int capture_prepare(const char *path, const struct settings *settings, const atomic_bool *cancel,
		    void (*note)(const char *text), struct capture *capture,
		    char error[CAPTURES_ERROR_MAX]);

/*
 * Reads a file once, to its end or to where it is damaged: the packets before that count, but with
 * `strict`, which refuses it. The same results. The caller closes capture->fd.
 */
int capture_open(const char *path, bool strict, const atomic_bool *cancel, struct capture *capture,
		 char error[CAPTURES_ERROR_MAX]);

void capture_close(struct capture *capture);

/* Has libpcap's link type packets that can be read? Any thread. */
bool capture_readable(unsigned int dlt);

/* What it is called in lists: the last part of its name, "stdin". */
const char *capture_name(const char *path);
