// SPDX-License-Identifier: BSD-3-Clause
// A week on the wall in fast motion: 168 periods of an hour, the longest that the server has, every
// one fetched and drawn. (The heap over 2,000 updates is the bench's.)
import test from 'node:test';
import assert from 'node:assert/strict';
import * as b from './browser.mjs';
import { startMock } from './mock.mjs';
import { makePlaces } from './world-data.mjs';

const PERIOD_S = 3600;
const PERIODS = 168;
const START = Date.parse('2026-11-20T12:00:00Z');

test('a week of updates: LIVE to the end, right clock, flat heap, no growing page', async () => {
  const browser = await b.launch();
  const mock = await startMock({ interval: PERIOD_S });
  const worlds = [1, 2, 3, 4].map((seed) => makePlaces(150 + 50 * seed, seed));
  let passed = 0;
  mock.state.clock = () => START + passed * 1000;
  mock.state.places = worlds[0];
  mock.state.nextPeriod();

  const page = await b.newPage(browser, { width: 1280, height: 720 });
  await page.clock.install({ time: START });
  await page.goto(mock.url);
  await b.drawn(page);
  const session = await page.context().newCDPSession(page);
  const measure = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
    return { heap: usedSize, nodes };
  };
  let warm;
  for (let i = 1; i <= PERIODS; i++) {
    passed += PERIOD_S;
    mock.state.places = worlds[i % worlds.length];
    mock.state.nextPeriod();
    const { period } = mock.state;
    await page.clock.fastForward(PERIOD_S * 1000);
    await page.waitForFunction(
      (wanted) => Number(document.getElementById('stage').dataset.period) >= wanted,
      period,
      { polling: 5 },
    );
    if (i === 40) warm = await measure();
  }
  const end = await measure();
  assert.equal(await b.statusOf(page), 'LIVE');
  assert.equal(await page.innerText('#date'), '2026-11-27 UTC');
  // a tenth more, or half a megabyte: what is loaded lazily comes at any time
  assert.ok(
    end.heap < Math.max(1.1 * warm.heap, warm.heap + 500_000),
    `heap ${warm.heap} -> ${end.heap}`,
  );
  assert.ok(Math.abs(end.nodes - warm.nodes) < 120, `nodes ${warm.nodes} -> ${end.nodes}`);
  assert.deepEqual(page.faults, []);
  await page.done();
  await browser.close();
  await mock.stop();
});
