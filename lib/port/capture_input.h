/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The octets of a capture: a file, a pipe, or what a program compressed, as one stream that is read
 * from its beginning to its end, once.
 *
 *     descriptor -> [capture_unpack.h] -> FILE, for libpcap and pcapng.c
 *
 * What it is compressed with, the first octets say. Never more is read ahead than what has come, so
 * that a live pipe's packets count when they come.
 *
 * A descriptor that has nothing more now is waited for where `more` says so; who is waiting can be
 * cancelled. One thread at a time.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CAPTURE_ERROR_MAX 400

struct capture_wait {
	const atomic_bool *cancel; /* NULL: nobody asks */
	/* The descriptor is at its end. True: look again in a moment. NULL: the end is the end. */
	bool (*more)(void *context);
	/* Nothing can be read now: before it is waited for. May be NULL. */
	void (*idle)(void *context);
	void *context;
};

struct capture_input;

/* Takes over `fd`, also on an error. `wait` is copied. NULL with `error`. */
struct capture_input *capture_input_open(int fd, const struct capture_wait *wait,
					 char error[CAPTURE_ERROR_MAX]);

/* For who goes on with it: what is waited for how from here on. */
void capture_input_set_wait(struct capture_input *input, const struct capture_wait *wait);

/* The first octets of the capture, which are read again afterwards. How many there are, at most
 * `size` (8). */
size_t capture_input_peek(struct capture_input *input, uint8_t *octets, size_t size);

/* Where it is read from; ftello() tells the octets of the capture itself, uncompressed. fclose()
 * leaves the input open. NULL with errno. */
FILE *capture_input_file(struct capture_input *input);

/* What was wrong with the octets; "": nothing. It was cancelled. What was read of the descriptor.
 */
const char *capture_input_why(const struct capture_input *input);
bool capture_input_cancelled(const struct capture_input *input);
uint64_t capture_input_octets(const struct capture_input *input);

/* "gzip" and the like; NULL: not compressed. */
const char *capture_input_compression(const struct capture_input *input);

void capture_input_close(struct capture_input *input); /* NULL is fine */
