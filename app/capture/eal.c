/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include "cgroup_memory.h"

#include "cpu_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 3)))
add(struct eal_plan *plan, const char *format, ...)
{
	va_list args;

	if (plan->argc == EAL_ARGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(plan->text[plan->argc], sizeof(plan->text[0]), format, args);
	va_end(args);
	plan->argv[plan->argc] = plan->text[plan->argc];
	plan->argc++;
}

uint64_t
eal_huge_free(void)
{
	const char *base = "/sys/kernel/mm/hugepages";
	struct dirent *entry;
	uint64_t octets = 0;
	DIR *dir = opendir(base);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unsigned long long kb, pages = 0;
		char path[384];

		if (sscanf(entry->d_name, "hugepages-%llukB", &kb) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", base, entry->d_name);
		FILE *file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%llu", &pages) == 1)
			octets += pages * kb * 1024;
		fclose(file);
	}
	if (dir != NULL)
		closedir(dir);
	return octets;
}

/*
 * The CPUs that were named, else those that this process may use (a container or taskset may have
 * narrowed them, and isolated ones are never among them).
 */
static unsigned int
usable_cpus(const char *named, unsigned int cpus[CPU_SETSIZE])
{
	cpu_set_t set;
	unsigned int n = 0;

	if (named != NULL) {
		(void)cpu_list_parse(named, &set); /* was looked at where it was set */
	} else if (sched_getaffinity(0, sizeof(set), &set) != 0) {
		cpus[0] = 0;
		return 1;
	}
	for (unsigned int c = 0; c < CPU_SETSIZE; c++) {
		if (CPU_ISSET(c, &set))
			cpus[n++] = c;
	}
	return n;
}

static int
plan_lcores(struct eal_plan *plan, const struct settings *s, char error[OPTIONS_ERROR_MAX])
{
	static unsigned int cpus[CPU_SETSIZE];
	unsigned int n = usable_cpus(s->cpus, cpus);
	size_t used;

	plan->cpus = n;
	unsigned int sources = s->interfaces.count + s->devices.count;
	if (s->lanes > 0 && s->lanes * sources > n) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "--lanes %u on %u interface%s: more lanes than the %u CPU%s that may be "
			 "used; ask for fewer",
			 s->lanes, sources, sources > 1 ? "s" : "", n, n > 1 ? "s" : "");
		return -1;
	}
	plan->shared_cpus = plan->lanes + 1 > n;
	used = (size_t)snprintf(plan->lcores, sizeof(plan->lcores), "--lcores=0@%u", cpus[0]);
	for (unsigned int lane = 0; lane < plan->lanes && used < sizeof(plan->lcores); lane++) {
		unsigned int cpu = n > 1 ? cpus[1 + lane % (n - 1)] : cpus[0];

		used += (size_t)snprintf(plan->lcores + used, sizeof(plan->lcores) - used, ",%u@%u",
					 lane + 1, cpu);
	}
	if (used >= sizeof(plan->lcores)) {
		snprintf(error, OPTIONS_ERROR_MAX, "%u sources are too many at once", plan->lanes);
		return -1;
	}
	plan->argv[plan->argc++] = plan->lcores; /* behind the name only: there is room */
	return 0;
}

uint64_t
eal_memory_available(void)
{
	unsigned long long kb = 0;
	struct rlimit limit;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %llu kB", &kb) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	/* where /proc does not say, EAL will have to */
	uint64_t octets = kb > 0 ? (uint64_t)kb * 1024 : UINT64_MAX;
	const uint64_t left = cgroup_memory_left("");
	octets = left < octets ? left : octets;
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		octets = limit.rlim_cur < octets ? limit.rlim_cur : octets;
	return octets;
}

static int
plan_memory(struct eal_plan *plan, const struct settings *s, const struct eal_memory *memory,
	    char error[OPTIONS_ERROR_MAX])
{
	uint64_t need_mb = (memory->huge >> 20) + 64, free_mb = eal_huge_free() >> 20;

	plan->huge = !s->no_huge && free_mb >= need_mb;
	if (plan->huge) {
		add(plan, "--in-memory");
		return 0;
	}
	/* a card of our own is there for speed: falling back would hide that it has none */
	if (s->devices.count > 0 && !s->no_huge) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%llu MiB of huge pages are free and %llu MiB needed: "
			 "packet-heatmap-setup-host hugepages %lluM reserves them; a smaller "
			 "--hosts-per-lane needs fewer",
			 (unsigned long long)free_mb, (unsigned long long)need_mb,
			 (unsigned long long)(need_mb + 1) / 2 * 2);
		return -1;
	}
	const uint64_t huge_mb = need_mb, available_mb = eal_memory_available() >> 20;

	need_mb = (memory->ordinary >> 20) + 64;
	if (need_mb > available_mb) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%llu MiB of memory are needed and %llu MiB are there: lower "
			 "--hosts-per-lane (now %u) or --mbufs, or name fewer sources",
			 (unsigned long long)need_mb, (unsigned long long)available_mb,
			 s->hosts_per_lane);
		return -1;
	}
	add(plan, "--no-huge");
	add(plan, "--no-shconf");
	add(plan, "-m");
	add(plan, "%llu", (unsigned long long)need_mb);
	if (s->no_huge)
		snprintf(plan->note, sizeof(plan->note),
			 "ordinary memory instead of huge pages, as asked");
	else
		snprintf(plan->note, sizeof(plan->note),
			 "%llu MiB of huge pages are free and %llu MiB needed: using ordinary "
			 "memory "
			 "(for huge pages: sysctl vm.nr_hugepages=%llu)",
			 (unsigned long long)free_mb, (unsigned long long)huge_mb,
			 (unsigned long long)huge_mb / 2 + 1);
	return 0;
}

unsigned int
eal_lanes(const struct settings *s)
{
	static unsigned int cpus[CPU_SETSIZE];
	unsigned int n = usable_cpus(s->cpus, cpus);
	unsigned int named = s->pcaps.count * (s->lanes > 0 && !s->pcap_loop ? s->lanes : 1);
	unsigned int each = s->lanes;

	for (unsigned int i = 0; i < s->interfaces.count; i++)
		named += interface_queues(s, i);

	/* cards of our own share the CPUs that the others and the management leave */
	if (s->lanes == 0 && s->devices.count > 0)
		each = n > named + s->devices.count ? (n - 1 - named) / s->devices.count : 1;
	return named + s->devices.count * each;
}

int
eal_plan(struct eal_plan *plan, const struct settings *s, const struct capture *captures,
	 unsigned int lanes, const struct eal_memory *memory, char **argv, int user_argc,
	 char error[OPTIONS_ERROR_MAX])
{
	const char *driver;
	char text[128];

	memset(plan, 0, sizeof(*plan));
	plan->lanes = lanes;
	add(plan, "packet-heatmap");
	for (int i = 0; i < user_argc && plan->argc < EAL_ARGS_MAX; i++)
		plan->argv[plan->argc++] = argv[1 + i];

	if (user_argc == 0) {
		if (plan_lcores(plan, s, error) != 0 || plan_memory(plan, s, memory, error) != 0)
			return -1;
		if (s->devices.count == 0)
			add(plan, "--no-pci");
		for (unsigned int i = 0; i < s->devices.count; i++)
			add(plan, "-a%s", s->devices.items[i]);
		/* its one warning: that there is no socket of the older version */
		add(plan, strcmp(s->telemetry, "off") == 0 ? "--no-telemetry"
							   : "--log-level=lib.telemetry:4");
		add(plan, "--log-level=lib.eal:4");
		if (s->file_prefix != NULL)
			add(plan, "--file-prefix=%.100s", s->file_prefix);
		else
			add(plan, "--file-prefix=packet-heatmap-%d", (int)getpid());
	}
	for (unsigned int i = 0; i < s->interfaces.count; i++) {
		if (interface_is_any(s->interfaces.items[i]))
			continue; /* no PMD takes from all of them: see lib/port/kind_any.c */
		driver = interface_arguments(s, i, text, sizeof(text));
		add(plan, "--vdev=%s%u,%s", driver, i, text);
	}
	/* one device for each capture: a queue each all the same, and files of their own length */
	for (unsigned int i = 0; i < s->pcaps.count && s->pcap_loop; i++)
		add(plan, "--vdev=net_pcap%u,rx_pcap=/proc/self/fd/%d,infinite_rx=1", i,
		    captures[i].fd);
	if (plan->argc == EAL_ARGS_MAX) {
		snprintf(error, OPTIONS_ERROR_MAX, "too many EAL arguments and sources");
		return -1;
	}
	plan->argv[plan->argc] = NULL;
	return 0;
}

/* EAL makes a folder for each process and leaves it there; one that others use is not empty. */
static void
remove_folder(void)
{
	const char *folder = rte_eal_get_runtime_dir();

	if (folder != NULL && folder[0] != 0)
		(void)rmdir(folder);
}

/* The process that locks EAL's configuration of our prefix. 0: none, or it cannot be known. */
static int
prefix_holder(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int fd, holder = 0;

	snprintf(path, sizeof(path), "%s/config", rte_eal_get_runtime_dir());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		holder = lock.l_pid;
	close(fd);
	return holder;
}

int
eal_start(struct eal_plan *plan, char error[OPTIONS_ERROR_MAX])
{
	int holder, ret = rte_eal_init(plan->argc, plan->argv);

	/* in memory nothing is in it from here on; a user that is not root could not remove it */
	remove_folder();
	if (ret >= 0)
		return 0;
	holder = prefix_holder();
	if (holder > 0)
		snprintf(error, OPTIONS_ERROR_MAX,
			 "EAL does not start: process %d uses the same EAL prefix (%.150s); give "
			 "one of them another with --file-prefix NAME left of '--'",
			 holder, rte_eal_get_runtime_dir());
	else if (rte_errno != 0)
		snprintf(error, OPTIONS_ERROR_MAX,
			 "EAL does not start: %s; its own lines above say more",
			 rte_strerror(rte_errno));
	else
		snprintf(error, OPTIONS_ERROR_MAX,
			 "EAL does not start; its own lines above say why");
	return -1;
}

void
eal_stop(void)
{
	rte_eal_cleanup();
	remove_folder();
}
