/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a thread, with a bound. */
#pragma once

#include <pthread.h>
#include <time.h>

/* 0 and the thread is joined, or ETIMEDOUT after `timeout_ms`. */
static inline int
join_within(pthread_t thread, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_timedjoin_np(thread, NULL, &until);
}
