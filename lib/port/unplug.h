/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The request of a kernel that wants a vfio device back: somebody pulls the card, or unbinds it.
 * The kernel waits, for ever, until the device is let go of.
 */
#pragma once

#include <stdatomic.h>

/* From now on `bit` is set in *events, on EAL's interrupt thread, when `device` is to go. */
void unplug_watch(const char *device, _Atomic unsigned int *events, unsigned int bit);
void unplug_unwatch(const char *device, _Atomic unsigned int *events);
