/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *where,
	       char error[KAFKA_ERROR_MAX])
{
	char why[512];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	snprintf(error, KAFKA_ERROR_MAX, "%.300s: %s", where, why);
	return -1;
}

/* Without the blanks at both ends. */
static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		text[--length] = 0;
	return text;
}

int
kafka_conf_read(rd_kafka_conf_t *conf, const char *path, char error[KAFKA_ERROR_MAX])
{
	FILE *file = fopen(path, "re");
	char *line = NULL, where[400];
	size_t size = 0;
	int code = 0;

	if (file == NULL) {
		snprintf(error, KAFKA_ERROR_MAX, "%.300s: %s", path, strerror(errno));
		return -1;
	}
	for (unsigned int number = 1; code == 0 && getline(&line, &size, file) >= 0; number++) {
		char *name = trim(line), *value = strchr(name, '=');

		if (*name == 0 || *name == '#')
			continue;
		snprintf(where, sizeof(where), "%.300s, line %u", path, number);
		if (value == NULL) {
			snprintf(error, KAFKA_ERROR_MAX, "%s: no property=value", where);
			code = -1;
			break;
		}
		*value++ = 0;
		code = kafka_conf_set(conf, trim(name), trim(value), where, error);
	}
	/* it may hold a password */
	if (line != NULL)
		explicit_bzero(line, size);
	free(line);
	fclose(file);
	return code;
}

/* A mistake in what it answers, which brokers before Kafka 4 let pass: librdkafka's change 4895. */
bool
kafka_conf_scram_is_broken(const rd_kafka_conf_t *conf)
{
	char mechanism[32];
	size_t size = sizeof(mechanism);

	return rd_kafka_version() < 0x020601ff &&
	       rd_kafka_conf_get(conf, "sasl.mechanism", mechanism, &size) == RD_KAFKA_CONF_OK &&
	       strncmp(mechanism, "SCRAM", 5) == 0;
}

static bool
names_brokers(const rd_kafka_conf_t *conf)
{
	char brokers[8];
	size_t size = sizeof(brokers);

	return rd_kafka_conf_get(conf, "bootstrap.servers", brokers, &size) == RD_KAFKA_CONF_OK &&
	       size > 1;
}

int
kafka_conf_connect(rd_kafka_conf_t *conf, const char *brokers, const char *path,
		   char error[KAFKA_ERROR_MAX])
{
	int code = 0;

	if (brokers != NULL)
		code = kafka_conf_set(conf, "bootstrap.servers", brokers, "--brokers", error);
	if (code == 0 && path != NULL)
		code = kafka_conf_read(conf, path, error);
	if (code == 0 && !names_brokers(conf)) {
		snprintf(error, KAFKA_ERROR_MAX,
			 "no broker: name one with --brokers HOST:PORT or by bootstrap.servers= in "
			 "%.300s",
			 path != NULL ? path : "--kafka-conf");
		code = -1;
	}
	return code;
}
