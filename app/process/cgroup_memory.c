/* SPDX-License-Identifier: BSD-3-Clause */
#include "cgroup_memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* how a version calls its files */
static const struct names {
	const char *folder, *limit, *usage, *reclaimable;
} version1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	      "total_inactive_file"},
  version2 = {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
  /* beside version 1, where systemd mounts both */
	version2_beside = {"/sys/fs/cgroup/unified", "memory.max", "memory.current",
			   "inactive_file"};

/* The first number of a file, behind this word if it is not NULL. False: "max", or none. */
static bool
read_number(const char *folder, const char *name, const char *word, unsigned long long *value)
{
	char path[PATH_MAX + 64], line[128], found[64];
	bool got = false;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	while (file != NULL && !got && fgets(line, sizeof(line), file) != NULL) {
		if (word == NULL)
			got = sscanf(line, "%llu", value) == 1;
		else
			got = sscanf(line, "%63s %llu", found, value) == 2 &&
			      strcmp(found, word) == 0;
		if (word == NULL)
			break;
	}
	if (file != NULL)
		fclose(file);
	return got;
}

/* What one group leaves. */
static uint64_t
left_in(const char *folder, const struct names *names)
{
	unsigned long long limit, usage = 0, files = 0;

	if (!read_number(folder, names->limit, NULL, &limit) ||
	    !read_number(folder, names->usage, NULL, &usage))
		return UINT64_MAX;
	(void)read_number(folder, "memory.stat", names->reclaimable, &files);
	usage = usage > files ? usage - files : 0;
	return limit > usage ? limit - usage : 0;
}

/* Of the group and all above it. */
static uint64_t
left_from(const char *root, const char *group, const struct names *names)
{
	char folder[PATH_MAX];
	uint64_t least = UINT64_MAX;

	snprintf(folder, sizeof(folder), "%.256s%s%.3000s", root, names->folder, group);
	/* A container may see its own group alone, at the top, under the name that the host has for
	 * it: then there is no such folder, and the top it is. */
	const size_t top = strlen(root) + strlen(names->folder);
	for (;;) {
		const uint64_t left = left_in(folder, names);

		least = left < least ? left : least;
		char *slash = strrchr(folder, '/');
		if (strlen(folder) <= top || slash == NULL || slash < folder + top)
			return least;
		*slash = 0;
	}
}

uint64_t
cgroup_memory_left(const char *root)
{
	char path[PATH_MAX], line[PATH_MAX + 128];
	uint64_t least = UINT64_MAX;

	snprintf(path, sizeof(path), "%.256s/proc/self/cgroup", root);
	FILE *file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = 0;
		/* number:controllers:/group */
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (group == NULL)
			continue;
		*group++ = 0;
		controllers++;
		if (controllers[0] == 0) {
			uint64_t left = left_from(root, group, &version2);
			least = left < least ? left : least;
			left = left_from(root, group, &version2_beside);
			least = left < least ? left : least;
		}
		char *rest = controllers;
		for (const char *name; (name = strsep(&rest, ",")) != NULL;) {
			if (strcmp(name, "memory") == 0) {
				uint64_t left = left_from(root, group, &version1);
				least = left < least ? left : least;
			}
		}
	}
	if (file != NULL)
		fclose(file);
	return least;
}
