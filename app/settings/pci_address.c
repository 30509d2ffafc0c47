/* SPDX-License-Identifier: BSD-3-Clause */
/* Without DPDK's rte_pci, so that a program that has settings and no cards need not link it. */
#include "pci_address.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

int
pci_address_parse(const char *text, char address[PCI_ADDRESS_MAX])
{
	static const char form[] = "^(([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])\\.([0-7])$";
	regmatch_t found[6];
	regex_t regex;

	if (regcomp(&regex, form, REG_EXTENDED | REG_ICASE) != 0)
		return -ENOMEM;
	const int none = regexec(&regex, text, 6, found, 0);

	regfree(&regex);
	if (none)
		return -EINVAL;
	snprintf(address, PCI_ADDRESS_MAX, "%04lx:%02lx:%02lx.%lx",
		 found[2].rm_so >= 0 ? strtoul(text + found[2].rm_so, NULL, 16) : 0,
		 strtoul(text + found[3].rm_so, NULL, 16), strtoul(text + found[4].rm_so, NULL, 16),
		 strtoul(text + found[5].rm_so, NULL, 16));
	return 0;
}
