/* SPDX-License-Identifier: BSD-3-Clause */
/* Records: what is packed comes back, in parts that fit; and what makes no sense is refused. */
#include "ledger_names.h"
#include "record.h"
#include "unit.h"

#include <errno.h>
#include <math.h>

#define PLACES 5000

struct message {
	uint8_t *data;
	size_t size;
};

struct messages {
	struct message each[RECORD_PARTS_MOST];
	uint32_t count;
	int fails; /* what take() returns */
};

struct world {
	struct record record;
	struct place places[PLACES];
	struct period_lane lanes[2];
	struct period_port ports[2];
	struct messages messages;
};

static int
take(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	struct messages *m = context;

	assert_int_equal(part, m->count);
	assert_in_range(parts, part + 1, RECORD_PARTS_MOST);
	m->each[part].data = malloc(size + 1);
	memcpy(m->each[part].data, data, size);
	m->each[part].size = size;
	m->count++;
	return m->fails;
}

static void
forget(struct messages *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		free(m->each[i].data);
	m->count = 0;
}

static struct place
some_place(struct dice *dice, uint32_t i)
{
	struct place p = {.has_position = i % 50 != 49, .own = i % 7 == 0, .number = i + 100};

	if (p.has_position) {
		p.latitude = (double)dice_below(dice, 180001) / 1000 - 90;
		p.longitude = (double)dice_below(dice, 360001) / 1000 - 180;
	}
	p.radius_km = (float)(dice_below(dice, 3) * 50);
	p.basis = (uint8_t)(i % 3);
	if (p.basis == BASIS_CONTINENT)
		snprintf(p.continent, sizeof(p.continent), "EU");
	else
		snprintf(p.country, sizeof(p.country), "%c%c", 'A' + i % 26, 'A' + i / 26 % 26);
	if (i % 5 != 0)
		snprintf(p.city, sizeof(p.city), "Città %u 東京", i);
	return p;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct dice dice = {4711};
	struct ledger_name names[LEDGER_NAMES];
	struct period_head *head = &w->record.head;

	snprintf(head->sensor, sizeof(head->sensor), "sensor-01");
	head->boot_id = UINT64_MAX;
	head->number = 17;
	head->start_ms = 1790000000000;
	head->end_ms = 1790000010000;
	head->start_ns = 5;
	head->end_ns = 10000000005;
	head->received = 4000000000000;
	head->lost = 12;
	head->link = LINK_DOWN;
	head->late = 3;
	ledger_names(names);
	for (size_t i = 0; i < LEDGER_NAMES; i++)
		*ledger_number(&head->ledger, &names[i]) = i % 4 == 3 ? 0 : dice_next(&dice) >> 20;
	head->lanes = w->lanes;
	head->lane_count = 2;
	w->lanes[1] = (struct period_lane){.port = "0000:01:00.0",
					   .queue = 1,
					   .received = 7,
					   .busy = 0.25,
					   .headroom_pps = 1e7};
	head->ports = w->ports;
	head->port_count = 2;
	w->ports[0] = (struct period_port){.name = "eth0",
					   .driver = "net_af_packet",
					   .kind = "interface",
					   .link = LINK_UP,
					   .imissed = 12};
	snprintf(w->record.site, RECORD_NAME_MAX, "Köln");
	snprintf(w->record.group, RECORD_NAME_MAX, "branches");
	w->record.has_position = true;
	w->record.latitude = 50.94;
	w->record.longitude = 6.96;
	snprintf(w->record.databases[0].type, RECORD_NAME_MAX, "DBIP-City-Lite");
	w->record.databases[0].built = 1780000000;
	w->record.database_count = 1;
	w->record.packets_dropped = 99;
	w->record.points = calloc(PLACES, sizeof(*w->record.points));
	w->record.count = PLACES;
	for (uint32_t i = 0; i < PLACES; i++) {
		w->places[i] = some_place(&dice, i);
		w->record.points[i].place = &w->places[i];
		for (int l = 0; l < LAYERS; l++) {
			for (int d = 0; d < DIRECTIONS && (i + (uint32_t)l) % 3 != 0; d++) {
				w->record.points[i].counts.packets[l][d] = dice_next(&dice) >> 30;
				w->record.points[i].counts.octets[l][d] = dice_next(&dice) >> 20;
			}
		}
	}
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	forget(&w->messages);
	free(w->record.points);
	free(w);
	return 0;
}

static bool
same_place(const struct place *a, const struct place *b)
{
	return a->latitude == b->latitude && a->longitude == b->longitude &&
	       a->radius_km == b->radius_km && a->has_position == b->has_position &&
	       a->own == b->own && a->basis == b->basis && strcmp(a->country, b->country) == 0 &&
	       strcmp(a->continent, b->continent) == 0 && strcmp(a->city, b->city) == 0;
}

static void
assert_same_head(const struct record *a, const struct record *b)
{
	const struct period_head *x = &a->head, *y = &b->head;

	assert_string_equal(x->sensor, y->sensor);
	assert_true(x->boot_id == y->boot_id && x->number == y->number);
	assert_true(x->start_ms == y->start_ms && x->end_ms == y->end_ms);
	assert_true(x->end_ns - x->start_ns == y->end_ns - y->start_ns);
	assert_true(x->received == y->received && x->lost == y->lost && x->link == y->link);
	assert_memory_equal(&x->ledger, &y->ledger, sizeof(x->ledger));
	assert_int_equal(y->lane_count, x->lane_count);
	for (size_t i = 0; i < x->lane_count; i++)
		assert_memory_equal(&y->lanes[i], &x->lanes[i], sizeof(x->lanes[i]));
	assert_int_equal(y->port_count, x->port_count);
	assert_string_equal(y->ports[0].name, "eth0");
	assert_string_equal(y->ports[0].kind, "interface");
	assert_true(y->ports[0].imissed == 12 && y->ports[0].link == LINK_UP);
	assert_null(y->ports[1].kind);
	assert_string_equal(a->site, b->site);
	assert_string_equal(a->group, b->group);
	assert_true(a->has_position == b->has_position && a->latitude == b->latitude &&
		    a->longitude == b->longitude);
	assert_true(a->database_count == b->database_count &&
		    a->databases[0].built == b->databases[0].built);
	assert_string_equal(a->databases[0].type, b->databases[0].type);
	assert_true(a->packets_dropped == b->packets_dropped);
}

static void
test_round_trip(void **state)
{
	struct world *w = *state;
	static const size_t bounds[] = {RECORD_MESSAGE_MOST, 100000, 20000, 5000};
	uint32_t fewer = 0;

	for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
		char error[RECORD_ERROR_MAX];
		size_t rows = 0;

		assert_int_equal(record_pack(&w->record, bounds[b], take, &w->messages), 0);
		assert_true(w->messages.count > fewer);
		fewer = w->messages.count;
		for (uint32_t i = 0; i < w->messages.count; i++) {
			const struct message *m = &w->messages.each[i];
			struct record back;

			assert_true(m->size <= bounds[b]);
			assert_int_equal(record_unpack(m->data, m->size, &back, error), 0);
			assert_true(back.part == i && back.parts == w->messages.count);
			assert_same_head(&w->record, &back);
			for (size_t r = 0; r < back.count; r++, rows++) {
				assert_true(same_place(back.points[r].place, &w->places[rows]));
				assert_memory_equal(&back.points[r].counts,
						    &w->record.points[rows].counts,
						    sizeof(struct counts));
			}
			record_free(&back);
		}
		assert_int_equal(rows, PLACES);
		forget(&w->messages);
	}
}

static void
test_bounds(void **state)
{
	struct world *w = *state;

	w->record.count = 0; /* a quiet period is a message, too */
	assert_int_equal(record_pack(&w->record, RECORD_MESSAGE_MOST, take, &w->messages), 0);
	assert_int_equal(w->messages.count, 1);
	const size_t alone = w->messages.each[0].size;
	forget(&w->messages);
	w->record.count = PLACES;
	/* a row or two a message: more messages than there may be; and not even one row */
	assert_int_equal(record_pack(&w->record, alone + 150, take, &w->messages), -E2BIG);
	assert_int_equal(record_pack(&w->record, alone + 5, take, &w->messages), -E2BIG);
	assert_int_equal(record_pack(&w->record, alone - 1, take, &w->messages), -E2BIG);
	assert_int_equal(w->messages.count, 0);
	w->record.count = PLACES;
	w->messages.fails = -EIO; /* who takes them may say no */
	assert_int_equal(record_pack(&w->record, 20000, take, &w->messages), -EIO);
	assert_int_equal(w->messages.count, 1);
}

/* Packs the record of few rows, as it is now, and unpacks it. */
static int
repack(struct world *w, struct record *back, char error[RECORD_ERROR_MAX])
{
	forget(&w->messages);
	w->record.count = 20;
	assert_int_equal(record_pack(&w->record, RECORD_MESSAGE_MOST, take, &w->messages), 0);
	return record_unpack(w->messages.each[0].data, w->messages.each[0].size, back, error);
}

static void
test_what_makes_no_sense(void **state)
{
	struct world *w = *state;
	const struct world whole = *w;
	char error[RECORD_ERROR_MAX];
	struct record back;

#define REFUSED(change, words)                                                                     \
	do {                                                                                       \
		change;                                                                            \
		assert_int_equal(repack(w, &back, error), -EBADMSG);                               \
		assert_true_of(strstr(error, words) != NULL, "%s", error);                         \
		assert_null(back.memory);                                                          \
		const struct messages kept = w->messages;                                          \
		*w = whole;                                                                        \
		w->messages = kept;                                                                \
	} while (0)
	REFUSED(w->record.head.sensor[0] = 0, "sensor has no name");
	REFUSED(w->record.head.sensor[0] = '\n', "sensor's name");
	REFUSED(w->record.head.sensor[0] = (char)0xff, "sensor's name");
	REFUSED(w->record.head.end_ms = 5, "ends before");
	REFUSED(w->record.latitude = 91, "globe");
	REFUSED(w->places[3].longitude = -180.5, "globe");
	REFUSED(w->places[3].latitude = NAN, "globe");
	REFUSED(w->places[3].radius_km = -1, "radius");
	REFUSED(snprintf(w->places[3].country, 3, "d"), "country");
	REFUSED(snprintf(w->places[3].country, 3, "<b"), "country");
	REFUSED(snprintf(w->places[3].country, 3, "11"), "country");
	REFUSED(snprintf(w->places[3].city, PLACE_CITY_MAX, "a\x7f"), "city");
	REFUSED(w->lanes[0].busy = INFINITY, "lane");
	assert_int_equal(repack(w, &back, error), 0);
	record_free(&back);
}

static void
test_other_octets(void **state)
{
	struct world *w = *state;
	struct dice dice = {99};
	char error[RECORD_ERROR_MAX];
	struct record back;

	assert_int_equal(repack(w, &back, error), 0);
	record_free(&back);
	const struct message *m = &w->messages.each[0];
	uint8_t *copy = malloc(m->size);

	for (size_t size = 0; size < m->size; size++) {
		uint8_t *cut = malloc(size + 1); /* so that a read behind it is seen */

		memcpy(cut, m->data, size);
		if (record_unpack(cut, size, &back, error) == 0)
			record_free(&back);
		free(cut);
	}
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, m->data, m->size);
		for (uint32_t n = dice_below(&dice, 3) + 1; n > 0; n--)
			copy[dice_below(&dice, (uint32_t)m->size)] = (uint8_t)dice_next(&dice);
		int code = record_unpack(copy, m->size, &back, error);
		assert_true(code == 0 || code == -EBADMSG || code == -EPROTONOSUPPORT);
		if (code == 0)
			record_free(&back);
	}
	free(copy);
	assert_int_equal(record_unpack("", 0, &back, error), -EBADMSG);
	uint8_t *large = calloc(1, RECORD_UNPACK_MOST + 1);
	assert_int_equal(record_unpack(large, RECORD_UNPACK_MOST + 1, &back, error), -EBADMSG);
	assert_non_null(strstr(error, "too large"));
	free(large);
}

/* What a newer version says: fields and names that are not known here. */
static void
test_the_future(void **state)
{
	static const uint8_t version_2[] = {0x08, 2, 0x12, 1, 'x', 0x30, 1};
	/* version, sensor, parts, received = 7, ledger {frames.tcp 4} {frames.warp 3}
	 * {addresses.located 6} {addresses.mars 2}, and field 1000 */
	static const uint8_t newer[] = "\x08\x01\x12\x01x\x30\x01\xa0\x01\x07"
				       "\xb2\x01\x0e\x0a\x0a"
				       "frames.tcp\x10\x04"
				       "\xb2\x01\x0f\x0a\x0b"
				       "frames.warp\x10\x03"
				       "\xb2\x01\x15\x0a\x11"
				       "addresses.located\x10\x06"
				       "\xb2\x01\x12\x0a\x0e"
				       "addresses.mars\x10\x02"
				       "\xc0\x3e\x05";
	char error[RECORD_ERROR_MAX];
	struct record back;
	(void)state;

	assert_int_equal(record_unpack(version_2, sizeof(version_2), &back, error),
			 -EPROTONOSUPPORT);
	assert_non_null(strstr(error, "version 2"));
	assert_int_equal(record_unpack(newer, sizeof(newer) - 1, &back, error), 0);
	assert_int_equal(back.head.ledger.decode.frames[DECODE_TCP], 4);
	assert_int_equal(back.unknown_frames, 3);
	assert_int_equal(back.unknown_addresses, 2);
	assert_true(record_balances(&back));
	back.unknown_frames--;
	assert_false(record_balances(&back));
	record_free(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_makes_no_sense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_octets, setup, teardown),
		cmocka_unit_test(test_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
