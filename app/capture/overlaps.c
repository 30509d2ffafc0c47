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

static void
leave_out(char remedy[OVERLAP_REMEDY_MAX], const char *name)
{
	snprintf(remedy, OVERLAP_REMEDY_MAX, "leave %s out", name);
}

/* The bridge that both are ports of, or NULL. */
static const struct link_info *
common_bridge(const struct interfaces *list, const char *one, const char *two)
{
	const struct link_info *a = find(list, if_nametoindex(one));
	const struct link_info *b = find(list, if_nametoindex(two));

	if (a == NULL || b == NULL || a == b || a->master == 0 || a->master != b->master)
		return NULL;
	const struct link_info *master = find(list, a->master);
	return master != NULL && master->bridge ? master : NULL;
}

/* Is one that was named before these two a port of their bridge, too? Then it has been told. */
static bool
is_told(const struct interfaces *list, const struct text_list *named, unsigned int i,
	unsigned int j)
{
	for (unsigned int k = 0; k < j; k++) {
		if (k != i && common_bridge(list, named->items[k], named->items[j]) != NULL)
			return true;
	}
	return false;
}

/* The line for a pair, and what to do. False: they do not overlap. */
static bool
compare(const struct interfaces *list, const char *const names[2], char text[OVERLAP_TEXT_MAX],
	char remedy[OVERLAP_REMEDY_MAX])
{
	const struct link_info *info[2];
	const char *how;

	for (int i = 0; i < 2; i++) {
		info[i] = find(list, if_nametoindex(names[i]));
		if (info[i] == NULL)
			return false;
	}
	leave_out(remedy, names[1]);
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
		leave_out(remedy, below);
		return true;
	}
	const struct link_info *bridge = common_bridge(list, names[0], names[1]);

	if (bridge == NULL)
		return false;
	snprintf(text, OVERLAP_TEXT_MAX,
		 "%s and %s are ports of one bridge, %s: what it passes from one to the other "
		 "counts twice",
		 names[0], names[1], bridge->name);
	snprintf(remedy, OVERLAP_REMEDY_MAX, "name %s instead", bridge->name);
	return true;
}

unsigned int
overlaps_find(const struct settings *s,
	      void (*tell)(const char *text, const char *remedy, void *context), void *context)
{
	const struct text_list *named = &s->interfaces;
	struct interfaces list = {.count = 0};
	unsigned int found = 0;
	char text[OVERLAP_TEXT_MAX], remedy[OVERLAP_REMEDY_MAX];

	if (s->overlap || named->count < 2)
		return 0;
	list.all = calloc(INTERFACES_MAX, sizeof(*list.all));
	int fd = links_open();
	if (list.all != NULL && fd >= 0 && links_visit(fd, add, &list) == 0) {
		for (unsigned int i = 0; i < named->count; i++) {
			for (unsigned int j = i + 1; j < named->count; j++) {
				const char *const names[2] = {named->items[i], named->items[j]};

				if (!compare(&list, names, text, remedy) ||
				    (common_bridge(&list, names[0], names[1]) != NULL &&
				     is_told(&list, named, i, j)))
					continue;
				found++;
				tell(text, remedy, context);
			}
		}
	}
	if (fd >= 0)
		close(fd);
	free(list.all);
	return found;
}
