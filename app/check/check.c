/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "doctor.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int
check_run(const struct settings *settings, const struct check_plan *plan, bool json)
{
	struct doctor d = {
		.settings = settings,
		.plan = plan,
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
	if (json) {
		json_t *all = json_pack("{s:s, s:i, s:o}", "worst", level_names[d.worst], "code",
					(int)d.worst, "checks", d.checks);
		char *text = json_dumps(all, JSON_INDENT(1));

		printf("%s\n", text ? text : "{}");
		free(text);
		json_decref(all);
	}
	fflush(stdout);
	return (int)d.worst;
}
