/* SPDX-License-Identifier: BSD-3-Clause */
/* A picture without any text: what it copies, the order of its lists, what is kept with it. */
#include "picture.h"
#include "unit.h"

#include <errno.h>

/* lib/locate's side: places that this file makes up */
static struct place places[] = {
	{.number = 0, .country = "DE", .city = "A", .has_position = true},
	{.number = 1, .country = "", .has_position = true},
	{.number = 2, .country = "AT", .city = "B", .has_position = true},
	{.number = 3, .country = "DE", .has_position = true},
};
#define PLACES (sizeof(places) / sizeof(places[0]))
static struct locate_database database = {.title = "T", .attribution = ""};

const struct place *
locate_get(const struct locate *locate, uint32_t number)
{
	(void)locate;
	return number < PLACES ? &places[number] : NULL;
}

size_t
locate_count(const struct locate *locate)
{
	(void)locate;
	return PLACES;
}

size_t
locate_databases(const struct locate *locate)
{
	(void)locate;
	return 1;
}

const struct locate_database *
locate_database(const struct locate *locate, size_t i)
{
	(void)locate;
	(void)i;
	return &database;
}

struct locate_databases *
locate_opened(const struct locate *locate)
{
	(void)locate;
	return NULL;
}

uint64_t
locate_errors(const struct locate *locate)
{
	(void)locate;
	return 5;
}

static struct picture *
make_picture(const struct picture_facts *facts, const uint64_t packets[PLACES])
{
	struct heat *heat = heat_create();
	struct host_list hosts = {0}, period = {0};

	assert_non_null(heat);
	assert_int_equal(host_list_reserve(&hosts, 40), 0);
	for (uint32_t i = 0; i < PLACES; i++) {
		struct counts counts = {.packets = {{packets[i], 0}, {0, 0}}};

		assert_int_equal(heat_add(heat, i, &counts), 0);
	}
	/* twenty hosts with the same counts at place 0, the thirteenth with one packet more */
	for (uint32_t i = 0; i < 20; i++) {
		const uint8_t ipv4[4] = {5, 0, 0, (uint8_t)i};

		hosts.rows[hosts.count++] = (struct host_row){
			.addr = host_addr_from_ipv4(ipv4),
			.family = ADDR_IPV4,
			.place = 0,
			.counts = {.packets = {{3 + (i == 12), 0}, {0, 0}}},
		};
	}
	assert_int_equal(heat_end_period(heat, 10), 0);
	struct picture *picture =
		picture_create(facts, heat, NULL, &hosts, &period, all_of(WINDOW_1M));
	assert_non_null(picture);
	heat_destroy(heat);
	return picture;
}

static const uint64_t some[PLACES] = {1, 2, 2, 1};

/* The picture outlives what its facts pointed at. */
static void
test_facts_are_copied(void **state)
{
	char source[] = "eth0", settings[] = "{}";
	const char *sources[] = {source, source};
	struct period_lane lanes[2] = {{.port = "p", .queue = 1}, {.port = "p", .queue = 2}};
	struct period_port port = {.name = "p", .imissed = 7};
	struct picture_facts facts = {
		.version = "1",
		.ui_build = "b",
		.sources = sources,
		.source_count = 2,
		.record = {.sensor = "sensor",
			   .lanes = lanes,
			   .lane_count = 2,
			   .ports = &port,
			   .port_count = 1},
		.sums = {.history = {1, 2, 3}, .history_count = 3},
		.settings_json = settings,
	};
	const struct locate_database *databases;
	(void)state;

	struct picture *picture = make_picture(&facts, some);
	memset(source, 'x', 4);
	memset(settings, 'x', 2);
	memset(sources, 0, sizeof(sources));
	memset(lanes, 0, sizeof(lanes));
	memset(&port, 0, sizeof(port));
	memset(&database.title, 'x', 1);
	const struct picture_facts *kept = picture_facts(picture);
	assert_string_equal(kept->record.sensor, "sensor");
	assert_string_equal(kept->sources[1], "eth0");
	assert_string_equal(kept->settings_json, "{}");
	assert_null(kept->security_json);
	assert_true(kept->sums.history[2] == 3);
	assert_int_equal(kept->record.lanes[1].queue, 2);
	assert_int_equal(kept->record.ports[0].imissed, 7);
	assert_int_equal(picture_databases(picture, &databases), 1);
	assert_string_equal(databases[0].title, "T");
	assert_int_equal(picture_database_errors(picture), 5);
	assert_int_equal(picture_default_view(picture).window, WINDOW_1M);
	picture_release(picture);
}

static void
test_lists(void **state)
{
	static const uint32_t order[PLACES] = {1, 2, 0, 3};
	struct picture_window w;
	struct country *countries;
	struct top_row rows[TOP_MAX];
	size_t count, hosts;
	(void)state;

	struct picture *picture = make_picture(&(struct picture_facts){.version = "1"}, some);
	assert_int_equal(picture_points(picture, WINDOW_NOW), PLACES);
	assert_int_equal(picture_get_window(picture, all_of(WINDOW_NOW), &w), 0);
	assert_int_equal(w.count, PLACES);
	for (size_t i = 0; i < PLACES; i++)
		assert_int_equal(w.points[i].place->number, order[i]);

	/* three countries with two packets each: by code, and none is the first of codes */
	assert_int_equal(picture_countries(&w, &countries, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(countries[0].code, "");
	assert_string_equal(countries[1].code, "AT");
	assert_string_equal(countries[2].code, "DE");
	assert_int_equal(counts_packets(&countries[2].counts), 2);
	free(countries);

	/* rows of points, and no country alone among them */
	assert_int_equal(picture_cities(&w, false, rows), 2);
	assert_int_equal(rows[0].row, 1);
	assert_int_equal(rows[1].row, 2);

	/* of equal ones the first ones; more packets are ahead */
	assert_int_equal(picture_place_talkers(picture, 0, rows, &count, &hosts), 0);
	assert_int_equal(hosts, 20);
	assert_int_equal(count, TOP_EACH);
	assert_int_equal(rows[0].row, 12);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(rows[i].row, i - 1);
	assert_int_equal(picture_place_talkers(picture, 3, rows, &count, &hosts), 0);
	assert_int_equal(count + hosts, 0);
	assert_int_equal(picture_place_talkers(picture, PLACES, rows, &count, &hosts), -ENOENT);
	picture_release(picture);
}

/* What is no code, as a record of another machine may have it, is a place without a country. */
static void
test_codes(void **state)
{
	static const char *const codes[] = {"11", "a~", "\xff\xff", "D"};
	struct picture_window w;
	struct country *countries;
	size_t count;
	(void)state;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		snprintf(places[1].country, sizeof(places[1].country), "%s", codes[i]);
		struct picture *picture =
			make_picture(&(struct picture_facts){.version = "1"}, some);
		assert_int_equal(picture_get_window(picture, all_of(WINDOW_NOW), &w), 0);
		assert_int_equal(picture_countries(&w, &countries, &count), 0);
		assert_int_equal(count, 3);
		assert_string_equal(countries[0].code, "");
		assert_string_equal(countries[2].code, "DE");
		free(countries);
		picture_release(picture);
	}
	memset(places[1].country, 0, sizeof(places[1].country));
	assert_int_equal(place_country_index("AA"), 1);
	assert_int_equal(place_country_index("ZZ"), PLACE_COUNTRIES - 1);
}

static int made, destroyed;

static void *
make_attachment(void)
{
	return made++ == 0 ? NULL : &made;
}

static void
destroy_attachment(void *attachment)
{
	assert_ptr_equal(attachment, &made);
	destroyed++;
}

static void
test_attachment(void **state)
{
	(void)state;

	struct picture *picture = make_picture(&(struct picture_facts){.version = "1"}, some);
	/* without memory at first, then once and for all */
	assert_null(picture_attachment(picture, make_attachment, destroy_attachment));
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(picture_attachment(picture, make_attachment, destroy_attachment),
				 &made);
	assert_int_equal(made, 2);
	picture_publish(picture);
	assert_ptr_equal(picture_current(), picture);
	picture_publish(NULL);
	assert_int_equal(destroyed, 0);
	picture_release(picture);
	assert_int_equal(destroyed, 1);
	assert_null(picture_current());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_are_copied),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_attachment),
	};
	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
