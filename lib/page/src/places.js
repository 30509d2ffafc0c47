// SPDX-License-Identifier: BSD-3-Clause
// The places of a snapshot as flat arrays, used again for each one: a wall that runs for months
// must not leave a hundred thousand small arrays behind every ten seconds.

import { splitPlace } from './formats.js';
import { lonToX, latToY, unitsPerKm } from './projection.js';
import { amounts, shown } from './selection.js';

const COUNTERS = 8;

// A database's accuracy radius holds two thirds of the addresses. In a round normal spread that
// radius is 1.5 standard deviations: 1 - exp(-1.5^2 / 2) = 0.675.
const SIGMAS_IN_RADIUS = 1.5;

export const COUNTRY_ONLY = -1;

const COLUMNS = [
  'tcp_packets',
  'udp_packets',
  'tcp_octets',
  'udp_octets',
  'tcp_src_packets',
  'udp_src_packets',
  'tcp_src_octets',
  'udp_src_octets',
];

export class Places {
  length = 0;
  names = []; // of the first places only
  anyRough = false; // some place has an accuracy radius
  anyOwn = false; // some place is on our own side
  anyCountryOnly = false;
  remoteOnly = false; // those of our own side are left out
  #capacity = 0;
  #land;
  lands = new Map(); // index of a country -> {tcp, udp, area}: of what nothing finer is known
  #countries = new Map(); // "lat,lon" of a country-only place -> its country, so that land is asked once

  /** Is some place drawn wider than a spot? */
  get anyWide() {
    return this.anyRough || this.anyCountryOnly;
  }

  constructor(land) {
    this.#land = land;
    this.#reserve(1024);
  }

  #reserve(capacity) {
    this.#capacity = capacity;
    // Positions need more than a float's 24 bits: 131,072 units at 64 times.
    this.x = new Float64Array(capacity);
    this.y = new Float64Array(capacity);
    this.lat = new Float64Array(capacity);
    this.lon = new Float64Array(capacity);
    this.counters = new Float64Array(capacity * COUNTERS); // 2^53: a century of line rate
    this.id = new Int32Array(capacity);
    this.radiusKm = new Float32Array(capacity);
    this.own = new Uint8Array(capacity);
    this.site = new Uint8Array(capacity); // the operator says where it is
    this.sigma = new Float32Array(capacity); // sheet units; 0 = a spot
    this.land = new Int16Array(capacity); // index of the country that is tinted for it; -1: none
    this.tcp = new Float32Array(capacity); // of the present selection
    this.udp = new Float32Array(capacity);
  }

  /** Takes the rows of an answer of /api/v1/heat. */
  load({ fields, points, places, side }) {
    if (points.length > this.#capacity) this.#reserve(Math.ceil(points.length * 1.25));
    const column = (name) => fields.indexOf(name);
    const [lat, lon, id, radius] = ['lat', 'lon', 'id', 'radius_km'].map(column);
    const [own, site] = ['own', 'site'].map(column);
    const sources = COLUMNS.map(column);
    this.length = points.length;
    this.names = places;
    this.remoteOnly = side === 'remote';
    this.anyRough = false;
    this.anyOwn = false;
    this.anyCountryOnly = false;
    for (let i = 0; i < points.length; i++) {
      const row = points[i];
      this.lat[i] = row[lat];
      this.lon[i] = row[lon];
      this.x[i] = lonToX(row[lon]);
      this.y[i] = latToY(row[lat]);
      this.id[i] = row[id];
      this.radiusKm[i] = row[radius];
      this.own[i] = row[own] ?? 0;
      this.site[i] = row[site] ?? 0;
      for (let k = 0; k < COUNTERS; k++) this.counters[i * COUNTERS + k] = row[sources[k]];
      const country = row[radius] === COUNTRY_ONLY ? this.#countryOf(i) : null;
      this.land[i] = country?.area > 0 ? country.index : -1;
      this.sigma[i] = this.#sigmaOf(i, country);
      if (row[radius] > 0) this.anyRough = true;
      if (this.own[i]) this.anyOwn = true;
      if (row[radius] === COUNTRY_ONLY) this.anyCountryOnly = true;
    }
  }

  #countryOf(i) {
    // a continent stands where a city would, and has no country
    const { city, code } = splitPlace(this.names[i] ?? ', ');
    if (city && !code) return null;
    const key = `${this.lat[i]},${this.lon[i]},${code}`;
    let country = this.#countries.get(key);
    if (country === undefined) {
      const there = this.#land.countryAt(this.x[i], this.y[i]);
      const named = this.#land.byCode.get(code);
      country = named?.includes(there) ? there : (named?.[0] ?? there);
      this.#countries.set(key, country);
    }
    return country;
  }

  #sigmaOf(i, country) {
    const radius = this.radiusKm[i];
    if (radius === 0) return 0;
    const km = radius > 0 ? radius / SIGMAS_IN_RADIUS : (country?.spreadKm ?? 150);
    return km * unitsPerKm(this.lat[i]);
  }

  /** Fills `tcp` and `udp` with what the selection asks for. */
  weigh(selection) {
    const { counters, tcp, udp } = this;
    // The same arithmetic as amounts(), without an array a place.
    const first = selection.unit === 'octets' ? 2 : 0;
    const all = selection.direction === 'dst' || selection.direction === 'both' ? 1 : 0;
    const source = { both: 0, src: 1, dst: -1 }[selection.direction];
    for (let i = 0, at = first; i < this.length; i++, at += COUNTERS) {
      tcp[i] = all * counters[at] + source * counters[at + 4];
      udp[i] = all * counters[at + 1] + source * counters[at + 5];
    }
    this.lands.clear();
    for (let i = 0; this.anyCountryOnly && i < this.length; i++) {
      const index = this.land[i];
      if (index < 0) continue;
      const { area } = this.#land.countries[index];
      const sum = this.lands.get(index) ?? { tcp: 0, udp: 0, area };
      this.lands.set(index, { area, tcp: sum.tcp + tcp[i], udp: sum.udp + udp[i] });
    }
  }

  /** The busiest of the places that this country is tinted for; -1: none. */
  ofLand(index, selection) {
    let best = -1;
    for (let i = 0; this.anyCountryOnly && i < this.length; i++) {
      if (this.land[i] !== index || !(this.shown(i, selection) > 0)) continue;
      if (best < 0 || this.shown(i, selection) > this.shown(best, selection)) best = i;
    }
    return best;
  }

  /** Exact [tcp, udp] of one place. */
  amounts(i, selection) {
    return amounts(this.counters, i * COUNTERS, selection);
  }

  shown(i, selection) {
    return shown(this.amounts(i, selection), selection);
  }

  indexOf(id) {
    for (let i = 0; i < this.length; i++) if (this.id[i] === id) return i;
    return -1;
  }
}
