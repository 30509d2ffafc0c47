/* SPDX-License-Identifier: BSD-3-Clause */
#include "wrap.h"

#include <stdio.h>
#include <string.h>

void
print_wrapped(const char *prefix, const char *text)
{
	const int begin = printf("%s", prefix);
	int column = begin;

	while (*text != 0) {
		size_t word = strcspn(text, " ");

		if (column > begin && column + 1 + (int)word > 80)
			column = printf("\n%s", prefix) - 1;
		column += printf("%s%.*s", column > begin ? " " : "", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	printf("\n");
}
