// SPDX-License-Identifier: BSD-3-Clause
// Puts the parts together. A snapshot comes in by polling (or lies in the file), becomes places, and
// is drawn: land, heat, labels, panel. What a hand or the address changes ends in redraw().

import { Card } from './card.js';
import { Controls } from './controls.js';
import { byId } from './dom.js';
import * as format from './formats.js';
import { Freshness, browserClocks } from './freshness.js';
import { Heat } from './heat.js';
import { Kiosk } from './kiosk.js';
import { Labels } from './labels.js';
import { Land } from './land.js';
import { Legend } from './legend.js';
import { Panel } from './panel.js';
import { Places } from './places.js';
import { Poller } from './polling.js';
import { lonToX, latToY } from './projection.js';
import { DIRECTIONS, UNITS } from './selection.js';
import { Status, bannerOf, emptyOf, pillOf } from './status.js';
import { readAddress, writeAddress } from './url-state.js';
import { View } from './view.js';

const SPOT_ZOOM = 8; // of "go to this place"
const PICK_REM = 1.4; // how near the pointer must be
const HOVER_MS = 60;
const FONT_WAIT_MS = 1500;
const RELOAD_PAUSE_MS = 300e3;

/**
 * The JSON in the page, if this is a saved file: as it is, or base64 of its gzip, half the size (what
 * gzip makes begins with 1f 8b 08, in base64 "H4sI").
 */
async function inlined(id) {
  const text = byId(id)?.textContent.trim();
  if (!text) return null;
  if (!text.startsWith('H4sI')) return JSON.parse(text);
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(plain).json();
}

async function fetchJson(path) {
  const answer = await fetch(path, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return answer.json();
}

const heatPath = (window) => `api/v1/heat${window ? `?window=${encodeURIComponent(window)}` : ''}`;

const remOf = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

class Page {
  /** @param {{world: object, saved: ?object, address: object, freshness: Freshness, poller: ?Poller}} */
  constructor({ world, saved, address, freshness, poller }) {
    this.address = address;
    this.selection = { ...this.address.selection };
    this.window = this.address.window;
    this.saved = saved;
    this.snapshot = null;
    this.build = null;
    this.scheduled = false;
    this.lastInput = -Infinity;
    this.stage = byId('stage');

    this.land = new Land(world, byId('base'));
    this.places = new Places(this.land);
    this.heat = new Heat(byId('heat'));
    this.legend = new Legend();
    this.status = new Status();
    this.panel = new Panel((lat, lon, id) => this.openPlace(lat, lon, id));
    this.labels = new Labels(byId('labels'), this.stage, this.land.context, {
      open: (i, pinned) => this.openCard(i, { pinned }),
      leave: () => this.leaveCard(),
    });
    this.card = new Card(byId('card'), {
      land: this.land,
      live: !saved,
      onClose: () => this.closeCard(),
    });
    this.view = new View(this.stage, () => this.viewChanged());
    this.view.setHome(this.address.at);
    this.controls = new Controls(this.actions());
    this.controls.show(this.selection);
    this.freshness = freshness;
    this.poller = poller;
    if (this.address.kiosk) {
      const turn = (layers) => this.setSelection(layers, { keepAddress: true });
      this.kiosk = new Kiosk(this.address.cycle, turn, browserClocks().monotonic);
    }
  }

  start() {
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.resize();
    this.view.goHome();
    this.watchPointer();
    for (const canvas of [byId('base'), byId('heat')]) {
      canvas.addEventListener('contextrestored', () => this.redraw());
    }
    if (this.saved) {
      this.showSaved();
      return;
    }
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.poller.again();
    });
    setInterval(() => this.tick(), 1000);
    this.tick();
  }

  // ---- data ----

  /** With the server its page is upgraded. */
  checkBuild(build) {
    if (build === undefined || build === this.build) return;
    if (this.build) this.reload();
    else this.build = build;
  }

  /**
   * Not while the server has no page to give: from an error page nothing comes back. And not again
   * and again: two servers behind one name may answer in turns.
   */
  async reload() {
    const last = Number(sessionStorage.getItem('reloaded'));
    if (Math.abs(Date.now() - last) < RELOAD_PAUSE_MS) return;
    const page = await fetch('./', { cache: 'no-store' }).catch(() => null);
    if (!page?.ok) return;
    sessionStorage.setItem('reloaded', String(Date.now()));
    this.writeAddress(this.address.at); // where a hand has moved the map is no home
    location.reload();
  }

  take(snapshot) {
    const started = performance.now();
    const openId = this.card.place === null ? null : this.places.id[this.card.place];
    this.places.load(snapshot);
    this.places.weigh(this.selection);
    if (snapshot.window !== this.snapshot?.window) this.heat.rescale();
    snapshot.points = null; // the large arrays are let go at once
    snapshot.places = null;
    this.snapshot = snapshot;
    this.panel.show(snapshot, this.selection, this.spanText({ short: true }));
    this.controls.windows(this.saved ? [snapshot.window] : snapshot.windows, snapshot.window);
    byId('save').href =
      `ip_heatmap.html${this.window ? `?window=${encodeURIComponent(this.window)}` : ''}`;
    this.reopen = openId;
    this.draw();
    this.stage.dataset.period = snapshot.period;
    this.stage.dataset.drawMs = (performance.now() - started).toFixed(1);
  }

  showSaved() {
    this.take(this.saved);
    const generated = new Date(this.saved.generated);
    document.title = `IP heatmap ${format.utc(generated)}`;
    document.body.classList.add('saved');
    this.status.clock(generated);
    this.status.pill(pillOf('snapshot', this.snapshot));
    const banner = bannerOf({ freshness: 'snapshot', snapshot: this.snapshot });
    this.status.banner(banner?.look === 'note' ? null : banner);
    this.panel.saved(generated);
    if (this.kiosk) setInterval(() => this.kioskTick(), 1000);
  }

  /** Once a second, and after every answer. */
  tick() {
    const clocks = browserClocks();
    const { freshness } = this;
    const state = freshness.state(clocks);
    const age = freshness.age(clocks);
    const generated = freshness.generated === null ? null : new Date(freshness.generated * 1000);
    this.status.clock(new Date(freshness.serverTime(clocks) * 1000));
    this.status.pill(pillOf(state, this.snapshot));
    const banner = bannerOf({
      freshness: state,
      age,
      failures: freshness.failures,
      error: freshness.error,
      snapshot: this.snapshot,
      generated,
    });
    if (this.status.banner(banner)) this.redraw();
    if (generated) this.panel.age(age, generated, state);
    this.kioskTick();
    const { reset } = this.address;
    if (reset && this.idle(clocks) > reset) this.leftAlone();
  }

  /** Nobody is here any more: what a hand has opened closes, and the map goes home. */
  leftAlone() {
    if (this.card.open) this.closeCard();
    if (byId('help').open) byId('help').close();
    if (!this.view.isHome()) this.view.goHome();
  }

  kioskTick() {
    const clocks = browserClocks();
    this.kiosk?.tick(clocks.monotonic, this.idle(clocks));
  }

  idle(clocks) {
    return clocks.monotonic - this.lastInput;
  }

  touched() {
    this.lastInput = browserClocks().monotonic;
    document.body.classList.remove('quiet');
  }

  // ---- drawing ----

  resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    const rem = remOf();
    this.view.resize(width, height, rem);
    const base = byId('base');
    base.width = Math.round(width * this.view.pixelRatio);
    base.height = Math.round(height * this.view.pixelRatio);
    this.heat.resize(width, height, rem);
    this.panel.resize();
    this.redraw();
  }

  viewChanged() {
    this.heat?.rescale();
    if (this.card.open && !this.card.pinned) this.card.hide();
    this.redraw({ land: true });
    if (!this.view.moving) this.writeAddress();
  }

  /** Draws with the next frame. */
  redraw() {
    this.landStale = true;
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  draw() {
    const { view } = this;
    if (!view.width) return;
    if (this.landStale) this.land.draw(view); // not for new data: the land has not moved
    this.landStale = false;
    this.heat.draw(this.places, view, this.selection);
    const span = this.snapshot ? this.spanText() : '';
    this.legend.draw(this.heat, this.selection, span, this.places);
    this.status.empty(emptyOf(this.snapshot, this.selection, this.anythingShown()));
    if (view.moving) this.labels.hide();
    else this.labels.draw(this.places, view, this.selection, this.land.countries);
    this.placeCard();
  }

  /** The time that the counts cover, in words; `short`: where the legend beside says it in full. */
  spanText({ short = false } = {}) {
    const { window: name, window_s: seconds } = this.snapshot;
    if (name !== 'start') return `last ${format.span(seconds)}`;
    return short ? 'since the start' : `since the start (${format.span(seconds)})`;
  }

  anythingShown() {
    for (let i = 0; i < this.places.length; i++) {
      const tcp = this.selection.tcp ? this.places.tcp[i] : 0;
      const udp = this.selection.udp ? this.places.udp[i] : 0;
      if (tcp + udp > 0) return true;
    }
    return false;
  }

  // ---- the card ----

  /** The hottest place within reach of a point of the stage. */
  pick(x, y) {
    const { places, view, selection } = this;
    const reach = (PICK_REM * view.rem) ** 2;
    let best = -1;
    let bestHeat = 0;
    let count = 0;
    let sum = 0;
    for (let i = 0; i < places.length; i++) {
      const right = view.screenX(places.x[i]) - x;
      const down = view.screenY(places.y[i]) - y;
      if (right * right + down * down > reach) continue;
      const heat = places.shown(i, selection);
      if (heat <= 0) continue;
      count++;
      sum += heat;
      if (heat > bestHeat) {
        bestHeat = heat;
        best = i;
      }
    }
    return { best, others: { count: count - 1, sum: sum - bestHeat } };
  }

  openCard(i, { pinned = false, others } = {}) {
    this.card.show(this.places, i, this.view, this.selection, { pinned, others });
  }

  openId(id) {
    const i = this.places.indexOf(id);
    if (i >= 0) this.openCard(i);
  }

  openAt(x, y, pinned) {
    const { best, others } = this.pick(x, y);
    if (best >= 0) this.openCard(best, { pinned, others });
    else if (pinned || !this.card.pinned) this.card.hide();
  }

  openPlace(lat, lon, id) {
    this.touched();
    this.view.goTo(lat, lon, Math.max(this.view.zoom, SPOT_ZOOM));
    const i = this.places.indexOf(id);
    if (i >= 0) this.openCard(i, { pinned: true });
    else this.openAt(this.view.screenX(lonToX(lon)), this.view.screenY(latToY(lat)), true);
  }

  /** After a redraw the open card stands at its place again, with the new numbers. */
  placeCard() {
    if (this.reopen !== null && this.reopen !== undefined) {
      const i = this.places.indexOf(this.reopen);
      this.reopen = null;
      if (i < 0) this.card.hide();
      else this.openCard(i);
    } else if (this.card.place !== null) this.openCard(this.card.place);
  }

  leaveCard() {
    if (!this.card.pinned) this.card.hide();
  }

  closeCard() {
    const inside = byId('card').contains(document.activeElement);
    this.card.hide();
    if (inside) byId('map').focus();
  }

  watchPointer() {
    const { stage } = this;
    let timer = 0;
    const local = (event) => {
      const box = stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const onControl = (event) => event.target.closest('[data-no-zoom], .spot');
    for (const type of ['pointerdown', 'pointermove', 'wheel', 'keydown']) {
      window.addEventListener(type, () => this.touched(), { passive: true });
    }
    stage.addEventListener('pointermove', (event) => {
      clearTimeout(timer);
      if (event.pointerType === 'touch' || event.buttons) return;
      if (this.card.pinned) return;
      const [x, y] = local(event);
      const label = event.target.closest('.spot'); // hovering a label is hovering its place
      const look = () => {
        if (label) this.openId(Number(label.dataset.id));
        else if (onControl(event)) this.leaveCard();
        else this.openAt(x, y, false);
      };
      timer = setTimeout(() => this.card.pinned || look(), HOVER_MS);
    });
    stage.addEventListener('pointerleave', () => {
      clearTimeout(timer);
      this.leaveCard();
    });
    stage.addEventListener('click', (event) => {
      if (onControl(event)) return;
      this.card.hide();
      this.openAt(...local(event), true);
    });
  }

  // ---- what a hand does ----

  setSelection(change, { keepAddress = false } = {}) {
    Object.assign(this.selection, change);
    this.controls.show(this.selection);
    this.places.weigh(this.selection);
    this.panel.reselect(this.selection);
    this.heat.rescale();
    this.redraw();
    if (!keepAddress) this.writeAddress();
  }

  setWindow(name) {
    this.window = name;
    this.writeAddress();
    if (!this.saved) this.poller.start(heatPath(this.window));
  }

  writeAddress(at = this.view.zoom > 1.001 ? this.view.position() : null) {
    const { window: name } = this;
    const selection = { ...this.selection };
    if (this.kiosk && this.address.cycle) {
      // The turns undo what a hand has switched: the address keeps what the wall was started with.
      const { tcp, udp } = this.address.selection;
      Object.assign(selection, { tcp, udp });
    }
    try {
      const search = writeAddress(location.search, { selection, window: name, at });
      if (search !== location.search) history.replaceState(null, '', location.pathname + search);
    } catch {
      // A file from disk may not rename itself; then the address stays as it was.
    }
  }

  actions() {
    const after = (list, value) => list[(list.indexOf(value) + 1) % list.length];
    const lists = { direction: DIRECTIONS, unit: UNITS };
    return {
      toggle: (layer) => this.setSelection({ [layer]: !this.selection[layer] }),
      choose: (what, value) => this.setSelection({ [what]: value }),
      next: (what) => this.setSelection({ [what]: after(lists[what], this.selection[what]) }),
      window: (name) => this.setWindow(name),
      nextWindow: () => {
        if (this.snapshot && !this.saved) {
          this.setWindow(after(this.snapshot.windows, this.snapshot.window));
        }
      },
      zoom: (factor) => this.view.zoomBy(factor),
      pan: (right, down) => this.view.panBy(right, down),
      world: () => {
        this.closeCard();
        this.view.goWorld();
      },
      spot: (rank) => {
        const spot = this.labels.spots[rank];
        if (!spot) return;
        const { lat, lon, id } = this.places;
        this.openPlace(lat[spot.i], lon[spot.i], id[spot.i]);
      },
      close: () => this.closeCard(),
      fullScreen: () =>
        document.fullscreenElement
          ? document.exitFullscreen()
          : document.documentElement.requestFullscreen().catch(() => {}),
    };
  }
}

/** The map from the server, however long that takes: nobody stands at a wall to reload it. */
async function fetchWorld() {
  for (let wait = 2; ; wait = Math.min(30, wait * 2)) {
    try {
      return await fetchJson('world.json');
    } catch (error) {
      const text = `The map does not load (${error.message}), trying again`;
      new Status().banner({ text, look: 'offline' });
      await new Promise((later) => setTimeout(later, wait * 1000));
    }
  }
}

/**
 * Map, font and first snapshot are asked for at once: with a hundred thousand places the snapshot takes
 * longest, and the page is ready when it comes.
 */
async function begin() {
  const saved = await inlined('heat-data');
  const address = readAddress(location.search);
  const freshness = new Freshness();
  let ready;
  const page = new Promise((resolve) => (ready = resolve));
  const poller = saved
    ? null
    : new Poller(freshness, {
        build: async (build) => (await page).checkBuild(build),
        snapshot: async (snapshot) => (await page).take(snapshot),
        heard: async () => (await page).tick(),
      });
  poller?.start(heatPath(address.window));
  const fonts = document.fonts.load('600 20px AHN').catch(() => {});
  const world = (await inlined('world-data')) ?? (await fetchWorld());
  await Promise.race([fonts, new Promise((done) => setTimeout(done, FONT_WAIT_MS))]);
  const made = new Page({ world, saved, address, freshness, poller });
  made.start();
  ready(made);
}

begin().catch((error) => {
  new Status().banner({ text: `The page could not start: ${error.message}`, look: 'offline' });
});
