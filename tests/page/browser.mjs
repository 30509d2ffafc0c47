// SPDX-License-Identifier: BSD-3-Clause
// A real browser for the tests: Debian's Chromium without WebGL, as a wall PC without a GPU has it.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as projection from '../../lib/page/src/projection.js';

const require = createRequire(new URL('../../lib/page/package.json', import.meta.url));

/** A package of lib/page's locked set. */
export const load = (name) => import(pathToFileURL(require.resolve(name)).href);
export const fileOf = (name) => require.resolve(name);

const { chromium } = require('playwright-core');

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

export function launch(extra = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...ARGUMENTS, ...extra],
    // Playwright's own default would give the tests a WebGL that a wall does not have.
    ignoreDefaultArgs: ['--enable-unsafe-swiftshader'],
  });
}

/**
 * A page that keeps what must not happen: page.faults holds console errors and warnings, uncaught
 * errors and violations of the content security policy; page.asked every address it asked for.
 */
export async function newPage(browser, { width = 1920, height = 1080, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.asked = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.faults.push(message.text());
  });
  page.on('pageerror', (error) => page.faults.push(`uncaught: ${error.message}`));
  page.on('request', (request) => page.asked.push(request.url()));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  page.done = () => context.close();
  return page;
}

/** Opens an address and waits until its first snapshot is drawn. */
export async function open(browser, url, options) {
  const page = await newPage(browser, options);
  await page.goto(url);
  await drawn(page);
  return page;
}

/** Waits for a period to be drawn and the map to be at rest. */
export async function drawn(page, period = null) {
  await page.waitForFunction((wanted) => {
    const { period: now } = document.getElementById('stage').dataset;
    return now !== undefined && (wanted === null || Number(now) >= wanted);
  }, period);
  await atRest(page);
}

export async function atRest(page) {
  await page.waitForFunction(() => !document.getElementById('labels').hidden);
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}

/** Waits for something outside the page. */
export async function until(isSo, timeout = 30000) {
  const deadline = Date.now() + timeout;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${isSo}`);
    await new Promise((later) => setTimeout(later, 10));
  }
}

export const statusOf = (page) => page.locator('#status').textContent();

export function waitForStatus(page, word, timeout = 30000) {
  return page.waitForFunction(
    (wanted) => document.getElementById('status').textContent === wanted,
    word,
    { timeout },
  );
}

/** Mean colour of the heat's lit pixels, and how many there are. */
export function litPixels(page) {
  return page.evaluate(() => {
    const canvas = document.getElementById('heat');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const sum = { count: 0, red: 0, green: 0, blue: 0 };
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 60) continue;
      sum.count++;
      sum.red += data[i];
      sum.green += data[i + 1];
      sum.blue += data[i + 2];
    }
    for (const colour of ['red', 'green', 'blue']) sum[colour] /= sum.count || 1;
    return sum;
  });
}

/** The heat's colour [red, green, blue, alpha 0..255] at a point of the stage, in CSS pixels. */
export function heatAt(page, { x, y }) {
  return page.evaluate(
    ([stageX, stageY]) => {
      const canvas = document.getElementById('heat');
      const column = Math.floor((stageX * canvas.width) / canvas.clientWidth);
      const row = Math.floor((stageY * canvas.height) / canvas.clientHeight);
      return [...canvas.getContext('2d').getImageData(column, row, 1, 1).data];
    },
    [x, y],
  );
}

/** The land's colour [red, green, blue] at a point of the stage, in CSS pixels. */
export function landAt(page, { x, y }) {
  return page.evaluate(
    ([stageX, stageY]) => {
      const canvas = document.getElementById('base');
      const column = Math.floor((stageX * canvas.width) / canvas.clientWidth);
      const row = Math.floor((stageY * canvas.height) / canvas.clientHeight);
      return [...canvas.getContext('2d').getImageData(column, row, 1, 1).data].slice(0, 3);
    },
    [x, y],
  );
}

/** Where a place lies on the stage while the whole world is shown. */
export async function onStage(page, { lat, lon }) {
  const { width, height } = await page.evaluate(() => {
    const { clientWidth, clientHeight } = document.getElementById('stage');
    return { width: clientWidth, height: clientHeight };
  });
  const { SIZE, latToY, lonToX } = projection;
  const fit = Math.min(width / SIZE, height / (latToY(-57) - latToY(78)));
  return {
    x: lonToX(lon) * fit + (width - SIZE * fit) / 2,
    y: latToY(lat) * fit + height / 2 - ((latToY(78) + latToY(-57)) / 2) * fit,
  };
}

/** The view, as the address has it; the world is zoom 1. */
export function viewOf(page) {
  const at = new URL(page.url()).searchParams.get('at');
  const [lat, lon, zoom] = (at ?? '').split(',').map(Number);
  return at ? { lat, lon, zoom } : { lat: 0, lon: 0, zoom: 1 };
}

export const stageBox = (page) => page.locator('#stage').boundingBox();
