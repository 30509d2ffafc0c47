/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_file.h"

#include "pcapng.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct capture_file {
	struct capture_input *input;
	FILE *file;   /* pcapng's; libpcap closes its own */
	pcap_t *pcap; /* or */
	struct pcapng *pcapng;
	uint64_t good, next_good;
	uint64_t header; /* octets of a record before its packet: pcap has several forms */
	bool looked;     /* `next`, its end and `result` are of a record that was not taken yet */
	int result;
	struct capture_record next;
	char why[CAPTURE_ERROR_MAX];
};

/* Made by others, and not read by libpcap. */
static const struct foreign {
	size_t length;
	uint8_t magic[8];
	const char *name;
} foreigners[] = {
	{8, "snoop\0\0", "Sun snoop"},
	{4, "GMBU", "Microsoft Network Monitor 2"},
	{4, "RTSS", "Microsoft Network Monitor 1"},
	{4, {0x54, 0x52, 0x00, 0x64}, "Network General Sniffer"},
	{4, "TRSN", "Network General Sniffer"},
	{4, "XCP", "NetXRay"},
	{4, "PK\3\4", "ZIP archive"},
	{4, {0x37, 0x7a, 0xbc, 0xaf}, "7-Zip archive"},
};

/* ERF has no magic number: a time stamp of this century, a record type that exists, a length. */
static bool
looks_like_erf(const uint8_t *octets, size_t length)
{
	return length == 8 && octets[7] >= 0x38 && octets[7] < 0x80 && octets[3] != 0 &&
	       memcmp(octets + 4, "\0\0\0", 3) != 0 && octets[0] == 0;
}

static const char *
foreign_name(const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < sizeof(foreigners) / sizeof(foreigners[0]); i++) {
		const struct foreign *f = &foreigners[i];

		if (length >= f->length && memcmp(octets, f->magic, f->length) == 0)
			return f->name;
	}
	return looks_like_erf(octets, length) ? "perhaps an Endace ERF record" : NULL;
}

static int
open_records(struct capture_file *f, char error[CAPTURE_ERROR_MAX])
{
	char pcap_error[PCAP_ERRBUF_SIZE] = "";
	uint8_t first[8] = {0};
	size_t length = capture_input_peek(f->input, first, sizeof(first));
	const char *foreign = foreign_name(first, length), *why = capture_input_why(f->input);

	if (capture_input_cancelled(f->input)) {
		snprintf(error, CAPTURE_ERROR_MAX, "stopped while it was looked at");
		return -1;
	}
	if (length == 0 && why[0] == 0) {
		snprintf(error, CAPTURE_ERROR_MAX, "the file is empty: it has no capture header");
		return -1;
	}
	if (foreign != NULL) {
		snprintf(error, CAPTURE_ERROR_MAX,
			 "not a capture that can be read: %s; `tshark -F pcapng -r FILE -w -` or "
			 "the like turns captures of other makes into one",
			 foreign);
		return -1;
	}
	f->file = capture_input_file(f->input);
	if (f->file != NULL && memcmp(first, "\x0a\x0d\x0d\x0a", 4) == 0)
		f->pcapng = pcapng_open(f->file);
	else if (f->file != NULL)
		f->pcap = pcap_fopen_offline_with_tstamp_precision(
			f->file, PCAP_TSTAMP_PRECISION_NANO, pcap_error);
	if (f->pcap != NULL || f->pcapng != NULL) {
		f->good = f->next_good = f->pcap != NULL ? (uint64_t)ftello(f->file) : 0;
		return 0;
	}
	if (capture_input_cancelled(f->input))
		snprintf(error, CAPTURE_ERROR_MAX, "stopped while it was looked at");
	else
		snprintf(error, CAPTURE_ERROR_MAX, "not a capture that can be read: %.250s",
			 why[0] != 0          ? why
			 : pcap_error[0] != 0 ? pcap_error
					      : "no memory");
	return -1;
}

struct capture_file *
capture_file_open(int fd, const struct capture_wait *wait, char error[CAPTURE_ERROR_MAX])
{
	struct capture_input *input = capture_input_open(fd, wait, error);
	struct capture_file *f = input != NULL ? calloc(1, sizeof(*f)) : NULL;

	if (f == NULL) {
		if (input != NULL)
			snprintf(error, CAPTURE_ERROR_MAX, "no memory");
		capture_input_close(input);
		return NULL;
	}
	f->input = input;
	if (open_records(f, error) == 0)
		return f;
	capture_file_close(f);
	return NULL;
}

void
capture_file_set_wait(struct capture_file *f, const struct capture_wait *wait)
{
	capture_input_set_wait(f->input, wait);
}

struct taken {
	struct pcap_pkthdr header; /* its own is gone when it returns */
	const u_char *data;
};

static void
take(u_char *context, const struct pcap_pkthdr *header, const u_char *data)
{
	*(struct taken *)(void *)context = (struct taken){*header, data};
}

/* Not by pcap_next_ex: for net_pcap's sake the one in replaced.c ends at damage. */
static int
next_of_pcap(struct capture_file *f, struct capture_record *r)
{
	struct taken taken = {.data = NULL};
	int ret = pcap_dispatch(f->pcap, 1, take, (u_char *)&taken);

	if (ret != 1)
		return ret == 0 ? 0 : -1;
	const struct pcap_pkthdr *header = &taken.header;
	*r = (struct capture_record){
		.bytes = taken.data,
		.captured = header->caplen,
		.length = header->len,
		/* tv_usec holds nanoseconds */
		.ns = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec,
		.dlt = (uint16_t)pcap_datalink(f->pcap),
	};
	if (header->ts.tv_sec <= 0 || header->ts.tv_sec >= INT64_MAX / 1000000000)
		r->ns = CAPTURE_NO_TIME;
	if (f->header == 0)
		f->header = (uint64_t)ftello(f->file) - f->next_good - header->caplen;
	f->next_good += f->header + header->caplen;
	return 1;
}

static int
read_next(struct capture_file *f)
{
	int ret = f->pcapng != NULL ? pcapng_next(f->pcapng, &f->next) : next_of_pcap(f, &f->next);

	if (ret == 1) {
		if (f->pcapng != NULL)
			f->next_good = pcapng_octets(f->pcapng);
		return 1;
	}
	if (capture_input_cancelled(f->input))
		return 0;
	const char *why = capture_input_why(f->input);
	if (why[0] == 0 && ret == 0)
		return 0;
	if (why[0] == 0)
		why = f->pcapng != NULL ? pcapng_why(f->pcapng) : pcap_geterr(f->pcap);
	snprintf(f->why, sizeof(f->why), "%s", why);
	return -1;
}

int
capture_file_look(struct capture_file *f, struct capture_record *r)
{
	if (!f->looked)
		f->result = read_next(f);
	f->looked = true;
	*r = f->next;
	return f->result;
}

int
capture_file_next(struct capture_file *f, struct capture_record *r)
{
	int ret = capture_file_look(f, r);

	if (ret == 1) {
		f->good = f->next_good;
		f->looked = false;
	}
	return ret; /* the end and damage stay what they are */
}

const char *
capture_file_why(const struct capture_file *f)
{
	return f->why;
}

uint64_t
capture_file_good(const struct capture_file *f)
{
	return f->good;
}

uint64_t
capture_file_octets(const struct capture_file *f)
{
	return capture_input_octets(f->input);
}

int
capture_file_dlt(const struct capture_file *f)
{
	return f->pcap != NULL ? pcap_datalink(f->pcap) : -1;
}

bool
capture_file_is_compressed(const struct capture_file *f)
{
	return capture_input_compression(f->input) != NULL;
}

void
capture_file_close(struct capture_file *f)
{
	if (f == NULL)
		return;
	pcapng_close(f->pcapng);
	if (f->pcap != NULL)
		pcap_close(f->pcap); /* and the FILE */
	else if (f->file != NULL)
		fclose(f->file);
	capture_input_close(f->input);
	free(f);
}
