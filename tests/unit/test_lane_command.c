/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lanes and a manager that share a port, as threads, under ThreadSanitizer: the manager pauses and
 * resumes as fast as it can, and while the port is its own it writes to it without any lock. A lane
 * that touches the port at that time is a data race, which the sanitizer reports (exit code 66),
 * and finds the port half changed, which the lane itself counts.
 *
 * No cmocka: its printing is not built for the sanitizer, and a mere exit code is enough.
 */
#include "lane_command.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LANES     2
#define ROUNDS    100000
#define PATIENCE  60 /* s; there is for what hangs */
#define PORT_SIZE 8

static struct lane_command command;
static struct lane_answer answers[LANES];

/* Whoever may touch it sees equal values in it. Not atomic: that is the point. */
static uint32_t port[PORT_SIZE];

static struct lane {
	unsigned int number;
	uint64_t polls, torn;
} lanes[LANES];

static void *
lane_run(void *argument)
{
	struct lane *lane = argument;
	enum lane_order order;
	uint32_t seen = 0;

	while ((order = lane_command_look(&command, &answers[lane->number], &seen)) != LANE_STOP) {
		if (order == LANE_PAUSE) {
			sched_yield();
			continue;
		}
		for (int i = 1; i < PORT_SIZE; i++)
			lane->torn += port[i] != port[0];
		lane->polls++;
	}
	return NULL;
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
wait_for(uint32_t word)
{
	double until = seconds() + PATIENCE;

	for (int i = 0; i < LANES; i++) {
		while (!lane_command_acknowledged(&answers[i], word)) {
			if (seconds() > until)
				return false;
			sched_yield();
		}
	}
	return true;
}

/* An acknowledgement of an earlier pause is none of this one. */
static int
test_acknowledgements_are_of_one_pause(void)
{
	struct lane_command c = {0};
	struct lane_answer answer = {0};
	uint32_t seen = 0;

	uint32_t first = lane_command_post(&c, LANE_PAUSE);
	if (lane_command_acknowledged(&answer, first))
		return 1;
	if (lane_command_look(&c, &answer, &seen) != LANE_PAUSE ||
	    !lane_command_acknowledged(&answer, first))
		return 2;
	/* resumed, and paused again before the lane has looked */
	lane_command_post(&c, LANE_RUN);
	uint32_t second = lane_command_post(&c, LANE_PAUSE);
	if (lane_command_acknowledged(&answer, second))
		return 3;
	if (lane_command_look(&c, &answer, &seen) != LANE_PAUSE ||
	    !lane_command_acknowledged(&answer, second))
		return 4;
	/* the generation goes round and the order stays what it is */
	atomic_store(&c.word, UINT32_MAX - 3 + LANE_RUN);
	if (lane_command_order(lane_command_post(&c, LANE_STOP)) != LANE_STOP)
		return 5;
	return lane_command_look(&c, &answer, &seen) == LANE_STOP ? 0 : 6;
}

static int
test_a_paused_port_is_the_managers(void)
{
	pthread_t threads[LANES];
	uint64_t torn = 0;
	bool answered = true;

	for (unsigned int i = 0; i < LANES; i++) {
		lanes[i].number = i;
		if (pthread_create(&threads[i], NULL, lane_run, &lanes[i]) != 0)
			return 10;
	}
	for (uint32_t round = 1; round <= ROUNDS && answered; round++) {
		answered = wait_for(lane_command_post(&command, LANE_PAUSE));
		for (int i = 0; i < PORT_SIZE && answered; i++)
			port[i] = round;
		lane_command_post(&command, LANE_RUN);
	}
	lane_command_post(&command, LANE_STOP);
	for (unsigned int i = 0; i < LANES; i++) {
		pthread_join(threads[i], NULL);
		torn += lanes[i].torn;
	}
	return !answered ? 11 : torn != 0 ? 12 : 0;
}

int
main(int argc, char **argv)
{
	/* can this program run at all, sanitizer and all? (see meson.build) */
	if (argc > 1 && strcmp(argv[1], "--hello") == 0)
		return 0;
	int failed = test_acknowledgements_are_of_one_pause();
	if (failed == 0)
		failed = test_a_paused_port_is_the_managers();
	if (failed != 0)
		fprintf(stderr, "failed at step %d\n", failed);
	return failed;
}
