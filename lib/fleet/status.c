/* SPDX-License-Identifier: BSD-3-Clause */
/* How the sensors are. */
#include "internal.h"

void
fleet_status(const struct fleet *f, struct fleet_status *status)
{
	*status = f->status;
	status->sensors = f->sensor_count;
	status->open = f->open.count;
	status->until_ms = f->given_slot == NO_SLOT ? 0 : f->given_slot * f->settings.period_ms;
	for (size_t i = 0; i < f->sensor_count; i++)
		status->states[sensor_state(f, f->by_index[i])]++;
}

size_t
fleet_sensors(const struct fleet *f)
{
	return f->sensor_count;
}

void
fleet_sensor(const struct fleet *f, size_t i, struct fleet_sensor *sensor)
{
	const struct sensor *s = f->by_index[i];

	*sensor = s->told;
	sensor->name = s->name;
	sensor->site = s->site;
	sensor->group = s->group;
	sensor->software = s->software;
	sensor->state = sensor_state(f, s);
}

const struct rows *
fleet_sensor_now(const struct fleet *f, size_t i)
{
	return &f->by_index[i]->now;
}

const struct rows *
fleet_sensor_start(const struct fleet *f, size_t i)
{
	return &f->by_index[i]->start;
}

const struct place *
fleet_place(const struct fleet *f, uint32_t number)
{
	return locate_get(f->places, number);
}
