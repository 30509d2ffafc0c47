/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture, record by record, once through: pcap in all its forms by libpcap, pcapng by pcapng.c,
 * compressed or not (capture_input.h), from a file or a pipe.
 *
 * Any thread, one at a time. Captures of other makes are refused by name.
 */
#pragma once

#include "capture_input.h"

#include <stdint.h>

#define CAPTURE_NO_TIME INT64_MIN

struct capture_record {
	const uint8_t *bytes;      /* until the next one is read */
	uint32_t captured, length; /* octets there are; octets on the wire, as the file says */
	int64_t ns;                /* since 1970; or CAPTURE_NO_TIME */
	uint16_t dlt;              /* libpcap's number of its link type */
};

struct capture_file;

/*
 * Takes over `fd`, also on an error, and waits for the first octets as `wait` says. NULL with
 * `error`: it is no capture, or one of another make, or it was cancelled.
 */
struct capture_file *capture_file_open(int fd, const struct capture_wait *wait,
				       char error[CAPTURE_ERROR_MAX]);
void capture_file_set_wait(struct capture_file *file, const struct capture_wait *wait);

/* 1 and *record; 0: the end, or cancelled; -1: it cannot be read on from here. */
int capture_file_next(struct capture_file *file, struct capture_record *record);

/* The record that comes next, without taking it. As capture_file_next. */
int capture_file_look(struct capture_file *file, struct capture_record *record);

/* After -1: why. Where the last sound record ends, in octets of the uncompressed capture. */
const char *capture_file_why(const struct capture_file *file);
uint64_t capture_file_good(const struct capture_file *file);

/* Octets of the descriptor that were read: how far it is. Any thread. */
uint64_t capture_file_octets(const struct capture_file *file);

/* The link type of all of its packets, or -1: each has its own. */
int capture_file_dlt(const struct capture_file *file);

bool capture_file_is_compressed(const struct capture_file *file);

void capture_file_close(struct capture_file *file); /* NULL is fine */
