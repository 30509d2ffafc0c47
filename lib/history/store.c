/* SPDX-License-Identifier: BSD-3-Clause */
/* The file: opened, made, upgraded; and its connections. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x70686d68 /* "phmh", so that file(1) and others can tell */
#define SCHEMA_VERSION 5

/* A reader that meets a checkpoint waits for it; nobody else writes. */
#define BUSY_MS 5000

int
store_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int64_t
store_number(sqlite3 *db, const char *sql, int *code)
{
	sqlite3_stmt *statement;
	int64_t number = 0;

	*code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (*code != SQLITE_OK)
		return 0;
	*code = sqlite3_step(statement);
	if (*code == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	if (*code == SQLITE_ROW || *code == SQLITE_DONE)
		*code = SQLITE_OK;
	sqlite3_finalize(statement);
	return number;
}

static int
make_tables(sqlite3 *db)
{
	char sql[512];
	int code = store_run(db, "CREATE TABLE places(id INTEGER PRIMARY KEY, latitude REAL, "
				 "longitude REAL, radius REAL, country TEXT, city TEXT);"
				 "CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
				 "CREATE TABLE pruned(tier INTEGER PRIMARY KEY, until INTEGER);");

	/* numbers first: SQLite reads a row's start without its overflow pages */
	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		snprintf(sql, sizeof(sql),
			 "CREATE TABLE tier%d(start INTEGER PRIMARY KEY, finish INTEGER, seq "
			 "INTEGER, covered INTEGER, periods INTEGER, received INTEGER, lost "
			 "INTEGER, tcp INTEGER, udp INTEGER, tcp_octets INTEGER, udp_octets "
			 "INTEGER, ledger BLOB, places BLOB);"
			 "CREATE INDEX tier%d_seq ON tier%d(seq);",
			 tier, tier, tier);
		code = store_run(db, sql);
	}
	return code;
}

/* A store of version n runs the steps from n on. */
static int
make_schema(sqlite3 *db, int64_t version)
{
	int code = version < 1 ? make_tables(db) : SQLITE_OK;

	if (code == SQLITE_OK && version < 2)
		code = store_run(db, "ALTER TABLE places ADD COLUMN own INTEGER NOT NULL DEFAULT "
				     "0");
	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK && version < 3; tier++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "ALTER TABLE tier%d ADD COLUMN hosts BLOB", tier);
		code = store_run(db, sql);
	}
	if (code == SQLITE_OK && version < 4)
		code = store_run(db, "ALTER TABLE places ADD COLUMN site INTEGER NOT NULL DEFAULT "
				     "0");
	if (code == SQLITE_OK && version < 5) /* of a network its number, 0: unknown whose */
		code = store_run(db, "ALTER TABLE places ADD COLUMN asn INTEGER;"
				     "CREATE INDEX places_asn ON places(id) WHERE asn IS NOT NULL");
	return code;
}

static int
upgrade(sqlite3 *db, const char *path, char error[HISTORY_ERROR_MAX])
{
	char sql[96];
	int code;
	int64_t version = store_number(db, "PRAGMA user_version", &code);
	int64_t id = code == SQLITE_OK ? store_number(db, "PRAGMA application_id", &code) : 0;
	int64_t tables = code == SQLITE_OK
				 ? store_number(db, "SELECT count(*) FROM sqlite_schema", &code)
				 : 0;

	if (code != SQLITE_OK)
		return code;
	if (version > SCHEMA_VERSION) {
		snprintf(error, HISTORY_ERROR_MAX,
			 "%.300s is of a newer version of packet-heatmap (schema %lld, this one "
			 "knows %d): use that version, or another --history folder",
			 path, (long long)version, SCHEMA_VERSION);
		return SQLITE_MISUSE;
	}
	if (tables > 0 && id != APPLICATION_ID) {
		snprintf(error, HISTORY_ERROR_MAX,
			 "%.300s is a database of another program: name another --history folder",
			 path);
		return SQLITE_MISUSE;
	}
	if (version == SCHEMA_VERSION)
		return SQLITE_OK;
	code = store_run(db, "BEGIN IMMEDIATE");
	if (code == SQLITE_OK)
		code = make_schema(db, version);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 APPLICATION_ID, SCHEMA_VERSION);
	if (code == SQLITE_OK)
		code = store_run(db, sql);
	if (code != SQLITE_OK)
		store_run(db, "ROLLBACK");
	return code;
}

static int
prepare(struct store *store)
{
	char sql[256];
	int code = SQLITE_OK;

	for (int tier = 0; tier < HISTORY_TIERS && code == SQLITE_OK; tier++) {
		snprintf(
			sql, sizeof(sql),
			"INSERT INTO tier%d VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
			tier);
		code = sqlite3_prepare_v2(store->db, sql, -1, &store->insert[tier], NULL);
		snprintf(sql, sizeof(sql), "SELECT 1 FROM tier%d WHERE start = ?1", tier);
		if (code == SQLITE_OK)
			code = sqlite3_prepare_v2(store->db, sql, -1, &store->taken[tier], NULL);
	}
	return code;
}

int
store_judge(const char *path, char error[HISTORY_ERROR_MAX])
{
	sqlite3 *db = NULL;
	int64_t id = 0, version = 0;
	int code = store_open_reader(path, &db);

	if (code == SQLITE_OK)
		version = store_number(db, "PRAGMA user_version", &code);
	if (code == SQLITE_OK)
		id = store_number(db, "PRAGMA application_id", &code);
	if (code != SQLITE_OK)
		snprintf(error, HISTORY_ERROR_MAX, "%.300s cannot be read: %.150s", path,
			 db != NULL ? sqlite3_errmsg(db) : "out of memory");
	else if (id != APPLICATION_ID)
		snprintf(error, HISTORY_ERROR_MAX, "%.300s is not a history of packet-heatmap",
			 path);
	else if (version != SCHEMA_VERSION)
		snprintf(error, HISTORY_ERROR_MAX,
			 "%.300s is of %s version of packet-heatmap (schema %lld, this one reads "
			 "%d): %s",
			 path, version > SCHEMA_VERSION ? "a newer" : "an older",
			 (long long)version, SCHEMA_VERSION,
			 version > SCHEMA_VERSION ? "use that version"
						  : "start this one with it once");
	sqlite3_close(db);
	return code == SQLITE_OK && id == APPLICATION_ID && version == SCHEMA_VERSION ? 0 : -1;
}

/* The names of the ledger and the slots being filled. */
static int
load(struct store *store)
{
	int code = SQLITE_OK;

	store->names = names_load(store->db);
	if (store->names == NULL)
		return errno == ENOMEM ? SQLITE_NOMEM : SQLITE_IOERR;
	store->places = known_places_load(store->db, &code);
	if (code == SQLITE_OK)
		code = store_run(store->db, "BEGIN IMMEDIATE");
	if (code == SQLITE_OK) {
		code = names_complete(store->names, store->db);
		if (code == SQLITE_OK)
			code = store_run(store->db, "COMMIT");
		else
			store_run(store->db, "ROLLBACK");
	}
	return code == SQLITE_OK ? rollup_load(store) : code;
}

int
store_open(struct store *store, const struct history_settings *settings,
	   char error[HISTORY_ERROR_MAX])
{
	int code;

	*store = (struct store){.hosts_of_place = settings->hosts_of_place,
				.privacy = settings->privacy};
	error[0] = 0;
	snprintf(store->path, sizeof(store->path), "%s/%s", settings->folder, HISTORY_FILE);
	code = sqlite3_open_v2(store->path, &store->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code == SQLITE_OK) {
		sqlite3_extended_result_codes(store->db, 1);
		sqlite3_busy_timeout(store->db, BUSY_MS);
		/* pages that pruning frees can be given back; only an empty file can be told so */
		code = store_run(store->db, "PRAGMA auto_vacuum = INCREMENTAL;"
					    "PRAGMA journal_mode = WAL;"
					    "PRAGMA synchronous = FULL;"
					    "PRAGMA temp_store = MEMORY;"
					    "PRAGMA journal_size_limit = 4194304;");
	}
	if (code == SQLITE_OK) { /* the hard bound: pruning keeps away from it */
		char sql[64];
		int64_t page = store_number(store->db, "PRAGMA page_size", &code);

		snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld",
			 (long long)(settings->size / (uint64_t)(page > 0 ? page : 4096)));
		code = code == SQLITE_OK ? store_run(store->db, sql) : code;
	}
	if (code == SQLITE_OK && settings->unsynced)
		code = store_run(store->db, "PRAGMA synchronous = OFF");
	if (code == SQLITE_OK)
		code = upgrade(store->db, store->path, error);
	if (code == SQLITE_OK)
		code = prepare(store);
	if (code == SQLITE_OK)
		code = load(store);
	if (code != SQLITE_OK) {
		if (error[0] == 0)
			snprintf(error, HISTORY_ERROR_MAX, "%.300s: %.150s", store->path,
				 store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code));
		store_close(store);
	}
	return code;
}

void
store_close(struct store *store)
{
	for (int tier = 0; tier < HISTORY_TIERS; tier++) {
		sqlite3_finalize(store->insert[tier]);
		sqlite3_finalize(store->taken[tier]);
		sum_free(&store->open[tier]);
	}
	names_free(store->names);
	known_places_free(store->places);
	sqlite3_close(store->db);
	*store = (struct store){0};
}

int
store_open_reader(const char *path, sqlite3 **db)
{
	int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK) {
		sqlite3_extended_result_codes(*db, 1);
		sqlite3_busy_timeout(*db, BUSY_MS);
		code = store_run(*db, "PRAGMA temp_store = MEMORY; PRAGMA query_only = 1");
	}
	return code;
}

uint64_t
store_octets(const struct store *store)
{
	int code;
	int64_t pages = store_number(store->db, "PRAGMA page_count", &code);
	int64_t size = store_number(store->db, "PRAGMA page_size", &code);

	return (uint64_t)pages * (uint64_t)size;
}
