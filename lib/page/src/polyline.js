// SPDX-License-Identifier: BSD-3-Clause
// Coastlines as text: differences of whole numbers, zigzag, five bits a character, '?' to '~'.
// The backslash is written as a space, so that JSON never has to escape a character of it.
// Both directions live here: tools/world.mjs encodes, land.js decodes.

function encodeNumber(value) {
  let rest = value < 0 ? ~(value << 1) : value << 1;
  let text = '';
  while (rest >= 32) {
    text += String.fromCharCode((32 | (rest & 31)) + 63);
    rest >>= 5;
  }
  return text + String.fromCharCode(rest + 63);
}

export function encodeLine(points) {
  let text = '';
  let lastX = 0;
  let lastY = 0;
  for (const [x, y] of points) {
    text += encodeNumber(x - lastX) + encodeNumber(y - lastY);
    lastX = x;
    lastY = y;
  }
  return text.replaceAll('\\', ' ');
}

/** Gives [x0, y0, x1, y1, ...]. */
export function decodeLine(text) {
  const flat = [];
  let at = 0;
  let x = 0;
  let y = 0;
  const number = () => {
    let bits = 0;
    let shift = 0;
    let chunk;
    do {
      const code = text.charCodeAt(at++);
      chunk = (code === 32 ? 92 : code) - 63;
      bits |= (chunk & 31) << shift;
      shift += 5;
    } while (chunk >= 32);
    return bits & 1 ? ~(bits >> 1) : bits >> 1;
  };
  while (at < text.length) {
    x += number();
    y += number();
    flat.push(x, y);
  }
  return flat;
}
