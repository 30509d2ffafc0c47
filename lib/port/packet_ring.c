/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_ring.h"

#include "links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A block is handed over when it is full, or after 10 ms. */
#define BLOCK_SIZE (256u << 10)
#define BLOCK_MS   10
/* room for the VLAN tag that the kernel took out and that goes in again */
#define RESERVED 16
#define TAG_SIZE 4

enum role {
	ROLE_COUNTED = 1,
	ROLE_LEFT_OUT,
};

/* Asks the kernel. Who is gone already cannot be asked: by its frames it would have counted. */
static enum role
learn(struct packet_ring *q, unsigned int index, uint16_t hardware)
{
	struct link_info info;
	enum role role = q->readable(hardware) ? ROLE_COUNTED : ROLE_LEFT_OUT;

	if (links_find(q->links, index, &info) == 0 && info.stacked)
		role = ROLE_LEFT_OUT;
	if (q->known_count == PACKET_RING_KNOWN / 2) { /* half full: look-ups stay short */
		memset(q->known, 0, sizeof(q->known));
		q->known_count = 0;
	}
	struct packet_ring_known *k = &q->known[index % PACKET_RING_KNOWN];
	while (k->index != 0)
		k = k == &q->known[PACKET_RING_KNOWN - 1] ? q->known : k + 1;
	*k = (struct packet_ring_known){
		.index = index, .hardware = hardware, .role = (uint8_t)role};
	q->known_count++;
	return role;
}

static inline enum role
ask_role(struct packet_ring *q, unsigned int index, uint16_t hardware)
{
	const struct packet_ring_known *k = &q->known[index % PACKET_RING_KNOWN];

	for (; k->index != 0; k = k == &q->known[PACKET_RING_KNOWN - 1] ? q->known : k + 1) {
		if (k->index == index && k->hardware == hardware)
			return k->role;
	}
	return learn(q, index, hardware);
}

/* The kernel has taken the outermost VLAN tag out of the frame. The ring is ours: it goes in again,
 * so that the frame is as long as it was on the wire. */
static uint8_t *
put_tag_back(const struct tpacket3_hdr *frame, uint8_t *bytes)
{
	uint16_t tag[2] = {htons((frame->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0
					 ? frame->hv1.tp_vlan_tpid
					 : ETHERTYPE_VLAN),
			   htons((uint16_t)frame->hv1.tp_vlan_tci)};

	memmove(bytes - TAG_SIZE, bytes, 2 * ETH_ALEN);
	memcpy(bytes - TAG_SIZE + 2 * ETH_ALEN, tag, sizeof(tag));
	return bytes - TAG_SIZE;
}

static struct tpacket_block_desc *
block_of(const struct packet_ring *q)
{
	return (struct tpacket_block_desc *)(void *)(q->ring + (size_t)q->block * BLOCK_SIZE);
}

/* Gives a block back that has been read, and opens the next one. False: there is none yet. */
static bool
next_block(struct packet_ring *q)
{
	struct tpacket_block_desc *block;

	if (q->read) {
		__atomic_store_n(&block_of(q)->hdr.bh1.block_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
		q->block = (q->block + 1) % q->blocks;
		q->read = q->open = false;
	}
	if (q->open)
		return true;
	block = block_of(q);
	if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
		return false;
	q->open = true;
	q->left = block->hdr.bh1.num_pkts;
	q->at = (struct tpacket3_hdr *)(void *)((uint8_t *)block +
						block->hdr.bh1.offset_to_first_pkt);
	return true;
}

uint16_t
packet_ring_receive(struct packet_ring *q, struct port_frame *frames, uint16_t most,
		    uint16_t *hardware)
{
	uint32_t forget = atomic_load_explicit(q->forget, memory_order_relaxed);
	uint64_t octets = 0;
	uint16_t n = 0;

	if (!next_block(q))
		return 0;
	if (__builtin_expect(forget != q->forgotten, 0)) {
		memset(q->known, 0, sizeof(q->known));
		q->known_count = 0;
		q->forgotten = forget;
	}
	while (n < most && q->left > 0) {
		struct tpacket3_hdr *frame = q->at;
		const struct sockaddr_ll *from =
			(const void *)((const uint8_t *)frame + TPACKET_ALIGN(sizeof(*frame)));

		if (n > 0 && from->sll_hatype != *hardware)
			break; /* a burst is of one kind */
		q->left--;
		q->at = (struct tpacket3_hdr *)(void *)((uint8_t *)frame + frame->tp_next_offset);
		if (ask_role(q, (unsigned int)from->sll_ifindex, from->sll_hatype) != ROLE_COUNTED)
			continue;
		*hardware = from->sll_hatype;
		struct port_frame *out = &frames[n++];
		uint8_t *bytes = (uint8_t *)frame + frame->tp_mac;
		*out = (struct port_frame){bytes, frame->tp_snaplen, frame->tp_len};
		if ((frame->tp_status & TP_STATUS_VLAN_VALID) != 0 &&
		    frame->tp_snaplen >= 2 * ETH_ALEN) {
			out->bytes = put_tag_back(frame, bytes);
			out->captured += TAG_SIZE;
			out->length += TAG_SIZE;
		}
		octets += out->length;
	}
	q->read = q->left == 0; /* it stays ours until the next call: the frames lie in it */
	uint64_t received = atomic_load_explicit(&q->received, memory_order_relaxed) + n;
	octets += atomic_load_explicit(&q->octets, memory_order_relaxed);
	atomic_store_explicit(&q->received, received, memory_order_relaxed);
	atomic_store_explicit(&q->octets, octets, memory_order_relaxed);
	return n;
}

int
packet_socket_filter(int fd, struct sock_filter *code, size_t size)
{
	const struct sock_fprog program = {.len = (unsigned short)(size / sizeof(*code)),
					   .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0
		       ? 0
		       : -errno;
}

/* What is bound and has not joined the others of its fan-out yet would get their frames, too. */
static int
let_nothing_pass(int fd)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

	return packet_socket_filter(fd, code, sizeof(code));
}

/* Drops what loopback interfaces send: each is received as well. Of others, so many octets. */
int
packet_ring_open(struct packet_ring *q)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, q->snap),
	};

	return packet_socket_filter(q->fd, code, sizeof(code));
}

void
packet_ring_free(struct packet_ring *q)
{
	if (q == NULL)
		return;
	if (q->ring != NULL)
		munmap(q->ring, (size_t)q->blocks * BLOCK_SIZE);
	if (q->fd >= 0)
		close(q->fd);
	if (q->links >= 0)
		close(q->links);
	free(q);
}

struct packet_ring *
packet_ring_create(const struct port_settings *s, const _Atomic uint32_t *forget)
{
	const size_t size = (size_t)s->ring_frames * s->ring_frame_size;
	const int version = TPACKET_V3, reserve = RESERVED;
	const struct tpacket_req3 request = {.tp_block_size = BLOCK_SIZE,
					     .tp_block_nr = (unsigned int)(size / BLOCK_SIZE),
					     .tp_frame_size = s->ring_frame_size,
					     .tp_frame_nr = s->ring_frames,
					     .tp_retire_blk_tov = BLOCK_MS};
	struct packet_ring *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->links = -1;
	q->readable = s->readable;
	q->blocks = (unsigned int)(size / BLOCK_SIZE);
	q->snap = s->ring_frame_size;
	q->forget = forget;
	q->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* protocol 0: nothing */
	if (q->fd < 0)
		goto failed;
	q->links = links_open();
	if (q->links < 0) {
		errno = -q->links;
		goto failed;
	}
	if (setsockopt(q->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
	    setsockopt(q->fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve)) != 0 ||
	    let_nothing_pass(q->fd) != 0 ||
	    setsockopt(q->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
		goto failed;
	void *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, q->fd, 0);
	if (ring == MAP_FAILED)
		goto failed;
	q->ring = ring;
	return q;
failed:;
	int error = errno;
	packet_ring_free(q);
	errno = error;
	return NULL;
}

int
packet_ring_start(struct packet_ring *q)
{
	const struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	return bind(q->fd, (const struct sockaddr *)&all, sizeof(all)) == 0 ? 0 : -errno;
}

void
packet_ring_stop(struct packet_ring *q)
{
	const struct sockaddr_ll none = {.sll_family = AF_PACKET};

	(void)bind(q->fd, (const struct sockaddr *)&none, sizeof(none));
}

uint64_t
packet_ring_drops(const struct packet_ring *q)
{
	struct tpacket_stats_v3 stats;
	socklen_t length = sizeof(stats);

	/* reading resets: the kernel's counters are 32 bits wide */
	return getsockopt(q->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0
		       ? stats.tp_drops
		       : 0;
}
