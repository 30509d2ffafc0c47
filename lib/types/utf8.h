/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that comes from outside: a file's name, an interface's, a database's. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Octets of the valid character at `p`, which ends in a zero; 0: it is none. Unicode 15, table 3-7.
 */
static inline size_t
utf8_length(const unsigned char *p)
{
	size_t length = p[0] < 0x80    ? 1
			: p[0] < 0xc2  ? 0
			: p[0] < 0xe0  ? 2
			: p[0] < 0xf0  ? 3
			: p[0] <= 0xf4 ? 4
				       : 0;

	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0; /* also at the end: 0 is none */
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

/* Nothing but whole characters, and no control character: what may be shown on another's wall. */
static inline bool
utf8_is_clean(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != 0) {
		const size_t n = utf8_length(p);

		/* of two octets, those of C1 */
		if (n == 0 || *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;
		p += n;
	}
	return true;
}
