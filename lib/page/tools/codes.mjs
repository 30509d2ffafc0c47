// SPDX-License-Identifier: BSD-3-Clause
// Which code each polygon of Natural Earth's countries (npm: world-atlas) has: those of ISO 3166-1 (and
// XK), as the geolocation databases use them.

import { createRequire } from 'node:module';
import iso from 'i18n-iso-countries';

const require = createRequire(import.meta.url);
iso.registerLocale(require('i18n-iso-countries/langs/en.json'));

// What the atlas draws apart and has no code of its own: ISO's and the databases' code.
const CODE_OF_NAME = {
  Kosovo: 'XK',
  'N. Cyprus': 'CY',
  Somaliland: 'SO',
  'Siachen Glacier': null, // claimed by two, lived in by none
  'Indian Ocean Ter.': 'CX',
};

// What the atlas draws as part of a country, and ISO gives a code: [code, west, south, east, north]
const PARTS = {
  CX: [['CC', 96, -13, 97, -11]],
  FR: [
    ['YT', 44, -14, 46, -12],
    ['RE', 55, -22, 56, -20],
    ['MQ', -61.3, 14.3, -60.7, 15],
    ['GP', -62, 15.8, -61, 16.6],
    ['GF', -55, 2, -51, 6],
  ],
  NL: [['BQ', -69, 11, -62, 18]],
  NO: [
    ['SJ', -10, 70, -7, 72],
    ['SJ', 10, 74, 35, 82],
  ],
  NZ: [['TK', -173, -10, -171, -8]],
};

/** [west, south, east, north] of points that begin with longitude and latitude. */
export function boundsOf(points) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    bounds[0] = Math.min(bounds[0], x);
    bounds[1] = Math.min(bounds[1], y);
    bounds[2] = Math.max(bounds[2], x);
    bounds[3] = Math.max(bounds[3], y);
  }
  return bounds;
}

/** Of a polygon with these bounds, of this country of the atlas; null: nobody's. */
export function codeOf(country, bounds) {
  const name = country.properties.name;
  const code = country.id ? iso.numericToAlpha2(country.id) : CODE_OF_NAME[name];
  if (code === undefined) throw new Error(`${name}: which code has it?`);
  const [part] = (PARTS[code] ?? []).find(
    ([, west, south, east, north]) =>
      bounds[0] > west && bounds[1] > south && bounds[2] < east && bounds[3] < north,
  ) ?? [code];
  return part;
}

/** All codes, and a code's English name. */
export const allCodes = () => Object.keys(iso.getAlpha2Codes());
export const nameOfCode = (code) => iso.getName(code, 'en');
