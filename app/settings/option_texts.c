/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts that stand for something else: checked where they are set, so that the line is named. */
#include "cpu_list.h"
#include "http.h"
#include "log_format.h"
#include "networks.h"
#include "options.h"
#include "parse.h"
#include "pci_address.h"
#include "record.h"
#include "users.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct settings, field)

/* "50.94,6.96" */
static bool
parse_position(const char *text, double *latitude, double *longitude)
{
	int used = 0;

	return strspn(text, "+-.,0123456789 ") == strlen(text) &&
	       sscanf(text, "%lf ,%lf %n", latitude, longitude, &used) == 2 && text[used] == 0 &&
	       *latitude >= -90 && *latitude <= 90 && *longitude >= -180 && *longitude <= 180;
}

/* packets/s, or 0 for "off" */
static bool
parse_unusual(const char *text, double *pps)
{
	char *end;

	*pps = 0;
	if (strcmp(text, "off") == 0)
		return true;
	*pps = strspn(text, "0123456789.") == strlen(text) ? strtod(text, &end) : -1;
	return *pps >= 0.01 && *pps <= 1e9 && *end == 0;
}

/* "ipv4=24,ipv6=48", or one of them */
static bool
parse_cut(const char *text, struct host_cut *cut)
{
	unsigned int bits[2] = {24, 48}, value;
	bool given[2] = {false, false};
	int used;

	for (const char *at = text;; at += used + 1) {
		const int family = strncmp(at, "ipv4=", 5) == 0 ? 0 : 1;

		if ((family == 1 && strncmp(at, "ipv6=", 5) != 0) || given[family] || at[5] < '0' ||
		    at[5] > '9' || sscanf(at, "%*5c%3u%n", &value, &used) != 1 ||
		    value > (family == 0 ? 32 : 128))
			return false;
		bits[family] = value;
		given[family] = true;
		if (at[used] == 0)
			break;
		if (at[used] != ',')
			return false;
	}
	*cut = (struct host_cut){(uint8_t)(32 - bits[0]), (uint8_t)(128 - bits[1])};
	return true;
}

int
options_translate(struct settings *s, const struct option_def *option, const char *value,
		  const char *where, char error[OPTIONS_ERROR_MAX])
{
	cpu_set_t cpus;

	char pci[PCI_ADDRESS_MAX];

	if (option->offset == AT(devices) && strcmp(value, "auto") != 0 &&
	    pci_address_parse(value, pci) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is neither a PCI address, such as 0000:03:00.0, nor auto",
			 where, value);
		return -1;
	}
	if (option->offset == AT(cors_origins) && http_check_origin(value) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no origin, such as https://wall.example.net or "
			 "http://10.0.0.7:3000 (without a path), nor *",
			 where, value);
		return -1;
	}
	if (option->offset == AT(http_hosts) && http_check_host(value) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no name of a host, such as wall.example.net or 192.0.2.1 "
			 "(without a port), nor *",
			 where, value);
		return -1;
	}
	struct network network;
	if (option->offset == AT(proxies) && network_parse(value, &network) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no address or network, such as 127.0.0.1 or 192.0.2.0/28",
			 where, value);
		return -1;
	}
	if (option->offset == AT(proxy_user) &&
	    (value[0] == 0 || strlen(value) > 64 ||
	     strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") !=
		     strlen(value))) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no name of a header, such as X-Remote-User", where, value);
		return -1;
	}
	if ((option->offset == AT(add_user) || option->offset == AT(add_token)) &&
	    !users_is_name(value)) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no name: 1 to 32 of A-Z a-z 0-9 . _ @ -", where, value);
		return -1;
	}
	if (option->offset == AT(anonymise) && !parse_cut(value, &s->privacy.cut)) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is not how many bits are told, such as ipv4=24,ipv6=48 (0 to "
			 "32, 0 to 128)",
			 where, value);
		return -1;
	}
	if (option->offset == AT(role_text) && role_parse(value) == ROLE_NONE) {
		snprintf(error, OPTIONS_ERROR_MAX, "%s: '%.60s' is neither viewer nor admin", where,
			 value);
		return -1;
	}
	if (option->offset == AT(own_texts) && network_parse(value, &network) != 0) {
		char text[NETWORK_TEXT], instead[NETWORK_TEXT + 32] = "";

		if (network_parse(value, &network) == -EDOM)
			snprintf(instead, sizeof(instead), " (%s, if that is meant)",
				 network_text(&network, text));
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no network, such as 198.51.100.0/24 or 2001:db8::/32%s",
			 where, value, instead);
		return -1;
	}
	if (option->offset == AT(side_name)) {
		s->view.side = side_parse(value);
		if (s->view.side == SIDES) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no side; it is all or remote", where, value);
			return -1;
		}
	} else if (option->offset == AT(window_name)) {
		s->view.window = window_parse(value);
		if (s->view.window == WINDOWS) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no window; it is one of now, 1m, 5m, 1h, 24h, "
				 "start",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(decap_text)) {
		if (parse_decap_option(value, &s->decap) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is neither none, all, nor a list of gre, erspan, "
				 "ipip, "
				 "vxlan, vxlan-gpe, geneve, gtpu, teredo, l2tp",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(driver_text)) {
		static const char *const names[] = {"af_packet", "af_xdp", "auto"};
		unsigned int i = 0;

		while (i < 3 && strcmp(value, names[i]) != 0)
			i++;
		if (i == 3) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is none of af_packet, af_xdp, auto", where, value);
			return -1;
		}
		s->driver = (enum interface_driver)i;
	} else if (option->offset == AT(speed_text)) {
		char *end;

		s->speed = strtod(value, &end);
		if (strcmp(value, "max") == 0) {
			s->speed = 0;
		} else if (*end != 0 || end == value || !(s->speed >= 0.01 && s->speed <= 100000)) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no speed from 0.01 to 100000, such as 1 or 60, "
				 "nor max",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(print) && strcmp(value, "config") != 0 &&
		   strcmp(value, "man") != 0) {
		snprintf(error, OPTIONS_ERROR_MAX, "%s: '%.60s' is neither config nor man", where,
			 value);
		return -1;
	} else if (option->offset == AT(listen)) {
		char address[64];
		uint16_t port;

		if (strcmp(value, "auto") != 0 && strcmp(value, "off") != 0 &&
		    http_parse_listen(value, address, &port) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is not an IPv4 ADDRESS:PORT, such as 127.0.0.1:8080 "
				 "(ports 0 to 65535; 0: one that is free), nor auto, nor off",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(cpus) && cpu_list_parse(value, &cpus) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s: '%.60s' is no list of CPUs, such as 0,2-5 (0 to 1023)", where, value);
		return -1;
	} else if (option->offset == AT(output)) {
		const size_t format = strcspn(value, " ");

		s->output_path = value + format + strspn(value + format, " ");
		s->output_format = format == 3 ? ROWS_CSV : ROWS_JSONL;
		if ((strncmp(value, "jsonl ", 6) != 0 && strncmp(value, "csv ", 4) != 0) ||
		    s->output_path[0] == 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is not jsonl or csv and a file, such as jsonl "
				 "/var/log/heat.jsonl, or csv -",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(rows)) {
		if (strcmp(value, "periods") != 0 && strcmp(value, "places") != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is neither periods nor places", where, value);
			return -1;
		}
	} else if (option->offset == AT(report)) {
		if (strcmp(value, "auto") != 0 && strcmp(value, "text") != 0 &&
		    strcmp(value, "json") != 0 && strcmp(value, "none") != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is none of auto, text, json, none", where, value);
			return -1;
		}
	} else if (option->offset == AT(history_size_text)) {
		if (history_parse_size(value, &s->history_size) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no size, such as 500MB, 2GB or 1TB", where, value);
			return -1;
		}
	} else if (option->offset == AT(history_keep_text)) {
		if (history_parse_keep(value, s->history_keep_ms) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no list of times, such as 24h,7d,31d,5y: for "
				 "periods "
				 "(2m at least), minutes (10m), five minutes (2h) and hours (2d)",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(unusual_text)) {
		if (!parse_unusual(value, &s->unusual_pps)) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is neither packets/s (0.01 to 1000000000) nor off",
				 where, value);
			return -1;
		}
	} else if (option->offset == AT(share_text)) {
		unsigned int i, n;
		int used = 0;

		if (strspn(value, "0123456789:") != strlen(value) ||
		    sscanf(value, "%3u:%3u%n", &i, &n, &used) != 2 || value[used] != 0 || i < 1 ||
		    i > n) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no share, such as 1:3, the first of three", where,
				 value);
			return -1;
		}
		s->share = i - 1;
		s->shares = n;
	} else if (option->offset == AT(records_size_text)) {
		if (history_parse_size(value, &s->records_size) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no size, such as 500MB, 2GB or 1TB", where, value);
			return -1;
		}
	} else if (option->offset == AT(records_keep_text)) {
		if (history_parse_length(value, &s->records_keep_ms) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no time, such as 12h or 7d", where, value);
			return -1;
		}
	} else if (option->offset == AT(too_late_text)) {
		if (history_parse_length(value, &s->too_late_ms) != 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no time, such as 12h or 7d", where, value);
			return -1;
		}
	} else if (option->offset == AT(site) || option->offset == AT(site_group)) {
		if (strlen(value) >= RECORD_NAME_MAX || !utf8_is_clean(value)) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: at most %d octets of UTF-8 without control characters", where,
				 RECORD_NAME_MAX - 1);
			return -1;
		}
	} else if (option->offset == AT(site_position)) {
		if (!parse_position(value, &s->site_latitude, &s->site_longitude)) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is no latitude and longitude, such as 50.94,6.96",
				 where, value);
			return -1;
		}
		s->has_site_position = true;
	} else if (option->offset == AT(log_format)) {
		if (log_format_parse(value) < 0) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "%s: '%.60s' is none of auto, text, json, journal", where, value);
			return -1;
		}
	} else if (option->offset == AT(frame_ancestors)) {
		/* it becomes part of a header */
		if (strpbrk(value, ";,\r\n") != NULL || strlen(value) > 200) {
			snprintf(
				error, OPTIONS_ERROR_MAX,
				"%s: a list of sources such as 'self' or https://wall.example.net, "
				"at most 200 characters, without ';' and ','",
				where);
			return -1;
		}
	}
	return 0;
}
