/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cards of our own, looked at before EAL starts.
 *
 * [start] Asks the kernel. Errors are lines for the user.
 */
#pragma once

#include "options.h"
#include "pci_address.h"

/*
 * Writes each address in full ("0000:03:00.0"), and for "auto" all cards that are bound to
 * vfio-pci, each once. `names` holds the texts that *list then borrows. Returns how many.
 */
unsigned int devices_resolve(struct text_list *list, char names[LIST_MAX][PCI_ADDRESS_MAX]);

/* Is the card there, and at a driver that DPDK works with? 0, or -1 with `error`. */
int device_check(const char *address, char error[SOURCES_ERROR_MAX]);
