/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_reader.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS       8
#define BLOCK_FRAMES 2048
#define BLOCK_OCTETS (256 << 10)

#define ROOM_NS      50000     /* between two looks for a free block: it holds far more packets */
#define LIMIT_NS     50000     /* ... whether the period has ended */
#define DUE_NS       2000000   /* what is due sooner is handed over at once */
#define AGAIN_NS     500000000 /* between two looks for new captures */

struct block {
	uint32_t type, count, used;
	struct port_frame frames[BLOCK_FRAMES];
	uint8_t octets[BLOCK_OCTETS];
};

/* of one producer, the reader, and one consumer, the lane */
struct queue {
	alignas(64) _Atomic uint32_t filled;  /* blocks, since the start; the reader writes */
	_Atomic uint64_t handed;              /* packets in them */
	alignas(64) _Atomic uint32_t emptied; /* the lane writes, and all below */
	_Atomic uint64_t received, octets;
	uint32_t given; /* of the block at `emptied` */
	struct block *blocks[BLOCKS];
};

struct capture_reader {
	struct capture_reader_settings s;
	pthread_t thread;
	bool running;
	atomic_bool stop;

	/* the reader's thread */
	struct queue *at; /* whose next block is being filled; NULL: none */
	uint16_t turn;
	const char *path; /* of the capture that is read */
	uint64_t looked_again_ns, newer;

	struct capture_file *current;
	uint64_t octets_before; /* of captures that were read */

	_Atomic uint64_t octets_now, octets_all; /* read so far; of all captures */
	_Atomic int64_t waits;
	_Atomic uint64_t earlier;
	_Atomic unsigned int damaged;
	struct queue queues[];
};

static void
nap(long ns)
{
	const struct timespec t = {.tv_nsec = ns};

	nanosleep(&t, NULL);
}

static bool
stopped(struct capture_reader *r)
{
	return atomic_load_explicit(&r->stop, memory_order_relaxed);
}

/* What is in the block that is being filled goes to its lane. */
static void
flush(struct capture_reader *r)
{
	struct queue *q = r->at;

	if (q == NULL)
		return;
	if (r->current != NULL)
		atomic_store_explicit(&r->octets_now,
				      r->octets_before + capture_file_octets(r->current),
				      memory_order_relaxed);
	uint32_t filled = atomic_load_explicit(&q->filled, memory_order_relaxed);
	atomic_store_explicit(&q->handed,
			      atomic_load_explicit(&q->handed, memory_order_relaxed) +
				      q->blocks[filled % BLOCKS]->count,
			      memory_order_relaxed);
	atomic_store_explicit(&q->filled, filled + 1, memory_order_release);
	r->at = NULL;
}

/* An empty block of the next queue that has one. NULL: stopped. */
static struct block *
begin_block(struct capture_reader *r, uint32_t type)
{
	while (!stopped(r)) {
		for (uint16_t i = 0; i < r->s.queues; i++) {
			struct queue *q = &r->queues[(r->turn + i) % r->s.queues];
			uint32_t filled = atomic_load_explicit(&q->filled, memory_order_relaxed);

			if (filled - atomic_load_explicit(&q->emptied, memory_order_acquire) ==
			    BLOCKS)
				continue;
			struct block *b = q->blocks[filled % BLOCKS];
			r->turn = (uint16_t)((r->turn + i + 1) % r->s.queues);
			r->at = q;
			b->type = type;
			b->count = b->used = 0;
			return b;
		}
		nap(ROOM_NS);
	}
	return NULL;
}

static void
put(struct capture_reader *r, const struct capture_record *record)
{
	const uint32_t type = PORT_TYPE_DLT | record->dlt;
	const uint32_t head = record->captured < CAPTURE_HEAD ? record->captured : CAPTURE_HEAD;
	struct block *b = NULL;

	if (r->at != NULL) {
		b = r->at->blocks[atomic_load_explicit(&r->at->filled, memory_order_relaxed) %
				  BLOCKS];
		if (b->type != type || b->count == BLOCK_FRAMES || b->used + head > BLOCK_OCTETS) {
			flush(r);
			b = NULL;
		}
	}
	if (b == NULL)
		b = begin_block(r, type);
	if (b == NULL)
		return;
	memcpy(b->octets + b->used, record->bytes, head);
	b->frames[b->count++] = (struct port_frame){
		.bytes = b->octets + b->used, .captured = head, .length = record->captured};
	b->used += (head + 15) / 16 * 16;
	if (b->used > BLOCK_OCTETS)
		b->used = BLOCK_OCTETS;
}

/* Packet time at a speed: what is not due yet waits for the wall clock. */
static void
wait_until_due(struct capture_reader *r, int64_t ns)
{
	const struct capture_clock *c = r->s.clock;
	const int64_t zero = atomic_load_explicit(&c->zero_packet_ns, memory_order_relaxed);
	const int64_t due = atomic_load_explicit(&c->zero_wall_ns, memory_order_relaxed) +
			    (int64_t)((double)(ns - zero) / c->speed);
	int64_t left = due - (int64_t)monotonic_ns();

	if (left <= DUE_NS)
		return;
	flush(r);
	while (left > DUE_NS && !stopped(r)) {
		nap(left < 20000000 ? (long)left : 20000000);
		left = due - (int64_t)monotonic_ns();
	}
}

/* Waits until the packet may be handed over. */
static void
wait_for_clock(struct capture_reader *r, int64_t ns)
{
	struct capture_clock *c = r->s.clock;

	if (ns == CAPTURE_NO_TIME)
		return;
	if (ns >= atomic_load_explicit(&c->limit_ns, memory_order_acquire)) {
		flush(r);
		atomic_store_explicit(&r->waits, ns, memory_order_release);
		while (ns >= atomic_load_explicit(&c->limit_ns, memory_order_acquire) &&
		       !stopped(r))
			nap(LIMIT_NS);
	} else if (ns < atomic_load_explicit(&c->start_ns, memory_order_relaxed)) {
		atomic_fetch_add_explicit(&r->earlier, 1, memory_order_relaxed);
	}
	if (c->speed > 0)
		wait_until_due(r, ns);
}

static void __attribute__((format(printf, 2, 3)))
say(struct capture_reader *r, const char *format, ...)
{
	char line[2 * CAPTURE_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	r->s.note(line);
}

/* All records of a capture, to its end or to where it is damaged. */
static void
read_file(struct capture_reader *r, struct capture_file *file)
{
	struct capture_record record;
	uint64_t packets = 0, opaque = 0;
	int ret = 0;

	r->current = file;
	while (!stopped(r) && (ret = capture_file_next(file, &record)) == 1) {
		if (r->s.clock != NULL)
			wait_for_clock(r, record.ns);
		put(r, &record);
		packets++;
		opaque += !r->s.readable(record.dlt);
	}
	flush(r);
	r->current = NULL;
	r->octets_before += capture_file_octets(file);
	atomic_store_explicit(&r->octets_now, r->octets_before, memory_order_relaxed);
	if (opaque > 0)
		say(r,
		    "%.300s: %llu packets are of link types that are not supported; "
		    "they count as not IP",
		    r->path, (unsigned long long)opaque);
	if (ret >= 0)
		return;
	atomic_fetch_add_explicit(&r->damaged, 1, memory_order_relaxed);
	say(r,
	    "%.300s: cut short or damaged after packet %llu, at octet %llu (%.200s); the packets "
	    "before it count",
	    r->path, (unsigned long long)packets, (unsigned long long)capture_file_good(file),
	    capture_file_why(file));
}

/* [capture_input's] The file is at its end: will more be written to it? Not once there is a newer
 * one. */
static bool
more(void *context)
{
	struct capture_reader *r = context;
	const uint64_t now = monotonic_ns();

	flush(r);
	if (r->s.list == NULL)
		return true;
	if (r->newer > 0)
		return false; /* looked at once more since that one was there */
	if (now - r->looked_again_ns > AGAIN_NS) {
		r->newer = capture_list_look_again(r->s.list);
		r->looked_again_ns = now;
		atomic_store_explicit(&r->octets_all, capture_list_octets(r->s.list),
				      memory_order_relaxed);
	}
	return true;
}

static void
idle(void *context)
{
	flush(context);
}

static struct capture_wait
waiting(struct capture_reader *r)
{
	return (struct capture_wait){
		.cancel = &r->stop, .more = r->s.follow ? more : NULL, .idle = idle, .context = r};
}

/* The next capture of the list that can be opened. NULL: there is none, or stopped. */
static struct capture_file *
next_file(struct capture_reader *r)
{
	char error[CAPTURE_ERROR_MAX];

	while (r->s.list != NULL && !stopped(r)) {
		const struct capture_wait wait = waiting(r);

		r->path = capture_list_next(r->s.list);
		if (r->path == NULL && !r->s.follow)
			return NULL;
		if (r->path == NULL) {
			nap(AGAIN_NS);
			capture_list_look_again(r->s.list);
			continue;
		}
		r->newer = 0;
		int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		struct capture_file *file = NULL;
		if (fd < 0)
			snprintf(error, sizeof(error), "%s", strerror(errno));
		else
			file = capture_file_open(fd, &wait, error);
		int dlt = file != NULL ? capture_file_dlt(file) : -1;
		if (file != NULL && (dlt < 0 || r->s.readable((unsigned int)dlt)))
			return file;
		capture_file_close(file);
		if (stopped(r))
			return NULL;
		if (dlt >= 0) {
			const char *name = pcap_datalink_val_to_description(dlt);

			snprintf(error, sizeof(error),
				 "a capture of '%.100s' (link type %d), whose frames carry no IP "
				 "that can be counted",
				 name != NULL ? name : "unknown", dlt);
		}
		say(r, "%.300s: left out: %s", r->path, error);
	}
	return NULL;
}

static void *
run(void *argument)
{
	struct capture_reader *r = argument;
	struct capture_file *file = r->s.file;
	const struct capture_wait wait = waiting(r);

	if (file != NULL)
		capture_file_set_wait(file, &wait);
	if (r->s.list != NULL)
		capture_list_set_cancel(r->s.list, &r->stop);
	r->path = r->s.name;
	while (file != NULL || (file = next_file(r)) != NULL) {
		read_file(r, file);
		capture_file_close(file);
		r->s.file = file = NULL;
	}
	atomic_store_explicit(&r->waits, CAPTURE_ENDED, memory_order_release);
	return NULL;
}

int
capture_reader_start(struct capture_reader *r)
{
	/* off the lanes' CPUs */
	int ret = rte_ctrl_thread_create(&r->thread, "captures", NULL, run, r);

	r->running = ret == 0;
	return ret;
}

void
capture_reader_stop(struct capture_reader *r)
{
	atomic_store_explicit(&r->stop, true, memory_order_relaxed);
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
}

struct capture_reader *
capture_reader_create(const struct capture_reader_settings *s)
{
	const size_t size = sizeof(struct capture_reader) + s->queues * sizeof(struct queue);
	struct capture_reader *r = aligned_alloc(64, (size + 63) / 64 * 64);
	bool whole = r != NULL;
	struct stat st;

	if (r == NULL)
		return NULL;
	memset(r, 0, size);
	r->s.queues = s->queues; /* for capture_reader_free, that takes nothing over yet */
	for (uint16_t q = 0; q < s->queues; q++) {
		for (unsigned int b = 0; b < BLOCKS; b++) {
			r->queues[q].blocks[b] = malloc(sizeof(struct block));
			whole = whole && r->queues[q].blocks[b] != NULL;
		}
	}
	if (!whole) {
		capture_reader_free(r);
		errno = ENOMEM;
		return NULL;
	}
	r->s = *s;
	atomic_store(&r->waits, CAPTURE_WORKING);
	if (s->list != NULL)
		atomic_store(&r->octets_all, capture_list_octets(s->list));
	else if (stat(s->name, &st) == 0 && S_ISREG(st.st_mode))
		atomic_store(&r->octets_all, (uint64_t)st.st_size);
	return r;
}

void
capture_reader_free(struct capture_reader *r)
{
	if (r == NULL)
		return;
	capture_reader_stop(r);
	for (uint16_t q = 0; q < r->s.queues; q++) {
		for (unsigned int b = 0; b < BLOCKS; b++)
			free(r->queues[q].blocks[b]);
	}
	capture_file_close(r->s.file);
	capture_list_close(r->s.list);
	free(r);
}

uint16_t
capture_reader_receive(struct capture_reader *r, uint16_t queue, struct port_frame *frames,
		       uint16_t most, uint32_t *type)
{
	struct queue *q = &r->queues[queue];
	uint32_t emptied = atomic_load_explicit(&q->emptied, memory_order_relaxed);
	const struct block *b = q->blocks[emptied % BLOCKS];

	/* what was given out of it may be looked at until now */
	if (q->given > 0 && q->given == b->count) {
		atomic_store_explicit(&q->emptied, ++emptied, memory_order_release);
		q->given = 0;
		b = q->blocks[emptied % BLOCKS];
	}
	if (atomic_load_explicit(&q->filled, memory_order_acquire) == emptied)
		return 0;
	const uint32_t left = b->count - q->given;
	const uint16_t n = left < most ? (uint16_t)left : most;
	uint64_t octets = 0;
	for (uint16_t i = 0; i < n; i++) {
		frames[i] = b->frames[q->given + i];
		octets += frames[i].length;
	}
	q->given += n;
	*type = b->type;
	atomic_store_explicit(&q->received,
			      atomic_load_explicit(&q->received, memory_order_relaxed) + n,
			      memory_order_relaxed);
	atomic_store_explicit(&q->octets,
			      atomic_load_explicit(&q->octets, memory_order_relaxed) + octets,
			      memory_order_relaxed);
	return n;
}

int64_t
capture_reader_waits(const struct capture_reader *r)
{
	return atomic_load_explicit(&r->waits, memory_order_acquire);
}

uint64_t
capture_reader_handed(const struct capture_reader *r, uint16_t queue)
{
	return atomic_load_explicit(&r->queues[queue].handed, memory_order_relaxed);
}

void
capture_reader_counters(const struct capture_reader *r, struct port_counters *counters)
{
	*counters = (struct port_counters){0};
	for (uint16_t q = 0; q < r->s.queues; q++) {
		counters->received +=
			atomic_load_explicit(&r->queues[q].received, memory_order_relaxed);
		counters->octets +=
			atomic_load_explicit(&r->queues[q].octets, memory_order_relaxed);
	}
}

void
capture_reader_progress(const struct capture_reader *r, uint64_t *octets, uint64_t *of)
{
	uint64_t taken = 0, handed = 0;

	/* what was read and waits in blocks is not done yet */
	for (uint16_t q = 0; q < r->s.queues; q++) {
		taken += atomic_load_explicit(&r->queues[q].received, memory_order_relaxed);
		handed += atomic_load_explicit(&r->queues[q].handed, memory_order_relaxed);
	}
	*octets = atomic_load_explicit(&r->octets_now, memory_order_relaxed);
	if (taken < handed)
		*octets = (uint64_t)((double)*octets * (double)taken / (double)handed);
	*of = atomic_load_explicit(&r->octets_all, memory_order_relaxed);
}

uint64_t
capture_reader_earlier(const struct capture_reader *r)
{
	return atomic_load_explicit(&r->earlier, memory_order_relaxed);
}

unsigned int
capture_reader_damaged(const struct capture_reader *r)
{
	return atomic_load_explicit(&r->damaged, memory_order_relaxed);
}
