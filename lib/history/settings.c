/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes and times as people write them. */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE 60000ll
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

const char *const history_tier_names[HISTORY_TIERS] = {"period", "1m", "5m", "1h", "1d"};
const int64_t history_tier_ms[HISTORY_TIERS] = {0, MINUTE, 5 * MINUTE, HOUR, DAY};

/* Digits, at most nine. */
static bool
read_number(const char **text, uint64_t *number)
{
	const char *start = *text;

	*number = 0;
	while (isdigit((unsigned char)**text) && *text - start < 9)
		*number = *number * 10 + (uint64_t)(*(*text)++ - '0');
	return *text > start && !isdigit((unsigned char)**text);
}

int
history_parse_size(const char *text, uint64_t *octets)
{
	static const struct {
		const char *unit;
		uint64_t octets;
	} units[] = {{"MB", 1000000}, {"GB", 1000000000}, {"TB", 1000000000000}};
	uint64_t number;

	if (!read_number(&text, &number) || number == 0)
		return -EINVAL;
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text, units[i].unit) == 0) {
			*octets = number * units[i].octets;
			return 0;
		}
	}
	return -EINVAL;
}

static bool
read_time(const char **text, int64_t *ms)
{
	static const char units[] = "mhdwy";
	static const int64_t lengths[] = {MINUTE, HOUR, DAY, 7 * DAY, 365 * DAY};
	uint64_t number;

	while (**text == ' ')
		++*text;
	if (!read_number(text, &number) || number == 0 || number > 100000)
		return false;
	const char *unit = **text != 0 ? strchr(units, **text) : NULL;
	if (unit == NULL)
		return false;
	++*text;
	*ms = (int64_t)number * lengths[unit - units];
	return true;
}

int
history_parse_keep(const char *text, int64_t keep_ms[HISTORY_TIERS])
{
	int64_t keep[HISTORY_TIERS];
	int tier = 0;

	for (;; text++) {
		if (tier == HISTORY_TIERS || !read_time(&text, &keep[tier]))
			return -EINVAL;
		/* a slot is made of the rows before it, so they stay for two slots at least */
		if (tier + 1 < HISTORY_TIERS && keep[tier] < 2 * history_tier_ms[tier + 1])
			return -EINVAL;
		tier++;
		if (*text == 0)
			break;
		if (*text != ',')
			return -EINVAL;
	}
	for (int last = tier - 1; tier < HISTORY_TIERS - 1; tier++) {
		keep[tier] = keep[last];
		if (keep[tier] < 2 * history_tier_ms[tier + 1])
			keep[tier] = 2 * history_tier_ms[tier + 1];
	}
	if (tier == HISTORY_TIERS - 1)
		keep[tier] = HISTORY_FOREVER;
	memcpy(keep_ms, keep, sizeof(keep));
	return 0;
}

int
history_parse_length(const char *text, int64_t *ms)
{
	uint64_t seconds;
	const char *at = text;

	if (read_time(&at, ms) && *at == 0)
		return 0;
	if (!read_number(&text, &seconds) || *text != 0 || seconds == 0)
		return -EINVAL;
	*ms = (int64_t)seconds * 1000;
	return 0;
}

/* "Z", "+01:00", "-0530" or nothing (UTC), in minutes. */
static bool
read_offset(const char *text, int *minutes)
{
	int hours, rest, used = 0;

	*minutes = 0;
	if (*text == 0 || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	/* a plus in a query that was not escaped has become a space */
	if (*text != '+' && *text != '-' && *text != ' ')
		return false;
	if ((sscanf(text + 1, "%2d:%2d%n", &hours, &rest, &used) != 2 &&
	     sscanf(text + 1, "%2d%2d%n", &hours, &rest, &used) != 2) ||
	    text[1 + used] != 0 || hours < 0 || hours > 23 || rest < 0 || rest > 59)
		return false;
	*minutes = (hours * 60 + rest) * (*text == '-' ? -1 : 1);
	return true;
}

static int
parse_date(const char *text, int64_t *ms)
{
	struct tm tm = {0};
	int used = 0, minutes;
	double fraction = 0;
	char *end;

	if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3 ||
	    used != 10)
		return -EINVAL;
	text += used;
	if (*text == 'T' || *text == 't' || *text == ' ') {
		if (sscanf(text + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used) != 2 || used != 5)
			return -EINVAL;
		text += 1 + used;
		if (*text == ':') {
			if (sscanf(text + 1, "%2d%n", &tm.tm_sec, &used) != 1 || used != 2)
				return -EINVAL;
			text += 1 + used;
		}
		if (*text == '.') {
			fraction = strtod(text, &end);
			if (end == text + 1 || fraction >= 1)
				return -EINVAL;
			text = end;
		}
		if (!read_offset(text, &minutes))
			return -EINVAL;
	} else if (*text != 0) {
		return -EINVAL;
	} else {
		minutes = 0;
	}
	const struct tm given = tm;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	/* timegm mends the 31st of June; here it is a mistake. 23:59:60 is the next day's start. */
	if (given.tm_mon < 1 || given.tm_mon > 12 || given.tm_hour > 23 || given.tm_min > 59 ||
	    given.tm_sec > 60 || given.tm_year < 1970)
		return -EINVAL;
	time_t seconds = timegm(&tm);
	if (given.tm_sec < 60 && tm.tm_mday != given.tm_mday)
		return -EINVAL;
	*ms = ((int64_t)seconds - minutes * 60) * 1000 + (int64_t)(fraction * 1000);
	return 0;
}

int
history_parse_time(const char *text, int64_t now_ms, int64_t *ms)
{
	const char *at = text + 1;
	int64_t length;
	double seconds;
	char *end;

	if (strcmp(text, "now") == 0) {
		*ms = now_ms;
		return 0;
	}
	if (text[0] == '-') {
		if (!read_time(&at, &length) || *at != 0)
			return -EINVAL;
		*ms = now_ms - length;
		return 0;
	}
	if (text[0] != 0 && strspn(text, "0123456789.") == strlen(text)) {
		seconds = strtod(text, &end);
		if (*end != 0 || seconds > 253402300800.0) /* the year 10,000 */
			return -EINVAL;
		*ms = (int64_t)(seconds * 1000 + 0.5);
		return 0;
	}
	return parse_date(text, ms);
}
