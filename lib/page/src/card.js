// SPDX-License-Identifier: BSD-3-Clause
// The card of one place: where it is, how much, sent and received, and its busiest hosts, which the
// server keeps (/api/v1/place/ID; of the past /api/v1/places/KEY) and a saved file does not.

import { byId, element, layerBar, nameOf } from './dom.js';
import * as format from './formats.js';
import { COUNTRY_ONLY } from './places.js';
import { amounts, shown } from './selection.js';

const ASK_AFTER_MS = 180; // a pointer that only passes by asks nothing
const MOST_TALKERS = 5;
const MOST_NETWORKS = 3;
const EDGE = 8; // of the stage

/** What the server said, if it is what it should be. */
async function detailsOf(answer) {
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const details = await answer.json();
  if (!Array.isArray(details?.talkers)) throw new Error('an answer without talkers');
  return details;
}

/** From where to where it may stand, from above: the banner says what all of it is of. */
function roomOf({ height }) {
  const banner = byId('banner');
  const [top, bottom] = [EDGE, height - EDGE];
  if (banner.hidden) return [top, bottom];
  const { offsetTop, offsetHeight } = banner;
  return offsetTop < height / 2
    ? [offsetTop + offsetHeight + EDGE, bottom]
    : [top, offsetTop - EDGE];
}

export class Card {
  place = null; // index into places while open
  pinned = false;
  #card;
  #land;
  #path;
  #onClose;
  #timer = 0;
  #request = null;
  #asked = null; // the path that the request asks for
  #again = null; // shows the open card once more
  #details = null; // the last answer, and of which place and when

  /**
   * @param {HTMLElement} card
   * @param {{land: Land, path: (id: number) => ?string, onClose: () => void}} options path: where
   *   a place's hosts are asked for; null: nobody knows them
   */
  constructor(card, { land, path, onClose }) {
    this.#card = card;
    this.#land = land;
    this.#path = path;
    this.#onClose = onClose;
  }

  get open() {
    return !this.#card.hidden;
  }

  hide() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#card.hidden = true;
    this.place = null;
    this.pinned = false;
  }

  /** `others`: how many places lie under the pointer beside this one, and their sum. */
  show(places, i, view, selection, { pinned = false, others = { count: 0, sum: 0 } } = {}) {
    const id = places.id[i];
    const path = this.#path(id);
    const sameDetails = path && this.#details?.path === path ? this.#details : null;
    this.place = i;
    this.pinned = pinned || this.pinned;
    this.#again = () => this.show(places, this.place, view, selection, { others });
    const focused = this.#card.contains(document.activeElement);
    this.#card.replaceChildren(
      ...(this.pinned ? [this.#closeButton()] : []),
      ...this.#heading(places, i, sameDetails, selection),
      this.#table(places, i, selection),
      ...this.#under(places, i, selection, others),
      places.placesOf
        ? this.#places(places.placesOf(i, selection), selection)
        : this.#talkers(path, sameDetails, selection),
    );
    if (focused) this.#card.querySelector('.close')?.focus({ preventScroll: true });
    this.#card.hidden = false;
    this.#card.classList.toggle('pinned', this.pinned);
    this.#put(view.screenX(places.x[i]), view.screenY(places.y[i]), view);
    if (path) this.#ask(path);
  }

  #closeButton() {
    const button = element('button', 'close', '×');
    button.type = 'button';
    button.setAttribute('aria-label', 'Close');
    button.addEventListener('click', () => this.#onClose());
    return button;
  }

  #heading(places, i, details, selection) {
    if (places.heading) {
      const { title, where } = places.heading(i, selection);
      return [element('h2', '', nameOf(title)), element('p', 'where', where)];
    }
    const text = places.names[i] ?? '';
    const land = this.#land.countryAt(places.x[i], places.y[i])?.name ?? '';
    const named = format.splitPlace(text);
    const city = named.city || details?.name || '';
    const code = named.code || details?.country || '';
    const country = code ? format.country(code) : land;
    const radius = places.radiusKm[i];
    // a continent stands where a city would, without a country
    const finest = city && !code ? 'continent' : 'country';
    const where = [
      city && country,
      format.coordinates(places.lat[i], places.lon[i]),
      radius > 0 && `within ${radius} km`,
      radius === COUNTRY_ONLY && `only the ${finest} is known`,
      places.site[i] && 'site',
      places.own[i] && 'our own side',
    ].filter(Boolean);
    return [
      element('h2', '', nameOf(city || country || 'Unnamed place')),
      element('p', 'where', where.join(' · ')),
    ];
  }

  #table(places, i, selection) {
    const of = (unit) => places.amounts(i, { ...selection, unit });
    const packets = of('packets');
    const octets = of('octets');
    const shares = selection.unit === 'octets' ? octets : packets;
    const total = shares[0] + shares[1] || 1;
    const table = element('table', '');
    const cell = (tag, text, className = '') => element(tag, className, text);
    const head = element('tr', '');
    for (const title of ['Layer', 'Packets', 'Octets', 'Share']) {
      const th = cell('th', title);
      th.scope = 'col';
      head.append(th);
    }
    table.append(element('thead', '', head));
    const body = element('tbody', '');
    for (const [layer, k] of [
      ['TCP', 0],
      ['UDP', 1],
    ]) {
      const th = cell('th', layer, layer.toLowerCase());
      th.scope = 'row';
      body.append(
        element(
          'tr',
          '',
          th,
          cell('td', format.exact(packets[k])),
          cell('td', format.octets(octets[k])),
          cell('td', format.share((100 * shares[k]) / total)),
        ),
      );
    }
    table.append(body);
    return table;
  }

  #under(places, i, selection, others) {
    const write = selection.unit === 'octets' ? format.octets : format.count;
    const of = (direction) => shown(places.amounts(i, { ...selection, direction }), selection);
    const [tcp, udp] = places.amounts(i, selection);
    const total = tcp + udp || 1;
    const lines = [
      layerBar((100 * tcp) / total, (100 * udp) / total),
      element('p', 'more', `Sent ${write(of('src'))} · received ${write(of('dst'))}`),
    ];
    if (others.count > 0) {
      const noun = others.count === 1 ? 'place' : 'places';
      lines.push(
        element(
          'p',
          'more',
          `${format.exact(others.count)} more ${noun} under the pointer: ` + write(others.sum),
        ),
      );
    }
    return lines;
  }

  #talkers(path, details, selection) {
    const box = element('div', 'talkers');
    if (!path) return box;
    if (!details) {
      box.append(element('p', 'more', 'Asking for its hosts …'));
      return box;
    }
    if (details.failed) {
      box.append(element('p', 'more', 'Its hosts are not known now'));
      return box;
    }
    const rows = details.talkers.map(([address, ...counters]) => {
      const both = amounts(counters, 0, selection);
      const name = format.host(address, details.anonymised);
      return { name, both, sum: shown(both, selection) };
    });
    rows.sort((a, b) => b.sum - a.sum);
    const busy = rows.filter(({ sum }) => sum > 0); // the others are busy by another choice
    const list = this.#list(busy.slice(0, MOST_TALKERS), selection);
    const hosts = details.hosts === 1 ? '1 host' : `${format.exact(details.hosts)} hosts`;
    const hidden = details.hosts > 0 && details.talkers.length === 0;
    const title =
      hidden && !details.from
        ? `${hosts} since the start; no address is shown`
        : details.from
          ? `Top talkers of this time, at least; ${details.hosts ? hosts : 'none'} kept`
          : `Top talkers since the start, of ${hosts}`;
    box.append(element('h3', '', title), list);
    this.#networks(box, details.networks ?? [], selection);
    return box;
  }

  /** Of a country: its busiest places. */
  #places(rows, selection) {
    const box = element('div', 'talkers');
    if (rows.length) box.append(element('h3', '', 'Top places'), this.#list(rows, selection));
    return box;
  }

  /** Names with their counts, and bars beside that of the first. */
  #list(rows, selection) {
    const write = selection.unit === 'octets' ? format.octets : format.count;
    const list = element('ol', '');
    for (const { name, both, sum } of rows) {
      list.append(
        element(
          'li',
          '',
          element('span', 'address', name),
          element('span', 'number', write(sum)),
          layerBar(
            selection.tcp ? (100 * both[0]) / rows[0].sum : 0,
            selection.udp ? (100 * both[1]) / rows[0].sum : 0,
          ),
        ),
      );
    }
    return list;
  }

  /** Whose networks its hosts are in, since the start. */
  #networks(box, networks, selection) {
    const rows = networks
      .map(([asn, name, ...counters]) => ({
        name: format.networkOf(asn, name) || 'nobody says whose',
        both: amounts(counters, 0, selection),
      }))
      .map((row) => ({ ...row, sum: shown(row.both, selection) }))
      .filter(({ sum }) => sum > 0)
      .sort((a, b) => b.sum - a.sum);
    if (rows.length === 0) return;
    const list = this.#list(rows.slice(0, MOST_NETWORKS), selection);
    box.append(element('h3', '', 'Networks since the start'), list);
  }

  #put(x, y, view) {
    const { offsetWidth: width, offsetHeight: height } = this.#card;
    const gap = 1.6 * view.rem;
    let left = x + gap;
    if (left + width > view.width - EDGE) left = x - gap - width;
    this.#card.style.left = `${Math.max(EDGE, left)}px`;
    const [first, last] = roomOf(view);
    const top = Math.max(first, Math.min(last - height, y - height / 2));
    this.#card.style.top = `${Math.max(EDGE, Math.min(view.height - EDGE - height, top))}px`;
  }

  #ask(path) {
    clearTimeout(this.#timer);
    if (this.#asked !== path) this.#request?.abort(); // a late answer must not bring that card back
    if (this.#details?.path === path && performance.now() - this.#details.at < 5000) return;
    this.#timer = setTimeout(async () => {
      this.#request?.abort();
      this.#request = new AbortController();
      this.#asked = path;
      const { signal } = this.#request;
      let details = { failed: true };
      try {
        const answer = await fetch(path, { cache: 'no-store', signal });
        details = await detailsOf(answer);
      } catch {
        // said in the card
      }
      if (signal.aborted) return;
      this.#details = { ...details, path, at: performance.now() };
      this.#again();
    }, ASK_AFTER_MS);
  }
}
