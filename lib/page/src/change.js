// SPDX-License-Identifier: BSD-3-Clause
// What changed: a time beside the same a day or a week before, or beside what is usual then, as
// /api/v1/change answers. Instead of the heat each place has a disc: its area by how many more or
// fewer, its colour by how many times. Growth is filled and magenta, decline is hollow and green:
// colours that stay apart without red or green, and never alone.
// The functions on top are pure.

import { byId, element, nameOf, refill, setText } from './dom.js';
import * as format from './formats.js';
import { fixedBoxes } from './labels.js';
import { prepareMarks, writeName } from './marks.js';
import { latToY, lonToX } from './projection.js';
import { amounts, shown } from './selection.js';
import { rangeText } from './spans.js';

export const AGAINST = ['', 'day', 'week', 'usual']; // '': the heat
const WORDS = {
  day: 'the day before',
  week: 'the week before',
  usual: 'what is usual then',
};
const ROWS = 6;
const NAMED = 12;
const LIVE_S = 3600;
const LIVE_STEP_S = 300; // what is live is asked for anew every five minutes
const RETRY_S = 20;
const LEAST_REM = 0.16;
const EDGE_REM = 0.5; // smaller discs have none: there are thousands
const MOST_REM = 3.4;
export const STEPS = 3; // doublings, each way: beyond that the colour says no more

const UP = [
  [0xb8, 0x8a, 0xb4],
  [0xe8, 0x6a, 0xd6],
  [0xff, 0x5c, 0xe1],
  [0xff, 0xa8, 0xf0],
];
const DOWN = [
  [0x8c, 0xab, 0x98],
  [0x4f, 0xc9, 0x8d],
  [0x2b, 0xe8, 0x9c],
  [0xa0, 0xff, 0xd2],
];

/** Doublings from before to now; new and gone are beyond all. */
export function doublings(now, before) {
  if (before <= 0) return now > 0 ? Infinity : 0;
  return now > 0 ? Math.log2(now / before) : -Infinity;
}

/** "new", "gone", "×3.2", "÷4.0", "=" */
export function timesText(now, before) {
  const steps = doublings(now, before);
  if (steps === Infinity) return 'new';
  if (steps === -Infinity) return 'gone';
  const times = 2 ** Math.abs(steps);
  const text = times >= 9.95 ? format.count(times) : times.toFixed(1);
  if (text === '1.0') return '=';
  return `${steps > 0 ? '×' : '÷'}${text}`;
}

export function colourOf(steps) {
  const ramp = steps < 0 ? DOWN : UP;
  const at = Math.min(STEPS, Math.abs(steps));
  const low = Math.min(STEPS - 1, Math.floor(at));
  const part = at - low;
  const parts = ramp[low].map((value, i) => Math.round(value + (ramp[low + 1][i] - value) * part));
  return `rgb(${parts.join(', ')})`;
}

/** Rows of an answer as {now, before, difference, ...} of the selection, greatest change first. */
export function changesOf(rows, fields, selection) {
  const column = (name) => fields.indexOf(name);
  const [lat, lon, id, name, code] = ['lat', 'lon', 'id', 'name', 'country'].map(column);
  const [first, firstBefore] = ['tcp_packets', 'before_tcp_packets'].map(column);
  return rows
    .map((row) => {
      const now = shown(amounts(row, first, selection), selection);
      const before = shown(amounts(row, firstBefore, selection), selection);
      return {
        lat: row[lat],
        lon: row[lon],
        id: row[id] ?? row[code],
        name: row[name] || format.country(row[code]),
        code: name < 0 ? '' : row[code],
        now,
        before,
        difference: now - before,
      };
    })
    .filter(({ difference }) => difference !== 0)
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
}

/** What is asked for: of the past what is shown, else the last hour. */
export function rangeAsked(past, now) {
  if (past) return past;
  const to = Math.floor(now / LIVE_STEP_S) * LIVE_STEP_S;
  return { from: to - LIVE_S, to };
}

/** The banner over a map of changes. */
export function changeBanner(against, range, { answer, error }) {
  const parts = [`Change: ${rangeText(range)} beside ${WORDS[against]}`];
  if (error) parts.push(`cannot be shown now (${error})`);
  else if (answer && answer.now.covered_s === 0) parts.push('nothing was counted in that time');
  else if (answer && answer.before.length === 0)
    parts.push('nothing was counted before: all is new');
  return { text: parts.join(' · '), look: 'change' };
}

const iso = (seconds) => new Date(seconds * 1000).toISOString().replace('.000', '');

export class Change {
  against = '';
  boxes = [];
  answer = null;
  error = '';
  #places = [];
  #countries = [];
  #asked = ''; // the path of what is shown, or asked for
  #retry = 0; // when a failed question is put again
  #on;

  /**
   * @param {{changed: () => void, chosen: () => void, open: (lat: number, lon: number) => void,
   *   side: () => ?string}} on changed: there is something else to draw; chosen: by a hand; side:
   *   whose addresses are asked for
   */
  constructor(on) {
    this.#on = on;
    byId('against').addEventListener('click', ({ target }) => {
      const button = target.closest('button');
      if (button) this.choose(button.value);
    });
    this.#press();
  }

  get on() {
    return this.against !== '';
  }

  choose(against) {
    this.against = against;
    this.#asked = '';
    this.answer = null;
    this.#places = [];
    this.#press();
    this.#on.chosen();
  }

  next() {
    this.choose(AGAINST[(AGAINST.indexOf(this.against) + 1) % AGAINST.length]);
  }

  #press() {
    for (const button of byId('against').querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(button.value === this.against));
    }
    document.body.classList.toggle('change', this.on);
    for (const part of document.querySelectorAll('.changes')) part.hidden = !this.on;
  }

  /** Once a second, and when the time or the side is another. Times in seconds. */
  tick(past, now) {
    if (!this.on) return;
    const { from, to } = rangeAsked(past, now);
    const side = this.#on.side() ? `&side=${this.#on.side()}` : '';
    const path = `api/v1/change?from=${iso(from)}&to=${iso(to)}&against=${this.against}${side}`;
    if (path === this.#asked && (!this.error || now < this.#retry)) return;
    this.#asked = path;
    this.#retry = now + RETRY_S;
    this.#ask(path);
  }

  async #ask(path) {
    let answer = null;
    let error = '';
    try {
      const response = await fetch(path, { credentials: 'same-origin' });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      answer = await response.json();
    } catch (problem) {
      error = problem.message;
    }
    if (path !== this.#asked) return; // another was asked for meanwhile
    this.error = error;
    if (answer) this.answer = answer; // else what is there stays
    this.#on.changed();
  }

  /** The answer or the selection is another. */
  weigh(selection) {
    if (!this.answer) return;
    const { places, fields, countries, country_fields: countryFields } = this.answer;
    this.#places = changesOf(places, fields, selection);
    this.#countries = changesOf(countries, countryFields, selection);
    const write = selection.unit === 'octets' ? format.octets : format.count;
    const grown = this.#places.filter(({ difference }) => difference > 0);
    const shrunk = this.#places.filter(({ difference }) => difference < 0);
    this.#list('changed-countries', this.#countries, write);
    this.#list('grown', grown, write);
    this.#list('shrunk', shrunk, write);
  }

  #list(id, rows, write) {
    refill(
      byId(id),
      ...rows.slice(0, ROWS).map((row) => {
        const label = element('span', 'name', nameOf(row.name));
        label.title = row.name;
        if (row.code) label.append(element('span', 'code', row.code));
        const sign = row.difference > 0 ? '+' : '−';
        const times = element('span', 'times', timesText(row.now, row.before));
        times.style.color = colourOf(doublings(row.now, row.before));
        const line = element(row.lat === undefined ? 'div' : 'button', 'row', label, times);
        line.append(element('span', 'number', `${sign}${write(Math.abs(row.difference))}`));
        if (row.lat !== undefined) {
          line.type = 'button';
          line.dataset.id = row.id;
          line.addEventListener('click', () => this.#on.open(row.lat, row.lon));
        }
        return element('li', '', line);
      }),
    );
    const empty = byId(`${id}-none`);
    if (empty) setText(empty, rows.length || !this.answer ? '' : 'none');
  }

  /** Discs, the largest below; the names of the greatest changes, clear of `boxes`. */
  draw(canvas, view, selection, boxes) {
    const context = prepareMarks(canvas, view, this.on);
    this.boxes = [];
    if (!context) return;
    const most = this.#places.length ? Math.abs(this.#places[0].difference) : 1;
    const discs = this.#places
      .map((place) => ({
        ...place,
        x: view.screenX(lonToX(place.lon)),
        y: view.screenY(latToY(place.lat)),
        radius:
          view.rem * Math.max(LEAST_REM, MOST_REM * Math.sqrt(Math.abs(place.difference) / most)),
      }))
      .filter(
        ({ x, y, radius }) =>
          x > -radius && y > -radius && x < view.width + radius && y < view.height + radius,
      );
    for (const disc of discs) this.#disc(context, disc, view.rem);
    const taken = [...fixedBoxes(canvas.parentElement), ...boxes];
    const write = selection.unit === 'octets' ? format.octets : format.count;
    for (const disc of discs.slice(0, NAMED)) {
      const sign = disc.difference > 0 ? '+' : '−';
      const text = `${disc.name} ${sign}${write(Math.abs(disc.difference))}`;
      const colour = colourOf(doublings(disc.now, disc.before));
      const box = writeName(
        context,
        text,
        { ...disc, colour, gap: disc.radius + 0.3 * view.rem },
        view,
        taken,
      );
      if (box) taken.push(box) && this.boxes.push(box);
    }
  }

  #disc(context, { x, y, radius, now, before }, rem) {
    const steps = doublings(now, before);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colourOf(steps);
    context.globalAlpha = steps > 0 ? 0.62 : 0.12;
    context.fill();
    context.globalAlpha = 1;
    if (steps > 0 && radius < EDGE_REM * rem) return;
    context.lineWidth = (steps > 0 || radius < EDGE_REM * rem ? 0.09 : 0.17) * rem;
    context.strokeStyle = steps > 0 ? '#fff' : colourOf(steps);
    context.stroke();
  }
}
