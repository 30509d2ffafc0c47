// SPDX-License-Identifier: BSD-3-Clause
// Coastlines as text: differences of whole numbers, zigzag, five bits a character, '?' to '~'.
// The lowest bit of a point's x difference says whether the coarse line, too, goes through it.
// The backslash is written as a space, so that JSON never has to escape a character of it.
// Both directions live here: tools/world.mjs encodes, land.js decodes.

const zigzag = (value) => (value < 0 ? ~(value << 1) : value << 1);
const unzigzag = (bits) => (bits & 1 ? ~(bits >> 1) : bits >> 1);

function encodeBits(bits) {
  let rest = bits;
  let text = '';
  while (rest >= 32) {
    text += String.fromCharCode((32 | (rest & 31)) + 63);
    rest >>= 5;
  }
  return text + String.fromCharCode(rest + 63);
}

/** @param {[number, number, boolean][]} points x, y, coarse */
export function encodeLine(points) {
  let text = '';
  let lastX = 0;
  let lastY = 0;
  for (const [x, y, coarse] of points) {
    text += encodeBits((zigzag(x - lastX) << 1) | (coarse ? 1 : 0)) + encodeBits(zigzag(y - lastY));
    lastX = x;
    lastY = y;
  }
  return text.replaceAll('\\', ' ');
}

/** Gives {fine, coarse}, each [x0, y0, x1, y1, ...]. */
export function decodeLine(text) {
  const fine = [];
  const coarse = [];
  let at = 0;
  let x = 0;
  let y = 0;
  const next = () => {
    let bits = 0;
    let shift = 0;
    let chunk;
    do {
      const code = text.charCodeAt(at++);
      chunk = (code === 32 ? 92 : code) - 63;
      bits |= (chunk & 31) << shift;
      shift += 5;
    } while (chunk >= 32);
    return bits;
  };
  while (at < text.length) {
    const bits = next();
    x += unzigzag(bits >> 1);
    y += unzigzag(next());
    fine.push(x, y);
    if (bits & 1) coarse.push(x, y);
  }
  return { fine, coarse };
}
