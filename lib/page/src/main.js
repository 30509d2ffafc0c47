// SPDX-License-Identifier: BSD-3-Clause
// Where it begins.

import { Freshness } from './freshness.js';
import { fetchWorld, inlined } from './load.js';
import { Page } from './page.js';
import { Poller } from './polling.js';
import { Status } from './status.js';
import { heatPath, readAddress } from './url-state.js';

const FONT_WAIT_MS = 1500;

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
        build: async (build) => (await page).build.check(build),
        snapshot: async (snapshot) => (await page).takeLive(snapshot),
        heard: async () => (await page).tick(),
      });
  poller?.start(heatPath(address));
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
