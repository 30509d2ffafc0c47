/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A note: what somebody wants to be remembered with exactly the counts that it came with, in the
 * same transaction of whoever keeps them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct note {
	char *name;  /* malloc'ed; a later note of that name replaces it */
	void *value; /* malloc'ed; NULL: what is kept under that name is to be forgotten */
	size_t size;
};

static inline void
notes_free(struct note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(notes[i].name);
		free(notes[i].value);
	}
	free(notes);
}

/* NULL: ENOMEM, or none. */
static inline struct note *
notes_copy(const struct note *notes, size_t count)
{
	struct note *copy = count > 0 ? calloc(count, sizeof(*copy)) : NULL;

	for (size_t i = 0; i < count && copy != NULL; i++) {
		const bool forget = notes[i].value == NULL;

		copy[i] = (struct note){strdup(notes[i].name),
					forget ? NULL : malloc(notes[i].size + 1), notes[i].size};
		if (copy[i].name == NULL || (!forget && copy[i].value == NULL)) {
			notes_free(copy, i + 1);
			return NULL;
		}
		if (!forget)
			memcpy(copy[i].value, notes[i].value, notes[i].size);
	}
	return copy;
}
