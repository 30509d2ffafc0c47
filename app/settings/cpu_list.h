/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of CPUs as the kernel and our --cpus write them: "0,2-5". */
#pragma once

#include <sched.h>

/*
 * 0, or -EINVAL: no such list, or a CPU that a cpu_set_t cannot hold (1024 on). *set is then what
 * came before.
 */
int cpu_list_parse(const char *text, cpu_set_t *set);
