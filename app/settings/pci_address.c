/* SPDX-License-Identifier: BSD-3-Clause */
#include "pci_address.h"

#include <errno.h>
#include <rte_pci.h>
#include <string.h>

int
pci_address_parse(const char *text, char address[PCI_ADDRESS_MAX])
{
	struct rte_pci_addr parsed;

	/* rte_pci_addr_parse takes a sign, and a device and a function that there cannot be */
	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text) ||
	    rte_pci_addr_parse(text, &parsed) != 0 || parsed.devid >= 32 || parsed.function >= 8)
		return -EINVAL;
	rte_pci_device_name(&parsed, address, PCI_ADDRESS_MAX);
	return 0;
}
