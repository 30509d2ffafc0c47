/* SPDX-License-Identifier: BSD-3-Clause */
/* rte_bpf_convert: experimental in 22.11, unchanged and stable since */
#define ALLOW_EXPERIMENTAL_API
#include "filter.h"

#include "parse.h"
#include "port.h"

#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <rte_bpf.h>
#include <rte_branch_prediction.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAP 262144

struct filter_program {
	bool compiled;
	struct bpf_program code;
	struct rte_bpf *bpf; /* NULL: not translated */
	uint64_t (*machine)(void *mbuf);
	char why[FILTER_ERROR_MAX / 2]; /* it was not compiled */
};

/* One for each link type that can be read, and the last for all others. */
#define LINKS_MAX 64

struct filter {
	int links[LINKS_MAX];
	size_t count;
	struct filter_program programs[LINKS_MAX + 1];
};

/* 101 is how files call DLT_RAW, which has other numbers in memory. */
static int
known_to_libpcap(int link)
{
	return link == 101 || link == 14 || link == 12 ? DLT_RAW : link;
}

static void
compile(struct filter_program *program, int link, const char *expression)
{
	pcap_t *pcap = pcap_open_dead(known_to_libpcap(link), SNAP);

	if (pcap == NULL) {
		snprintf(program->why, sizeof(program->why), "out of memory");
		return;
	}
	/* its grammar is not safe for several threads, and start is one */
	program->compiled =
		pcap_compile(pcap, &program->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!program->compiled)
		snprintf(program->why, sizeof(program->why), "%s", pcap_geterr(pcap));
	pcap_close(pcap);
}

static bool
compiles(const char *expression, size_t length)
{
	struct filter_program trial = {.compiled = false};
	char *part = strndup(expression, length);

	if (part != NULL)
		compile(&trial, DLT_EN10MB, part);
	free(part);
	if (trial.compiled)
		pcap_freecode(&trial.code);
	return trial.compiled;
}

/* libpcap does not say where it stopped: behind the most words that it takes. */
static size_t
find_wrong_word(const char *expression)
{
	size_t end = strlen(expression), good = 0;

	for (size_t at = 0; at < end;) {
		at += strspn(expression + at, " \t\n");
		at += strcspn(expression + at, " \t\n");
		if (at < end && compiles(expression, at))
			good = at;
	}
	return good + strspn(expression + good, " \t\n");
}

struct filter *
filter_create(const char *expression, char error[FILTER_ERROR_MAX])
{
	struct filter *f = calloc(1, sizeof(*f));
	bool any = false;

	if (f == NULL) {
		snprintf(error, FILTER_ERROR_MAX, "out of memory");
		return NULL;
	}
	f->links[f->count++] = DLT_EN10MB; /* whose reason is told where no link type has it */
	for (int number = 0; number < PARSE_LINK_NUMBERS && f->count < LINKS_MAX; number++) {
		uint8_t link;

		if (number != DLT_EN10MB && parse_link_of(number, &link) == 0)
			f->links[f->count++] = number;
	}
	for (size_t i = 0; i < f->count; i++) {
		compile(&f->programs[i], f->links[i], expression != NULL ? expression : "");
		any = any || f->programs[i].compiled;
	}
	snprintf(f->programs[f->count].why, sizeof(f->programs[f->count].why),
		 "frames of this link type are not read");
	if (any)
		return f;
	const size_t at = find_wrong_word(expression);
	snprintf(error, FILTER_ERROR_MAX, "%.150s; near character %zu: '%.60s'", f->programs[0].why,
		 at + 1, expression + at);
	filter_free(f);
	return NULL;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++) {
		if (f->programs[i].compiled)
			pcap_freecode(&f->programs[i].code);
		rte_bpf_destroy(f->programs[i].bpf);
	}
	free(f);
}

static void
add_own_address(char *text, size_t size, const char *address)
{
	size_t used = strlen(text);

	if (used + 64 < size)
		snprintf(text + used, size - used, "%shost %s", used > 0 ? " or " : "", address);
}

static void
own_addresses(char *text, size_t size)
{
	struct ifaddrs *all = NULL;
	char address[NI_MAXHOST];

	if (getifaddrs(&all) != 0)
		return;
	for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
		    getnameinfo(i->ifa_addr, sizeof(struct sockaddr_in), address, sizeof(address),
				NULL, 0, NI_NUMERICHOST) == 0)
			add_own_address(text, size, address);
	}
	freeifaddrs(all);
}

char *
filter_without_self(const char *expression, const char *listen)
{
	const char *colon = strrchr(listen, ':');
	char hosts[4096] = "", address[64], *text;

	snprintf(address, sizeof(address), "%.*s", (int)(colon - listen), listen);
	if (strcmp(address, "0.0.0.0") == 0)
		own_addresses(hosts, sizeof(hosts));
	else
		add_own_address(hosts, sizeof(hosts), address);
	const bool all = expression == NULL || expression[0] == 0;
	if (asprintf(&text, "%s%s%snot (tcp port %s and (%s))", all ? "" : "(",
		     all ? "" : expression, all ? "" : ") and ", colon + 1, hosts) < 0)
		return NULL;
	return text;
}

/* The link type of frames of that type; -1: none. */
static int
link_of_type(uint32_t type)
{
	if (type & PORT_TYPE_DLT)
		return (int)(type & ~PORT_TYPE_DLT);
	/* all others that are read hand over IP packets (sources.h) */
	return type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK ? DLT_EN10MB : 101;
}

static struct filter_program *
find(const struct filter *f, uint32_t type)
{
	const int link = link_of_type(type);
	size_t i = 0;

	while (i < f->count && f->links[i] != link)
		i++;
	return (struct filter_program *)(uintptr_t)&f->programs[i];
}

const struct filter_program *
filter_program(const struct filter *f, uint32_t type)
{
	return find(f, type);
}

int
filter_fits(const struct filter *f, uint32_t type, char error[FILTER_ERROR_MAX])
{
	const struct filter_program *program = find(f, type);

	snprintf(error, FILTER_ERROR_MAX, "%s", program->why);
	return program->compiled ? 0 : -1;
}

bool
filter_translate(const struct filter *f, uint32_t type)
{
	struct filter_program *program = find(f, type);
	struct rte_bpf_prm *prm;
	struct rte_bpf_jit jit;

	if (!program->compiled || program->bpf != NULL)
		return program->machine != NULL;
	prm = rte_bpf_convert(&program->code);
	if (prm == NULL)
		return false;
	program->bpf = rte_bpf_load(prm);
	rte_free(prm);
	if (program->bpf != NULL && rte_bpf_get_jit(program->bpf, &jit) == 0)
		program->machine = jit.func;
	return program->machine != NULL;
}

bool
filter_frame(const struct filter_program *program, const uint8_t *bytes, uint32_t captured,
	     uint32_t length)
{
	return program->compiled &&
	       bpf_filter(program->code.bf_insns, bytes, length, captured) != 0;
}

bool
filter_mbuf(const struct filter_program *program, struct rte_mbuf *m)
{
	/* of one segment, and longer than that: what follows is not there to be read */
	const bool cut = m->nb_segs == 1 && m->data_len != m->pkt_len;

	if (program->machine != NULL && likely(!cut))
		return program->machine(m) != 0;
	/* of several segments the head nearly always holds what is looked at */
	if (m->nb_segs > 1 && program->bpf != NULL)
		return rte_bpf_exec(program->bpf, m) != 0;
	return filter_frame(program, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len);
}
