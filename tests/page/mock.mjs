// SPDX-License-Identifier: BSD-3-Clause
// A server that says what it is told to: for states that the real one cannot be brought into at will.
//   node mock.mjs PORT PLACES      to look at the page by hand

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { makePlaces } from './world-data.mjs';

const DIST = fileURLToPath(new URL('../../lib/page/dist', import.meta.url));
const NAMED = 2000;
const TOP = 12;

const BASE_SCRIPT = /<script>([^]*?)<\/script>/.exec(
  fs.readFileSync(path.join(DIST, 'index.html'), 'utf8'),
)[1];
const BASE_HASH = crypto.createHash('sha256').update(BASE_SCRIPT).digest('base64');

export const POLICY =
  `default-src 'none'; script-src 'self' 'sha256-${BASE_HASH}'; style-src 'self'; ` +
  "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; " +
  "form-action 'none'; frame-ancestors 'none'";

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

export const FIELDS = [
  'lat',
  'lon',
  'tcp_packets',
  'udp_packets',
  'tcp_octets',
  'udp_octets',
  'tcp_src_packets',
  'udp_src_packets',
  'tcp_src_octets',
  'udp_src_octets',
  'id',
  'radius_km',
  'own',
  'site',
];

function sum(places) {
  const total = new Array(8).fill(0);
  for (const { counters } of places) counters.forEach((value, i) => (total[i] += value));
  return total;
}

function topOf(places, keyOf) {
  const groups = new Map();
  for (const place of places) {
    const key = keyOf(place);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(place);
  }
  return [...groups]
    .map(([key, members]) => ({ key, first: members[0], counters: sum(members) }))
    .sort((a, b) => b.counters[0] + b.counters[1] - a.counters[0] - a.counters[1]);
}

/** An answer of /api/v1/heat for these places; `over` replaces parts of it. */
export function makeSnapshot(places, { time = Date.now(), interval = 10, ...over } = {}) {
  const total = sum(places);
  const countries = topOf(places, ({ code }) => code);
  const cities = topOf(
    places.filter(({ name, site }) => name && !site),
    ({ name, code }) => `${name}, ${code}`,
  );
  const pps = (total[0] + total[1]) / interval;
  const stamp = new Date(time).toISOString();
  const snapshot = {
    v: 1,
    ui_build: '000000000000',
    version: '0.1.0',
    generated: stamp,
    now: stamp,
    started: new Date(time - 170000).toISOString(),
    period: 17,
    window: 'start',
    window_s: 170,
    side: 'all',
    windows: ['now', '1m', '5m', '1h', '24h', 'start'],
    interval_s: interval,
    state: 'running',
    empty: places.length ? '' : 'no_packets',
    sensor: {
      name: 'sensor-01',
      sources: ['eth0'],
      link: 'up',
      rx_pps: pps,
      rx_bps: (8 * (total[2] + total[3])) / interval,
      drop_pps: 0,
      drop_pct: 0,
      lost_total: 0,
      geo_db: 'Made-up World 2026-11',
      attribution: 'IP geolocation by Made-up World',
      attribution_url: 'https://example.org',
      history: Array.from({ length: 90 }, (_, i) => pps * (0.85 + 0.15 * Math.sin(i / 7))),
      merged_packets: [],
    },
    totals: {
      locations: places.length,
      countries: countries.length,
      hosts: places.length * 3,
      tcp_packets: total[0],
      udp_packets: total[1],
      tcp_frame_octets: total[2] + 18 * total[0],
      udp_frame_octets: total[3] + 18 * total[1],
      addresses: {
        located: 2 * (total[0] + total[1]),
        private: Math.round(0.6 * (total[0] + total[1])),
        not_in_database: Math.round(0.1 * (total[0] + total[1])),
        table_full: 0,
      },
      balanced: true,
    },
    fields: FIELDS,
    points: places.map(({ lat, lon, counters, id, radius, own = 0, site = 0 }) => [
      lat,
      lon,
      ...counters,
      id,
      radius,
      own,
      site,
    ]),
    places: places.slice(0, NAMED).map(({ name, code }) => `${name}, ${code}`),
    top: {
      countries: countries.map(({ key, counters }) => [key, ...counters]), // all of them, as the server
      cities: cities
        .slice(0, TOP)
        .map(({ first, counters }) => [
          first.name,
          first.code,
          first.lat,
          first.lon,
          ...counters,
          first.id,
        ]),
      sites: places
        .filter(({ site }) => site)
        .map(({ name, code, lat, lon, counters, id }) => [name, code, lat, lon, ...counters, id]),
      talkers: places
        .slice(0, TOP)
        .map(({ code, counters, id }, i) => [
          i % 5 === 3 ? `2001:db8:${(id + 7).toString(16)}::${i + 1}` : `198.51.100.${id % 250}`,
          code,
          ...counters.map((value) => Math.round(value / 3)),
          id,
        ]),
    },
  };
  return merge(snapshot, over);
}

function merge(base, over) {
  const out = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const deep = value && typeof value === 'object' && !Array.isArray(value) && base[key];
    out[key] = deep ? merge(base[key], value) : value;
  }
  return out;
}

export function makePlaceAnswer(place) {
  return {
    v: 1,
    id: place.id,
    name: place.name,
    country: place.code,
    latitude: place.lat,
    longitude: place.lon,
    radius_km: place.radius,
    generated: new Date().toISOString(),
    window: 'start',
    hosts: 12,
    counts: [place.counters],
    talkers: [1, 2, 3].map((i) => [
      `203.0.113.${i}`,
      ...place.counters.map((value) => Math.round(value / (i + 1))),
    ]),
  };
}

/** A made-up day and night, an outage of two steps and losses in one; of what is kept for a month. */
export function makeSeries({ from, to, step, now }) {
  const steps = [];
  const oldest = now - 30 * 86400;
  for (let start = from; start < to; start += step) {
    const there = start >= oldest && start < now;
    const i = Math.round((to - start) / step);
    const outage = i === 40 || i === 41;
    const wave = 1.2 + Math.sin((2 * Math.PI * start) / 86400) + 0.2 * Math.sin(start / 977);
    const packets = there && !outage ? Math.round(1000 * wave * step) : 0;
    const lost = there && i === 60 ? 1234 : 0;
    const covered = there && !outage ? step : 0;
    const [tcp, udp] = [Math.round(0.7 * packets), Math.round(0.3 * packets)];
    steps.push([start, covered, packets, lost, tcp, udp, tcp * 900, udp * 300]);
  }
  const iso = (time) => new Date(time * 1000).toISOString().replace('.000', '');
  return {
    v: 1,
    from: iso(from),
    to: iso(to),
    step_s: step,
    resolution: '1m',
    oldest: iso(oldest),
    stored_until: iso(Math.floor(now)),
    damaged_rows: 0,
    fields: [
      'start',
      'covered_s',
      'received',
      'lost',
      'tcp_packets',
      'udp_packets',
      'tcp_frame_octets',
      'udp_frame_octets',
    ],
    steps,
  };
}

/** The places as they were in a time: each frame has others, so that a test sees which is drawn. */
function makePast(state, from, to) {
  const places = state.places.filter((_, i) => (i + Math.floor(from / 600)) % 3 !== 0);
  const iso = (time) => new Date(time * 1000).toISOString().replace('.000', '');
  const snapshot = makeSnapshot(places, {
    time: to * 1000,
    window: 'past',
    window_s: to - from,
    state: 'past',
    period: 0,
    past: {
      from: iso(from),
      to: iso(to),
      resolution: 'period',
      tiers: ['1m'],
      covered_s: to - from,
      periods: 60,
      rows: 10,
      damaged_rows: 0,
    },
    sensor: { history: [], link: 'unknown' },
  });
  snapshot.top.talkers_window = 'past';
  return snapshot;
}

const CHANGE_FIELDS = FIELDS.slice(2, 10);

/** The same places before: some grew, some shrank, some are new, some gone. */
export function makeChange(places, { from, to, against }) {
  const iso = (time) => new Date(time * 1000).toISOString().replace('.000', '');
  const back = { day: 1, week: 7, usual: 7 }[against] * 86400;
  const before = (i) => [0, 1, 0.25, 4, 1, 1.5, 0.7][i % 7];
  const rows = places.map(({ lat, lon, name, code, counters, id, own = 0 }, i) => {
    const now = counters.map((value) => (i % 11 === 5 ? 0 : value));
    const then = counters.map((value) => Math.round(value * before(i)));
    return [lat, lon, ...now, ...then, 'grown', id, own, name, code];
  });
  const countries = topOf(places, ({ code }) => code).map(({ key, counters }, i) => [
    key,
    ...counters,
    ...counters.map((value) => Math.round(value * before(i))),
    'grown',
  ]);
  const counted = against !== 'week'; // a wall that is younger than a week
  const time = { from: iso(from - back), to: iso(to - back), covered_s: to - from };
  return {
    v: 1,
    sensor: 'sensor-01',
    against,
    side: 'all',
    now: { from: iso(from), to: iso(to), covered_s: to - from },
    before: counted ? [time] : [],
    fields: [
      'lat',
      'lon',
      ...CHANGE_FIELDS,
      ...CHANGE_FIELDS.map((name) => `before_${name}`),
      'kind',
      'id',
      'own',
      'name',
      'country',
    ],
    country_fields: [
      'country',
      ...CHANGE_FIELDS,
      ...CHANGE_FIELDS.map((name) => `before_${name}`),
      'kind',
    ],
    places: rows,
    countries,
  };
}

/** `count` places that have too much, the first one too little. */
export function makeEvents(places, count, now = Date.now()) {
  const iso = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;
  return places.slice(0, count).map(({ lat, lon, name, code, id }, i) => ({
    id: count - i,
    from: iso(now - (i + 2) * 300e3),
    to: iso(now - 60e3),
    over: false,
    subject: 'place',
    direction: i === 0 ? 'less' : 'more',
    packets_s: i === 0 ? 4 : 1200 * (i + 1),
    usual_packets_s: i === 2 ? 0 : 130,
    score: i === 0 ? -9 : 40,
    country: code,
    place: id,
    name,
    latitude: lat,
    longitude: lon,
  }));
}

/** The one file: the template with this snapshot in its hole, in either form. */
export function makeFile(snapshot, { packed = false } = {}) {
  const template = fs.readFileSync(path.join(DIST, 'ip_heatmap.tmpl.html'), 'utf8');
  const json = JSON.stringify(snapshot);
  const data = packed ? zlib.gzipSync(json).toString('base64') : json.replaceAll('<', '\\u003c');
  return template.replace('@@IPHEAT_DATA@@', () => data);
}

/**
 * Starts a server on a free port of 127.0.0.1 (or on `port`). What it answers follows `state`, which
 * the test changes:
 *   mode      'ok' | 'refuse' (the connection is reset) | 'error' (HTTP 500) | 'hang'
 *   places    of makePlaces()
 *   over      parts of the snapshot to replace
 *   interval  seconds a period; a period ends when that time has passed, or by nextPeriod()
 *   clock     what the server takes for the time
 *   kept      there is a history
 *   events    of /api/v1/events
 *   sensors   of a fleet: {sensors, fleet} of /api/v1/sensors
 *   stuck     the data plane stands still: answers, but no new period
 */
export async function startMock({ port = 0, places = makePlaces(300), interval = 10 } = {}) {
  const state = {
    mode: 'ok',
    places,
    over: {},
    interval,
    clock: () => Date.now(),
    stuck: false,
    kept: false,
    events: [],
    sensors: { sensors: [], fleet: null },
    period: 1,
    requests: [],
    notModified: 0,
  };
  let ended = state.clock();
  let revision = 0;
  state.nextPeriod = () => {
    state.period++;
    ended = state.clock();
  };
  const current = (side = 'all') => {
    const due = ended + state.interval * 1000;
    if (!state.stuck && Math.abs(state.clock() - ended) >= state.interval * 1000) {
      state.period++;
      ended = state.clock() - due < state.interval * 1000 ? due : state.clock();
      if (ended > state.clock()) ended = state.clock();
    }
    const shown = state.places.filter(({ own }) => side === 'all' || !own);
    return makeSnapshot(shown, {
      time: ended,
      interval: state.interval,
      period: state.period,
      kept: state.kept
        ? {
            oldest: '2026-01-01T00:00:00Z',
            stored_until: new Date(ended).toISOString(),
          }
        : null,
      ...state.over,
    });
  };
  state.touch = () => revision++; // the same period, another text

  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://mock');
    state.requests.push(url.pathname + url.search);
    if (state.mode === 'refuse') return request.socket.destroy();
    if (state.mode === 'hang') return undefined;
    const send = (status, type, body, extra = {}) => {
      const packed = zlib.gzipSync(body, { level: 1 });
      response.writeHead(status, {
        'Content-Type': type,
        'Content-Encoding': 'gzip',
        'Content-Length': packed.length,
        'Cache-Control': 'no-cache',
        Date: new Date(state.clock()).toUTCString(),
        'Content-Security-Policy': POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        ...extra,
      });
      response.end(packed);
    };
    if (state.mode === 'error') return send(500, TYPES['.txt'], 'no');
    const seconds = (name) => {
      const text = url.searchParams.get(name);
      return /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
    };
    if (url.pathname === '/api/v1/series') {
      if (!state.kept) return send(404, TYPES['.json'], '{"error":"nothing is kept"}');
      const [from, to, step] = ['from', 'to', 'step'].map(seconds);
      const answer = makeSeries({ from, to, step, now: state.clock() / 1000 });
      return send(200, TYPES['.json'], JSON.stringify(answer));
    }
    if (url.pathname === '/api/v1/change') {
      const [from, to] = ['from', 'to'].map(seconds);
      const against = url.searchParams.get('against');
      const answer = makeChange(state.places, { from, to, against });
      return send(200, TYPES['.json'], JSON.stringify(answer));
    }
    if (url.pathname === '/api/v1/events') {
      const watch = { until: null, learning: false, active: state.events.length };
      return send(200, TYPES['.json'], JSON.stringify({ v: 1, watch, events: state.events }));
    }
    if (url.pathname === '/api/v1/heat' && url.searchParams.has('from')) {
      const answer = makePast(state, seconds('from'), seconds('to'));
      return send(200, TYPES['.json'], JSON.stringify(answer));
    }
    if (url.pathname === '/api/v1/heat') {
      const window = url.searchParams.get('window') ?? 'start';
      const side = url.searchParams.get('side') ?? 'all';
      const snapshot = { ...current(side), window, side };
      const [sensor, group] = ['sensor', 'group'].map((name) => url.searchParams.get(name));
      if (sensor || group) {
        const part = makeSnapshot(state.places.slice(0, 5));
        Object.assign(snapshot, { points: part.points, places: part.places, top: part.top });
        Object.assign(snapshot, { windows: ['now', 'start'], only: { sensor, group, sensors: 7 } });
        snapshot.sensor.name = sensor ?? group;
      }
      const part = url.searchParams.get('sensor') ?? url.searchParams.get('group') ?? '';
      const etag = `"${snapshot.period}-${window}-${side}-${part}-${revision}"`;
      if (request.headers['if-none-match'] === etag) {
        state.notModified++;
        response.writeHead(304, { ETag: etag, Date: new Date(state.clock()).toUTCString() });
        return response.end();
      }
      return send(200, TYPES['.json'], JSON.stringify(snapshot), { ETag: etag });
    }
    if (url.pathname === '/api/v1/sensors') {
      const generated = new Date(state.clock()).toISOString();
      return send(200, TYPES['.json'], JSON.stringify({ v: 1, generated, ...state.sensors }));
    }
    if (url.pathname.startsWith('/api/v1/place/')) {
      const place = state.places.find(({ id }) => id === Number(url.pathname.split('/').pop()));
      if (!place) return send(404, TYPES['.json'], '{"error":"no such place"}');
      return send(200, TYPES['.json'], JSON.stringify(makePlaceAnswer(place)));
    }
    if (url.pathname.startsWith('/api/v1/places/')) {
      const key = Number(url.pathname.split('/').pop());
      const place = state.places.find(({ id }) => id === key);
      if (!place) return send(404, TYPES['.json'], '{"error":"no such place is kept"}');
      const [from, to] = ['from', 'to'].map((name) => url.searchParams.get(name));
      const { talkers, counts } = makePlaceAnswer(place);
      const answer = { v: 1, key, from, to, counts, talkers, hosts: talkers.length };
      return send(200, TYPES['.json'], JSON.stringify(answer));
    }
    if (url.pathname === '/ip_heatmap.html') return send(200, TYPES['.html'], makeFile(current()));
    const file = path.join(
      DIST,
      url.pathname === '/' ? 'index.html' : path.normalize(url.pathname),
    );
    if (!file.startsWith(DIST) || !fs.existsSync(file)) return send(404, TYPES['.txt'], 'no');
    return send(200, TYPES[path.extname(file)], fs.readFileSync(file));
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  server.unref(); // one that a failed test has left keeps nobody from ending
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}/`, state, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, places] = process.argv.slice(2).map(Number);
  const mock = await startMock({ port: port || 0, places: makePlaces(places || 0) });
  console.log(mock.url);
  setInterval(() => {}, 1e6); // until it is ended
}
