/* SPDX-License-Identifier: BSD-3-Clause */
#include "databases.h"

#include "internal.h"
#include "land.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANOTHER "name another with --geo-db"

/*
 * Does any record hold a position, and in which schema? Else, does one name a country? Walks the
 * tree, which was checked, depth-first until one has a position; a database of another kind (ASN,
 * country) has none at all, and is told by a bounded number of records.
 */
static bool
has_places(struct database *db, const atomic_bool *cancel)
{
	const MMDB_s *mmdb = &db->mmdb;
	bool countries = false, flat_countries = false;
	/* a node's two records per level of the tree: 2 x 128 can be open at a time */
	uint32_t open[2 * 129];
	size_t depth = 0;
	unsigned int records = 0, values = 0;

	open[depth++] = 0;
	/* 200 values for each of the records */
	for (uint64_t steps = 0;
	     depth > 0 && records < 20000 && values < 4000000 && steps < 2000000; steps++) {
		MMDB_search_node_s node;

		if (locate_is_cancelled(cancel))
			return false;
		if (MMDB_read_node(mmdb, open[--depth], &node) != MMDB_SUCCESS)
			continue;
		const uint8_t types[2] = {node.right_record_type, node.left_record_type};
		const uint64_t next[2] = {node.right_record, node.left_record};
		MMDB_entry_s entries[2] = {node.right_record_entry, node.left_record_entry};

		for (int side = 0; side < 2; side++) {
			struct place place;

			if (types[side] == MMDB_RECORD_TYPE_SEARCH_NODE) {
				if (depth < sizeof(open) / sizeof(open[0]))
					open[depth++] = (uint32_t)next[side];
			} else if (types[side] == MMDB_RECORD_TYPE_DATA) {
				unsigned int count = locate_value_count(mmdb->data_section,
									mmdb->data_section_size,
									entries[side].offset);

				records++;
				values += count > 0 ? count : LOCATE_VALUES_MAX;
				for (int schema = 0; schema < 2; schema++) {
					db->flat = schema == 1;
					if (!locate_record_decode(&entries[side], db, &place))
						continue;
					if (place.has_position)
						return true;
					if (!countries && land_country(place.country) != NULL) {
						countries = true;
						flat_countries = db->flat;
					}
				}
			}
		}
	}
	db->flat = flat_countries;
	db->countries = countries;
	return countries;
}

static void
describe(struct database *db, const char *path)
{
	const MMDB_metadata_s *meta = &db->mmdb.metadata;
	struct locate_database *about = &db->about;

	snprintf(about->path, sizeof(about->path), "%s", path);
	locate_copy_name(
		about->type, sizeof(about->type), meta->database_type ? meta->database_type : "",
		meta->database_type ? strnlen(meta->database_type, sizeof(about->type) - 1) : 0);
	/* whoever says a year beyond 9999 does not know */
	about->built = meta->build_epoch < 253402300800 ? (time_t)meta->build_epoch : 0;
	about->ip_version = meta->ip_version;
	locate_describe(about, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

/* Where the library looks for the metadata: behind the last marker of the last 128 kB. */
#define METADATA_MAX ((size_t)128 << 10)
static const char marker[] = "\xab\xcd\xefMaxMind.com";

/* The library writes out all values of the metadata that it is asked for, pointers followed: does
 * that have an end? 0, -EINVAL or -ENOMEM. A file without metadata passes, the library says so. */
static int
check_metadata(int fd, off_t size)
{
	const size_t length = size < (off_t)METADATA_MAX ? (size_t)size : METADATA_MAX;
	const size_t mark = sizeof(marker) - 1;
	uint8_t *tail = malloc(METADATA_MAX);
	size_t start = 0;
	bool sound = true;

	if (tail == NULL)
		return -ENOMEM;
	if (pread(fd, tail, length, size - (off_t)length) == (ssize_t)length) {
		for (size_t at = length; at >= mark && start == 0; at--) {
			if (memcmp(tail + at - mark, marker, mark) == 0)
				start = at;
		}
	}
	if (start > 0)
		sound = locate_value_count(tail + start, length - start, 0) > 0;
	free(tail);
	return sound ? 0 : -EINVAL;
}

/* Reads the file in at once: a look-up shall not wait for the disk, nor fault once a page. */
static int
read_in(const MMDB_s *mmdb, const atomic_bool *cancel)
{
	const size_t size = (size_t)mmdb->file_size, each = (size_t)4 << 20;

	for (size_t at = 0; at < size; at += each) {
		if (locate_is_cancelled(cancel))
			return -ECANCELED;
		/* a wish: kernels before 5.14 do not know it */
		madvise((void *)(uintptr_t)(mmdb->file_content + at),
			size - at < each ? size - at : each, MADV_POPULATE_READ);
	}
	return 0;
}

int
locate_open_regular(const char *path, struct stat *st, char *error)
{
	char checked[64];
	/* O_PATH opens nothing yet: it neither waits for the writer of a FIFO nor wakes a device,
	 * and what it found cannot be exchanged before it is opened for reading */
	int fd = -1, found = open(path, O_PATH | O_CLOEXEC), status;

	if (found >= 0 && fstat(found, st) == 0 && !S_ISREG(st->st_mode)) {
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: is %s, not a geolocation database; name a file with --geo-db", path,
			 S_ISDIR(st->st_mode) ? "a folder" : "no regular file");
		close(found);
		return -EINVAL;
	}
	if (found >= 0) {
		snprintf(checked, sizeof(checked), "/proc/self/fd/%d", found);
		fd = open(checked, O_RDONLY | O_CLOEXEC);
	}
	status = fd < 0 ? -errno : fd;
	if (found >= 0)
		close(found);
	if (fd < 0)
		snprintf(error, LOCATE_ERROR_MAX, "%s: cannot open the geolocation database: %s",
			 path, strerror(-status));
	return status;
}

/*
 * The whole file into memory of our own, which then nobody can change: `cp`, `curl -o` and `gunzip
 * -c >` cut a file before they write it, and a look-up in a mapping of what is no longer there is a
 * SIGBUS. It costs the file's size in memory that cannot be given back to the disk. Returns a
 * descriptor, or -errno.
 */
static int
copy_file(int from, off_t size, const atomic_bool *cancel)
{
	const size_t each = (size_t)4 << 20;
	int to = memfd_create("database", MFD_CLOEXEC | MFD_ALLOW_SEALING), ret = 0;
	void *at = MAP_FAILED;

	if (to < 0)
		return -errno;
	if (ftruncate(to, size) != 0)
		ret = -errno;
	if (ret == 0 && size > 0)
		at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
	if (ret == 0 && size > 0 && at == MAP_FAILED)
		ret = -errno;
	for (off_t done = 0; ret == 0 && done < size;) {
		const size_t part = (size_t)(size - done) < each ? (size_t)(size - done) : each;
		ssize_t n = pread(from, (char *)at + done, part, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* shorter than it was a moment ago */
			ret = n < 0 ? -errno : -ESTALE;
		else
			done += n;
		if (locate_is_cancelled(cancel))
			ret = -ECANCELED;
	}
	if (at != MAP_FAILED)
		munmap(at, (size_t)size);
	if (ret == 0 &&
	    fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		ret = -errno;
	if (ret != 0)
		close(to);
	return ret != 0 ? ret : to;
}

bool
locate_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* 0, or negative errno with a line in `error` */
static int
open_library(const char *path, const atomic_bool *cancel, struct database *db, char *error)
{
	char checked[64];
	struct stat st, after;
	int file = locate_open_regular(path, &db->file, error), fd;

	if (file < 0)
		return file;
	st = db->file;
	fd = copy_file(file, st.st_size, cancel);
	if (fd >= 0 && (fstat(file, &after) != 0 || !locate_same_file(&st, &after))) {
		close(fd);
		fd = -ESTALE;
	}
	close(file);
	if (fd < 0) {
		snprintf(error, LOCATE_ERROR_MAX, "%s: %s", path,
			 fd == -ESTALE ? "the file changed while it was read; bring it by renaming "
					 "a whole one over it"
				       : strerror(-fd));
		return fd == -ESTALE ? -EINVAL : fd;
	}
	int metadata = check_metadata(fd, st.st_size);
	if (metadata != 0) {
		snprintf(error, LOCATE_ERROR_MAX, "%s: %s", path,
			 metadata == -ENOMEM ? "out of memory"
					     : "the metadata is corrupt; " ANOTHER);
		close(fd);
		return metadata;
	}
	snprintf(checked, sizeof(checked), "/proc/self/fd/%d", fd);
	int status = MMDB_open(checked, MMDB_MODE_MMAP, &db->mmdb), saved = errno;
	close(fd);
	if (status == MMDB_SUCCESS)
		return 0;
	const bool system = status == MMDB_FILE_OPEN_ERROR && saved != 0;
	snprintf(error, LOCATE_ERROR_MAX, "%s: cannot open the geolocation database: %s%s", path,
		 system ? strerror(saved) : MMDB_strerror(status),
		 status == MMDB_FILE_OPEN_ERROR ? "" : "; " ANOTHER);
	return system ? -saved : status == MMDB_OUT_OF_MEMORY_ERROR ? -ENOMEM : -EINVAL;
}

void
locate_database_close(struct database *db)
{
	MMDB_close(&db->mmdb);
	free(db->middles);
	free(db);
}

struct database *
locate_database_open(const char *path, const atomic_bool *cancel, char *error)
{
	struct database *db = calloc(1, sizeof(*db));
	const char *wrong = NULL;

	if (db == NULL) {
		snprintf(error, LOCATE_ERROR_MAX, "%s: out of memory", path);
		return NULL;
	}
	int status = open_library(path, cancel, db, error);
	if (status != 0) {
		free(db);
		errno = -status;
		return NULL;
	}
	status = read_in(&db->mmdb, cancel);
	if (status == 0)
		status = locate_tree_check(&db->mmdb, cancel, &wrong);
	if (status == 0) {
		describe(db, path);
		return db;
	}
	snprintf(error, LOCATE_ERROR_MAX,
		 wrong != NULL ? "%s: %s: the file is damaged; bring it anew, or name another"
			       : "%s: %s",
		 path, wrong != NULL ? wrong : strerror(-status));
	locate_database_close(db);
	errno = -status;
	return NULL;
}

/* One with positions. NULL with errno, and a line in `error`. */
static struct database *
open_city(const char *path, const atomic_bool *cancel, char *error)
{
	struct database *db = locate_database_open(path, cancel, error);

	if (db == NULL)
		return NULL;
	int status = has_places(db, cancel) ? 0 : -EINVAL;
	if (locate_is_cancelled(cancel))
		status = -ECANCELED;
	if (status == 0 && !db->countries)
		status = locate_middles_find(db, cancel);
	if (status == 0)
		return db;
	if (status == -EINVAL)
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: the database (type '%.40s') holds no latitude and longitude, and no "
			 "countries; a City database is needed, name one with --geo-db",
			 path,
			 db->mmdb.metadata.database_type ? db->mmdb.metadata.database_type : "");
	else
		snprintf(error, LOCATE_ERROR_MAX, "%s: %s", path, strerror(-status));
	locate_database_close(db);
	errno = -status;
	return NULL;
}

struct locate_databases *
locate_databases_open(const char *const *paths, size_t count, const atomic_bool *cancel,
		      char *error)
{
	if (count == 0 || count > LOCATE_MAX_DATABASES) {
		snprintf(error, LOCATE_ERROR_MAX, "%zu databases named; 1 to %d are possible",
			 count, LOCATE_MAX_DATABASES);
		errno = EINVAL;
		return NULL;
	}
	struct locate_databases *databases = calloc(1, sizeof(*databases));
	if (databases == NULL) {
		snprintf(error, LOCATE_ERROR_MAX, "out of memory");
		return NULL;
	}
	atomic_init(&databases->references, 1);
	for (size_t i = 0; i < count; i++) {
		databases->each[i] = open_city(paths[i], cancel, error);
		if (databases->each[i] == NULL) {
			int saved = errno;

			locate_databases_unref(databases);
			errno = saved;
			return NULL;
		}
		databases->count++;
	}
	return databases;
}

void
locate_databases_set_own(struct locate_databases *databases, const struct networks *own)
{
	databases->own = *own;
}

const struct networks *
locate_databases_own(const struct locate_databases *databases)
{
	return &databases->own;
}

void
locate_databases_set_sites(struct locate_databases *databases, struct sites *sites)
{
	sites_free(databases->sites);
	databases->sites = sites;
}

const struct sites *
locate_databases_sites(const struct locate_databases *databases)
{
	return databases != NULL ? databases->sites : NULL;
}

void
locate_databases_set_asn(struct locate_databases *databases, struct asn_table *asn)
{
	asn_unref(databases->asn);
	databases->asn = asn;
}

struct asn_table *
locate_databases_asn(const struct locate_databases *databases)
{
	return databases != NULL ? databases->asn : NULL;
}

struct locate_databases *
locate_databases_ref(struct locate_databases *databases)
{
	if (databases != NULL)
		atomic_fetch_add_explicit(&databases->references, 1, memory_order_relaxed);
	return databases;
}

void
locate_databases_unref(struct locate_databases *databases)
{
	/* who frees must see all that the others did before they let go */
	if (databases == NULL ||
	    atomic_fetch_sub_explicit(&databases->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < databases->count; i++)
		locate_database_close(databases->each[i]);
	sites_free(databases->sites);
	asn_unref(databases->asn);
	free(databases);
}

unsigned int
locate_databases_renewed(const struct locate_databases *databases)
{
	unsigned int renewed = 0;
	struct stat now;

	for (size_t i = 0; i < databases->count; i++) {
		const struct database *db = databases->each[i];

		/* one that is gone may be on its way: a new one is what counts */
		if (stat(db->about.path, &now) == 0 && !locate_same_file(&now, &db->file))
			renewed |= 1u << i;
	}
	return renewed;
}

size_t
locate_databases_count(const struct locate_databases *databases)
{
	return databases != NULL ? databases->count : 0;
}

const struct locate_database *
locate_databases_get(const struct locate_databases *databases, size_t i)
{
	return &databases->each[i]->about;
}
