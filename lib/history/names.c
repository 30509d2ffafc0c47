/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ledger as pairs of (number of a name, value), without those that are 0. The numbers are the
 * store's own: a version of the program that knows more reasons, or fewer, or in another order,
 * reads what an older one wrote.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 80

/* where a name's value is in a struct ledger */
struct entry {
	char name[NAME_MAX_LENGTH];
	size_t offset;
	uint32_t number; /* in the store; 0: it has none yet */
};

struct names {
	struct entry *entries;
	size_t count;
};

#define ENTRIES_MAX (2 * DECODE_RESULTS + DECODE_EVENTS + TUNNELS + 1 + GEO_RESULTS + 2 * WAYS)

static void
put(struct names *names, const char *group, const char *name, size_t offset)
{
	struct entry *entry = &names->entries[names->count++];

	snprintf(entry->name, sizeof(entry->name), "%s.%s", group, name);
	entry->offset = offset;
}

static struct names *
names_create(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->entries = calloc(ENTRIES_MAX, sizeof(*names->entries));
	if (names->entries == NULL) {
		free(names);
		return NULL;
	}
	for (int i = 0; i < DECODE_RESULTS; i++) {
		const char *name = decode_result_name((enum decode_result)i);

		put(names, "frames", name,
		    offsetof(struct ledger, decode.frames) + (size_t)i * sizeof(uint64_t));
		put(names, "octets", name,
		    offsetof(struct ledger, decode.octets) + (size_t)i * sizeof(uint64_t));
	}
	for (int i = 0; i < DECODE_EVENTS; i++)
		put(names, "events", decode_event_name((enum decode_event)i),
		    offsetof(struct ledger, decode.events) + (size_t)i * sizeof(uint64_t));
	for (int i = 0; i < TUNNELS; i++)
		put(names, "unwrapped", tunnel_name((enum tunnel)i),
		    offsetof(struct ledger, decode.unwrapped) + (size_t)i * sizeof(uint64_t));
	put(names, "unwrapped", "too_deep", offsetof(struct ledger, decode.tunnel_too_deep));
	for (int i = 0; i < GEO_RESULTS; i++)
		put(names, "addresses", geo_result_name((enum geo_result)i),
		    offsetof(struct ledger, geo) + (size_t)i * sizeof(uint64_t));
	for (int i = 0; i < WAYS; i++) {
		put(names, "ways", way_name((enum way)i),
		    offsetof(struct ledger, decode.ways) + (size_t)i * sizeof(uint64_t));
		put(names, "way_octets", way_name((enum way)i),
		    offsetof(struct ledger, decode.way_octets) + (size_t)i * sizeof(uint64_t));
	}
	return names;
}

void
names_free(struct names *names)
{
	if (names != NULL)
		free(names->entries);
	free(names);
}

struct names *
names_load(sqlite3 *db)
{
	struct names *names = names_create();
	sqlite3_stmt *statement;
	int code;

	if (names == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	code = sqlite3_prepare_v2(db, "SELECT id, name FROM names", -1, &statement, NULL);
	while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 1);

		for (size_t i = 0; name != NULL && i < names->count; i++) {
			if (strcmp(names->entries[i].name, name) == 0)
				names->entries[i].number =
					(uint32_t)sqlite3_column_int(statement, 0);
		}
		code = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE) {
		names_free(names);
		errno = EIO;
		return NULL;
	}
	return names;
}

int
names_complete(struct names *names, sqlite3 *db)
{
	sqlite3_stmt *statement;
	int code =
		sqlite3_prepare_v2(db, "INSERT INTO names(name) VALUES(?1)", -1, &statement, NULL);

	for (size_t i = 0; code == SQLITE_OK && i < names->count; i++) {
		struct entry *entry = &names->entries[i];

		if (entry->number != 0)
			continue;
		sqlite3_bind_text(statement, 1, entry->name, -1, SQLITE_STATIC);
		code = sqlite3_step(statement);
		if (code == SQLITE_DONE)
			code = sqlite3_reset(statement);
		entry->number = (uint32_t)sqlite3_last_insert_rowid(db);
	}
	sqlite3_finalize(statement);
	return code;
}

static uint64_t *
value_at(struct ledger *ledger, const struct entry *entry)
{
	return (uint64_t *)(void *)((char *)ledger + entry->offset);
}

int
ledger_encode(const struct names *names, const struct ledger *ledger, void **blob, size_t *size)
{
	unsigned char *to = malloc(names->count * 15 + 1);
	struct ledger copy = *ledger;
	size_t n = 0;

	if (to == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++) {
		const uint64_t value = *value_at(&copy, &names->entries[i]);

		if (value == 0)
			continue;
		n += varint_put(to + n, names->entries[i].number);
		n += varint_put(to + n, value);
	}
	*blob = to;
	*size = n;
	return 0;
}

int
ledger_decode(const struct names *names, const void *blob, size_t size, struct ledger *ledger)
{
	const unsigned char *at = blob, *end = at + size;
	uint64_t number, value;

	while (at < end) {
		if (!varint_get(&at, end, &number) || !varint_get(&at, end, &value))
			return -EBADMSG;
		for (size_t i = 0; i < names->count; i++) {
			if (names->entries[i].number == number && number != 0)
				*value_at(ledger, &names->entries[i]) += value;
		}
	}
	return 0;
}
