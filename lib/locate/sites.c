/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The networks, which lie in each other, as a list of edges: from each on, up to the next, all
 * addresses have one site. So a look-up is one binary search, however they lie.
 */
#include "sites.h"

#include "utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_OCTETS 1024
#define SHAPE           "a line is as  10.1.0.0/16 = \"Frankfurt DC\", 50.11, 8.68, DE"

struct site {
	struct network network;
	unsigned int line;
	struct place place;
};

struct edge {
	struct host_addr start;
	uint32_t site; /* number; 0: none */
};

struct edges {
	struct edge *each; /* ascending */
	size_t count;
};

struct sites {
	char *path;
	struct stat file;  /* that was read */
	struct site *each; /* by family, first address, and bits */
	size_t count, room;
	struct edges ipv4, ipv6;
};

/* where a line is read */
struct reader {
	const char *path;
	unsigned int line;
	char *error;
};

__attribute__((format(printf, 2, 3))) static int
say(const struct reader *r, const char *format, ...)
{
	char what[640];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(r->error, LOCATE_ERROR_MAX, "%s:%u: %s", r->path, r->line, what);
	return -EINVAL;
}

static char *
skip(char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* Up to `end`, which is passed; cut, and without the space behind it. NULL: there is no `end`. */
static char *
take(char **at, char end)
{
	char *start = skip(*at), *stop = strchr(start, end);

	if (stop == NULL)
		return NULL;
	*at = stop + 1;
	while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*stop = 0;
	return start;
}

static int
read_network(const struct reader *r, const char *text, struct network *network)
{
	char right[NETWORK_TEXT];
	const int ret = network_parse(text, network);

	if (ret == -EDOM)
		return say(r, "%.80s has bits set behind its prefix: the network is %s", text,
			   network_text(network, right));
	if (ret != 0)
		return say(r, "'%.80s' is no network such as 10.1.0.0/16 or 2001:db8::/48; " SHAPE,
			   text);
	return 0;
}

/* Degrees, up to a comma or the end. */
static int
read_degrees(const struct reader *r, char **at, double most, const char *what, double *degrees)
{
	char *start = skip(*at), *end;

	*degrees = strtod(start, &end);
	if (end == start || isalpha((unsigned char)*start))
		return say(r, "the %s is missing; " SHAPE, what);
	*at = skip(end);
	if (**at != ',' && **at != 0)
		return say(r, "'%.40s' behind the %s; " SHAPE, *at, what);
	if (!(*degrees >= -most && *degrees <= most))
		return say(r, "the %s is to be from -%.0f to %.0f", what, most, most);
	return 0;
}

static int
read_name(const struct reader *r, char **at, struct place *place)
{
	*at = skip(*at);
	if (**at != '"')
		return say(r, "the name is to stand in quotation marks; " SHAPE);
	++*at;
	const char *name = take(at, '"');
	if (name == NULL)
		return say(r, "the name has no end: a quotation mark is missing");
	const size_t length = strlen(name);
	if (length == 0 || length >= sizeof(place->city))
		return say(r, "a name is to have from 1 to %zu octets", sizeof(place->city) - 1);
	if (!utf8_is_clean(name))
		return say(r, "the name is no UTF-8, or has a control character in it");
	memcpy(place->city, name, length);
	*at = skip(*at);
	if (**at != ',')
		return say(r, "the latitude is missing; " SHAPE);
	++*at;
	return 0;
}

/* Two letters at the end of a line, or nothing. */
static int
read_country(const struct reader *r, char *at, struct place *place)
{
	if (*at == 0)
		return 0;
	at = skip(at + 1);
	char *end = at + strlen(at);
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	if (end - at != 2 || !isupper((unsigned char)at[0]) || !isupper((unsigned char)at[1]))
		return say(r, "'%.40s' is no country: two capital letters (ISO 3166-1), or nothing",
			   at);
	memcpy(place->country, at, 2);
	return 0;
}

static int
read_site(const struct reader *r, char *line, struct site *site)
{
	struct place *place = &site->place;
	char *at = line;
	const char *network = take(&at, '=');

	*site = (struct site){.line = r->line};
	if (network == NULL)
		return say(r, "there is no =; " SHAPE);
	int ret = read_network(r, network, &site->network);
	if (ret == 0)
		ret = read_name(r, &at, place);
	if (ret == 0)
		ret = read_degrees(r, &at, 90, "latitude", &place->latitude);
	if (ret == 0 && *at == 0)
		ret = say(r, "the longitude is missing; " SHAPE);
	if (ret == 0) {
		at++;
		ret = read_degrees(r, &at, 180, "longitude", &place->longitude);
	}
	if (ret == 0)
		ret = read_country(r, at, place);
	place->has_position = true;
	place->basis = BASIS_SITE;
	return ret;
}

static int
add_site(struct sites *sites, const struct reader *r, char *line)
{
	if (sites->count == SITES_MAX)
		return say(r, "more than %d networks", SITES_MAX);
	if (sites->count == sites->room) {
		const size_t room = 2 * sites->room + 64;
		struct site *each = realloc(sites->each, room * sizeof(*each));

		if (each == NULL) {
			snprintf(r->error, LOCATE_ERROR_MAX, "%s: out of memory", r->path);
			return -ENOMEM;
		}
		sites->each = each;
		sites->room = room;
	}
	const int ret = read_site(r, line, &sites->each[sites->count]);
	sites->count += ret == 0;
	return ret;
}

static int
read_lines(struct sites *sites, FILE *file, struct reader *r)
{
	char line[LINE_MAX_OCTETS];

	while (fgets(line, sizeof(line), file) != NULL) {
		const size_t length = strlen(line);

		r->line++;
		if (length == sizeof(line) - 1 && line[length - 1] != '\n')
			return say(r, "the line is longer than %d octets, or a 0 is in it",
				   LINE_MAX_OCTETS - 2);
		line[strcspn(line, "\r\n")] = 0;
		char *at = skip(line);
		if (*at == 0 || *at == '#')
			continue;
		const int ret = add_site(sites, r, at);
		if (ret != 0)
			return ret;
	}
	if (ferror(file)) {
		const int saved = errno;

		snprintf(r->error, LOCATE_ERROR_MAX, "%s: %s", r->path, strerror(saved));
		return -saved;
	}
	return 0;
}

/* -- the edges */

static int
by_network(const void *a, const void *b)
{
	const struct network *x = &((const struct site *)a)->network,
			     *y = &((const struct site *)b)->network;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	const int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));
	if (order != 0)
		return order;
	return x->bits < y->bits ? -1 : x->bits > y->bits;
}

static unsigned int
offset_of(uint32_t family)
{
	return family == ADDR_IPV4 ? 96 : 0;
}

static struct host_addr
last_of(const struct host_addr *first, uint32_t family, unsigned int bits)
{
	struct host_addr last = *first;

	for (unsigned int bit = offset_of(family) + bits; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return last;
}

/* False: there is none, it was the last address of all. */
static bool
next_of(const struct host_addr *addr, uint32_t family, struct host_addr *next)
{
	int i = 15;

	*next = *addr;
	while (i >= (int)offset_of(family) / 8 && ++next->bytes[i] == 0)
		i--;
	return i >= (int)offset_of(family) / 8;
}

static void
add_edge(struct edges *edges, const struct host_addr *start, uint32_t site)
{
	/* one that begins where another does takes its place */
	if (edges->count > 0 &&
	    memcmp(&edges->each[edges->count - 1].start, start, sizeof(*start)) == 0)
		edges->count--;
	edges->each[edges->count++] = (struct edge){*start, site};
}

/* The networks of one family, sorted: the widest of those that begin together first. */
static int
lay_out(struct edges *edges, const struct sites *sites, uint32_t family)
{
	uint32_t open[129]; /* networks that lie in each other: each has more bits than the last */
	size_t depth = 0;
	struct host_addr last, next;

	edges->each = malloc((2 * sites->count + 1) * sizeof(*edges->each));
	if (edges->each == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i <= sites->count; i++) {
		const struct network *n = i < sites->count ? &sites->each[i].network : NULL;

		if (n != NULL && n->family != family)
			continue;
		while (depth > 0) {
			const struct network *inner = &sites->each[open[depth - 1]].network;

			last = last_of(&inner->addr, family, inner->bits);
			if (n != NULL && memcmp(&last, &n->addr, sizeof(last)) >= 0)
				break;
			depth--;
			if (next_of(&last, family, &next))
				add_edge(edges, &next, depth > 0 ? open[depth - 1] + 1 : 0);
		}
		if (n != NULL) {
			add_edge(edges, &n->addr, i + 1);
			open[depth++] = i;
		}
	}
	return 0;
}

static int
finish(struct sites *sites, struct reader *r)
{
	if (sites->count > 0)
		qsort(sites->each, sites->count, sizeof(*sites->each), by_network);
	for (size_t i = 1; i < sites->count; i++) {
		const struct site *one = &sites->each[i - 1], *other = &sites->each[i];
		char text[NETWORK_TEXT];

		if (by_network(one, other) != 0)
			continue;
		const bool later = other->line > one->line;

		r->line = later ? other->line : one->line;
		return say(r, "%s has a site in line %u already", network_text(&one->network, text),
			   later ? one->line : other->line);
	}
	if (lay_out(&sites->ipv4, sites, ADDR_IPV4) != 0 ||
	    lay_out(&sites->ipv6, sites, ADDR_IPV6) != 0) {
		snprintf(r->error, LOCATE_ERROR_MAX, "%s: out of memory", r->path);
		return -ENOMEM;
	}
	return 0;
}

struct sites *
sites_read(const char *path, char *error)
{
	struct sites *sites = calloc(1, sizeof(*sites));
	struct reader r = {.path = path, .error = error};
	int ret = 0;

	/* not a FIFO, which would be waited for */
	if (sites == NULL || (sites->path = strdup(path)) == NULL || stat(path, &sites->file) != 0)
		ret = -errno;
	else if (!S_ISREG(sites->file.st_mode))
		ret = S_ISDIR(sites->file.st_mode) ? -EISDIR : -EINVAL;
	FILE *file = ret == 0 ? fopen(path, "re") : NULL;
	if (ret == 0 && file == NULL)
		ret = -errno;
	if (ret != 0) {
		snprintf(error, LOCATE_ERROR_MAX, "--sites %s: %s", path, strerror(-ret));
	} else {
		ret = read_lines(sites, file, &r);
		if (ret == 0)
			ret = finish(sites, &r);
	}
	if (file != NULL)
		fclose(file);
	if (ret != 0) {
		sites_free(sites);
		errno = -ret;
		return NULL;
	}
	return sites;
}

void
sites_free(struct sites *sites)
{
	if (sites == NULL)
		return;
	free(sites->path);
	free(sites->each);
	free(sites->ipv4.each);
	free(sites->ipv6.each);
	free(sites);
}

/* -- look-ups */

/* How many edges begin at `addr` or before. */
static size_t
edges_up_to(const struct edges *edges, const struct host_addr *addr)
{
	size_t low = 0, high = edges->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (memcmp(&edges->each[middle].start, addr, sizeof(*addr)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct edges *
edges_of(const struct sites *sites, uint32_t family)
{
	return family == ADDR_IPV4 ? &sites->ipv4 : &sites->ipv6;
}

uint32_t
sites_find(const struct sites *sites, const struct host_addr *addr, uint32_t family)
{
	if (sites == NULL)
		return 0;
	const struct edges *edges = edges_of(sites, family);
	const size_t n = edges_up_to(edges, addr);
	return n > 0 ? edges->each[n - 1].site : 0;
}

bool
sites_split(const struct sites *sites, const struct host_addr *prefix, uint32_t family,
	    unsigned int bits)
{
	if (sites == NULL)
		return false;
	const struct host_addr last = last_of(prefix, family, bits);
	const struct edges *edges = edges_of(sites, family);
	return edges_up_to(edges, prefix) != edges_up_to(edges, &last);
}

const struct place *
sites_place(const struct sites *sites, uint32_t site)
{
	return &sites->each[site - 1].place;
}

const struct network *
sites_network(const struct sites *sites, uint32_t site)
{
	return &sites->each[site - 1].network;
}

size_t
sites_count(const struct sites *sites)
{
	return sites != NULL ? sites->count : 0;
}

bool
sites_renewed(const struct sites *sites)
{
	struct stat now;

	/* one that is gone may be on its way: a new one is what counts */
	return sites != NULL && stat(sites->path, &now) == 0 &&
	       (now.st_dev != sites->file.st_dev || now.st_ino != sites->file.st_ino ||
		now.st_size != sites->file.st_size ||
		now.st_mtim.tv_sec != sites->file.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != sites->file.st_mtim.tv_nsec);
}
