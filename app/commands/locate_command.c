/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate_command.h"

#include "explain.h"
#include "geo.h"
#include "locate_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
say(const char *text)
{
	fprintf(stderr, "packet-heatmap: %s\n", text);
}

/* 0, or -1 where it is no address. */
static int
parse(const char *text, struct host_addr *addr, enum addr_family *family)
{
	if (host_addr_parse(text, addr, family) == 0)
		return 0;
	fprintf(stderr,
		"packet-heatmap: --locate: '%.80s' is no address, such as 192.0.2.1 or "
		"2001:db8::1%s\n",
		text, strchr(text, '%') != NULL ? " (without a zone)" : "");
	return -1;
}

static void
print(const struct explanation *e)
{
	char address[HOST_ADDR_TEXT], reason[512];

	printf("%s: ", host_addr_text(&e->addr, e->family, address));
	if (e->on_the_map)
		printf("%s%s%s (%.4f, %.4f), ", e->place.city, e->place.city[0] ? ", " : "",
		       e->place.country[0] ? e->place.country : "no country", e->place.latitude,
		       e->place.longitude);
	printf("%s", explanation_reason(e, reason));
	if (e->database != NULL)
		printf(" in %s (%s)", e->database->title, e->database->path);
	if (e->asn.number != 0)
		printf("; AS%u%s%s", e->asn.number, e->asn.name[0] != 0 ? " " : "", e->asn.name);
	printf("\n");
}

/* 0, or EXIT_FAILURE where it cannot be written or there is no memory. */
static int
answer(struct locate_databases *databases, const struct host_addr *addr, enum addr_family family,
       bool json)
{
	struct explanation e;

	if (locate_explain(databases, addr, family, &e) != 0) {
		say("out of memory");
		return EXIT_FAILURE;
	}
	if (!json) {
		print(&e);
	} else {
		json_t *o = locate_json(&e);
		char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

		json_decref(o);
		if (text == NULL) {
			say("out of memory");
			return EXIT_FAILURE;
		}
		printf("%s\n", text);
		free(text);
	}
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A line an address; empty ones are passed over. */
static int
answer_stdin(struct locate_databases *databases, bool json)
{
	enum addr_family family;
	struct host_addr addr;
	char *line = NULL;
	size_t room = 0;
	int ret = EXIT_SUCCESS;

	while (getline(&line, &room, stdin) > 0) {
		char *word = line + strspn(line, " \t");

		word[strcspn(word, " \t\r\n")] = 0;
		if (word[0] == 0)
			continue;
		if (parse(word, &addr, &family) != 0 || answer(databases, &addr, family, json) != 0)
			ret = EXIT_FAILURE;
		fflush(stdout); /* whoever asks by a pipe waits for it */
	}
	free(line);
	return ret;
}

int
locate_command(const struct settings *s)
{
	static struct geo_paths paths;
	char error[LOCATE_ERROR_MAX];
	enum addr_family family;
	struct host_addr addr;
	int ret = EXIT_SUCCESS;

	for (unsigned int i = 0; i < s->locate.count; i++) {
		if (strcmp(s->locate.items[i], "-") != 0 &&
		    parse(s->locate.items[i], &addr, &family) != 0)
			return 2;
	}
	if (geo_find(s, &paths, error) != 0) {
		say(error);
		return EXIT_FAILURE;
	}
	struct locate_databases *databases =
		locate_databases_open(paths.list, paths.count, NULL, error);
	if (databases == NULL) {
		say(error);
		return EXIT_FAILURE;
	}
	if (geo_say(s, databases, NULL, NULL, error) != 0) {
		locate_databases_unref(databases);
		say(error);
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < s->locate.count && ret == EXIT_SUCCESS; i++) {
		if (strcmp(s->locate.items[i], "-") == 0) {
			ret = answer_stdin(databases, s->json);
			continue;
		}
		parse(s->locate.items[i], &addr, &family);
		ret = answer(databases, &addr, family, s->json);
	}
	locate_databases_unref(databases);
	if (fflush(stdout) != 0 && ret == EXIT_SUCCESS) {
		say("standard output cannot be written");
		ret = EXIT_FAILURE;
	}
	return ret;
}
