/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any places, hosts and names: every text of a picture is JSON that a strict reader accepts, says
 * what was put in, and holds no '<' where it is poured into HTML.
 *
 * The places come from this file instead of a database, so that any name and position can be tried.
 *
 * Input, as a stream of octets (0 where it ends): number of places (up to 8) and of hosts (up to
 * 8); each place's latitude and longitude (4 octets each, scaled), radius, country, length of the
 * name, name (each octet a character, see take_text); each host's family, place, address, eight
 * counters of 4 octets; last, the sensor's name as it stands (any octets).
 */
#include "fuzz.h"
#include "text.h"

#include <jansson.h>
#include <math.h>
#include <zlib.h>

static struct place places[8];
static uint32_t place_count;
static struct locate_database database = {.attribution = "", .attribution_url = ""};

/* lib/locate's side, for lib/picture */
const struct place *
locate_get(const struct locate *locate, uint32_t number)
{
	(void)locate;
	return number < place_count ? &places[number] : NULL;
}

size_t
locate_count(const struct locate *locate)
{
	(void)locate;
	return place_count;
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
	return 0;
}

/* Instead of zlib's: no text is compressed, as where memory is short. That is not what is tried
 * here, and took two thirds of the time. */
int
deflateInit2_(z_streamp z, int level, int method, int bits, int memory, int strategy,
	      const char *version, int size)
{
	(void)z, (void)level, (void)method, (void)bits, (void)memory, (void)strategy;
	(void)version, (void)size;
	return Z_MEM_ERROR;
}

struct stream {
	const uint8_t *at, *end;
};

static uint8_t
take8(struct stream *s)
{
	return s->at < s->end ? *s->at++ : 0;
}

static uint32_t
take32(struct stream *s)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | take8(s);
	return v;
}

/* What lib/locate promises of a name: valid UTF-8, no control characters. An octet below 0x80 is
 * itself; above, it stands for one of a few longer characters. */
static void
take_text(struct stream *s, char *to, size_t room)
{
	static const char *const longer[] = {"\xc3\xa9",     "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
					     "\xe6\x9d\xb1", "\xc2\xa0",     "\xef\xbf\xbd"};
	size_t length = 0;

	for (unsigned int n = take8(s); n > 0; n--) {
		uint8_t c = take8(s);
		char one[2] = {(char)(c < 0x20 || c == 0x7f ? '?' : c), 0};
		const char *text = c < 0x80 ? one : longer[c % 6];

		if (length + strlen(text) + 1 > room)
			break;
		memcpy(to + length, text, strlen(text));
		length += strlen(text);
	}
	to[length] = 0;
}

static double
take_degrees(struct stream *s, double most)
{
	return ((double)take32(s) / 4294967295.0 * 2 - 1) * most;
}

static json_t *
read_json(const char *text, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

	if (json == NULL)
		fprintf(stderr, "%s at %d:\n%.*s\n", error.text, error.position, (int)length, text);
	FUZZ_CHECK(json != NULL);
	return json;
}

static json_int_t
integer_at(const json_t *row, size_t i)
{
	FUZZ_CHECK(json_is_integer(json_array_get(row, i)));
	return json_integer_value(json_array_get(row, i));
}

static void
check_heat(const struct text *text, const struct counts *sums)
{
	json_t *heat = read_json(text->plain, text->length);
	json_t *points = json_object_get(heat, "points"), *names = json_object_get(heat, "places");
	size_t i, with_counts = 0;
	json_t *row;

	for (uint32_t p = 0; p < place_count; p++)
		with_counts += places[p].has_position && counts_packets(&sums[p]) > 0;
	FUZZ_CHECK(json_array_size(points) == with_counts);
	FUZZ_CHECK(json_array_size(names) == with_counts);
	json_array_foreach(points, i, row)
	{
		uint64_t number = (uint64_t)integer_at(row, 10);
		FUZZ_CHECK(number < place_count);
		const struct place *place = &places[number];
		const struct counts *c = &sums[number];
		char name[PLACE_CITY_MAX + 8];

		FUZZ_CHECK(fabs(json_number_value(json_array_get(row, 0)) - place->latitude) <
			   0.00051);
		FUZZ_CHECK(fabs(json_number_value(json_array_get(row, 1)) - place->longitude) <
			   0.00051);
		FUZZ_CHECK((uint64_t)(integer_at(row, 2) + integer_at(row, 3)) ==
			   counts_packets(c));
		FUZZ_CHECK((uint64_t)(integer_at(row, 4) + integer_at(row, 5)) == counts_octets(c));
		FUZZ_CHECK((uint64_t)integer_at(row, 7) == c->packets[LAYER_UDP][AS_SOURCE]);
		snprintf(name, sizeof(name), "%s, %s", place->city, place->country);
		FUZZ_CHECK(strcmp(json_string_value(json_array_get(names, i)), name) == 0);
	}
	json_decref(heat);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct picture_page html = {"<a>@@IPHEAT_DATA@@</a>", 22};
	struct stream s = {data, data + size};
	struct counts sums[8] = {0};
	char name[300], source[300];

	place_count = take8(&s) % 9;
	size_t host_count = take8(&s) % 9;
	for (uint32_t i = 0; i < place_count; i++) {
		struct place *p = &places[i];

		*p = (struct place){.number = i, .has_position = true};
		p->latitude = take_degrees(&s, 90);
		p->longitude = take_degrees(&s, 180);
		p->radius_km = (float)take8(&s);
		uint8_t country = take8(&s);
		if (country & 1) {
			p->country[0] = (char)('A' + country % 26);
			p->country[1] = (char)('A' + country / 26);
		}
		take_text(&s, p->city, sizeof(p->city));
	}

	struct heat *heat = heat_create();
	struct host_list hosts = {0}, period = {0};
	FUZZ_CHECK(heat != NULL && host_list_reserve(&hosts, 8) == 0);
	for (size_t i = 0; i < host_count; i++) {
		struct host_row *row = &hosts.rows[hosts.count++];

		*row = (struct host_row){0};
		row->family = take8(&s) & 1 ? ADDR_IPV4 : ADDR_IPV6;
		uint8_t place = take8(&s);
		row->place = place < place_count ? place : PLACE_NONE;
		uint8_t octets[16];
		for (int k = 0; k < 16; k++)
			octets[k] = take8(&s);
		row->addr = row->family == ADDR_IPV4 ? host_addr_from_ipv4(octets)
						     : host_addr_from_ipv6(octets);
		for (int k = 0; k < 4; k++) {
			row->counts.packets[k / 2][k % 2] = take32(&s);
			/* no packets, no octets: a row of none at all is passed over */
			row->counts.octets[k / 2][k % 2] = (uint64_t)take32(&s) << 16;
			if (row->counts.packets[k / 2][k % 2] == 0)
				row->counts.octets[k / 2][k % 2] = 0;
		}
	}
	FUZZ_CHECK(host_list_sort(&hosts) == 0);
	for (size_t i = 0; i < hosts.count; i++) {
		if (hosts.rows[i].place >= place_count)
			continue;
		counts_add(&sums[hosts.rows[i].place], &hosts.rows[i].counts);
		FUZZ_CHECK(heat_add(heat, hosts.rows[i].place, &hosts.rows[i].counts) == 0);
	}
	FUZZ_CHECK(heat_end_period(heat, 10) == 0);

	size_t n = 0;
	for (; n < sizeof(name) - 1 && s.at < s.end; n++)
		name[n] = (char)take8(&s);
	name[n] = 0;
	memcpy(source, name, sizeof(name));
	const char *sources[] = {source};
	struct picture_facts facts = {.version = "0",
				      .ui_build = "0",
				      .html = &html,
				      .record = {.number = 1, .end_ns = 10000000000},
				      .sources = sources,
				      .source_count = 1,
				      .interval_s = 10};
	snprintf(facts.record.sensor, sizeof(facts.record.sensor), "%s", name);
	struct picture *picture =
		picture_create(&facts, heat, NULL, &hosts, &period, all_of(WINDOW_START));
	FUZZ_CHECK(picture != NULL);

	for (int w = 0; w < WINDOWS; w++) {
		const struct text *text = text_get(picture, TEXT_HEAT, all_of((enum window)w));
		FUZZ_CHECK(text != NULL);
		check_heat(text, sums);
	}
	const struct text *text = text_get(picture, TEXT_STATUS, all_of(WINDOW_START));
	FUZZ_CHECK(text != NULL);
	json_decref(read_json(text->plain, text->length));
	for (enum text_kind kind = TEXT_GEOJSON; kind <= TEXT_COUNTRIES; kind++) {
		text = text_get(picture, kind, all_of(WINDOW_START));
		FUZZ_CHECK(text != NULL);
		json_decref(read_json(text->plain, text->length));
	}
	text = text_get(picture, TEXT_HTML, all_of(WINDOW_START));
	FUZZ_CHECK(text != NULL && text->length > 7);
	FUZZ_CHECK(memcmp(text->plain, "<a>", 3) == 0);
	FUZZ_CHECK(memchr(text->plain + 3, '<', text->length - 7) == NULL);
	for (uint32_t i = 0; i < place_count; i++) {
		char *json;

		FUZZ_CHECK(text_place(picture, i, WINDOW_START, &json) == 0);
		json_decref(read_json(json, strlen(json)));
		free(json);
	}
	picture_release(picture);
	heat_destroy(heat);
	host_list_free(&period);
	return 0;
}
