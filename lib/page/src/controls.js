// SPDX-License-Identifier: BSD-3-Clause
// Buttons and keys. Each does one call on `actions`; what it means is main.js's matter.

import { byId, element, setPressed } from './dom.js';

const PAN_STEP = 0.15; // of the stage
const KEY_ZOOM = 1.5;
const BUTTON_ZOOM = 1.6;

const WINDOW_NAMES = {
  now: 'Now',
  '1m': '1 min',
  '5m': '5 min',
  '1h': '1 h',
  '24h': '24 h',
  start: 'Start',
};

export class Controls {
  #actions;
  #windows = '';

  constructor(actions) {
    this.#actions = actions;
    byId('tcp').addEventListener('click', () => actions.toggle('tcp'));
    byId('udp').addEventListener('click', () => actions.toggle('udp'));
    for (const [group, choose] of [
      ['direction', (value) => actions.choose('direction', value)],
      ['unit', (value) => actions.choose('unit', value)],
      ['window', (value) => actions.window(value)],
      ['whose', (value) => actions.side(value)],
      ['kind', (value) => actions.kind(value)],
    ]) {
      byId(group).addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (button) choose(button.value);
      });
    }
    byId('zoom-in').addEventListener('click', () => actions.zoom(BUTTON_ZOOM));
    byId('zoom-out').addEventListener('click', () => actions.zoom(1 / BUTTON_ZOOM));
    byId('zoom-world').addEventListener('click', () => actions.world());
    byId('night').addEventListener('click', () => actions.night());
    byId('help-button').addEventListener('click', () => byId('help').showModal());
    byId('controls-button').addEventListener('click', () => this.#unfold());
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  show(selection) {
    setPressed(byId('tcp'), selection.tcp);
    setPressed(byId('udp'), selection.udp);
    for (const group of ['direction', 'unit']) {
      for (const button of byId(group).querySelectorAll('button')) {
        setPressed(button, button.value === selection[group]);
      }
    }
  }

  /** Spots or countries. */
  kind(countries) {
    for (const button of byId('kind').querySelectorAll('button')) {
      setPressed(button, (button.value === 'countries') === countries);
    }
  }

  /** The windows that the server keeps, and the one that is shown. */
  windows(names, shown) {
    const group = byId('window');
    if (this.#windows !== names.join()) {
      this.#windows = names.join();
      group.replaceChildren(
        ...names.map((name) => {
          const button = element('button', '', WINDOW_NAMES[name] ?? name);
          button.type = 'button';
          button.value = name;
          return button;
        }),
      );
    }
    for (const button of group.querySelectorAll('button')) {
      setPressed(button, button.value === shown);
    }
  }

  /** All addresses or those of the others; only where some are known to be ours. */
  side(shown, known) {
    const group = byId('whose');
    group.hidden = !known;
    for (const button of group.querySelectorAll('button')) {
      setPressed(button, button.value === shown);
    }
  }

  /** On a phone they are behind one button: the map comes first. */
  #unfold() {
    const button = byId('controls-button');
    const open = button.ariaExpanded !== 'true';
    button.ariaExpanded = String(open);
    button.textContent = open ? 'Close' : 'Show';
    byId('controls').classList.toggle('open', open);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
      return;
    const actions = this.#actions;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const bindings = {
      t: () => actions.toggle('tcp'),
      u: () => actions.toggle('udp'),
      d: () => actions.next('direction'),
      b: () => actions.next('unit'),
      w: () => actions.nextWindow(),
      o: () => actions.nextSide(),
      m: () => actions.nextKind(),
      y: () => actions.night(),
      r: () => actions.nextRegion(),
      '+': () => actions.zoom(KEY_ZOOM),
      '=': () => actions.zoom(KEY_ZOOM),
      '-': () => actions.zoom(1 / KEY_ZOOM),
      0: () => actions.world(),
      Home: () => actions.world(),
      ArrowLeft: () => actions.pan(PAN_STEP, 0),
      ArrowRight: () => actions.pan(-PAN_STEP, 0),
      ArrowUp: () => actions.pan(0, PAN_STEP),
      ArrowDown: () => actions.pan(0, -PAN_STEP),
      Escape: () => actions.close(),
      p: () => actions.play(),
      ',': () => actions.walk(-1),
      '.': () => actions.walk(1),
      s: () => actions.nextSpan(),
      l: () => actions.live(),
      c: () => actions.nextChange(),
      n: () => actions.sensors(),
      f: () => actions.fullScreen(),
      '?': () => byId('help').showModal(),
    };
    const act = /^[1-9]$/.test(key) ? () => actions.spot(Number(key) - 1) : bindings[key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
