/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static int
value_of(char c)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != 0 ? strchr(letters, c) : NULL;

	return at != NULL ? (int)(at - letters) : -1;
}

int
base64_decode(const char *text, char *out, size_t size)
{
	const size_t length = strlen(text);
	size_t n = 0, padding = 0;

	if (length % 4 != 0)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			int v = value_of(text[i + k]);

			/* one or two at the end */
			if (text[i + k] == '=' && i + 4 == length && k >= 2) {
				padding++;
				v = 0;
			} else if (padding > 0) {
				return -1;
			}
			if (v < 0)
				return -1;
			bits = bits << 6 | (uint32_t)v;
		}
		for (size_t k = 0; k < 3 - padding; k++) {
			const char c = (char)(bits >> (16 - 8 * k));

			if (c == 0 || n + 1 >= size)
				return -1;
			out[n++] = c;
		}
	}
	if (size == 0)
		return -1;
	out[n] = 0;
	return (int)n;
}
