/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doctor on made-up hosts: a tree of files for /sys and /dev. What a card says of itself is
 * asked of EAL, which finds none at these addresses. (A real card: scripts/test-nic.)
 */
#include "../unit/unit.h"
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#define CARD "0000:ff:1f.7"

static char root[] = "/tmp/packet-heatmap-check-XXXXXX";
static char said[65536];

/* Makes a file (text) or a link (text begins with ->) of the tree, with the folders above it. */
static void
put(const char *name, const char *text)
{
	char path[512];
	size_t length = (size_t)snprintf(path, sizeof(path), "%s%s", root, name);

	assert_true(length < sizeof(path));
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	unlink(path);
	if (strncmp(text, "->", 2) == 0) {
		assert_int_equal(symlink(text + 2, path), 0);
		return;
	}
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
	chmod(path, 0666);
}

static int
remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s/*", root);
	return system(command);
}

/* --check for one card, with ordinary memory; what it says is in `said`. */
static int
check(const char *cpus, unsigned int lanes)
{
	const struct check_plan plan = {.lanes = lanes, .memory = {1 << 20, 1 << 20}, .root = root};
	struct settings s;
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);

	assert_non_null(file);
	options_defaults(&s);
	s.devices.items[s.devices.count++] = CARD;
	s.no_huge = true;
	s.cpus = cpus;
	s.listen = "off";
	fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	int worst = check_run(&s, &plan, false);
	fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	close(out);
	ssize_t length = pread(fileno(file), said, sizeof(said) - 1, 0);
	said[length > 0 ? length : 0] = 0;
	fclose(file);
	return worst;
}

static void
says(const char *text)
{
	assert_true_of(strstr(said, text) != NULL, "not said: %s\nbut: %s", text, said);
}

static void
says_not(const char *text)
{
	assert_true_of(strstr(said, text) == NULL, "said: %s\nbut: %s", text, said);
}

static void
put_card(const char *driver)
{
	char target[128];

	put("/sys/bus/pci/devices/" CARD "/class", "0x020000");
	snprintf(target, sizeof(target), "->../../drivers/%s", driver);
	put("/sys/bus/pci/devices/" CARD "/driver", target);
}

static void
test_a_card_of_the_kernel(void **state)
{
	(void)state;
	put_card("e1000e");
	put("/sys/kernel/iommu_groups/3/type", "DMA");
	assert_int_equal(check(NULL, 1), CHECK_FAULT);
	says("ok       IOMMU: at work\n");
	says("fault    driver: " CARD " still belongs to the kernel's e1000e; remedy: "
	     "packet-heatmap-setup-host bind " CARD "\n");
}

static void
test_no_card_at_that_address(void **state)
{
	(void)state;
	assert_int_equal(check(NULL, 1), CHECK_FAULT);
	says("fault    driver: there is no PCI device " CARD);
	says("fault    IOMMU: none at work");
	says_not("NUMA: " CARD);
}

/* Bound and open to us, and yet no packet would come: the PMD's package is missing. */
static void
test_no_driver_of_dpdk(void **state)
{
	(void)state;
	put_card("vfio-pci");
	put("/sys/kernel/iommu_groups/3/type", "DMA");
	put("/sys/bus/pci/devices/" CARD "/iommu_group", "->../../../../kernel/iommu_groups/3");
	put("/dev/vfio/3", "");
	assert_int_equal(check(NULL, 1), CHECK_FAULT);
	says("ok       driver: " CARD " is at vfio-pci\n");
	says("/dev/vfio/3 can be opened\n");
	says("fault    link: no driver of DPDK that is installed takes " CARD "; remedy: apt ");
	says_not("held by a running process");
}

static void
test_no_iommu_mode_is_no_iommu(void **state)
{
	(void)state;
	put_card("vfio-pci");
	put("/sys/kernel/iommu_groups/0/name", "vfio-noiommu");
	put("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
	put("/sys/bus/pci/devices/" CARD "/iommu_group", "->../../../../kernel/iommu_groups/0");
	put("/dev/vfio/noiommu-0", "");
	check(NULL, 1);
	says("warning  IOMMU: none: no-IOMMU mode, without protection of the memory");
	says("/dev/vfio/noiommu-0 can be opened\n");
}

static void
test_nodes_and_isolated_cpus(void **state)
{
	(void)state;
	put_card("mlx5_core");
	put("/sys/bus/pci/devices/" CARD "/numa_node", "1");
	put("/sys/devices/system/cpu/online", "0-7");
	put("/sys/devices/system/cpu/isolated", "4-5");
	put("/sys/devices/system/node/node1/cpu4/online", "1");
	put("/sys/devices/system/node/node1/cpu5/online", "1");
	put("/sys/devices/system/node/node0/cpu1/online", "1");
	check("0,4-5", 2);
	says("ok       driver: " CARD " is at mlx5_core, which DPDK shares with the kernel\n");
	says("ok       NUMA: " CARD " and its lanes are on node 1\n");
	says("ok       isolated CPUs: 4-5: the lanes' CPUs are theirs alone\n");
	check("0,1,5", 2);
	says("warning  NUMA: " CARD " is on node 1, 1 of its lanes are not; remedy: ");
	says("warning  isolated CPUs: ");
	check("0,9", 1);
	says("fault    CPUs: CPU 9 of cpus = 0,9 is not there, or not online; remedy: ");
}

static int
clean(void **state)
{
	(void)state;
	return remove_tree();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_card_of_the_kernel, clean),
		cmocka_unit_test_setup(test_no_card_at_that_address, clean),
		cmocka_unit_test_setup(test_no_driver_of_dpdk, clean),
		cmocka_unit_test_setup(test_no_iommu_mode_is_no_iommu, clean),
		cmocka_unit_test_setup(test_nodes_and_isolated_cpus, clean),
	};

	if (mkdtemp(root) == NULL || chmod(root, 0755) != 0)
		return 1;
	int ret = cmocka_run_group_tests_name("check", tests, NULL, NULL);
	remove_tree();
	rmdir(root);
	return ret;
}
