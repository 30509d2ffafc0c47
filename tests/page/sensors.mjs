// SPDX-License-Identifier: BSD-3-Clause
// Made-up sensors of a fleet, for the mock server.

const GROUPS = ['americas', 'asia', 'europe'];

/** `count` sensors, each at one of the places; `wrong`: the states of the first of them. */
export function makeSensors(places, count, wrong = []) {
  const now = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const { name, lat, lon } = places[i % places.length];
    const { state = 'live', losing = false, old_database: old = false } = wrong[i] ?? {};
    return {
      name: `fw-${String(i).padStart(4, '0')}`,
      state,
      losing,
      old_database: old,
      site: name || `site ${i}`,
      group: GROUPS[i % GROUPS.length],
      latitude: i % 10 === 9 ? null : lat,
      longitude: i % 10 === 9 ? null : lon,
      heard: new Date(now - (state === 'silent' ? 754e3 : 2e3)).toISOString(),
      received: 1000000 + 7919 * i,
      lost: losing ? 17 : 0,
      skew_ms: i % 7 === 3 ? -2500 : 0,
      database_built: '2026-11-01T00:00:00Z',
    };
  });
}

/** What stands of them in the snapshot. */
export function summary(sensors, away = false) {
  const count = (test) => sensors.filter(test).length;
  return {
    sensors: sensors.length,
    live: count(({ state }) => state === 'live'),
    late: count(({ state }) => state === 'late'),
    silent: count(({ state }) => state === 'silent'),
    losing: count(({ losing }) => losing),
    old_database: count(({ old_database: old }) => old),
    worst: sensors.slice(0, 12),
    away,
  };
}
