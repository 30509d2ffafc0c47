// SPDX-License-Identifier: BSD-3-Clause
// Puts the parts together. A snapshot comes in by polling (or lies in the file), becomes places, and
// is drawn: land, heat, labels, panel. What a hand or the address changes ends in redraw().

import { actionsOf } from './actions.js';
import { Build } from './build.js';
import { Card } from './card.js';
import { Change, changeBanner, rangeAsked } from './change.js';
import { Controls } from './controls.js';
import { Countries } from './countries.js';
import { drawMap } from './drawing.js';
import { byId, setPressed } from './dom.js';
import { Events } from './events.js';
import { Fleet } from './fleet.js';
import { browserClocks } from './freshness.js';
import { Heat } from './heat.js';
import { Kiosk } from './kiosk.js';
import { Labels } from './labels.js';
import { Land } from './land.js';
import { Legend } from './legend.js';
import { Night } from './night.js';
import { Panel } from './panel.js';
import { Past, hostsPath } from './past.js';
import { Places } from './places.js';
import { pick, watchPointer } from './pointer.js';
import { isSnapshot } from './polling.js';
import { lonToX, latToY } from './projection.js';
import { Regions } from './regions.js';
import { coveredText } from './spans.js';
import { Status, bannerOf, pastBanner, pillOf } from './status.js';
import { heatPath, writeAddress } from './url-state.js';
import { savePath, showSaved } from './saved.js';
import { View } from './view.js';

const SPOT_ZOOM = 8; // of "go to this place"

const remOf = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

export class Page {
  /** @param {{world: object, saved: ?object, address: object, freshness: Freshness, poller: ?Poller}} */
  constructor({ world, saved, address, freshness, poller }) {
    this.address = address;
    this.selection = { ...this.address.selection };
    this.window = this.address.window;
    this.side = this.address.side;
    this.saved = saved;
    this.snapshot = null;
    // where a hand has moved the map is no home
    this.build = new Build(() => this.writeAddress(this.address.at));
    this.scheduled = false;
    this.lastInput = -Infinity;
    this.stage = byId('stage');

    this.land = new Land(world, byId('base'));
    this.places = new Places(this.land);
    this.countries = new Countries(this.land, this.places);
    this.countries.on = this.address.countries;
    this.night = new Night();
    this.night.on = this.address.night;
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
      path: (id) => (this.countries.on ? null : hostsPath(id, this)),
      onClose: () => this.closeCard(),
    });
    this.view = new View(this.stage, () => this.viewChanged());
    this.view.setHome(this.address.at);
    this.regions = new Regions(this.view);
    this.fleet = new Fleet({
      live: !saved,
      changed: () => this.redraw(),
      chosen: () => this.partChosen(),
    });
    this.fleet.sensor = this.address.sensor;
    this.fleet.group = this.address.group;
    this.freshness = freshness;
    this.poller = poller;
    this.past = new Past({
      span: this.address.span,
      now: () => freshness.serverTime(browserClocks()),
      side: () => this.side,
      on: {
        show: (snapshot) => this.takePast(snapshot),
        changed: () => this.timeChanged(),
        live: () => poller?.start(this.path()),
      },
    });
    const open = (lat, lon) => this.view.goTo(lat, lon, Math.max(this.view.zoom, SPOT_ZOOM));
    this.change = new Change({
      changed: () => this.changeCame(),
      chosen: () => this.changeChosen(),
      open,
      side: () => this.side,
    });
    this.events = new Events({ changed: () => this.redraw(), open });
    this.controls = new Controls(actionsOf(this));
    this.controls.show(this.selection);
    this.controls.kind(this.countries.on);
    setPressed(byId('night'), this.night.on);
    if (this.address.kiosk) {
      const turn = (layers) => this.setSelection(layers, { keepAddress: true });
      this.kiosk = new Kiosk(this.address.cycle, turn, browserClocks().monotonic);
    }
  }

  start() {
    new ResizeObserver(() => this.resize()).observe(this.stage);
    this.resize();
    this.view.goHome();
    watchPointer(this);
    for (const canvas of [byId('base'), byId('heat')]) {
      canvas.addEventListener('contextrestored', () => this.redraw());
    }
    if (this.saved) {
      showSaved(this);
      if (this.kiosk) setInterval(() => this.kioskTick(), 1000);
      return;
    }
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && !this.past.range) this.poller.again();
    });
    setInterval(() => this.tick(), 1000);
    this.tick();
  }

  // ---- data ----

  take(snapshot) {
    const started = performance.now();
    const openId = this.card.place === null ? null : this.shown.id[this.card.place];
    this.places.load(snapshot);
    this.countries.load(snapshot);
    this.weigh();
    if (snapshot.window !== this.snapshot?.window) this.heat.rescale();
    snapshot.points = null; // the large arrays are let go at once
    snapshot.places = null;
    this.snapshot = snapshot;
    this.fleet.show(snapshot.past ? undefined : (snapshot.fleet ?? null), this.now());
    this.panel.show(snapshot, this.selection, this.spanText({ short: true }));
    this.controls.windows(this.saved ? [snapshot.window] : snapshot.windows, snapshot.window);
    const known = !this.saved && (this.places.anyOwn || snapshot.side === 'remote');
    this.controls.side(snapshot.side, known);
    byId('save').hidden = Boolean(snapshot.only); // the file is of all
    this.reopen = openId;
    this.draw();
    this.stage.dataset.period = snapshot.period;
    this.stage.dataset.drawMs = (performance.now() - started).toFixed(1);
  }

  weigh() {
    this.places.weigh(this.selection);
    this.countries.weigh(this.selection);
  }

  /** What the map has: places, or countries that look like them. */
  get shown() {
    return this.countries.on ? this.countries : this.places;
  }

  /** A live answer; while the past is shown none is asked for. */
  takeLive(snapshot) {
    this.past.offer(Boolean(snapshot.kept));
    const { past, against } = this.address;
    if (!this.past.range) this.take(snapshot);
    if (past && snapshot.kept && !this.wasThere) this.past.choose(past);
    if (against && snapshot.kept && !this.wasThere) this.change.choose(against);
    if (!snapshot.kept && this.change.on) this.change.choose('');
    this.wasThere = true;
  }

  takePast(snapshot) {
    if (!isSnapshot(snapshot)) throw new Error('an answer that is no snapshot');
    this.take(snapshot);
  }

  /** LIVE became PAST, another moment, or LIVE again. */
  timeChanged() {
    const { range } = this.past;
    document.body.classList.toggle('past', range !== null);
    if (range) this.poller?.stop();
    this.writeAddress();
    this.tick();
  }

  /** The server's time, in milliseconds; of a saved file, when it was saved. */
  now() {
    return this.saved
      ? Date.parse(this.saved.generated)
      : 1000 * this.freshness.serverTime(browserClocks());
  }

  /** The time that the map is of, in milliseconds: of a range its middle. */
  timeShown() {
    const { range } = this.past;
    return range ? 500 * (range.from + range.to) : this.now();
  }

  /** Once a second, and after every answer. */
  tick() {
    const clocks = browserClocks();
    const { freshness } = this;
    const state = freshness.state(clocks);
    const age = freshness.age(clocks);
    const generated = freshness.generated === null ? null : new Date(freshness.generated * 1000);
    this.status.clock(new Date(freshness.serverTime(clocks) * 1000));
    this.past.tick(clocks.monotonic);
    if (this.night.stale(this.timeShown())) this.redraw();
    if (!this.saved) byId('save').href = savePath(this, this.past); // as it is now, with its timeline
    this.afterTick(clocks);
    const { range } = this.past;
    this.tickChange(clocks);
    if (range) {
      this.status.pill(pillOf('past', this.snapshot));
      const past = pastBanner(range, this.snapshot, this.past.error);
      if (this.status.banner(this.changeBanner() ?? past)) this.redraw();
      this.panel.past(range);
      return;
    }
    this.status.pill(pillOf(state, this.snapshot));
    const banner = bannerOf({
      freshness: state,
      age,
      failures: freshness.failures,
      error: freshness.error,
      snapshot: this.snapshot,
      generated,
      away: this.fleet.away,
    });
    if (state !== 'live') this.fleet.askWhy();
    const calm = !banner || banner.look === 'note'; // a fault is said first
    if (this.status.banner((calm && this.changeBanner()) || banner)) this.redraw();
    if (generated) this.panel.age(age, generated, state);
  }

  // ---- what changed ----

  tickChange({ monotonic }) {
    if (this.saved) return;
    const { range } = this.past;
    this.events.tick(range, this.past.offered, monotonic);
    if (this.past.offered) this.change.tick(range, this.now() / 1000);
  }

  changeBanner() {
    const { change, past } = this;
    if (!change.on) return null;
    return changeBanner(change.against, rangeAsked(past.range, this.now() / 1000), change);
  }

  changeChosen() {
    this.closeCard();
    this.writeAddress();
    this.tick();
    this.redraw();
  }

  changeCame() {
    this.change.weigh(this.selection);
    this.tick();
    this.redraw();
  }

  afterTick(clocks) {
    const { reset, replay } = this.address;
    const idle = this.idle(clocks);
    this.kioskTick();
    if (replay) this.past.replayTick(replay, idle);
    if (reset && idle > reset) this.leftAlone();
  }

  /** Nobody is here any more: what a hand has opened closes, and the map goes home. */
  leftAlone() {
    if (this.card.open) this.closeCard();
    for (const open of document.querySelectorAll('dialog[open]')) open.close();
    if (!this.view.isHome()) this.view.goHome();
    // a bookmark of the past stays there, and so does what is being played
    if (this.past.range && !this.past.playing && !this.address.past) this.past.live();
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
    if (!this.view.width) return;
    drawMap(this);
    this.placeCard();
  }

  spanText(how) {
    return coveredText(this.snapshot, this.past.range, how);
  }

  // ---- the card ----

  openCard(i, { pinned = false, others } = {}) {
    this.card.show(this.shown, i, this.view, this.selection, { pinned, others });
  }

  openId(id) {
    const i = this.shown.indexOf(id);
    if (i >= 0) this.openCard(i);
  }

  openAt(x, y, pinned) {
    if (this.change.on) return; // the lists and names say what there is
    const { best, others } = pick(this, x, y, pinned);
    if (best >= 0) this.openCard(best, { pinned, others });
    else if (pinned || !this.card.pinned) this.card.hide();
  }

  openPlace(lat, lon, id) {
    this.touched();
    this.view.goTo(lat, lon, Math.max(this.view.zoom, SPOT_ZOOM));
    const i = this.shown.indexOf(id);
    if (i >= 0) this.openCard(i, { pinned: true });
    else this.openAt(this.view.screenX(lonToX(lon)), this.view.screenY(latToY(lat)), true);
  }

  /** After a redraw the open card stands at its place again, with the new numbers. */
  placeCard() {
    if (this.reopen !== null && this.reopen !== undefined) {
      const i = this.shown.indexOf(this.reopen);
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

  // ---- what a hand does ----

  setSelection(change, { keepAddress = false } = {}) {
    Object.assign(this.selection, change);
    this.controls.show(this.selection);
    this.weigh();
    this.panel.reselect(this.selection);
    this.change.weigh(this.selection);
    this.heat.rescale();
    this.redraw();
    if (!keepAddress) this.writeAddress();
  }

  /** Spots or countries. */
  setKind(countries) {
    if (countries === this.countries.on) return;
    this.closeCard();
    this.countries.on = countries;
    this.controls.kind(countries);
    this.heat.rescale();
    this.redraw();
    this.writeAddress();
  }

  setNight(on) {
    this.night.on = on;
    setPressed(byId('night'), on);
    this.redraw();
    this.writeAddress();
  }

  setWindow(name) {
    this.window = name;
    this.writeAddress();
    if (this.past.range) this.past.live();
    else if (!this.saved) this.poller.start(this.path());
  }

  /** Another sensor, another group of sites, or all again. */
  partChosen() {
    this.writeAddress();
    if (this.past.range) this.past.live();
    else this.poller?.start(this.path());
  }

  path() {
    const { window: name, side } = this;
    return heatPath({ window: name, side, sensor: this.fleet.sensor, group: this.fleet.group });
  }

  setSide(name) {
    this.side = name;
    this.writeAddress();
    if (this.past.range) this.past.again();
    else if (!this.saved) this.poller.start(this.path());
  }

  writeAddress(at = this.view.kept()) {
    const { window: name } = this;
    const selection = { ...this.selection };
    if (this.kiosk && this.address.cycle) {
      // The turns undo what a hand has switched: the address keeps what the wall was started with.
      const { tcp, udp } = this.address.selection;
      Object.assign(selection, { tcp, udp });
    }
    try {
      const search = writeAddress(location.search, {
        selection,
        window: name,
        side: this.side,
        sensor: this.fleet.sensor,
        group: this.fleet.group,
        at,
        against: this.change.against,
        countries: this.countries.on,
        night: this.night.on,
        ...this.timeInAddress(),
      });
      if (search !== location.search) history.replaceState(null, '', location.pathname + search);
    } catch {
      // A file from disk may not rename itself; then the address stays as it was.
    }
  }

  /** Of what is played the address keeps nothing: it would change several times a second. */
  timeInAddress() {
    const { range, playing, spanName } = this.past;
    const past = playing ? null : range;
    return { past, span: range || this.address.span ? spanName : null };
  }
}
