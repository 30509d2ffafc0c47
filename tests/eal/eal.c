/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <rte_common.h>
#include <rte_eal.h>
#include <stdio.h>
#include <unistd.h>

int
eal_group_setup(void **state)
{
	/* the process number: two builds may test at the same time */
	char prefix[64];
	(void)state;
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s-%d", eal_file_prefix, (int)getpid());

	char *argv[] = {
		(char[]){"test"},
		(char[]){"--no-huge"},
		(char[]){"--no-shconf"},
		(char[]){"--no-pci"},
		(char[]){"--no-telemetry"},
		(char[]){"-m"},
		(char[]){"1024"},
		(char[]){"--lcores=(0-1)@0"},
		(char[]){"--log-level=warning"},
		prefix,
		NULL,
	};
	return rte_eal_init(RTE_DIM(argv) - 1, argv) < 0 ? -1 : 0;
}

int
eal_group_teardown(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}
