/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place with an experimental interface of DPDK: there is no other that passes on vfio's
 * request, and Debian 12's 22.11 will not change it any more.
 */
#define ALLOW_EXPERIMENTAL_API
#include "unplug.h"

#include <rte_dev.h>

#define WATCHES_MAX 64

/* a callback gets one pointer: the events; the bit is found beside them */
static struct watch {
	_Atomic unsigned int *events;
	unsigned int bit;
} watches[WATCHES_MAX];

static void
on_device_event(const char *device, enum rte_dev_event_type type, void *context)
{
	const struct watch *watch = context;

	(void)device;
	if (type == RTE_DEV_EVENT_REMOVE)
		atomic_fetch_or_explicit(watch->events, watch->bit, memory_order_release);
}

void
unplug_watch(const char *device, _Atomic unsigned int *events, unsigned int bit)
{
	for (unsigned int i = 0; i < WATCHES_MAX; i++) {
		if (watches[i].events != NULL)
			continue;
		watches[i] = (struct watch){.events = events, .bit = bit};
		if (rte_dev_event_callback_register(device, on_device_event, &watches[i]) != 0)
			watches[i].events = NULL;
		return;
	}
}

void
unplug_unwatch(const char *device, _Atomic unsigned int *events)
{
	for (unsigned int i = 0; i < WATCHES_MAX; i++) {
		if (watches[i].events != events)
			continue;
		rte_dev_event_callback_unregister(device, on_device_event, &watches[i]);
		watches[i].events = NULL;
	}
}
