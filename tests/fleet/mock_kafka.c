/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * librdkafka's mock brokers as a process of its own, for the tests of programs: no Java, no disk,
 * and a port that the kernel chooses.
 *
 *     mock_kafka BROKERS TOPIC PARTITIONS        prints "HOST:PORT,HOST:PORT" and waits
 *
 * Then a line at a time from standard input, each answered by "ok":
 *     down N, up N        broker N (1..) is away, is back
 *     fail CODE COUNT     the next COUNT Produce requests are answered by that error (Kafka's
 * number) End of input ends it.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCE 0 /* Kafka's number of that request */
#define FAILS   100

static int
obey(rd_kafka_mock_cluster_t *cluster, const char *line)
{
	int broker, code, count;

	if (sscanf(line, "down %d", &broker) == 1)
		return rd_kafka_mock_broker_set_down(cluster, broker);
	if (sscanf(line, "up %d", &broker) == 1)
		return rd_kafka_mock_broker_set_up(cluster, broker);
	if (sscanf(line, "fail %d %d", &code, &count) != 2 || count > FAILS)
		return -1;
	for (int i = 0; i < count; i++)
		rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, (rd_kafka_resp_err_t)code);
	return 0;
}

int
main(int argc, char **argv)
{
	char line[100], error[256];

	if (argc != 4)
		return 2;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (client == NULL) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, atoi(argv[1]));
	if (cluster == NULL || rd_kafka_mock_topic_create(cluster, argv[2], atoi(argv[3]), 1) != 0)
		return 1;
	puts(rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		puts(obey(cluster, line) == 0 ? "ok" : "what?");
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(client);
	return 0;
}
