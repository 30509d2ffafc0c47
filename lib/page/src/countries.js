// SPDX-License-Identifier: BSD-3-Clause
// The other map: each country in the colour of what it has, whatever is known of where in it. The same
// table of colours and the same logarithm as the heat's, over the sum of the country:
//
//   v = ln(1 + sum/d0) / ln(1 + top/d0)       top: the largest sum, rounded up, kept as heat.js keeps it
//
// To labels, card and pointer it looks like places (places.js): one for each country that has a shape, or
// a place that says where it is. What has no country is in the legend.

import { cssOf, rowOf } from './colours.js';
import * as format from './formats.js';
import { HYSTERESIS, levelOf, niceTop } from './heat.js';
import { latToY, lonToX, xToLon, yToLat } from './projection.js';
import { amounts, shown } from './selection.js';

const SMALLEST_REM = 0.9; // a country that is less wide has a disc
const PLACES_OF_CARD = 5;

/** Two letters as a number, for what knows places by number. */
const idOf = (code) => 256 * code.charCodeAt(0) + code.charCodeAt(1);

export class Countries {
  on = false;
  length = 0;
  names = []; // ", DE": as of a place without a city
  x = [];
  y = [];
  lat = [];
  lon = [];
  id = [];
  tcp = [];
  udp = [];
  radiusKm = []; // of a spot: labels have no ring of their own
  site = [];
  area = true; // labels: what is named is an area
  top = 0;
  floor = 1;
  #codes = [];
  #counters = [];
  #unknown = null; // the counters of what has no country
  #scaleOf = ''; // what the scale was made for
  #land;
  #places;

  /** @param {Land} land; @param {Places} places of the same snapshot */
  constructor(land, places) {
    this.#land = land;
    this.#places = places;
  }

  /** Takes the sums of an answer of /api/v1/heat; after the places. */
  load({ top, window }) {
    this.window = window;
    for (const list of ['names', 'x', 'y', 'lat', 'lon', 'id', 'radiusKm', 'site']) this[list] = [];
    this.#codes = [];
    this.#counters = [];
    this.#unknown = null;
    for (const [code, ...counters] of top.countries) {
      const at = code.length === 2 ? this.#anchor(code) : null;
      if (!at) {
        this.#unknown = (this.#unknown ?? counters.map(() => 0)).map((n, i) => n + counters[i]);
        continue;
      }
      this.#codes.push(code);
      this.#counters.push(counters);
      this.names.push(`, ${code}`);
      this.x.push(at.x);
      this.y.push(at.y);
      this.lat.push(yToLat(at.y));
      this.lon.push(xToLon(at.x));
      this.id.push(idOf(code));
      this.radiusKm.push(0);
      this.site.push(0);
    }
    this.length = this.#codes.length;
  }

  /** Where its name may stand: on its largest shape, else where its busiest place is. */
  #anchor(code) {
    const shapes = (this.#land.byCode.get(code) ?? []).filter(({ x }) => x >= 0);
    if (shapes.length) return shapes.reduce((a, b) => (b.area > a.area ? b : a));
    const { names, lat, lon } = this.#places;
    const i = names.findIndex((name) => format.splitPlace(name).code === code);
    return i < 0 ? null : { x: lonToX(lon[i]), y: latToY(lat[i]) };
  }

  weigh(selection) {
    const both = this.#counters.map((counters) => amounts(counters, 0, selection));
    this.tcp = both.map(([tcp]) => tcp);
    this.udp = both.map(([, udp]) => udp);
  }

  /** What has no country, of the selection. */
  unknown(selection) {
    return this.#unknown ? shown(amounts(this.#unknown, 0, selection), selection) : 0;
  }

  /** Colours the land. The scale is of the whole world: it stays while the map is moved. */
  paint(view, selection) {
    const sums = this.tcp.map((tcp, i) => shown([tcp, this.udp[i]], selection));
    const most = Math.max(0, ...sums);
    const scaleOf = JSON.stringify([selection, this.window]);
    this.floor = selection.unit === 'octets' ? 1000 : 1;
    if (
      most > 0 &&
      (scaleOf !== this.#scaleOf || most > this.top || most < this.top / HYSTERESIS)
    ) {
      this.top = niceTop(most);
      this.#scaleOf = scaleOf;
    }
    const tints = new Map();
    const discs = [];
    sums.forEach((sum, i) => {
      if (sum <= 0) return;
      const colour = cssOf(rowOf(this.tcp[i], this.udp[i], selection), levelOf(sum, this));
      const shapes = this.#land.byCode.get(this.#codes[i]) ?? [];
      for (const { index } of shapes) tints.set(index, colour);
      const widest = Math.max(0, ...shapes.map(({ width }) => width));
      if (widest * view.scale < SMALLEST_REM * view.rem) {
        discs.push({ x: this.x[i], y: this.y[i], colour });
      }
    });
    return { tints, discs };
  }

  /** Of the country at a point of the stage, or of the disc there; -1: it has nothing. */
  at(view, screenX, screenY, selection) {
    const reach = SMALLEST_REM * view.rem;
    const near = (i) =>
      Math.hypot(view.screenX(this.x[i]) - screenX, view.screenY(this.y[i]) - screenY) < reach;
    const small = this.#codes.findIndex((code, i) => {
      const widest = Math.max(0, ...(this.#land.byCode.get(code) ?? []).map(({ width }) => width));
      return widest * view.scale < reach && this.shown(i, selection) > 0 && near(i);
    });
    if (small >= 0) return small;
    const code = this.#land.countryAt(...view.sheet(screenX, screenY))?.code;
    const i = code ? this.#codes.indexOf(code) : -1;
    return i >= 0 && this.shown(i, selection) > 0 ? i : -1;
  }

  amounts(i, selection) {
    return amounts(this.#counters[i], 0, selection);
  }

  shown(i, selection) {
    return shown(this.amounts(i, selection), selection);
  }

  ofCode(code) {
    return this.#codes.indexOf(code);
  }

  indexOf(id) {
    return this.id.indexOf(id);
  }

  /** What the card says of it. */
  heading(i, selection) {
    const all = this.#counters.reduce(
      (sum, counters) => sum + shown(amounts(counters, 0, selection), selection),
      this.unknown(selection),
    );
    const part = all > 0 ? (100 * this.shown(i, selection)) / all : 0;
    return {
      title: format.country(this.#codes[i]),
      where: `${this.#codes[i]} · ${format.share(part)} of what is located`,
    };
  }

  /** Its busiest places, of those that have a name: [{name, both, sum}, ...]. */
  placesOf(i, selection) {
    const places = this.#places;
    return places.names
      .flatMap((name, k) => {
        const { city, code } = format.splitPlace(name);
        if (code !== this.#codes[i]) return [];
        const both = places.amounts(k, selection);
        return [{ name: city || 'somewhere in it', both, sum: shown(both, selection) }];
      })
      .filter(({ sum }) => sum > 0)
      .sort((a, b) => b.sum - a.sum)
      .slice(0, PLACES_OF_CARD);
  }
}
