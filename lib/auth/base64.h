/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 4648 4, as an Authorization header has it. Pure. */
#pragma once

#include <stddef.h>

/* Decodes all of `text` into `out` and ends it with a 0. The length; -1: it is not base64, holds a
 * 0 octet, or is longer than size - 1. */
int base64_decode(const char *text, char *out, size_t size);
