/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "doctor.h"

#include <jansson.h>

int
check_run(const struct settings *settings, const struct check_plan *plan, bool json)
{
	struct doctor d = {
		.settings = settings,
		.service_user = "packet-heatmap",
		.plan = plan,
		.root = plan->root,
		.json = json,
		.dedicated = settings->devices.count > 0 ||
			     (settings->interfaces.count + settings->pcaps.count == 0 &&
			      !plan->eal_source),
	};

	d.checks = json ? json_array() : NULL;
	check_settings(&d);
	check_huge_pages(&d);
	check_memory_lock(&d);
	check_iommu(&d);
	check_user(&d);
	check_sources(&d);
	check_cpus(&d);
	check_databases(&d);
	check_listen(&d);
	check_outputs(&d);
	return doctor_end(&d);
}
