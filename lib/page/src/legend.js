// SPDX-License-Identifier: BSD-3-Clause
// What the colours mean. The strips are drawn from the heat's own table and scale, so the legend
// cannot disagree with it: pixel p of a strip is v = p / 255, and the ticks are placed by the
// formula in heat.js.

import { colourOf as changeColour } from './change.js';
import { LEVELS, cssColour } from './colours.js';
import { byId, element, setText } from './dom.js';
import * as format from './formats.js';

const STRIPS = [
  { name: 'TCP', mix: 0, className: 'tcp' },
  { name: 'mixed', mix: 0.5, className: 'even' },
  { name: 'UDP', mix: 1, className: 'udp' },
];
// Of the strip, for one number.
const TICK_ROOM = { packets: 0.14, octets: 0.19 };

const DIRECTIONS = { both: '', src: ' sent', dst: ' received' };

function strip({ name, mix, className }) {
  const canvas = element('canvas', 'strip');
  canvas.width = LEVELS;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  for (let level = 0; level < LEVELS; level++) {
    context.fillStyle = cssColour(mix, level / (LEVELS - 1));
    context.fillRect(level, 0, 1, 1);
  }
  return [element('span', `layer ${className}`, name), canvas];
}

/** The decades between d0 and Dtop, as many as have room, each with its place on the strip. */
export function ticks(floor, top, room) {
  const decades = Math.log10(top / floor);
  const every = Math.max(1, Math.ceil(decades * room));
  const out = [];
  for (let power = 0; floor * 10 ** power <= top * 1.001; power += every) {
    const value = floor * 10 ** power;
    out.push({ value, at: Math.log1p(value / floor) / Math.log1p(top / floor) });
  }
  if (out.length === 0) out.push({ value: top, at: 1 }); // a handful of octets: below d0
  return out;
}

/** Less on the left, more on the right: [text, place on the strip]. */
const CHANGE_TICKS = [
  ['gone', 0.02],
  ['÷8', 1 / 7],
  ['÷2', 2.5 / 7],
  ['=', 0.5],
  ['×2', 4.5 / 7],
  ['×8', 6 / 7],
  ['new', 0.98],
];

function changeStrip() {
  const canvas = element('canvas', 'strip');
  canvas.width = LEVELS;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  for (let level = 0; level < LEVELS; level++) {
    context.fillStyle = changeColour((7 * level) / (LEVELS - 1) - 3.5);
    context.fillRect(level, 0, 1, 1);
  }
  return [element('span', 'layer even', 'times'), canvas];
}

export class Legend {
  #drawn = '';

  /** Of a map of changes. */
  drawChange({ tcp, udp, unit, direction }) {
    const key = ['change', tcp, udp, unit, direction].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const what = unit === 'octets' ? 'octets' : 'packets';
    const layers = tcp && udp ? '' : tcp ? ' TCP' : ' UDP';
    setText(
      byId('legend-caption'),
      `Area: how many more or fewer${layers} ${what}${DIRECTIONS[direction]}`,
    );
    byId('legend-strips').replaceChildren(...changeStrip());
    byId('legend-strips').setAttribute(
      'aria-label',
      'Colour scale of changes. Magenta and filled is more, green and hollow is less.',
    );
    byId('legend-ticks').replaceChildren(
      ...CHANGE_TICKS.map(([text, at]) => {
        const tick = element('span', '', text);
        tick.style.left = `${(100 * at).toFixed(2)}%`;
        return tick;
      }),
    );
    setText(byId('legend-note'), 'Filled: more. Hollow: less.');
    byId('legend-note').hidden = false;
  }

  /** Of a map of countries. */
  drawCountries(countries, selection, span, { remoteOnly }) {
    const write = selection.unit === 'octets' ? format.octets : format.count;
    const unknown = countries.unknown(selection);
    const notes = [];
    if (remoteOnly) notes.push('Remote side only: our own addresses are left out.');
    if (unknown > 0) notes.push(`${write(unknown)} are of no country: they are not drawn.`);
    this.#draw(countries, selection, `of a country, ${span}`, notes);
  }

  /** @param {{top: number, floor: number}} heat */
  draw(heat, selection, span, { anyCountryOnly, anyRough, remoteOnly }) {
    const notes = [];
    if (remoteOnly) notes.push('Remote side only: our own addresses are left out.');
    if (anyCountryOnly) notes.push('Tinted land: only the country is known.');
    if (anyRough) notes.push('Wider blur: the place is known only roughly.');
    this.#draw(heat, selection, `at the spot, ${span}`, notes);
  }

  /** `of`: what the numbers are of. */
  #draw(heat, selection, of, notes) {
    const { tcp, udp, unit, direction } = selection;
    const key = [heat.top, tcp, udp, unit, direction, of, ...notes].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const strips = STRIPS.filter(
      ({ mix }) => (tcp && udp) || (tcp && mix === 0) || (udp && mix === 1),
    );
    const top = heat.top || 10;
    const what = unit === 'octets' ? 'Octets' : 'Packets';
    setText(
      byId('legend-caption'),
      tcp || udp ? `${what}${DIRECTIONS[direction]} ${of}, log scale` : 'Both layers are off',
    );
    byId('legend-strips').replaceChildren(...(tcp || udp ? strips.flatMap(strip) : []));
    byId('legend-ticks').replaceChildren(
      ...(tcp || udp ? ticks(heat.floor, top, TICK_ROOM[unit]) : []).map(({ value, at }) => {
        const tick = element('span', '', format.decade(value, unit === 'octets' ? 'B' : ''));
        tick.style.left = `${(100 * at).toFixed(2)}%`;
        return tick;
      }),
    );
    setText(byId('legend-note'), notes.join(' '));
    byId('legend-note').hidden = notes.length === 0;
    byId('legend-strips').setAttribute(
      'aria-label',
      `Colour scale up to ${format.exact(top)} ${unit}, logarithmic. ` +
        'Amber is TCP, blue is UDP, white is an even mix.',
    );
  }
}
