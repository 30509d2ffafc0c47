/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pcapng file, record by record (draft-ietf-opsawg-pcapng).
 *
 * Ours, because each packet is to be read by the link type of its own interface: libpcap refuses a
 * file whose interfaces are of different types, and `mergecap` and `dumpcap -i eth0 -i tun0` write
 * such files. Sections of either byte order, interfaces with their own resolution and offset of
 * time, enhanced, simple and the old packet blocks; others are passed over.
 *
 * One thread at a time. Never reads beyond a block, whatever its lengths claim.
 */
#pragma once

#include "capture_file.h"

#include <stdio.h>

#define PCAPNG_MAGIC 0x0a0d0d0au /* reads the same in both byte orders */

struct pcapng;

/* Borrows `file`, which stands at its first octet. NULL: no memory. */
struct pcapng *pcapng_open(FILE *file);
void pcapng_close(struct pcapng *pcapng); /* NULL is fine */

/* 1 and *record, valid until the next call; 0: the end; -1: it cannot be read on (pcapng_why). */
int pcapng_next(struct pcapng *pcapng, struct capture_record *record);

const char *pcapng_why(const struct pcapng *pcapng);

/* Octets up to the end of what was read last. */
uint64_t pcapng_octets(const struct pcapng *pcapng);
