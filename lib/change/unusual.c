/* SPDX-License-Identifier: BSD-3-Clause */
#include "unusual.h"

#include <math.h>
#include <stdlib.h>

#define SIGMAS_OF_MAD 1.4826
#define LEAST_SHARE   0.1

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(values[0]), by_value);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

struct unusual
unusual_score(double now, double *samples, size_t count)
{
	struct unusual u = {.usual = median(samples, count)};

	for (size_t i = 0; i < count; i++)
		samples[i] = fabs(samples[i] - u.usual);
	const double spread = fmax(fmax(SIGMAS_OF_MAD * median(samples, count), 1),
				   fmax(LEAST_SHARE * u.usual, sqrt(u.usual)));
	u.score = (now - u.usual) / spread;
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
