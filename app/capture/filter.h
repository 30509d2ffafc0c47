/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --filter: which frames count, in tcpdump's words (pcap-filter(7)). What it leaves out has its
 * line in the ledger.
 *
 * libpcap compiles it, for each link type that can be read, since the same words are other offsets
 * there. Of an ethdev DPDK's compiler makes machine code of it (rte_bpf); where it cannot, as under
 * MemoryDenyWriteExecute, and for frames that lie in no mbuf, libpcap's interpreter runs it, which
 * is three times slower.
 *
 * [start] but for what the lanes call, which only reads.
 */
#pragma once

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_ERROR_MAX 400

struct filter;
struct filter_program; /* of one link type */

/*
 * `expression`: NULL or "" lets all pass. NULL with `error`, which says where it goes wrong: what
 * libpcap takes for no link type.
 */
struct filter *filter_create(const char *expression, char error[FILTER_ERROR_MAX]);
void filter_free(struct filter *filter); /* NULL is fine */

/* `expression`, and none of the web server's own packets: TCP at its address and port, "a.b.c.d:p".
 * 0.0.0.0 is every address of this host now. malloc'ed; NULL: no memory. */
char *filter_without_self(const char *expression, const char *listen);

/*
 * The program for a type of frames, as port_receive tells it. Never NULL: one that lets nothing
 * pass where the expression makes no sense there (a MAC address on a TUN device), see filter_fits.
 */
const struct filter_program *filter_program(const struct filter *filter, uint32_t type);
/* 0, or -1 with libpcap's reason. */
int filter_fits(const struct filter *filter, uint32_t type, char error[FILTER_ERROR_MAX]);

/* After EAL's start: machine code for mbufs of this type. False: it is interpreted. */
bool filter_translate(const struct filter *filter, uint32_t type);

/* [lane] Does it count? */
bool filter_frame(const struct filter_program *program, const uint8_t *bytes, uint32_t captured,
		  uint32_t length);
bool filter_mbuf(const struct filter_program *program, struct rte_mbuf *mbuf);
