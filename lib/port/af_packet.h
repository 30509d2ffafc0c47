/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What net_af_packet leaves out.
 *
 * The PMD opens an AF_PACKET socket for each queue and keeps it to itself; DPDK 22.11 neither reads
 * what the kernel dropped because the ring was full, nor can it be told to leave out the copy of
 * each frame that loopback interfaces deliver twice (once as sent, once as received), nor to leave
 * IPv4 fragments as they are, nor does it hand over how long a frame was that its ring has no room
 * for. replaced.c hears of each ring when it is made; from then on its socket is asked here.
 *
 * [start] and [manager]. Interfaces by their index (if_nametoindex), as the sockets are bound:
 * another interface that takes over the name is not ours, and one that is renamed still is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AF_PACKET_RINGS 128

struct tpacket_req;

/* From replaced.c: a socket has a ring of TPACKET_V2. Nothing passes before af_packet_open. */
void af_packet_ring_made(int fd, const struct tpacket_req *request);

/*
 * From here on the frames of the interface come, through all rings that are bound to it; of
 * loopback each one once. 0 or -errno.
 */
int af_packet_open(unsigned int interface);
/* Before its sockets are closed: their numbers will be others'. */
void af_packet_forget(unsigned int interface);

/* Frames dropped by the kernel on this interface's rings since the last call (packet(7)). Also when
 * the interface has gone, until af_packet_forget. */
uint64_t af_packet_drops(unsigned int interface);

/* Where the ring of a queue lies in memory, while its port is open. 0 or -ENOENT. */
struct af_packet_ring {
	const uint8_t *at;
	uint32_t frame_size, frames;
};
int af_packet_ring(unsigned int interface, unsigned int queue, struct af_packet_ring *ring);

/* IFF_... of netdevice(7), or -errno: no such interface any more. */
int af_packet_flags(unsigned int interface);

/*
 * A socket that receives nothing and is bound to the interface. Promiscuous, if wanted and not
 * loopback, by its membership: that needs CAP_NET_RAW only and ends with the socket however the
 * process ends, while the flag that drivers set needs CAP_NET_ADMIN and outlives a crash. The
 * caller closes it. -errno where it cannot be.
 */
int af_packet_keep(unsigned int interface, bool promiscuous);
/*
 * Is it still bound? The kernel unbinds all packet sockets of an interface that is deleted or
 * leaves its network namespace, and they stay so when it is back under the same number a moment
 * later.
 */
bool af_packet_is_kept(int keeper, unsigned int interface);

/*
 * May so much be locked into memory, as the rings of the PMD are? Tried: the kernel counts it
 * against the limit, and touches no page of what may not be read. 0; or -EAGAIN or -EPERM: it may
 * not. What else stands against it the PMD will have to say. Any thread.
 */
int af_packet_try_lock(size_t octets);
