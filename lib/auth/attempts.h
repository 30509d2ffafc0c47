/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has guessed wrong too often waits: each address by itself (an IPv6 one with its /64), so that
 * nobody shuts out anybody else. Four wrong ones are free, each further one doubles the wait: 1, 2,
 * 4, ... 60 s; from loopback, where a proxy may ask for many, 2 s at most. Ten minutes without one
 * forget it all.
 *
 * A right one is not needed while an address waits: sessions that are there go on. Pure; the caller
 * locks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTEMPTS_KEPT 1024 /* addresses; the one that was wrong longest ago goes */

struct attempt {
	uint8_t octets[16];
	uint64_t last_ms; /* 0: free */
	unsigned int wrong;
};

struct attempts {
	struct attempt all[ATTEMPTS_KEPT];
};

/* Seconds that it has to wait, rounded up; 0: it may try. `octets`: an IPv6 address, IPv4 mapped.
 */
unsigned int attempts_wait(const struct attempts *attempts, const uint8_t octets[16], bool loopback,
			   uint64_t now_ms);
void attempts_wrong(struct attempts *attempts, const uint8_t octets[16], uint64_t now_ms);
void attempts_right(struct attempts *attempts, const uint8_t octets[16]);
