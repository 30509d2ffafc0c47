/* SPDX-License-Identifier: BSD-3-Clause */
#include "file.h"
#include "outputs.h"

#include <stdio.h>
#include <string.h>

bool
outputs_clash(const struct settings *s, char text[OUTPUTS_CLASH_MAX])
{
	const bool lines = s->output != NULL && strcmp(s->output_path, "-") != 0;
	const struct {
		const char *option, *path;
	} all[] = {{"html", s->html},
		   {"hosts", s->hosts},
		   {"status", s->status},
		   {"output", lines ? s->output_path : NULL}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (size_t k = 0; k < i; k++) {
			if (all[i].path == NULL || all[k].path == NULL ||
			    !file_is_same(all[i].path, all[k].path))
				continue;
			snprintf(text, OUTPUTS_CLASH_MAX,
				 "--%s and --%s are both to be written to %.200s: name two files",
				 all[k].option, all[i].option, all[i].path);
			return true;
		}
	}
	return false;
}
