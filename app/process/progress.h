/* SPDX-License-Identifier: BSD-3-Clause */
/* A line that is renewed on a terminal while captures are read: how far, how fast, how long still.
 */
#pragma once

#include <stdint.h>

/* [main] Shows it, at most a few times a second, if stderr is a terminal. How many of the captures'
 * octets were read; 0 of 0 where that is not known. */
void progress_show(uint64_t packets, uint64_t octets, uint64_t of);
/* [main] Clears it, before other lines are written. */
void progress_end(void);
