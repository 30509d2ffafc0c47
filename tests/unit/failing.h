/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * malloc, calloc and realloc that fail on demand: every path of -ENOMEM is walked by failing the
 * 1st, the 2nd, ... allocation of a call until it succeeds. Linked by --wrap, so only the code of
 * static libraries is hit, not the shared ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The allocation that fails, counted from now on: 0 is the next one, negative none at all. */
void failing_at(long n);
/* ... and all after it. */
void failing_from(long n);
/* Has one failed since? */
bool failing_happened(void);

/*
 * Octets that are allocated now, as malloc rounds them. Only differences between two calls mean
 * something, and only where what is freed in between was not allocated by a shared library.
 */
size_t failing_allocated(void);
