// SPDX-License-Identifier: BSD-3-Clause
// Where it is night: the side of the earth that the sun does not see, over the land and below the heat.
//
// The sun's place by the low-accuracy formulas of Meeus, Astronomical Algorithms (2nd ed., chapters 25
// and 28), as NOAA's solar calculator has them: good to 0.01 degrees for centuries, a kilometre here.
// Refraction and the sun's size are left out: they move the line by 0.8 degrees, and twilight by more.

import { SIZE, latToY, xToLon } from './projection.js';

const RAD = Math.PI / 180;
const STEPS = 360; // of the line, around the earth
const sin = (degrees) => Math.sin(degrees * RAD);
const cos = (degrees) => Math.cos(degrees * RAD);

/** {declination, equation, lat, lon}: degrees, minutes; where the sun stands overhead at that time. */
export function sunAt(ms) {
  const t = (ms / 864e5 + 2440587.5 - 2451545) / 36525; // Julian centuries since J2000.0
  const longitude = 280.46646 + t * (36000.76983 + t * 0.0003032);
  const anomaly = 357.52911 + t * (35999.05029 - t * 0.0001537);
  const eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267);
  const centre =
    sin(anomaly) * (1.914602 - t * (0.004817 + t * 0.000014)) +
    sin(2 * anomaly) * (0.019993 - t * 0.000101) +
    sin(3 * anomaly) * 0.000289;
  const node = 125.04 - 1934.136 * t;
  const apparent = longitude + centre - 0.00569 - 0.00478 * sin(node);
  const obliquity =
    23 +
    (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60 +
    0.00256 * cos(node);
  const declination = Math.asin(sin(obliquity) * sin(apparent)) / RAD;
  const y = Math.tan((obliquity / 2) * RAD) ** 2;
  const equation =
    (4 / RAD) *
    (y * sin(2 * longitude) -
      2 * eccentricity * sin(anomaly) +
      4 * eccentricity * y * sin(anomaly) * cos(2 * longitude) -
      0.5 * y * y * sin(4 * longitude) -
      1.25 * eccentricity ** 2 * sin(2 * anomaly));
  const minutes = (ms / 60000) % 1440;
  const lon = -(minutes + equation - 720) / 4;
  return {
    declination,
    equation,
    lat: declination,
    lon: ((((lon + 180) % 360) + 360) % 360) - 180,
  };
}

/** The latitude at which the sun stands on the horizon of this meridian. */
export function terminator(lon, sun) {
  // on the day of an equinox the line runs from pole to pole: a hair beside it there is one
  const declination = Math.abs(sun.lat) < 0.01 ? (sun.lat < 0 ? -0.01 : 0.01) : sun.lat;
  return Math.atan(-cos(lon - sun.lon) / Math.tan(declination * RAD)) / RAD;
}

/** Is it night there? */
export const isNight = (lat, lon, sun) =>
  sin(lat) * sin(sun.lat) + cos(lat) * cos(sun.lat) * cos(lon - sun.lon) < 0;

/** The dark side, on the sheet. */
export function nightPath(ms) {
  const sun = sunAt(ms);
  const path = new Path2D();
  const dark = latToY(sun.lat >= 0 ? -90 : 90); // the pole that has no day
  path.moveTo(0, dark);
  for (let i = 0; i <= STEPS; i++) {
    const x = (SIZE * i) / STEPS;
    path.lineTo(x, latToY(terminator(xToLon(x), sun)));
  }
  path.lineTo(SIZE, dark);
  path.closePath();
  return path;
}

/** Of a moment, and kept for a minute: the line moves by a quarter of a degree in that time. */
export class Night {
  on = false;
  #minute = NaN;
  #path = null;

  /** @param {number} ms the time that the map shows; the path, or null where it is switched off */
  path(ms) {
    if (!this.on) return null;
    const minute = Math.floor(ms / 60000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#path = nightPath(60000 * minute);
    }
    return this.#path;
  }

  /** Does another minute want another picture? */
  stale(ms) {
    return this.on && Math.floor(ms / 60000) !== this.#minute;
  }
}
