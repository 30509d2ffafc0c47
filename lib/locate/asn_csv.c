/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."
 *
 * Quotes as in RFC 4180; no line within a field.
 */
#include "asn_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHAPE "a line is as  1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\""

struct line {
	struct host_addr first, last;
	enum addr_family family;
	uint32_t number;
	char name[512];
	size_t length;
};

/* An address up to a comma, which is passed over. */
static bool
read_address(const char **at, const char *end, struct host_addr *addr, enum addr_family *family)
{
	const char *comma = memchr(*at, ',', (size_t)(end - *at));
	char text[HOST_ADDR_TEXT];

	if (comma == NULL || (size_t)(comma - *at) >= sizeof(text))
		return false;
	memcpy(text, *at, (size_t)(comma - *at));
	text[comma - *at] = 0;
	*at = comma + 1;
	return host_addr_parse(text, addr, family) == 0;
}

/* Longer names are cut. */
static bool
read_name(const char *at, const char *end, struct line *line)
{
	const bool quoted = at < end && *at == '"';

	line->length = 0;
	for (at += quoted; at < end; at++) {
		if (quoted && *at == '"' && (++at == end || *at != '"'))
			return at == end;
		if (line->length < sizeof(line->name))
			line->name[line->length++] = *at;
	}
	return !quoted;
}

/* NULL, or what is wrong. */
static const char *
read_line(const char *at, const char *end, struct line *line)
{
	enum addr_family other;
	uint64_t number = 0;

	if (!read_address(&at, end, &line->first, &line->family) ||
	    !read_address(&at, end, &line->last, &other) || other != line->family)
		return "two addresses of one family are to stand first";
	const char *digits = at;
	while (at < end && *at >= '0' && *at <= '9' && number <= UINT32_MAX)
		number = 10 * number + (uint64_t)(*at++ - '0');
	if (at == digits || at == end || *at != ',' || number > UINT32_MAX)
		return "the third is no number from 0 to 4294967295";
	line->number = (uint32_t)number;
	return read_name(at + 1, end, line) ? NULL : "the name's quotes do not close";
}

static int
add_line(struct asn_table *t, const struct line *line)
{
	if (line->number == 0) /* how some say that nobody announces it */
		return 0;
	const uint32_t who = asn_system(t, line->number, line->name, line->length);

	if (who == 0)
		return -ENOMEM;
	return asn_add(t, line->family == ADDR_IPV4, &line->first, &line->last, who);
}

static int
read_lines(struct asn_table *t, const char *text, size_t size, const char *path,
	   const atomic_bool *cancel, char *error)
{
	const char *const end = text + size;
	size_t number = 0;

	for (const char *at = text; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *next = stop != NULL ? stop + 1 : end;
		struct line line;

		if (stop == NULL)
			stop = end;
		if (stop > at && stop[-1] == '\r')
			stop--;
		if (++number % LOCATE_CANCEL_STEPS == 0 && locate_is_cancelled(cancel))
			return -ECANCELED;
		const char *wrong = stop > at ? read_line(at, stop, &line) : NULL;
		int ret = wrong == NULL && stop > at ? add_line(t, &line) : 0;

		if (ret == -EINVAL)
			wrong = "it begins before the line in front of it, or ends before it "
				"begins";
		if (ret == -ENOMEM) {
			snprintf(error, LOCATE_ERROR_MAX, "%s: out of memory", path);
			return ret;
		}
		if (wrong != NULL) {
			snprintf(error, LOCATE_ERROR_MAX,
				 "%s:%zu: %s; " SHAPE ", as in the npm package "
				 "@ip-location-db/asn",
				 path, number, wrong);
			return -EINVAL;
		}
		at = next;
	}
	return 0;
}

/* All of an open file. 0 or negative errno; malloc'ed. */
static int
read_all(int fd, size_t size, const atomic_bool *cancel, char **text)
{
	size_t done = 0;

	*text = malloc(size + 1);
	if (*text == NULL)
		return -ENOMEM;
	while (done < size) {
		const size_t part = size - done < (4u << 20) ? size - done : 4u << 20;
		const ssize_t n = read(fd, *text + done, part);

		if (locate_is_cancelled(cancel))
			return -ECANCELED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* shorter than it was a moment ago */
			return n < 0 ? -errno : -ESTALE;
		done += (size_t)n;
	}
	return 0;
}

int
asn_read_csv(struct asn_table *t, struct asn_source *source, const char *path,
	     const atomic_bool *cancel, char *error)
{
	char *text = NULL;
	struct stat after;
	int fd = locate_open_regular(path, &source->file, error);

	if (fd < 0)
		return fd;
	int ret = read_all(fd, (size_t)source->file.st_size, cancel, &text);
	if (ret == 0 && (fstat(fd, &after) != 0 || !locate_same_file(&source->file, &after)))
		ret = -ESTALE;
	close(fd);
	if (ret == -ESTALE)
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: the file changed while it was read; bring it by renaming a whole one "
			 "over it",
			 path);
	else if (ret != 0)
		snprintf(error, LOCATE_ERROR_MAX, "%s: %s", path, strerror(-ret));
	else
		ret = read_lines(t, text, (size_t)source->file.st_size, path, cancel, error);
	free(text);
	if (ret != 0)
		return ret;
	struct locate_database *about = &source->about;
	snprintf(about->path, sizeof(about->path), "%s", path);
	snprintf(about->type, sizeof(about->type), "asn csv");
	/* the file says nothing of its age; an archive of npm writes 1985 */
	about->built = source->file.st_mtime > 1000000000 ? source->file.st_mtime : 0;
	about->ip_version = 0;
	locate_describe_asn(about);
	return 0;
}
