/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
add_device(const char *address, char names[LIST_MAX][PCI_ADDRESS_MAX], unsigned int *count)
{
	char name[PCI_ADDRESS_MAX];

	if (pci_address_parse(address, name) != 0)
		return; /* was looked at where it was set */
	for (unsigned int i = 0; i < *count; i++) {
		if (strcmp(names[i], name) == 0)
			return;
	}
	if (*count < LIST_MAX)
		memcpy(names[(*count)++], name, sizeof(name));
}

static void
add_bound_devices(char names[LIST_MAX][PCI_ADDRESS_MAX], unsigned int *count)
{
	struct dirent **entries;
	int n = scandir("/sys/bus/pci/drivers/vfio-pci", &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX], class[16] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/bus/pci/drivers/vfio-pci/%s/class",
			 entries[i]->d_name);
		file = strchr(entries[i]->d_name, ':') ? fopen(path, "re") : NULL;
		/* vfio-pci may hold a graphics card for a virtual machine: 02 is network */
		if (file != NULL && fgets(class, sizeof(class), file) != NULL &&
		    strncmp(class, "0x02", 4) == 0)
			add_device(entries[i]->d_name, names, count);
		if (file != NULL)
			fclose(file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

unsigned int
devices_resolve(struct text_list *list, char names[LIST_MAX][PCI_ADDRESS_MAX])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "auto") == 0)
			add_bound_devices(names, &count);
		else
			add_device(list->items[i], names, &count);
	}
	for (unsigned int i = 0; i < count; i++)
		list->items[i] = names[i];
	list->count = count;
	return count;
}

int
device_check(const char *address, char error[SOURCES_ERROR_MAX])
{
	/* drivers that give the card to user space, and those that DPDK shares it with */
	static const char *const fine[] = {"vfio-pci", "mlx5_core",       "mlx4_core",
					   "mana",     "uio_pci_generic", "igb_uio"};
	char path[PATH_MAX], target[PATH_MAX];
	const char *driver;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (access(path, F_OK) != 0) {
		snprintf(error, SOURCES_ERROR_MAX,
			 "--device %s: there is no such PCI device; packet-heatmap-setup-host "
			 "status "
			 "lists them",
			 address);
		return -1;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = 0;
	driver = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		if (strcmp(driver, fine[i]) == 0)
			return 0;
	}
	snprintf(error, SOURCES_ERROR_MAX,
		 "--device %s: %s%.64s; packet-heatmap-setup-host bind %s gives it to vfio-pci",
		 address, driver[0] ? "it belongs to the kernel's " : "no driver holds it", driver,
		 address);
	return -1;
}
