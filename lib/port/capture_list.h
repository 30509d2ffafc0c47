/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The captures that one --pcap names: a file, all of a folder, or those of a pattern; in the order
 * in which their first packets were captured. With `follow` also those that come later, as tcpdump
 * -G, -C and -W write them.
 *
 * One thread at a time.
 */
#pragma once

#include "capture_input.h"

#include <stddef.h>

struct capture_list;

/* Does it name several: a folder, or a pattern that is no file's name? Pure but for stat(2). */
bool capture_list_is_many(const char *name);

/*
 * Looks for them, and opens each to see its first record; `note` hears of files that are no
 * captures, which are left out. NULL with `error`: there is no folder of that name, no file of that
 * pattern, no capture among them, or it was cancelled.
 */
struct capture_list *capture_list_open(const char *name, const atomic_bool *cancel,
				       void (*note)(const char *text),
				       char error[CAPTURE_ERROR_MAX]);

/* For who goes on with it: how it is cancelled from here on. */
void capture_list_set_cancel(struct capture_list *list, const atomic_bool *cancel);

/* The next one's path, or NULL: there is none now. It lives until the next call. */
const char *capture_list_next(struct capture_list *list);

/* Looks for captures that came, or were written anew, since. How many there are to be read. */
size_t capture_list_look_again(struct capture_list *list);

/* How many there are, read or not, and their octets on disk; those of the ones that were read. */
size_t capture_list_count(const struct capture_list *list);
uint64_t capture_list_octets(const struct capture_list *list);

void capture_list_close(struct capture_list *list); /* NULL is fine */
