/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that the process' control groups leave it: a container's --memory, a unit's
 * MemoryMax=. /proc/meminfo knows nothing of them, and who takes more is killed. Versions 1 and 2
 * (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst).
 *
 * Pure but for reading files; any thread.
 */
#pragma once

#include <stdint.h>

/* `root`: the folder that /proc and /sys are in, "" in life. Octets until the nearest limit of the
 * group or of one above it, with what files in memory would give back; UINT64_MAX: no limit. */
uint64_t cgroup_memory_left(const char *root);
