/* SPDX-License-Identifier: BSD-3-Clause */
#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t
count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (folder == NULL)
		return 0;
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count > 0 ? count - 1 : 0; /* without the one that reads */
}

/* Fields 14, 15 and 20 of stat(5), behind a name that may hold spaces and brackets. */
static void
read_stat(struct facts_process *process)
{
	char line[1024] = "";
	unsigned long user = 0, system = 0;
	long threads = 0;
	FILE *file = fopen("/proc/self/stat", "re");
	const char *rest;

	if (file == NULL)
		return;
	rest = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
	fclose(file);
	if (rest == NULL || sscanf(rest + 1,
				   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d "
				   "%*d %*d %ld",
				   &user, &system, &threads) != 3)
		return;
	process->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	process->threads = (uint64_t)threads;
}

struct facts_process
process_read(void)
{
	struct facts_process process = {.open_fds = count_fds()};
	unsigned long long size = 0, resident = 0;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct rlimit limit;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		if (fscanf(file, "%llu %llu", &size, &resident) == 2) {
			process.virtual_kb = size * page / 1000;
			process.resident_kb = resident * page / 1000;
		}
		fclose(file);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		process.max_fds = limit.rlim_cur;
	read_stat(&process);
	return process;
}
