/* SPDX-License-Identifier: BSD-3-Clause */
#include "http.h"

#include "door.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *
skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* The weight behind a coding: 0 only where q=0, 0.0, ... is said. */
static bool
weight_is_zero(const char *p, const char *end)
{
	while (p < end) {
		if (*p++ != ';')
			continue;
		p = skip_space(p);
		if (p + 2 <= end && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return strtod(p + 2, NULL) <= 0;
	}
	return false;
}

int
http_accepts_gzip(const char *header)
{
	int gzip = -1, any = -1;

	if (header == NULL)
		return 0;
	for (const char *p = header; *p != 0;) {
		p = skip_space(p);
		const char *end = p + strcspn(p, ",");
		size_t name = strcspn(p, ",; \t");

		if ((name == 4 && strncasecmp(p, "gzip", 4) == 0) ||
		    (name == 6 && strncasecmp(p, "x-gzip", 6) == 0))
			gzip = !weight_is_zero(p, end);
		else if (name == 1 && *p == '*')
			any = !weight_is_zero(p, end);
		p = *end ? end + 1 : end;
	}
	return gzip >= 0 ? gzip : any == 1;
}

/* The weight of a media range, 1 where none is said. */
static double
weight_of(const char *p, const char *end)
{
	while (p < end) {
		if (*p++ != ';')
			continue;
		p = skip_space(p);
		if (p + 2 <= end && (*p == 'q' || *p == 'Q') && p[1] == '=') {
			double weight = strtod(p + 2, NULL);

			return weight >= 0 && weight <= 1 ? weight : 0;
		}
	}
	return 1;
}

/* How much a media range says of a type: 3 its own name, 2 its kind, 1 any; 0: nothing.
 */
static int
range_matches(const char *range, size_t length, const char *type)
{
	const size_t whole = strcspn(type, "; "), kind = strcspn(type, "/");

	if (length == whole && strncasecmp(range, type, whole) == 0)
		return 3;
	if (length == kind + 2 && strncasecmp(range, type, kind + 1) == 0 && range[kind + 1] == '*')
		return 2;
	return length == 3 && strncmp(range, "*/*", 3) == 0;
}

int
http_choose(const char *accept, const char *const types[], size_t count)
{
	int best = -1, best_says = 0;
	double best_weight = 0;

	if (accept == NULL || accept[strspn(accept, " \t")] == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		double weight = -1;
		int says = 0;

		/* of several ranges that fit the one that says most counts */
		for (const char *p = accept; *p != 0;) {
			p = skip_space(p);
			const char *end = p + strcspn(p, ",");
			const int more = range_matches(p, strcspn(p, ",; \t"), types[i]);

			if (more > says) {
				says = more;
				weight = weight_of(p, end);
			}
			p = *end ? end + 1 : end;
		}
		/* of two that are as welcome the one that was called by its name, then the first */
		if (weight > 0 && (weight > best_weight ||
				   (weight >= best_weight && says == 3 && best_says < 3))) {
			best = (int)i;
			best_weight = weight;
			best_says = says;
		}
	}
	return best;
}

int
http_etag_matches(const char *header, const char *etag)
{
	size_t length = strlen(etag);

	if (header == NULL)
		return 0;
	for (const char *p = header; *p != 0;) {
		p = skip_space(p);
		if (*p == '*')
			return 1;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (*p == '"') {
			const char *end = strchr(p + 1, '"');

			if (end == NULL)
				return 0;
			size_t n = (size_t)(end - p - 1);
			if (n == length && strncmp(p + 1, etag, length) == 0)
				return 1;
			p = end + 1;
		}
		p += strcspn(p, ",");
		if (*p == ',')
			p++;
	}
	return 0;
}

/* Digits alone; *end behind them. */
static bool
read_size(const char **text, size_t *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	if (errno != 0)
		*value = SIZE_MAX;
	*text = end;
	return true;
}

int
http_parse_range(const char *range, size_t whole, size_t *from, size_t *length)
{
	size_t first, last = SIZE_MAX;

	if (strncasecmp(range, "bytes=", 6) != 0)
		return -EINVAL;
	range = skip_space(range + 6);
	if (*range == '-') { /* the last so many octets */
		range++;
		if (!read_size(&range, &last) || *range != 0)
			return -EINVAL;
		if (last == 0)
			return -ERANGE;
		*from = last < whole ? whole - last : 0;
		*length = whole - *from;
		return whole > 0 ? 0 : -ERANGE;
	}
	if (!read_size(&range, &first) || *range++ != '-')
		return -EINVAL;
	if (*range != 0 && (!read_size(&range, &last) || *range != 0 || last < first))
		return -EINVAL;
	if (first >= whole)
		return -ERANGE;
	*from = first;
	*length = (last < whole ? last + 1 : whole) - first;
	return 0;
}

int
http_check_origin(const char *origin)
{
	const char *host = strstr(origin, "://");

	if (strcmp(origin, "*") == 0)
		return 0;
	if (host == NULL || host == origin || strlen(origin) > 200)
		return -EINVAL;
	for (const char *c = origin; c < host; c++) {
		if (!isalnum((unsigned char)*c) && strchr("+-.", *c) == NULL)
			return -EINVAL;
	}
	host += 3;
	if (*host == 0)
		return -EINVAL;
	/* a path or a slash at the end would never match what a browser sends */
	for (; *host != 0; host++) {
		if (!isalnum((unsigned char)*host) && strchr("-.:[]_", *host) == NULL)
			return -EINVAL;
	}
	return 0;
}

int
http_check_host(const char *name)
{
	char plain[256];

	if (strcmp(name, "*") == 0)
		return 0;
	/* with a port it would look as if that mattered; brackets are IPv6's own colons' */
	if (door_host_name(name, plain) != 0)
		return -EINVAL;
	const char *end = name[0] == '[' ? strchr(name, ']') : name;
	return strchr(end, ':') != NULL ? -EINVAL : 0;
}

int
http_parse_listen(const char *listen, char address[64], uint16_t *port)
{
	const char *colon = strrchr(listen, ':');
	const char *digits = colon ? colon + 1 : listen;
	size_t length = colon ? (size_t)(colon - listen) : 0;
	struct in_addr in;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return -EINVAL;
	unsigned long value = strtoul(digits, &end, 10);
	if (*end != 0 || value > 65535 || length >= 64)
		return -EINVAL;
	if (length == 0) {
		if (colon != NULL)
			return -EINVAL;
		snprintf(address, 64, "127.0.0.1");
	} else {
		memcpy(address, listen, length);
		address[length] = 0;
		if (strcmp(address, "localhost") == 0)
			snprintf(address, 64, "127.0.0.1");
		else if (strcmp(address, "*") == 0)
			snprintf(address, 64, "0.0.0.0");
		/* Debian's civetweb is built without IPv6 */
		if (inet_pton(AF_INET, address, &in) != 1)
			return -EINVAL;
	}
	*port = (uint16_t)value;
	return 0;
}
