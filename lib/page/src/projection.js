// SPDX-License-Identifier: BSD-3-Clause
// Where a place lies on the sheet. Used by the page and, at build time, by tools/world.mjs, so the
// coastline and the heat cannot disagree.
//
// Web Mercator on a square sheet of SIZE units, with the central meridian at 11 deg E: the sheet's
// edge is then 169 deg W, which runs through the Bering Strait and cuts no country in two.

export const SIZE = 131072; // units across; whole numbers in world.json are 300 m at the equator
export const CENTRE_LON = 11;
export const MAX_LAT = 85;
const EARTH_KM = 40075.017; // equator

const RAD = Math.PI / 180;

export function lonToX(lon) {
  let east = lon - CENTRE_LON;
  if (east < -180) east += 360;
  else if (east >= 180) east -= 360;
  return (SIZE * (east + 180)) / 360;
}

export function latToY(lat) {
  const clamped = Math.max(-MAX_LAT, Math.min(MAX_LAT, lat));
  const mercator = Math.log(Math.tan(Math.PI / 4 + (clamped * RAD) / 2));
  return SIZE / 2 - (SIZE * mercator) / (2 * Math.PI);
}

export function xToLon(x) {
  const lon = (x / SIZE) * 360 - 180 + CENTRE_LON;
  return lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon;
}

export function yToLat(y) {
  return (2 * Math.atan(Math.exp(((SIZE / 2 - y) * 2 * Math.PI) / SIZE)) - Math.PI / 2) / RAD;
}

/** Sheet units of one kilometre at this latitude: Mercator stretches towards the poles. */
export function unitsPerKm(lat) {
  const clamped = Math.max(-MAX_LAT, Math.min(MAX_LAT, lat));
  return SIZE / EARTH_KM / Math.cos(clamped * RAD);
}
