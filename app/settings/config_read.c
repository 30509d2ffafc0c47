/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_read.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERROR_MAX 4864
#define WHAT_MAX  256

static char *
trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}

static bool
is_comment(char c)
{
	return c == '#' || c == ';';
}

/* Ends the text at a comment: at its first character, or one behind white space. */
static void
cut_comment(char *text)
{
	for (char *c = text; *c != 0; c++) {
		if (is_comment(*c) && (c == text || isspace((unsigned char)c[-1]))) {
			*c = 0;
			return;
		}
	}
}

/* Takes the backslash off what would begin a comment. */
static void
unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != 0; from++) {
		if (from[0] == '\\' && is_comment(from[1]))
			from++;
		*to++ = *from;
	}
	*to = 0;
}

/*
 * The value that stands behind the sign of equality. NULL with `what`. A content security policy
 * has words of its own in single quotes: those of its sources stay.
 */
static char *
read_value(const char *key, char *text, char what[WHAT_MAX])
{
	const bool is_policy = strcmp(key, "frame-ancestors") == 0;

	text = trim(text);
	if (*text != '"' && (*text != '\'' || is_policy)) {
		cut_comment(text);
		text = trim(text);
		unescape(text);
		return text;
	}
	char *end = strchr(text + 1, *text);
	if (end == NULL) {
		snprintf(what, WHAT_MAX, "the quote before '%.60s' is not closed", text + 1);
		return NULL;
	}
	*end = 0;
	char *behind = trim(end + 1);
	if (*behind != 0 && !is_comment(*behind)) {
		snprintf(what, WHAT_MAX, "'%.60s' stands behind the closing quote", behind);
		return NULL;
	}
	return text + 1;
}

/* What a line is: its parts point into `text`. 1: a section or a key, 0: neither; -EINVAL. */
static int
read_line(char *text, struct config_line *line, char what[WHAT_MAX])
{
	text = trim(text);
	if (*text == 0 || is_comment(*text))
		return 0;
	if (*text == '[') {
		cut_comment(text);
		text = trim(text);
		char *end = strchr(text, ']');
		if (end == NULL || end[1] != 0) {
			snprintf(what, WHAT_MAX, "'%.60s' is no section: [name]", text);
			return -EINVAL;
		}
		*end = 0;
		line->section = trim(text + 1);
		line->key = line->value = NULL;
		return 1;
	}
	char *equals = strchr(text, '=');
	if (equals == NULL || equals == text) {
		snprintf(what, WHAT_MAX,
			 "'%.60s' is neither [section], nor key = value, nor a # comment", text);
		return -EINVAL;
	}
	*equals = 0;
	line->key = trim(text);
	line->value = read_value(line->key, equals + 1, what);
	if (line->value != NULL && strlen(line->value) > CONFIG_VALUE_MAX) {
		snprintf(what, WHAT_MAX, "a value has at most %d characters", CONFIG_VALUE_MAX);
		return -EINVAL;
	}
	return line->value != NULL ? 1 : -EINVAL;
}

/* A line of its own for each. The section of a key is that of the line before. */
static int
keep(struct config_line **lines, size_t *count, const struct config_line *line)
{
	const char *section = line->section;
	struct config_line *more = realloc(*lines, (*count + 1) * sizeof(**lines));

	if (more == NULL)
		return -ENOMEM;
	*lines = more;
	if (line->key != NULL)
		section = *count > 0 ? more[*count - 1].section : NULL;
	struct config_line *last = &more[*count];
	*last = (struct config_line){
		.number = line->number,
		.section = section != NULL ? strdup(section) : NULL,
		.key = line->key != NULL ? strdup(line->key) : NULL,
		.value = line->value != NULL ? strdup(line->value) : NULL,
	};
	(*count)++;
	return (section == NULL || last->section != NULL) &&
			       (line->key == NULL || (last->key != NULL && last->value != NULL))
		       ? 0
		       : -ENOMEM;
}

/* What cannot be seen in an editor, and would be read as something else. */
static int
check_octets(const char *text, unsigned int number, bool last, char what[WHAT_MAX])
{
	if (number == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		snprintf(what, WHAT_MAX,
			 "the file begins with a byte order mark; save it as UTF-8 without");
		return -EINVAL;
	}
	if (strchr(text, '\n') != NULL || last)
		return 0;
	if (strlen(text) >= CONFIG_LINE_MAX)
		snprintf(what, WHAT_MAX, "the line is longer than %d characters", CONFIG_LINE_MAX);
	else
		snprintf(what, WHAT_MAX, "the line holds a zero byte");
	return -EINVAL;
}

int
config_read(const char *path, struct config_line **lines, size_t *count, char error[ERROR_MAX])
{
	char text[CONFIG_LINE_MAX + 1], what[WHAT_MAX];
	struct stat st;
	int ret = 0;
	/* a FIFO without a writer must not hold the start up: it is refused below */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	*lines = NULL;
	*count = 0;
	if (file == NULL || fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(error, ERROR_MAX, "--config %.4095s: %s", path,
			 file ? "is not a regular file" : strerror(errno));
		if (file != NULL)
			fclose(file);
		return -EINVAL;
	}
	for (unsigned int number = 1; ret >= 0 && fgets(text, sizeof(text), file) != NULL;
	     number++) {
		struct config_line line = {.number = number};

		ret = check_octets(text, number, feof(file) != 0, what);
		if (ret == 0)
			ret = read_line(text, &line, what);
		if (ret > 0)
			ret = keep(lines, count, &line);
		if (ret == -ENOMEM)
			snprintf(what, sizeof(what), "out of memory");
		if (ret < 0)
			snprintf(error, ERROR_MAX, "%.4095s:%u: %s", path, number, what);
	}
	fclose(file);
	if (ret >= 0)
		return 0;
	config_lines_free(*lines, *count);
	*lines = NULL;
	*count = 0;
	return ret;
}

void
config_lines_free(struct config_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(lines[i].section);
		free(lines[i].key);
		free(lines[i].value);
	}
	free(lines);
}
