/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that reads captures and hands their packets to the lanes of a port, in blocks.
 *
 *     capture_file -> [the reader's thread] -> a ring of blocks for each queue -> the lane, in
 * place
 *
 * So that decompression, a slow pipe and a page that is not in memory never hold up a lane, and one
 * file can feed several: a block of packets goes to the queue that has room, in turn. All packets
 * of a block have the same link type. Only the first CAPTURE_HEAD octets of a packet are handed
 * over: nobody looks further.
 *
 * Packet time (capture_clock): packets are handed over up to a moment that the manager sets, by
 * their own time stamps. When each reader has come to it and the lanes have taken all that was
 * handed over, a period is over, whatever that took; so the same captures make the same periods at
 * any speed, with any number of lanes. Time never goes back: a packet that is older than the period
 * that is being filled counts there, and as "earlier"; one without a time stamp too.
 */
#pragma once

#include "capture_file.h"
#include "capture_list.h"
#include "port.h"

#define CAPTURE_HEAD 8192 /* PARSE_HEAD_MAX */

/* Shared by all readers. The manager writes, but for what is each reader's. */
struct capture_clock {
	double speed;             /* packet time by wall time; 0: as fast as it goes */
	_Atomic int64_t start_ns; /* of the period that is being filled */
	_Atomic int64_t limit_ns; /* its end: packets before it are handed over */
	/* where packet time and CLOCK_MONOTONIC stood together */
	_Atomic int64_t zero_packet_ns, zero_wall_ns;
};

#define CAPTURE_WORKING INT64_MIN /* of capture_reader_waits */
#define CAPTURE_ENDED   INT64_MAX

struct capture_reader_settings {
	const char *name;            /* of the captures, for what is logged */
	struct capture_file *file;   /* the first one, opened: taken over; or NULL: of `list` */
	struct capture_list *list;   /* taken over; or NULL */
	struct capture_clock *clock; /* borrowed; NULL: the wall clock */
	bool follow;                 /* goes on with what is written to them later */
	uint16_t queues;
	/* Has this link type (libpcap's number) packets that can be read? */
	bool (*readable)(unsigned int dlt);
	/* Called from the reader's thread. */
	void (*note)(const char *text);
};

struct capture_reader;

/* [start] NULL with errno; what it was to take over is the caller's again. */
struct capture_reader *capture_reader_create(const struct capture_reader_settings *settings);
int capture_reader_start(struct capture_reader *reader); /* 0 or -errno */
void capture_reader_stop(struct capture_reader *reader); /* its thread has ended then */
void capture_reader_free(struct capture_reader *reader); /* NULL is fine */

/* [lane] As port_receive. *type is PORT_TYPE_DLT | the link type. */
uint16_t capture_reader_receive(struct capture_reader *reader, uint16_t queue,
				struct port_frame *frames, uint16_t most, uint32_t *type);

/* [any thread] */
/* The time of the packet that waits for the clock, CAPTURE_WORKING or CAPTURE_ENDED. */
int64_t capture_reader_waits(const struct capture_reader *reader);
/* Packets that were handed to a queue so far. After capture_reader_waits: all up to there. */
uint64_t capture_reader_handed(const struct capture_reader *reader, uint16_t queue);
/* What lanes have taken. */
void capture_reader_counters(const struct capture_reader *reader, struct port_counters *counters);
/* How far it is, in octets of the files on disk, of how many; 0 of 0 for a pipe. */
void capture_reader_progress(const struct capture_reader *reader, uint64_t *octets, uint64_t *of);
/* Packets that were older than the period in which they count; captures that were damaged. */
uint64_t capture_reader_earlier(const struct capture_reader *reader);
unsigned int capture_reader_damaged(const struct capture_reader *reader);
