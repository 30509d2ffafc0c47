// SPDX-License-Identifier: BSD-3-Clause
// What is shown, in the page's address: a wall is configured by its bookmark.
//
//   tcp=0 udp=0          layer off             dir=src|dst          as source, as destination
//   by=octets            octets                window=5m            time window (default: the server's)
//   side=all|remote      whose addresses (default: the server's)
//   sensor=fra-1         of a fleet: this sensor alone
//   group=west           of a fleet: the sensors of that group of sites
//   at=48.86,2.35,8      latitude, longitude, zoom: the wall's home
//   kiosk=1              a wall without a hand  cycle=20            seconds a layer, 0: no cycling
//   past=FROM,TO         a time that is kept, ISO 8601; span=24h: of the timeline
//   view=countries       each country in the colour of its sum, instead of spots
//   night=1              where it is night
//   view=change          what changed, against=day|week|usual (default: day)
//   replay=24h           with kiosk=1: plays the last day, in a minute, at each full hour
//   reset=120            seconds without a hand until the map goes home, 0: never

import { AGAINST } from './change.js';
import { DIRECTIONS, SIDES, UNITS } from './selection.js';
import { spanNamed } from './spans.js';

const PART_WINDOWS = ['now', 'start'];
const WINDOWS = ['now', '1m', '5m', '1h', '24h', 'start']; // of the API; others it refuses

function seconds(query, name, fallback) {
  const value = Number.parseFloat(query.get(name));
  return Number.isFinite(value) && value >= 0 ? value : fallback;
}

function position(text) {
  const parts = (text ?? '').split(',');
  const [lat, lon, zoom] = parts.map((part) => (part.trim() ? Number(part) : NaN));
  const fine =
    parts.length === 3 &&
    Math.abs(lat) <= 85 &&
    Math.abs(lon) <= 180 &&
    Number.isFinite(zoom) &&
    zoom >= 1 &&
    zoom <= 64;
  return fine ? { lat, lon, zoom } : null;
}

/** "2026-11-26T03:00:00Z,2026-11-26T04:00:00Z" as seconds, or null. */
function past(text) {
  const [from, to, ...rest] = (text ?? '').split(',').map((part) => Date.parse(part) / 1000);
  return from < to && rest.length === 0 ? { from, to } : null;
}

const iso = (time) => new Date(time * 1000).toISOString().replace('.000', '');

/** "24h", "7d" as seconds; 0: none. */
function length(text) {
  const [, number, unit] = /^(\d{1,3})([hd])$/.exec(text ?? '') ?? [];
  return number ? Number(number) * (unit === 'h' ? 3600 : 86400) : 0;
}

/** What is asked for beyond the server's own choice. */
export const queryOf = ({ window, side, sensor, group }) => {
  const query = new URLSearchParams();
  if (window) query.set('window', window);
  if (side) query.set('side', side);
  if (sensor) query.set('sensor', sensor);
  else if (group) query.set('group', group);
  return query.size ? `?${query}` : '';
};

/** Of a part of a fleet there are two windows: what was chosen of all comes back with all. */
export function heatPath({ window, side, sensor, group }) {
  const fits = !(sensor || group) || window === null || PART_WINDOWS.includes(window);
  return `api/v1/heat${queryOf({ window: fits ? window : 'start', side, sensor, group })}`;
}

export function readAddress(search) {
  const query = new URLSearchParams(search);
  const oneOf = (name, allowed) =>
    allowed.includes(query.get(name)) ? query.get(name) : allowed[0];
  const kiosk = query.get('kiosk') === '1';
  const tcp = query.get('tcp') !== '0';
  const udp = query.get('udp') !== '0';
  return {
    selection: {
      tcp,
      udp,
      direction: oneOf('dir', DIRECTIONS),
      unit: oneOf('by', UNITS),
    },
    window: WINDOWS.includes(query.get('window')) ? query.get('window') : null,
    side: SIDES.includes(query.get('side')) ? query.get('side') : null,
    sensor: query.get('sensor') ?? '',
    group: query.get('group') ?? '',
    at: position(query.get('at')),
    past: past(query.get('past')),
    span: spanNamed(query.get('span'))?.name ?? null,
    countries: query.get('view') === 'countries',
    night: query.get('night') === '1',
    against: query.get('view') === 'change' ? oneOf('against', AGAINST.slice(1)) : '',
    replay: kiosk ? length(query.get('replay')) : 0,
    kiosk,
    cycle: seconds(query, 'cycle', kiosk && tcp && udp ? 30 : 0), // one layer only: as was asked
    reset: seconds(query, 'reset', 120),
  };
}

/** The address for this state; parameters that are not ours stay. */
export function writeAddress(search, state) {
  const {
    selection,
    window,
    side = null,
    sensor = '',
    group = '',
    at,
    past: shown = null,
    span = null,
    against = '',
    countries = false,
    night = false,
  } = state;
  const query = new URLSearchParams(search);
  const put = (name, value, isDefault) =>
    isDefault ? query.delete(name) : query.set(name, String(value));
  put('tcp', 0, selection.tcp);
  put('udp', 0, selection.udp);
  put('dir', selection.direction, selection.direction === DIRECTIONS[0]);
  put('by', selection.unit, selection.unit === UNITS[0]);
  put('window', window, window === null);
  put('side', side, side === null);
  put('sensor', sensor, sensor === '');
  put('group', group, group === '');
  const place = at && [at.lat.toFixed(3), at.lon.toFixed(3), at.zoom.toFixed(2)].join(',');
  put('at', place, at === null);
  put('past', shown && `${iso(shown.from)},${iso(shown.to)}`, shown === null);
  put('span', span, span === null);
  put('view', against ? 'change' : 'countries', against === '' && !countries);
  put('night', 1, !night);
  put('against', against, against === '' || against === 'day');
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return text ? `?${text}` : '';
}
