/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has been told of already, on disk: the number of the last event whose begin was told, and
 * the numbers of those whose end was not. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLD_OPEN_MOST 1024 /* the oldest is forgotten: its end will not be told */

struct told {
	const char *path; /* NULL: nothing is kept over a restart */
	bool begun;       /* something was told, or known, before */
	uint64_t last;
	uint64_t open[TOLD_OPEN_MOST];
	size_t count;
};

/* 0, also where there is no file yet; or -errno, -EINVAL for a file that is none of ours. */
int told_read(struct told *told, const char *path);
/* 0 or -errno. */
int told_write(const struct told *told);
void told_begin(struct told *told, uint64_t id);
void told_end(struct told *told, uint64_t id);
bool told_is_open(const struct told *told, uint64_t id);
