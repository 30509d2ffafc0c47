// SPDX-License-Identifier: BSD-3-Clause
// The wall of a fleet: how its sensors are. The list beside the map (the worst first, in place of the
// hosts, which only a sensor knows), all of them in a window of its own, and each at its position.
// The functions on top are pure.

import { byId, element, nameOf, refill, setText } from './dom.js';
import * as format from './formats.js';
import { fixedBoxes, overlaps } from './labels.js';
import { latToY, lonToX } from './projection.js';

const ROWS = 5;
const NAMED = 3; // in the banner
const LEAST_PAUSE_MS = 5000;
const MANY = 60; // sites: those that are well are smaller then
const LABELS = 20; // of sites that are in trouble
const LABEL_REM = 1.25;

const siteOf = ({ name, site }) => site || name;

/** What is wrong with a sensor, in a word for the list; '' where nothing is. */
export function troubleOf({ state, losing, old_database: old }) {
  if (state === 'silent') return 'SILENT';
  if (state === 'late') return 'LATE';
  if (losing) return 'LOSING';
  return old ? 'OLD DB' : '';
}

const since = (heard, now) =>
  heard ? format.age(Math.max(0, (now - Date.parse(heard)) / 1000)) : 'never';

/** "Köln, Paris, Rome and 4 more" */
export function namesText(names, count) {
  const shown = names.slice(0, NAMED);
  const more = count - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** What the banner says of the sensors; '' where all is well. */
export function fleetText(fleet) {
  if (!fleet) return '';
  const faults = [];
  const named = (test) => fleet.worst.filter(test).map(siteOf);
  if (fleet.away) faults.push('Kafka does not answer');
  if (fleet.silent > 0) {
    faults.push(
      `Silent: ${namesText(
        named(({ state }) => state === 'silent'),
        fleet.silent,
      )}`,
    );
  }
  if (fleet.losing > 0) {
    faults.push(
      `Losing packets: ${namesText(
        named(({ losing }) => losing),
        fleet.losing,
      )}`,
    );
  }
  return faults.join(' · ');
}

/** "297 of 300 live · 2 late · 1 silent" */
export function statesText({ sensors, live, late, silent }) {
  const parts = [`${live} of ${sensors} live`];
  if (late) parts.push(`${late} late`);
  if (silent) parts.push(`${silent} silent`);
  return parts.join(' · ');
}

/** Those of a group, or all; and by a word that is in name, site or group. */
export function chosen(sensors, group, word = '') {
  const wanted = word.trim().toLowerCase();
  return sensors.filter(
    (sensor) =>
      (group === '' || sensor.group === group) &&
      (wanted === '' ||
        [sensor.name, sensor.site, sensor.group].some((text) =>
          text.toLowerCase().includes(wanted),
        )),
  );
}

export class Fleet {
  sensor = '';
  group = '';
  boxes = []; // of names on the map, for labels to keep clear of
  away = false; // whoever has the records does not answer
  #fleet = null; // as the snapshot says
  #all = []; // as /api/v1/sensors says
  #asked = -Infinity;
  #on;
  #canvas = byId('sites');
  #word = '';

  /**
   * @param {{live: boolean, changed: () => void, chosen: () => void}} on live: there is a server;
   *   changed: what stands on the map is another; chosen: one sensor, a group, or all
   */
  constructor(on) {
    this.#on = on;
    byId('sensors-all').addEventListener('click', () => this.open());
    byId('sensors-group').addEventListener('change', ({ target }) =>
      this.choose({ group: target.value }),
    );
    byId('sensors-none').addEventListener('click', () => this.choose({}));
    byId('fleet-word').addEventListener('input', ({ target }) => {
      this.#word = target.value;
      this.#table();
    });
  }

  get there() {
    return this.#fleet !== null;
  }

  /** A snapshot has come. */
  show(fleet, now) {
    if (fleet === undefined) return; // of the past nobody knows how they were
    this.#fleet = fleet;
    this.away = fleet?.away ?? false;
    byId('sensors').hidden = !fleet;
    byId('hosts').hidden = Boolean(fleet);
    if (!fleet) return;
    setText(byId('sensors-count'), statesText(fleet));
    byId('sensors-all').hidden = !this.#on.live;
    this.#list(now);
    this.#ask();
  }

  /** One sensor, a group of sites, or neither: all of them. */
  choose({ sensor = '', group = '' }) {
    this.sensor = sensor;
    this.group = group;
    byId('sensors-group').value = group;
    this.#list(Date.now());
    this.#table();
    byId('fleet').close();
    this.#on.chosen();
    this.#on.changed();
  }

  open() {
    if (!this.there || !this.#on.live) return;
    this.#table();
    byId('fleet').showModal();
  }

  /** Not more often than the map itself: all of a large fleet is some hundred kilobytes. */
  async #ask() {
    if (!this.#on.live || performance.now() - this.#asked < LEAST_PAUSE_MS) return;
    this.#asked = performance.now();
    const answer = await fetch('api/v1/sensors', { credentials: 'same-origin' }).catch(() => null);
    const said = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!Array.isArray(said?.sensors)) return; // what is there stays
    this.#all = said.sensors;
    this.away = said.fleet?.transport.away ?? false;
    this.#groups();
    this.#list(Date.parse(said.generated));
    if (byId('fleet').open) this.#table();
    this.#on.changed();
  }

  /** While no period comes: why? */
  askWhy() {
    if (this.there) this.#ask();
  }

  #groups() {
    const groups = [...new Set(this.#all.map(({ group }) => group))].filter(Boolean).sort();
    const select = byId('sensors-group');
    select.hidden = groups.length < 2 && this.group === '';
    const names = ['', ...groups];
    if (this.group && !groups.includes(this.group)) names.push(this.group);
    if ([...select.options].map(({ value }) => value).join('\n') === names.join('\n')) return;
    select.replaceChildren(
      ...names.map((name) => {
        const option = element('option', '', name || 'all groups');
        option.value = name;
        return option;
      }),
    );
    select.value = this.group;
  }

  #list(now) {
    byId('sensors-none').hidden = !this.sensor && !this.group;
    const sensors = this.#all.length ? chosen(this.#all, this.group) : (this.#fleet?.worst ?? []);
    refill(
      byId('sensors-list'),
      ...sensors.slice(0, ROWS).map((sensor) => {
        const trouble = troubleOf(sensor);
        const label = element('span', 'name', nameOf(siteOf(sensor)));
        label.title = sensor.site ? `${sensor.name}, ${sensor.site}` : sensor.name;
        const quiet = sensor.state === 'silent' ? ` ${since(sensor.heard, now)}` : '';
        const word = element('span', `state ${trouble ? 'warn' : 'ok'}`, trouble || 'LIVE', quiet);
        const row = element(this.#on.live ? 'button' : 'div', 'row', label, word);
        if (this.#on.live) this.#chooses(row, sensor);
        return element('li', '', row);
      }),
    );
  }

  #button(sensor) {
    const button = element('button', 'link', nameOf(sensor.name));
    this.#chooses(button, sensor);
    return button;
  }

  #chooses(button, { name }) {
    button.type = 'button';
    button.dataset.id = name;
    button.addEventListener('click', () => this.choose({ sensor: name }));
  }

  #table() {
    const sensors = chosen(this.#all, this.group, this.#word);
    setText(byId('fleet-count'), `${sensors.length} of ${this.#all.length} sensors`);
    byId('fleet-rows').replaceChildren(
      ...sensors.map((sensor) => {
        const trouble = troubleOf(sensor);
        const cell = (text, className = '') => element('td', className, text);
        return element(
          'tr',
          trouble ? 'warn' : '',
          cell(trouble || 'LIVE', 'state'),
          element('td', '', this.#button(sensor)),
          element('td', '', nameOf(sensor.site)),
          element('td', '', nameOf(sensor.group)),
          cell(since(sensor.heard, Date.now()), 'number'),
          cell(format.count(sensor.received), 'number'),
          cell(format.count(sensor.lost), 'number'),
          cell(sensor.skew_ms ? `${(sensor.skew_ms / 1000).toFixed(1)} s` : '', 'number'),
          cell(sensor.database_built?.slice(0, 10) ?? '', 'number'),
        );
      }),
    );
  }

  // ---- on the map ----

  #shown() {
    if (this.sensor) return this.#all.filter(({ name }) => name === this.sensor);
    return chosen(this.#all, this.group);
  }

  /** Each at its position: a ring where it is well, a filled triangle with its name where not. */
  draw(view) {
    const canvas = this.#canvas;
    const there = this.there && this.#all.some(({ latitude }) => latitude !== null);
    canvas.hidden = !there;
    this.boxes = [];
    if (!there) return;
    const ratio = view.pixelRatio;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== width || canvas.height !== height)
      Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const sites = this.#shown()
      .filter(({ latitude }) => latitude !== null)
      .map((sensor) => ({
        sensor,
        // an old database is for the list: it is no news at the place
        trouble: sensor.state === 'live' && !sensor.losing ? '' : troubleOf(sensor),
        x: view.screenX(lonToX(sensor.longitude)),
        y: view.screenY(latToY(sensor.latitude)),
      }));
    for (const site of sites.reverse()) this.#mark(context, site, view.rem); // the worst on top
    this.boxes = this.#names(context, sites.reverse(), view);
  }

  #mark(context, { trouble, x, y }, rem) {
    const many = this.#all.length > MANY;
    const size = (trouble ? 0.62 : many ? 0.3 : 0.42) * rem;
    context.beginPath();
    if (trouble) {
      context.moveTo(x, y - size);
      context.lineTo(x + size, y + 0.8 * size);
      context.lineTo(x - size, y + 0.8 * size);
      context.closePath();
    } else {
      context.rect(x - size, y - size, 2 * size, 2 * size);
    }
    context.lineWidth = 0.3 * rem;
    context.strokeStyle = '#000b';
    context.stroke();
    context.fillStyle = trouble ? '#ffc21a' : '#05080d';
    context.fill();
    context.lineWidth = 0.14 * rem;
    context.strokeStyle = trouble ? '#000' : '#3ddc97';
    context.stroke();
  }

  /** Gives the boxes that they take. */
  #names(context, sites, { rem, width }) {
    const taken = [];
    const fixed = fixedBoxes(this.#canvas.parentElement);
    context.font = `700 ${LABEL_REM * rem}px AHN, sans-serif`;
    context.textBaseline = 'middle';
    for (const { sensor, trouble, x, y } of sites.slice(0, LABELS)) {
      if (!trouble) break;
      const text = `${siteOf(sensor)} ${trouble}`;
      const w = context.measureText(text).width;
      const box = [x + 0.9 * rem, x - 0.9 * rem - w]
        .map((left) => ({ x: left, y: y - 0.8 * rem, w, h: 1.6 * rem }))
        .find(
          (room) =>
            room.x > 0 &&
            room.x + w < width &&
            ![...fixed, ...taken].some((other) => overlaps(room, other)),
        );
      if (!box) continue; // the banner and the list name it all the same
      taken.push(box);
      context.lineWidth = 0.3 * rem;
      context.strokeStyle = '#000c';
      context.strokeText(text, box.x, y);
      context.fillStyle = '#ffc21a';
      context.fillText(text, box.x, y);
    }
    return taken;
  }
}
