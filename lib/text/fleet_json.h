/* SPDX-License-Identifier: BSD-3-Clause */
/* What the API says of a fleet. The caller's reference; NULL: out of memory. */
#pragma once

#include "fleet_report.h"

#include <jansson.h>

/* The sums over its sensors: `fleet` of /api/v1/status. null where there is no report. */
json_t *fleet_json(const struct fleet_report *report);
/* What the page shows beside the map: how many are how, and the worst of them. */
json_t *fleet_summary_json(const struct fleet_report *report);
/* All of /api/v1/sensors. */
json_t *sensors_json(const struct fleet_report *report);
