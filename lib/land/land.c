/* SPDX-License-Identifier: BSD-3-Clause */
#include "land.h"

#include <stdlib.h>
#include <string.h>

static int
order(const void *code, const void *country)
{
	return strcmp(code, ((const struct land_country *)country)->code);
}

const struct land_country *
land_country(const char code[3])
{
	return bsearch(code, land_countries, land_country_count, sizeof(land_countries[0]), order);
}
