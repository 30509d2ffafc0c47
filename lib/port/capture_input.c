/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_input.h"

#include "capture_unpack.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define BLOCK   (256 << 10)
#define LOOK_MS 100 /* how often who waits looks whether it was cancelled */
#define HEAD    8

struct head {
	uint8_t octets[HEAD];
	size_t used, length;
};

struct capture_input {
	int fd;
	struct capture_wait wait;
	struct head raw, plain;  /* what was looked at in advance */
	const char *compression; /* NULL: none */
	struct unpack *unpack;
	bool cancelled;
	_Atomic uint64_t octets;
	uint64_t given; /* of the capture, to who reads the FILE */
	char why[CAPTURE_ERROR_MAX / 2];
};

static bool
cancelled(struct capture_input *in)
{
	if (in->wait.cancel != NULL && atomic_load_explicit(in->wait.cancel, memory_order_relaxed))
		in->cancelled = true;
	return in->cancelled;
}

/* Waits a moment for octets. */
static void
pause_for(struct capture_input *in, bool poll_it)
{
	struct pollfd one = {.fd = poll_it ? in->fd : -1, .events = POLLIN};

	if (in->wait.idle != NULL)
		in->wait.idle(in->wait.context);
	(void)poll(&one, 1, LOOK_MS);
}

/* read(2) that waits where it is to. 0: the end, or cancelled; -1 with errno. */
static ssize_t
read_raw(struct capture_input *in, void *to, size_t size)
{
	if (in->raw.used < in->raw.length) {
		size_t n = in->raw.length - in->raw.used;

		n = n < size ? n : size;
		memcpy(to, in->raw.octets + in->raw.used, n);
		in->raw.used += n;
		return (ssize_t)n;
	}
	while (!cancelled(in)) {
		struct pollfd one = {.fd = in->fd, .events = POLLIN};

		/* a read of a pipe or a terminal would not see that it is cancelled */
		if (poll(&one, 1, 0) == 0) {
			pause_for(in, true);
			continue;
		}
		ssize_t n = read(in->fd, to, size);
		if (n > 0) {
			atomic_fetch_add_explicit(&in->octets, (uint64_t)n, memory_order_relaxed);
			return n;
		}
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			snprintf(in->why, sizeof(in->why), "%s", strerror(errno));
			return -1;
		}
		if (n == 0) {
			if (in->wait.more == NULL || !in->wait.more(in->wait.context))
				return 0;
			pause_for(in, false);
		}
	}
	return 0;
}

static ssize_t
packed_octets(void *context, void *to, size_t size)
{
	return read_raw(context, to, size);
}

/* The same of what stands behind the compression. */
static ssize_t
read_plain(struct capture_input *in, void *to, size_t size)
{
	if (in->unpack == NULL)
		return read_raw(in, to, size);
	ssize_t n = unpack_read(in->unpack, to, size);

	if (n < 0 && in->cancelled)
		return 0;
	if (n < 0)
		snprintf(in->why, sizeof(in->why), "%s", unpack_why(in->unpack));
	return n;
}

static ssize_t
give(void *context, char *to, size_t size)
{
	struct capture_input *in = context;
	ssize_t n;

	if (in->plain.used < in->plain.length) {
		n = (ssize_t)(in->plain.length - in->plain.used);
		n = (size_t)n < size ? n : (ssize_t)size;
		memcpy(to, in->plain.octets + in->plain.used, (size_t)n);
		in->plain.used += (size_t)n;
	} else {
		n = read_plain(in, to, size);
	}
	if (n > 0)
		in->given += (uint64_t)n;
	return n;
}

/* ftello() asks for it; there is no other place to go to. */
static int
tell(void *context, off64_t *offset, int whence)
{
	const struct capture_input *in = context;

	if (whence != SEEK_CUR || *offset != 0) {
		errno = ESPIPE;
		return -1;
	}
	*offset = (off64_t)in->given;
	return 0;
}

FILE *
capture_input_file(struct capture_input *in)
{
	FILE *file = fopencookie(in, "r", (cookie_io_functions_t){.read = give, .seek = tell});

	if (file != NULL)
		(void)setvbuf(file, NULL, _IOFBF, BLOCK);
	return file;
}

size_t
capture_input_peek(struct capture_input *in, uint8_t *octets, size_t size)
{
	ssize_t n = 1;

	size = size < HEAD ? size : HEAD;
	while (in->plain.length < size && n > 0) {
		n = read_plain(in, in->plain.octets + in->plain.length, size - in->plain.length);
		in->plain.length += n > 0 ? (size_t)n : 0;
	}
	memcpy(octets, in->plain.octets, in->plain.length);
	return in->plain.length;
}

static int
find_compression(struct capture_input *in)
{
	ssize_t n = 1;

	while (in->raw.length < 6 && n > 0) {
		/* read_raw would give out what is there already */
		struct head seen = in->raw;

		in->raw.used = in->raw.length = 0;
		n = read_raw(in, seen.octets + seen.length, 6 - seen.length);
		seen.length += n > 0 ? (size_t)n : 0;
		in->raw = seen;
	}
	if (n < 0)
		return -errno;
	in->compression = unpack_find(in->raw.octets, in->raw.length);
	if (in->compression == NULL)
		return 0;
	in->unpack = unpack_create(in->compression, packed_octets, in);
	return in->unpack != NULL ? 0 : -ENOMEM;
}

struct capture_input *
capture_input_open(int fd, const struct capture_wait *wait, char error[CAPTURE_ERROR_MAX])
{
	struct capture_input *in = calloc(1, sizeof(*in));
	int ret = -ENOMEM;

	if (in != NULL) {
		in->fd = fd;
		in->wait = *wait;
		ret = find_compression(in);
	} else {
		close(fd);
	}
	if (ret == 0)
		return in;
	snprintf(error, CAPTURE_ERROR_MAX, "%s",
		 in != NULL && in->why[0] != 0 ? in->why : strerror(-ret));
	capture_input_close(in);
	return NULL;
}

void
capture_input_set_wait(struct capture_input *in, const struct capture_wait *wait)
{
	in->wait = *wait;
}

const char *
capture_input_why(const struct capture_input *in)
{
	return in->why;
}

bool
capture_input_cancelled(const struct capture_input *in)
{
	return in->cancelled;
}

uint64_t
capture_input_octets(const struct capture_input *in)
{
	return atomic_load_explicit(&in->octets, memory_order_relaxed);
}

const char *
capture_input_compression(const struct capture_input *in)
{
	return in->compression;
}

void
capture_input_close(struct capture_input *in)
{
	if (in == NULL)
		return;
	unpack_free(in->unpack);
	close(in->fd);
	free(in);
}
