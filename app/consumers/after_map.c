/* SPDX-License-Identifier: BSD-3-Clause */
#include "after_map.h"

#include "file.h"
#include "log.h"

#include <errno.h>
#include <time.h>

/* An end waits so long for a disk or a reader; then the process ends without it. */
#define FILES_END_MS   10000
#define CONSOLE_END_MS 1000
#define READERS_END_MS 1000 /* of files that are pipes */
#define FILES_WAIT_MS  5000

static const char *
html_of(const struct settings *s)
{
	return s->html;
}

static const char *
hosts_of(const struct settings *s)
{
	return s->hosts;
}

static const char *
status_of(const struct settings *s)
{
	return s->status;
}

static const struct row {
	const struct consumer_ops *ops;
	const char *(*wanted)(const struct settings *settings); /* NULL: always */
	int end_ms;
	/* what is said where its end comes too late; NULL: that is all there is to say */
	const char *late;
} rows[] = {
	{&html_consumer_ops, html_of, FILES_END_MS, "--html"},
	{&hosts_consumer_ops, hosts_of, FILES_END_MS, "--hosts"},
	{&status_consumer_ops, status_of, FILES_END_MS, "--status"},
	{&console_consumer_ops, NULL, CONSOLE_END_MS, NULL}, /* stdout is not read */
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

_Static_assert(ROWS <= AFTER_MAP_MAX, "each has its place");

int
after_map_start(struct after_map *a, const struct settings *settings)
{
	a->outputs.settings = settings;
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].wanted != NULL && rows[i].wanted(settings) == NULL)
			continue;
		a->all[i] = consumer_create(rows[i].ops, &a->outputs);
		if (a->all[i] == NULL)
			return -errno;
	}
	return 0;
}

void
after_map_offer(struct after_map *a, struct period *p)
{
	for (size_t i = 0; i < ROWS; i++) {
		int tries = p->head.packet_time && p->head.over ? FILES_WAIT_MS : 0;

		if (a->all[i] == NULL)
			continue;
		while (tries > 0 && !consumer_has_room(a->all[i])) {
			nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
			tries -= !a->outputs.settings->once;
		}
		consumer_offer(a->all[i], p);
	}
}

size_t
after_map_stats(const struct after_map *a, struct consumer_stats *stats, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < ROWS && n < most; i++) {
		if (a->all[i] != NULL)
			consumer_stats(a->all[i], &stats[n++]);
	}
	return n;
}

bool
after_map_end(struct after_map *a)
{
	/* it was never started where there are no settings yet */
	const bool once = a->outputs.settings != NULL && a->outputs.settings->once;
	bool ended = true;

	if (!once)
		file_hurry(READERS_END_MS);
	for (size_t i = 0; i < ROWS; i++) {
		const bool waits = once && rows[i].late != NULL;

		if (consumer_destroy(a->all[i], waits ? -1 : rows[i].end_ms) != 0) {
			if (rows[i].late != NULL)
				log_error("%s is not written in time; ending without it",
					  rows[i].late);
			ended = false;
		}
		a->all[i] = NULL;
	}
	return ended;
}
