/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL's arguments as they are made from ours. */
#include "cpu_list.h"
#include "eal.h"
#include "unit.h"

#include <stdbool.h>

static struct eal_plan plan;
static char error[OPTIONS_ERROR_MAX];

static int
make(const struct settings *s, const struct capture *captures, char **argv, int user)
{
	error[0] = 0;
	const struct eal_memory memory = {.huge = 100 << 20, .ordinary = 120 << 20};

	return eal_plan(&plan, s, captures, eal_lanes(s), &memory, argv, user, error);
}

static const char *
argument(const char *prefix)
{
	for (int i = 0; i < plan.argc; i++) {
		if (strncmp(plan.argv[i], prefix, strlen(prefix)) == 0)
			return plan.argv[i];
	}
	return NULL;
}

static void
put(struct text_list *list, const char *item)
{
	list->items[list->count++] = item;
}

/* Every lane has its lcore, however many they are, and none but the management's CPU is left out.
 */
static void
test_lcores(void **state)
{
	static const struct {
		const char *cpus;
		unsigned int n;
	} machines[] = {{"0", 1},     {"3", 1},     {"0-1", 2},
			{"0,2-5", 5}, {"0-63", 64}, {"1000-1023", 24}};
	struct capture captures[LIST_MAX] = {0};
	(void)state;

	for (size_t m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
		for (unsigned int lanes = 1; lanes <= LIST_MAX; lanes++) {
			struct settings s;
			cpu_set_t set;
			unsigned int first = 0, used = 0;

			options_defaults(&s);
			s.cpus = machines[m].cpus;
			for (unsigned int i = 0; i < lanes; i++)
				put(&s.pcaps, "file");
			assert_int_equal(eal_lanes(&s), lanes);
			assert_int_equal(make(&s, captures, NULL, 0), 0);
			(void)cpu_list_parse(s.cpus, &set);
			while (!CPU_ISSET(first, &set))
				first++;
			const char *map = argument("--lcores=");
			assert_non_null(map);
			map += strlen("--lcores=");
			cpu_set_t seen;
			CPU_ZERO(&seen);
			for (unsigned int lcore = 0; lcore <= lanes; lcore++) {
				unsigned int id, cpu;
				int length = 0;

				assert_int_equal(sscanf(map, "%u@%u%n", &id, &cpu, &length), 2);
				assert_int_equal(id, lcore);
				assert_true(CPU_ISSET(cpu, &set));
				assert_true((cpu == first) == (lcore == 0 || machines[m].n == 1));
				CPU_SET(cpu, &seen);
				map += length;
				if (lcore < lanes)
					assert_int_equal(*map++, ',');
			}
			assert_int_equal(*map, 0);
			used = (unsigned int)CPU_COUNT(&seen);
			assert_int_equal(used,
					 lanes + 1 < machines[m].n ? lanes + 1 : machines[m].n);
			assert_int_equal(plan.shared_cpus, lanes + 1 > machines[m].n);
			assert_int_equal(plan.cpus, machines[m].n);
		}
	}
}

/* As many sources as the lists hold: planned or refused in words, never cut. */
static void
test_all_sources_at_once(void **state)
{
	struct capture captures[LIST_MAX] = {0};
	struct settings s;
	(void)state;

	options_defaults(&s);
	s.cpus = "0-1023";
	s.no_huge = true;
	for (int i = 0; i < LIST_MAX; i++) {
		put(&s.pcaps, "file");
		put(&s.interfaces, "abcdefghijklmno");
		put(&s.devices, "0000:01:00.0");
	}
	if (make(&s, captures, NULL, 0) == 0)
		assert_null(plan.argv[plan.argc]);
	else
		assert_true(error[0] != 0);
}

static void
test_affinity(void **state)
{
	cpu_set_t before, one;
	struct capture captures[2] = {{.fd = 7}, {.fd = 8}};
	struct settings s;
	char expected[64];
	int cpu = 0;
	(void)state;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	options_defaults(&s);
	put(&s.pcaps, "a");
	put(&s.pcaps, "b");
	assert_int_equal(make(&s, captures, NULL, 0), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	snprintf(expected, sizeof(expected), "--lcores=0@%d,1@%d,2@%d", cpu, cpu, cpu);
	assert_string_equal(argument("--lcores="), expected);
	assert_true(plan.shared_cpus);
	assert_null(argument("--vdev=")); /* only a loop is net_pcap's */
	assert_non_null(argument("--no-pci"));
	assert_non_null(argument("--file-prefix=packet-heatmap-"));
}

static void
test_devices(void **state)
{
	struct capture captures[1] = {{.fd = 9}};
	struct settings s;
	(void)state;

	options_defaults(&s);
	s.cpus = "0-3";
	s.no_huge = true;
	s.pcap_loop = true;
	s.file_prefix = "mine";
	put(&s.pcaps, "a");
	put(&s.interfaces, "eth0");
	assert_int_equal(make(&s, captures, NULL, 0), 0);
	assert_string_equal(argument("--vdev=net_pcap0"),
			    "--vdev=net_pcap0,rx_pcap=/proc/self/fd/9,infinite_rx=1");
	const char *vdev = argument("--vdev=net_af_packet0");
	assert_non_null(strstr(vdev, ",iface=eth0,qpairs=1,"));
	assert_string_equal(argument("--file-prefix"), "--file-prefix=mine");
	assert_non_null(argument("--no-huge"));
	assert_false(plan.huge);
	assert_true(plan.note[0] != 0);
	for (int i = 0; i < plan.argc; i++) {
		if (strcmp(plan.argv[i], "-m") == 0)
			assert_string_equal(plan.argv[i + 1], "184");
	}
	/* several queues of an interface, one lcore each */
	s.pcaps.count = 0;
	s.lanes = 3;
	assert_int_equal(make(&s, captures, NULL, 0), 0);
	assert_non_null(strstr(argument("--vdev=net_af_packet0"), ",qpairs=3,"));
	assert_string_equal(argument("--lcores="), "--lcores=0@0,1@1,2@2,3@3");
	s.lanes = 5;
	assert_int_equal(make(&s, captures, NULL, 0), -1);
	assert_non_null(strstr(error, "more lanes than the 4 CPUs"));
	/* a card is not run without huge pages, unless that is asked for */
	s.lanes = 0;
	s.interfaces.count = 0;
	put(&s.devices, "0000:01:00.0");
	assert_int_equal(eal_lanes(&s), 3);
	assert_int_equal(make(&s, captures, NULL, 0), 0);
	assert_string_equal(argument("-a"), "-a0000:01:00.0");
	assert_null(argument("--no-pci"));
}

/* The user's own arguments stand first, and only devices are added. */
static void
test_user_arguments(void **state)
{
	struct capture captures[1] = {{.fd = 9}};
	struct settings s;
	char *argv[EAL_ARGS_MAX + 10], word[] = "-v";
	(void)state;

	options_defaults(&s);
	put(&s.pcaps, "a");
	s.pcap_loop = true;
	for (int i = 0; i < EAL_ARGS_MAX + 10; i++)
		argv[i] = word;
	assert_int_equal(make(&s, captures, argv, 2), 0);
	assert_int_equal(plan.argc, 4);
	assert_string_equal(plan.argv[0], "packet-heatmap");
	assert_ptr_equal(plan.argv[1], argv[1]);
	assert_ptr_equal(plan.argv[2], argv[2]);
	assert_null(plan.argv[4]);
	assert_null(argument("--lcores="));
	assert_int_equal(make(&s, captures, argv, EAL_ARGS_MAX + 5), -1);
	assert_true(error[0] != 0);
}

static void
test_parse_cpus(void **state)
{
	static const struct {
		const char *text;
		int count;
	} cases[] = {{"", 0},
		     {"0", 1},
		     {"0-3", 4},
		     {"0-3,8", 5},
		     {"1,1,1", 1},
		     {"3-1", 0},
		     {"1023", 1},
		     {"1024", 0},
		     {"0-4294967295", 1024},
		     {"0-99999999999999999999", 1024},
		     {"x", 0},
		     {"0-3\n", 4}};
	cpu_set_t set;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)cpu_list_parse(cases[i].text, &set);
		assert_true_of(CPU_COUNT(&set) == cases[i].count, "'%s': %d", cases[i].text,
			       CPU_COUNT(&set));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lcores),         cmocka_unit_test(test_all_sources_at_once),
		cmocka_unit_test(test_affinity),       cmocka_unit_test(test_devices),
		cmocka_unit_test(test_user_arguments), cmocka_unit_test(test_parse_cpus),
	};
	return cmocka_run_group_tests_name("eal plan", tests, NULL, NULL);
}
