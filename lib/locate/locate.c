/* SPDX-License-Identifier: BSD-3-Clause */
#include "locate.h"

#include "internal.h"
#include "large.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* without it uthash ends the process; an element that could not be added has hh.tbl NULL */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/*
 * Record of a database -> place: offsets in an open-addressed table, at most half full, probed
 * linearly. Every host is looked up here once a period: with a general hash table, an allocation
 * for each entry, this took 22 % of the time of a merge of a million hosts on 90,000 records.
 */
struct record {
	uint32_t offset; /* of the record in the file, + 1; 0: free */
	uint32_t place;
};

struct records {
	struct record *table; /* [mask + 1] */
	size_t mask, count;
};

/* what a place says -> place: the key is every field in front of the number */
#define PLACE_KEY offsetof(struct place, number)

struct interned {
	struct place place;
	UT_hash_handle hh;
};

/* places are made by the block: they never move, and 90,000 calls of malloc are saved */
#define PLACES_PER_BLOCK 4096

struct block {
	struct block *next;
	struct interned places[PLACES_PER_BLOCK];
};

struct database {
	MMDB_s mmdb;
	struct records records;
	bool flat; /* schema of DB-IP's npm package; else GeoLite2's nested one */
	struct locate_database about;
};

struct locate {
	struct database *databases[LOCATE_MAX_DATABASES];
	size_t database_count;
	struct interned *interned; /* uthash; only ever grows */
	struct interned **places;  /* by number */
	struct block *blocks;      /* the newest first */
	size_t place_count, place_capacity;
	uint64_t errors;
};

/*
 * Copies `length` octets as valid UTF-8 (RFC 3629), at most PLACE_CITY_MAX - 1: what is no UTF-8,
 * and every control character, becomes '?'. Names come from a file: they are input.
 */
static void
copy_name(char *to, const char *from, size_t length)
{
	const uint8_t *s = (const uint8_t *)from;
	size_t out = 0;

	for (size_t i = 0; i < length;) {
		uint32_t c = s[i];
		size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : 4;
		bool good = c < 0x80 || (c >= 0xc2 && c < 0xf5 && i + n <= length);

		if (n == 3)
			c &= 0x0f;
		else if (n > 1)
			c &= n == 2 ? 0x1f : 0x07;
		for (size_t k = 1; good && k < n; k++) {
			good = (s[i + k] & 0xc0) == 0x80;
			c = c << 6 | (s[i + k] & 0x3f);
		}
		/* overlong, surrogates, beyond Unicode; C0, DEL and C1 controls */
		if (good && n == 3)
			good = c >= 0x800 && (c < 0xd800 || c > 0xdfff);
		if (good && n == 4)
			good = c >= 0x10000 && c <= 0x10ffff;
		if (!good)
			n = 1;
		size_t room = good ? n : 1;
		if (out + room > PLACE_CITY_MAX - 1)
			break;
		if (!good || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			to[out++] = '?';
		} else {
			memcpy(to + out, s + i, n);
			out += n;
		}
		i += n;
	}
	to[out] = 0;
}

/* The shortest decimal that is this float: 45.5019 is kept as 45.501899719, and was not meant so.
 */
static double
decimal_of(float value)
{
	for (double scale = 1e3; scale <= 1e6; scale *= 10) {
		double decimal = round((double)value * scale) / scale;

		if ((float)decimal == value)
			return decimal;
	}
	return (double)value;
}

static bool
get_number(MMDB_entry_s *entry, double *value, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data)
		return false;
	switch (data.type) {
	case MMDB_DATA_TYPE_DOUBLE:
		*value = data.double_value;
		break;
	case MMDB_DATA_TYPE_FLOAT:
		*value = decimal_of(data.float_value);
		break;
	case MMDB_DATA_TYPE_UINT16:
		*value = data.uint16;
		break;
	case MMDB_DATA_TYPE_UINT32:
		*value = data.uint32;
		break;
	case MMDB_DATA_TYPE_INT32:
		*value = data.int32;
		break;
	default:
		return false;
	}
	return true;
}

static bool
get_text(MMDB_entry_s *entry, MMDB_entry_data_s *data, const char *const *path)
{
	return MMDB_aget_value(entry, data, path) == MMDB_SUCCESS && data->has_data &&
	       data->type == MMDB_DATA_TYPE_UTF8_STRING;
}

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

/* `flat`: the schema of DB-IP's npm package; else GeoLite2's nested one. */
static void
decode(MMDB_entry_s *entry, bool flat, struct place *key)
{
	MMDB_entry_data_s data;
	double radius = 0;

	memset(key, 0, sizeof(*key)); /* padding too: it is hashed as it stands in memory */
	key->has_position =
		flat ? get_number(entry, &key->latitude, PATH("latitude")) &&
				get_number(entry, &key->longitude, PATH("longitude"))
		     : get_number(entry, &key->latitude, PATH("location", "latitude")) &&
				get_number(entry, &key->longitude, PATH("location", "longitude"));
	/* also refuses NaN */
	if (!(key->latitude >= -90 && key->latitude <= 90 && key->longitude >= -180 &&
	      key->longitude <= 180))
		key->has_position = false;
	if (!key->has_position)
		key->latitude = key->longitude = 0;
	/* -0.0 and 0.0 are one place */
	key->latitude += 0.0;
	key->longitude += 0.0;

	if (!flat && get_number(entry, &radius, PATH("location", "accuracy_radius")) &&
	    radius > 0 && radius <= 20040)
		key->radius_km = (float)radius;
	if ((flat ? get_text(entry, &data, PATH("country_code"))
		  : get_text(entry, &data, PATH("country", "iso_code"))) &&
	    data.data_size == 2 && isalpha((unsigned char)data.utf8_string[0]) &&
	    isalpha((unsigned char)data.utf8_string[1])) {
		key->country[0] = (char)toupper((unsigned char)data.utf8_string[0]);
		key->country[1] = (char)toupper((unsigned char)data.utf8_string[1]);
	}
	if (flat ? get_text(entry, &data, PATH("city"))
		 : get_text(entry, &data, PATH("city", "names", "en")))
		copy_name(key->city, data.utf8_string, data.data_size);
}

static uint32_t
intern(struct locate *locate, const struct place *key)
{
	struct interned *in;

	HASH_FIND(hh, locate->interned, key, PLACE_KEY, in);
	if (in != NULL)
		return in->place.number;

	if (locate->place_count == locate->place_capacity) {
		size_t capacity = locate->place_capacity ? 2 * locate->place_capacity : 1024;
		struct interned **places = realloc(locate->places, capacity * sizeof(*places));

		if (places == NULL)
			return PLACE_NONE;
		locate->places = places;
		locate->place_capacity = capacity;
	}
	size_t at = locate->place_count % PLACES_PER_BLOCK;
	if (at == 0) {
		struct block *block = large_alloc(sizeof(*block));

		if (block == NULL)
			return PLACE_NONE;
		block->next = locate->blocks;
		locate->blocks = block;
	}
	in = &locate->blocks->places[at];
	memset(in, 0, sizeof(*in));
	memcpy(&in->place, key, sizeof(*key));
	in->place.number = (uint32_t)locate->place_count;
	HASH_ADD(hh, locate->interned, place, PLACE_KEY, in);
	if (in->hh.tbl == NULL)
		return PLACE_NONE;
	locate->places[locate->place_count++] = in;
	return in->place.number;
}

uint32_t
locate_intern_record(struct locate *locate, MMDB_entry_s *entry, bool flat)
{
	struct place what;

	decode(entry, flat, &what);
	if (!what.has_position && what.country[0] == 0)
		return PLACE_NONE;
	uint32_t place = intern(locate, &what);
	return place == PLACE_NONE ? PLACE_UNASKED : place;
}

bool
locate_is_flat(const struct locate *locate, size_t database)
{
	return locate->databases[database]->flat;
}

/* Where `offset` stands or would stand. */
static struct record *
record_slot(const struct records *records, uint32_t offset)
{
	/* Fibonacci hashing: records lie a few dozen octets apart, in no order that hosts follow */
	size_t at = (offset * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & records->mask;

	while (records->table[at].offset != 0 && records->table[at].offset != offset + 1)
		at = (at + 1) & records->mask;
	return &records->table[at];
}

static int
records_grow(struct records *records)
{
	size_t size = records->table ? 2 * (records->mask + 1) : 4096;
	struct records grown = {.table = calloc(size, sizeof(struct record)), .mask = size - 1};

	if (grown.table == NULL)
		return -ENOMEM;
	for (size_t i = 0; records->table != NULL && i <= records->mask; i++) {
		if (records->table[i].offset != 0)
			*record_slot(&grown, records->table[i].offset - 1) = records->table[i];
	}
	grown.count = records->count;
	free(records->table);
	*records = grown;
	return 0;
}

/* Place of a record that was found; PLACE_NONE where it names neither position nor country. */
static uint32_t
place_of_record(struct locate *locate, struct database *db, MMDB_entry_s *entry)
{
	struct records *records = &db->records;

	if (2 * records->count >= records->mask && records_grow(records) != 0)
		return PLACE_NONE;
	struct record *record = record_slot(records, entry->offset);
	if (record->offset == 0) {
		uint32_t place = locate_intern_record(locate, entry, db->flat);

		if (place == PLACE_UNASKED) /* no memory: the next host may have some */
			return PLACE_NONE;
		record->offset = entry->offset + 1;
		record->place = place;
		records->count++;
	}
	return record->place;
}

/* Records of networks of `wide` or less bits are passed over. */
static uint32_t
look_up(struct locate *locate, const struct host_addr *addr, uint32_t family, unsigned int wide)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const struct sockaddr *sa;
	uint32_t without_position = PLACE_NONE;

	if (family == ADDR_IPV4) {
		memcpy(&v4.sin_addr, addr->bytes + 12, 4);
		sa = (const struct sockaddr *)&v4;
	} else {
		memcpy(&v6.sin6_addr, addr->bytes, 16);
		sa = (const struct sockaddr *)&v6;
	}
	for (size_t i = 0; i < locate->database_count; i++) {
		struct database *db = locate->databases[i];
		int status = MMDB_SUCCESS;

		if (family == ADDR_IPV6 && db->mmdb.metadata.ip_version == 4)
			continue;
		MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&db->mmdb, sa, &status);
		if (status != MMDB_SUCCESS) {
			locate->errors++;
			continue;
		}
		if (!found.found_entry || (wide > 0 && found.netmask <= wide))
			continue;
		uint32_t place = place_of_record(locate, db, &found.entry);
		if (place == PLACE_NONE)
			continue;
		if (locate->places[place]->place.has_position)
			return place;
		if (without_position == PLACE_NONE)
			without_position = place;
	}
	return without_position;
}

uint32_t
locate_host(struct locate *locate, const struct host_addr *addr, uint32_t family)
{
	struct host_addr embedded;

	if (!special_is_global(addr, family))
		return PLACE_PRIVATE;
	if (family != ADDR_IPV6 || !special_embedded_ipv4(addr, &embedded))
		return look_up(locate, addr, family, 0);

	/* 6to4, NAT64, Teredo: the IPv4 address inside tells where the host is. Where that is not
	 * known, what the database makes of the IPv6 address, by aliases into its IPv4 tree, but
	 * not its record for the block as a whole: DB-IP puts all of 2002::/16 at the registry's
	 * office. (The blocks have 16, 32 and 96 bits.) */
	uint32_t place = look_up(locate, &embedded, ADDR_IPV4, 0);
	if (place == PLACE_NONE)
		place = look_up(locate, addr, family,
				addr->bytes[0] == 0   ? 96
				: addr->bytes[1] == 1 ? 32
						      : 16);
	return place;
}

const struct place *
locate_get(const struct locate *locate, uint32_t number)
{
	return number < locate->place_count ? &locate->places[number]->place : NULL;
}

size_t
locate_count(const struct locate *locate)
{
	return locate->place_count;
}

size_t
locate_databases(const struct locate *locate)
{
	return locate->database_count;
}

const struct locate_database *
locate_database(const struct locate *locate, size_t i)
{
	return &locate->databases[i]->about;
}

uint64_t
locate_errors(const struct locate *locate)
{
	return locate->errors;
}

/*
 * Does any record hold a position, and in which schema? Walks the tree depth-first until one does;
 * a database of another kind (ASN, country) has none at all, and is told so at once by a bounded
 * number of records.
 */
static bool
has_positions(MMDB_s *mmdb, bool *flat)
{
	/* a node's two records per level of the tree: 2 x 128 can be open at a time */
	uint32_t open[2 * 129];
	size_t depth = 0;
	unsigned int records = 0;

	open[depth++] = 0;
	for (uint64_t steps = 0; depth > 0 && records < 20000 && steps < 2000000; steps++) {
		MMDB_search_node_s node;

		if (MMDB_read_node(mmdb, open[--depth], &node) != MMDB_SUCCESS)
			continue;
		const uint8_t types[2] = {node.right_record_type, node.left_record_type};
		const uint64_t next[2] = {node.right_record, node.left_record};
		MMDB_entry_s entries[2] = {node.right_record_entry, node.left_record_entry};

		for (int side = 0; side < 2; side++) {
			struct place key;

			if (types[side] == MMDB_RECORD_TYPE_SEARCH_NODE) {
				if (depth < sizeof(open) / sizeof(open[0]))
					open[depth++] = (uint32_t)next[side];
			} else if (types[side] == MMDB_RECORD_TYPE_DATA) {
				records++;
				for (int schema = 0; schema < 2; schema++) {
					decode(&entries[side], schema == 1, &key);
					*flat = schema == 1;
					if (key.has_position)
						return true;
				}
			}
		}
	}
	return false;
}

/* Title and attribution: what the licences of the two known makers ask for. */
static void
describe(struct database *db, const char *path)
{
	const MMDB_metadata_s *meta = &db->mmdb.metadata;
	struct locate_database *about = &db->about;
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *maker = NULL;
	struct tm tm;
	char month[16];

	snprintf(about->path, sizeof(about->path), "%s", path);
	copy_name(about->type, meta->database_type ? meta->database_type : "",
		  meta->database_type ? strnlen(meta->database_type, sizeof(about->type) - 1) : 0);
	/* whoever says a year beyond 9999 does not know */
	about->built = meta->build_epoch < 253402300800 ? (time_t)meta->build_epoch : 0;
	about->ip_version = meta->ip_version;
	about->attribution = about->attribution_url = "";

	bool maxmind = strstr(about->type, "GeoLite2") || strstr(about->type, "GeoIP2") ||
		       strcasestr(base, "geolite2");
	/* the npm packages call it "city ipv4": the file's name tells whose it is */
	bool dbip = strcasestr(about->type, "dbip") || strcasestr(about->type, "db-ip") ||
		    strcasestr(base, "dbip") || strncmp(about->type, "city ipv", 8) == 0;
	if (maxmind) {
		maker = strstr(about->type, "GeoIP2") ? "MaxMind GeoIP2 City" : "GeoLite2 City";
		about->attribution = "This product includes GeoLite2 data created by MaxMind";
		about->attribution_url = "https://www.maxmind.com";
	} else if (dbip) {
		maker = "DB-IP City Lite";
		about->attribution = "IP Geolocation by DB-IP";
		about->attribution_url = "https://db-ip.com";
	}
	if (about->built > 0 && gmtime_r(&about->built, &tm) != NULL &&
	    strftime(month, sizeof(month), " %Y-%m", &tm) > 0)
		snprintf(about->title, sizeof(about->title), "%s%s", maker ? maker : about->type,
			 month);
	else
		snprintf(about->title, sizeof(about->title), "%s", maker ? maker : about->type);
}

static struct database *
database_open(const char *path, char *error)
{
	struct database *db = calloc(1, sizeof(*db));
	struct stat st;

	if (db == NULL) {
		snprintf(error, LOCATE_ERROR_MAX, "%s: out of memory", path);
		return NULL;
	}
	/* opening a FIFO would wait for its writer, and a folder is told as an IO error */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: is %s, not a geolocation database; name a file with --geo-db", path,
			 S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
		free(db);
		return NULL;
	}
	int status = MMDB_open(path, MMDB_MODE_MMAP, &db->mmdb);
	if (status != MMDB_SUCCESS) {
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: cannot open the geolocation database: %s%s%s", path,
			 status == MMDB_FILE_OPEN_ERROR && errno ? strerror(errno)
								 : MMDB_strerror(status),
			 status == MMDB_FILE_OPEN_ERROR ? "" : "; ",
			 status == MMDB_FILE_OPEN_ERROR ? "" : "name another with --geo-db");
		free(db);
		return NULL;
	}
	if (!has_positions(&db->mmdb, &db->flat)) {
		snprintf(error, LOCATE_ERROR_MAX,
			 "%s: the database (type '%.40s') holds no latitude and longitude; "
			 "a City database is needed, name one with --geo-db",
			 path,
			 db->mmdb.metadata.database_type ? db->mmdb.metadata.database_type : "");
		MMDB_close(&db->mmdb);
		free(db);
		return NULL;
	}
	describe(db, path);
	/* read in at once: a look-up shall not wait for the disk, nor fault once a page */
	madvise((void *)(uintptr_t)db->mmdb.file_content, (size_t)db->mmdb.file_size,
		MADV_POPULATE_READ);
	return db;
}

static void
database_close(struct database *db)
{
	if (db == NULL)
		return;
	MMDB_close(&db->mmdb);
	free(db->records.table);
	free(db);
}

int
locate_reload(struct locate *locate, const char *const *paths, size_t count, char *error)
{
	struct database *fresh[LOCATE_MAX_DATABASES] = {0};

	if (count == 0 || count > LOCATE_MAX_DATABASES) {
		snprintf(error, LOCATE_ERROR_MAX, "%zu databases named; 1 to %d are possible",
			 count, LOCATE_MAX_DATABASES);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		fresh[i] = database_open(paths[i], error);
		if (fresh[i] == NULL) {
			while (i > 0)
				database_close(fresh[--i]);
			return -1;
		}
	}
	for (size_t i = 0; i < locate->database_count; i++)
		database_close(locate->databases[i]);
	memcpy(locate->databases, fresh, sizeof(fresh));
	locate->database_count = count;
	return 0;
}

struct locate *
locate_create(const char *const *paths, size_t count, char *error)
{
	struct locate *locate = calloc(1, sizeof(*locate));

	if (locate == NULL) {
		snprintf(error, LOCATE_ERROR_MAX, "out of memory");
		return NULL;
	}
	if (locate_reload(locate, paths, count, error) != 0) {
		locate_destroy(locate);
		return NULL;
	}
	return locate;
}

void
locate_destroy(struct locate *locate)
{
	if (locate == NULL)
		return;
	HASH_CLEAR(hh, locate->interned);
	while (locate->blocks != NULL) {
		struct block *next = locate->blocks->next;

		free(locate->blocks);
		locate->blocks = next;
	}
	free(locate->places);
	for (size_t i = 0; i < locate->database_count; i++)
		database_close(locate->databases[i]);
	free(locate);
}
