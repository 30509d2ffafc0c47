/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing samples: OpenMetrics 1.0 or Prometheus' text format 0.0.4. */
#pragma once

#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metrics {
	struct buffer *b;
	bool open; /* OpenMetrics */
};

enum metric_type {
	COUNTER,
	GAUGE,
	INFO,
	HISTOGRAM,
};

/* The head of a family. `name` is without _total or _info; unit: NULL, or what the name ends in. */
void metric_family(const struct metrics *m, const char *name, enum metric_type type,
		   const char *unit, const char *help);
/* A label, its value escaped; `first` opens the braces, which the caller closes. */
void metric_label(const struct metrics *m, bool first, const char *name, const char *value);
/* Behind the name and its labels. */
void metric_number(const struct metrics *m, uint64_t value);
void metric_decimal(const struct metrics *m, double value);
/* A family of one sample without labels. */
void metric_single(const struct metrics *m, const char *name, enum metric_type type,
		   const char *help, uint64_t value);
void metric_labelled(const struct metrics *m, const char *sample, const char *name,
		     const char *value, uint64_t count);
/* A histogram's samples; `buckets` are each on its own, `labels` are written ("a=\"b\"") or empty.
 */
void metric_histogram(const struct metrics *m, const char *name, const char *labels,
		      const double *bounds, const uint64_t *buckets, size_t n, uint64_t count,
		      double sum);
