/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * packet-heatmap-collector: the wall of a fleet.
 *
 *     Kafka, or a folder ──▶ fleet (lib/fleet) ──▶ a period each slot ──▶ the wall (app/wall)
 *     [main thread: all of this]                                          [its own threads]
 */
#pragma once

#include "asks.h"
#include "config.h"
#include "fleet.h"
#include "fleet_report.h"
#include "folder_source.h"
#include "kafka_source.h"
#include "options.h"
#include "relay.h"
#include "wall.h"

#include <signal.h>

#define WAITING_MOST 1024

/* What of the folder is stored once so many samples are. */
struct collect_waiting {
	uint64_t samples;
	int64_t offset;
};

struct collect {
	struct settings settings;
	struct config *config; /* holds texts of settings */
	struct wall wall;
	struct fleet *fleet;
	struct kafka_source *kafka; /* one of the two */
	struct folder_source *folder;
	struct relay *relay; /* NULL: no --records */
	struct fleet_transport transport;
	uint64_t boot_id;
	const char *source;
	uint64_t samples; /* that the history was to get */
	struct collect_waiting waiting[WAITING_MOST];
	size_t waiting_count;
};

/* run.c. Until a signal ends it: what the process ends with, said why. */
int collect_run(struct collect *collect, const sigset_t *signals);
/* For the source: where a partition is to go on; and that it is read from now on. */
int64_t collect_offset(void *collect, uint32_t partition);
void collect_joined(void *collect, uint32_t partition);

/* How Kafka is asked: the settings' part of it. */
struct kafka_source_settings collect_kafka(const struct settings *settings);

/* --check: prints a line for each thing that a start needs. Returns the exit code, as
 * app/check/check.h. Changes nothing; may be run beside the service. */
int collect_check(const struct settings *settings, bool json);
