/* SPDX-License-Identifier: BSD-3-Clause */
#include "cgroup_memory.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

/* A file with its folders, below the root. */
static void
put(const char *path, const char *text)
{
	char name[512];

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *slash = name + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = 0;
		mkdir(name, 0755);
		*slash = '/';
	}
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/packet-heatmap-cgroup-XXXXXX");
	return mkdtemp(root) == NULL;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void
test_no_limit(void **state)
{
	(void)state;
	assert_true(cgroup_memory_left(root) == UINT64_MAX);
	put("proc/self/cgroup", "0::/user.slice\n");
	assert_true(cgroup_memory_left(root) == UINT64_MAX);
	put("sys/fs/cgroup/user.slice/memory.max", "max\n");
	put("sys/fs/cgroup/user.slice/memory.current", "4096\n");
	assert_true(cgroup_memory_left(root) == UINT64_MAX);
}

static void
test_version_2(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/system.slice/wall.service\n");
	put("sys/fs/cgroup/system.slice/wall.service/memory.max", "1000000\n");
	put("sys/fs/cgroup/system.slice/wall.service/memory.current", "700000\n");
	put("sys/fs/cgroup/system.slice/wall.service/memory.stat",
	    "anon 1\nfile 600000\ninactive_file 200000\n");
	assert_int_equal(cgroup_memory_left(root), 500000);
	/* the group above has less */
	put("sys/fs/cgroup/system.slice/memory.max", "900000\n");
	put("sys/fs/cgroup/system.slice/memory.current", "800000\n");
	assert_int_equal(cgroup_memory_left(root), 100000);
	/* and is over its limit */
	put("sys/fs/cgroup/system.slice/memory.current", "950000\n");
	assert_int_equal(cgroup_memory_left(root), 0);
}

static void
test_version_2_in_a_container(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/docker/0123456789\n");
	put("sys/fs/cgroup/memory.max", "536870912\n");
	put("sys/fs/cgroup/memory.current", "36870912\n");
	assert_int_equal(cgroup_memory_left(root), 500000000);
}

static void
test_version_1(void **state)
{
	(void)state;
	put("proc/self/cgroup",
	    "12:cpu,cpuacct:/a\n4:hugetlb,memory:/docker/x\n1:name=systemd:/\n");
	put("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "300000\n");
	put("sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes", "250000\n");
	put("sys/fs/cgroup/memory/docker/x/memory.stat", "cache 9\ntotal_inactive_file 10000\n");
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
	assert_int_equal(cgroup_memory_left(root), 60000);
}

static void
test_nonsense(void **state)
{
	(void)state;
	put("proc/self/cgroup", "\n:\n::\n0::\nx:memory\n4:memory:/..\n");
	assert_true(cgroup_memory_left(root) == UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_version_2, setup, teardown),
		cmocka_unit_test_setup_teardown(test_version_2_in_a_container, setup, teardown),
		cmocka_unit_test_setup_teardown(test_version_1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
