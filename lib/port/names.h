/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of interfaces: what people call them, and what a device's arguments can carry.
 *
 * An interface may be called "v,1" or "a=b" (any octets but "/" and white space, up to 15), and has
 * alternative names of up to 127 octets. The arguments of a device are split at commas, and the
 * drivers take names of 15 octets. So such a name is given to them as "/0", "/1", ..., which no
 * interface can be called, and replaced.c tells the kernel the true one.
 */
#pragma once

#include <net/if.h>
#include <stddef.h>

/*
 * What the kernel calls the interface that people call `given`: an alternative name, or a label of
 * an address ("eth0:1"). 0 with `name`, or -ENODEV or another -errno. Any thread.
 */
int port_name_find(const char *given, char name[IFNAMSIZ]);

/*
 * What stands for `name` in a device's arguments: itself, or a name of ours, which lasts as long as
 * the process. NULL: there are too many of them. One thread, before ports are opened.
 */
const char *port_name_argument(const char *name);

/* The interface that is meant by what stands in the arguments (up to a comma). Any thread. */
void port_name_meant(const char *argument, char name[IFNAMSIZ]);
