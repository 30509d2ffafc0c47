/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a number unusual? By the median of what it was at like times, and how far those were from it,
 * in steps that multiply: traffic that doubles and traffic that halves are as far away.
 *
 *     f(x)   = ln(x + 10)                                        ten packets more or less are
 * chance score  = (f(now) - median f) / spread spread = the largest of  1.4826 * MAD of f,
 * `typical`,  0.1,  what counting by chance brings
 *
 * MAD, the median of the distances from the median, is to a normal spread's sigma as 1 to 1.4826,
 * and unlike sigma it is not moved by the outliers that one looks for (Iglewicz and Hoaglin, How to
 * Detect and Handle Outliers, 1993). Of a dozen samples it is often far too small, and thousands of
 * places are looked at every five minutes: so no place counts as calmer than the middle one of all
 * of them does (`typical`).
 *
 * Unusual is a score of UNUSUAL_SCORE that is at least twice as much or half as much, for two times
 * of a volume worth a word. How well that finds what was put in: README.md.
 *
 * Pure. [any thread]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UNUSUAL_SCORE  4.5
#define UNUSUAL_FACTOR 2.0

struct unusual {
	double usual; /* the median */
	double score; /* above 0: more than usual */
};

/* Sorts `samples`; none: the usual is 0. `typical`: the middle of unusual_spread over all. */
struct unusual unusual_score(double now, double *samples, size_t count, double typical);
/* Their own spread, in ln; sorts `samples`. */
double unusual_spread(double *samples, size_t count);
/* The middle of the values, which it sorts; 0 of none. */
double unusual_median(double *values, size_t count);
/* 1: more than usual, -1: less, 0: neither. `least`: the volume that one of both must have. */
int unusual_judge(double now, const struct unusual *unusual, double least);
