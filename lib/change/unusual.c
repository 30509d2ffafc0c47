/* SPDX-License-Identifier: BSD-3-Clause */
#include "unusual.h"

#include <math.h>
#include <stdlib.h>

#define SIGMAS_OF_MAD 1.4826
#define LEAST_SPREAD  0.1
#define CHANCE        10 /* packets */
#define SAMPLES_MOST  64

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
unusual_median(double *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(values[0]), by_value);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double
unusual_spread(double *samples, size_t count)
{
	double away[SAMPLES_MOST] = {0};
	const double usual = unusual_median(samples, count);

	if (count > SAMPLES_MOST)
		count = SAMPLES_MOST;
	for (size_t i = 0; i < count; i++)
		away[i] = fabs(log((samples[i] + CHANCE) / (usual + CHANCE)));
	return SIGMAS_OF_MAD * unusual_median(away, count);
}

struct unusual
unusual_score(double now, double *samples, size_t count, double typical)
{
	const double own = unusual_spread(samples, count);
	struct unusual u = {.usual = unusual_median(samples, count)};
	const double counting = sqrt(u.usual) / (u.usual + CHANCE);
	const double spread = fmax(fmax(own, typical), fmax(LEAST_SPREAD, counting));

	u.score = log((now + CHANCE) / (u.usual + CHANCE)) / spread;
	return u;
}

int
unusual_judge(double now, const struct unusual *u, double least)
{
	if (fmax(now, u->usual) < least || fabs(u->score) < UNUSUAL_SCORE)
		return 0;
	if (u->score > 0)
		return now >= UNUSUAL_FACTOR * u->usual ? 1 : 0;
	return now * UNUSUAL_FACTOR <= u->usual ? -1 : 0;
}
