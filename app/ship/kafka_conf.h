/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * librdkafka's settings out of a file: lines of `property=value`, as in its CONFIGURATION.md and as
 * Kafka's own client files have them. Blank lines and those that begin with # say nothing. Any
 * property that librdkafka knows may stand there; it says which is wrong, and the line is named.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stdbool.h>

#define KAFKA_ERROR_MAX 1024

/* 0, or -1 with a line in `error`. */
int kafka_conf_read(rd_kafka_conf_t *conf, const char *path, char error[KAFKA_ERROR_MAX]);
/* `brokers`, then the file at `path`; either may be NULL. Who is named by neither is an error: a
 * client without a broker would wait for ever. */
int kafka_conf_connect(rd_kafka_conf_t *conf, const char *brokers, const char *path,
		       char error[KAFKA_ERROR_MAX]);
/* Is a login by SCRAM asked for that this librdkafka does wrongly? Kafka 4 refuses it. */
bool kafka_conf_scram_is_broken(const rd_kafka_conf_t *conf);
/* One property; `where` begins the line in `error`. */
int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *where,
		   char error[KAFKA_ERROR_MAX]);
