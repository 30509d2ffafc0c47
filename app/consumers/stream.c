/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include "join.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_OCTETS_MAX ((size_t)64 << 20)
#define POLL_MS          200

struct piece {
	struct piece *next;
	size_t length;
	char text[];
};

struct stream {
	struct stream_settings settings;
	pthread_t thread;
	int fd; /* [stream's thread] -1: a FIFO without a reader */
	bool started, told;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct piece *first, **last;
	size_t octets;
	bool ending, gone; /* gone: nobody will ever read it */
	_Atomic bool reopen, hurry;
	_Atomic uint64_t dropped, errors;
};

static bool
is_stdout(const struct stream *s)
{
	return strcmp(s->settings.path, "-") == 0;
}

/* 0 or -errno; -ENXIO: a FIFO that nobody reads yet. */
static int
open_target(struct stream *s)
{
	struct buffer header = {0};
	struct stat st;

	s->fd = is_stdout(s) ? dup(STDOUT_FILENO)
			     : open(s->settings.path,
				    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
	if (s->fd < 0)
		return -errno;
	/* a file that has rows already has its header too */
	if (s->settings.format == ROWS_CSV && fstat(s->fd, &st) == 0 &&
	    !(S_ISREG(st.st_mode) && st.st_size > 0)) {
		rows_header(s->settings.places, &header);
		if (header.failed || write(s->fd, header.data, header.length) < 0)
			atomic_fetch_add(&s->errors, 1);
	}
	buffer_free(&header);
	return 0;
}

/* All of it, however long the reader takes. 0 or -errno. */
static int
write_all(struct stream *s, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(s->fd, text, length);

		if (n > 0) {
			text += n;
			length -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd ready = {.fd = s->fd, .events = POLLOUT};

			poll(&ready, 1, POLL_MS);
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static void
say_once(struct stream *s, int error)
{
	atomic_fetch_add(&s->errors, 1);
	if (!s->told)
		log_event(LOG_ERR, LOG_ID_OUTPUT_FAILED,
			  "--output %s: %s; what cannot be written is dropped and counted",
			  s->settings.path, strerror(-error));
	s->told = true;
}

/* The reader has gone. Of stdout for good: then the process has nobody to run for. */
static void
reader_gone(struct stream *s)
{
	if (!is_stdout(s))
		return;
	pthread_mutex_lock(&s->lock);
	const bool first = !s->gone;
	s->gone = true;
	pthread_mutex_unlock(&s->lock);
	if (first) {
		log_text("--output -: the reader has gone; ending");
		tgkill(getpid(), getpid(), SIGTERM); /* the main thread has the process' number */
	}
}

/* It is to end, or who fills it does not wait any more. */
static bool
hurried(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	const bool ending = s->ending;
	pthread_mutex_unlock(&s->lock);
	return ending || atomic_load(&s->hurry);
}

static void
write_piece(struct stream *s, const struct piece *piece)
{
	int error = 0;

	if (atomic_exchange(&s->reopen, false) && !is_stdout(s) && s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
	}
	if (s->fd < 0)
		error = open_target(s);
	while (error == -ENXIO && s->settings.patient && !hurried(s)) {
		nanosleep(&(const struct timespec){.tv_nsec = 10000000}, NULL);
		error = open_target(s);
	}
	if (error == 0)
		error = write_all(s, piece->text, piece->length);
	if (error == 0) {
		s->told = false;
		return;
	}
	atomic_fetch_add(&s->dropped, 1);
	if (error == -EPIPE)
		reader_gone(s);
	else if (error != -ENXIO) /* a FIFO may wait for its reader without a word */
		say_once(s, error);
	if (s->fd >= 0 && !is_stdout(s)) {
		close(s->fd);
		s->fd = -1;
	}
}

static struct piece *
next_piece(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->first == NULL && !s->ending)
		pthread_cond_wait(&s->changed, &s->lock);
	struct piece *piece = s->first;
	if (piece != NULL) {
		s->first = piece->next;
		if (s->first == NULL)
			s->last = &s->first;
		s->octets -= piece->length;
	}
	pthread_mutex_unlock(&s->lock);
	return piece;
}

static void *
stream_run(void *argument)
{
	struct stream *s = argument;
	struct piece *piece;

	while ((piece = next_piece(s)) != NULL) {
		write_piece(s, piece);
		free(piece);
	}
	return NULL;
}

struct stream *
stream_create(const struct stream_settings *settings, char error[256])
{
	struct stream *s = calloc(1, sizeof(*s));
	int ret = s == NULL ? -ENOMEM : 0;

	if (s != NULL) {
		s->settings = *settings;
		s->last = &s->first;
		s->fd = -1;
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->changed, NULL);
		ret = open_target(s);
		if (ret == -ENXIO)
			ret = 0;
	}
	if (ret == 0)
		ret = -pthread_create(&s->thread, NULL, stream_run, s);
	if (ret == 0) {
		pthread_setname_np(s->thread, "output");
		s->started = true;
		return s;
	}
	snprintf(error, 256, "--output %.180s: %s", settings->path, strerror(-ret));
	stream_destroy(s, 0);
	return NULL;
}

void
stream_offer(struct stream *s, struct picture *picture)
{
	struct buffer b = {0};
	struct piece *piece = NULL;

	rows_period(picture, s->settings.format, s->settings.places, &b);
	if (!b.failed && b.length == 0) {
		buffer_free(&b);
		return; /* a period without a place */
	}
	if (!b.failed)
		piece = malloc(sizeof(*piece) + b.length);
	if (piece != NULL) {
		piece->next = NULL;
		piece->length = b.length;
		memcpy(piece->text, b.data, b.length);
	}
	buffer_free(&b);
	pthread_mutex_lock(&s->lock);
	while (piece != NULL && !s->gone && s->octets > 0 &&
	       s->octets + piece->length > QUEUE_OCTETS_MAX && s->settings.patient &&
	       !atomic_load(&s->hurry)) {
		pthread_mutex_unlock(&s->lock);
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
		pthread_mutex_lock(&s->lock);
	}
	if (piece == NULL || s->gone ||
	    (s->octets > 0 && s->octets + piece->length > QUEUE_OCTETS_MAX)) {
		atomic_fetch_add(&s->dropped, 1);
		free(piece);
	} else {
		*s->last = piece;
		s->last = &piece->next;
		s->octets += piece->length;
		pthread_cond_signal(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
}

void
stream_hurry(struct stream *s)
{
	if (s != NULL)
		atomic_store(&s->hurry, true);
}

void
stream_reopen(struct stream *s)
{
	if (s != NULL)
		atomic_store(&s->reopen, true);
}

uint64_t
stream_dropped(struct stream *s)
{
	return s ? atomic_load(&s->dropped) : 0;
}

uint64_t
stream_errors(struct stream *s)
{
	return s ? atomic_load(&s->errors) : 0;
}

int
stream_destroy(struct stream *s, int timeout_ms)
{
	if (s == NULL)
		return 0;
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->started && (timeout_ms < 0 ? pthread_join(s->thread, NULL)
					  : join_within(s->thread, timeout_ms)) != 0)
		return -ETIMEDOUT;
	if (s->fd >= 0)
		close(s->fd);
	while (s->first != NULL) {
		struct piece *next = s->first->next;

		free(s->first);
		s->first = next;
	}
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
	return 0;
}
