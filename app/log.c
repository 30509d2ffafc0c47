/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include "join.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	pthread_t thread;
	char *lines[LOG_WAITING];
	size_t first, waiting, lost;
	bool running, ending;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* One write for each line: lines of several processes do not mix; where stderr is gone nobody
 * reads. */
static void
write_line(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

static void *
log_run(void *unused)
{
	char text[80];

	(void)unused;
	pthread_mutex_lock(&logger.lock);
	for (;;) {
		while (logger.waiting == 0 && !logger.ending)
			pthread_cond_wait(&logger.changed, &logger.lock);
		if (logger.waiting == 0)
			break;
		char *line = logger.lines[logger.first];
		logger.first = (logger.first + 1) % LOG_WAITING;
		logger.waiting--;
		size_t lost = logger.lost;
		logger.lost = 0;
		pthread_mutex_unlock(&logger.lock);
		write_line(line);
		free(line);
		if (lost > 0) {
			snprintf(text, sizeof(text),
				 "packet-heatmap: %zu log lines were lost: nobody read them\n",
				 lost);
			write_line(text);
		}
		pthread_mutex_lock(&logger.lock);
	}
	pthread_mutex_unlock(&logger.lock);
	return NULL;
}

/* Hands the line over to the thread. False: there is none. */
static bool
hand_over(const char *line)
{
	pthread_mutex_lock(&logger.lock);
	bool running = logger.running;
	if (running) {
		char *copy = logger.waiting < LOG_WAITING ? strdup(line) : NULL;

		if (copy != NULL)
			logger.lines[(logger.first + logger.waiting++) % LOG_WAITING] = copy;
		else
			logger.lost++;
		pthread_cond_signal(&logger.changed);
	}
	pthread_mutex_unlock(&logger.lock);
	return running;
}

void
log_line(const char *format, ...)
{
	char line[6144] = "packet-heatmap: ";
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	used += n < 0 ? 0 : (size_t)n;
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	line[used] = 0;
	if (!hand_over(line))
		write_line(line);
}

void
log_text(const char *text)
{
	log_line("%s", text);
}

int
log_start(void)
{
	pthread_mutex_lock(&logger.lock);
	int error = pthread_create(&logger.thread, NULL, log_run, NULL);
	logger.running = error == 0;
	pthread_mutex_unlock(&logger.lock);
	if (error == 0)
		pthread_setname_np(logger.thread, "log");
	return -error;
}

void
log_stop(int timeout_ms)
{
	pthread_mutex_lock(&logger.lock);
	bool running = logger.running;
	logger.running = false;
	logger.ending = true;
	pthread_cond_signal(&logger.changed);
	pthread_mutex_unlock(&logger.lock);
	if (!running)
		return;
	join_within(logger.thread, timeout_ms);
}
