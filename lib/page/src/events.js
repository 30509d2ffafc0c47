// SPDX-License-Identifier: BSD-3-Clause
// What is unusual, as /api/v1/events tells it: lines in the panel, and marks on the map. Live those
// that go on; of the past those of the time that is shown. The functions on top are pure.

import { byId, element, nameOf, refill } from './dom.js';
import * as format from './formats.js';
import { timesText } from './change.js';
import { prepareMarks, writeName } from './marks.js';
import { latToY, lonToX } from './projection.js';

const ROWS = 4;
const EVERY_S = 30;
const COLOUR = '#ffe066';

export function subjectOf({ subject, name, country, latitude, longitude }) {
  if (subject === 'all') return 'All traffic';
  if (subject === 'country') return format.country(country);
  return name || format.coordinates(latitude, longitude);
}

/** "×9.2 since 10:20" */
export function eventText(event) {
  const { packets_s: now, usual_packets_s: usual, from, over } = event;
  const time = (text) => text.slice(11, 16);
  const when = over ? `${time(from)} – ${time(event.to)}` : `since ${time(from)}`;
  return `${timesText(now, usual)} ${when}`;
}

export class Events {
  boxes = [];
  #events = [];
  #asked = -Infinity;
  #path = '';
  #on;

  /** @param {{changed: () => void, open: (lat: number, lon: number) => void}} on */
  constructor(on) {
    this.#on = on;
  }

  /** Once a second. `range`: of the past, else null; `kept`: there is a history. */
  tick(range, kept, monotonic) {
    const iso = (seconds) => new Date(seconds * 1000).toISOString();
    const path = range
      ? `api/v1/events?from=${iso(range.from)}&to=${iso(range.to)}`
      : 'api/v1/events?active=1';
    if (!kept || (path === this.#path && monotonic - this.#asked < EVERY_S)) return;
    this.#path = path;
    this.#asked = monotonic;
    this.#ask(path);
  }

  async #ask(path) {
    const answer = await fetch(path, { credentials: 'same-origin' }).catch(() => null);
    const said = answer?.ok ? await answer.json().catch(() => null) : null;
    if (path !== this.#path || !Array.isArray(said?.events)) return; // what is there stays
    this.#events = said.events;
    this.#list();
    this.#on.changed();
  }

  #list() {
    byId('unusual').hidden = this.#events.length === 0;
    byId('side').classList.toggle('unusual', this.#events.length > 0);
    const more = this.#events.length - ROWS;
    byId('unusual-count').textContent = more > 0 ? `and ${more} more` : '';
    refill(
      byId('unusual-list'),
      ...this.#events.slice(0, ROWS).map((event) => {
        const label = element('span', 'name', nameOf(subjectOf(event)));
        if (event.subject === 'place') label.append(element('span', 'code', event.country));
        const place = event.subject === 'place';
        const row = element(place ? 'button' : 'div', 'row', label);
        row.append(element('span', 'state unusual', eventText(event)));
        if (place) {
          row.type = 'button';
          row.dataset.id = event.id;
          row.addEventListener('click', () => this.#on.open(event.latitude, event.longitude));
        }
        return element('li', '', row);
      }),
    );
  }

  /** A diamond at each place; `named`: with how many times. */
  draw(canvas, view, named) {
    const places = this.#events.filter(({ subject }) => subject === 'place');
    const context = prepareMarks(canvas, view, places.length > 0);
    this.boxes = [];
    if (!context) return;
    const { rem } = view;
    for (const event of places) {
      const x = view.screenX(lonToX(event.longitude));
      const y = view.screenY(latToY(event.latitude));
      const size = 0.85 * rem;
      context.beginPath();
      context.moveTo(x, y - size);
      context.lineTo(x + size, y);
      context.lineTo(x, y + size);
      context.lineTo(x - size, y);
      context.closePath();
      context.lineWidth = 0.42 * rem;
      context.strokeStyle = '#000c';
      context.stroke();
      context.lineWidth = 0.2 * rem;
      context.strokeStyle = COLOUR;
      context.stroke();
      const text = timesText(event.packets_s, event.usual_packets_s);
      const mark = { x: x - size, y: y - size, w: 2 * size, h: 2 * size };
      this.boxes.push(mark);
      if (!named) continue;
      const name = { x, y, gap: 1.1 * rem, colour: COLOUR };
      const box = writeName(context, text, name, view, this.boxes.slice(0, -1));
      if (box) this.boxes.push(box);
    }
  }
}
