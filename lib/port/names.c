/* SPDX-License-Identifier: BSD-3-Clause */
#include "names.h"

#include "links.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* as many as there can be interfaces on the command line */
#define NAMES_MAX 64

static char names[NAMES_MAX][IFNAMSIZ];
static char arguments[NAMES_MAX][4];
static unsigned int name_count;

int
port_name_find(const char *given, char name[IFNAMSIZ])
{
	struct link_info info;
	int fd = links_open(), ret = fd;

	if (fd >= 0) {
		ret = links_named(fd, given, &info);
		close(fd);
	}
	if (ret == 0) {
		snprintf(name, IFNAMSIZ, "%s", info.name);
		return 0;
	}
	/* labels are of the address families, which ioctl(2) asks */
	if (strlen(given) < IFNAMSIZ && if_nametoindex(given) > 0 &&
	    if_indextoname(if_nametoindex(given), name) != NULL)
		return 0;
	return ret;
}

const char *
port_name_argument(const char *name)
{
	/* rte_kvargs splits at these, and takes the others for lists */
	if (strpbrk(name, ",=[]()\"") == NULL)
		return name;
	for (unsigned int i = 0; i < name_count; i++) {
		if (strcmp(names[i], name) == 0)
			return arguments[i];
	}
	if (name_count == NAMES_MAX || strlen(name) >= IFNAMSIZ)
		return NULL;
	snprintf(names[name_count], IFNAMSIZ, "%s", name);
	snprintf(arguments[name_count], sizeof(arguments[0]), "/%u", name_count);
	return arguments[name_count++];
}

void
port_name_meant(const char *argument, char name[IFNAMSIZ])
{
	if (argument[0] == '/') {
		const unsigned long number = strtoul(argument + 1, NULL, 10);

		snprintf(name, IFNAMSIZ, "%s", number < name_count ? names[number] : "");
	} else {
		snprintf(name, IFNAMSIZ, "%.*s", (int)strcspn(argument, ","), argument);
	}
}
