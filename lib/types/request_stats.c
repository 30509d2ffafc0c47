/* SPDX-License-Identifier: BSD-3-Clause */
#include "request_stats.h"

const double request_bounds[REQUEST_BUCKETS] = {0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 10};
const int request_codes[REQUEST_CODES] = {200, 204, 206, 304, 400, 403, 404, 405, 416, 500, 503, 0};

void
request_stats_count(struct request_stats *stats, int route, int status, uint64_t duration_us)
{
	int code = 0;

	if (route < 0 || route >= REQUEST_ROUTES)
		route = REQUEST_ROUTES - 1;
	while (code < REQUEST_CODES - 1 && request_codes[code] != status)
		code++;
	struct request_series *series = &stats->series[route][code];
	for (int i = 0; i < REQUEST_BUCKETS; i++) {
		if ((double)duration_us <= request_bounds[i] * 1e6) {
			atomic_fetch_add_explicit(&series->buckets[i], 1, memory_order_relaxed);
			break;
		}
	}
	atomic_fetch_add_explicit(&series->sum_us, duration_us, memory_order_relaxed);
	atomic_fetch_add_explicit(&series->count, 1, memory_order_relaxed);
}
