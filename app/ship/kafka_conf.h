/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * librdkafka's settings out of a file: lines of `property=value`, as in its CONFIGURATION.md and as
 * Kafka's own client files have them. Blank lines and those that begin with # say nothing. Any
 * property that librdkafka knows may stand there; it says which is wrong, and the line is named.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#define KAFKA_ERROR_MAX 1024

/* 0, or -1 with a line in `error`. */
int kafka_conf_read(rd_kafka_conf_t *conf, const char *path, char error[KAFKA_ERROR_MAX]);
/* One property; `where` begins the line in `error`. */
int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *where,
		   char error[KAFKA_ERROR_MAX]);
