/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"

#include "json.h"

#include <ctype.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const level_names[] = {"ok", "warning", "fault"};

/* One line stays one, whatever a path holds. */
static void
flatten(char *text)
{
	for (; *text != 0; text++) {
		if (iscntrl((unsigned char)*text))
			*text = '?';
	}
}

/* One line. `remedy` may be NULL where there is nothing to type: never for a fault. */
void
say(struct doctor *d, enum check_level level, const char *name, const char *remedy,
    const char *format, ...)
{
	char text[2 * PATH_MAX], remedy_text[2 * PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	flatten(text);
	snprintf(remedy_text, sizeof(remedy_text), "%s", remedy ? remedy : "");
	flatten(remedy_text);
	if (level > d->worst)
		d->worst = level;
	if (!d->json) {
		printf("%-7s  %s: %s%s%s\n", level_names[level], name, text,
		       remedy ? "; remedy: " : "", remedy_text);
		return;
	}
	json_array_append_new(d->checks,
			      json_pack("{s:s, s:s, s:o, s:o}", "check", name, "level",
					level_names[level], "text", json_text(text), "remedy",
					remedy ? json_text(remedy_text) : json_null()));
}

/* A path as a shell takes it: in quotes where it needs them. */
const char *
quote(const char *path, char *text, size_t size)
{
	size_t used = 0;

	if (strspn(path,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+,@%-") ==
	    strlen(path)) {
		snprintf(text, size, "%s", path);
		return text;
	}
	used = (size_t)snprintf(text, size, "'");
	for (const char *c = path; *c != 0 && used + 6 < size; c++)
		used += (size_t)snprintf(text + used, size - used, *c == '\'' ? "'\\''" : "%c", *c);
	snprintf(text + used, size - used, "'");
	return text;
}

/* The first line of a file below the root, without its end. NULL if it cannot be read. */
const char *
read_line(const struct doctor *d, char *line, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	int used = snprintf(path, sizeof(path), "%s", d->root);
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(path + used, sizeof(path) - (size_t)used, format, args);
	va_end(args);
	file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	if (fgets(line, (int)size, file) == NULL)
		line[0] = 0;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return line;
}

bool
is_there(const struct doctor *d, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", d->root, path);
	return access(full, F_OK) == 0;
}

/* The last part of where a link points to. NULL if there is none. */
const char *
link_target(const struct doctor *d, const char *path, char *target, size_t size)
{
	char full[PATH_MAX], text[PATH_MAX];
	ssize_t length;
	const char *base;

	snprintf(full, sizeof(full), "%s%s", d->root, path);
	length = readlink(full, text, sizeof(text) - 1);
	if (length < 0)
		return NULL;
	text[length] = 0;
	base = strrchr(text, '/');
	if ((size_t)snprintf(target, size, "%s", base ? base + 1 : text) >= size)
		return NULL;
	return target;
}

/* Who will run it: --user, or the service's user when root asks. NULL: whoever asks. */
const char *
who(const struct doctor *d)
{
	if (d->settings->user != NULL)
		return d->settings->user;
	return geteuid() == 0 && getpwnam(d->service_user) != NULL ? d->service_user : NULL;
}

int
doctor_end(struct doctor *d)
{
	if (d->json) {
		json_t *all = json_pack("{s:s, s:i, s:o}", "worst", level_names[d->worst], "code",
					(int)d->worst, "checks", d->checks);
		char *text = json_dumps(all, JSON_INDENT(1));

		printf("%s\n", text ? text : "{}");
		free(text);
		json_decref(all);
	}
	fflush(stdout);
	return (int)d->worst;
}
