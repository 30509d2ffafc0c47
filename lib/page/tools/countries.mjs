// SPDX-License-Identifier: BSD-3-Clause
// Natural Earth's countries (npm: world-atlas) -> lib/land/countries.tsv, of which the program makes
// /api/v1/countries.geojson. A line a country of ISO 3166-1 (and XK), sorted by code, as the places of
// the databases name them:
//
//   code, name, west,south,east,north, latitude,longitude, GeoJSON geometry
//
// the last three empty where the atlas has no shape; latitude and longitude: a point inside of the largest
// part, for what is known to be somewhere in the country.
//
// Geometry as RFC 7946 wants it: WGS 84, longitude first, cut at 180 degrees, outer rings
// counterclockwise. A box with west > east goes over 180 degrees.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { geoEquirectangular } from 'd3-geo';
import { geoProject } from 'd3-geo-projection';
import { feature, merge } from 'topojson-client';
import { presimplify, simplify } from 'topojson-simplify';
import { allCodes, boundsOf, codeOf, nameOfCode } from './codes.mjs';

// A point's weight is the area of the triangle that it spans, in square degrees: 0.002 leaves out
// bays of about 7 km. From 0.005 on some coasts cross themselves.
const WEIGHT = 0.002;
// Rings of less than this keep all their points, and so does all that they share a border with: a small
// state is all detail.
const SMALL_RING = 0.3; // square degrees
const DECIMALS = 1e3; // 111 m; the atlas itself is quantized to 400 m
const POLE = 89.99; // the cut ends just before it
const CROSSING = '96.839,-12.183'; // of one of the Cocos Islands: there the atlas's line crosses itself

const require = createRequire(import.meta.url);

// South is positive here: geoProject tells shells from holes as on a screen.
const flatten = geoEquirectangular()
  .scale(180 / Math.PI)
  .translate([0, 0])
  .precision(0); // no points but those of the cut

function signedArea(ring) {
  let twice = 0;
  for (let i = 1; i < ring.length; i++) {
    twice += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
  }
  return twice / 2;
}

function polygonsOf(geometry) {
  if (!geometry) return [];
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

/** The arcs that keep all their points: those of small rings. */
function arcsOfSmallRings(topology) {
  const arcs = new Set();
  for (const country of topology.objects.countries.geometries) {
    const rings = (country.type === 'Polygon' ? [country.arcs] : country.arcs).flat();
    const lines = polygonsOf(feature(topology, country).geometry).flat();
    lines.forEach((line, i) => {
      if (Math.abs(signedArea(line)) < SMALL_RING)
        for (const id of rings[i]) arcs.add(id < 0 ? ~id : id);
    });
  }
  return arcs;
}

/** Code -> polygons of the topology, each with its arcs. */
function byCode(topology) {
  const codes = new Map();
  for (const country of topology.objects.countries.geometries) {
    const arcs = country.type === 'Polygon' ? [country.arcs] : country.arcs;
    for (const polygon of arcs) {
      const object = { type: 'Polygon', arcs: polygon };
      const code = codeOf(country, boundsOf(feature(topology, object).geometry.coordinates.flat()));
      if (!codes.has(code)) codes.set(code, { polygons: [], countries: new Set() });
      codes.get(code).polygons.push(object);
      codes.get(code).countries.add(country);
    }
  }
  codes.delete(null);
  return codes;
}

/** Of points that fall together one is kept. Null where no area is left. */
function roundedRing(ring) {
  const out = [];
  for (const [x, south] of ring.slice(1)) {
    const point = [Math.round(x * DECIMALS), Math.round(-south * DECIMALS)].map((value) =>
      value === 0 ? 0 : value / DECIMALS,
    );
    if (point[1] < -POLE) point[1] = -90;
    if (`${point}` === CROSSING) continue;
    const last = out.at(-1);
    if (!last || last[0] !== point[0] || last[1] !== point[1]) out.push(point);
  }
  if (`${out[0]}` !== `${out.at(-1)}`) out.push(out[0]);
  return out.length >= 4 && signedArea(out) !== 0 ? out : null;
}

/** Outer rings counterclockwise, holes clockwise. */
function wound(polygon) {
  const rings = polygon.map(roundedRing);
  if (!rings[0]) return null;
  return rings
    .filter(Boolean)
    .map((ring, i) => (signedArea(ring) > 0 === (i === 0) ? ring : ring.reverse()));
}

/** West and east of the smallest box: what is left of the circle without its widest gap. */
function longitudes(polygons) {
  const spans = polygons
    .map((polygon) => {
      const [west, , east] = boundsOf(polygon.flat());
      return [west, east];
    })
    .sort((a, b) => a[0] - b[0]);
  let reach = spans[0][1];
  let gap = { width: -1 };
  for (const [west, east] of spans.slice(1)) {
    if (west - reach > gap.width) gap = { width: west - reach, west, east: reach };
    reach = Math.max(reach, east);
  }
  const around = spans[0][0] + 360 - reach;
  return around >= gap.width ? [spans[0][0], reach] : [gap.west, gap.east];
}

/** On the parallel through the largest part's centre of gravity, in the middle of its longest way on land. */
function pointInside(polygons) {
  const size = (polygon) => Math.abs(signedArea(polygon[0]));
  const rings = polygons.reduce((a, b) => (size(b) > size(a) ? b : a));
  let moment = 0;
  let twice = 0;
  for (let i = 1; i < rings[0].length; i++) {
    const [[x1, y1], [x2, y2]] = [rings[0][i - 1], rings[0][i]];
    moment += (y1 + y2) * (x1 * y2 - x2 * y1);
    twice += x1 * y2 - x2 * y1;
  }
  const latitude = Math.round((moment / (3 * twice)) * DECIMALS) / DECIMALS + 0.0005; // through no corner
  const crossings = rings
    .flatMap((ring) => ring.slice(1).map((to, i) => [ring[i], to]))
    .filter(([[, y1], [, y2]]) => y1 > latitude !== y2 > latitude)
    .map(([[x1, y1], [x2, y2]]) => x1 + ((latitude - y1) / (y2 - y1)) * (x2 - x1))
    .sort((a, b) => a - b);
  let best = [0, 0];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    if (crossings[i + 1] - crossings[i] > best[1] - best[0]) best = crossings.slice(i, i + 2);
  }
  return `${latitude.toFixed(4)},${((best[0] + best[1]) / 2).toFixed(4)}`;
}

function lineOf(code, name, polygons) {
  if (polygons.length === 0) return `${code}\t${name}\t\t\t`;
  const all = boundsOf(polygons.flat(2));
  const [west, east] = longitudes(polygons);
  const geometry =
    polygons.length === 1
      ? { type: 'Polygon', coordinates: polygons[0] }
      : { type: 'MultiPolygon', coordinates: polygons };
  return `${code}\t${name}\t${west},${all[1]},${east},${all[3]}\t${pointInside(polygons)}\t${JSON.stringify(geometry)}`;
}

export function buildCountries() {
  const file = require.resolve('world-atlas/countries-50m.json');
  const atlas = JSON.parse(fs.readFileSync(file, 'utf8'));
  const topology = presimplify(atlas);
  for (const id of arcsOfSmallRings(topology)) for (const p of topology.arcs[id]) p[2] = Infinity;
  const simple = simplify(topology, WEIGHT);
  const shapes = byCode(simple);
  const lines = allCodes().map((code) => {
    const { polygons, countries } = shapes.get(code) ?? { polygons: [], countries: new Set() };
    shapes.delete(code);
    // merged only where the atlas has a border that ISO has not
    const sphere =
      countries.size > 1
        ? merge(simple, polygons)
        : {
            type: 'MultiPolygon',
            coordinates: polygons.map((polygon) => feature(simple, polygon).geometry.coordinates),
          };
    const flat = polygons.length ? polygonsOf(geoProject(sphere, flatten)) : [];
    return lineOf(code, nameOfCode(code), flat.map(wound).filter(Boolean));
  });
  if (shapes.size > 0) throw new Error(`no names for ${[...shapes.keys()]}`);
  return `${lines.sort().join('\n')}\n`;
}
