/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a number unusual? By the median of what it was at like times, and how far those were from it.
 *
 *     score = (now - median) / spread
 *     spread = the largest of  1.4826 * MAD,  a tenth of the median,  sqrt(median),  1
 *
 * MAD, the median of the distances from the median, is to a normal spread's sigma as 1 to 1.4826,
 * and unlike sigma it is not moved by the outliers that one looks for (Iglewicz and Hoaglin, How to
 * Detect and Handle Outliers, 1993; they call for 3.5 where one number is looked at, here thousands
 * are every five minutes). What was always the same has no MAD: there a tenth of it, and the chance
 * of counting itself (sqrt), are the least that counts as a spread.
 *
 * Unusual is a score of UNUSUAL_SCORE that is at least twice as much or half as much, for two times
 * of a volume worth a word. How well that finds what was put in: README.md.
 *
 * Pure. [any thread]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UNUSUAL_SCORE  6.0
#define UNUSUAL_FACTOR 2.0

struct unusual {
	double usual; /* the median */
	double score; /* above 0: more than usual */
};

/* Sorts `samples`; none: the usual is 0. */
struct unusual unusual_score(double now, double *samples, size_t count);
/* 1: more than usual, -1: less, 0: neither. `least`: the volume that one of both must have. */
int unusual_judge(double now, const struct unusual *unusual, double least);
