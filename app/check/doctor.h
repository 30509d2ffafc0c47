/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of --check share: what is asked for, how a line is said, how /sys is read.
 */
#pragma once

#include "check_level.h"
#include "options.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SETUP "packet-heatmap-setup-host"

struct check_plan;

struct doctor {
	const struct settings *settings;
	const char *service_user;      /* of the package */
	const struct check_plan *plan; /* of a sensor */
	const char *root;              /* as in struct check_plan */
	json_t *checks;
	bool json;
	enum check_level worst;
	bool dedicated; /* cards of our own are among the sources */
};

extern const char *const level_names[]; /* by enum check_level */

/* Prints what there is to print of all lines together. Returns the worst level. */
int doctor_end(struct doctor *d);

/* One line. `remedy` may be NULL where there is nothing to type: never for a fault. */
void say(struct doctor *d, enum check_level level, const char *name, const char *remedy,
	 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A path as a shell takes it: in quotes where it needs them. Returns `text`. */
const char *quote(const char *path, char *text, size_t size);

/* The first line of a file below the root, without its end. NULL if it cannot be read. */
const char *read_line(const struct doctor *d, char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool is_there(const struct doctor *d, const char *path);

/* The last part of where a link points to. NULL if there is none. */
const char *link_target(const struct doctor *d, const char *path, char *target, size_t size);

/* Who will run it: --user, or the service's user when root asks. NULL: whoever asks. */
const char *who(const struct doctor *d);

/* vfio gives a card without an IOMMU a group too, of another name. */
bool is_group_without_iommu(const struct doctor *d, const char *group);

/* The subjects, in the order of the report. Each says its lines. */
void check_settings(struct doctor *d);
void check_huge_pages(struct doctor *d);
void check_memory_lock(struct doctor *d);
void check_iommu(struct doctor *d);
void check_user(struct doctor *d);
void check_sources(struct doctor *d);
void check_cpus(struct doctor *d);
void check_databases(struct doctor *d);
void check_listen(struct doctor *d);
void check_outputs(struct doctor *d);

/* Of check_sources: one card; where a card or interface is. `device`: its folder below /sys. */
void check_card(struct doctor *d, const char *address);
void check_numa(struct doctor *d, const char *name, const char *device);
