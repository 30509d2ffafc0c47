// SPDX-License-Identifier: BSD-3-Clause
// Names on the map: the hottest places with their numbers, then country names where room is left.
// Greedy: the hottest first, each at the first of eight positions around its ring that is free.

import { element, focusId, nameOf, refill } from './dom.js';
import * as format from './formats.js';
import { shown } from './selection.js';
import { COUNTRY_ONLY } from './places.js';

const MOST_SPOTS = 14;
const MOST_SPOTS_SMALL = 8; // on a stage less than 70 rem wide
const FEW_SPOTS = 3;
const APART_REM = 4.2;
const SPOT_REM = 1.25;
const MOST_CANDIDATES = 2000; // places come by packets: those that follow are not among the hottest
const MOST_COUNTRIES = 60;
// Mean advance of the capitals, in em: measuring sixty names would cost more than it shows.
const CAPITAL_EM = 0.82;

const SHORT_NAMES = {
  'United States of America': 'United States',
  'Dem. Rep. Congo': 'DR Congo',
  'Central African Rep.': 'Centr. Afr. Rep.',
};

export function overlaps(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** What stands on the stage and is to stay readable: controls, legend, messages. */
export function fixedBoxes(stage) {
  const origin = stage.getBoundingClientRect();
  return [...stage.querySelectorAll('[data-no-zoom], #banner, #empty')]
    .filter((part) => part.offsetWidth > 0 && part.id !== 'card')
    .map((part) => {
      const box = part.getBoundingClientRect();
      return { x: box.x - origin.x, y: box.y - origin.y, w: box.width, h: box.height };
    });
}

export class Labels {
  spots = []; // what is on the map now, hottest first: {i, x, y, name}
  #layer;
  #stage;
  #measure;
  #on;
  #redrawing = false; // focus then comes and goes without a hand
  #unfocused = null; // the id of what lost the focus by being hidden

  /**
   * @param {HTMLElement} layer where the labels go
   * @param {HTMLElement} stage whose controls and messages the labels keep clear of
   * @param {CanvasRenderingContext2D} measure
   * @param {{open: (i: number, pinned: boolean) => void, leave: () => void}} on
   */
  constructor(layer, stage, measure, on) {
    this.#layer = layer;
    this.#stage = stage;
    this.#measure = measure;
    this.#on = on;
  }

  hide() {
    const { activeElement } = document;
    if (this.#layer.contains(activeElement)) this.#unfocused = activeElement.dataset.id;
    this.#layer.hidden = true;
  }

  /** `boxes`: what else stands on the map. */
  draw(places, view, selection, countries, boxes = []) {
    const taken = [...fixedBoxes(this.#stage), ...boxes];
    const free = (box) =>
      box.x > 2 &&
      box.y > 2 &&
      box.x + box.w < view.width - 2 &&
      box.y + box.h < view.height - 2 &&
      !taken.some((other) => overlaps(box, other));
    const fragment = document.createDocumentFragment();
    this.spots = this.#hottest(places, view, selection);
    for (const { x, y, i } of this.spots) {
      if (places.area || places.land[i] >= 0) continue;
      taken.push({ x: x - view.rem / 2, y: y - view.rem / 2, w: view.rem, h: view.rem });
    }
    this.spots.forEach((spot, rank) => {
      fragment.append(...this.#spot(spot, rank + 1, places, view, selection, { taken, free }));
    });
    const named = new Set(this.spots.map(({ i }) => (places.area ? i : places.land[i])));
    const others = countries.filter(({ index, code }) =>
      places.area ? !named.has(places.ofCode(code)) : !named.has(index),
    );
    this.#countries(fragment, others, view, { taken, free });
    this.#redrawing = true;
    this.#layer.hidden = false;
    refill(this.#layer, fragment);
    if (this.#unfocused !== null && document.activeElement === document.body) {
      focusId(this.#layer, this.#unfocused);
    }
    this.#unfocused = null;
    this.#redrawing = false;
  }

  /**
   * The hottest places in view, no two closer than APART_REM. The server names the busiest of the
   * world: where a quiet region is looked at and there are few of those, the busiest of the rest.
   */
  #hottest(places, view, selection) {
    const named = Math.min(places.length, places.names.length);
    const chosen = this.#choose([], 0, named, places, view, selection);
    if (chosen.length >= FEW_SPOTS) return chosen;
    return this.#choose(chosen, named, places.length, places, view, selection);
  }

  #choose(chosen, from, to, places, view, selection) {
    const most = view.width > 70 * view.rem ? MOST_SPOTS : MOST_SPOTS_SMALL;
    const candidates = [];
    for (let i = from; i < to && candidates.length < MOST_CANDIDATES; i++) {
      const x = view.screenX(places.x[i]);
      const y = view.screenY(places.y[i]);
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const amounts = [places.tcp[i], places.udp[i]];
      const heat = shown(amounts, selection);
      if (heat > 0) candidates.push({ i, x, y, heat, amounts });
    }
    candidates.sort((a, b) => b.heat - a.heat || a.i - b.i);
    const apart = APART_REM * view.rem;
    for (const spot of candidates) {
      if (chosen.length >= most) break;
      if (!chosen.some((other) => Math.hypot(other.x - spot.x, other.y - spot.y) < apart)) {
        chosen.push(spot);
      }
    }
    return chosen;
  }

  #spot({ i, x, y, heat, amounts }, rank, places, view, selection, { taken, free }) {
    const { rem } = view;
    const name = places.names[i]
      ? format.placeName(places.names[i])
      : format.coordinates(places.lat[i], places.lon[i]);
    const octets = selection.unit === 'octets';
    const number = octets ? format.octets(heat) : format.count(heat);
    const wide = places.radiusKm[i] === COUNTRY_ONLY ? 'ring wide' : 'ring';
    // what is named by an area has no dot in its middle
    const area = places.area || places.land[i] >= 0;
    const ring = element('span', area ? 'ring none' : places.site[i] ? 'ring site' : wide);
    ring.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    this.#measure.font = `650 ${SPOT_REM * rem}px AHN, sans-serif`;
    const w = this.#measure.measureText(`${name} ${number}`).width * 1.04 + 1.2 * rem;
    const h = 1.6 * rem;
    const box = [
      ...(area ? [[-w / 2, -h / 2]] : []),
      [0.7 * rem, -h / 2],
      [-w - 0.7 * rem, -h / 2],
      [-w / 2, -h - 0.5 * rem],
      [-w / 2, 0.5 * rem],
      [0.5 * rem, -h - 0.1 * rem],
      [0.5 * rem, 0.1 * rem],
      [-w - 0.5 * rem, -h - 0.1 * rem],
      [-w - 0.5 * rem, 0.1 * rem],
    ]
      .map(([dx, dy]) => ({ x: x + dx, y: y + dy, w, h }))
      .find(free);
    if (!box) return [ring];
    taken.push(box);
    const [tcp, udp] = amounts;
    const udpShare = selection.tcp && selection.udp ? udp / (tcp + udp) : selection.tcp ? 0 : 1;
    const layer = udpShare < 0.34 ? 'tcp' : udpShare > 0.66 ? 'udp' : 'even';
    const button = element('button', `spot ${layer}`, nameOf(name), ' ', element('b', '', number));
    button.type = 'button';
    button.dataset.id = places.id[i];
    button.style.transform = `translate(${box.x.toFixed(1)}px, ${box.y.toFixed(1)}px)`;
    button.setAttribute(
      'aria-label',
      `${name} ${number}, hot spot ${rank}: ${format.exact(tcp)} TCP and ${format.exact(udp)} UDP ` +
        (octets ? 'octets' : 'packets'),
    );
    button.addEventListener('click', () => this.#on.open(i, true));
    button.addEventListener('focus', () => {
      // Focus by keyboard opens the card; a click has its own way.
      if (!this.#redrawing && button.matches(':focus-visible')) this.#on.open(i, false);
    });
    button.addEventListener('blur', () => this.#redrawing || this.#on.leave());
    return [ring, button];
  }

  #countries(fragment, countries, view, { taken, free }) {
    const size = (view.zoom < 2 ? 0.875 : 1.0625) * view.rem;
    const roomy = view.zoom < 1.5 ? 2 : 1.05; // the world is not an atlas: large countries only
    let written = 0;
    for (const country of countries) {
      if (written >= MOST_COUNTRIES) return;
      if (country.x < 0) continue;
      const name = SHORT_NAMES[country.name] ?? country.name;
      const w = name.length * size * CAPITAL_EM;
      if (country.width * view.scale < w * roomy) continue;
      const x = view.screenX(country.x);
      const y = view.screenY(country.y);
      const box = { x: x - w / 2, y: y - size * 0.7, w, h: size * 1.4 };
      if (!free(box)) continue;
      taken.push(box);
      const label = element('span', 'country', name);
      label.style.fontSize = `${size}px`;
      label.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
      fragment.append(label);
      written++;
    }
  }
}
