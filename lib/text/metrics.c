/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include "utf8.h"

#include <stdio.h>

/* The head of a family. `name` is without _total or _info; unit: NULL, or what the name ends in. */
void
metric_family(const struct metrics *m, const char *name, enum metric_type type, const char *unit,
	      const char *help)
{
	static const char *const types[] = {"counter", "gauge", "info", "histogram"};
	const char *suffix = m->open           ? ""
			     : type == COUNTER ? "_total"
			     : type == INFO    ? "_info"
					       : "";
	const char *type_name = !m->open && type == INFO ? "gauge" : types[type];
	const char *const head[] = {"# HELP ", name, suffix, " ", help,      "\n",
				    "# TYPE ", name, suffix, " ", type_name, "\n"};

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		buffer_text(m->b, head[i]);
	if (m->open && unit != NULL) {
		const char *const line[] = {"# UNIT ", name, " ", unit, "\n"};

		for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++)
			buffer_text(m->b, line[i]);
	}
}

/* A label's value: \, " and line feed escaped, and valid UTF-8, as both formats ask. */
void
metric_label(const struct metrics *m, bool first, const char *name, const char *value)
{
	buffer_char(m->b, first ? '{' : ',');
	buffer_text(m->b, name);
	buffer_text(m->b, "=\"");
	while (*value != 0) {
		size_t length = utf8_length((const unsigned char *)value);

		if (*value == '\\' || *value == '"')
			buffer_char(m->b, '\\');
		if (length == 0)
			buffer_text(m->b, UTF8_REPLACEMENT);
		else if (*value == '\n')
			buffer_text(m->b, "\\n");
		for (size_t i = 0; i < length && *value != '\n'; i++)
			buffer_char(m->b, value[i]);
		value += length > 0 ? length : 1;
	}
	buffer_char(m->b, '"');
}

/* Behind the name and its labels. */
void
metric_number(const struct metrics *m, uint64_t value)
{
	buffer_char(m->b, ' ');
	buffer_number(m->b, value);
	buffer_char(m->b, '\n');
}

void
metric_decimal(const struct metrics *m, double value)
{
	buffer_char(m->b, ' ');
	buffer_decimal(m->b, value, 6);
	buffer_char(m->b, '\n');
}

/* A family of one sample without labels. */
void
metric_single(const struct metrics *m, const char *name, enum metric_type type, const char *help,
	      uint64_t value)
{
	metric_family(m, name, type, NULL, help);
	buffer_text(m->b, name);
	buffer_text(m->b, type == COUNTER ? "_total" : "");
	metric_number(m, value);
}

void
metric_labelled(const struct metrics *m, const char *sample, const char *name, const char *value,
		uint64_t count)
{
	buffer_text(m->b, sample);
	metric_label(m, true, name, value);
	buffer_char(m->b, '}');
	metric_number(m, count);
}

/* A bucket's bound; Prometheus compares them as text, so they must always be written alike. */
static void
bucket(const struct metrics *m, const char *name, const char *labels, const char *bound,
       uint64_t count)
{
	buffer_text(m->b, name);
	buffer_text(m->b, "_bucket{");
	buffer_text(m->b, labels);
	buffer_text(m->b, labels[0] ? ",le=\"" : "le=\"");
	buffer_text(m->b, bound);
	buffer_text(m->b, "\"}");
	metric_number(m, count);
}

static void
part(const struct metrics *m, const char *name, const char *suffix, const char *labels)
{
	buffer_text(m->b, name);
	buffer_text(m->b, suffix);
	if (labels[0] == 0)
		return;
	buffer_char(m->b, '{');
	buffer_text(m->b, labels);
	buffer_char(m->b, '}');
}

void
metric_histogram(const struct metrics *m, const char *name, const char *labels,
		 const double *bounds, const uint64_t *buckets, size_t n, uint64_t count,
		 double sum)
{
	uint64_t below = 0;
	char bound[32];

	for (size_t i = 0; i < n; i++) {
		below += buckets[i];
		/* as OpenMetrics writes it, in both formats: 0.25, but 1.0 */
		snprintf(bound, sizeof(bound), "%g%s", bounds[i],
			 bounds[i] == (double)(long)bounds[i] ? ".0" : "");
		bucket(m, name, labels, bound, below < count ? below : count);
	}
	bucket(m, name, labels, "+Inf", count);
	part(m, name, "_count", labels);
	metric_number(m, count);
	part(m, name, "_sum", labels);
	metric_decimal(m, sum);
}
