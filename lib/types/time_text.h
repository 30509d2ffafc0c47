/* SPDX-License-Identifier: BSD-3-Clause */
/* A moment as every text here has it: RFC 3339, UTC, with milliseconds. Any thread. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define TIME_TEXT 32 /* octets, with the end */

static inline void
time_text(int64_t ms, char text[TIME_TEXT])
{
	int64_t part = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
	time_t seconds = (time_t)((ms - part) / 1000);
	struct tm tm;
	char date[24];

	/* a year of more than four digits is a clock or a database gone wrong */
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(date, sizeof(date), "1970-01-01T00:00:00");
	snprintf(text, TIME_TEXT, "%s.%03dZ", date, (int)part);
}
