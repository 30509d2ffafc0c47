/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK's telemetry (v2) is asked, beside what DPDK itself answers (/ethdev/xstats and so on):
 *
 *     /packet_heatmap/ledger[,WINDOW]                     where every frame and address went
 *     /packet_heatmap/lanes                               lanes: numbers, ports, queues
 *     /packet_heatmap/lanes,N                             one lane
 *     /packet_heatmap/top,N[,WHAT[,WINDOW[,FROM]]]        the busiest places, countries or hosts
 *     /packet_heatmap/heat[,WINDOW[,FROM]]                all places, with their positions
 *
 * Answered from the current picture, of which the answer holds a reference: never from what a lane
 * or the merge works on. Null where there is no picture yet, or a parameter is not understood.
 *
 * 22.11 takes at most 256 members of an object, 512 of an array, 127 octets of a string and 16,383
 * of the whole answer, cuts what is beyond without a word, knows neither fractions nor objects in
 * objects, and loses all but ASCII. So tables are an array for each column, positions are in
 * millionths of a degree, names are percent-encoded, and what does not fit into one answer comes in
 * pages: `next`, where it stands, is the FROM of the next one. `period` is the number of the
 * period: where it changes between two pages, begin again.
 */
#pragma once

/* [main] Before EAL starts: the commands exist whether the socket does or not. 0 or -errno. */
int telemetry_register(void);
