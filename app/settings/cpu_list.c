/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

int
cpu_list_parse(const char *text, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (;;) {
		unsigned long first, last;
		char *end;

		/* strtoul would take a sign and white space */
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		first = last = strtoul(text, &end, 10);
		if (*end == '-') {
			text = end + 1;
			if (!isdigit((unsigned char)*text))
				return -EINVAL;
			last = strtoul(text, &end, 10);
		}
		if (first > last)
			return -EINVAL;
		for (unsigned long c = first; c <= last && c < CPU_SETSIZE; c++)
			CPU_SET(c, set);
		if (last >= CPU_SETSIZE)
			return -EINVAL;
		if (*end == 0)
			return 0;
		if (*end != ',')
			return -EINVAL;
		text = end + 1;
	}
}
