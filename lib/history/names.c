/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ledger as pairs of (number of a name, value), without those that are 0. The numbers are the
 * store's own: a version of the program that knows more reasons, or fewer, or in another order,
 * reads what an older one wrote.
 */
#include "internal.h"

#include "ledger_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct names {
	struct ledger_name names[LEDGER_NAMES];
	uint32_t numbers[LEDGER_NAMES]; /* in the store; 0: it has none yet */
};

void
names_free(struct names *names)
{
	free(names);
}

struct names *
names_load(sqlite3 *db)
{
	struct names *names = calloc(1, sizeof(*names));
	sqlite3_stmt *statement;
	int code;

	if (names == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	ledger_names(names->names);
	code = sqlite3_prepare_v2(db, "SELECT id, name FROM names", -1, &statement, NULL);
	while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 1);

		for (size_t i = 0; name != NULL && i < LEDGER_NAMES; i++) {
			if (strcmp(names->names[i].text, name) == 0)
				names->numbers[i] = (uint32_t)sqlite3_column_int(statement, 0);
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

	for (size_t i = 0; code == SQLITE_OK && i < LEDGER_NAMES; i++) {
		if (names->numbers[i] != 0)
			continue;
		sqlite3_bind_text(statement, 1, names->names[i].text, -1, SQLITE_STATIC);
		code = sqlite3_step(statement);
		if (code == SQLITE_DONE)
			code = sqlite3_reset(statement);
		names->numbers[i] = (uint32_t)sqlite3_last_insert_rowid(db);
	}
	sqlite3_finalize(statement);
	return code;
}

int
ledger_encode(const struct names *names, const struct ledger *ledger, void **blob, size_t *size)
{
	unsigned char *to = malloc(LEDGER_NAMES * 15 + 1);
	struct ledger copy = *ledger;
	size_t n = 0;

	if (to == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < LEDGER_NAMES; i++) {
		const uint64_t value = *ledger_number(&copy, &names->names[i]);

		if (value == 0)
			continue;
		n += varint_put(to + n, names->numbers[i]);
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
		for (size_t i = 0; i < LEDGER_NAMES; i++) {
			if (names->numbers[i] == number && number != 0)
				*ledger_number(ledger, &names->names[i]) += value;
		}
	}
	return 0;
}
