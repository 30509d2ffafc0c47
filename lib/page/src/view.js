// SPDX-License-Identifier: BSD-3-Clause
// What part of the sheet the stage shows. d3-zoom moves it (wheel, drag, touch, pinch, double
// click); this file says what its transform means, where it may go, and where home is.
//
//   screen = sheet * scale + (x, y)        scale = fit * zoom, zoom 1 .. 64
// The world is round: east of the sheet's edge it goes on with its west. A place is shown where its
// copy nearest to the middle of the stage is, so that any meridian can stand there.
//
// d3-zoom's own plane is the stage at home, so that its identity transform is the whole world.

import { select } from 'd3-selection';
import { zoom as createZoom, zoomIdentity } from 'd3-zoom';
import { CENTRE_LON, MAX_LAT, SIZE, latToY, lonToX, xToLon, yToLat } from './projection.js';

const MAX_ZOOM = 64;
const HOME_NORTH = 78;
const HOME_SOUTH = -57;
const PAN_BEYOND_REM = 7; // past the poles: what is there must not lie below the controls
const SETTLE_MS = 140;
const CLICK_PX = 5;
const SAME_PX = 2; // the address has its place rounded
const MAX_BASE_PIXELS = 8.4e6; // 4K; a larger canvas costs more than it shows

export class View {
  width = 0;
  height = 0;
  rem = 16;
  pixelRatio = 1;
  fit = 1;
  zoom = 1;
  scale = 1;
  x = 0;
  y = 0;
  moving = false;
  #stage;
  #zoom;
  #transform = zoomIdentity; // d3's, now
  #home = null; // {lat, lon, zoom}, or null: the world
  #offset = [0, 0]; // from the sheet at fit to d3's plane
  #rest = 0; // where d3's plane lies when it is the whole world: home may have another middle
  #settle;
  #onChange;

  /**
   * @param {HTMLElement} element the stage
   * @param {() => void} onChange after every move, and once when it has come to rest
   */
  constructor(element, onChange) {
    this.#onChange = onChange;
    this.#stage = select(element);
    this.#zoom = createZoom()
      .scaleExtent([1, MAX_ZOOM])
      .constrain((...given) => this.#constrain(...given))
      .clickDistance(CLICK_PX)
      .duration(0) // no animation: a wall without a GPU, and prefers-reduced-motion
      .extent(() => [
        [0, 0],
        [this.width, this.height],
      ])
      .filter(
        (event) =>
          !event.target.closest('[data-no-zoom]') &&
          (!event.ctrlKey || event.type === 'wheel') &&
          !event.button,
      )
      .on('zoom', (event) => this.#moved(event.transform));
    this.#stage.call(this.#zoom);
  }

  /** The stage has a new size: what was in its middle stays there. */
  resize(width, height, rem) {
    const before = this.width ? this.position() : null;
    this.width = width;
    this.height = height;
    this.rem = rem;
    this.pixelRatio = Math.max(
      1,
      Math.min(window.devicePixelRatio || 1, Math.sqrt(MAX_BASE_PIXELS / (width * height))),
    );
    const north = latToY(HOME_NORTH);
    const south = latToY(HOME_SOUTH);
    this.fit = Math.min(width / SIZE, height / (south - north));
    const left = (width - SIZE * this.fit) / 2;
    const top = height / 2 - ((north + south) / 2) * this.fit;
    this.#offset = [left, top];
    const beyond = PAN_BEYOND_REM * rem;
    this.#zoom.translateExtent([
      [-Infinity, Math.min(0, latToY(MAX_LAT) * this.fit + top - beyond)],
      [Infinity, Math.max(height, latToY(-MAX_LAT) * this.fit + top + beyond)],
    ]);
    this.#setRest();
    this.#apply(before);
  }

  /** Where "home" is, as the address says; null: the world. */
  setHome(position) {
    this.#home = position;
    this.#setRest();
  }

  #setRest() {
    const { lon = CENTRE_LON, zoom = MAX_ZOOM } = this.#home ?? {};
    this.#rest = zoom > 1 ? 0 : this.width / 2 - lonToX(lon) * this.fit - this.#offset[0];
  }

  goHome() {
    this.#apply(this.#home);
  }

  goWorld() {
    this.#apply(null);
  }

  goTo(lat, lon, zoom) {
    this.#apply({ lat, lon, zoom });
  }

  /** This part of the world, as large as it fits: degrees. */
  show([west, south, east, north]) {
    const [left, right] = [lonToX(west), lonToX(east)];
    const [top, bottom] = [latToY(north), latToY(south)];
    const zoom = Math.min(this.width / (right - left), this.height / (bottom - top)) / this.fit;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    this.goTo(yToLat(y), xToLon(x), Math.max(1.01, zoom));
  }

  zoomBy(factor) {
    this.#stage.call(this.#zoom.scaleBy, factor);
  }

  /** As parts of the stage. */
  panBy(right, down) {
    const by = [(right * this.width) / this.zoom, (down * this.height) / this.zoom];
    this.#stage.call(this.#zoom.translateBy, ...by);
  }

  /** What stands in the middle of the stage. */
  position() {
    return {
      lat: yToLat((this.height / 2 - this.y) / this.scale),
      lon: xToLon((this.width / 2 - this.x) / this.scale),
      zoom: this.zoom,
    };
  }

  /** What the address keeps: null where it is the world with its usual middle. */
  kept() {
    if (this.zoom > 1.001) return this.position();
    return this.#home && this.#home.zoom <= 1 ? this.#home : null;
  }

  /** Where goHome() would go: not always what the address says, for the pan has its limits. */
  isHome() {
    const home = this.#transformOf(this.#home);
    const { k, x, y } = this.#transform;
    return (
      Math.abs(k / home.k - 1) < 0.01 &&
      Math.abs(this.#round(x - home.x)) < SAME_PX &&
      Math.abs(y - home.y) < SAME_PX
    );
  }

  /** Of the copy that is nearest to the middle of the stage. */
  screenX(sheetX) {
    const middle = this.width / 2;
    return middle + this.#round(sheetX * this.scale + this.x - middle);
  }

  /** The shortest way round the world that is as long as this one, in pixels. */
  #round(way) {
    const around = SIZE * this.scale;
    return way - around * Math.round(way / around);
  }

  /**
   * Where the sheet has to be drawn for all of the stage to be covered, once everywhere: the x of
   * each copy, and between which pixels it is seen.
   */
  copies() {
    const around = SIZE * this.scale;
    const from = Math.max(0, this.width / 2 - around / 2);
    const to = Math.min(this.width, this.width / 2 + around / 2);
    return [-1, 0, 1]
      .map((turn) => {
        const x = this.x + turn * around;
        return { x, left: Math.max(from, x), right: Math.min(to, x + around) };
      })
      .filter(({ left, right }) => right - left > 0.5);
  }

  /** What of the sheet lies at a point of the stage. */
  sheet(screenX, screenY) {
    const x = (screenX - this.x) / this.scale;
    return [x - SIZE * Math.floor(x / SIZE), (screenY - this.y) / this.scale];
  }

  screenY(sheetY) {
    return sheetY * this.scale + this.y;
  }

  /** Does any of this box, in sheet units, lie on the stage, of this copy of the sheet? */
  shows({ left, top, right, bottom }, copy) {
    return (
      right * this.scale + copy.x >= copy.left &&
      left * this.scale + copy.x <= copy.right &&
      this.screenY(bottom) >= 0 &&
      this.screenY(top) <= this.height
    );
  }

  #apply(position) {
    this.#stage.call(this.#zoom.transform, this.#transformOf(position));
  }

  /** The transform with this position in the middle, or as near to it as the pan may go. */
  #transformOf(position) {
    const stage = [
      [0, 0],
      [this.width, this.height],
    ];
    const limits = this.#zoom.translateExtent();
    if (!position || position.zoom <= 1) return this.#constrain(zoomIdentity, stage, limits);
    const planeX = lonToX(position.lon) * this.fit + this.#offset[0];
    const planeY = latToY(position.lat) * this.fit + this.#offset[1];
    const wanted = zoomIdentity
      .translate(this.width / 2, this.height / 2)
      .scale(Math.min(MAX_ZOOM, position.zoom))
      .translate(-planeX, -planeY);
    return this.#constrain(wanted, stage, limits);
  }

  /** North and south as d3 does it; round the world there is no limit, but all of it has its place. */
  #constrain(transform, [[, top], [, bottom]], [[, north], [, south]]) {
    const above = transform.invertY(top) - north;
    const below = transform.invertY(bottom) - south;
    const down = below > above ? (above + below) / 2 : Math.min(0, above) || Math.max(0, below);
    const right = transform.k > 1 ? 0 : this.#rest - transform.x;
    return transform.translate(right, down);
  }

  #moved(transform) {
    this.#transform = transform;
    this.zoom = transform.k;
    this.scale = this.fit * transform.k;
    // of all the ways round the one that has the sheet's middle nearest to the stage's
    const middle = (this.width - SIZE * this.scale) / 2;
    this.x = middle + this.#round(transform.x + transform.k * this.#offset[0] - middle);
    this.y = transform.y + transform.k * this.#offset[1];
    this.moving = true;
    this.#onChange();
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      this.moving = false;
      this.#onChange();
    }, SETTLE_MS);
  }
}
