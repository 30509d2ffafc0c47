// SPDX-License-Identifier: BSD-3-Clause
// Natural Earth's countries (npm: world-atlas, TopoJSON) -> what the page draws: projected once,
// here, with two levels of detail in one line, so that no geometry library runs in the browser.
//
// world.json:
//   { size,        the sheet of projection.js
//     countries: [[name, x, y, width, spreadKm, code, area], ...],
//                  where the name may stand, how wide the land is there, the standard deviation of
//                  "somewhere in this country", ISO 3166-1's code ('': none; two may have one), and
//                  the area in square units of the sheet
//     arcs:        "line!line!...", see polyline.js; each point says whether the world view needs it
//     shapes:      the rings of each country, each a list of arc numbers (~n: arc n backwards)
//     borders:     the arcs that two countries share }

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { presimplify } from 'topojson-simplify';
import { MAX_LAT, SIZE, latToY, lonToX } from '../src/projection.js';
import { encodeLine } from '../src/polyline.js';
import { boundsOf, codeOf, nameOfCode } from './codes.mjs';

// A point's weight is the area of the triangle that it spans, in planar square degrees. 0.03 keeps a
// coast readable on a 4K world view; 0.0005 is about 3 km of detail, eight pixels of a wall at 64
// times.
const COARSE_WEIGHT = 0.03;
const FINE_WEIGHT = 0.0005;
const SMALLEST_ISLAND = 30; // square units: 2.7 km^2 at the equator
const EARTH_RADIUS_KM = 6371;

const require = createRequire(import.meta.url);

function arcOf(id) {
  return id < 0 ? ~id : id;
}

function polygonsOf(geometry) {
  if (geometry.type === 'Polygon') return [geometry.arcs];
  if (geometry.type === 'MultiPolygon') return geometry.arcs;
  return [];
}

/** [longitude, latitude, coarse] of one ring. Neighbouring arcs share their end point. */
function ringLonLat(arcs, ring) {
  const points = [];
  for (const id of ring) {
    const arc = arcs[arcOf(id)];
    const forward = id < 0 ? [...arc].reverse() : arc;
    points.push(...(points.length ? forward.slice(1) : forward));
  }
  return points;
}

function project(points) {
  return points.map(([lon, lat, coarse]) => [lonToX(lon), latToY(lat), coarse]);
}

/** To whole units; of points that fall together one is kept. */
function rounded(points) {
  const out = [];
  for (const [x, y, coarse] of points) {
    const point = [Math.round(x), Math.round(y), coarse];
    const last = out[out.length - 1];
    if (!last || last[0] !== point[0] || last[1] !== point[1]) out.push(point);
    else last[2] = last[2] || coarse;
  }
  if (out.length === 1) out.push(out[0]);
  return out;
}

function jumpsEdge(from, to) {
  return Math.abs(to[0] - from[0]) > SIZE / 2;
}

/** How often the ring goes round the earth: not 0 only for the one around the pole. */
function windings(ring) {
  let turns = 0;
  for (let i = 1; i < ring.length; i++) {
    const step = ring[i][0] - ring[i - 1][0];
    if (step > SIZE / 2) turns--;
    else if (step < -SIZE / 2) turns++;
  }
  return turns;
}

/** The same ring without jumps: drawn on past the edge. Coordinates may leave the sheet. */
function drawnOn(ring) {
  let offset = 0;
  return ring.map((point, i) => {
    if (i > 0) {
      const step = point[0] - ring[i - 1][0];
      if (step > SIZE / 2) offset -= SIZE;
      else if (step < -SIZE / 2) offset += SIZE;
    }
    return [point[0] + offset, point[1], point[2]];
  });
}

/**
 * Antarctica: opened at the sheet's edge and closed along its bottom. Its coast crosses the edge three
 * times: opened where it does so farthest north; of the bay behind, what lies past the edge is cut off.
 */
function openAtEdge(ring) {
  const points = ring.slice(0, -1);
  let cut = -1;
  points.forEach((point, i) => {
    if (!jumpsEdge(points.at(i - 1), point)) return;
    if (cut < 0 || point[1] < points[cut][1]) cut = i;
  });
  const startsLeft = points[cut][0] < SIZE / 2;
  const first = startsLeft ? 0 : SIZE;
  const last = startsLeft ? SIZE : 0;
  const bottom = latToY(-MAX_LAT);
  const line = drawnOn([...points.slice(cut), ...points.slice(0, cut)]).map(([x, y, coarse]) => [
    Math.max(0, Math.min(SIZE, x)),
    y,
    coarse,
  ]);
  const closed = [
    [first, line[0][1], true],
    ...line,
    [last, line[line.length - 1][1], true],
    [last, bottom, true],
    [first, bottom, true],
  ];
  closed.push(closed[0]);
  return rounded(closed);
}

/** An island astride the sheet's edge (St Lawrence, Umnak): drawn on past the edge. */
function unwrapped(ring) {
  return rounded(drawnOn(ring));
}

/** Outer rings and holes have not the same sign. */
function signedArea(ring) {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    twice += (ring[j][0] - ring[i][0]) * (ring[j][1] + ring[i][1]);
  }
  return twice / 2;
}

const area = (ring) => Math.abs(signedArea(ring));

function areaKm2(lonLat) {
  const rad = Math.PI / 180;
  let sum = 0;
  for (let i = 1; i < lonLat.length; i++) {
    let east = lonLat[i][0] - lonLat[i - 1][0];
    if (east > 180) east -= 360;
    else if (east < -180) east += 360;
    sum += east * rad * (2 + Math.sin(lonLat[i][1] * rad) + Math.sin(lonLat[i - 1][1] * rad));
  }
  return Math.abs((sum * EARTH_RADIUS_KM ** 2) / 2);
}

/** Arcs, shapes and borders in sheet units. `source`: the arcs in degrees. */
function shapesOf(source, countries) {
  const users = new Map(); // arc -> number of rings that run along it
  for (const country of countries) {
    for (const id of polygonsOf(country).flat(2)) {
      users.set(arcOf(id), (users.get(arcOf(id)) ?? 0) + 1);
    }
  }
  const arcs = [];
  const borders = [];
  const known = new Map(); // arc of the source -> arc of ours
  const add = (points) => arcs.push(points) - 1;
  const arcNumber = (id) => {
    const from = arcOf(id);
    if (!known.has(from)) {
      known.set(from, add(rounded(project(source[from]))));
      if (users.get(from) > 1) borders.push(known.get(from));
    }
    return id < 0 ? ~known.get(from) : known.get(from);
  };
  const shapes = countries.map((country) => {
    const rings = [];
    for (const ring of polygonsOf(country).flat()) {
      const line = project(ringLonLat(source, ring));
      if (windings(line) !== 0) rings.push([add(openAtEdge(line))]);
      else if (line.some((point, i) => i > 0 && jumpsEdge(line[i - 1], point))) {
        rings.push([add(unwrapped(line))]);
      } else if (area(line) >= SMALLEST_ISLAND || polygonsOf(country).length === 1) {
        rings.push(ring.map(arcNumber));
      }
    }
    return rings;
  });
  return { arcs, shapes, borders };
}

function ringPoints(arcs, ring) {
  return ring.flatMap((id) => {
    const arc = arcs[arcOf(id)];
    return id < 0 ? [...arc].reverse() : arc;
  });
}

/** Centre of gravity and width of the country's largest ring: where its name may stand. */
function anchor(arcs, rings) {
  let best = { area: 0, x: -1, y: -1, width: 0 };
  for (const ring of rings) {
    const points = ringPoints(arcs, ring);
    let twice = 0;
    let momentX = 0;
    let momentY = 0;
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const cross = points[j][0] * points[i][1] - points[i][0] * points[j][1];
      twice += cross;
      momentX += (points[j][0] + points[i][0]) * cross;
      momentY += (points[j][1] + points[i][1]) * cross;
    }
    const size = Math.abs(twice / 2);
    if (size <= best.area) continue;
    const xs = points.map((point) => point[0]);
    best = {
      area: size,
      x: Math.round(momentX / (3 * twice)),
      y: Math.round(momentY / (3 * twice)),
      width: Math.max(...xs) - Math.min(...xs),
    };
  }
  return best;
}

/** "Somewhere in the country": two standard deviations reach about the edge of a round one. */
function spreadKm(source, country) {
  const largest = Math.max(
    0,
    ...polygonsOf(country).map((polygon) => areaKm2(ringLonLat(source, polygon[0]))),
  );
  return Math.round(Math.min(700, Math.max(40, Math.sqrt(largest) / 3.5)));
}

/** The countries of the atlas, and what has a code of its own of them: French Guiana is not France. */
function byCode(source, geometries) {
  return geometries.flatMap((country) => {
    const codes = new Map();
    for (const polygon of polygonsOf(country)) {
      const code = codeOf(country, boundsOf(ringLonLat(source, polygon[0]))) ?? '';
      if (!codes.has(code)) codes.set(code, []);
      codes.get(code).push(polygon);
    }
    const main = codeOf(country, []) ?? '';
    return [...codes].map(([code, arcs]) => ({
      type: 'MultiPolygon',
      arcs,
      code,
      name: code === main ? country.properties.name : nameOfCode(code),
    }));
  });
}

export function buildWorld() {
  const file = require.resolve('world-atlas/countries-50m.json');
  const topology = presimplify(JSON.parse(fs.readFileSync(file, 'utf8')));
  const source = topology.arcs.map((arc) =>
    arc
      .filter(([, , weight]) => weight >= FINE_WEIGHT) // an arc's ends weigh infinitely
      .map(([lon, lat, weight]) => [lon, lat, weight >= COARSE_WEIGHT]),
  );
  const countries = byCode(source, topology.objects.countries.geometries);
  const { arcs, shapes, borders } = shapesOf(source, countries);
  return {
    size: SIZE,
    countries: countries.map((country, i) => {
      const { x, y, width } = anchor(arcs, shapes[i]);
      const units = shapes[i].map((ring) => signedArea(ringPoints(arcs, ring)));
      const whole = Math.abs(units.reduce((sum, one) => sum + one, 0));
      return [
        country.name,
        x,
        y,
        width,
        spreadKm(source, country),
        country.code,
        Math.round(whole),
      ];
    }),
    arcs: arcs.map(encodeLine).join('!'),
    shapes,
    borders,
  };
}
