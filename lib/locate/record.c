/* SPDX-License-Identifier: BSD-3-Clause */
/* What a record says, in either schema. Records come from a file: they are input. */
#include "internal.h"
#include "land.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * A value of a section, followed as the library does: what a pointer leads to is counted each time.
 * A City record has some 150 values, 5 deep; what has more than LOCATE_VALUES_MAX, or is deeper
 * than this, is no record of a place.
 */
#define DEPTH_MAX 64

struct open_value {
	uint32_t left; /* values still to come inside */
	size_t back;   /* where it goes on behind a pointer's target; NOWHERE: behind the last value
			*/
};

#define NOWHERE SIZE_MAX

/* types of the format, as in the control octet */
enum {
	POINTER = 1,
	MAP = 7,
	ARRAY = 11,
	BOOLEAN = 14,
};

/* `octets` of a big-endian number, at most 4; those beyond the section are zero */
static uint32_t
number_at(const uint8_t *section, size_t size, size_t at, unsigned int octets)
{
	uint32_t number = 0;

	for (unsigned int i = 0; i < octets; i++)
		number = number << 8 | (at + i < size ? section[at + i] : 0u);
	return number;
}

unsigned int
locate_value_count(const uint8_t *section, size_t size, size_t offset)
{
	struct open_value open[DEPTH_MAX] = {{.left = 1, .back = NOWHERE}};
	unsigned int depth = 1, values = 0;
	size_t at = offset;

	while (depth > 0) {
		struct open_value *inner = &open[depth - 1], below = {.back = NOWHERE};

		if (inner->left == 0) {
			if (inner->back != NOWHERE)
				at = inner->back;
			depth--;
			continue;
		}
		inner->left--;
		if (++values > LOCATE_VALUES_MAX || at >= size)
			return 0;
		const unsigned int control = section[at++];
		unsigned int type = control >> 5;
		if (type == POINTER) {
			/* the first of these numbers that an octet more can say */
			static const uint32_t first[] = {0, 2048, 526336, 0};
			const unsigned int more = control >> 3 & 3;
			uint32_t target = number_at(section, size, at, more + 1);

			if (more < 3)
				target = (target | (control & 7) << 8 * (more + 1)) + first[more];
			below = (struct open_value){.left = 1, .back = at + more + 1};
			at = target;
		} else {
			static const uint32_t first[] = {29, 285, 65821};
			uint32_t length = control & 31;

			if (type == 0)
				type = 7 + number_at(section, size, at++, 1);
			if (length >= 29) {
				const unsigned int octets = length - 28;

				length = first[octets - 1] + number_at(section, size, at, octets);
				at += octets;
			}
			if (type == MAP)
				below.left = 2 * length;
			else if (type == ARRAY)
				below.left = length;
			else if (type != BOOLEAN)
				at += length;
			if (at > size)
				return 0;
		}
		if (below.left == 0)
			continue;
		if (depth == DEPTH_MAX)
			return 0;
		open[depth++] = below;
	}
	return values;
}

/*
 * Copies `length` octets as valid UTF-8 (RFC 3629), at most size - 1: what is no UTF-8,
 * and every control character, becomes '?'. Names come from a file: they are input.
 */
void
locate_copy_name(char *to, size_t size, const char *from, size_t length)
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
		if (out + room > size - 1)
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
number_of_text(const char *from, size_t length, double *value)
{
	char text[32], *end;

	if (length == 0 || length >= sizeof(text))
		return false;
	memcpy(text, from, length);
	text[length] = 0;
	*value = strtod(text, &end);
	return *end == 0 && !isspace((unsigned char)text[0]);
}

static bool
get_number(MMDB_entry_s *entry, double *value, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data)
		return false;
	switch (data.type) {
	case MMDB_DATA_TYPE_UTF8_STRING: /* as IPinfo writes them */
		return number_of_text(data.utf8_string, data.data_size, value);
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

/* The first of these paths that leads to a number. */
static bool
get_first_number(MMDB_entry_s *entry, double *value, const char *const *const paths[])
{
	for (size_t i = 0; paths[i] != NULL; i++) {
		if (get_number(entry, value, paths[i]))
			return true;
	}
	return false;
}

/* Two letters, as ISO's codes of countries and GeoNames' of continents are; in capitals. */
static bool
get_code(MMDB_entry_s *entry, char code[3], const char *const *path)
{
	MMDB_entry_data_s data;

	if (!get_text(entry, &data, path) || data.data_size != 2 ||
	    !isalpha((unsigned char)data.utf8_string[0]) ||
	    !isalpha((unsigned char)data.utf8_string[1]))
		return false;
	code[0] = (char)toupper((unsigned char)data.utf8_string[0]);
	code[1] = (char)toupper((unsigned char)data.utf8_string[1]);
	return true;
}

/* Where the record names no country of the address, the one where its network is registered, and
 * then the continent: less, and called so. */
static void
get_country(MMDB_entry_s *entry, bool flat, struct place *key)
{
	/* DB-IP's packages; IPinfo's, in some of which "country" is a name */
	if (flat ? get_code(entry, key->country, PATH("country_code")) ||
			    get_code(entry, key->country, PATH("country"))
		 : get_code(entry, key->country, PATH("country", "iso_code")))
		return;
	if (!flat && get_code(entry, key->country, PATH("registered_country", "iso_code")))
		key->basis = BASIS_REGISTERED;
	else if (get_code(entry, key->continent,
			  flat ? PATH("continent_code") : PATH("continent", "code")) &&
		 place_continent(key->continent) != NULL)
		key->basis = BASIS_CONTINENT;
	else
		memset(key->continent, 0, sizeof(key->continent));
}

/* In English, or in the first language that there is. "-" is how some say that they know none. */
static void
get_city(MMDB_entry_s *entry, bool flat, struct place *key)
{
	static const char *const languages[] = {"en", "de",    "es", "fr",
						"ja", "pt-BR", "ru", "zh-CN"};
	MMDB_entry_data_s data;
	bool found = flat && get_text(entry, &data, PATH("city"));

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]) && !flat && !found; i++)
		found = get_text(entry, &data, PATH("city", "names", languages[i]));
	if (found && !(data.data_size == 1 && data.utf8_string[0] == '-'))
		locate_copy_name(key->city, sizeof(key->city), data.utf8_string, data.data_size);
	for (const char *c = key->city; *c == ' '; c++) {
		if (c[1] == 0) /* nothing but spaces */
			memset(key->city, 0, sizeof(key->city));
	}
}

/* A point in the country, where the database has none. */
static void
point_in_country(struct place *key)
{
	const struct land_country *land = land_country(key->country);

	if (land == NULL || land->length == 0)
		return;
	key->latitude = land->point[0];
	key->longitude = land->point[1];
	key->has_position = true;
}

static bool
is_middle(const struct database *db, const struct place *key)
{
	const struct middle *middle =
		db->middles != NULL ? &db->middles[place_country_index(key->country)] : NULL;

	return middle != NULL && middle->known && key->city[0] == 0 &&
	       middle->latitude == key->latitude && middle->longitude == key->longitude;
}

bool
locate_record_decode(MMDB_entry_s *entry, const struct database *db, struct place *key)
{
	const bool flat = db->flat;
	double radius = 0;

	memset(key, 0, sizeof(*key)); /* padding too: it is hashed as it stands in memory */
	if (locate_value_count(entry->mmdb->data_section, entry->mmdb->data_section_size,
			       entry->offset) == 0)
		return false;
	const char *const *const latitudes[] = {PATH("latitude"), PATH("lat"), NULL};
	const char *const *const longitudes[] = {PATH("longitude"), PATH("lng"), PATH("lon"), NULL};
	const char *const *const radii[] = {PATH("accuracy_radius"), PATH("radius"), NULL};

	get_city(entry, flat, key);
	get_country(entry, flat, key);
	key->has_position =
		flat ? get_first_number(entry, &key->latitude, latitudes) &&
				get_first_number(entry, &key->longitude, longitudes)
		     : get_number(entry, &key->latitude, PATH("location", "latitude")) &&
				get_number(entry, &key->longitude, PATH("location", "longitude"));
	/* also refuses NaN */
	if (!(key->latitude >= -90 && key->latitude <= 90 && key->longitude >= -180 &&
	      key->longitude <= 180))
		key->has_position = false;
	/* in the Gulf of Guinea is no land: that is how some say that they know no position */
	if (fabs(key->latitude) < 1e-6 && fabs(key->longitude) < 1e-6)
		key->has_position = false;
	if (!key->has_position)
		key->latitude = key->longitude = 0;
	/* -0.0 and 0.0 are one place */
	key->latitude += 0.0;
	key->longitude += 0.0;

	if (key->has_position &&
	    (flat ? get_first_number(entry, &radius, radii)
		  : get_number(entry, &radius, PATH("location", "accuracy_radius"))) &&
	    radius > 0 && radius <= 20040 && !is_middle(db, key))
		key->radius_km = (float)radius;
	if (db->countries && !key->has_position)
		point_in_country(key);
	return true;
}
