// SPDX-License-Identifier: BSD-3-Clause
// What the page begins with: from the server, or from within a saved file.

import { byId } from './dom.js';
import { Status } from './status.js';

/**
 * The JSON in the page, if this is a saved file: as it is, or base64 of its gzip, half the size (what
 * gzip makes begins with 1f 8b 08, in base64 "H4sI").
 */
export async function inlined(id) {
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

/** The map from the server, however long that takes: nobody stands at a wall to reload it. */
export async function fetchWorld() {
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
