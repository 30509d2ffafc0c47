/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening the page in the desktop's browser, as the user who called sudo.
 *
 * By the time there is a page to open, this process may start no other and is root no more. So a
 * child is forked at the start, which waits for the address, and ends with us.
 */
#pragma once

/* [start] Before EAL and before any thread. 0 or -errno. */
int browser_prepare(void);

/* [manager] Once, after browser_prepare. Never waits for the browser; what goes wrong is a log
 * line. */
void browser_open(const char *url);
