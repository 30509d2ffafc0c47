/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes the bench's captures: traffic of a named kind, the same octets on every machine.
 *
 *     make_capture KIND PACKETS FILE
 *
 *     zipf-1k, zipf-100k   IPv4, that many addresses, the n-th as often as 1/n (Zipf, exponent 1)
 *     zipf-100k-ipv6       the same over IPv6
 *     uniform-1m           IPv4, each of a million addresses as likely as the other
 *     imix-mixed           100,000 addresses, Zipf; 7:4:1 frames of 60, 590 and 1514 octets, half
 *                          of them behind a VLAN tag and one in ten behind two, 20 % IPv6
 *     spoofed              every source a new random address, 100,000 destinations (Zipf)
 *     hosts-N              N addresses one after the other, each at least once
 *
 * All: 70 % TCP, 30 % UDP; 60 octets a frame, or what IPv6 needs at least (74 for TCP, 62 for
 * UDP). Source and destination are drawn apart from each other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAME 1514

/* -- randomness: xorshift64*, seeded by the kind alone */

static uint64_t random_state;

static uint64_t
random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du;
}

static uint32_t
random_below(uint32_t bound)
{
	return (uint32_t)((random_next() >> 32) * bound >> 32);
}

/*
 * The n-th address of a population: spread over what is routed on the internet. A bijection of 32
 * bits, walked on until it leaves 0/8, 10/8, 127/8 and 224/3, so that no two n meet: which holds
 * for starts that are no such address themselves, so for n up to 2^27, and from 2^28 to 2^30.
 */
static uint32_t
address_ipv4(uint64_t n)
{
	uint32_t x = (uint32_t)n + (1u << 24);
	do {
		x = x * 2654435769u + 0x1234567u;
		x ^= x >> 15;
		x *= 2246822519u;
		x ^= x >> 13;
	} while (x >> 24 == 0 || x >> 24 == 10 || x >> 24 == 127 || x >> 24 >= 224);
	return x;
}

static void
address_ipv6(uint64_t n, uint8_t out[16])
{
	uint64_t net = 0x2001000000000000u + ((n * 0x9e3779b97f4a7c15u) >> 16);
	uint64_t host = n * 0xd6e8feb86659fd93u;

	for (int i = 0; i < 8; i++) {
		out[i] = (uint8_t)(net >> (56 - 8 * i));
		out[8 + i] = (uint8_t)(host >> (56 - 8 * i));
	}
}

/* -- the shape of a traffic */

struct traffic {
	uint32_t addresses;
	double *zipf; /* cumulated, or NULL: uniform */
	int ipv6_percent;
	int imix;
	int spoofed;
	int in_turn;
};

static double *
zipf_make(uint32_t n)
{
	double *cumulated = malloc(n * sizeof(*cumulated)), sum = 0;

	if (cumulated == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		cumulated[i] = sum += 1.0 / (i + 1);
	for (uint32_t i = 0; i < n; i++)
		cumulated[i] /= sum;
	return cumulated;
}

static uint32_t
pick(const struct traffic *t, uint32_t turn)
{
	if (t->in_turn)
		return turn % t->addresses;
	if (t->zipf == NULL)
		return random_below(t->addresses);

	double u = (double)(random_next() >> 11) / 9007199254740992.0;
	uint32_t low = 0, high = t->addresses - 1;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (t->zipf[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
traffic_from_kind(const char *kind, struct traffic *t)
{
	uint32_t zipf = 0;

	memset(t, 0, sizeof(*t));
	if (strcmp(kind, "zipf-1k") == 0)
		zipf = 1000;
	else if (strcmp(kind, "zipf-100k") == 0)
		zipf = 100000;
	else if (strcmp(kind, "zipf-100k-ipv6") == 0)
		zipf = 100000, t->ipv6_percent = 100;
	else if (strcmp(kind, "imix-mixed") == 0)
		zipf = 100000, t->ipv6_percent = 20, t->imix = 1;
	else if (strcmp(kind, "uniform-1m") == 0)
		t->addresses = 1000000;
	else if (strcmp(kind, "spoofed") == 0)
		zipf = 100000, t->spoofed = 1;
	else if (strncmp(kind, "hosts-", 6) == 0 && atoi(kind + 6) > 0)
		t->addresses = (uint32_t)atoi(kind + 6), t->in_turn = 1;
	else
		return -EINVAL;
	if (zipf != 0) {
		t->addresses = zipf;
		t->zipf = zipf_make(zipf);
		if (t->zipf == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* -- one frame */

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void
put_ipv4_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

/* Returns its length. */
static uint32_t
frame_make(const struct traffic *t, uint64_t number, uint8_t frame[MAX_FRAME])
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint32_t length = 60;
	int ipv6 = (int)random_below(100) < t->ipv6_percent;
	int tcp = random_below(100) < 70;
	int tags = 0;

	if (t->imix) {
		uint32_t kind = random_below(12), tagged = random_below(10);
		length = kind < 7 ? 60 : kind < 11 ? 590 : 1514;
		tags = tagged == 0 ? 2 : tagged < 5 ? 1 : 0;
	}
	uint32_t at = 12 + 4 * (uint32_t)tags;
	uint32_t least = at + 2 + (ipv6 ? 40 : 20) + (tcp ? 20 : 8);
	if (length < least)
		length = least;

	memset(frame, 0, length);
	memcpy(frame, macs, sizeof(macs));
	for (int i = 0; i < tags; i++) {
		put16(frame + 12 + 4 * i, i == 0 && tags == 2 ? 0x88a8 : 0x8100);
		put16(frame + 14 + 4 * i, 100 + (uint32_t)i);
	}
	put16(frame + at, ipv6 ? 0x86dd : 0x0800);

	uint8_t *ip = frame + at + 2, *l4 = ip + (ipv6 ? 40 : 20);
	uint32_t ip_octets = length - at - 2;
	uint64_t src = pick(t, (uint32_t)(2 * number)), dst = pick(t, (uint32_t)(2 * number + 1));
	if (ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, ip_octets - 40);
		ip[6] = tcp ? 6 : 17;
		ip[7] = 64;
		address_ipv6(src, ip + 8);
		address_ipv6(dst, ip + 24);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, ip_octets);
		ip[8] = 64;
		ip[9] = tcp ? 6 : 17;
		/* behind the population of destinations, so that no source is one of them */
		put32(ip + 12, address_ipv4(t->spoofed ? 0x10000000 + number : src));
		put32(ip + 16, address_ipv4(dst));
		put_ipv4_checksum(ip);
	}
	put16(l4, 1024 + random_below(60000));
	put16(l4 + 2, tcp ? 443 : 53);
	if (tcp) {
		l4[12] = 0x50;
		l4[13] = 0x10;
	} else {
		put16(l4 + 4, ip_octets - (ipv6 ? 40 : 20));
	}
	return length;
}

/* -- the file: classic pcap, little endian, Ethernet */

static int
capture_write(FILE *out, const struct traffic *t, uint64_t packets)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap, link;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
	uint8_t frame[MAX_FRAME];

	if (fwrite(&head, sizeof(head), 1, out) != 1)
		return -errno;
	for (uint64_t i = 0; i < packets; i++) {
		uint32_t length = frame_make(t, i, frame);
		uint32_t record[4] = {(uint32_t)(1700000000 + i / 1000000), (uint32_t)(i % 1000000),
				      length, length};
		if (fwrite(record, sizeof(record), 1, out) != 1 ||
		    fwrite(frame, length, 1, out) != 1)
			return -errno;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct traffic traffic;

	if (argc != 4 || strtoull(argv[2], NULL, 10) == 0) {
		fprintf(stderr, "usage: %s KIND PACKETS FILE\n", argv[0]);
		return 2;
	}
	if (traffic_from_kind(argv[1], &traffic) < 0) {
		fprintf(stderr, "%s: no such kind of traffic\n", argv[1]);
		return 2;
	}
	random_state = 0x9e3779b97f4a7c15u;
	for (const char *c = argv[1]; *c != '\0'; c++)
		random_state = random_state * 31 + (uint8_t)*c;

	FILE *out = fopen(argv[3], "wb");
	int error = out == NULL ? -errno : 0;
	if (out != NULL) {
		error = capture_write(out, &traffic, strtoull(argv[2], NULL, 10));
		if (fclose(out) != 0 && error == 0)
			error = -errno;
	}
	free(traffic.zipf);
	if (error < 0) {
		fprintf(stderr, "%s: %s\n", argv[3], strerror(-error));
		return 1;
	}
	return 0;
}
