/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast half of an RX lcore (receive, parse, count, free) and nothing else, for measuring.
 *
 *     rx_bench EAL-ARGUMENTS -- port  MODE BURST SECONDS MBUFS DATA_ROOM HOSTS
 *     rx_bench EAL-ARGUMENTS -- file  MODE BURST PACKETS FILE HOSTS
 *
 * port: polls queue 0 of port 0. file: the packets of a capture, read into memory beforehand, again
 * and again: the target for `valgrind --tool=callgrind --toggle-collect=bench_loop`, since its
 * count of instructions is the same at each run.
 * MODE: drop (receive and free), parse, count. A swap with clearing comes each second (port) or
 * each 4 million packets (file).
 */
#include "count.h"
#include "parse_batch.h"

#include <pcap/pcap.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum mode {
	MODE_DROP,
	MODE_PARSE,
	MODE_COUNT,
};

struct frame {
	const uint8_t *bytes;
	uint32_t length;
};

struct bench {
	enum mode mode;
	unsigned int burst;
	struct count_lane *lane;
	struct parse_batch *batch;
	struct parse_options options;
	uint64_t packets; /* done */
	/* file */
	struct frame *frames;
	uint32_t n_frames;
};

static double
thread_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline struct parse_frame_at
next_frame(const void *frames, uint32_t i)
{
	const struct frame *f = (const struct frame *)frames + i;

	rte_prefetch0(f[8].bytes);
	return (struct parse_frame_at){f->bytes, f->length, f->length};
}

static void
burst_frames(struct bench *b, const struct frame *frames, unsigned int n)
{
	parse_batch(b->batch, n, &b->options, next_frame, frames);
	if (b->mode == MODE_COUNT)
		count_batch(b->lane, b->batch);
}

static inline struct parse_frame_at
next_mbuf(const void *mbufs, uint32_t i)
{
	const struct rte_mbuf *m = ((struct rte_mbuf *const *)mbufs)[i];

	return (struct parse_frame_at){rte_pktmbuf_mtod(m, const uint8_t *),
				       rte_pktmbuf_data_len(m), rte_pktmbuf_pkt_len(m)};
}

static void
burst_mbufs(struct bench *b, struct rte_mbuf **mbufs, unsigned int n)
{
	parse_batch(b->batch, n, &b->options, next_mbuf, mbufs);
	if (b->mode == MODE_COUNT)
		count_batch(b->lane, b->batch);
}

static void
swap(struct bench *b)
{
	struct count_period left;
	double start = thread_seconds();

	count_request_swap(b->lane);
	count_poll_swap(b->lane);
	double asked = thread_seconds();
	count_get_period(b->lane, &left);
	double settled = thread_seconds();
	count_clear(b->lane);
	double cleared = thread_seconds();
	if (b->mode == MODE_COUNT)
		printf("  swap %.1f ms, settle %.1f ms, clear %.1f ms: %u hosts\n",
		       1e3 * (asked - start), 1e3 * (settled - asked), 1e3 * (cleared - settled),
		       left.hosts);
}

/* not inlined: callgrind collects inside it */
static __attribute__((noinline)) void
bench_loop(struct bench *b, uint64_t packets)
{
	for (uint64_t done = 0; done < packets;) {
		for (uint32_t at = 0; at + b->burst <= b->n_frames && done < packets;
		     at += b->burst) {
			burst_frames(b, &b->frames[at], b->burst);
			done += b->burst;
		}
	}
}

static int
bench_file(struct bench *b, uint64_t packets, const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct pcap_pkthdr *head;
	const u_char *bytes;
	size_t used = 0, room = 0;
	uint8_t *store = NULL;

	if (pcap == NULL) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	while (pcap_next_ex(pcap, &head, &bytes) == 1) {
		if (used + head->caplen > room) {
			room = 2 * room + 65536;
			store = realloc(store, room);
		}
		/* eight more than there are: prefetching looks ahead */
		if ((b->n_frames & (b->n_frames - 1)) == 0)
			b->frames = realloc(b->frames, (2 * b->n_frames + 9) * sizeof(*b->frames));
		if (store == NULL || b->frames == NULL)
			return 1;
		memcpy(store + used, bytes, head->caplen);
		b->frames[b->n_frames++] =
			(struct frame){.bytes = (const uint8_t *)used, .length = head->caplen};
		used += (head->caplen + 63u) & ~63u;
		if (used > room) {
			room = 2 * used;
			store = realloc(store, room);
			if (store == NULL)
				return 1;
		}
	}
	pcap_close(pcap);
	memset(&b->frames[b->n_frames], 0, 8 * sizeof(*b->frames));
	for (uint32_t i = 0; i < b->n_frames; i++)
		b->frames[i].bytes = store + (size_t)b->frames[i].bytes;

	for (uint64_t done = 0; done < packets;) {
		uint64_t part = packets - done < 4000000 ? packets - done : 4000000;
		double start = thread_seconds();
		uint64_t tsc = rte_rdtsc();
		bench_loop(b, part);
		double seconds = thread_seconds() - start;
		printf("%.2f Mpps, %.1f ns, %.1f TSC cycles a packet\n",
		       1e-6 * (double)part / seconds, 1e9 * seconds / (double)part,
		       (double)(rte_rdtsc() - tsc) / (double)part);
		swap(b);
		done += part;
	}
	free(b->frames);
	free(store);
	return 0;
}

static int
bench_port(struct bench *b, double seconds, unsigned int mbufs, unsigned int room)
{
	struct rte_mbuf *got[PARSE_MAX_BATCH];
	struct rte_eth_conf conf = {0};
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create("bench", mbufs, 512, 0, (uint16_t)room, SOCKET_ID_ANY);

	if (pool == NULL || rte_eth_dev_configure(0, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(0, 0, 1024, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(0, 0, 512, SOCKET_ID_ANY, NULL) != 0 ||
	    rte_eth_dev_start(0) != 0) {
		fprintf(stderr, "port 0 does not start\n");
		return 1;
	}
	uint64_t second = rte_get_tsc_hz();
	for (double end = thread_seconds() + seconds; thread_seconds() < end;) {
		double start = thread_seconds();
		uint64_t until = rte_rdtsc() + second, done = 0;
		while (rte_rdtsc() < until) {
			for (int i = 0; i < 16; i++) {
				unsigned int n = rte_eth_rx_burst(0, 0, got, (uint16_t)b->burst);
				if (b->mode != MODE_DROP)
					burst_mbufs(b, got, n);
				rte_pktmbuf_free_bulk(got, n);
				done += n;
			}
		}
		double took = thread_seconds() - start;
		printf("%.2f Mpps, %.1f ns a packet\n", 1e-6 * (double)done / took,
		       1e9 * took / (double)done);
		swap(b);
		fflush(stdout);
	}
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char *const modes[] = {"drop", "parse", "count"};
	struct bench b = {0};
	int used = rte_eal_init(argc, argv), failed = 1;

	if (used < 0)
		return 1;
	argc -= used;
	argv += used;
	if (argc < 7)
		goto usage;
	while (b.mode < RTE_DIM(modes) && strcmp(argv[2], modes[b.mode]) != 0)
		b.mode++;
	b.burst = (unsigned int)atoi(argv[3]);
	if (b.mode == RTE_DIM(modes) || b.burst == 0 || b.burst > PARSE_MAX_BATCH)
		goto usage;

	struct count_settings settings = {.hosts = (uint32_t)atoi(argv[argc - 1]),
					  .socket = SOCKET_ID_ANY};
	b.lane = count_create(0, &settings);
	b.batch = rte_zmalloc(NULL, sizeof(*b.batch), RTE_CACHE_LINE_SIZE);
	if (b.lane == NULL || b.batch == NULL) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	if (strcmp(argv[1], "port") == 0 && argc == 8)
		failed = bench_port(&b, atof(argv[4]), (unsigned int)atoi(argv[5]),
				    (unsigned int)atoi(argv[6]));
	else if (strcmp(argv[1], "file") == 0 && argc == 7)
		failed = bench_file(&b, strtoull(argv[4], NULL, 10), argv[5]);
	else
		goto usage;
	count_destroy(b.lane);
	rte_free(b.batch);
	rte_eal_cleanup();
	return failed;

usage:
	fprintf(stderr, "usage: see the head of rx_bench.c\n");
	return 2;
}
