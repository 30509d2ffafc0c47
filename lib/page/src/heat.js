// SPDX-License-Identifier: BSD-3-Clause
// The heat: counts, spread over the map, on a logarithmic scale. No WebGL (a browser without a GPU
// has none), no worker; the cost hardly depends on the number of places.
//
//   bin (bilinear, linear counts)  ->  separable Gaussian, peak 1  ->  log  ->  colour table
//
//   D_T = sum over places of tcp * exp(-r^2 / 2 s^2)          D_U likewise        s = 1.7 cells
//   D   = D_T + D_U                                            packets at and around the pixel
//   v   = ln(1 + D/d0) / ln(1 + Dtop/d0)                       0 .. 1
//   colour = TABLE[mix of D_U and D_T][v]                      colours.js
//
// Counts stay linear until after the blur: logged before, ten thousand small places in Europe would
// outshine one large one. d0 is one packet (1,000 octets). Dtop is the largest D in view, rounded up
// to 1 or 3 times a power of ten, and kept until the largest leaves [Dtop/30, Dtop], so that colours
// and legend do not jump with every period.
//
// Of what is known to be somewhere in a country its land is tinted, evenly: places.js says of which, and
// D is what it would be if the counts were spread over all of its area.
//
// A place that is known only roughly is spread with its own, larger s. Its counts are the same, so its
// D is lower by (1.7 cells / s)^2: a soft tint. Such places are binned by s, in half octaves, into
// coarser grids, blurred there at the same small cost, and added to the fine grid.

import { LEVELS, ROW_OF_SHARE, TABLE, TCP_ROW, UDP_ROW, cssOf, rowOf } from './colours.js';

const SIGMA_CELLS = 1.7;
const CELL_REM = 3 / 16; // 3 px at 1080p, 6 px at 4K: the same picture from the same relative distance
// A spot must have faded below d0 where its kernel ends, or it has a rim: exp(-r^2 / 2) * most = d0.
// 5.3 is enough for a million packets, 8.5 for the 10^15 of a busy wall's first year.
const REACH = 5.3;
const LONGEST_REACH = 8.5;
export const HYSTERESIS = 30;
const WIDE_CLASSES = 26; // half octaves: up to 2^13 times s

/** Rounded up to 1 or 3 times a power of ten. */
export function niceTop(value) {
  if (!(value > 0)) return 10;
  const power = 10 ** Math.floor(Math.log10(value));
  if (value <= power) return power;
  return value <= 3 * power ? 3 * power : 10 * power;
}

/** v of a density: 0 .. 1, and above where it is more than the top. */
export function levelOf(d, { top, floor }) {
  return top > 0 ? Math.log1p(d / floor) / Math.log1p(top / floor) : 0;
}

/** Two layers of counts on a grid of square cells, padded so that nothing pops up at the edges. */
class Grid {
  /** @param {number} sigma in cells; @param {number} cell in CSS pixels */
  constructor(width, height, cell, sigma) {
    this.cell = cell;
    this.pad = Math.ceil(sigma * LONGEST_REACH);
    this.sigma = sigma;
    this.innerColumns = Math.max(1, Math.ceil(width / cell));
    this.innerRows = Math.max(1, Math.ceil(height / cell));
    this.columns = this.innerColumns + 2 * this.pad;
    this.rows = this.innerRows + 2 * this.pad;
    const cells = this.columns * this.rows;
    this.tcp = new Float32Array(cells);
    this.udp = new Float32Array(cells);
    this.scratch = new Float32Array(cells);
    this.kernel = Float32Array.from({ length: 2 * this.pad + 1 }, (_, i) =>
      Math.exp(-((i - this.pad) ** 2) / (2 * sigma ** 2)),
    );
  }

  clear() {
    this.tcp.fill(0);
    this.udp.fill(0);
  }

  /** A place between four cells is shared among them: nothing crawls while the map is dragged. */
  add(screenX, screenY, tcp, udp) {
    const gridX = screenX / this.cell + this.pad - 0.5;
    const gridY = screenY / this.cell + this.pad - 0.5;
    if (!(gridX >= 0 && gridY >= 0 && gridX < this.columns - 1 && gridY < this.rows - 1)) return;
    const column = gridX | 0;
    const row = gridY | 0;
    const right = gridX - column;
    const below = gridY - row;
    const at = row * this.columns + column;
    const under = at + this.columns;
    const topLeft = (1 - right) * (1 - below);
    const topRight = right * (1 - below);
    const bottomLeft = (1 - right) * below;
    const bottomRight = right * below;
    this.tcp[at] += tcp * topLeft;
    this.tcp[at + 1] += tcp * topRight;
    this.tcp[under] += tcp * bottomLeft;
    this.tcp[under + 1] += tcp * bottomRight;
    this.udp[at] += udp * topLeft;
    this.udp[at + 1] += udp * topRight;
    this.udp[under] += udp * bottomLeft;
    this.udp[under + 1] += udp * bottomRight;
  }

  /** @param {number} reach in sigmas, at most LONGEST_REACH */
  blur(reach) {
    const cells = Math.min(this.pad, Math.ceil(this.sigma * reach));
    this.#blurLayer(this.tcp, cells);
    this.#blurLayer(this.udp, cells);
  }

  // A running sum would be faster and wrong: in float32 its residues, logged, are ghosts.
  #blurLayer(layer, reach) {
    const { columns, rows, scratch } = this;
    const kernel = this.kernel.subarray(this.pad - reach, this.pad + reach + 1);
    scratch.fill(0);
    for (let y = 0; y < rows; y++) {
      const row = y * columns;
      for (let x = 0; x < columns; x++) {
        const value = layer[row + x];
        if (value === 0) continue;
        const from = Math.max(0, x - reach);
        const to = Math.min(columns - 1, x + reach);
        for (let i = from, k = from - x + reach; i <= to; i++, k++) {
          scratch[row + i] += value * kernel[k];
        }
      }
    }
    layer.fill(0);
    for (let y = 0; y < rows; y++) {
      const row = y * columns;
      let empty = true;
      for (let x = 0; x < columns && empty; x++) empty = scratch[row + x] === 0;
      if (empty) continue;
      const from = Math.max(0, y - reach);
      const to = Math.min(rows - 1, y + reach);
      for (let target = from; target <= to; target++) {
        const weight = kernel[target - y + reach];
        const out = target * columns;
        for (let x = 0; x < columns; x++) layer[out + x] += scratch[row + x] * weight;
      }
    }
  }

  /** Adds a coarser grid of the same picture, bilinear. */
  addCoarse(coarse) {
    const ratio = this.cell / coarse.cell;
    for (let y = 0; y < this.innerRows; y++) {
      const fromY = (y + 0.5) * ratio - 0.5 + coarse.pad;
      const row = Math.floor(fromY);
      const below = fromY - row;
      const out = (y + this.pad) * this.columns + this.pad;
      for (let x = 0; x < this.innerColumns; x++) {
        const fromX = (x + 0.5) * ratio - 0.5 + coarse.pad;
        const column = fromX | 0;
        const right = fromX - column;
        const at = row * coarse.columns + column;
        const under = at + coarse.columns;
        const topLeft = (1 - right) * (1 - below);
        const topRight = right * (1 - below);
        const bottomLeft = (1 - right) * below;
        const bottomRight = right * below;
        this.tcp[out + x] +=
          coarse.tcp[at] * topLeft +
          coarse.tcp[at + 1] * topRight +
          coarse.tcp[under] * bottomLeft +
          coarse.tcp[under + 1] * bottomRight;
        this.udp[out + x] +=
          coarse.udp[at] * topLeft +
          coarse.udp[at + 1] * topRight +
          coarse.udp[under] * bottomLeft +
          coarse.udp[under + 1] * bottomRight;
      }
    }
  }

  /** The largest sum of both layers in view. */
  peak() {
    let peak = 0;
    for (let y = 0; y < this.innerRows; y++) {
      const row = (y + this.pad) * this.columns + this.pad;
      for (let at = row; at < row + this.innerColumns; at++) {
        const sum = this.tcp[at] + this.udp[at];
        if (sum > peak) peak = sum;
      }
    }
    return peak;
  }
}

export class Heat {
  top = 0; // Dtop; 0 before the first heat
  floor = 1; // d0
  tints = new Map(); // index of a country -> CSS colour
  #canvas;
  #context;
  #grid;
  #wide = []; // coarser grids, by class, made when first needed
  #classes = new Uint8Array(0);
  #image;
  #pixels;
  #width = 0;
  #height = 0;
  #cell = 1;
  #fresh = true;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true });
  }

  resize(width, height, rem) {
    this.#width = width;
    this.#height = height;
    this.#cell = Math.max(2, CELL_REM * rem);
    this.#wide = [];
    this.#grid = new Grid(width, height, this.#cell, SIGMA_CELLS);
    const { innerColumns, innerRows } = this.#grid;
    this.#canvas.width = innerColumns;
    this.#canvas.height = innerRows;
    this.#canvas.style.width = `${innerColumns * this.#cell}px`;
    this.#canvas.style.height = `${innerRows * this.#cell}px`;
    this.#image = this.#context.createImageData(innerColumns, innerRows);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.rescale();
  }

  /** The next heat may choose its scale anew: after a pan, a zoom, another selection. */
  rescale() {
    this.#fresh = true;
  }

  /**
   * @param {Places} places weighed by the selection
   * @param {View} view
   * @param {{tcp: boolean, udp: boolean, unit: string}} selection
   */
  draw(places, view, selection) {
    this.floor = selection.unit === 'octets' ? 1000 : 1;
    this.#bin(places, view, selection);
    const lands = this.#lands(places, view, selection);
    const peak = lands.reduce((most, { d }) => Math.max(most, d), this.#grid.peak());
    if (peak > 0 && (this.#fresh || peak > this.top || peak < this.top / HYSTERESIS)) {
      this.top = niceTop(peak);
      this.#fresh = false;
    }
    this.#paint(selection);
    this.tints = new Map(
      lands.map(({ index, d, tcp, udp }) => [
        index,
        cssOf(rowOf(tcp, udp, selection), levelOf(d, this)),
      ]),
    );
  }

  /** Countries with traffic of which nothing finer is known, each with its density. */
  #lands(places, view, { tcp, udp }) {
    const spot = 2 * Math.PI * (SIGMA_CELLS * this.#cell) ** 2; // pixels that one spot covers
    const out = [];
    for (const [index, amounts] of places.lands) {
      const [t, u] = [tcp ? amounts.tcp : 0, udp ? amounts.udp : 0];
      if (t + u <= 0) continue;
      const area = amounts.area * view.scale ** 2;
      out.push({ index, tcp: t, udp: u, d: (t + u) * Math.min(1, spot / area) });
    }
    return out;
  }

  #bin(places, view, { tcp, udp }) {
    const { scale, y } = view;
    const grid = this.#grid;
    const classes = places.anyWide ? this.#classify(places, scale) : null;
    const used = new Set();
    let most = 0;
    grid.clear();
    for (let i = 0; i < places.length; i++) {
      const tcpCount = tcp ? places.tcp[i] : 0;
      const udpCount = udp ? places.udp[i] : 0;
      if (tcpCount + udpCount <= 0 || places.land[i] >= 0) continue;
      if (tcpCount + udpCount > most) most = tcpCount + udpCount;
      const screenX = view.screenX(places.x[i]);
      const screenY = places.y[i] * scale + y;
      const wide = classes ? classes[i] : 0;
      if (wide === 0) {
        grid.add(screenX, screenY, tcpCount, udpCount);
        continue;
      }
      if (!used.has(wide)) {
        used.add(wide);
        this.#wideGrid(wide).clear();
      }
      const thin = 2 ** -wide; // (1.7 cells / s)^2, with s = 1.7 cells * 2^(wide / 2)
      this.#wide[wide].add(screenX, screenY, tcpCount * thin, udpCount * thin);
    }
    const reach = Math.max(REACH, Math.sqrt(2 * Math.log(Math.max(1, most / this.floor))));
    grid.blur(reach);
    for (const wide of used) {
      this.#wide[wide].blur(reach);
      grid.addCoarse(this.#wide[wide]);
    }
  }

  /** 0: a spot. n: as wide as 2^(n/2) spots. */
  #classify(places, scale) {
    if (this.#classes.length < places.length) {
      this.#classes = new Uint8Array(Math.ceil(places.length * 1.25));
    }
    const spot = SIGMA_CELLS * this.#cell;
    for (let i = 0; i < places.length; i++) {
      const ratio = (places.sigma[i] * scale) / spot;
      this.#classes[i] = ratio > 1 ? Math.min(WIDE_CLASSES, Math.round(2 * Math.log2(ratio))) : 0;
    }
    return this.#classes;
  }

  #wideGrid(wide) {
    const octaves = wide >> 1;
    const sigma = SIGMA_CELLS * (wide & 1 ? Math.SQRT2 : 1);
    this.#wide[wide] ??= new Grid(this.#width, this.#height, this.#cell * 2 ** octaves, sigma);
    return this.#wide[wide];
  }

  #paint({ tcp, udp }) {
    const { columns, pad, innerColumns, innerRows, tcp: tcpLayer, udp: udpLayer } = this.#grid;
    const pixels = this.#pixels;
    const perLog = this.top > 0 ? (LEVELS - 1) / Math.log1p(this.top / this.floor) : 0;
    const perFloor = 1 / this.floor;
    const both = tcp && udp;
    const onlyRow = tcp ? TCP_ROW : UDP_ROW;
    for (let y = 0, out = 0; y < innerRows; y++) {
      const row = (y + pad) * columns + pad;
      for (let at = row; at < row + innerColumns; at++, out++) {
        const sum = tcpLayer[at] + udpLayer[at];
        if (sum <= 1e-6) {
          pixels[out] = 0;
          continue;
        }
        const level = Math.min(LEVELS - 1, (Math.log1p(sum * perFloor) * perLog) | 0);
        const mixRow = both ? ROW_OF_SHARE[((udpLayer[at] / sum) * 1024) | 0] : onlyRow;
        pixels[out] = TABLE[mixRow + level];
      }
    }
    this.#context.putImageData(this.#image, 0, 0);
  }
}
