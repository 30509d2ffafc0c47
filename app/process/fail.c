/* SPDX-License-Identifier: BSD-3-Clause */
#include "fail.h"

#include "log.h"

#include <stdlib.h>

int
fail_at(const char *area, const char *text)
{
	log_at(LOG_ERR, area, NULL, "%s", text);
	return EXIT_FAILURE;
}

int
fail_usage(const char *text)
{
	log_error("%s", text);
	return EXIT_USAGE;
}
