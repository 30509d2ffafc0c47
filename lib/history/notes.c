/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to be remembered with the periods, in their transaction. The table is made where there is
 * a first note: most stores have none, and a program that knows of none reads the store as before.
 */
#include "internal.h"

#include <errno.h>

#define MAKE "CREATE TABLE IF NOT EXISTS notes(name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"

int
notes_store(sqlite3 *db, const struct note *notes, size_t count)
{
	sqlite3_stmt *insert = NULL, *forget = NULL;
	int code = count > 0 ? store_run(db, MAKE) : SQLITE_OK;

	if (count == 0 || code != SQLITE_OK)
		return code;
	code = sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO notes VALUES(?1, ?2)", -1, &insert,
				  NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, "DELETE FROM notes WHERE name = ?1", -1, &forget,
					  NULL);
	for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
		sqlite3_stmt *statement = notes[i].value != NULL ? insert : forget;

		sqlite3_bind_text(statement, 1, notes[i].name, -1, SQLITE_STATIC);
		if (statement == insert)
			sqlite3_bind_blob64(insert, 2, notes[i].value, notes[i].size,
					    SQLITE_STATIC);
		code = sqlite3_step(statement);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
		sqlite3_reset(statement);
	}
	sqlite3_finalize(insert);
	sqlite3_finalize(forget);
	return code;
}

int
history_notes(struct history *h,
	      void (*note)(void *context, const char *name, const void *value, size_t size),
	      void *context)
{
	sqlite3 *db = h->store.db;
	sqlite3_stmt *select = NULL;
	int code;

	if (store_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'notes'", &code) == 0)
		return code == SQLITE_OK ? 0 : -EIO;
	code = sqlite3_prepare_v2(db, "SELECT name, value FROM notes", -1, &select, NULL);
	while (code == SQLITE_OK && (code = sqlite3_step(select)) == SQLITE_ROW) {
		note(context, (const char *)sqlite3_column_text(select, 0),
		     sqlite3_column_blob(select, 1), (size_t)sqlite3_column_bytes(select, 1));
		code = SQLITE_OK;
	}
	sqlite3_finalize(select);
	return code == SQLITE_DONE ? 0 : -EIO;
}
