/* SPDX-License-Identifier: BSD-3-Clause */
#include "asn_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "GeoLite2 City 2026-06" */
static void
title(struct locate_database *about, const char *maker)
{
	struct tm tm;
	char month[16];

	if (about->built > 0 && gmtime_r(&about->built, &tm) != NULL &&
	    strftime(month, sizeof(month), " %Y-%m", &tm) > 0)
		snprintf(about->title, sizeof(about->title), "%s%s", maker ? maker : about->type,
			 month);
	else
		snprintf(about->title, sizeof(about->title), "%s", maker ? maker : about->type);
}

void
locate_describe(struct locate_database *about, const char *base)
{
	const char *maker = NULL;

	about->attribution = about->attribution_url = "";

	bool maxmind = strstr(about->type, "GeoLite2") || strstr(about->type, "GeoIP2") ||
		       strcasestr(base, "geolite2");
	/* the npm packages call it "city ipv4": the file's name tells whose it is */
	bool dbip = strcasestr(about->type, "dbip") || strcasestr(about->type, "db-ip") ||
		    strcasestr(base, "dbip") || strncmp(about->type, "city ipv", 8) == 0;
	if (maxmind) {
		maker = strstr(about->type, "GeoIP2") ? "MaxMind GeoIP2 City" : "GeoLite2 City";
		about->attribution = "This product includes GeoLite2 data created by MaxMind";
		about->attribution_url = "https://www.maxmind.com";
	} else if (dbip) {
		maker = "DB-IP City Lite";
		about->attribution = "IP Geolocation by DB-IP";
		about->attribution_url = "https://db-ip.com";
	}
	title(about, maker);
}

void
locate_describe_asn(struct locate_database *about)
{
	const char *maker = "Networks";

	about->attribution = about->attribution_url = "";
	if (strcmp(about->type, "asn csv") == 0) {
		maker = "RouteViews and DB-IP ASN";
		about->attribution = "Networks by RouteViews and DB-IP";
		about->attribution_url = "https://github.com/sapics/ip-location-db";
	} else if (strstr(about->type, "GeoLite2") || strstr(about->type, "GeoIP2")) {
		maker = "GeoLite2 ASN";
		about->attribution = "This product includes GeoLite2 data created by MaxMind";
		about->attribution_url = "https://www.maxmind.com";
	} else if (strcasestr(about->type, "ipinfo")) {
		maker = "IPinfo ASN";
		about->attribution = "IP address data powered by IPinfo";
		about->attribution_url = "https://ipinfo.io";
	} else if (strcasestr(about->type, "dbip") || strcasestr(about->type, "db-ip")) {
		maker = "DB-IP ASN Lite";
		about->attribution = "IP Geolocation by DB-IP";
		about->attribution_url = "https://db-ip.com";
	}
	title(about, maker);
}
