/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts and stops EAL around a cmocka group. */
#pragma once

/* The name of this program's run-time files; each test program defines it. */
extern const char eal_file_prefix[];

int eal_group_setup(void **state);
int eal_group_teardown(void **state);
