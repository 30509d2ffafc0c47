/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "cpu_list.h"
#include "doctor.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static void
usable_cpus(const struct doctor *d, cpu_set_t *set)
{
	if (d->settings->cpus != NULL)
		(void)cpu_list_parse(d->settings->cpus, set);
	else if (sched_getaffinity(0, sizeof(*set), set) != 0)
		CPU_ZERO(set);
}

/* The first CPU that was named and that the kernel does not run on. */
static bool
missing_cpu(const struct doctor *d, const cpu_set_t *named, unsigned int *missing)
{
	cpu_set_t online;
	char line[1024];

	if (d->settings->cpus == NULL ||
	    read_line(d, line, sizeof(line), "/sys/devices/system/cpu/online") == NULL)
		return false;
	(void)cpu_list_parse(line, &online);
	for (*missing = 0; *missing < CPU_SETSIZE; ++*missing) {
		if (CPU_ISSET(*missing, named) && !CPU_ISSET(*missing, &online))
			return true;
	}
	return false;
}

void
check_cpus(struct doctor *d)
{
	cpu_set_t usable, isolated;
	char line[1024];
	unsigned int count, missing, not_isolated = 0, seen = 0;

	const unsigned int sources = d->settings->interfaces.count + d->settings->devices.count;

	if (d->plan->eal_source) {
		say(d, CHECK_OK, "CPUs", NULL, "EAL's own arguments choose them");
		say(d, CHECK_OK, "isolated CPUs", NULL, "EAL's own arguments choose the CPUs");
		return;
	}
	usable_cpus(d, &usable);
	count = (unsigned int)CPU_COUNT(&usable);
	if (missing_cpu(d, &usable, &missing))
		say(d, CHECK_FAULT, "CPUs", "lscpu --extended shows those to set cpus to",
		    "CPU %u of cpus = %.100s is not there, or not online", missing,
		    d->settings->cpus);
	else if (d->settings->lanes * sources > count)
		say(d, CHECK_FAULT, "CPUs", "a smaller lanes, or more in cpus",
		    "%u usable, and lanes = %u on %u source%s needs %u", count, d->settings->lanes,
		    sources, sources > 1 ? "s" : "", d->settings->lanes * sources);
	else if (count < d->plan->lanes + 1)
		say(d, CHECK_WARNING, "CPUs", NULL,
		    "%u usable for %u lane%s and the management: some share one, and the lanes "
		    "pause when idle",
		    count, d->plan->lanes, d->plan->lanes == 1 ? "" : "s");
	else
		say(d, CHECK_OK, "CPUs", NULL, "%u usable for %u lane%s and the management", count,
		    d->plan->lanes, d->plan->lanes == 1 ? "" : "s");
	if (!d->dedicated) {
		say(d, CHECK_OK, "isolated CPUs", NULL, "not needed on kernel interfaces");
		return;
	}
	if (read_line(d, line, sizeof(line), "/sys/devices/system/cpu/isolated") == NULL)
		line[0] = 0;
	(void)cpu_list_parse(line, &isolated);
	/* the first usable CPU is the management's, the next ones are the lanes' */
	for (unsigned int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &usable) || seen++ == 0 || seen > d->plan->lanes + 1)
			continue;
		if (!CPU_ISSET(c, &isolated))
			not_isolated++;
	}
	if (count >= 2 && line[0] != 0 && not_isolated == 0)
		say(d, CHECK_OK, "isolated CPUs", NULL, "%s: the lanes' CPUs are theirs alone",
		    line);
	else
		say(d, CHECK_WARNING, "isolated CPUs",
		    "add isolcpus=LIST nohz_full=LIST to GRUB_CMDLINE_LINUX, update-grub, reboot; "
		    "and set cpus to the management's CPU and LIST",
		    "the kernel runs other work on the lanes' CPUs (isolated: %s)",
		    line[0] ? line : "none");
}

static int
node_of_cpu(const struct doctor *d, unsigned int cpu)
{
	char path[96];

	for (int node = 0; node < 64; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%u", node, cpu);
		if (is_there(d, path))
			return node;
	}
	return -1;
}

/* `device`: its folder below /sys, which an interface of no card lacks. */
void
check_numa(struct doctor *d, const char *name, const char *device)
{
	cpu_set_t usable;
	char line[32];
	int node = -1;
	unsigned int away = 0, seen = 0;

	if (read_line(d, line, sizeof(line), "%s/numa_node", device) != NULL)
		node = atoi(line);
	if (node < 0) {
		say(d, CHECK_OK, "NUMA", NULL, "%s is on no node in particular", name);
		return;
	}
	usable_cpus(d, &usable);
	for (unsigned int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &usable) || seen++ == 0 || seen > d->plan->lanes + 1)
			continue;
		if (node_of_cpu(d, c) != node)
			away++;
	}
	if (away == 0)
		say(d, CHECK_OK, "NUMA", NULL, "%s and its lanes are on node %d", name, node);
	else
		say(d, CHECK_WARNING, "NUMA", "set cpus to CPUs of that node (lscpu shows them)",
		    "%s is on node %d, %u of its lanes are not", name, node, away);
}
