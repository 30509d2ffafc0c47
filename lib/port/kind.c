/* SPDX-License-Identifier: BSD-3-Clause */
#include "kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct port_kind *const port_kinds[] = {
	&port_kind_interface, &port_kind_xdp,       &port_kind_any,    &port_kind_file,
	&port_kind_capture,   &port_kind_generator, &port_kind_device, /* the last: all others */
};

/* Made from memory: nothing to tell them, nothing to ask, and as many queues as are asked for. */
const struct port_kind port_kind_generator = {
	.name = "generator",
	.drivers = {"net_null", "net_ring"},
	.gone = "gone",
	.paced = true,
};

uint32_t
port_pause_of(size_t frames)
{
	return frames < 16 * 16 ? 16 : frames > 16 * 1000 ? 1000 : (uint32_t)(frames / 16);
}

const struct port_kind *
port_kind_find(const char *driver)
{
	for (size_t k = 0; k + 1 < LENGTH(port_kinds); k++) {
		for (size_t i = 0; i < LENGTH(port_kinds[k]->drivers); i++) {
			const char *name = port_kinds[k]->drivers[i];

			if (name != NULL && strcmp(name, driver) == 0)
				return port_kinds[k];
		}
	}
	return port_kinds[LENGTH(port_kinds) - 1];
}

void
port_say(void (*note)(const char *text), const char *format, ...)
{
	char text[256];
	va_list args;

	if (note == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note(text);
}
