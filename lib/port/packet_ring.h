/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet socket of all interfaces, and the ring that the kernel fills (TPACKET_V3): see
 * kind_any.c. The lane reads, the manager makes, starts, stops and frees it.
 */
#pragma once

#include "port.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PACKET_RING_KNOWN 1024

/* what a lane knows of an interface */
struct packet_ring_known {
	unsigned int index; /* 0: free */
	uint16_t hardware;
	uint8_t role;
};

/* The lane's, but for what is said otherwise. */
struct packet_ring {
	int fd, links; /* [manager] */
	uint8_t *ring; /* [manager] */
	bool (*readable)(unsigned int hardware);
	uint32_t snap;              /* octets of a frame that are kept */
	unsigned int blocks, block; /* how many; the one that is read */
	uint32_t left;              /* frames of the block that are still to be read */
	struct tpacket3_hdr *at;    /* the next one */
	bool open, read;            /* a block is being read; it has been read, to its last frame */
	uint32_t forgotten;         /* the last value of *forget that was seen */
	const _Atomic uint32_t *forget; /* manager writes: other than before when interfaces went */
	struct packet_ring_known known[PACKET_RING_KNOWN];
	unsigned int known_count;
	_Atomic uint64_t received, octets; /* lane writes, manager reads */
};

/* A ring of settings->ring_frames, whose socket takes nothing yet. NULL with errno. */
struct packet_ring *packet_ring_create(const struct port_settings *settings,
				       const _Atomic uint32_t *forget);
void packet_ring_free(struct packet_ring *ring); /* NULL is fine */

/* Bound to all interfaces, and nothing passes yet. 0 or -errno. */
int packet_ring_start(struct packet_ring *ring);
/* Once all that share a fan-out are started: from here on frames come. 0 or -errno. */
int packet_ring_open(struct packet_ring *ring);
/* No more, but what is in the ring can be read. */
void packet_ring_stop(struct packet_ring *ring);

/* [lane] See port_receive in port.h. */
uint16_t packet_ring_receive(struct packet_ring *ring, struct port_frame *frames, uint16_t most,
			     uint16_t *hardware);

/* Gives a packet socket a filter of `size` octets. 0 or -errno. [manager] */
struct sock_filter;
int packet_socket_filter(int fd, struct sock_filter *code, size_t size);

/* Frames that the kernel dropped since the last call because the ring was full. */
uint64_t packet_ring_drops(const struct packet_ring *ring);
