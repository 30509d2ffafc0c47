// SPDX-License-Identifier: BSD-3-Clause
// Land, borders and country look-up, from world.json (see tools/world.mjs for its form).
// The geometry is projected at build time: pan and zoom are one affine transform of cached paths.

import { SIZE } from './projection.js';
import { decodeLine } from './polyline.js';

// 50m coastlines put many harbour cities into the water (New York 40.7, -74.0): look around.
const LOOK_AROUND_DEG = [0.15, 0.5];

// Below this zoom all land is one path: filled country by country, anti-aliasing leaves seams.
const COARSE_BELOW_ZOOM = 2.2;

// What stands for a country that is too small, or has no shape.
const DISC_REM = 0.5;

// On the coarse level an island whose box is smaller than this, in square units, is left out.
const COARSE_ISLAND = 1500;

/** The paths of one level of detail: `lines` are its arcs. */
function makeLevel(lines, { shapes, borders }, smallestBox) {
  const land = new Path2D();
  const countries = shapes.map((rings) => {
    const path = new Path2D();
    const box = emptyBox();
    for (const ring of rings) {
      const ringBox = emptyBox();
      const ringPath = new Path2D();
      traceRing(ringPath, ringBox, ring, lines);
      if (!((ringBox.right - ringBox.left) * (ringBox.bottom - ringBox.top) >= smallestBox))
        continue;
      path.addPath(ringPath);
      widen(box, ringBox.left, ringBox.top);
      widen(box, ringBox.right, ringBox.bottom);
    }
    land.addPath(path);
    return { path, box };
  });
  const borderPath = new Path2D();
  for (const id of borders) {
    const line = lines[id];
    borderPath.moveTo(line[0], line[1]);
    for (let i = 2; i < line.length; i += 2) borderPath.lineTo(line[i], line[i + 1]);
  }
  return { land, countries, borders: borderPath };
}

function emptyBox() {
  return { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
}

function widen(box, x, y) {
  box.left = Math.min(box.left, x);
  box.right = Math.max(box.right, x);
  box.top = Math.min(box.top, y);
  box.bottom = Math.max(box.bottom, y);
}

function traceRing(path, box, ring, lines) {
  let started = false;
  for (const id of ring) {
    const line = lines[id < 0 ? ~id : id];
    const points = line.length / 2;
    for (let step = 0; step < points; step++) {
      const at = id < 0 ? points - 1 - step : step;
      const x = line[2 * at];
      const y = line[2 * at + 1];
      if (!started) path.moveTo(x, y);
      else if (step > 0) path.lineTo(x, y); // the first point repeats the last arc's end
      started = true;
      widen(box, x, y);
    }
  }
  path.closePath();
}

export class Land {
  tints = new Map(); // index of a country -> CSS colour over its land
  night = null; // path of the dark side, or none
  discs = []; // {x, y, colour} of countries that are too small to be seen: sheet units
  #world;
  #lines;
  #levels = {}; // made when first needed
  #context;
  #colours;

  /**
   * @param {object} world the parsed world.json
   * @param {HTMLCanvasElement} canvas the base map
   */
  constructor(world, canvas) {
    this.countries = world.countries.map(([name, x, y, width, spreadKm, code, area], index) => ({
      index,
      name,
      x,
      y,
      width,
      spreadKm,
      code,
      area,
    }));
    this.byCode = new Map(); // two shapes may have one code
    for (const country of this.countries) {
      if (!this.byCode.has(country.code)) this.byCode.set(country.code, []);
      this.byCode.get(country.code).push(country);
    }
    this.#world = world;
    this.#lines = world.arcs.split('!').map(decodeLine);
    world.arcs = null;
    // A CPU canvas on purpose: without a GPU a pan step is ten times faster than through
    // SwiftShader, and it is never lost with a GPU reset.
    this.#context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    const style = getComputedStyle(document.documentElement);
    this.#colours = {
      ocean: style.getPropertyValue('--ocean').trim(),
      land: style.getPropertyValue('--land').trim(),
      border: style.getPropertyValue('--border').trim(),
      night: style.getPropertyValue('--night').trim(),
      dusk: style.getPropertyValue('--dusk').trim(),
    };
  }

  #coarse() {
    return (this.#levels.coarse ??= makeLevel(
      this.#lines.map(({ coarse }) => coarse),
      this.#world,
      COARSE_ISLAND,
    ));
  }

  #fine() {
    return (this.#levels.fine ??= makeLevel(
      this.#lines.map(({ fine }) => fine),
      this.#world,
      0,
    ));
  }

  /** Draws land and borders as the view says. While it moves, the coarse coast must do. */
  draw(view) {
    const { canvas } = this.#context;
    const context = this.#context;
    const coarse = view.zoom < COARSE_BELOW_ZOOM;
    const level = coarse || view.moving ? this.#coarse() : this.#fine();
    const scale = view.scale * view.pixelRatio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.#colours.ocean;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = this.#colours.land;
    context.strokeStyle = this.#colours.border;
    context.lineJoin = 'round';
    context.lineWidth = ((view.rem / 16) * view.pixelRatio) / scale;
    for (const copy of view.copies()) {
      context.save();
      this.#clip(view, copy);
      context.setTransform(scale, 0, 0, scale, copy.x * view.pixelRatio, view.y * view.pixelRatio);
      if (coarse) {
        context.fill(level.land);
        this.#darken();
        this.#tint(level, view, copy);
        context.stroke(level.borders);
      } else {
        const visible = level.countries.filter(({ box }) => view.shows(box, copy));
        for (const { path } of visible) context.fill(path);
        this.#darken();
        this.#tint(level, view, copy);
        for (const { path } of visible) context.stroke(path);
      }
      if (this.night) {
        context.strokeStyle = this.#colours.dusk;
        context.stroke(this.night);
        context.strokeStyle = this.#colours.border;
      }
      this.#drawDiscs((DISC_REM * view.rem) / view.scale);
      context.restore();
    }
  }

  /** Below the tints: a colour means the same by night as by day. */
  #darken() {
    if (!this.night) return;
    this.#context.fillStyle = this.#colours.night;
    this.#context.fill(this.night);
    this.#context.fillStyle = this.#colours.land;
  }

  #tint({ countries }, view, copy) {
    for (const [index, colour] of this.tints) {
      const { path, box } = countries[index];
      if (!view.shows(box, copy)) continue;
      this.#context.fillStyle = colour;
      this.#context.fill(path);
    }
  }

  #drawDiscs(radius) {
    const context = this.#context;
    for (const { x, y, colour } of this.discs) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = this.#colours.land;
      context.fill();
      context.fillStyle = colour;
      context.fill();
      context.stroke();
    }
  }

  /** Nothing beyond what of this copy is seen: all around it another one may follow, or none. */
  #clip(view, { left, right }) {
    if (left <= 0 && right >= view.width) return;
    const { canvas } = this.#context;
    this.#context.beginPath();
    this.#context.rect(left * view.pixelRatio, 0, (right - left) * view.pixelRatio, canvas.height);
    this.#context.clip();
  }

  /** The country at a point of the sheet, or the nearest one within half a degree, or null. */
  countryAt(x, y) {
    const { countries } = this.#fine();
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const hit = (px, py) =>
      countries.findIndex(
        ({ path, box }) =>
          px >= box.left &&
          px <= box.right &&
          py >= box.top &&
          py <= box.bottom &&
          context.isPointInPath(path, px, py),
      );
    let found = hit(x, y);
    for (const degrees of LOOK_AROUND_DEG) {
      for (let i = 0; i < 8 && found < 0; i++) {
        const radius = (degrees * SIZE) / 360;
        const angle = (i * Math.PI) / 4;
        found = hit(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
      }
    }
    return found < 0 ? null : this.countries[found];
  }

  /** A context for measuring text; what it draws is drawn over. */
  get context() {
    return this.#context;
  }
}
