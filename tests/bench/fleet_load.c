/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sensors that are not there, for scripts/bench fleet: their records, of as many places as asked
 * for, to Apache Kafka.
 *
 *   fleet_load BROKERS TOPIC SENSORS PLACES PERIODS PERIOD-MS FIRST-END-MS
 *
 * Periods end at FIRST-END-MS and then each PERIOD-MS; those of the future are sent when they have
 * ended, those of the past at once. Each sensor has its own choice out of ten times as many places,
 * the first ones more often, as traffic has it; counts vary from period to period. A period's
 * messages are packed before it ends: sensors do that on machines of their own.
 *
 * The last line of stdout: messages, their octets before compression, and the most milliseconds
 * that it took from a period's end until the broker had all of them.
 */
#include "record.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORLD 10 /* times the places of one sensor */

struct message {
	char name[32];
	void *data;
	size_t size;
};

struct load {
	rd_kafka_t *kafka;
	rd_kafka_topic_t *topic;
	char name[32];
	struct message *packed;
	size_t count, room;
	unsigned long long messages, octets, delivered;
};

static uint64_t state = 88172645463325252u;

static uint32_t
below(uint32_t bound)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717) >> 32) * bound >> 32);
}

static int
keep_message(void *context, uint32_t part, uint32_t parts, const void *data, size_t size)
{
	struct load *l = context;
	(void)part;
	(void)parts;

	if (l->count == l->room) {
		l->room = 2 * l->room + 64;
		l->packed = realloc(l->packed, l->room * sizeof(*l->packed));
	}
	struct message *message = &l->packed[l->count++];
	memcpy(message->name, l->name, sizeof(message->name));
	message->data = malloc(size);
	message->size = size;
	memcpy(message->data, data, size);
	return 0;
}

static void
send_messages(struct load *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct message *message = &l->packed[i];

		while (rd_kafka_produce(l->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_FREE,
					message->data, message->size, message->name,
					strlen(message->name), NULL) != 0) {
			if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
				fprintf(stderr, "%s\n", rd_kafka_err2str(rd_kafka_last_error()));
				exit(1);
			}
			rd_kafka_poll(l->kafka, 10);
		}
		l->messages++;
		l->octets += message->size;
		rd_kafka_poll(l->kafka, 0);
	}
	l->count = 0;
}

/* The world's places: letters and numbers, as long as cities' names are. */
static struct place *
make_world(uint32_t count)
{
	struct place *world = calloc(count, sizeof(*world));

	for (uint32_t i = 0; i < count; i++) {
		world[i].has_position = true;
		world[i].latitude = (double)below(14000) / 100 - 60;
		world[i].longitude = (double)below(36000) / 100 - 180;
		world[i].radius_km = (float)(1 + below(100));
		snprintf(world[i].country, sizeof(world[i].country), "%c%c", 'A' + (int)below(26),
			 'A' + (int)below(26));
		snprintf(world[i].city, sizeof(world[i].city), "City %u", i);
	}
	return world;
}

/* Each place once; the world's first ones are chosen most. */
static void
choose(uint32_t *chosen, uint32_t places, uint32_t world)
{
	uint8_t *taken = calloc(world, 1);

	for (uint32_t i = 0; i < places;) {
		const uint32_t place = below(1 + below(world));

		if (taken[place])
			continue;
		taken[place] = 1;
		chosen[i++] = place;
	}
	free(taken);
}

static void
make_record(struct record *r, const struct place *world, const uint32_t *chosen, uint32_t places)
{
	struct ledger *ledger = &r->head.ledger;
	uint64_t tcp = 0, udp = 0;

	memset(ledger, 0, sizeof(*ledger));
	for (uint32_t i = 0; i < places; i++) {
		struct counts *c = &r->points[i].counts;
		const uint32_t packets = 1 + below(1 + below(20000));

		memset(c, 0, sizeof(*c));
		c->packets[LAYER_TCP][AS_SOURCE] = packets;
		c->packets[LAYER_TCP][AS_DESTINATION] = packets / 2;
		c->octets[LAYER_TCP][AS_SOURCE] = 700ull * packets;
		c->octets[LAYER_TCP][AS_DESTINATION] = 60ull * (packets / 2);
		if (i % 3 == 0) {
			c->packets[LAYER_UDP][AS_DESTINATION] = packets / 4;
			c->octets[LAYER_UDP][AS_DESTINATION] = 200ull * (packets / 4);
		}
		tcp += packets + packets / 2;
		udp += i % 3 == 0 ? packets / 4 : 0;
		r->points[i].place = &world[chosen[i]];
	}
	r->count = places;
	ledger->decode.frames[DECODE_TCP] = tcp;
	ledger->decode.frames[DECODE_UDP] = udp;
	ledger->decode.octets[DECODE_TCP] = 400 * tcp;
	ledger->decode.octets[DECODE_UDP] = 200 * udp;
	ledger->decode.ways[WAY_THROUGH] = tcp + udp;
	/* one end of each packet has a place, the other is at home */
	ledger->geo[GEO_LOCATED] = tcp + udp;
	ledger->geo[GEO_PRIVATE] = tcp + udp;
	r->head.received = tcp + udp;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
on_delivered(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *context)
{
	struct load *l = context;
	(void)kafka;

	l->delivered++;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		fprintf(stderr, "%s\n", rd_kafka_err2str(message->err));
		exit(1);
	}
}

static void
start(struct load *l, const char *brokers, const char *topic)
{
	const char *const settings[][2] = {{"bootstrap.servers", brokers},
					   {"compression.codec", "zstd"},
					   {"linger.ms", "20"},
					   {"message.max.bytes", "2000000"},
					   {"queue.buffering.max.kbytes", "1048576"}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[256];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof(error));
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
	rd_kafka_conf_set_opaque(conf, l);
	l->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	l->topic = l->kafka ? rd_kafka_topic_new(l->kafka, topic, NULL) : NULL;
	if (l->topic == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: fleet_load BROKERS TOPIC SENSORS PLACES PERIODS PERIOD-MS "
				"FIRST-END-MS\n");
		return 2;
	}
	const uint32_t sensors = (uint32_t)strtoul(argv[3], NULL, 10);
	const uint32_t places = (uint32_t)strtoul(argv[4], NULL, 10);
	const uint32_t periods = (uint32_t)strtoul(argv[5], NULL, 10);
	const int64_t period_ms = strtoll(argv[6], NULL, 10), first_ms = strtoll(argv[7], NULL, 10);
	struct place *world = make_world(WORLD * places);
	uint32_t *chosen = malloc((size_t)sensors * places * sizeof(*chosen));
	struct record r = {.points = malloc(places * sizeof(*r.points))};
	struct load load = {.messages = 0};
	int64_t most = 0;

	start(&load, argv[1], argv[2]);
	for (uint32_t i = 0; i < sensors; i++)
		choose(&chosen[(size_t)i * places], places, WORLD * places);
	snprintf(r.software, sizeof(r.software), "load");
	snprintf(r.databases[0].type, sizeof(r.databases[0].type), "DBIP-City-Lite");
	r.databases[0].built = now_ms() / 1000;
	r.database_count = 1;
	for (uint32_t k = 0; k < periods; k++) {
		const int64_t end_ms = first_ms + k * period_ms;

		for (uint32_t i = 0; i < sensors; i++) {
			snprintf(load.name, sizeof(load.name), "load-%05u", i);
			memcpy(r.head.sensor, load.name, sizeof(load.name));
			snprintf(r.site, sizeof(r.site), "Site %u", i);
			snprintf(r.group, sizeof(r.group), "group %u", i % 8);
			r.head.boot_id = 1000 + i;
			r.head.number = k + 1;
			r.head.end_ms = end_ms;
			r.head.start_ms = end_ms - period_ms;
			r.head.end_ns = (uint64_t)period_ms * 1000000;
			make_record(&r, world, &chosen[(size_t)i * places], places);
			if (record_pack(&r, RECORD_MESSAGE_MOST, keep_message, &load) != 0)
				return 1;
		}
		while (now_ms() < end_ms)
			rd_kafka_poll(load.kafka, 10);
		const int64_t begun = now_ms();
		send_messages(&load);
		while (load.delivered < load.messages)
			rd_kafka_poll(load.kafka, 10);
		const int64_t took = now_ms() - (begun < end_ms + period_ms ? end_ms : begun);
		most = took > most ? took : most;
	}
	printf("%llu %llu %lld\n", load.messages, load.octets, (long long)most);
	rd_kafka_topic_destroy(load.topic);
	rd_kafka_destroy(load.kafka);
	free(load.packed);
	free(r.points);
	free(chosen);
	free(world);
	return 0;
}
