// SPDX-License-Identifier: BSD-3-Clause
// The numbers beside the map: the tiles of the header, the lists, and what is not on the map.

import { byId, element, layerBar, nameOf, refill, setText } from './dom.js';
import * as format from './formats.js';
import { amounts, shown } from './selection.js';
import { drawSparkline } from './sparkline.js';
import { shortText } from './spans.js';

const OLD_DAYS = 45; // of a geolocation database: DB-IP's is renewed each month, MaxMind's sooner
const ROWS = { 3: 6, 4: 4, 5: 3 }; // of each list, by how many there are: all have to have room

/** A tile: its number, unit, the words behind its label, and its alarm ('' | 'warn' | 'bad'). */
function tile(id, { value, unit = '', note = '', alarm = '' }) {
  const node = byId(id);
  setText(node.querySelector('b'), value);
  setText(node.querySelector('i'), unit);
  setText(node.querySelector('em'), note);
  node.className = `tile ${alarm}`.trim();
}

/** The label of an address's fate, in the order in which they are shown; the usual ones always. */
const FATES = [
  ['private', 'private', true],
  ['not_in_database', 'not in database', true],
  ['no_position', 'without a position'],
  ['table_full', 'table full'],
];

/** Which way packets go, as our own side sees it, in the order in which it is said. */
const WAYS = ['in', 'out', 'inside', 'through'];

/** Shares of all packets that count; '' where no packet has an end on our side. Pure. */
export function waysText(ways = {}) {
  const counts = WAYS.map((way) => ways[way] ?? 0);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === (ways.through ?? 0)) return '';
  return WAYS.map((way, i) => `${way} ${format.share((100 * counts[i]) / all)}`).join(' · ');
}

/** What to say of interfaces that hand over merged packets. Pure. */
export function mergedText(interfaces) {
  const names = interfaces.join(', ');
  const verb = interfaces.length === 1 ? 'hands' : 'hand';
  const commands = interfaces.map((name) => `ethtool -K ${name} gro off lro off tso off gso off`);
  return (
    `${names} ${verb} over merged packets (offloads): fewer than on the wire; octets are whole. ` +
    `To end that: ${commands.join('; ')}`
  );
}

export class Panel {
  #onCity;
  #snapshot = null;
  #span = '';
  #rows = ROWS;

  /** @param {(lat: number, lon: number, id: number) => void} onCity a city of the list was chosen */
  constructor(onCity) {
    this.#onCity = onCity;
  }

  show(snapshot, selection, span) {
    this.#span = span;
    this.#snapshot = snapshot;
    this.#tiles(snapshot);
    this.#notDrawn(snapshot.totals.addresses);
    this.#ways(snapshot.totals.ways);
    this.#merged(snapshot.sensor.merged_packets ?? []);
    this.reselect(selection);
  }

  /** The same snapshot, another selection. */
  reselect(selection) {
    if (!this.#snapshot) return;
    const { top, window: shownWindow, interval_s: interval, anonymised } = this.#snapshot;
    // Of hosts the server keeps two windows: since the start, and the last period for all others.
    const lastPeriod = top.talkers_window === 'now' && shownWindow !== 'now';
    const talkersSpan =
      {
        none: 'of this time are not kept',
        hidden: 'are not shown',
        past: `${this.#span}, at least`, // the busiest of each minute or hour are kept
      }[top.talkers_window] ?? (lastPeriod ? `last ${format.span(interval)}` : this.#span);
    const { sites = [], networks = [] } = top;
    const lists = 3 + (sites.length > 0) + (networks.length > 0);
    this.#rows = ROWS[lists];
    byId('side').style.setProperty('--lists', lists);
    this.#list('countries', this.#span, selection, top.countries, ([code, ...counters]) => ({
      name: format.country(code),
      counters,
    }));
    this.#list('cities', this.#span, selection, top.cities, ([name, code, lat, lon, ...rest]) => ({
      name: name || format.country(code),
      code,
      counters: rest,
      id: rest[8],
      open: () => this.#onCity(lat, lon, rest[8]),
    }));
    byId('named-sites').hidden = sites.length === 0;
    byId('named-networks').hidden = networks.length === 0;
    this.#list('networks', this.#span, selection, networks, ([asn, name, ...counters]) => ({
      name: asn ? name || format.network(asn) : 'nobody says whose',
      code: asn && name ? format.network(asn) : '',
      counters,
    }));
    this.#list('named', this.#span, selection, sites, ([name, code, lat, lon, ...rest]) => ({
      name,
      code,
      counters: rest,
      id: rest[8],
      open: () => this.#onCity(lat, lon, rest[8]),
    }));
    this.#list(
      'talkers',
      talkersSpan,
      selection,
      top.talkers,
      ([address, code, ...counters], i) => ({
        name: format.host(address, anonymised),
        code,
        title: format.networkOf(...(top.talkers_networks?.[i] ?? [0, ''])),
        counters,
      }),
    );
  }

  age(seconds, generated, state) {
    const [value, unit] = format.ageParts(seconds);
    const alarm = { stale: 'warn', offline: 'bad' }[state] ?? '';
    const note = `${format.utcTime(generated)} UTC`;
    tile('tile-age', { value, unit: `${unit} ago`, note, alarm });
  }

  /** In a saved file the age says nothing, the time does. */
  saved(generated) {
    tile('tile-age', { value: format.utcTime(generated).slice(0, 5), unit: 'UTC' });
  }

  /** Of the past it is the time that counts. */
  past(range) {
    const [value, note] = shortText(range);
    tile('tile-age', { value, unit: 'UTC', note });
  }

  resize() {
    if (this.#snapshot) this.#sparkline();
  }

  #tiles({ sensor, totals, generated }) {
    const link = sensor.link === 'unknown' ? '' : ` · link ${sensor.link}`;
    setText(byId('sensor'), `${sensor.name} · ${sensor.sources.join(', ')}${link}`);
    byId('sensor').classList.toggle('warn', sensor.link === 'down');
    tile('tile-packets', { value: format.rate(sensor.rx_pps), unit: 'pkt/s' });
    const [bits, unit] = format.bits(sensor.rx_bps);
    tile('tile-bits', { value: bits, unit });
    tile('tile-lost', {
      value: format.rate(sensor.drop_pps),
      unit: 'pkt/s',
      note:
        sensor.lost_total > 0 && sensor.drop_pps === 0
          ? `${format.count(sensor.lost_total)} before`
          : format.share(sensor.drop_pct),
      alarm: sensor.drop_pps > 0 ? 'warn' : '',
    });
    tile('tile-places', {
      value: format.exact(totals.locations),
      note: `in ${totals.countries} ${totals.countries === 1 ? 'country' : 'countries'}`,
    });
    this.#sparkline();
    const attribution = byId('attribution');
    setText(attribution, sensor.attribution || sensor.geo_db);
    if (/^https:\/\//.test(sensor.attribution_url ?? '')) attribution.href = sensor.attribution_url;
    else attribution.removeAttribute('href');
    setText(byId('geo-db'), sensor.attribution && sensor.geo_db ? ` (${sensor.geo_db})` : '');
    const days = (Date.parse(generated) - Date.parse(sensor.geo_built ?? generated)) / 864e5;
    const faults = [
      days > OLD_DAYS && `${Math.floor(days)} days old`,
      sensor.geo_refused && 'a newer file is damaged: see the log',
    ].filter(Boolean);
    setText(byId('geo-age'), faults.length ? ` ${faults.join(', ')}` : '');
  }

  #sparkline() {
    drawSparkline(byId('tile-packets').querySelector('canvas'), this.#snapshot.sensor.history);
  }

  #notDrawn(addresses) {
    const parts = FATES.map(([key, label, usual]) => ({
      label,
      usual,
      count: addresses[key] ?? 0,
    }));
    const missing = parts.reduce((sum, part) => sum + part.count, 0);
    const all = missing + (addresses.located ?? 0) + (addresses.site ?? 0);
    const percent = (count) => (all ? (100 * count) / all : 0);
    setText(byId('not-drawn-share'), all ? format.share(percent(missing)) : '–');
    setText(
      byId('not-drawn-parts'),
      parts
        .filter((part) => part.count > 0 || part.usual)
        .map((part) => `${part.label} ${all ? format.share(percent(part.count)) : '–'}`)
        .join(' · '),
    );
    byId('not-drawn-bar').style.width = `${percent(missing)}%`;
  }

  #ways(ways) {
    const text = waysText(ways);
    byId('ways').hidden = text === '';
    setText(byId('ways'), text);
  }

  /** Interfaces whose offloads merge packets: which, what that means, and the command against it. */
  #merged(interfaces) {
    byId('merged').hidden = interfaces.length === 0;
    setText(byId('merged'), mergedText(interfaces));
  }

  #list(id, span, selection, rows, read) {
    const octets = selection.unit === 'octets';
    const write = octets ? format.octets : format.count;
    const list = rows
      .map((row, i) => {
        const entry = read(row, i);
        const layers = amounts(entry.counters, 0, selection);
        const tcp = selection.tcp ? layers[0] : 0;
        const udp = selection.udp ? layers[1] : 0;
        return { ...entry, tcp, udp, sum: shown(layers, selection) };
      })
      .filter(({ sum }) => sum > 0)
      .sort((a, b) => b.sum - a.sum)
      .slice(0, this.#rows);
    const most = list.length ? list[0].sum : 1;
    setText(
      byId(`${id}-unit`),
      /(kept|shown)$/.test(span) ? span : `${octets ? 'octets' : 'packets'}, ${span}`,
    );
    refill(
      byId(id),
      ...list.map(({ name, code, title, tcp, udp, sum, id: place, open }) => {
        const label = element('span', 'name', nameOf(name));
        label.title = title ? `${name}, ${title}` : name;
        if (code) label.append(element('span', 'code', code));
        const line = element(open ? 'button' : 'div', 'row');
        line.append(
          label,
          element('span', 'number', write(sum)),
          element('span', 'spoken', `, TCP ${write(tcp)}, UDP ${write(udp)}`),
        );
        if (open) {
          line.type = 'button';
          line.dataset.id = place;
          line.addEventListener('click', open);
        }
        return element('li', '', line, layerBar((100 * tcp) / most, (100 * udp) / most));
      }),
    );
  }
}
