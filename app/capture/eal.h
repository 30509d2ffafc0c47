/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's arguments, made from ours.
 *
 * Which lcore runs where: the main lcore (management, web server) on the first CPU that we may use,
 * one worker lcore for each lane on the others in turn. With fewer CPUs than lcores some share one;
 * the lanes then must pause when idle.
 */
#pragma once

#include "captures.h"
#include "interfaces.h"
#include "options.h"

#include <stdbool.h>
#include <stdint.h>

#define EAL_ARGS_MAX 192

struct eal_plan {
	char text[EAL_ARGS_MAX][160];
	char lcores[2048]; /* "--lcores=0@0,1@1,...": 8 octets a lane, 9 from 1000 CPUs on */
	char *argv[EAL_ARGS_MAX + 1]; /* EAL reorders and keeps these: they live as long as it */
	int argc;
	bool huge;        /* huge pages are used */
	bool shared_cpus; /* some lcores share a CPU */
	unsigned int lanes, cpus;
	char note[256]; /* for the log: why no huge pages, which CPUs are shared; or empty */
};

/* Octets that lanes and pools will take: without huge pages an mbuf lies in one page. */
struct eal_memory {
	uint64_t huge, ordinary;
};

/*
 * `memory`: which of them, as it turns out. `user_argc` of argv[1..] are the user's own EAL
 * arguments: they stand first, and then only devices are added. 0, or -1 with `error`.
 */
int eal_plan(struct eal_plan *plan, const struct settings *settings, const struct capture *captures,
	     unsigned int lanes, const struct eal_memory *memory, char **argv, int user_argc,
	     char error[OPTIONS_ERROR_MAX]);

/* Starts EAL by the plan. 0, or -1 with `error`, which names the process that has our prefix. */
int eal_start(struct eal_plan *plan, char error[OPTIONS_ERROR_MAX]);

/* Ends EAL, and takes away its folder if nothing is in it. */
void eal_stop(void);

/* Lanes of all sources together: what memory and lcores are planned for. A card may offer fewer. */
unsigned int eal_lanes(const struct settings *settings);

/* Octets in huge pages that are free now, of all sizes. */
uint64_t eal_huge_free(void);

/* Octets of ordinary memory that this process may still take: the machine's, and its own limit. */
uint64_t eal_memory_available(void);
