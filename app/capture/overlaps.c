/* SPDX-License-Identifier: BSD-3-Clause */
#include "overlaps.h"

#include "links.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERFACES_MAX 4096
/* a VLAN on a bond on a VLAN on a bridge ...: more than anybody has built */
#define STACK_MOST 8

struct interfaces {
	struct link_info *all;
	unsigned int count;
};

static void
add(const struct link_info *info, void *context)
{
	struct interfaces *list = context;

	if (list->count < INTERFACES_MAX)
		list->all[list->count++] = *info;
}

static const struct link_info *
find(const struct interfaces *list, unsigned int index)
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (list->all[i].index == index)
			return &list->all[i];
	}
	return NULL;
}

/* How `upper` comes to carry what `lower` carries; NULL: it does not. */
static const char *
stands_on(const struct interfaces *list, const struct link_info *upper,
	  const struct link_info *lower, unsigned int depth)
{
	if (lower->master == upper->index)
		return "is a port of";
	if (upper->stacked && upper->lower == lower->index)
		return "is below";
	if (depth == STACK_MOST)
		return NULL;
	for (unsigned int i = 0; i < list->count; i++) {
		const struct link_info *next = &list->all[i];

		if ((next->master == upper->index ||
		     (upper->stacked && upper->lower == next->index)) &&
		    stands_on(list, next, lower, depth + 1) != NULL)
			return "is below";
	}
	return NULL;
}

/* The line for a pair, and which of the two to leave out. False: they do not overlap. */
static bool
compare(const struct interfaces *list, const char *const names[2], char text[OVERLAP_TEXT_MAX],
	const char **spare)
{
	const struct link_info *info[2];
	const char *how;

	for (int i = 0; i < 2; i++) {
		info[i] = find(list, if_nametoindex(names[i]));
		if (info[i] == NULL)
			return false;
	}
	*spare = names[1];
	if (info[0] == info[1]) {
		snprintf(text, OVERLAP_TEXT_MAX,
			 "%s and %s are one interface: its packets count twice", names[0],
			 names[1]);
		return true;
	}
	if (info[0]->lower == info[1]->index && info[1]->lower == info[0]->index) {
		snprintf(text, OVERLAP_TEXT_MAX,
			 "%s and %s carry the same packets (they are the ends of one cable): each "
			 "of them counts twice",
			 names[0], names[1]);
		return true;
	}
	for (int upper = 0; upper < 2; upper++) {
		const char *below = names[!upper];

		how = stands_on(list, info[upper], info[!upper], 0);
		if (how == NULL)
			continue;
		snprintf(text, OVERLAP_TEXT_MAX,
			 "%s and %s carry the same packets (%s %s %s): each of them counts twice",
			 names[upper], below, below, how, names[upper]);
		*spare = below;
		return true;
	}
	return false;
}

unsigned int
overlaps_find(const struct settings *s,
	      void (*tell)(const char *text, const char *spare, void *context), void *context)
{
	const struct text_list *named = &s->interfaces;
	struct interfaces list = {.count = 0};
	unsigned int found = 0;
	char text[OVERLAP_TEXT_MAX];
	const char *spare;

	if (s->overlap || named->count < 2)
		return 0;
	list.all = calloc(INTERFACES_MAX, sizeof(*list.all));
	int fd = links_open();
	if (list.all != NULL && fd >= 0 && links_visit(fd, add, &list) == 0) {
		for (unsigned int i = 0; i < named->count; i++) {
			for (unsigned int j = i + 1; j < named->count; j++) {
				const char *const names[2] = {named->items[i], named->items[j]};

				if (!compare(&list, names, text, &spare))
					continue;
				found++;
				tell(text, spare, context);
			}
		}
	}
	if (fd >= 0)
		close(fd);
	free(list.all);
	return found;
}
