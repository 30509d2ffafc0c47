/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of PCI devices, as lspci shows them: "0000:03:00.0" or "03:00.0". */
#pragma once

#define PCI_ADDRESS_MAX 24 /* in full, with a domain of up to eight digits */

/* Writes the address in full. 0, or -EINVAL: it is none. */
int pci_address_parse(const char *text, char address[PCI_ADDRESS_MAX]);
