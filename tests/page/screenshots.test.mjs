// SPDX-License-Identifier: BSD-3-Clause
// The picture as a whole: fixed data at a fixed time, compared with stored pictures.
//   UPDATE_SCREENSHOTS=1 node --test screenshots.test.mjs     stores them anew: look at each of them
// A picture that differs lies beside the stored one's name in the folder for temporary files.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as b from './browser.mjs';
import { makeEvents, startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

const STORED = fileURLToPath(new URL('screenshots', import.meta.url));
// Debian's browser is not pinned: which one drew them
const STORED_BY = path.join(STORED, 'browser.txt');
const TIME = Date.parse('2026-11-23T00:30:10Z');
// A pixel differs when its colour does so visibly; text is drawn a little differently by each build
// of the browser's font library, hence a few of them may.
const COLOUR_THRESHOLD = 0.12;
const MOST_DIFFERENT = 0.004; // of all pixels

const SCENES = {
  'world-1080p': { size: [1920, 1080] },
  'world-4k': { size: [3840, 2160] },
  'europe-octets-1080p': { size: [1920, 1080], query: '?at=50,9,7&by=octets' },
  'stale-kiosk-udp-1080p': {
    size: [1920, 1080],
    query: '?tcp=0&kiosk=1&cycle=0',
    lag: 40,
    word: 'STALE',
  },
  'empty-1080p': { size: [1920, 1080], count: 0 },
  'past-1080p': {
    size: [1920, 1080],
    query: '?span=24h&past=2026-11-22T14:00:00Z,2026-11-22T16:00:00Z',
    word: 'PAST',
    kept: true,
  },
  'change-1080p': {
    size: [1920, 1080],
    query: '?view=change&against=usual',
    kept: true,
    unusual: 3,
  },
};

let browser;

test.before(async () => (browser = await b.launch()));
test.after(() => browser.close());

async function take({
  size: [width, height],
  query = '',
  count = 400,
  lag = 0,
  word = 'LIVE',
  kept = false,
  unusual = 0,
}) {
  const places = makePlaces(count, 7);
  // one country-only place, so that its tint is in the picture
  if (count) Object.assign(places[40], { name: '', radius: -1, lat: 60, lon: 95, code: 'RU' });
  const mock = await startMock({ places });
  mock.state.kept = kept;
  mock.state.events = makeEvents(places, unusual, TIME);
  mock.state.clock = () => TIME;
  mock.state.nextPeriod();
  mock.state.stuck = true;
  mock.state.clock = () => TIME + lag * 1000;
  const page = await b.newPage(browser, { width, height, timezoneId: 'Europe/Berlin' });
  await page.clock.setFixedTime(TIME + lag * 1000);
  await page.addInitScript(() => (performance.now = () => 5000)); // the age stands still, too
  await page.goto(mock.url + query);
  await b.drawn(page);
  await b.waitForStatus(page, word);
  if (unusual)
    await page.waitForFunction(() =>
      ['grown', 'unusual-list'].every((id) => document.querySelector(`#${id} li`)),
    );
  else if (kept)
    await page.waitForFunction(() =>
      /at least/.test(document.getElementById('talkers-unit').textContent),
    );
  await b.atRest(page);
  const picture = await page.screenshot();
  assert.deepEqual(page.faults, []);
  await page.done();
  await mock.stop();
  return picture;
}

for (const [name, scene] of Object.entries(SCENES)) {
  test(name, async () => {
    const picture = await take(scene);
    const stored = path.join(STORED, `${name}.png`);
    if (process.env.UPDATE_SCREENSHOTS) {
      fs.mkdirSync(STORED, { recursive: true });
      fs.writeFileSync(stored, picture);
      fs.writeFileSync(STORED_BY, `Chromium ${browser.version()}\n`);
    }
    const { PNG } = (await b.load('pngjs')).default;
    const { default: pixelmatch } = await b.load('pixelmatch');
    const now = PNG.sync.read(picture);
    const wanted = PNG.sync.read(fs.readFileSync(stored));
    const { width, height } = wanted;
    assert.deepEqual([now.width, now.height], [width, height]);
    const different = new PNG({ width, height });
    const count = pixelmatch(wanted.data, now.data, different.data, width, height, {
      threshold: COLOUR_THRESHOLD,
    });
    const share = count / (width * height);
    if (share > MOST_DIFFERENT) {
      const base = path.join(os.tmpdir(), `packet-heatmap-${name}`);
      fs.writeFileSync(`${base}-now.png`, picture);
      fs.writeFileSync(`${base}-different.png`, PNG.sync.write(different));
      assert.fail(
        `${(100 * share).toFixed(2)} % of the pixels differ: see ${base}-*.png; stored by ` +
          `${fs.readFileSync(STORED_BY, 'utf8').trim()}, this is ${browser.version()}`,
      );
    }
  });
}
