/* SPDX-License-Identifier: BSD-3-Clause */
#include "told.h"

#include "file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
told_read(struct told *told, const char *path)
{
	json_error_t error;
	json_int_t last;
	json_t *open, *value;
	size_t i;

	*told = (struct told){.path = path};
	if (path == NULL || access(path, F_OK) != 0)
		return path == NULL || errno == ENOENT ? 0 : -errno;
	json_t *o = json_load_file(path, 0, &error);
	const bool fine = json_unpack(o, "{s:I, s:o}", "last", &last, "open", &open) == 0 &&
			  json_is_array(open) && last >= 0;

	if (fine) {
		told->begun = true;
		told->last = (uint64_t)last;
		json_array_foreach(open, i, value)
		{
			if (json_is_integer(value) && told->count < TOLD_OPEN_MOST)
				told->open[told->count++] = (uint64_t)json_integer_value(value);
		}
	}
	json_decref(o);
	return fine ? 0 : -EINVAL;
}

int
told_write(const struct told *told)
{
	json_t *open = json_array();
	int ret = -ENOMEM;

	if (told->path == NULL) {
		json_decref(open);
		return 0;
	}
	for (size_t i = 0; i < told->count; i++)
		json_array_append_new(open, json_integer((json_int_t)told->open[i]));
	json_t *o = json_pack("{s:I, s:o}", "last", (json_int_t)told->last, "open", open);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (text != NULL)
		ret = file_replace_text(told->path, text, strlen(text));
	free(text);
	return ret;
}

void
told_begin(struct told *told, uint64_t id)
{
	told->begun = true;
	if (id > told->last)
		told->last = id;
	if (told->count == TOLD_OPEN_MOST)
		told_end(told, told->open[0]);
	told->open[told->count++] = id;
}

void
told_end(struct told *told, uint64_t id)
{
	size_t kept = 0;

	for (size_t i = 0; i < told->count; i++) {
		if (told->open[i] != id)
			told->open[kept++] = told->open[i];
	}
	told->count = kept;
}

bool
told_is_open(const struct told *told, uint64_t id)
{
	for (size_t i = 0; i < told->count; i++) {
		if (told->open[i] == id)
			return true;
	}
	return false;
}
