// SPDX-License-Identifier: BSD-3-Clause
// One table gives the colour of every pixel of the heat and of the legend, so the two agree:
//   across: the level v, 0 .. 1 on a logarithmic scale
//   down:   the mix h, 0 = TCP only (amber), 0.5 = even (near white), 1 = UDP only (blue)
// Amber and blue stay apart in protanopia, deuteranopia and tritanopia.

export const LEVELS = 256;
const MIXES = 33;

// Above 1 the long tail of places with a few packets stays quiet. It is part of the table, so that
// it bends heat and legend alike.
const GAMMA = 1.25;

// How fast the mix leaves white: h = 1/2 + 1/2 tanh(ln(U/T) / 1.6).
const MIX_SOFTNESS = 1.6;

// [v, red, green, blue, opacity]
const RAMPS = {
  tcp: [
    [0, 0x40, 0x1c, 0x00, 0],
    [0.05, 0x52, 0x26, 0x00, 0.2],
    [0.2, 0x80, 0x3d, 0x00, 0.42],
    [0.4, 0xc0, 0x64, 0x00, 0.66],
    [0.6, 0xf2, 0x8c, 0x12, 0.86],
    [0.78, 0xff, 0xb0, 0x3c, 0.95],
    [0.9, 0xff, 0xd1, 0x7d, 0.99],
    [1, 0xff, 0xee, 0xc4, 1],
  ],
  even: [
    [0, 0x2c, 0x2a, 0x38, 0],
    [0.05, 0x3a, 0x37, 0x48, 0.2],
    [0.2, 0x58, 0x53, 0x6c, 0.42],
    [0.4, 0x86, 0x80, 0x9e, 0.66],
    [0.6, 0xb4, 0xae, 0xca, 0.86],
    [0.78, 0xd6, 0xd1, 0xe6, 0.95],
    [0.9, 0xed, 0xea, 0xf6, 0.99],
    [1, 0xff, 0xff, 0xff, 1],
  ],
  udp: [
    [0, 0x00, 0x24, 0x50, 0],
    [0.05, 0x00, 0x30, 0x68, 0.2],
    [0.2, 0x04, 0x4c, 0x98, 0.42],
    [0.4, 0x0c, 0x70, 0xcc, 0.66],
    [0.6, 0x1e, 0x98, 0xf4, 0.86],
    [0.78, 0x50, 0xb8, 0xff, 0.95],
    [0.9, 0x92, 0xd8, 0xff, 0.99],
    [1, 0xd4, 0xf2, 0xff, 1],
  ],
};

function between(a, b, part) {
  return a.map((value, i) => value + (b[i] - value) * part);
}

function onRamp(ramp, v) {
  const next = Math.max(
    1,
    ramp.findIndex(([at]) => v <= at),
  );
  const [low, ...from] = ramp[next - 1];
  const [high, ...to] = ramp[next];
  return between(from, to, (v - low) / (high - low));
}

function colourOf(mix, v) {
  return mix <= 0.5
    ? between(onRamp(RAMPS.tcp, v), onRamp(RAMPS.even, v), mix * 2)
    : between(onRamp(RAMPS.even, v), onRamp(RAMPS.udp, v), mix * 2 - 1);
}

/** TABLE[mix row * LEVELS + level]: one pixel as ImageData holds it (little endian: A B G R). */
export const TABLE = new Uint32Array(MIXES * LEVELS);
for (let row = 0; row < MIXES; row++) {
  for (let level = 0; level < LEVELS; level++) {
    const v = (level / (LEVELS - 1)) ** GAMMA;
    const [red, green, blue, alpha] = colourOf(row / (MIXES - 1), v);
    TABLE[row * LEVELS + level] =
      (Math.round(alpha * 255) << 24) |
      (Math.round(blue) << 16) |
      (Math.round(green) << 8) |
      Math.round(red);
  }
}

export const TCP_ROW = 0;
export const UDP_ROW = (MIXES - 1) * LEVELS;

/** ROW_OF_SHARE[round down(1024 * UDP / (TCP + UDP))]: where the mix's row begins in TABLE. */
export const ROW_OF_SHARE = new Uint16Array(1025);
for (let i = 0; i <= 1024; i++) {
  const share = Math.min(0.9999, Math.max(0.0001, i / 1024));
  const mix = 0.5 + 0.5 * Math.tanh(Math.log(share / (1 - share)) / MIX_SOFTNESS);
  ROW_OF_SHARE[i] = Math.round(mix * (MIXES - 1)) * LEVELS;
}

/** Where the mix's row begins in TABLE, of counts of both layers and which of them are on. */
export function rowOf(tcpCount, udpCount, { tcp, udp }) {
  if (!tcp || !udp) return tcp ? TCP_ROW : UDP_ROW;
  return ROW_OF_SHARE[((udpCount / (tcpCount + udpCount)) * 1024) | 0];
}

/** For what is not drawn pixel by pixel: an entry of TABLE as CSS, of a row and a level 0 .. 1. */
export function cssOf(row, v) {
  const level = Math.round(Math.max(0, Math.min(1, v)) * (LEVELS - 1));
  const pixel = TABLE[row + level];
  const alpha = ((pixel >>> 24) / 255).toFixed(3);
  return `rgba(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255}, ${alpha})`;
}

/** For the legend. */
export const cssColour = (mix, v) => cssOf(Math.round(mix * (MIXES - 1)) * LEVELS, v);
