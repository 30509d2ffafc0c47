/* SPDX-License-Identifier: BSD-3-Clause */
/* Places out of databases of both schemas, several at once, hostile, damaged and exchanged ones. */
#include "failing.h"
#include "land.h"
#include "locate.h"
#include "map.h"
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>

static char error[LOCATE_ERROR_MAX];

static const char *
data(const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s.mmdb", getenv("UNIT_DATA"), name);
	return path;
}

static struct locate *
opened(const char *one, const char *two)
{
	const char *paths[] = {data(one), two ? data(two) : NULL};
	struct locate *locate = locate_create(paths, two ? 2 : 1, error);

	assert_true_of(locate != NULL, "%s", error);
	return locate;
}

static uint32_t
number_of(struct locate *locate, const char *address)
{
	struct host_addr addr;
	enum addr_family family;

	assert_int_equal(host_addr_parse(address, &addr, &family), 0);
	return locate_host(locate, &addr, family);
}

static const struct place *
place_of(struct locate *locate, const char *address)
{
	return locate_get(locate, number_of(locate, address));
}

static void
assert_place(struct locate *locate, const char *address, const char *city, const char *country,
	     double latitude, double longitude)
{
	const struct place *place = place_of(locate, address);

	assert_true_of(place != NULL, "%s is nowhere", address);
	assert_string_equal(place->city, city);
	assert_string_equal(place->country, country);
	assert_true(place->has_position);
	/* to the digit, though the flat schema keeps floats */
	assert_true(place->latitude == latitude);
	assert_true(place->longitude == longitude);
}

static void
check_world(struct locate *locate)
{
	assert_place(locate, "5.1.0.1", "Frankfurt am Main", "DE", 50.1109, 8.6821);
	assert_place(locate, "5.7.255.255", "Zürich", "CH", 47.3769, 8.5417);
	assert_place(locate, "5.61.0.0", "東京", "JP", 35.6762, 139.6503);
	assert_place(locate, "5.16.1.1", "Anadyr", "RU", 64.7337, 177.4968);
	assert_place(locate, "5.72.0.1", "Amundsen-Scott", "AQ", -90, 0);
	assert_place(locate, "5.76.0.1", "East of the line", "FJ", -17, -180);
	assert_place(locate, "31.7.7.7", "New York", "US", 40.7128, -74.006);
	assert_place(locate, "31.7.7.8", "Paris", "FR", 48.8566, 2.3522);
	assert_place(locate, "31.7.8.0", "London", "GB", 51.5074, -0.1278);
	assert_place(locate, "31.255.255.255", "東京", "JP", 35.6762, 139.6503);
	assert_place(locate, "2a00:7::1", "Zürich", "CH", 47.3769, 8.5417);
	assert_place(locate, "2a00:1:7::7", "New York", "US", 40.7128, -74.006);
	assert_place(locate, "2a00:1:7::8", "Frankfurt am Main", "DE", 50.1109, 8.6821);
	assert_place(locate, "37.1.0.1", "", "DE", 51.2993, 9.491);
	assert_int_equal(number_of(locate, "9.9.9.9"), PLACE_NONE);
	assert_int_equal(number_of(locate, "2a0f::1"), PLACE_NONE);
	assert_int_equal(number_of(locate, "10.1.2.3"), PLACE_PRIVATE);
	assert_int_equal(number_of(locate, "fe80::1"), PLACE_PRIVATE);
	assert_null(locate_get(locate, PLACE_NONE));
	assert_null(locate_get(locate, PLACE_PRIVATE));
	/* the same place from IPv4 and IPv6, one number; and a number is an index */
	assert_int_equal(number_of(locate, "5.7.0.1"), number_of(locate, "2a00:7::1"));
	for (uint32_t i = 0; i < locate_count(locate); i++)
		assert_int_equal(locate_get(locate, i)->number, i);
	assert_int_equal(locate_errors(locate), 0);
}

static void
test_both_schemas(void **state)
{
	struct locate *flat = opened("world4", "world6"), *nested = opened("nested", NULL);
	(void)state;

	check_world(flat);
	check_world(nested);
	assert_true(place_of(flat, "5.1.0.1")->radius_km == 0);
	assert_true(place_of(nested, "5.1.0.1")->radius_km == 5);
	/* 1000 in the file, but two prefixes share it: the middle of the country */
	assert_true(place_of(nested, "37.0.0.1")->radius_km == 0);
	/* a country without a position is known, but not drawn */
	assert_false(place_of(nested, "37.100.0.1")->has_position);
	assert_string_equal(place_of(nested, "37.101.0.1")->country, "EU");
	assert_int_equal(locate_databases(flat), 2);
	assert_string_equal(locate_database(flat, 1)->title, "DB-IP City Lite 2026-01");
	assert_int_equal(locate_database(flat, 1)->ip_version, 6);
	assert_string_equal(locate_database(nested, 0)->title, "GeoLite2 City 2026-01");
	assert_non_null(strstr(locate_database(nested, 0)->attribution, "MaxMind"));
	locate_destroy(flat);
	locate_destroy(nested);
	locate_destroy(NULL);
}

struct said {
	const char *address, *city, *country, *precision;
	double latitude, longitude, radius;
	bool drawn;
};

static void
assert_said(struct locate *locate, const struct said *said, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct place *place = place_of(locate, said[i].address);

		assert_true_of(place != NULL, "%s: no record", said[i].address);
		assert_true_of(strcmp(place->city, said[i].city) == 0 &&
				       strcmp(place->country, said[i].country) == 0 &&
				       strcmp(place_precision(place), said[i].precision) == 0,
			       "%s: %s, %s, %s", said[i].address, place->city, place->country,
			       place_precision(place));
		assert_true_of(place->has_position == said[i].drawn, "%s: drawn", said[i].address);
		assert_true_of(place->latitude == said[i].latitude &&
				       place->longitude == said[i].longitude &&
				       (double)place->radius_km == said[i].radius,
			       "%s: %f %f, %f km", said[i].address, place->latitude,
			       place->longitude, (double)place->radius_km);
	}
}

/* What says less than a city is told apart, and what says nothing is no place. */
static void
test_partial(void **state)
{
	static const struct said said[] = {
		{"5.1.0.1", "Whole", "CH", "city", 47.5, 8.5, 20, true},
		{"5.2.0.1", "", "DE", "registered_country", 47, 8, 1000, true},
		{"5.3.0.1", "", "", "continent", 48, 9, 0, true},
		{"5.4.0.1", "", "AU", "registered_country", 0, 0, 0, false},
		{"5.5.0.1", "", "", "", 0, 0, 0, false},
		{"5.6.0.1", "Null Island", "", "city", 0, 0, 0, false},
		{"5.7.0.1", "Nur Deutsch", "XK", "city", 42.6, 21.1, 0, true},
		{"5.8.0.1", "", "", "", 1.5, 1.5, 0, true},
		{"5.9.0.1", "", "", "", 0, 0, 0, false},
		{"5.10.0.1", "", "IT", "country", 45.5, 11.5, 0, true},
	};
	struct locate *locate = opened("partial", NULL), *two = opened("partial", "world4");
	(void)state;

	assert_said(locate, said, sizeof(said) / sizeof(said[0]));
	assert_string_equal(place_continent(place_of(locate, "5.3.0.1")->continent), "Europe");
	/* another database is asked where the first has a record that says nothing of where */
	assert_string_equal(place_of(two, "5.4.0.1")->city, "Paris");
	assert_string_equal(place_of(two, "5.9.0.1")->city, "Reykjavík");
	assert_int_equal(number_of(locate, "9.9.9.9"), PLACE_NONE);
	locate_destroy(locate);
	locate_destroy(two);
}

/* Numbers that are texts, and what of them is none. */
static void
test_flat(void **state)
{
	static const struct said said[] = {
		{"5.1.0.1", "Alfa", "DE", "city", 50.1, 8.7, 50, true},
		{"5.2.0.1", "Bravo", "DE", "city", 51.1, 8.75, 0, true},
		{"5.3.0.1", "Charlie", "DE", "city", 52.1, -8.7, 0, true},
		{"5.4.0.1", "", "", "", 0, 0, 0, false},
		{"5.5.0.1", "Delta", "FR", "city", 0, 0, 0, false},
		{"5.6.0.1", "Echo", "FR", "city", 0, 0, 0, false},
		{"5.7.0.1", "Foxtrot", "FR", "city", 0, 0, 0, false},
		{"5.8.0.1", "", "", "continent", 40, -100, 0, true},
	};
	struct locate *locate = opened("flat", NULL);
	(void)state;

	assert_said(locate, said, sizeof(said) / sizeof(said[0]));
	locate_destroy(locate);
}

/* What a database says of the country alone lies in its middle, and has no radius of its own. */
static void
test_middles(void **state)
{
	static const struct said said[] = {
		{"5.1.0.1", "", "DE", "country", 51.2, 9.4, 0, true},
		{"5.5.0.1", "", "DE", "country", 51.2, 9.4, 0, true},
		{"5.7.0.1", "", "DE", "country", 48.5, 9.1, 50, true}, /* a region */
		{"5.11.0.1", "Here", "DE", "city", 51.2, 9.4, 20, true},
		{"5.13.0.1", "", "FR", "country", 46, 2, 500, true}, /* shared with nobody */
		{"5.15.0.1", "", "IT", "country", 42.5, 12.5, 0, true},
		{"5.17.0.1", "", "IT", "country", 42.5, 12.5, 0, true}, /* by another record */
		{"5.19.0.1", "", "AT", "country", 51.2, 9.4, 30, true}, /* that of a neighbour */
		{"5.21.0.1", "", "", "", 48, 9, 1000, true},
	};
	struct locate *locate = opened("middles", NULL);
	(void)state;

	assert_said(locate, said, sizeof(said) / sizeof(said[0]));
	assert_int_equal(number_of(locate, "5.15.0.1"), number_of(locate, "5.17.0.1"));
	locate_destroy(locate);
}

/* One without positions: a point in the country, if there is a shape of it. */
static void
test_countries(void **state)
{
	struct locate *locate = opened("countries", NULL), *two = opened("countries", "world4");
	const struct place *place = place_of(locate, "5.1.0.1");
	const double *box = land_country("DE")->box;
	(void)state;

	assert_true(place->has_position);
	assert_true(place->longitude > box[0] && place->longitude < box[2]);
	assert_true(place->latitude > box[1] && place->latitude < box[3]);
	assert_true(place->radius_km == 0);
	assert_string_equal(place_precision(place), "country");
	assert_int_equal(number_of(locate, "2a00:1::1"), number_of(locate, "5.1.0.1"));
	assert_string_equal(place_precision(place_of(locate, "5.3.0.1")), "registered_country");
	assert_true(place_of(locate, "5.3.0.1")->has_position);
	assert_false(place_of(locate, "5.4.0.1")->has_position); /* the atlas has no Gibraltar */
	assert_string_equal(place_of(locate, "5.4.0.1")->country, "GI");
	assert_false(place_of(locate, "5.5.0.1")->has_position);
	assert_int_equal(number_of(locate, "9.9.9.9"), PLACE_NONE);
	/* another database is asked where it says no place, and it goes first where it does */
	assert_string_equal(place_of(two, "5.4.0.1")->city, "Paris");
	assert_string_equal(place_of(two, "5.1.0.1")->city, "");
	assert_string_equal(place_of(two, "5.10.0.1")->city, "Warszawa");
	locate_destroy(locate);
	locate_destroy(two);
}

/* The first that knows a position wins; one that knows the country alone is kept for want of
 * better. */
static void
test_order(void **state)
{
	struct locate *many = opened("many", "world4"), *world = opened("world4", "many");
	struct locate *mixed = opened("nested", "hostile");
	(void)state;

	assert_string_equal(place_of(many, "11.0.5.1")->city, "Town 5");
	assert_string_equal(place_of(world, "11.0.5.1")->city, "Town 5");
	assert_string_equal(place_of(many, "5.1.0.1")->city, "Frankfurt am Main");
	assert_string_equal(place_of(mixed, "5.1.0.1")->city, "Frankfurt am Main");
	assert_string_equal(place_of(mixed, "37.100.0.1")->country, "XX");
	locate_destroy(many);
	locate_destroy(world);
	locate_destroy(mixed);
}

static void
test_hostile(void **state)
{
	struct locate *locate = opened("hostile", NULL);
	unsigned int located = 0;
	(void)state;

	for (int n = 1; n < 60; n++) {
		char address[32];

		snprintf(address, sizeof(address), "5.%d.0.1", n);
		const struct place *place = place_of(locate, address);
		if (place == NULL)
			continue;
		located += place->has_position;
		assert_true(fabs(place->latitude) <= 90 && fabs(place->longitude) <= 180);
		assert_true(place->radius_km >= 0 && place->radius_km <= 20040);
		assert_true(place->country[0] == 0 ||
			    (strspn(place->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2 &&
			     place->country[2] == 0));
		assert_non_null(memchr(place->city, 0, sizeof(place->city)));
		for (const char *c = place->city; *c != 0; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
	assert_true(located > 10);
	assert_place(locate, "5.40.0.1", "Last, and sound", "CH", 47, 8);
	locate_destroy(locate);
}

/* Numbers and pointers outlive the databases that they came from. */
static void
test_reload(void **state)
{
	struct locate *locate = opened("world4", NULL);
	uint32_t frankfurt = number_of(locate, "5.1.0.1");
	const struct place *place = locate_get(locate, frankfurt);
	(void)state;

	const char *other[] = {data("many")}, *gone[] = {data("many"), "/nowhere.mmdb"};
	const char *back[] = {data("world6"), data("world4")};
	assert_int_equal(locate_reload(locate, other, 1, error), 0);
	assert_int_equal(number_of(locate, "5.1.0.1"), PLACE_NONE);
	assert_string_equal(place_of(locate, "11.0.1.1")->city, "Town 1");
	/* one that cannot be opened changes nothing */
	assert_int_equal(locate_reload(locate, gone, 2, error), -1);
	assert_non_null(strstr(error, "/nowhere.mmdb"));
	assert_non_null(strstr(error, strerror(ENOENT)));
	assert_int_equal(locate_databases(locate), 1);
	assert_string_equal(place_of(locate, "11.0.1.1")->city, "Town 1");
	assert_int_equal(locate_reload(locate, back, 2, error), 0);
	assert_int_equal(number_of(locate, "5.1.0.1"), frankfurt);
	assert_int_equal(number_of(locate, "2a00:1::1"), frankfurt);
	assert_ptr_equal(locate_get(locate, frankfurt), place);
	assert_int_equal(locate_reload(locate, back, 0, error), -1);
	assert_int_equal(locate_reload(locate, back, LOCATE_MAX_DATABASES + 1, error), -1);
	locate_destroy(locate);
}

/* One line that names the file; never a wait for somebody to write into a FIFO. */
static void
test_refused(void **state)
{
	char folder[64], path[128];
	const char *paths[] = {path};
	(void)state;

	scratch_make(folder);
	snprintf(path, sizeof(path), "%s", folder);
	assert_null(locate_create(paths, 1, error));
	assert_non_null(strstr(error, "is a folder"));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(locate_create(paths, 1, error));
	assert_non_null(strstr(error, "no regular file"));
	snprintf(path, sizeof(path), "%s/empty", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_null(locate_create(paths, 1, error));
	assert_non_null(strstr(error, path));
	assert_null(strchr(error, '\n'));
	scratch_remove(folder);
}

/* Octets changed and ends cut by chance: refused, or asked without harm (the sanitizers look). */
static void
test_damaged(void **state)
{
	static const char *const names[] = {"world4", "world6", "nested"};
	struct dice dice = {77};
	char folder[64], path[128];
	const char *paths[] = {path};
	unsigned int refused = 0, survived = 0;
	(void)state;

	scratch_make(folder);
	for (int round = 0; round < 150; round++) {
		static unsigned char octets[1 << 20];
		FILE *file = fopen(data(names[round % 3]), "rb");

		assert_non_null(file);
		size_t length = fread(octets, 1, sizeof(octets), file);
		assert_true(length > 1000 && length < sizeof(octets));
		fclose(file);
		/* the end first: there stand the records and what the library believes of them */
		for (uint32_t n = 1 + dice_below(&dice, 200); n > 0; n--) {
			size_t back =
				dice_below(&dice, dice_below(&dice, 2) ? 6000 : (uint32_t)length);
			octets[length - 1 - back % length] = (unsigned char)dice_next(&dice);
		}
		if (round % 10 == 9)
			length = dice_below(&dice, (uint32_t)length);
		snprintf(path, sizeof(path), "%s/%d", folder, round);
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(octets, 1, length, file), length);
		assert_int_equal(fclose(file), 0);
		struct locate *locate = locate_create(paths, 1, error);
		if (locate == NULL) {
			assert_non_null(strstr(error, path));
			refused++;
			continue;
		}
		survived++;
		for (int n = 0; n < 300; n++) {
			uint64_t bits[2] = {dice_next(&dice), dice_next(&dice)};
			struct host_addr addr = host_addr_from_ipv6((const uint8_t *)bits);

			if (n % 2) {
				uint8_t ipv4[4] = {n % 4 == 1 ? 5 : 31, (uint8_t)n, 7, 7};
				addr = host_addr_from_ipv4(ipv4);
			}
			uint32_t number = locate_host(locate, &addr, n % 2 ? ADDR_IPV4 : ADDR_IPV6);
			assert_true(number != PLACE_UNASKED);
			const struct place *place = locate_get(locate, number);
			assert_true(place != NULL || number == PLACE_NONE ||
				    number == PLACE_PRIVATE);
			if (place != NULL && place->has_position)
				assert_true(fabs(place->latitude) <= 90 &&
					    fabs(place->longitude) <= 180);
		}
		locate_destroy(locate);
	}
	assert_true(refused > 0 && survived > 0);
	scratch_remove(folder);
}

/* An allocation that fails makes a host nowhere for once; it does not end the process. */
static void
test_no_memory(void **state)
{
	bool failed = true;
	(void)state;

	for (long n = 0; failed; n++) {
		const char *paths[] = {data("world4")};

		failing_at(n);
		struct locate *locate = locate_create(paths, 1, error);
		if (locate == NULL) {
			failing_at(-1);
			continue;
		}
		for (int i = 1; i < 77; i++) {
			char address[32];

			snprintf(address, sizeof(address), "5.%d.0.1", i);
			uint32_t number = number_of(locate, address);
			assert_true(number != PLACE_NONE || failing_happened());
		}
		failed = failing_happened();
		failing_at(-1);
		for (int i = 1; i < 77; i++) {
			char address[32];

			snprintf(address, sizeof(address), "5.%d.0.2", i);
			assert_non_null(place_of(locate, address));
		}
		locate_destroy(locate);
	}
}

/* ... and makes no map, with nothing left behind (LeakSanitizer looks). */
static void
test_no_memory_for_a_map(void **state)
{
	struct locate *locate = opened("world4", "world6");
	struct locate_map *map = NULL;
	(void)state;

	for (long n = 0; map == NULL; n++) {
		failing_at(n);
		errno = 0;
		map = locate_map_create(locate_opened(locate), NULL);
		assert_int_equal(map == NULL, failing_happened());
		failing_at(-1);
		if (map == NULL)
			assert_int_equal(errno, ENOMEM);
	}
	locate_map_unref(map);
	locate_destroy(locate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_schemas), cmocka_unit_test(test_partial),
		cmocka_unit_test(test_middles),      cmocka_unit_test(test_countries),
		cmocka_unit_test(test_middles),      cmocka_unit_test(test_countries),
		cmocka_unit_test(test_flat),         cmocka_unit_test(test_order),
		cmocka_unit_test(test_hostile),      cmocka_unit_test(test_reload),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_no_memory_for_a_map),
	};
	return cmocka_run_group_tests_name("locate", tests, NULL, NULL);
}
